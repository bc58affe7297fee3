"""The preview of an update, as text, patch or JSON."""

import json
from pathlib import Path

import pytest
from support.command import Run
from support.small import ANSWERS, LINES, MINE, NEWER, Small, everything, lay, make, refused, update

from new_ops_project import cli


@pytest.mark.parametrize("args", [["--preview"], ["--preview", "--json"], ["--check"], ["--patch", "-"]])
def test_looking_writes_nothing(run: Run, clash: Small, args: list[str]) -> None:
    """Preview, check and patch leave every byte of the work tree and of .git as it was, in a dirty tree too."""
    lay(clash.project, {"README.md": "dirty\n", "loose.txt": "mine\n"})
    before = everything(clash.repository)
    update(run, clash, *args, code=1 if "--check" in args else 3)
    assert everything(clash.repository) == before


def test_the_preview(run: Run, plain: Small) -> None:
    """The preview names both versions and each file, and has the whole difference as git shows it."""
    shown = update(run, plain, "--preview").out
    for words in (
        "v1.0.0 -> v1.1.0",
        "changed   task.py",
        "added     notes.md",
        "diff --git a/task.py b/task.py",
        "-line 18\n+line 18, newer\n",
        "+New.\n",
    ):
        assert words in shown


def test_the_preview_of_a_conflict(run: Run, clash: Small) -> None:
    """A preview with conflicts shows their markers and ends with 3."""
    report = update(run, clash, "--preview", "--json", code=3).json
    (diff,) = [file["diff"] for file in report["files"] if file["change"] == "conflict"]
    assert report["state"] == "previewed"
    assert "+<<<<<<< your project\n line 18, mine\n+||||||| old template\n" in diff


def test_check(run: Run, plain: Small) -> None:
    """--check ends with 1 while the project is behind, with 0 when it is not."""
    report = update(run, plain, "--check", "--json", code=1).json
    assert (report["state"], report["from"], report["to"]) == ("behind", "v1.0.0", "v1.1.0")
    update(run, plain, "--commit")
    assert update(run, plain, "--check", "--json").json["state"] == "current"
    assert "is current" in update(run, plain, "--check").out


@pytest.mark.parametrize("to", ["file", "stdout"])
def test_the_patch_makes_the_same_tree(run: Run, tmp_path: Path, to: str) -> None:
    """`git apply --index` of the patch makes the tree that the update makes, binary and moved files included."""
    old: dict[str, str | bytes] = {"task.py": LINES, "logo.png": b"\0\1\2", "old.txt": LINES + "end\n"}
    new: dict[str, str | bytes | None] = {
        "task.py": NEWER,
        "logo.png": b"\0\3\4",
        "old.txt": None,
        "moved.txt": LINES + "end\n",
        "no-end": "x",
    }
    small = make(tmp_path, old, new, {"task.py": MINE})
    patch = tmp_path / "a.patch"
    ran = update(run, small, "--patch", "-" if to == "stdout" else str(patch))
    if to == "stdout":
        assert ran.out.startswith("diff --git ")
        patch.write_text(ran.out)
    small.git("apply", "--index", str(patch))
    tree = small.git("write-tree")
    small.git("reset", "--quiet", "--hard")
    update(run, small)
    assert small.git("write-tree") == tree


def test_a_patch_where_none_can_be(run: Run, plain: Small) -> None:
    """A file that cannot be written is named."""
    assert "no/such/a.patch" in refused(run, plain, "--patch", "no/such/a.patch")


def test_a_patch_as_json(run: Run, plain: Small, tmp_path: Path) -> None:
    """With --json stdout is one object, wherever the patch goes."""
    report = update(run, plain, "--json", "--patch", str(tmp_path / "a.patch")).json
    assert (report["state"], report["patch"]) == ("patched", str(tmp_path / "a.patch"))


def test_a_patch_and_json_on_stdout(plain: Small, capfd: pytest.CaptureFixture[str]) -> None:
    """--json --patch - is refused, or the patch is in the object: stdout never holds both."""
    capfd.readouterr()
    code = cli.run(["update", str(plain.project), "--json", "--patch", "-"])
    out = capfd.readouterr().out
    assert "diff --git" in str(json.loads(out)) if out else code == 2


WHOLE = {
    "path",
    "template",
    "from",
    "to",
    "state",
    "files",
    "conflicts",
    "answers",
    "ignored",
    "notes",
    "changelog",
    "renderer",
    "next",
}


@pytest.mark.parametrize(
    ("args", "state", "more"),
    [
        ([], "staged", set()),
        (["--preview"], "previewed", set()),
        (["--branch"], "branched", {"branch", "commit"}),
        (["--commit"], "committed", {"commit"}),
        (["--to", "v1.0.0"], "current", set()),
    ],
)
def test_the_json_of_each_state(run: Run, plain: Small, args: list[str], state: str, more: set[str]) -> None:
    """The object has the same keys in each state, and what is particular to it."""
    report = update(run, plain, "--json", *args).json
    assert report["state"] == state
    assert report.keys() == WHOLE | more
    assert report["path"] == str(plain.project)
    assert report["template"] == {"source": str(plain.template)}
    if state != "current":
        assert {file["path"]: file["change"] for file in report["files"]} == {
            ANSWERS: "changed",
            "task.py": "changed",
            "notes.md": "added",
        }
        assert all(("diff" in file) == (state == "previewed") for file in report["files"])


def test_the_json_of_a_conflict(run: Run, clash: Small) -> None:
    """A conflict has a reason in words, and the next commands."""
    report = update(run, clash, "--json", code=3).json
    assert (report["state"], report.keys()) == ("conflicts", WHOLE)
    assert report["conflicts"] == [{"path": "task.py", "reason": "you and the template changed the same lines"}]
    assert {"path": "task.py", "change": "conflict"} in report["files"]
    assert {"new-ops-project update ../audit --continue", "new-ops-project update ../audit --abort"} <= set(
        report["next"]
    )
