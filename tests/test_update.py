"""How an update is asked for and delivered, what can be done afterwards, and where the template may be."""

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from conftest import Run, git
from servers import git_daemon, git_http
from small import (
    ANSWERS,
    BOTH,
    CLASH,
    LINES,
    MINE,
    NEWER,
    Files,
    Small,
    everything,
    lay,
    make,
    make_project,
    refused,
    release,
    resolved,
    signs,
    snapshot,
    update,
)
from test_template import two_tags

from new_ops_project import cli, template, unpacked

BRANCH = "template/v1.1.0"
WRITTEN = {ANSWERS, "task.py", "notes.md"}


@pytest.fixture
def plain(tmp_path: Path) -> Small:
    """The template changes a file that the user edited elsewhere, and adds one."""
    old = {"task.py": LINES, "README.md": "# Audit\n", ".gitignore": "*.log\n"}
    return make(tmp_path, old, {"task.py": NEWER, "notes.md": "New.\n"}, {"task.py": MINE})


@pytest.fixture
def clash(tmp_path: Path) -> Small:
    """The same, but the user changed the very line that the template changes."""
    old = {"task.py": LINES, "README.md": "# Audit\n", ".gitignore": "*.log\n"}
    return make(tmp_path, old, {"task.py": NEWER, "notes.md": "New.\n"}, {"task.py": CLASH})


def head(small: Small, ref: str = "HEAD") -> str:
    """The commit of a ref."""
    return small.git("rev-parse", ref)


def untouched(small: Small) -> object:
    """All that a person sees in the project: HEAD, the index to the byte, the files."""
    return head(small), (small.repository / ".git" / "index").read_bytes(), snapshot(small.repository)


def hook(small: Small, name: str, script: str) -> None:
    """Install a hook."""
    path = small.repository / ".git" / "hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


# ---- the work tree ------------------------------------------------------------------------------------------


def test_the_result_is_staged(run: Run, plain: Small) -> None:
    """By default the result is in the work tree and in the index, and nothing is committed."""
    before = head(plain)
    assert "not committed" in update(run, plain).out
    assert (plain.text("task.py"), plain.text("notes.md")) == (BOTH, "New.\n")
    assert head(plain) == before
    assert plain.staged() == WRITTEN
    assert plain.git("status", "--porcelain", "--untracked-files=all").count("\n") == 2
    assert plain.recorded() == {"_commit": "v1.1.0", "_src_path": str(plain.template), "colour": "blue"}


@pytest.mark.parametrize("kind", ["modified", "staged", "untracked", "deleted"])
def test_a_dirty_tree_is_refused(run: Run, plain: Small, kind: str) -> None:
    """Whatever is not committed is named, and both ways around it are said."""
    path = "other.txt" if kind == "untracked" else "README.md"
    lay(plain.project, {path: None if kind == "deleted" else "mine\n"})
    if kind == "staged":
        plain.git("add", path)
    said = refused(run, plain)
    for words in (path, "--branch", "--in-place"):
        assert words in said


def test_ignored_files_are_not_dirt(run: Run, plain: Small) -> None:
    """A file that the project ignores does not stand in the way."""
    lay(plain.project, {"run.log": "mine\n"})
    update(run, plain)
    assert plain.text("run.log") == "mine\n"


def test_in_place_beside_other_changes(run: Run, plain: Small) -> None:
    """With --in-place uncommitted work in other files stays as it is, staged or not."""
    lay(plain.project, {"README.md": "mine\n", "loose.txt": "mine\n", "new.txt": "mine\n"})
    plain.git("add", "new.txt")
    update(run, plain, "--in-place")
    assert plain.text("task.py") == BOTH
    assert {plain.text(path) for path in ("README.md", "loose.txt", "new.txt")} == {"mine\n"}
    assert plain.staged() == {*WRITTEN, "new.txt"}
    assert plain.git("diff", "--name-only") == "README.md"


@pytest.mark.parametrize("path", ["task.py", "notes.md", ANSWERS])
@pytest.mark.parametrize("stage", [False, True])
def test_in_place_refuses_a_file_that_it_writes(run: Run, plain: Small, path: str, stage: bool) -> None:  # noqa: FBT001
    """With --in-place an uncommitted change in a file that the update writes is named, staged or not."""
    lay(plain.project, {path: (plain.text(path) if path != "notes.md" else "") + "# mine\n"})
    if stage:
        plain.git("add", path)
    assert path in refused(run, plain, "--in-place")


# ---- a branch -----------------------------------------------------------------------------------------------


def test_a_branch(run: Run, plain: Small) -> None:
    """--branch makes one commit on top of HEAD with what the default would stage; tree and index stay, dirty or not."""
    lay(plain.project, {"task.py": "dirty\n", "loose.txt": "mine\n"})
    before = untouched(plain)
    made = update(run, plain, "--branch", "--json").json
    assert untouched(plain) == before
    assert (made["state"], made["branch"], made["commit"]) == ("branched", BRANCH, head(plain, BRANCH))
    assert head(plain, f"{BRANCH}^") == head(plain)
    lay(plain.project, {"task.py": MINE, "loose.txt": None})
    update(run, plain)
    assert plain.git("write-tree") == head(plain, f"{BRANCH}^{{tree}}")


def test_a_branch_of_another_name(run: Run, plain: Small) -> None:
    """--branch NAME replaces the usual name."""
    made = update(run, plain, "--branch", "refresh", "--json").json
    assert made["branch"] == "refresh"
    assert plain.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split() == ["refresh", "trunk"]


def test_a_branch_twice_is_the_same_commit(run: Run, plain: Small) -> None:
    """Asked again, the branch is as it was."""
    update(run, plain, "--branch")
    commit = head(plain, BRANCH)
    plain.git("config", "user.name", "Somebody Else")
    assert "Already there" in update(run, plain, "--branch").out
    assert head(plain, BRANCH) == commit


def test_a_branch_follows_head(run: Run, plain: Small) -> None:
    """Our own commit that nobody touched is replaced when HEAD has moved."""
    update(run, plain, "--branch")
    plain.commit({"more.txt": "more\n"})
    update(run, plain, "--branch")
    assert head(plain, f"{BRANCH}^") == head(plain)
    assert "more.txt" in plain.git("ls-tree", "--name-only", BRANCH)


@pytest.mark.parametrize("how", ["other", "on top", "amended"])
def test_a_branch_with_somebodys_commits_is_refused(run: Run, plain: Small, how: str) -> None:
    """A branch that holds anything but our own commit stays."""
    if how == "other":
        plain.git("branch", BRANCH, "HEAD^")
    else:
        update(run, plain, "--branch")
        plain.git("checkout", "--quiet", BRANCH)
        lay(plain.project, {"task.py": "mine\n"})
        amend = ["--amend", "--no-edit"] if how == "amended" else ["--message=mine"]
        plain.git("commit", "--quiet", "--all", *amend)
        plain.git("checkout", "--quiet", "trunk")
    plain.commit({"more.txt": "more\n"})
    assert BRANCH in refused(run, plain, "--branch")


def test_the_current_branch_is_refused(run: Run, plain: Small) -> None:
    """The branch that is checked out does not move."""
    assert "trunk is checked out" in refused(run, plain, "--branch", "trunk")


def test_a_branch_of_another_worktree_is_refused(run: Run, plain: Small, tmp_path: Path) -> None:
    """A branch that is checked out in another worktree does not move either."""
    update(run, plain, "--branch")
    plain.git("worktree", "add", "--quiet", str(tmp_path / "other"), BRANCH)
    plain.commit({"more.txt": "more\n"})
    assert "checked out" in refused(run, plain, "--branch")
    assert git("status", "--porcelain", at=tmp_path / "other") == ""


@pytest.mark.parametrize("name", ["a..b", "two words", "trunk/below"])
def test_a_name_that_no_branch_can_have(run: Run, plain: Small, name: str) -> None:
    """What git would not take as a branch is refused with its name."""
    assert name in refused(run, plain, f"--branch={name}")


def test_no_branch_with_conflicts(run: Run, clash: Small) -> None:
    """In conflict nothing is written, and the files are named."""
    before = everything(clash.repository)
    said = update(run, clash, "--branch", "--json", code=3).json
    assert everything(clash.repository) == before
    assert (said["state"], [one["path"] for one in said["conflicts"]]) == ("conflicts", ["task.py"])


# ---- a commit -----------------------------------------------------------------------------------------------


def test_a_commit(run: Run, plain: Small, tmp_path: Path) -> None:
    """--commit makes one commit, through the user's hooks, that says both versions; the tree is clean."""
    before = head(plain)
    hook(plain, "pre-commit", f"echo ran >> {tmp_path}/log")
    made = update(run, plain, "--commit", "--json").json
    assert (made["state"], made["commit"]) == ("committed", head(plain))
    assert head(plain, "HEAD^") == before
    assert plain.git("status", "--porcelain") == ""
    assert (tmp_path / "log").read_text() == "ran\n"
    assert {"v1.0.0", "v1.1.0"} <= set(plain.git("log", "-1", "--format=%B").split())


def test_a_hook_that_refuses(run: Run, plain: Small) -> None:
    """A failing hook leaves the result staged, its words are shown, and --abort still works."""
    before = untouched(plain)
    hook(plain, "pre-commit", "echo no friday commits >&2; exit 1")
    assert "no friday commits" in update(run, plain, "--commit", code=2).err
    assert plain.staged() == WRITTEN
    update(run, plain, "--abort")
    assert untouched(plain) == before


@pytest.mark.parametrize("option", ["--commit", "--branch"])
def test_without_an_identity(run: Run, plain: Small, home: Path, option: str) -> None:
    """Where git knows no author, git's own sentence about it is shown, and HEAD is where it was."""
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    before = head(plain)
    said = update(run, plain, option, code=2).err
    assert "email" in said
    assert head(plain) == before
    assert plain.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/trunk"


@pytest.mark.parametrize("option", ["--commit", "--branch"])
def test_a_signature_that_fails(run: Run, plain: Small, option: str) -> None:
    """Where commits are to be signed and cannot be, none is made, and git's reason is shown."""
    before = head(plain)
    plain.git("config", "commit.gpgsign", "true")
    plain.git("config", "gpg.program", "false")
    assert "gpg" in update(run, plain, option, code=2).err
    assert head(plain) == before
    assert plain.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/trunk"


@pytest.mark.parametrize("more", [[], ["--in-place"]])
def test_a_commit_takes_nothing_else_along(run: Run, plain: Small, more: list[str]) -> None:
    """--commit is refused where something is staged, with --in-place too: it would be committed with the update."""
    lay(plain.project, {"new.txt": "mine\n"})
    plain.git("add", "new.txt")
    assert "new.txt" in refused(run, plain, "--commit", *more)


# ---- looking only -------------------------------------------------------------------------------------------


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
    for words in ("v1.0.0 -> v1.1.0", "changed   task.py", "added     notes.md", "diff --git a/task.py b/task.py",
                  "-line 18\n+line 18, newer\n", "+New.\n"):  # fmt: skip
        assert words in shown


def test_the_preview_of_a_conflict(run: Run, clash: Small) -> None:
    """A preview with conflicts shows their markers and ends with 3."""
    said = update(run, clash, "--preview", "--json", code=3).json
    (diff,) = [file["diff"] for file in said["files"] if file["change"] == "conflict"]
    assert said["state"] == "previewed"
    assert "+<<<<<<< your project\n line 18, mine\n+||||||| old template\n" in diff


def test_check(run: Run, plain: Small) -> None:
    """--check ends with 1 while the project is behind, with 0 when it is not."""
    said = update(run, plain, "--check", "--json", code=1).json
    assert (said["state"], said["from"], said["to"]) == ("behind", "v1.0.0", "v1.1.0")
    update(run, plain, "--commit")
    assert update(run, plain, "--check", "--json").json["state"] == "current"
    assert "is current" in update(run, plain, "--check").out


@pytest.mark.parametrize("to", ["file", "stdout"])
def test_the_patch_makes_the_same_tree(run: Run, tmp_path: Path, to: str) -> None:
    """`git apply --index` of the patch makes the tree that the update makes, binary and moved files included."""
    old: Files = {"task.py": LINES, "logo.png": b"\0\1\2", "old.txt": LINES + "end\n"}
    new: Files = {"task.py": NEWER, "logo.png": b"\0\3\4", "old.txt": None, "moved.txt": LINES + "end\n", "no-end": "x"}
    small = make(tmp_path, old, new, {"task.py": MINE})
    patch = tmp_path / "a.patch"
    said = update(run, small, "--patch", "-" if to == "stdout" else str(patch))
    if to == "stdout":
        assert said.out.startswith("diff --git ")
        patch.write_text(said.out)
    small.git("apply", "--index", str(patch))
    made = small.git("write-tree")
    small.git("reset", "--quiet", "--hard")
    update(run, small)
    assert small.git("write-tree") == made


def test_a_patch_where_none_can_be(run: Run, plain: Small) -> None:
    """A file that cannot be written is named."""
    assert "no/such/a.patch" in refused(run, plain, "--patch", "no/such/a.patch")


def test_a_patch_as_json(run: Run, plain: Small, tmp_path: Path) -> None:
    """With --json stdout is one object, wherever the patch goes."""
    said = update(run, plain, "--json", "--patch", str(tmp_path / "a.patch")).json
    assert (said["state"], said["patch"]) == ("patched", str(tmp_path / "a.patch"))


def test_a_patch_and_json_on_stdout(plain: Small, capfd: pytest.CaptureFixture[str]) -> None:
    """--json --patch - is refused, or the patch is in the object: stdout never holds both."""
    capfd.readouterr()
    code = cli.run(["update", str(plain.project), "--json", "--patch", "-"])
    out = capfd.readouterr().out
    assert "diff --git" in str(json.loads(out)) if out else code == 2


WHOLE = {"path", "template", "from", "to", "state", "files", "conflicts", "answers", "ignored", "notes", "changelog",
         "next"}  # fmt: skip


@pytest.mark.parametrize(("args", "state", "more"), [
    ([], "staged", set()),
    (["--preview"], "previewed", set()),
    (["--branch"], "branched", {"branch", "commit"}),
    (["--commit"], "committed", {"commit"}),
    (["--to", "v1.0.0"], "current", set()),
])  # fmt: skip
def test_the_json_of_each_state(run: Run, plain: Small, args: list[str], state: str, more: set[str]) -> None:
    """The object has the same keys in each state, and what is particular to it."""
    said = update(run, plain, "--json", *args).json
    assert said["state"] == state
    assert said.keys() == WHOLE | more
    assert said["path"] == str(plain.project)
    assert said["template"] == {"source": str(plain.template)}
    if state != "current":
        assert {file["path"]: file["change"] for file in said["files"]} == {
            ANSWERS: "changed", "task.py": "changed", "notes.md": "added"
        }  # fmt: skip
        assert all(("diff" in file) == (state == "previewed") for file in said["files"])


def test_the_json_of_a_conflict(run: Run, clash: Small) -> None:
    """A conflict has a reason in words, and the next commands."""
    said = update(run, clash, "--json", code=3).json
    assert (said["state"], said.keys()) == ("conflicts", WHOLE)
    assert said["conflicts"] == [{"path": "task.py", "reason": "you and the template changed the same lines"}]
    assert {"path": "task.py", "change": "conflict"} in said["files"]
    assert {"new-ops-project update --continue", "new-ops-project update --abort"} <= set(said["next"])


# ---- versions and options -----------------------------------------------------------------------------------


def test_a_given_version_and_back(run: Run, plain: Small) -> None:
    """--to takes a version that is not the newest, and an older one than the project's, which is said."""
    release(plain.template, "v1.2.0", {"task.py": NEWER + "end\n"})
    update(run, plain, "--to", "v1.1.0", "--commit")
    assert plain.recorded()["_commit"] == "v1.1.0"
    assert "an older version" in update(run, plain, "--to", "v1.0.0").out
    assert (plain.recorded()["_commit"], plain.text("task.py")) == ("v1.0.0", MINE)
    assert not (plain.project / "notes.md").exists()


def test_an_unknown_version(run: Run, plain: Small) -> None:
    """A version that the template lacks is named with the nearest."""
    said = refused(run, plain, "--to", "v1.1")
    assert "'v1.1'" in said
    assert "v1.1.0" in said.splitlines()[1]


def test_a_prerelease_is_asked_for(run: Run, plain: Small) -> None:
    """A prerelease is not taken by default, --to takes it, and then the project is ahead, not behind."""
    release(plain.template, "v1.2.0rc1", {"task.py": NEWER + "end\n"})
    assert update(run, plain, "--check", "--json", code=1).json["to"] == "v1.1.0"
    update(run, plain, "--to", "v1.2.0rc1", "--commit")
    assert plain.recorded()["_commit"] == "v1.2.0rc1"
    assert "is current" in update(run, plain).out


def test_a_commit_that_was_not_released(run: Run, plain: Small) -> None:
    """--to takes any commit of the template, recorded as `git describe` tells it, and the next update goes on."""
    release(plain.template, "other", {"task.py": NEWER + "end\n"})
    git("tag", "--delete", "other", at=plain.template)
    update(run, plain, "--to", "trunk", "--commit")
    assert str(plain.recorded()["_commit"]).startswith("v1.1.0-1-g")
    assert "is current" in update(run, plain).out
    release(plain.template, "v1.2.0", {"task.py": NEWER + "END\n"})
    update(run, plain)
    assert plain.text("task.py") == BOTH + "END\n"


@pytest.mark.parametrize("args", [
    ["--preview", "--check"], ["--branch", "--commit"], ["--patch", "x", "--in-place"], ["--continue", "--abort"],
    ["--abort", "--branch"], ["--continue", "--preview"], ["--check", "--patch", "-"], ["--abort", "--to", "v1.1.0"],
    ["--continue", "--set", "colour=red"],
])  # fmt: skip
def test_options_that_contradict_each_other(run: Run, plain: Small, args: list[str]) -> None:
    """Two deliveries at once are refused with both names, and so is what --continue and --abort take no notice of."""
    said = refused(run, plain, *args)
    for option in (arg for arg in args if arg.startswith("--")):
        assert option in said


def test_answers_alone(run: Run, tmp_path: Path) -> None:
    """--set at the newest version is an update too."""
    old = {"colour.txt.jinja": "{{ colour }}\n"}
    small = make(tmp_path, old, {}, {"colour.txt": "blue\n"})
    update(run, small, "--commit")
    said = update(run, small, "--set", "colour=red", "--json").json
    assert (said["from"], said["to"], said["state"]) == ("v1.1.0", "v1.1.0", "staged")
    assert [(one["name"], one["from"], one["to"]) for one in said["answers"]] == [("colour", "blue", "red")]
    assert (small.text("colour.txt"), small.recorded()["colour"]) == ("red\n", "red")


def test_the_answer_that_is_there_already(run: Run, plain: Small) -> None:
    """--set with the recorded value at the newest version changes nothing."""
    update(run, plain, "--commit")
    assert "is current" in update(run, plain, "--set", "colour=blue").out


# ---- afterwards ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--continue", "--abort"])
def test_nothing_to_conclude(run: Run, plain: Small, option: str) -> None:
    """Without an update under way, and after its commit, there is nothing to continue or take back."""
    assert "No update is under way" in refused(run, plain, option)
    update(run, plain)
    plain.git("commit", "--quiet", "--message=update")
    assert "committed" in update(run, plain, option, code=2).err
    assert plain.git("status", "--porcelain") == ""


def test_a_second_update_waits(run: Run, plain: Small) -> None:
    """An update that is not committed yet is said to wait, and stays as it is."""
    update(run, plain)
    before = everything(plain.repository)
    said = update(run, plain, "--json")
    assert said.json["state"] == "waiting"
    assert "waits to be committed" in said.err
    assert everything(plain.repository) == before


def test_conflicts_in_the_way(run: Run, clash: Small) -> None:
    """A second update on top of unresolved conflicts is refused with their names, however the index was cleaned."""
    update(run, clash, code=3)
    assert "task.py" in refused(run, clash)
    clash.git("add", "--all")
    assert "task.py" in refused(run, clash)
    assert "task.py" in refused(run, clash, "--in-place")


@pytest.mark.parametrize("args", [[], ["--in-place"], ["--branch"], ["--preview"]])
def test_the_conflicts_of_a_merge(run: Run, plain: Small, args: list[str]) -> None:
    """The conflicts of the user's own merge stand in the way, too."""
    plain.git("checkout", "--quiet", "-b", "side")
    plain.commit({"README.md": "# Side\n"})
    plain.git("checkout", "--quiet", "trunk")
    plain.commit({"README.md": "# Trunk\n"})
    with pytest.raises(Exception, match="git"):
        plain.git("merge", "side")
    assert "README.md" in refused(run, plain, *args)


def test_continue_refuses_markers(run: Run, clash: Small) -> None:
    """While markers stand in a file it is named with the line; without them it is staged, and the update is over."""
    update(run, clash, code=3)
    line = clash.text("task.py").splitlines().index("<<<<<<< your project") + 1
    said = refused(run, clash, "--continue")
    assert "task.py" in said
    assert str(line) in said
    lay(clash.project, {"task.py": BOTH})
    assert update(run, clash, "--continue", "--json").json["state"] == "staged"
    assert (clash.unmerged(), clash.staged()) == (set(), WRITTEN)
    assert "No update is under way" in refused(run, clash, "--abort")


def test_continue_refuses_what_does_not_parse(run: Run, tmp_path: Path) -> None:
    """A resolution that is no TOML is refused with the reason, as is one with a table twice."""
    toml = "".join(f"a{number} = 1\n" for number in range(9))
    new, mine = toml.replace("a4 = 1", "a4 = 2"), toml.replace("a4 = 1", "a4 = 3")
    small = make(tmp_path, {"ops.toml": toml}, {"ops.toml": new}, {"ops.toml": mine})
    update(run, small, code=3)
    for wrong in ("a = \n", toml + "a4 = 5\n"):
        lay(small.project, {"ops.toml": wrong})
        assert "TOML" in refused(run, small, "--continue")
    lay(small.project, {"ops.toml": new})
    update(run, small, "--continue")


@pytest.mark.parametrize("how", ["kept", "removed", "git add", "git rm"])
def test_continue_of_edited_and_dropped(run: Run, tmp_path: Path, how: str) -> None:
    """A file that the user edited and the template dropped can be kept or removed, by hand or through git."""
    small = make(tmp_path, {"task.py": LINES}, {"task.py": None}, {"task.py": MINE})
    update(run, small, code=3)
    if how == "removed":
        (small.project / "task.py").unlink()
    elif how.startswith("git"):
        small.git(*how.split()[1:], "task.py")
    update(run, small, "--continue", "--commit")
    assert small.git("status", "--porcelain") == ""
    assert (small.project / "task.py").exists() == (how in {"kept", "git add"})


def test_a_commit_in_conflict_is_made_by_continue(run: Run, clash: Small) -> None:
    """--commit in conflict stays in the work tree; --continue then commits with the same message."""
    before = head(clash)
    assert update(run, clash, "--commit", "--json", code=3).json["state"] == "conflicts"
    assert head(clash) == before
    lay(clash.project, {"task.py": BOTH})
    assert update(run, clash, "--continue", "--json").json["commit"] == head(clash)
    assert head(clash, "HEAD^") == before
    assert "v1.1.0" in clash.git("log", "-1", "--format=%s")


def test_a_merge_tool_knows_the_conflict(run: Run, clash: Small) -> None:
    """The index has the three sides, so that git can take one."""
    update(run, clash, code=3)
    assert [clash.git("show", f":{number}:task.py") + "\n" for number in (1, 2, 3)] == [LINES, CLASH, NEWER]
    clash.git("checkout", "--theirs", "task.py")
    update(run, clash, "--continue")
    assert clash.text("task.py") == NEWER


@pytest.mark.parametrize("code", [0, 3])
def test_abort_restores_everything(run: Run, plain: Small, clash_of: Callable[[], Small], code: int) -> None:
    """--abort restores the files, ignored and untracked ones included, and the index to the byte."""
    small = clash_of() if code else plain
    lay(small.project, {"run.log": "ignored\n", "loose.txt": "mine\n", "README.md": "dirty\n"})
    before = untouched(small)
    update(run, small, "--in-place", code=code)
    assert untouched(small) != before
    said = update(run, small, "--abort", "--json").json
    assert untouched(small) == before
    assert (said["state"], "kept" in said) == ("aborted", False)


@pytest.fixture
def clash_of(tmp_path: Path) -> Callable[[], Small]:
    """Make a project in conflict on demand."""
    old = {"task.py": LINES, "README.md": "# Audit\n", ".gitignore": "*.log\n"}
    return lambda: make(tmp_path / "clash", old, {"task.py": NEWER, "notes.md": "New.\n"}, {"task.py": CLASH})


def test_abort_keeps_what_was_edited_since(run: Run, plain: Small) -> None:
    """What was edited after the update is kept in a folder that is said; the project is as it was."""
    before = untouched(plain)
    update(run, plain)
    lay(plain.project, {"task.py": "edited since\n", "notes.md": "edited too\n"})
    said = update(run, plain, "--abort")
    assert untouched(plain) == before
    kept = Path(said.out.split("kept in ")[1].splitlines()[0].rstrip("."))
    assert {path: content for path, (_, content) in snapshot(kept).items()} == {
        "task.py": b"edited since\n", "notes.md": b"edited too\n"
    }  # fmt: skip


def test_abort_leaves_new_files_alone(run: Run, plain: Small) -> None:
    """A file that the user makes after the update survives --abort, also in a folder that the update made."""
    release(plain.template, "v1.2.0", {"docs/index.md": "Docs.\n"})
    update(run, plain)
    lay(plain.project, {"docs/mine.md": "mine\n", "mine.log": "mine\n"})
    update(run, plain, "--abort")
    assert (plain.text("docs/mine.md"), plain.text("mine.log")) == ("mine\n", "mine\n")
    assert not (plain.project / "docs" / "index.md").exists()


def test_another_update_after_abort(run: Run, clash: Small) -> None:
    """After --abort the next update is as the first was."""
    first = update(run, clash, "--json", code=3).json
    after = snapshot(clash.project)
    update(run, clash, "--abort")
    assert update(run, clash, "--json", code=3).json == first
    assert snapshot(clash.project) == after


# ---- where the project is -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["folder", "relative", "answers file", "current folder", "current answers file"])
def test_path(run: Run, plain: Small, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """PATH is the project's folder or its answers file; without it, the current folder."""
    monkeypatch.chdir(plain.project if "current" in how else plain.project.parent)
    path = {"folder": [str(plain.project)], "relative": ["audit"], "answers file": [f"audit/{ANSWERS}"],
            "current answers file": [ANSWERS]}.get(how, [])  # fmt: skip
    run("update", *path)
    assert plain.text("task.py") == BOTH


def test_path_that_is_none(run: Run, plain: Small) -> None:
    """A folder that is not there, and one below the project, are refused by name."""
    assert "no/such" in run("update", "no/such", code=2).err
    (plain.project / "src").mkdir()
    assert "was not generated" in run("update", str(plain.project / "src"), code=2).err


# ---- where the template is ----------------------------------------------------------------------------------

Serve = Callable[[Path], AbstractContextManager[str]]


def served(tmp_path: Path) -> Path:
    """A bare clone of the template below a folder that can be served."""
    bare = tmp_path / "served" / "t.git"
    if not bare.exists():
        git("clone", "--quiet", "--bare", str(tmp_path / "template"), str(bare), at=tmp_path)
    return bare


def moved(small: Small, source: str) -> None:
    """Let the project record another place of the template."""
    small.commit({ANSWERS: small.text(ANSWERS).replace(str(small.template), source)})


@pytest.mark.parametrize("serve", [git_daemon, git_http])
def test_a_git_url(run: Run, plain: Small, tmp_path: Path, serve: Serve) -> None:
    """From a git URL; the project goes on recording it, and a new release is seen by the next run."""
    with serve(served(tmp_path).parent) as url:
        moved(plain, f"{url}/t.git")
        update(run, plain, "--commit")
        release(served(tmp_path), "v1.2.0", {"task.py": NEWER + "end\n"})
        template.forget()
        update(run, plain)
    assert plain.text("task.py") == BOTH + "end\n"
    assert plain.recorded()["_src_path"] == f"{url}/t.git"


@pytest.mark.parametrize("kind", ["file://", "git+file://", "bundle", "relative"])
def test_a_local_source(run: Run, plain: Small, tmp_path: Path, kind: str) -> None:
    """From a file URL, a bundle and a path from the project's folder; what is recorded stays."""
    if kind == "bundle":
        git("bundle", "create", "--quiet", str(tmp_path / "t.bundle"), "--all", at=plain.template)
    source = {"bundle": str(tmp_path / "t.bundle"), "relative": "../template"}.get(kind, f"{kind}{served(tmp_path)}")
    moved(plain, source)
    update(run, plain)
    assert plain.text("task.py") == BOTH
    assert (plain.recorded()["_src_path"], plain.recorded()["_commit"]) == (source, "v1.1.0")


@pytest.mark.slow
def test_the_embedded_template(run: Run, work: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of the embedded template follows it: a newer tool carries newer versions."""
    monkeypatch.setenv("XDG_DATA_HOME", str(home / ".local" / "share"))
    checkout = two_tags(work / "checkout")
    monkeypatch.setattr(unpacked, "editable_checkout", lambda: checkout)
    run("new", "audit", "--defaults", "--ref", "v1.0.0")
    (work / "fresh").mkdir()
    run("new", "audit", "--defaults", "--path", "fresh/audit")
    said = run("update", "audit", "--json").json
    assert (said["from"], said["to"], said["conflicts"]) == ("v1.0.0", "v1.1.0", [])
    assert said["template"]["source"].startswith("~/.local/share/new-ops-project/template")
    assert snapshot(work / "audit") == snapshot(work / "fresh" / "audit")


def test_offline(run: Run, plain: Small, tmp_path: Path) -> None:
    """--offline takes what is known of a template: nothing without a first run, then all, with the server gone."""
    with git_daemon(served(tmp_path).parent) as url:
        moved(plain, f"{url}/t.git")
        assert "--offline" in refused(run, plain, "--offline")
        update(run, plain, "--check", code=1)
    template.forget()
    assert "cannot be reached" in refused(run, plain)
    update(run, plain, "--offline")
    assert plain.text("task.py") == BOTH


def test_another_place(run: Run, plain: Small, tmp_path: Path) -> None:
    """--template moves the project: what is recorded changes, at the same version too."""
    source = f"git+file://{tmp_path}/elsewhere"
    git("clone", "--quiet", "--bare", str(plain.template), "elsewhere", at=tmp_path)
    update(run, plain, "--commit")
    said = update(run, plain, "--template", f"file://{tmp_path}/elsewhere", "--json").json
    assert (plain.recorded()["_src_path"], plain.recorded()["_commit"]) == (source, "v1.1.0")
    assert [file["path"] for file in said["files"]] == [ANSWERS]


def test_another_place_that_lacks_the_version(run: Run, plain: Small, tmp_path: Path) -> None:
    """Where the new place lacks the recorded version, it is taken from the old one; gone there too, it is named."""
    git("clone", "--quiet", "--bare", str(plain.template), "elsewhere.git", at=tmp_path)
    git("tag", "--delete", "v1.0.0", at=tmp_path / "elsewhere.git")
    source = str(tmp_path / "elsewhere.git")
    update(run, plain, "--template", source)
    assert (plain.text("task.py"), plain.recorded()["_src_path"]) == (BOTH, source)
    update(run, plain, "--abort")
    plain.template.rename(tmp_path / "gone")
    assert "v1.0.0" in refused(run, plain, "--template", source)


def test_a_tag_that_is_gone(run: Run, plain: Small) -> None:
    """A recorded version that the template no longer has is named."""
    git("tag", "--delete", "v1.0.0", at=plain.template)
    said = refused(run, plain)
    assert ANSWERS in said
    assert "v1.0.0" in said


def test_a_template_without_git(run: Run, plain: Small, tmp_path: Path) -> None:
    """A plain folder has no versions to go to."""
    shutil.rmtree(plain.template / ".git")
    lay(plain.template, {"copier.yml": "colour: blue\n"})
    assert "not under version control" in refused(run, plain)


# ---- what a run costs, and leaves ---------------------------------------------------------------------------


def commands(trace: Path) -> list[str]:
    """The git commands that a run started, from what git wrote with GIT_TRACE2_EVENT."""
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    return [event["name"] for event in events if event["event"] == "cmd_name" and "/" not in event["sid"]]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_one_fetch_and_few_commands(run: Run, plain: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update from a URL fetches once and starts at most 16 git commands; --offline does not fetch."""
    with git_daemon(served(tmp_path).parent) as url:
        moved(plain, f"{url}/t.git")
        update(run, plain, "--check", code=1)
        template.forget()
        monkeypatch.setenv("GIT_TRACE2_EVENT", str(tmp_path / "online"))
        update(run, plain)
    monkeypatch.delenv("GIT_TRACE2_EVENT")
    update(run, plain, "--abort")
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(tmp_path / "offline"))
    update(run, plain, "--offline")
    online, offline = commands(tmp_path / "online"), commands(tmp_path / "offline")
    assert online.count("fetch") == 1
    assert len(online) <= 16
    assert not {"fetch", "clone", "ls-remote"} & set(offline)


@pytest.mark.parametrize("args", [[], ["--branch"], ["--preview"], ["--check"], ["--patch", "-"], ["--to", "v9"]])
def test_no_trace(run: Run, clash: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    """Nothing stays in TMPDIR, whatever the run comes to, and nothing appears beside the project."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    beside = set(tmp_path.iterdir())
    update(run, clash, *args, code={"--check": 1, "--to": 2}.get(args[0] if args else "", 3))
    assert list((tmp_path / "tmp").iterdir()) == []
    assert set(tmp_path.iterdir()) == beside


def test_a_lock_of_another_run(run: Run, plain: Small) -> None:
    """While another run is at work in the repository this one is refused; a preview is not."""
    from filelock import FileLock

    (plain.repository / ".git" / "new-ops-project").mkdir()
    with FileLock(plain.repository / ".git" / "new-ops-project" / "lock"):
        assert "Another run" in refused(run, plain)
        update(run, plain, "--preview")


def test_two_projects_of_one_template(run: Run, plain: Small, tmp_path: Path) -> None:
    """The result of one update does not depend on another one before it."""
    rendered = {path: content for path, (_, content) in snapshot(plain.project).items()}
    other = Small(plain.template, make_project(tmp_path / "other", rendered, {"task.py": LINES}))
    update(run, plain)
    update(run, other)
    assert (plain.text("task.py"), other.text("task.py")) == (BOTH, NEWER)


def test_the_markers(run: Run, clash: Small) -> None:
    """A conflict has three named parts, and taking either side gives that side's file."""
    update(run, clash, code=3)
    text = clash.text("task.py")
    assert signs(text) == ["<<<<<<< your project", "||||||| old template", "=======", ">>>>>>> new template"]
    assert (resolved(text, "ours"), resolved(text, "theirs")) == (CLASH, NEWER)
