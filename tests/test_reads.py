"""Files that somebody else owns are opened by base/reading.py alone: regular ones, up to a size, without waiting."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "new_ops_project"
CALLS = {"read_text", "read_bytes", "open", "copyfile", "copy", "copy2", "copytree", "fdopen"}

# What opens files itself, with the reason: nobody else owns them, or a person names them on the command line.
ALLOWED = {
    "__main__.py": "the wheel's own help",
    "base/confined.py": "the null device",
    "base/descendants.py": "/proc, for a number that the system gives",
    "base/reading.py": "the door",
    "base/scratch.py": "folders, to lock them",
    "base/streams.py": "the standard streams",
    "checks/linters/deptry.py": "a report in a temporary folder of ours",
    "checks/linters/detect_secrets.py": "a report in a temporary folder of ours",
    "checks/linters/ruff.py": "a report in a temporary folder of ours",
    "checks/linters/schema_process.py": "the schemas of an installed package",
    "checks/remote_files.py": "repo-review's Traversable, which may be a server's; lists regular files only",
    "checks/workflows/known_actions.py": "the wheel's own data",
    "clones/venv_marker.py": "appends to a mark of ours",
    "fleet/engines/github_actions.py": "the wheel's own texts",
    "fleet/engines/renovate.py": "the wheel's own texts",
    "fleet/inventory/mirrors.py": "appends to the settings of a mirror of ours",
    "fleet/json_lines.py": "appends to results of ours",
    "fleet/reports/html_page.py": "the wheel's own texts",
    "fleet/run/task.py": "a bundle that was written a moment ago",
    "fleet/run/worker.py": "appends to a log of ours",
    "fleet/verbs/plan.py": "appends to the file that GitHub names",
    "git/journal.py": "files that `is_file` says are regular, of any size: the index, and what a change replaces",
    "git/merge.py": "objects that were written a moment ago",
    "git/worktree.py": "the index, after git has read it",
    "plan/apply.py": "files as committed, which `is_file` says are regular, of any size; our journal; the index",
    "plan/migrations.py": "our journal",
    "project/creation/repository.py": "a reference that git wrote a moment ago",
    "template/answers.py": "--data-file: a person may name a pipe",
    "template/checkouts.py": "folders of ours, whose files were looked at when they were made",
    "template/command_runner.py": "a copy of such a folder",
    "template/embedded.py": "the template of our own checkout, when the wheel is built",
    "template/installation.py": "the metadata of our own installation",
    "template/native/cache.py": "our cache, and jinja2",
    "template/unpacked.py": "our own bundle, and what was unpacked of it",
}


def _opens(path: Path) -> list[int]:
    """The lines of a module that open files."""
    lines = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            of_module = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            is_copy = name != "copy" or (of_module and node.func.value.id == "shutil")  # type: ignore[attr-defined]
            if name in CALLS and is_copy:
                lines.append(node.lineno)
    return lines


OPENING = {
    path.relative_to(SOURCE).as_posix(): lines for path in sorted(SOURCE.rglob("*.py")) if (lines := _opens(path))
}


def test_no_other_module_opens_files() -> None:
    """A module that reads what others own goes through `reading.read`; for a file of ours, say whose it is above."""
    assert {name: lines for name, lines in OPENING.items() if name not in ALLOWED} == {}


def test_every_reason_is_needed() -> None:
    """What is in the list opens files."""
    assert ALLOWED.keys() - OPENING.keys() == set()


@pytest.mark.parametrize("line", ["Path('x').read_text()", "open('x')", "os.open('x', 0)", "shutil.copy('x', 'y')"])
def test_a_call_is_seen(tmp_path: Path, line: str) -> None:
    """Each way to open a file is noticed."""
    (tmp_path / "module.py").write_text(line)
    assert _opens(tmp_path / "module.py") == [1]
