"""Updates of projects that plain copier made from three foreign templates (tests/data/foreign)."""

import shutil
from pathlib import Path

import copier
import pytest
from support.command import Run, git
from support.foreign_templates import (
    ALL,
    DOCS,
    MODULE,
    ROLE,
    Foreign,
    Start,
    committed,
    fresh,
    options,
    plain,
    recorded_by,
    saved,
    snapshot,
    state,
    without,
)
from support.history import extend, version

LATER = [
    pytest.param(foreign, tag, id=f"{key}-{tag}")
    for key, foreign in ALL.items()
    for tag in foreign.tags[1:]
    if (key, tag) != ("stack", "v1.1.0")
]

THREE = [pytest.param(foreign, id=foreign.name) for foreign in (MODULE, ROLE, DOCS)]


# ---- plain copier by itself ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("foreign", THREE)
def test_plain_copier_updates(foreign: Foreign, start: Start, work: Path) -> None:
    """Copier's own update arrives at the newest version, but leaves a dropped file whose `_exclude` has changed."""
    project = start(foreign)
    expected = fresh(foreign, foreign.tags[-1], project, work / "fresh")
    copier.run_update(
        project, answers_file=foreign.file, data=dict(foreign.later), defaults=True, overwrite=True, quiet=True
    )
    left = {"examples/basic/main.tf"} if foreign is MODULE else set()
    got = without(snapshot(project), foreign.once)
    assert {path for path in got if got[path] != expected.get(path)} == left


def test_what_the_templates_hold(start: Start) -> None:
    """A symbolic link, an executable file, a CRLF file, a binary one, and one without final newline are in them."""
    module = snapshot(start(MODULE))
    assert module["plan"] == ("120000", b"scripts/plan.sh")
    assert module["scripts/plan.sh"][0] == "100755"
    shutil.rmtree("project")
    docs = snapshot(start(DOCS))
    assert docs["bin/serve.cmd"][1].count(b"\r\n") == 5
    assert "docs/überblick.md" in docs
    shutil.rmtree("project")
    role = snapshot(start(ROLE))
    assert role["files/badge.png"][1].startswith(b"\x89PNG\r\n")
    assert role["files/motd banner.txt"][1].endswith(b"are lost.")


# ---- untouched projects -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("foreign", "tag"), LATER)
def test_untouched_becomes_fresh(foreign: Foreign, tag: str, start: Start, run: Run, work: Path) -> None:
    """Without edits the result, all of it staged, is what plain copier generates: bytes, modes, links."""
    project = start(foreign)
    before = snapshot(project)
    expected = fresh(foreign, tag, project, work / "fresh")
    report = run("update", str(project / foreign.file), "--to", tag, "--json", *options(foreign, tag)).json
    assert (report["from"], report["to"], report["state"]) == (foreign.tags[0], tag, "staged")
    after = snapshot(project)
    assert without(after, foreign.once) == without(expected, foreign.once)
    assert all(after[path] == before[path] for path in foreign.once)
    assert (git("diff", at=project), git("ls-files", "--others", at=project)) == ("", "")
    assert recorded_by(project, foreign).items() >= foreign.answers.items()  # lists and mappings, too


@pytest.mark.parametrize("foreign", [MODULE, DOCS], ids=["module", "docs"])
def test_step_by_step_is_the_same(foreign: Foreign, start: Start, run: Run, work: Path) -> None:
    """Each version in turn leads to the same files as the newest at once."""
    project = start(foreign)
    at_once = Path(shutil.copytree(project, work / "at-once", symlinks=True))
    for tag in foreign.tags[1:]:
        run("update", str(project / foreign.file), "--to", tag, "--commit", *options(foreign, tag))
    run("update", str(at_once / foreign.file), *options(foreign, foreign.tags[-1]))
    assert snapshot(project) == snapshot(at_once)
    assert git("status", "--porcelain", at=project) == ""


def test_newest_is_a_release(start: Start, run: Run, templates: Path, tmp_path: Path, work: Path) -> None:
    """The newest version is the highest release: neither a commit after it nor a pre-release."""
    repo = Path(shutil.copytree(templates / DOCS.name, tmp_path / "docs"))
    extend(repo, version("v3.0.0rc1", {}, day=9, parent="refs/heads/trunk^0"))
    project = committed(plain(str(repo), work / "project", DOCS.answers, "v1.1.0"))
    assert run("update", str(project), "--json", *options(DOCS, "v2.0.0")).json["to"] == "v2.0.0"


def test_again_is_nothing(start: Start, run: Run) -> None:
    """A second update at once waits for a commit, and after the commit finds nothing to do."""
    project = start(MODULE)
    run("update", str(project), *options(MODULE, "v1.2.0"))
    first = state(project)
    run("update", str(project))
    assert state(project) == first
    saved(project)
    assert run("update", str(project), "--json").json["state"] == "current"


# ---- looking without touching -------------------------------------------------------------------------------


@pytest.mark.parametrize("foreign", [ROLE, DOCS], ids=["role", "docs"])
def test_check(foreign: Foreign, start: Start, run: Run) -> None:
    """`--check` says 1 for an old project and 0 for a new one, and touches neither."""
    project = start(foreign)
    before = state(project)
    run("update", str(project / foreign.file), "--check", code=1)
    assert state(project) == before
    run("update", str(project / foreign.file), "--commit", *options(foreign, foreign.tags[-1]))
    run("update", str(project / foreign.file), "--check")


@pytest.mark.parametrize("foreign", [MODULE, DOCS], ids=["module", "docs"])
def test_preview(foreign: Foreign, start: Start, run: Run) -> None:
    """`--preview` shows every file with its diff and writes nothing; the update then changes those files."""
    project = start(foreign)
    before = state(project)
    flags = options(foreign, foreign.tags[-1])
    report = run("update", str(project / foreign.file), "--preview", "--json", *flags).json
    assert state(project) == before
    assert all(entry["diff"] for entry in report["files"])
    assert "diff --git" in run("update", str(project / foreign.file), "--preview", *flags).out
    done = run("update", str(project / foreign.file), "--json", *flags).json
    assert [entry["path"] for entry in done["files"]] == [entry["path"] for entry in report["files"]]


def test_patch(start: Start, run: Run, work: Path) -> None:
    """`--patch` writes what `git apply` turns into the update: links, modes, binary files, unusual names."""
    project = start(DOCS)
    git("clone", "--quiet", str(project), "clone", at=work)
    run("update", str(project), "--patch", str(work / "up.patch"), *options(DOCS, "v2.0.0"))
    assert git("status", "--porcelain", at=project) == ""
    git("apply", "--index", str(work / "up.patch"), at=work / "clone")
    run("update", str(project), *options(DOCS, "v2.0.0"))
    assert snapshot(work / "clone") == snapshot(project)


# ---- which project ------------------------------------------------------------------------------------------


def test_two_templates_in_one_project(run: Run, work: Path, start: Start, templates: Path) -> None:
    """An answers file of another name is updated by naming it, and what the other template wrote is left alone."""
    project = start(ROLE)
    saved(plain(str(templates / DOCS.name), project, DOCS.answers, "v1.0.0"))
    docs = recorded_by(project, DOCS)
    run("update", str(project / ROLE.file), "--commit")
    assert recorded_by(project, ROLE)["_commit"] == "1.2.0"
    assert recorded_by(project, DOCS) == docs
    assert "dev_addr: 127.0.0.1:8000" in (project / "mkdocs.yml").read_text()


def test_the_only_answers_file_is_found(run: Run, start: Start) -> None:
    """A project whose one answers file has another name needs no path to it."""
    project = start(ROLE)
    assert run("update", str(project), "--json").json["to"] == "1.2.0"
    assert recorded_by(project, ROLE)["_commit"] == "1.2.0"


@pytest.mark.slow
def test_below_the_root_of_a_repository(run: Run, work: Path, templates: Path) -> None:
    """A project in a subfolder is updated there; what is beside it is left alone."""
    (work / "README.md").write_text("# All of ours\n")
    project = plain(str(templates / ROLE.name), work / "roles" / "chrony", ROLE.answers, "1.0.0")
    committed(work)
    expected = fresh(ROLE, "1.2.0", project, work.with_name("fresh"))
    run("update", str(project / ROLE.file), "--commit")
    assert without(snapshot(project), ROLE.once) == without(expected, ROLE.once)
    assert git("diff", "--name-only", "HEAD~", "--", ":!roles", at=work) == ""
