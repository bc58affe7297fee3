"""Updates of templates that run code, which need trust."""

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from support.command import Run, git
from support.foreign_templates import (
    ANSWERS_FILE,
    DOCS,
    NAME,
    Versions,
    committed,
    plain,
    recorded_by,
    saved,
    state,
    written,
)

from new_ops_project import cli

MIGRATION = "_migrations: [{{version: {}, command: '{}'}}]\n"

TASKS: Versions = {
    "v1.0.0": {
        **ANSWERS_FILE,
        "copier.yml": f"{NAME}_tasks: ['echo first > built.txt']\n",
        "notes.txt": "one\n\nkept\n",
    },
    "v1.1.0": {"copier.yml": f"{NAME}_tasks: ['echo {{{{ name }}}} > built.txt']\n", "notes.txt": "two\n\nkept\n"},
    "v1.2.0": {"copier.yml": f"{NAME}_tasks: ['echo half > built.txt', 'exit 7']\n", "notes.txt": "three\n\nkept\n"},
}

MIGRATIONS: Versions = {
    "v1.0.0": {**ANSWERS_FILE, "copier.yml": NAME, "notes.txt": "one\n\nkept\n"},
    "v1.1.0": {
        "copier.yml": NAME + MIGRATION.format("v1.1.0", "tr a-z A-Z < mine.txt > yours.txt"),
        "notes.txt": "two\n\nkept\n",
    },
    "v1.2.0": {"copier.yml": NAME + MIGRATION.format("v1.2.0", "rm mine.txt && exit 7")},
}

EXTENSIONS: Versions = {
    "v1.0.0": {
        **ANSWERS_FILE,
        "copier.yml": f"{NAME}_jinja_extensions: [jinja2.ext.do]\n",
        "notes.txt.jinja": "{% set all = [] %}{% do all.append(name) %}{{ all[0] }}\n",
    },
    "v1.1.0": {"notes.txt.jinja": "{% set all = [] %}{% do all.append(name) %}two {{ all[0] }}\n"},
}

DROPPING: dict[str, Versions] = {
    "notes.txt": {"v1.0.0": TASKS["v1.0.0"], "v1.1.0": {"notes.txt": None}},
    "built.txt": {"v1.0.0": TASKS["v1.0.0"], "v1.1.0": {"copier.yml": f"{NAME}_tasks: ['true']\n"}},
}


def trusting(shared: Path, work: Path, versions: Versions) -> Path:
    """A project of a template that needs trust, at v1.0.0, with a file of the user's."""
    folder = written(shared / "trusted" / sha256(repr(versions).encode()).hexdigest()[:16], versions)
    project = plain(str(folder), work / "project", {}, "v1.0.0", trusted=True)
    (project / "mine.txt").write_text("mine\n")
    return committed(project)


@pytest.mark.parametrize(
    ("versions", "named"),
    [
        (TASKS, "_tasks"),
        (MIGRATIONS, "_migrations"),
        (EXTENSIONS, "_jinja_extensions"),
    ],
)
def test_trust_is_needed(versions: Versions, named: str, run: Run, work: Path, shared: Path) -> None:
    """Without --trust nothing moves, exit 4, and what the template would run is named."""
    project = trusting(shared, work, versions)
    before = state(project)
    message = run("update", str(project), "--to", "v1.1.0", code=4).err
    assert named.strip("_") in message
    assert "--trust" in message
    assert state(project) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("versions", "result"),
    [
        (TASKS, ("built.txt", "ledger\n")),
        (MIGRATIONS, ("yours.txt", "MINE\n")),
        (EXTENSIONS, ("notes.txt", "two ledger\n")),
    ],
)
def test_with_trust_its_result_arrives(
    versions: Versions, result: tuple[str, str], run: Run, work: Path, shared: Path
) -> None:
    """With --trust tasks, migrations and extensions run, and what they made is staged; no worktree is left."""
    project = trusting(shared, work, versions)
    report = run("update", str(project), "--to", "v1.1.0", "--trust", "--json").json
    assert report["state"] == "staged"
    assert (project / result[0]).read_text() == result[1]
    assert result[0] in git("diff", "--cached", "--name-only", at=project).split()
    assert (project / "mine.txt").read_text() == "mine\n"
    assert len(git("worktree", "list", at=project).splitlines()) == 1


@pytest.mark.slow
def test_trust_keeps_edits_and_answers(run: Run, work: Path, shared: Path) -> None:
    """The user's edit survives an update with tasks, and the answers file names the template and not a copy."""
    project = trusting(shared, work, TASKS)
    (project / "notes.txt").write_text("one\n\nkept\nours\n")
    saved(project)
    source = recorded_by(project, DOCS)["_src_path"]
    run("update", str(project), "--to", "v1.1.0", "--trust", "--commit")
    assert (project / "notes.txt").read_text() == "two\n\nkept\nours\n"
    recorded = recorded_by(project, DOCS)
    assert (recorded["_src_path"], recorded["_commit"], recorded["name"]) == (source, "v1.1.0", "ledger")


@pytest.mark.slow
@pytest.mark.parametrize("versions", [TASKS, MIGRATIONS], ids=["task", "migration"])
def test_a_failing_command_changes_nothing(versions: Versions, run: Run, work: Path, shared: Path) -> None:
    """A task or migration that fails is named, exit 2; files, index, refs and worktrees are what they were."""
    project = trusting(shared, work, versions)
    before = state(project)
    message = run("update", str(project), "--to", "v1.2.0", "--trust", code=2).err
    assert "7" in message
    assert "Traceback" not in message
    assert state(project) == before
    assert subprocess.run(["git", "fsck", "--strict"], cwd=project, check=False, capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--preview", "--branch"])
def test_trusted_without_touching(flag: str, run: Run, work: Path, shared: Path) -> None:
    """What a template runs stays out of the work tree and the index where the user asked for that."""
    project = trusting(shared, work, TASKS)
    before = state(project)
    run("update", str(project), "--to", "v1.1.0", "--trust", flag)
    after = state(project)
    assert (after[0], after[1], after[3:]) == (before[0], before[1], before[3:])


def test_trusted_answers_are_checked(run: Run, work: Path, shared: Path) -> None:
    """A recorded answer that is no longer offered is named with --trust, too, before anything is run."""
    config = "_tasks: ['echo {{ colour }} > built.txt']\ncolour: {type: str, choices: [%s, grey], default: %s}\n"
    project = trusting(
        shared,
        work,
        {
            "v1.0.0": {**ANSWERS_FILE, "copier.yml": config % ("red", "red")},
            "v1.1.0": {"copier.yml": config % ("blue", "blue")},
        },
    )
    before = state(project)
    assert "colour" in run("update", str(project), "--trust", code=2).err
    assert state(project) == before
    run("update", str(project), "--trust", "--accept-answer-changes")
    assert (project / "built.txt").read_text() == "blue\n"


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["notes.txt", "built.txt"])
def test_trusted_loses_no_edit(gone: str, run: Run, work: Path, shared: Path) -> None:
    """An edited file that the template drops, or its task no longer makes, is a conflict, exit 3, and is kept."""
    project = trusting(shared, work, DROPPING[gone])
    (project / gone).write_text("ours\n")
    saved(project)
    report = run("update", str(project), "--trust", "--json", code=3).json
    assert [entry["path"] for entry in report["conflicts"]] == [gone]
    assert (project / gone).read_text() == "ours\n"


@pytest.mark.slow
def test_a_trusted_conflict_has_three_sides(run: Run, work: Path, shared: Path) -> None:
    """What copier leaves with two sides gets the old template's, and the labels that every conflict has."""
    lines = ["a\n", "old\n", "z\n"]
    texts = {tag: "".join(lines).replace("old", word) for tag, word in (("v1.0.0", "old"), ("v1.1.0", "theirs"))}
    project = trusting(
        shared,
        work,
        {
            "v1.0.0": {**TASKS["v1.0.0"], "notes.txt": texts["v1.0.0"]},
            "v1.1.0": {"notes.txt": texts["v1.1.0"]},
        },
    )
    (project / "notes.txt").write_text("".join(lines).replace("old", "ours"))
    saved(project)
    run("update", str(project), "--trust", code=3)
    assert (project / "notes.txt").read_text() == (
        "a\n<<<<<<< your project\nours\n||||||| old template\nold\n=======\ntheirs\n>>>>>>> new template\nz\n"
    )


@pytest.mark.slow
def test_trusted_loses_no_edit_of_a_renamed_file(run: Run, work: Path, shared: Path) -> None:
    """The user's line is in the renamed file, or the old file is kept and named as a conflict."""
    long = "".join(f"line {number}\n" for number in range(20))
    project = trusting(
        shared,
        work,
        {
            "v1.0.0": {**TASKS["v1.0.0"], "notes.txt": long},
            "v1.1.0": {"notes.txt": None, "memo.txt": f"new\n{long}"},
        },
    )
    (project / "notes.txt").write_text(f"{long}ours\n")
    saved(project)
    assert cli.run(["update", str(project), "--trust"]) in {0, 3}
    kept = [path for path in ("notes.txt", "memo.txt") if (project / path).exists()]
    assert any("ours\n" in (project / path).read_text() for path in kept)


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["notes.txt", "built.txt"])
def test_trusted_drops_what_nobody_edited(gone: str, run: Run, work: Path, shared: Path) -> None:
    """The same file without an edit goes."""
    project = trusting(shared, work, DROPPING[gone])
    run("update", str(project), "--trust")
    assert not (project / gone).exists()
