"""The adoption of repositories that were not generated from a template."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import copier
import pexpect
import pytest
import yaml
from support.adoptable import ALL, SCRIPT, UV, WORKFLOWS, Adoptable
from support.command import Run, git, tree
from support.history import begin, checked_out, commit
from support.small import ANSWERS, everything, make_ours, snapshot, without_objects
from support.terminal import Terminal

from new_ops_project.template import render

BRANCH = "template/adopt"
EDITS = {
    "templates/project/.editorconfig.jinja": {"indent_size = 2": "indent_size = 3"},
    "templates/project/pyproject.toml.jinja": {'"T20",  # logs': '"TID",  # logs'},
}
KEYS = {"state", "path", "template", "to", "base", "evidence", "files", "conflicts", "kept", "notes", "next"}
BARE = {
    "prune.py": "import sys\n\nprint(sys.argv[1:])\n",
    "README.md": "# Prune\n\nNobody remembers which Python.\n",
    ".gitignore": "*.bak\n",
}
each = pytest.mark.parametrize("repository", ALL.values(), ids=ALL)
# Every second of them, and all with TEST_EVERY_PAIR set.
SOME = [*ALL][:: 1 if os.environ.get("TEST_EVERY_PAIR") else 2]
some = pytest.mark.parametrize("repository", [ALL[name] for name in SOME], ids=SOME)


@dataclass(frozen=True)
class Adopted:
    """A repository with the branch that `adopt --json` made."""

    original: Adoptable
    repository: Path
    report: dict[str, Any]  # its JSON
    before: dict[str, bytes]  # the files that were there before
    moved: set[str]  # the files, git's own too, that it wrote or removed; not objects

    @property
    def project(self) -> Path:
        """The folder that was adopted."""
        return self.repository / self.original.prefix

    @property
    def branch(self) -> str:
        """The usual branch for it."""
        return "".join([BRANCH, *(f".{folder}" for folder in self.original.prefix.split("/") if folder)])

    def git(self, *args: str) -> str:
        """Run git in the repository."""
        return git(*args, at=self.repository)

    def merge(self) -> Path:
        """Merge the branch, as its owner would; the project's folder."""
        self.git("merge", "--quiet", "--ff-only", self.branch)
        return self.project

    def lost(self) -> dict[str, Counter[bytes]]:
        """The lines of the repository's own files that are gone, by path."""
        after = tree(self.repository)
        gone = {path: Counter(lines(text)) - Counter(lines(after.get(path, b""))) for path, text in self.before.items()}
        return {path: missing for path, missing in gone.items() if missing}


def lines(content: bytes) -> list[bytes]:
    """The lines to the byte; the end of the last counts as one that others have."""
    end = b"\r\n" if b"\r\n" in content else b"\n"
    return [line if line.endswith(b"\n") else line + end for line in content.splitlines(keepends=True)]


@pytest.fixture
def template(shared: Path) -> Path:
    """Our template with the release v1.0.0; `released` adds v1.1.0 for a while."""
    folder = shared / "adopting"
    if not (folder / ".git" / "refs" / "next").exists():
        shutil.rmtree(folder, ignore_errors=True)  # what a failed test left
        make_ours(folder, EDITS)
        git("update-ref", "refs/next/v1.1.0", "v1.1.0", at=folder)
        git("tag", "--delete", "v1.1.0", at=folder)
    return folder


@pytest.fixture(autouse=True)
def rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was rendered with some answers is not rendered again, which takes most of the time."""
    real = render.tree

    def known(checkout: Any, answers: Any, folder: Path, **options: Any) -> Any:
        key = repr((checkout, sorted(answers.items()), folder.name, options))
        if key not in RENDERED:
            RENDERED[key] = real(checkout, answers, folder, **options)
        return RENDERED[key]

    monkeypatch.setattr(render, "tree", known)


RENDERED: dict[str, Any] = {}


@contextmanager
def released(template: Path) -> Iterator[None]:
    """The template with its second version."""
    git("tag", "v1.1.0", "refs/next/v1.1.0", at=template)
    try:
        yield
    finally:
        git("tag", "--delete", "v1.1.0", at=template)


@pytest.fixture
def adopt(run: Run, shared: Path, work: Path, template: Path) -> Callable[[Adoptable], Adopted]:
    """A copy of a repository that `adopt` was run on, which happens once per worker."""

    def call(repository: Adoptable) -> Adopted:
        kept = shared / "adopted" / repository.name
        if kept not in ADOPTED:
            shutil.rmtree(kept, ignore_errors=True)  # what a failed test left
            project = repository.lay(kept)
            files, before = tree(kept), without_objects(everything(kept))
            report = run("adopt", str(project), "--template", str(template), "--json").json
            after = without_objects(everything(kept))
            moved = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
            ADOPTED[kept] = Adopted(repository, kept, report, files, moved)
        here = Path(shutil.copytree(kept, work / repository.name))
        git("update-index", "-q", "--refresh", at=here)  # what is copied looks changed
        return replace(ADOPTED[kept], repository=here)

    return call


ADOPTED: dict[Path, Adopted] = {}
Adopt = Callable[[Adoptable], Adopted]


def bare(work: Path, **more: str) -> Path:
    """A repository that tells its tier and its name, and no version of Python."""
    return checked_out(begin(work / "prune", commit("Mine", {**BARE, **more})))


# ---- what becomes of each repository -----------------------------------------------------------------------------


@each
def test_the_default_is_a_branch(adopt: Adopt, repository: Adoptable) -> None:
    """Without an option there is one commit on a branch; work tree, index and HEAD are as they were, to the byte."""
    adopted = adopt(repository)
    assert adopted.moved <= {f".git/refs/heads/{adopted.branch}", f".git/logs/refs/heads/{adopted.branch}"}
    assert (adopted.report["state"], adopted.report["branch"]) == ("branched", adopted.branch)
    assert adopted.git("rev-parse", adopted.branch) == adopted.report["commit"]
    assert adopted.git("rev-parse", f"{adopted.branch}^") == adopted.git("rev-parse", "HEAD")


@each
def test_what_is_there_stays(adopt: Adopt, repository: Adoptable) -> None:
    """What is not merged stays to the byte, what is loses no line, and git ignores nothing that it tracked before."""
    adopted = adopt(repository)
    hidden = adopted.git("ls-files", "--cached", "--ignored", "--exclude-standard")
    adopted.merge()
    after = tree(adopted.repository)
    assert not adopted.lost()
    assert adopted.git("ls-files", "--cached", "--ignored", "--exclude-standard") == hidden
    changed = {path for path, content in adopted.before.items() if after[path] != content}
    assert changed == {str(Path(repository.prefix, path)) for path in repository.changed}


@each
def test_all_that_fits_is_added(adopt: Adopt, repository: Adoptable) -> None:
    """Each file of the template that the repository can have is there; --json lists what git sees; no conflicts."""
    adopted = adopt(repository)
    changes = {file["path"]: file["change"] for file in adopted.report["files"]}
    expected = dict.fromkeys(repository.added, "added") | dict.fromkeys(repository.changed, "changed")
    assert changes == expected
    differing = adopted.git("diff", "--name-only", "HEAD", adopted.branch).split()
    assert set(differing) == {str(Path(repository.prefix, path)) for path in expected}
    assert not adopted.report["conflicts"]


@each
def test_its_own_tests_pass(adopt: Adopt, repository: Adoptable) -> None:
    """The repository's tests pass before and after."""
    adopted = adopt(repository)
    before = repository.test(adopted.project)
    assert before.returncode == 0, before.stdout + before.stderr
    after = repository.test(adopted.merge())
    assert after.returncode == 0, after.stdout + after.stderr


@each
def test_answers_are_shown_with_their_place(adopt: Adopt, repository: Adoptable) -> None:
    """Each answer that was read is printed with its place, which exists, and is recorded."""
    adopted = adopt(repository)
    told = {answer["name"]: answer for answer in adopted.report["evidence"]}
    for name, (value, where) in repository.told.items():
        assert told[name]["value"] == value
        assert where in {"*", told[name]["where"]}
    for answer in adopted.report["evidence"]:
        path, _, line = answer["where"].partition(", ")[0].rpartition(":")
        assert not line.isdigit() or int(line) <= len((adopted.project / path).read_bytes().splitlines())
    recorded = yaml.safe_load(adopted.merge().joinpath(ANSWERS).read_bytes())
    assert {name: recorded[name] for name in repository.told} == {
        name: value for name, (value, _) in repository.told.items()
    }
    assert (recorded["code"], recorded["_commit"]) == ("own", "v1.0.0")


@each
def test_what_is_left_alone_is_listed(adopt: Adopt, repository: Adoptable) -> None:
    """Files of the template that are not written are listed with the reason; old metadata is listed with what to do."""
    adopted = adopt(repository)
    kept = {file["path"]: file["reason"] for file in adopted.report["kept"]}
    written = {file["path"] for file in adopted.report["files"]}
    assert all(kept.values())
    assert not kept.keys() & written
    assert {".editorconfig", "LICENSE", "README.md"} & tree(adopted.project).keys() - written <= kept.keys()
    notes = " ".join(adopted.report["notes"])
    assert all(word in notes for word in repository.notes), notes


# ---- afterwards --------------------------------------------------------------------------------------------------


@each
def test_again_changes_nothing(run: Run, adopt: Adopt, template: Path, repository: Adoptable) -> None:
    """A second time the branch is as it was; once it is merged, the answer is `update`."""
    adopted = adopt(repository)
    before = without_objects(everything(adopted.repository))
    again = run("adopt", str(adopted.project), "--template", str(template), "--json").json
    assert again["commit"] == adopted.report["commit"]
    assert without_objects(everything(adopted.repository)) == before
    adopted.merge()
    before = without_objects(everything(adopted.repository))
    current = run("adopt", str(adopted.project), "--template", str(template), "--json").json
    assert current["state"] == "current"
    assert any("update" in step for step in current["next"])
    assert without_objects(everything(adopted.repository)) == before


@some
def test_update_follows(run: Run, adopt: Adopt, template: Path, repository: Adoptable) -> None:
    """`update` says current; of a newer version it takes what is new, without a conflict and without a loss."""
    adopted = adopt(repository)
    project = adopted.merge()
    assert run("update", str(project), "--json").json["state"] == "current"
    with released(template):
        report = run("update", str(project), "--commit", "--json").json
    assert (report["to"], report["conflicts"]) == ("v1.1.0", [])
    assert_newer(adopted)


@pytest.mark.parametrize("repository", [SCRIPT, WORKFLOWS], ids=lambda repository: repository.name)
def test_plain_copier_follows(adopt: Adopt, template: Path, repository: Adoptable) -> None:
    """`copier update` does the same."""
    adopted = adopt(repository)
    project = adopted.merge()
    with released(template):
        copier.run_update(project, defaults=True, overwrite=True, quiet=True)
    assert adopted.git("diff", "--name-only", "--diff-filter=U") == ""
    assert_newer(adopted)


def assert_newer(adopted: Adopted) -> None:
    """The project is of the second version, where it has what that changes; all that was its own is there."""
    project = adopted.project
    assert yaml.safe_load((project / ANSWERS).read_bytes())["_commit"] == "v1.1.0"
    assert not adopted.lost()
    assert not [path for path, text in tree(project).items() if b"<<<<<<<" in text or path.endswith(".rej")]
    if ".editorconfig" in adopted.original.added:
        assert "indent_size = 3" in (project / ".editorconfig").read_text()
    was = adopted.git("show", f"{adopted.branch}:./{adopted.original.prefix}/pyproject.toml")
    assert ('"TID"' in (project / "pyproject.toml").read_text()) == ('"T20"' in was)


# ---- ways to have it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", [["--preview"], ["--preview", "--json"], ["--patch", "-"]])
def test_looking_writes_nothing(run: Run, work: Path, template: Path, option: list[str]) -> None:
    """--preview and a patch on stdout leave the repository as it is, branches too."""
    project = UV.lay(work / UV.name)
    before = without_objects(everything(project))
    out = run("adopt", str(project), "--template", str(template), *option).out
    assert without_objects(everything(project)) == before
    assert ".github/workflows/ci.yml" in out


def test_a_patch(run: Run, adopt: Adopt, template: Path, work: Path) -> None:
    """--patch is the same change as the branch."""
    adopted = adopt(UV)
    run("adopt", str(adopted.project), "--template", str(template), "--patch", str(work / "it.patch"))
    adopted.git("apply", "--index", str(work / "it.patch"))
    assert adopted.git("write-tree") == adopted.git("rev-parse", f"{adopted.branch}^{{tree}}")


def test_a_commit(run: Run, work: Path, template: Path) -> None:
    """--commit is one commit on the branch that is checked out, and the work tree is clean."""
    project = UV.lay(work / UV.name)
    report = run("adopt", str(project), "--template", str(template), "--commit", "--json").json
    assert report["state"] == "committed"
    assert git("rev-list", "--count", "HEAD", at=project) == "2"
    assert git("status", "--porcelain", at=project) == ""
    assert git("for-each-ref", "--format=%(refname:short)", "refs/heads", at=project) == "trunk"


def test_a_branch_of_another_name(run: Run, work: Path, template: Path) -> None:
    """--branch NAME replaces the usual name."""
    project = UV.lay(work / UV.name)
    report = run("adopt", str(project), "--template", str(template), "--branch", "look", "--json").json
    assert report["branch"] == "look"
    assert git("rev-parse", "look", at=project) == report["commit"]


def test_work_that_is_not_committed_stays(run: Run, work: Path, template: Path) -> None:
    """A branch can be made in a dirty work tree, without including or touching that work."""
    project = UV.lay(work / UV.name)
    (project / "src" / "drain_nodes" / "__init__.py").write_text("dirty\n")
    (project / "Dockerfile").write_text("FROM scratch\n")
    before = snapshot(project)
    run("adopt", str(project), "--template", str(template))
    assert snapshot(project) == before
    assert "Dockerfile" not in git("ls-tree", "--name-only", BRANCH, at=project)


def test_the_shape_of_json(adopt: Adopt) -> None:
    """--json has all keys, evidence and files as objects, and the release it comes from as text."""
    report = adopt(SCRIPT).report
    assert report.keys() >= KEYS
    assert (report["to"], report["base"]) == ("v1.0.0", "")
    assert all(entry.keys() == {"name", "value", "where"} for entry in report["evidence"])
    assert all(entry.keys() == {"path", "change"} for entry in report["files"])
    assert all(entry.keys() == {"path", "reason"} for entry in report["kept"])
    assert any("merge" in step for step in report["next"])


def test_words_for_people(run: Run, work: Path, template: Path) -> None:
    """Without --json each answer is printed with its place, each file with what becomes of it, and what to do next."""
    out = run("adopt", str(SCRIPT.lay(work / SCRIPT.name)), "--template", str(template)).out
    line = next(line for line in out.splitlines() if "python_version" in line)
    assert line.endswith("3.12  (.python-version:1)"), line
    shown = ("added     pyproject.toml", "changed   .gitignore", "left alone requirements.txt: yours")
    assert all(text in out for text in (*shown, f"git merge {BRANCH}")), out


# ---- answers -----------------------------------------------------------------------------------------------------


def test_what_is_given_wins(run: Run, work: Path, template: Path) -> None:
    """Flags and --set come before what is read."""
    project = SCRIPT.lay(work / SCRIPT.name)
    given = ["--python", "3.13", "--name", "Cert Watch", "--set", "license=MIT", "--set", "runner=ubuntu-26.04"]
    report = run("adopt", str(project), "--template", str(template), *given, "--commit", "--json").json
    recorded = yaml.safe_load((project / ANSWERS).read_bytes())
    assert (recorded["python_version"], recorded["project_name"]) == ("3.13", "Cert Watch")
    assert (recorded["license"], recorded["runner"]) == ("MIT", "ubuntu-26.04")
    assert "LICENSE" in {file["path"] for file in report["files"]}


@pytest.mark.parametrize(
    ("more", "words"), [({}, ()), ({".python-version": "3.8\n"}, ("3.8", ".python-version:1"))], ids=["none", "too old"]
)
def test_what_cannot_be_told_is_named(
    run: Run, work: Path, template: Path, more: dict[str, str], words: tuple[str, ...]
) -> None:
    """Without a terminal, a Python that nothing tells, or that is not offered, ends with 2 and names the flag."""
    project = bare(work, **more)
    before = without_objects(everything(project))
    message = run("adopt", str(project), "--template", str(template), code=2).err
    assert all(word in message for word in ("--python", *words)), message
    assert without_objects(everything(project)) == before
    run("adopt", str(project), "--template", str(template), "--python", "3.13")


@pytest.mark.parametrize("given", [["--set", "colour=blue"], ["--tier", "app"], ["--python", "2.7"]])
def test_answers_that_are_none(run: Run, work: Path, template: Path, given: list[str]) -> None:
    """What is given is checked as everywhere."""
    message = run("adopt", str(UV.lay(work / UV.name)), "--template", str(template), *given, code=2).err
    assert message.startswith("new-ops-project: ")


def test_no_repository(run: Run, work: Path) -> None:
    """A folder without a repository, or without a commit, ends with 2."""
    (work / "loose").mkdir()
    git("init", "--quiet", "empty", at=work)
    for folder in ("loose", "empty"):
        assert "new-ops-project: " in run("adopt", folder, code=2).err


# ---- made from the template, and forgotten ------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "tier"), [("v1.0.0", "cli"), ("v1.1.0", "script")])
def test_a_lost_answers_file_comes_back(run: Run, work: Path, template: Path, version: str, tier: str) -> None:
    """Of a project that the template made, edited since, only the answers file is added, with its own version."""
    project = work / "audit"
    with released(template):
        options = ["--python", "3.13", "--tier", tier, "--defaults", "--set", "container=true"]
        run("new", "audit", *options, "--template", str(template), "--ref", version)
        lost = (project / ANSWERS).read_bytes()
        (project / ANSWERS).unlink()
        (project / "README.md").write_text((project / "README.md").read_text() + "\nAsk Ada.\n")
        (project / "notes.md").write_text("Mine.\n")
        git("add", "--all", at=project)
        git("commit", "--quiet", "--message=lose it", at=project)
        report = run("adopt", str(project), "--template", str(template), "--commit", "--json").json
    assert report["files"] == [{"path": ANSWERS, "change": "added"}]
    assert report["base"] == version
    assert yaml.safe_load((project / ANSWERS).read_bytes()) == yaml.safe_load(lost)


def test_a_project_that_remembers(run: Run, work: Path) -> None:
    """For a generated project, the hint is to use `update`, and nothing else happens."""
    run("new", "audit", "--defaults")
    before = without_objects(everything(work / "audit"))
    assert "update" in run("adopt", "audit").out
    assert run("adopt", "audit", "--json").json["state"] == "current"
    assert without_objects(everything(work / "audit")) == before


# ---- on a terminal -----------------------------------------------------------------------------------------------


def test_only_what_could_not_be_told_is_asked(terminal: Terminal, work: Path, template: Path) -> None:
    """The one question that nothing answers is asked, then the whole is confirmed."""
    project = bare(work)
    child = terminal("adopt", "prune", "--template", str(template))
    child.expect("Python version")
    assert "Project name" not in str(child.before)
    assert "Tier" not in str(child.before)
    child.expect("supported until")
    child.send("\r")
    child.expect("Commit this")
    assert "Tier" not in str(child.before)
    assert "prune.py" in str(child.before)
    child.send("y")
    child.expect("git merge")
    child.expect(pexpect.EOF)
    assert git("rev-list", "--count", BRANCH, at=project) == "2"


def test_nothing_is_asked_where_all_is_told(terminal: Terminal, work: Path, template: Path) -> None:
    """Only the confirmation is left, and --yes gives it."""
    project = UV.lay(work / UV.name)
    child = terminal("adopt", str(project), "--template", str(template), "--yes")
    child.expect("git merge")
    assert "Python version:" not in str(child.before)
    child.expect(pexpect.EOF)
    assert git("rev-list", "--count", BRANCH, at=project) == "2"


def test_no_is_no(terminal: Terminal, work: Path, template: Path) -> None:
    """Declined, there is no branch, and the exit code is 130."""
    project = UV.lay(work / UV.name)
    before = without_objects(everything(project))
    child = terminal("adopt", str(project), "--template", str(template))
    child.expect("Commit this")
    child.send("n")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert without_objects(everything(project)) == before
