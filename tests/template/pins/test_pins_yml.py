"""The reader of templates/pins.yml."""

import re
import subprocess
import sys
from pathlib import Path

from support.command import ROOT

from new_ops_project.template import pins


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
