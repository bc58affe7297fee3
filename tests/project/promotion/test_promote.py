"""The verb `promote`: its choice of a tier, its results, its refusals."""

import subprocess
from pathlib import Path

import pytest
from support.command import Run, git
from support.growing_projects import CODE, SCRIPT, TASK, promote, refused, start
from support.small import CLASH, Small, everything, head, lay, make, untouched, update

WHOLE = {
    "state",
    "path",
    "template",
    "from",
    "to",
    "version",
    "renderer",
    "files",
    "conflicts",
    "answers",
    "ignored",
    "notes",
    "next",
}
MINE = {"src/rotate_keys/__main__.py": "# mine\n"}  # the template writes that file, too


@pytest.fixture
def script(shared: Path, tmp_path: Path) -> Small:
    """A script whose one file is the user's."""
    return start(shared, tmp_path, {SCRIPT: CODE})


@pytest.fixture
def library(shared: Path, tmp_path: Path) -> Small:
    """A library as it was generated."""
    return start(shared, tmp_path, tier="library")


# ---- which tier -------------------------------------------------------------------------------------------------


def test_the_next_tier(run: Run, script: Small) -> None:
    """Without a tier, and with a path alone, it is the next one; the work tree has it staged, HEAD stays."""
    before = head(script)
    report = promote(run, script, "--json").json
    assert report.keys() == WHOLE
    assert (report["state"], report["from"], report["to"]) == ("staged", "script", "library")
    assert (report["path"], report["conflicts"]) == (str(script.project), [])
    assert {"path": TASK, "change": "moved", "from": SCRIPT} in report["files"]
    assert {answer["name"]: answer["to"] for answer in report["answers"]}.items() >= {
        "tier": "library",
        "code": "own",
    }.items()
    assert report["next"] == ["git diff --cached", "git commit", "new-ops-project promote ../project --abort"]
    assert head(script) == before
    assert script.git("diff", "--name-only") == ""
    assert {SCRIPT, TASK, "src/rotate_keys/__init__.py"} <= script.staged()


def test_a_command_of_another_name(run: Run, library: Small) -> None:
    """--command is what people type: in the metadata, the answers and the README."""
    promote(run, library, "cli", "--command", "rk", "--commit")
    assert 'rk = "rotate_keys.' in library.text("pyproject.toml")
    assert (library.recorded()["command"], library.recorded()["tier"]) == ("rk", "cli")
    assert ".venv/bin/rk" in library.text("README.md")
    assert "is a cli already, and no tier is above it" in refused(run, library)
    assert "is a cli already" in refused(run, library, "cli")
    assert "cannot become a library" in refused(run, library, "library")
    assert "git revert" in refused(run, library, "script")


def test_no_demotion(run: Run, library: Small) -> None:
    """The same tier and a lower one are refused with the reason and what there is instead."""
    assert "Choose cli." in refused(run, library, "library")
    assert "others may import" in refused(run, library, "script")
    assert "'tool' is not a tier" in run("promote", "tool", str(library.project), code=2).err
    assert "tool does not exist" in run("promote", "tool", code=2).err


@pytest.mark.parametrize(("tier", "name", "word"), [("cli", "two words", "letters"), ("library", "rk", "command")])
def test_a_command_that_cannot_be(run: Run, script: Small, tier: str, name: str, word: str) -> None:
    """A name that no command can have, or a command for a library, is refused."""
    assert word in refused(run, script, tier, "--command", name)


def test_a_name_that_no_command_can_have(run: Run, work: Path) -> None:
    """A project that is called like a program of every environment needs a name for its command."""
    run("new", "activate", "--tier", "library", "--defaults")
    assert run("promote", "cli", "activate", code=2).err == (
        'new-ops-project: Command "activate" is a program that environments have; try activate-ops.\n'
        "Give --command NAME.\n"
    )
    run("promote", "cli", "activate", "--command", "activate-ops")


# ---- how the result is handed over ------------------------------------------------------------------------------


def test_looking_writes_nothing(run: Run, script: Small) -> None:
    """A preview and a patch on stdout leave every byte, in a dirty tree too; both show the whole difference."""
    lay(script.project, {"README.md": "dirty\n", "loose.txt": "mine\n"})
    before = everything(script.repository)
    shown = promote(run, script, "--preview").out
    assert f"moved     {SCRIPT} -> {TASK}" in shown
    assert f"rename from {SCRIPT}\nrename to {TASK}" in shown
    assert f"rename to {TASK}" in promote(run, script, "--patch", "-").out
    assert everything(script.repository) == before


def test_each_way_makes_the_same_tree(run: Run, script: Small, tmp_path: Path) -> None:
    """Branch, patch, commit and work tree have the same content; the commit is undone by git revert."""
    first = head(script)
    report = promote(run, script, "cli", "--branch", "--json").json
    assert (report["state"], report["branch"], report["commit"]) == (
        "branched",
        "template/cli",
        head(script, "template/cli"),
    )
    assert (script.git("status", "--porcelain"), head(script)) == ("", first)
    patch = tmp_path / "a.patch"
    assert promote(run, script, "cli", "--patch", str(patch), "--json").json["patch"] == str(patch)
    script.git("apply", "--index", str(patch))
    assert script.git("write-tree") == head(script, "template/cli^{tree}")
    script.git("reset", "--quiet", "--hard")
    assert promote(run, script, "cli", "--commit", "--json").json["commit"] == head(script)
    assert head(script, "HEAD^{tree}") == head(script, "template/cli^{tree}")
    assert script.git("log", "-1", "--format=%s") == "Promote to cli"
    script.git("revert", "--no-edit", "HEAD")
    assert head(script, "HEAD^{tree}") == head(script, f"{first}^{{tree}}")


def test_a_dirty_tree(run: Run, script: Small) -> None:
    """Uncommitted work is refused; with --in-place only where both write the same file; --abort restores it."""
    lay(script.project, {"other.txt": "mine\n", ".env": "TOKEN=mine\n"})
    before = untouched(script)
    assert "other.txt" in refused(run, script)
    promote(run, script, "--in-place")
    assert untouched(script) != before
    promote(run, script, "--abort")
    assert untouched(script) == before
    lay(script.project, {SCRIPT: CODE + "# dirty\n"})
    assert SCRIPT in refused(run, script, "--in-place")


def test_options_that_contradict(run: Run, script: Small) -> None:
    """Two ways at once, and a tier with --abort, are refused."""
    assert "do not go together" in refused(run, script, "--preview", "--commit")
    assert "TIER" in refused(run, script, "cli", "--abort")
    assert "No promotion is under way" in refused(run, script, "--continue")


# ---- conflicts --------------------------------------------------------------------------------------------------


def test_conflicts(run: Run, script: Small) -> None:
    """A file of the user's where one is to be written is a conflict: 3, --continue and --abort."""
    script.commit(MINE)
    before = untouched(script)
    report = promote(run, script, "--json", code=3).json
    assert (report["state"], [conflict["path"] for conflict in report["conflicts"]]) == ("conflicts", [*MINE])
    assert {"new-ops-project promote ../project --continue", "new-ops-project promote ../project --abort"} <= {
        *report["next"]
    }
    assert "has conflict markers" in promote(run, script, "--continue", code=2).err
    promote(run, script, "--abort")
    assert untouched(script) == before
    promote(run, script, "--commit", code=3)
    lay(script.project, MINE)
    assert promote(run, script, "--continue", "--json").json["commit"] == head(script)
    assert script.git("status", "--porcelain") == ""


# ---- what waits ---------------------------------------------------------------------------------------------------


def test_an_update_does_not_begin_while_a_promotion_waits(run: Run, script: Small) -> None:
    """What waits is named with the command that takes it back; asked again it waits on; --commit concludes it."""
    promote(run, script)
    before = untouched(script)
    for ran in (update(run, script, code=2), promote(run, script, "cli", code=2)):
        assert "The promotion to library is not committed yet" in ran.err
        assert "new-ops-project promote ../project --abort" in ran.err
    assert promote(run, script, "--json").json["state"] == "waiting"
    assert untouched(script) == before
    assert promote(run, script, "--commit", "--json").json["state"] == "committed"


def test_a_promotion_does_not_begin_while_an_update_waits(run: Run, tmp_path: Path) -> None:
    """The update is named with its command, waiting or in conflict."""
    small = make(tmp_path, {"task.py": CLASH}, {"task.py": "newer\n"})
    update(run, small)
    message = refused(run, small)
    assert "The update to v1.1.0 is not committed yet, so no promotion can start" in message
    assert "new-ops-project update ../audit --abort" in message


def test_conflicts_of_an_update(run: Run, clash: Small) -> None:
    """An update in conflict is named with its command."""
    update(run, clash, code=3)
    assert "new-ops-project update ../audit --continue" in refused(run, clash)


# ---- which projects ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("questions", "answers", "word"),
    [
        ("colour: {type: str, default: blue}\n", {}, "records no tier"),
        ("tier: {type: str, default: small}\n", {"tier": "small"}, "'small'"),
        ("tier: {type: str, default: script}\n", {"tier": "script"}, "does not say how to promote a project"),
        (
            "tier: script\ncode: a\ncommand: b\ndry_run: no\nfiles: {type: yaml, default: '[1]', when: false}\n",
            {"tier": "script"},
            "does not say how to promote a project",
        ),
        (
            "tier: a\ncode: a\ncommand: b\ndry_run: no\nimport_name: c\nfiles: {default: '[{path: x, tiers: a}]'}\n",
            {"tier": "script"},
            "does not say how to promote a project",
        ),
    ],
    ids=["no tier", "other tiers", "an older version of ours", "a table of another kind", "a table without roles"],
)
def test_another_template(run: Run, tmp_path: Path, questions: str, answers: dict[str, str], word: str) -> None:
    """A template that does not say how projects grow is refused with the reason and a next step."""
    small = make(tmp_path, {"task.py": "x\n"}, {"task.py": "y\n"}, questions=(questions, None), answers=answers)
    assert word in refused(run, small)


def test_no_repository(run: Run, tmp_path: Path) -> None:
    """A folder in no repository is refused."""
    assert "is not in a git repository" in run("promote", str(tmp_path), code=2).err


def test_a_project_in_a_subfolder(run: Run, shared: Path, tmp_path: Path) -> None:
    """Only what is below the project's folder changes, and --abort restores it."""
    whole = start(shared, tmp_path, {SCRIPT: CODE})
    at = tmp_path / "mono"
    at.mkdir()
    git("init", "--quiet", at=at)
    small = Small(Path(), at, "tools/keys/")
    whole.git("archive", "--output", str(tmp_path / "a.tar"), "HEAD")
    small.project.mkdir(parents=True)
    subprocess.run(["tar", "-xf", str(tmp_path / "a.tar"), "-C", str(small.project)], check=True)
    (at / SCRIPT).write_text("print('another')\n")
    small.commit({})
    before = untouched(small)
    promote(run, small, "cli")
    assert all(path.startswith("tools/keys/") for path in small.staged())
    assert small.text(TASK) == CODE
    promote(run, small, "--abort")
    assert untouched(small) == before


def test_a_script_that_is_not_there(run: Run, script: Small) -> None:
    """A script that was renamed or deleted is missed by its name, with what to do."""
    script.git("mv", SCRIPT, "job.py")
    script.commit({})
    assert f"git mv FILE {SCRIPT}" in refused(run, script)
