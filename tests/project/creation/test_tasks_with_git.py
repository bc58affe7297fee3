"""Templates whose tasks make a repository, as many of copier's do."""

from pathlib import Path

import pytest
from support.command import Run, git
from support.small import make_template

INIT = "git init --quiet"
COMMIT = "git add --all && git commit --quiet --message=Initial"
CASES = {
    "a repository": ([INIT], "trunk", 1, "Start"),
    "a branch": ([f"{INIT} -b dev"], "dev", 1, "Start"),
    "a commit": ([INIT, COMMIT], "trunk", 1, "Initial"),
    "a commit on a branch": ([f"{INIT} -b feature/a", COMMIT], "feature/a", 1, "Initial"),
    "more after the commit": ([INIT, COMMIT, "echo more > more.txt"], "trunk", 2, "Start"),
    "another branch": ([INIT, COMMIT, "git checkout --quiet -b dev"], "dev", 1, "Initial"),
    "no branch": ([INIT, COMMIT, "git checkout --quiet --detach"], "", 1, "Initial"),
}


@pytest.mark.parametrize(("commands", "branch", "count", "subject"), CASES.values(), ids=CASES)
def test_what_tasks_make_stays(
    run: Run, work: Path, tmp_path: Path, *, commands: list[str], branch: str, count: int, subject: str
) -> None:
    """The repository, the branch and the commits of the tasks stay; what is left is committed; it is all said."""
    tasks = "".join(f"  - {command}\n" for command in commands)
    template = make_template(tmp_path / "template", {"v1.0.0": {"copier.yml": f"_tasks:\n{tasks}", "a.txt": "a\n"}})
    ran = run("new", "audit", "--defaults", "--trust", "--template", str(template))
    project = work / "audit"
    assert git("branch", "--show-current", at=project) == branch
    assert git("rev-list", "--count", "HEAD", at=project) == str(count)
    assert git("log", "-1", "--format=%s", at=project).startswith(subject)
    assert git("status", "--porcelain", at=project) == ""
    head = git("rev-parse", "--short=7", "HEAD", at=project)
    where = f"on branch {branch}" if branch else "on no branch"
    assert f"Committed as {head} {where}." in ran.out
    assert f"{3 if count == 2 else 2} files from template" in ran.out


def test_without_a_commit_of_ours(run: Run, work: Path, tmp_path: Path) -> None:
    """With --no-commit, the commit of a task is still one; a single file is one file."""
    for name, commands in {"made": f"  - {INIT}\n  - {COMMIT}\n", "none": f"  - {INIT}\n"}.items():
        config = {"copier.yml": f"_tasks:\n{commands}", "{{ _copier_conf.answers_file }}.jinja": None}
        template = make_template(tmp_path / name, {"v1.0.0": {"a.txt": "a\n"}, "v2.0.0": config})
        ran = run("new", name, "--defaults", "--trust", "--no-commit", "--template", str(template))
        assert "1 file from template" in ran.out
        assert ("Committed as" in ran.out) == (name == "made")
        assert ("The files are staged, not committed" in ran.out) == (name == "none")
