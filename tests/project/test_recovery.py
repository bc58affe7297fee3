"""A change can be taken back with the repository and the journal alone, and is, where it cannot be written."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import Run, git
from support.small import (
    ANSWERS,
    BOTH,
    CLASH,
    LINES,
    MINE,
    NEW,
    NEWER,
    OLD,
    QUESTIONS,
    Small,
    lay,
    make,
    snapshot,
    untouched,
    update,
    usual,
)

AFTER = "when: \"{{ _stage == 'after' }}\""
LOUD = f"{QUESTIONS}_migrations:\n- {{command: 'tr a-z A-Z < task.py > lib/loud.txt; rm notes.md', {AFTER}}}\n"
TOOL = f"{QUESTIONS}_migrations:\n- {{command: 'sh {{{{ _copier_conf.src_path }}}}/tool.sh', {AFTER}}}\n"


def gone(small: Small) -> None:
    """The answers file is gone."""
    (small.project / ANSWERS).unlink()


def broken(small: Small) -> None:
    """It is no YAML."""
    lay(small.project, {ANSWERS: "{{ ["})


def in_conflict(small: Small) -> None:
    """It has markers, as after a `git stash pop`."""
    text = small.text(ANSWERS)
    lay(small.project, {ANSWERS: f"<<<<<<< Updated upstream\n{text}=======\n{text}>>>>>>> Stashed changes\n"})


def empty(small: Small) -> None:
    """It has no template."""
    lay(small.project, {ANSWERS: "colour: blue\n"})


def without_template(small: Small) -> None:
    """The template cannot be reached."""
    shutil.rmtree(small.template)


def deleted(small: Small) -> None:
    """The whole folder of the project is gone."""
    shutil.rmtree(small.project)


@pytest.mark.parametrize("spoil", [gone, broken, in_conflict, empty, without_template, deleted])
@pytest.mark.parametrize("mine", [MINE, CLASH])
def test_abort_needs_the_journal_only(run: Run, tmp_path: Path, mine: str, spoil: Callable[[Small], None]) -> None:
    """Whatever happened to the project, --abort restores it; its own version of each file is kept elsewhere."""
    small = make(tmp_path, OLD, NEW, {"task.py": mine}, prefix="audit/")
    before = snapshot(small.repository)
    update(run, small, code=0 if mine == MINE else 3)
    spoil(small)
    assert "is undone" in update(run, small, "--abort").out
    assert snapshot(small.repository) == before
    assert git("status", "--porcelain", at=small.repository) == ""


@pytest.mark.parametrize("spoil", [gone, broken, empty, without_template])
def test_continue_needs_the_journal_only(run: Run, clash: Small, spoil: Callable[[Small], None]) -> None:
    """So does --continue, on the files as they are now; --commit too."""
    update(run, clash, code=3)
    lay(clash.project, {"task.py": BOTH})
    spoil(clash)
    update(run, clash, "--continue", "--commit", code=0)
    assert clash.git("show", "HEAD:task.py") + "\n" == BOTH


def test_the_current_folder_is_gone(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that is gone the message says so; from elsewhere the PATH of the project is enough."""
    small = make(tmp_path, OLD, NEW, prefix="audit/")
    monkeypatch.chdir(small.project)
    run("update")
    deleted(small)
    assert "The current folder is gone" in run("update", "--abort", code=2).err
    monkeypatch.chdir(tmp_path)
    run("update", str(small.project), "--abort")
    assert small.text("task.py") == LINES


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_journal_that_is_damaged(run: Run, plain: Small, text: str) -> None:
    """A record that cannot be read is named, with the place of the files as they were."""
    update(run, plain)
    journal = plain.git_path("new-ops-project/change")
    lay(journal, {"state.json": text})
    for args in (("--abort",), ("--continue",), ()):
        message = update(run, plain, *args, code=2).err
        assert "the record of a change, cannot be read" in message
        assert f"as they were before are in {journal / 'old'}" in message
    assert (journal / "old" / "task.py").read_text() == MINE


def test_migrations_at_continue_need_no_template(run: Run, tmp_path: Path, shared: Path) -> None:
    """What migrations use of the template is in the journal: neither the template nor the cache has to be there."""
    new = {"task.py": NEWER, "tool.sh": "tr a-z A-Z < task.py > loud.txt\n"}
    small = make(tmp_path, {"task.py": LINES}, new, {"task.py": CLASH}, questions=(QUESTIONS, TOOL))
    update(run, small, "--trust", code=3)
    lay(small.project, {"task.py": BOTH})
    without_template(small)
    shutil.rmtree(shared / "cache", ignore_errors=True)
    update(run, small, "--continue")
    assert small.text("loud.txt") == BOTH.upper()


# ---- what cannot be written ---------------------------------------------------------------------------------------


def read_only(folder: Path, script: str, *given: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a script in which nothing can be written below `folder`, not even by root; the tool is `$tool`."""
    lines = f"""tool="{sys.executable} -m new_ops_project"
shut() {{ mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 99; }}
open() {{ umount "$1" || exit 99; }}
{script}"""
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", lines, "sh", str(folder)]
    done = subprocess.run([*command, *map(str, given)], capture_output=True, text=True, check=False)
    assert done.returncode != 99, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("name", ["lib", "docs", "zzz"])
@pytest.mark.parametrize("args", ["", "--commit", "--in-place"])
def test_a_folder_that_cannot_be_written(tmp_path: Path, name: str, args: str) -> None:
    """Files before and behind it are taken back at once: everything is as it was, and the message names the file."""
    old = {"a.py": LINES, "gone.py": LINES, f"{name}/x.py": LINES, "zz.py": LINES}
    new = {"a.py": NEWER, "gone.py": None, f"{name}/x.py": NEWER, "zz.py": NEWER, "new/y.py": "y\n"}
    small = make(tmp_path, old, new)
    before = untouched(small)
    done = read_only(small.project / name, f'shut "$1"; $tool update "$2" {args}', small.project)
    assert done.returncode == 2
    assert f"{name}/x.py cannot be written: Read-only file system." in done.stderr
    assert "Nothing was changed. Fix that, then run this again." in done.stderr
    assert untouched(small) == before
    assert not small.git_path("new-ops-project/change").exists()
    assert small.git("status", "--porcelain") == ""


def test_a_promotion_that_cannot_be_written(run: Run, tmp_path: Path, work: Path) -> None:
    """The same for another verb, and for a folder in which files are deleted."""
    run("new", "audit", "--defaults")
    small = Small(Path(), work / "audit")
    before = untouched(small)
    done = read_only(small.project / ".github", 'shut "$1"; $tool promote library "$2"', small.project)
    assert (done.returncode, untouched(small)) == (2, before), done.stderr
    assert "Nothing was changed." in done.stderr


def test_fixes_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    """And for `check --fix`, with a file that nobody can replace."""
    small = make(tmp_path, OLD, NEW, {".gitignore": "*.log\n", "Dockerfile": "FROM python:3.12\n"})
    before, fix = snapshot(small.project), "check --fix --select environment"
    done = read_only(small.project / ".gitignore", f'shut "$1"; $tool {fix} "$2"', small.project)
    assert (done.returncode, snapshot(small.project)) == (2, before), done.stderr
    assert ".gitignore cannot be written: Device or resource busy." in done.stderr
    assert "Nothing was changed." in done.stderr
    assert small.git("status", "--porcelain") == ""
    run(*fix.split(), str(small.project))
    assert snapshot(small.project) != before


def test_an_abort_that_cannot_be_written(tmp_path: Path) -> None:
    """It restores all that it can, names the rest, and is completed by the next --abort."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE})
    before = snapshot(small.project)
    script = '$tool update "$2"; shut "$1"; $tool update --abort "$2"; code=$?; cat "$2/task.py"; open "$1"; exit $code'
    done = read_only(small.project / "lib", script, small.project)
    assert done.returncode == 2
    assert "lib/x.py cannot be written: Read-only file system. Not restored yet: lib/x.py." in done.stderr
    assert done.stdout.endswith(MINE)
    subprocess.run([sys.executable, "-m", "new_ops_project", "update", "--abort", small.project], check=True)
    assert snapshot(small.project) == before
    assert small.git("status", "--porcelain") == ""


def test_neither_forth_nor_back(tmp_path: Path) -> None:
    """Where even taking back fails, the message says which files are changed; the next run completes that first."""
    small = make(tmp_path, {"a.py": LINES, "lib/x.py": LINES}, {"a.py": NEWER, "lib/x.py": NEWER})
    before = snapshot(small.project)
    shut = """import sys
from new_ops_project import cli
from new_ops_project.git import journal
real = journal._place
def place(change, path, digest):
    if path == "lib/x.py":
        import subprocess
        subprocess.run(["mount", "--bind", sys.argv[1], sys.argv[1]], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", sys.argv[1]], check=True)
    return real(change, path, digest)
journal._place = place
sys.exit(cli.run(["update", sys.argv[1]]))
"""
    script = f'cat > "$2/run.py" <<\'EOF\'\n{shut}\nEOF\n{sys.executable} "$2/run.py" "$1"'
    done = read_only(small.project, script, tmp_path)
    assert done.returncode == 2, done.stderr
    assert "lib/x.py cannot be written: Read-only file system." in done.stderr
    assert "Taking back what was written failed too" in done.stderr
    assert "it first completes what was begun" in done.stderr
    subprocess.run([sys.executable, "-m", "new_ops_project", "update", "--abort", small.project], check=True)
    assert snapshot(small.project) == before
    assert small.git("status", "--porcelain") == ""


@pytest.mark.parametrize("end", ["--continue", "--abort"])
def test_migrations_that_cannot_be_written(run: Run, tmp_path: Path, end: str) -> None:
    """What migrations change at --continue is taken back too, files and index; the next --continue runs them again."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH}, questions=(QUESTIONS, LOUD))
    before = snapshot(small.project)
    update(run, small, "--trust", code=3)
    lay(small.project, {"task.py": BOTH})
    resolved = snapshot(small.project)
    done = read_only(small.project / "lib", 'shut "$1"; $tool update --continue "$2"', small.project)
    assert done.returncode == 2
    assert "What the migrations of the template changed cannot be written" in done.stderr
    assert (
        "Your files are as you resolved them. Fix that, then: new-ops-project update ../audit --continue" in done.stderr
    )
    assert (snapshot(small.project), small.git("diff", "--name-only")) == (resolved, "")
    update(run, small, end)
    if end == "--continue":
        assert small.text("lib/loud.txt") == BOTH.upper()
        assert not (small.project / "notes.md").exists()
        update(run, small, "--abort")
    assert (snapshot(small.project), small.git("status", "--porcelain")) == (before, "")


def test_a_branch_that_cannot_be_written(tmp_path: Path) -> None:
    """Without room for objects or for the ref there is no branch, and nothing else either."""
    small = usual(tmp_path, MINE)
    before = untouched(small)
    for folder in ("objects", "refs"):
        done = read_only(small.git_path(folder), 'shut "$1"; $tool update "$2" --branch', small.project)
        assert done.returncode == 2
        assert untouched(small) == before
        assert small.git("for-each-ref", "--format=%(refname)") == "refs/heads/trunk"


def test_a_patch_is_whole_or_not_there(tmp_path: Path) -> None:
    """A patch for which there is no space leaves the file as it was; a device stays one."""
    small = make(tmp_path, {"a.txt": "a\n"}, {"a.txt": "b\n" * 50_000})
    (tmp_path / "kept").write_text("kept\n")
    script = 'ulimit -f 8; trap "" XFSZ; $tool update "$2" --patch "$3"'
    done = read_only(tmp_path, script, small.project, tmp_path / "kept")
    assert (done.returncode, (tmp_path / "kept").read_text()) == (2, "kept\n"), done.stderr
    (tmp_path / "link").symlink_to("kept")
    read_only(
        tmp_path,
        '$tool update "$2" --patch /dev/null && $tool update "$2" --patch "$3"',
        small.project,
        tmp_path / "link",
    )
    assert Path("/dev/null").is_char_device()
    assert (tmp_path / "link").is_symlink()
    assert "diff --git" in (tmp_path / "kept").read_text()
