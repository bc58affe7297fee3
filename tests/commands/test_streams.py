"""Standard streams that are closed, full, or read by nobody stop no verb, and change neither its work nor its code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import fleets
from support.command import tree
from support.small import CLASH
from support.small_clones import repository

from new_ops_project.base.errors import Exit

COMMAND = [sys.executable, "-m", "new_ops_project"]
# A command line, its exit code when its streams are as usual, whether it prints to stdout.
VERBS: list[tuple[str, int, bool]] = [
    ("new audit --defaults", 0, True),
    ("new audit --defaults --json", 0, True),
    ("new", 2, False),
    ("update old", 0, True),
    ("update old --json", 0, True),
    ("update old --check", 1, True),
    ("promote old --to cli", 2, False),
    ("adopt plain --python 3.13 --json", 0, True),
    ("check old --format json", 1, True),
    ("check plain --select environment --fix", 1, True),
    ("onboard nowhere", 2, False),
    ("doctor plain", 2, False),
    ("fleet status clones", 1, True),
    ("fleet plan clones --out plan.json", 0, True),
    ("fleet update clones --out out --jobs 1", 0, True),
    ("template list", 0, True),
    ("config show", 0, True),
    ("completion bash", 0, True),
    ("--help", 0, True),
    ("--version", 0, True),
    ("fleet --help", 0, True),
    ("unknown", 2, False),
]
# The redirections of a shell, with the stream that is full.
STATES = {
    "gone": "",  # stdout is a pipe whose reader has gone
    "closed": "<&- >&- 2>&-",
    "full": ">/dev/full",
}


@pytest.fixture
def world(work: Path, tmp_path: Path) -> Path:
    """A folder with an old project, a repository that was never generated, and a fleet."""
    template = fleets.template(tmp_path / "template")
    fleets.clone(work / "old", template)
    fleets.clone(work / "clones" / "old", template)
    repository(work / "plain", {".python-version": "3.9\n", "task.py": "print(1)\n"})
    return work


def started(work: Path, line: str, redirections: str, *, has_reader: bool = True) -> tuple[int, str]:
    """Run a command line with these redirections; return its exit code and what it says on stderr."""
    reader, writer = os.pipe()
    if not has_reader:
        os.close(reader)
    shell = ["sh", "-c", f'exec "$@" {redirections}', "sh", *COMMAND, *line.split()]
    with subprocess.Popen(
        shell, cwd=work, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, text=True
    ) as child:
        os.close(writer)
        if has_reader:
            os.set_blocking(reader, False)
        _, err = child.communicate()
    if has_reader:
        os.close(reader)
    return child.returncode, err


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("line", "code", "prints"), VERBS, ids=str)
def test_each_verb(world: Path, line: str, code: int, state: str, *, prints: bool) -> None:
    """The verb ends with its usual code; only a full stdout is an error, since then output is missing."""
    exit_code, err = started(world, line, STATES[state], has_reader=state != "gone")
    expected = code or Exit.FAILED if state == "full" and prints else code
    assert exit_code == expected, err
    assert ("No space left on device" in err) == (state == "full" and prints), err
    assert not [word for word in ("Traceback", "Exception ignored", "Broken pipe", "bug in") if word in err], err


REDIRECTIONS = ("<&-", ">&-", "2>&-", "2>/dev/full", ">/dev/full 2>&1", "<&- 2>&-", ">&- 2>&-", "1</dev/null")


@pytest.mark.parametrize("redirections", REDIRECTIONS)
def test_the_work_is_done(world: Path, redirections: str) -> None:
    """Whatever the streams are, an update does the same, and nothing but that: no file gets what it prints."""
    assert started(world, "update clones/old", "")[0] == Exit.DONE
    code, err = started(world, "update old", redirections)
    assert code == (Exit.FAILED if ">/dev/full 2" in redirections or redirections == "1</dev/null" else Exit.DONE), err
    assert tree(world / "old") == tree(world / "clones" / "old")
    assert "Traceback" not in err


def test_head(world: Path) -> None:
    """`update | head -1`: the update is complete, and each program ends with 0."""
    pipeline = f'{" ".join(COMMAND)} update old | head -1; echo "${{PIPESTATUS[@]}}"'
    done = subprocess.run(["bash", "-c", pipeline], cwd=world, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 0"
    assert done.stderr == ""
    assert (world / "old" / "notes.md").is_file()


def test_a_conflict_is_still_one(world: Path) -> None:
    """A code that asks for something to be done outweighs that the output is incomplete."""
    (world / "old" / "task.py").write_text(CLASH)
    subprocess.run(["git", "commit", "--quiet", "--all", "--message=mine"], cwd=world / "old", check=True)
    assert started(world, "update old", ">/dev/full")[0] == Exit.CONFLICTS
