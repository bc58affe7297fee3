"""The table of known actions; zizmor's findings beside our own."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.command import git
from support.workflow_texts import CHECKOUT, PATH, steps

from new_ops_project.base.finding import Severity
from new_ops_project.checks import engine, repo, workflows
from new_ops_project.checks.linters import program, reports, zizmor
from new_ops_project.checks.rule import UncheckedError
from new_ops_project.checks.workflows import known_actions
from new_ops_project.template import pins


def test_the_template_s_pins_are_in_the_table() -> None:
    """Every action in pins.yml is in the table and in its file, with the same commit."""
    import json

    path = Path(known_actions.__file__).with_name("actions.json")
    written: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for name, pin in pins.shipped().actions.items():
        known = {release["version"]: release["sha"] for release in written[name]["releases"]}
        assert known.get(pin.version) == pin.sha
        assert known_actions.find(name).by_version(pin.version) == known_actions.ActionRelease(pin.version, pin.sha)


def test_the_table_is_well_formed() -> None:
    """Commit ids have 40 digits, versions three numbers, and every action has a release or inputs."""
    for name, known in known_actions.actions().items():
        assert re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", name)
        assert known.releases or known.inputs
        for release in known.releases:
            assert re.fullmatch(r"[0-9a-f]{40}", release.sha)
            assert known_actions.is_full(release.version)


def test_an_unconfirmed_release_is_recognised_and_not_proposed() -> None:
    """setup-python v7.1.0 is known by its commit, and v7 still becomes v7.0.0."""
    known = known_actions.find("actions/setup-python")
    assert known.by_sha("6d4fd22b20465ccc0f7354476588e8df7c9ca0e0") == known_actions.ActionRelease(
        "v7.1.0", "6d4fd22b20465ccc0f7354476588e8df7c9ca0e0", is_sure=False
    )
    assert known.by_version("v7.1.0") is None
    release = known.release("v7")
    assert release
    assert release.version == "v7.0.0"


# ---- zizmor ---------------------------------------------------------------------------------------------------------

BAD = steps("""\
- uses: actions/checkout@v4
- run: echo ${{ github.event.issue.title }}
- run: echo "::add-path::x"
  env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: true}""")


def places(of: repo.Repo, *codes: str) -> list[tuple[str, int]]:
    """Code and line of the findings of these rules."""
    rules = [rule for rule in workflows.FAMILY.rules if rule.code in codes]
    return [(finding.code, finding.line) for finding in engine.run(of, rules).findings]


def repository(folder: Path, files: Mapping[str, str]) -> repo.Repo:
    """The files in a repository on disk."""
    git("init", "--quiet", at=folder)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    git("add", "--all", at=folder)
    return repo.read(folder, offline=True)


def test_zizmor_reports_what_our_rules_do_not(work: Path) -> None:
    """Zizmor finds the command that writes to the runner; our rules find the tag, the token and the title."""
    findings = places(repository(work, {PATH: BAD}), "OPS101", "OPS113", "OPS114", "OPS190")
    line = BAD.split("\n").index("      - uses: actions/checkout@v4") + 1
    assert findings == [("OPS101", line), ("OPS114", line), ("OPS113", line + 1), ("OPS190", line + 3)]


def test_zizmor_reads_only_the_repository_s_configuration(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its configuration in the repository counts; the one in the user's environment does not."""
    elsewhere = work.parent / "zizmor.yml"
    elsewhere.write_text("rules: {insecure-commands: {disable: true}}")
    monkeypatch.setenv("ZIZMOR_CONFIG", str(elsewhere))
    assert len(places(repository(work, {PATH: BAD}), "OPS190")) == 1
    config = {".github/zizmor.yml": elsewhere.read_text()}
    assert not places(repository(work, {PATH: BAD, **config}), "OPS190")


def test_zizmor_is_not_run_without_workflows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without workflows, no process is started."""
    monkeypatch.setattr(subprocess, "run", None)
    assert places(repo.of({"a.py": ""}), "OPS190") == []


def audits(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[zizmor.Audit, ...]:
    """The audits that are read from zizmor's output `text`."""
    from new_ops_project.base.process import ProcessResult

    monkeypatch.setattr(program, "run", lambda *_, **__: ProcessResult(text.encode(), ""))
    return zizmor.report(repo.of({PATH: steps("- run: é x")}))


OUTPUT = """[{"ident": "x", "desc": "bad thing", "url": "https://e.org", "ignored": false,
"determinations": {"severity": "High"}, "locations": [{"symbolic": {"kind": "Primary", "annotation": "here",
"key": {"Local": {"KEY": "./.github/workflows/ci.yml"}}}, "concrete": {"location": {
"start_point": {"row": 16, "column": 16}, "end_point": {"row": 17, "column": 0}}}}]}]"""


@pytest.mark.parametrize("key", ["verbatim_path", "given_path"])
def test_zizmor_s_output_becomes_an_audit(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zizmor counts rows from 0 and columns in bytes, in this version and in older ones."""
    (audit,) = audits(OUTPUT.replace("KEY", key), monkeypatch)
    assert audit == zizmor.Audit(
        "x", PATH, 17, 17, audit.column, "Bad thing: here (x).", "https://e.org", Severity.ERROR
    )


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}', '[{"ident": 1, "locations": []}]', "3"])
def test_unreadable_output_is_no_finding(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule reports that it could not check."""
    with pytest.raises(UncheckedError):
        audits(text, monkeypatch)


def test_without_zizmor_our_own_rules_still_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The skipped rule names the missing program, and our own rules still run."""

    def absent(_: repo.Repo) -> None:
        raise UncheckedError("zizmor is not installed.", "Install it.")

    monkeypatch.setattr(reports, "TOOLS", {zizmor.NAME: absent})
    checked = engine.run(repo.of({PATH: steps(f"- uses: {CHECKOUT}")}), workflows.FAMILY.rules)
    assert "OPS114" in {finding.code for finding in checked.findings}
    assert [(skipped.codes, skipped.reason) for skipped in checked.skipped] == [
        (("OPS190",), "zizmor is not installed.")
    ]
