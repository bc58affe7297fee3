"""Every kind of repository in an update."""

from dataclasses import replace
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
    Small,
    lay,
    make,
    refused,
    signs,
    snapshot,
    update,
)


def test_a_submodule_is_left_alone(run: Run, tmp_path: Path) -> None:
    """A submodule stays at its commit, its own changes are no reason to refuse, and none of it is touched."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE})
    git(
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(small.template),
        "vendor",
        at=small.project,
    )
    small.git("commit", "--quiet", "--message=vendor")
    lay(small.project, {"vendor/task.py": "dirty\n", "vendor/loose": "mine\n"})
    vendor, entry = snapshot(small.project / "vendor"), small.git("ls-files", "--stage", "vendor")
    update(run, small)
    assert small.text("task.py") == BOTH
    assert snapshot(small.project / "vendor") == vendor
    assert small.git("ls-files", "--stage", "vendor") == entry
    update(run, small, "--abort")
    assert snapshot(small.project / "vendor") == vendor


@pytest.mark.parametrize("kind", ["submodule", "core.worktree", "separate git directory"])
def test_a_repository_whose_git_directory_is_elsewhere(run: Run, tmp_path: Path, kind: str) -> None:
    """Only the result is in the work tree, all of it is staged, and --abort leaves everything as it was."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE})
    if kind == "submodule":
        git("init", "--quiet", "above", at=tmp_path)
        add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(small.repository), "audit")
        git(*add, at=tmp_path / "above")
        small = replace(small, repository=tmp_path / "above" / "audit")
    elif kind == "core.worktree":
        small.git("config", "core.worktree", str(small.repository))
    else:
        small.git("init", "--quiet", f"--separate-git-dir={tmp_path / 'elsewhere'}")
    before = snapshot(small.repository)
    update(run, small)
    assert small.text("task.py") == BOTH
    assert small.git("diff", "--name-only") == ""
    assert "task.py" in small.staged()
    update(run, small, "--abort")
    assert (snapshot(small.repository), small.staged()) == (before, set())


def test_a_sparse_checkout(run: Run, tmp_path: Path) -> None:
    """Outside of the cone the index is updated and the file stays out of sight; so do new ones."""
    small = make(tmp_path, {**OLD, "lib/y.py": "y"}, {**NEW, "lib/z.py": "z", "lib/y.py": None}, {"lib/x.py": MINE})
    small.git("sparse-checkout", "set", "--cone", "docs")
    update(run, small)
    assert not (small.project / "lib").exists()
    assert small.git("show", ":lib/x.py") + "\n" == BOTH
    assert small.git("ls-files", "-t", "lib") == "S lib/x.py\nS lib/z.py"
    assert small.git("diff", "--name-only") == ""
    assert small.text("task.py") == NEWER
    update(run, small, "--abort")
    assert small.git("status", "--porcelain") == ""
    assert small.git("ls-files", "-t", "lib") == "S lib/x.py\nS lib/y.py"


def test_a_conflict_outside_of_a_sparse_checkout(run: Run, tmp_path: Path) -> None:
    """A conflict outside of the cone is brought into sight, so that it can be resolved; --abort hides it again."""
    small = make(tmp_path, OLD, NEW, {"lib/x.py": CLASH})
    small.git("sparse-checkout", "set", "--cone", "docs")
    update(run, small, code=3)
    assert len(signs(small.text("lib/x.py"))) == 4
    update(run, small, "--abort")
    assert not (small.project / "lib").exists()
    update(run, small, code=3)
    lay(small.project, {"lib/x.py": BOTH})
    update(run, small, "--continue", "--commit")
    assert small.git("show", "HEAD:lib/x.py") + "\n" == BOTH


@pytest.mark.parametrize("how", ["path", "answers file", "from within"])
def test_a_project_in_a_subfolder(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Of a monorepo only the project's folder changes; work in other folders stays, and does not stop the update."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE}, prefix="services/audit/")
    lay(small.repository, {"task.py": "not of the project\n", "other/loose.txt": "mine\n"})
    git("add", "task.py", at=small.repository)
    monkeypatch.chdir(small.project if how == "from within" else small.repository)
    path = {"path": ["services/audit"], "answers file": [f"services/audit/{ANSWERS}"]}.get(how, [])
    report = run("update", *path, "--json").json
    assert {file["path"] for file in report["files"]} == {ANSWERS, "task.py", "lib/x.py", "notes.md"}
    assert (small.text("task.py"), small.text("notes.md")) == (BOTH, "New.\n")
    assert {path for path in small.staged() if path.startswith("services/audit/")} == small.staged() - {"task.py"}
    assert (small.repository / "task.py").read_text() == "not of the project\n"


def test_a_conflict_in_a_subfolder(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a subfolder, too: conflicts, --continue and --abort, from the folder itself and from the root."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH}, prefix="services/audit/")
    before = snapshot(small.repository)
    update(run, small, code=3)
    assert small.unmerged() == {"services/audit/task.py"}
    monkeypatch.chdir(small.project)
    run("update", "--abort")
    assert snapshot(small.repository) == before
    update(run, small, code=3)
    lay(small.project, {"task.py": BOTH})
    update(run, small, "--continue", "--commit")
    assert git("status", "--porcelain", at=small.repository) == ""


def test_two_projects_in_one_repository(run: Run, tmp_path: Path) -> None:
    """A second project of the repository can be updated beside the first, which waits for its commit."""
    first = make(tmp_path, OLD, NEW, {"task.py": MINE}, prefix="one/")
    rendered = {f"two/{path}": content.decode() for path, (_, content) in snapshot(first.project).items()}
    Small(first.template, first.repository).commit(rendered)
    two = Small(first.template, first.repository, "two/")
    update(run, first, "--commit")
    update(run, two)
    assert (first.text("task.py"), two.text("task.py")) == (BOTH, BOTH)
    assert all(path.startswith("two/") for path in two.staged())


@pytest.mark.parametrize("mine", [MINE, CLASH])
@pytest.mark.parametrize("args", [[], ["--to", "v1.1.0"], ["--commit"], ["--in-place"]])
def test_what_is_pending_belongs_to_its_project(run: Run, tmp_path: Path, mine: str, args: list[str]) -> None:
    """While an update of another project is not committed, that project is named, and what to do about it."""
    first = make(tmp_path, OLD, NEW, {"task.py": mine}, prefix="one/")
    rendered = {f"two/{path}": content.decode() for path, (_, content) in snapshot(first.project).items()}
    Small(first.template, first.repository).commit(rendered)
    two = Small(first.template, first.repository, "two/")
    update(run, first, code=0 if mine == MINE else 3)
    before = snapshot(first.repository)
    message = refused(run, two, *args)
    assert f"The update to v1.1.0 of one/{ANSWERS}" in message
    assert "new-ops-project update ../audit/one --abort" in message
    assert snapshot(first.repository) == before
    update(run, two, "--preview", code=0 if mine == MINE else 2)
    update(run, first, "--abort")
    update(run, two, code=0 if mine == MINE else 3)


def test_the_branch_of_a_subfolder(run: Run, tmp_path: Path) -> None:
    """A branch and a patch of a project in a subfolder have the paths of the whole repository."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE}, prefix="services/audit/")
    update(run, small, "--branch")
    changed = small.git("diff", "--name-only", "HEAD", "template/v1.1.0.services.audit").split()
    assert changed == [f"services/audit/{path}" for path in (ANSWERS, "lib/x.py", "notes.md", "task.py")]
    update(run, small, "--patch", str(tmp_path / "patch"))
    assert "diff --git a/services/audit/task.py b/services/audit/task.py" in (tmp_path / "patch").read_text()


def test_a_linked_worktree(run: Run, tmp_path: Path) -> None:
    """In a linked worktree only that one changes: its files, its index."""
    main = make(tmp_path, OLD, NEW, {"task.py": MINE})
    main.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    linked = Small(main.template, tmp_path / "linked")
    before = snapshot(main.project)
    update(run, linked)
    assert linked.text("task.py") == BOTH
    assert linked.staged() == {ANSWERS, *NEW}
    assert (snapshot(main.project), main.git("status", "--porcelain")) == (before, "")
    update(run, linked, "--abort")
    assert linked.git("status", "--porcelain") == ""
    update(run, linked, "--commit")
    update(run, main)
    assert main.text("task.py") == BOTH


@pytest.mark.parametrize("name", ["two words", 'it\'s "quoted" \\ $HOME *', "día-日本"])
def test_a_folder_of_any_name(run: Run, tmp_path: Path, name: str) -> None:
    """The repository's path may hold blanks, quotes and letters of any script."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH}, name=name)
    before = snapshot(small.project)
    update(run, small, code=3)
    assert small.text("lib/x.py") == NEWER
    assert small.unmerged() == {"task.py"}
    update(run, small, "--abort")
    assert snapshot(small.project) == before


def test_a_template_of_any_name(run: Run, tmp_path: Path) -> None:
    """So may the template's."""
    small = make(tmp_path / 'it\'s "día"', OLD, NEW, {"task.py": MINE})
    update(run, small)
    assert small.text("task.py") == BOTH


@pytest.mark.parametrize("args", [[], ["--branch"], ["--commit"], ["--preview"]])
def test_a_sha256_repository(run: Run, tmp_path: Path, args: list[str]) -> None:
    """A repository of git's other object format is updated as any."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE}, init=("--object-format=sha256",))
    assert len(small.git("rev-parse", "HEAD")) == 64
    update(run, small, *args)
    small.git("fsck", "--strict", "--no-dangling")
    assert small.text("task.py") == (MINE if {"--branch", "--preview"} & set(args) else BOTH)


def test_a_conflict_in_a_sha256_repository(run: Run, tmp_path: Path) -> None:
    """So are its conflicts."""
    small = make(tmp_path, OLD, NEW, {"task.py": CLASH, "lib/x.py": None}, init=("--object-format=sha256",))
    update(run, small, code=3)
    assert small.git("show", ":2:task.py") + "\n" == CLASH
    assert small.unmerged() == {"task.py"}


def test_a_shallow_clone(run: Run, tmp_path: Path) -> None:
    """Of the project's history only its last commit is needed."""
    whole = make(tmp_path, OLD, NEW, {"task.py": MINE})
    git("clone", "--quiet", "--depth=1", f"file://{whole.repository}", "shallow", at=tmp_path)
    small = Small(whole.template, tmp_path / "shallow")
    update(run, small, "--branch")
    update(run, small, "--commit")
    assert (small.text("task.py"), small.git("rev-list", "--count", "HEAD")) == (BOTH, "2")
    small.git("fsck")


def test_a_partial_clone(run: Run, tmp_path: Path) -> None:
    """A clone without blobs gets those that it needs."""
    whole = make(tmp_path, OLD, NEW, {"task.py": MINE})
    whole.git("config", "uploadpack.allowFilter", "true")
    git("clone", "--quiet", "--filter=blob:none", f"file://{whole.repository}", "partial", at=tmp_path)
    small = Small(whole.template, tmp_path / "partial")
    update(run, small)
    assert small.text("task.py") == BOTH


@pytest.mark.parametrize(
    ("path", "options"),
    [
        (ANSWERS, ()),
        (ANSWERS, ("--preview",)),
        (ANSWERS, ("--branch",)),
        (ANSWERS, ("--check",)),
        ("task.py", ("--preview",)),
        ("task.py", ("--branch",)),
    ],
)
def test_a_partial_clone_that_may_not_fetch(run: Run, tmp_path: Path, path: str, options: tuple[str, ...]) -> None:
    """Where the clone's own settings name what fetches, the reason is that, with the command that brings everything."""
    whole = make(tmp_path, OLD, NEW, {"task.py": MINE})
    whole.git("config", "uploadpack.allowFilter", "true")
    address = f"file://{whole.repository}"
    git("clone", "--quiet", "--no-checkout", "--filter=blob:none", address, "partial", at=tmp_path)
    small = Small(whole.template, tmp_path / "partial")
    small.git("read-tree", "HEAD")
    if path != ANSWERS:
        small.git("cat-file", "-p", f"HEAD:{ANSWERS}")
    small.git("config", "core.sshCommand", "false")
    message = run("update", str(small.project), *options, code=2).err
    assert "lacks objects" in message
    assert "git fetch --refetch --no-filter" in message


def test_a_detached_head(run: Run, tmp_path: Path) -> None:
    """Without a branch the update is the same, and HEAD stays detached."""
    small = make(tmp_path, OLD, NEW, {"task.py": MINE})
    small.git("checkout", "--quiet", "--detach")
    update(run, small, "--branch")
    update(run, small, "--commit")
    assert small.text("task.py") == BOTH
    assert small.git("branch", "--show-current") == ""


def test_an_unborn_branch(run: Run, tmp_path: Path) -> None:
    """For a repository without a commit, the hint is to commit."""
    small = make(tmp_path, OLD, NEW)
    small.git("checkout", "--quiet", "--orphan", "new")
    assert "no commit yet" in refused(run, small)


def test_an_uncommitted_answers_file(run: Run, tmp_path: Path) -> None:
    """An answers file that is not part of the last commit does not count as a record."""
    small = make(tmp_path, OLD, NEW)
    small.git("rm", "--quiet", "--cached", ANSWERS)
    small.git("commit", "--quiet", "--message=forget")
    assert f"{ANSWERS} is not committed" in refused(run, small)


def test_names_that_differ_in_case_only(run: Run, tmp_path: Path) -> None:
    """Two files whose names differ in case only are two files, and one may take the place of the other."""
    old, new = (
        {"Notes": LINES, "notes": LINES, "Case": LINES},
        {"Notes": NEWER, "notes": NEWER, "Case": None, "case": NEWER},
    )
    small = make(tmp_path, old, new, {"notes": MINE})
    before = snapshot(small.repository)
    update(run, small)
    assert (small.text("Notes"), small.text("notes"), small.text("case")) == (NEWER, BOTH, NEWER)
    assert not (small.project / "Case").exists()
    update(run, small, "--abort")
    assert snapshot(small.repository) == before


@pytest.mark.parametrize("rules", ["", "/projects/\n", f"{ANSWERS}\n"])
@pytest.mark.parametrize("args", [[], ["--branch"], ["--check"], ["--preview"]])
def test_a_project_that_is_not_committed(run: Run, tmp_path: Path, rules: str, args: list[str]) -> None:
    """A project in an untracked or ignored folder is in no commit, so it is refused before anything is planned."""
    outer = make(tmp_path, OLD, NEW, name="outer")
    outer.commit({".gitignore": rules, ANSWERS: None})
    project = outer.repository / "projects" / "audit"
    lay(project, {**OLD, ANSWERS: outer.git("show", f"HEAD~1:{ANSWERS}")})
    before = snapshot(outer.repository)
    message = run("update", str(project), *args, code=2).err
    assert "is not committed" in message or "uncommitted changes" in message
    assert snapshot(outer.repository) == before


def test_a_bare_repository(run: Run, tmp_path: Path) -> None:
    """A repository without a work tree is refused by its path."""
    small = make(tmp_path, OLD, NEW)
    git("clone", "--quiet", "--bare", str(small.repository), "bare.git", at=tmp_path)
    assert "bare.git" in run("update", str(tmp_path / "bare.git"), code=2).err


def test_no_repository(run: Run, tmp_path: Path) -> None:
    """A project that is in no repository is refused with the reason, and stays."""
    small = make(tmp_path, OLD, NEW)
    (small.repository / ".git").rename(tmp_path / "kept")
    message = run("update", str(small.project), code=2).err
    assert "git repository" in message
    assert small.text("task.py") == LINES
