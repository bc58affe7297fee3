"""templates/pins.yml, read and written."""

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import ROOT
from support.upstreams import PINS, changed

from new_ops_project.base.errors import ToolError
from new_ops_project.template import pins
from new_ops_project.template.pins.comparison import PinEdit
from new_ops_project.template.pins.pins_yml import edited
from new_ops_project.template.pins.run import replace_all


def test_shipped_are_those_of_the_checkout() -> None:
    """An editable install reads the file that its maintainer edits."""
    shipped = pins.shipped()
    assert shipped == pins.read(ROOT / "templates" / "pins.yml")
    assert shipped.default_python in shipped.pythons
    assert shipped.ended["3.9"] == "2025-10"
    assert len(shipped.actions["actions/checkout"].sha) == 40
    assert shipped.dependencies["pyyaml"].stubs in shipped.tools


def test_shipped_needs_nothing_heavy() -> None:
    """Code that needs only the pins does not pay for rendering, tables or versions."""
    code = "import sys; from new_ops_project.template import pins; pins.shipped(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"copier", "rich", "packaging", "platformdirs", "jinja2"} & set(loaded)


def test_workflow_of_the_documentation_is_hardened(tmp_path: Path) -> None:
    """The example workflow has no finding, fits GitHub's schema and uses the pinned actions."""
    text = (ROOT / "docs" / "maintaining.md").read_text(encoding="utf-8")
    workflow = tmp_path / ".github" / "workflows" / "pins.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(text.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    inside = Path(sys.executable).parent
    subprocess.run([inside / "zizmor", "--offline", "--persona=auditor", str(workflow)], check=True)
    schema = "--builtin-schema=vendor.github-workflows"
    subprocess.run([inside / "check-jsonschema", schema, str(workflow)], check=True)
    used = re.findall(r"uses: (.+)@(.+)  # (.+)", workflow.read_text(encoding="utf-8"))
    assert used
    assert all(pins.shipped().actions[name] == pins.Action(version, sha) for name, sha, version in used)


# ---- written ----


def default(text: str) -> dict[str, Any]:
    """The pins in a text."""
    data: dict[str, Any] = yaml.safe_load(text)["pins"]["default"]
    return data


def test_file_is_what_the_tool_writes() -> None:
    """The repository's file is exactly what the tool writes, so a pin that moves changes its own line only."""
    text = (ROOT / "templates" / "pins.yml").read_bytes().decode()
    assert edited(text, []) == text
    edit = PinEdit(("actions", "actions/checkout", "sha"), "1" * 40)
    assert len(changed(text, edited(text, [edit], date(2026, 3, 4)))) == 2


scalars = st.text(st.characters(codec="utf-8"), max_size=9) | st.sampled_from(("1.20", "on", "0" * 40))


@settings(deadline=None)  # PyYAML's slow loader and dumper
@given(st.dictionaries(st.sampled_from(("version", "sha")), scalars))
def test_only_the_wanted_values_change(values: Mapping[str, str]) -> None:
    """Whatever a value is, it is read back as that text, and everything else has the same data in the same order."""
    after = edited(PINS, [PinEdit(("actions", "ops/login", name), value) for name, value in values.items()])
    expected = default(PINS)
    expected["actions"]["ops/login"] |= values
    assert default(after) == expected
    assert [*default(after)["actions"]["ops/login"]] == ["sha", "version"]
    assert edited(after, []) == after


@settings(deadline=None)
@given(st.lists(st.sampled_from(("3.12", "3.13")), unique=True), st.sampled_from(("{}", "", "{3.11: 2027-10}")))
def test_ended_pythons_move(minors: list[str], ended: str) -> None:
    """A Python with an end moves from `versions` to `ended`, newest first, also where that was empty."""
    before = PINS.replace("{'3.10': 2026-10, '3.9': 2025-10}", ended)
    python = default(edited(before, [PinEdit(("python", "ended", minor), "2028-10") for minor in minors]))["python"]
    assert [*python["ended"]] == sorted({*minors, *(["3.11"] if "3.11" in ended else [])}, reverse=True)
    assert [*python["versions"]] == [minor for minor in ("3.12", "3.13") if minor not in minors]


def test_other_forms_are_rewritten() -> None:
    """Quotes, blocks and comments below the top are not kept; the data and the comments at the top are."""
    odd = PINS.replace("{image: python, variant: slim}", '\n      image: "python"  # official\n\n      variant: slim')
    assert edited(odd.replace("\n", "\r\n"), []) == PINS


def test_date_of_the_head_only() -> None:
    """Only the date in the comments at the top is that of the check."""
    before = PINS.replace("image: python", "image: Checked 2025-05-05")
    after = edited(before, [], date(2026, 3, 4))
    assert changed(before, after) == [("# PEP 719, 745. Checked 2026-01-02.", "# PEP 719, 745. Checked 2026-03-04.")]


@pytest.mark.parametrize("old", ["old", None])
def test_both_files_or_none(work: Path, old: str | None) -> None:
    """If the second file cannot be written, the first is as it was, or gone again, and no other file is left."""
    if old:
        (work / "pins.yml").write_text(old)
    (work / "locks.yml").mkdir()
    before = sorted(work.iterdir())
    with pytest.raises(ToolError, match=r"locks\.yml cannot be written"):
        replace_all({work / "pins.yml": "new", work / "locks.yml": "new"})
    assert sorted(work.iterdir()) == before
    assert not old or (work / "pins.yml").read_text() == old
