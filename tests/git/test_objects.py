"""Objects of git: written, read through one process, found beside another repository."""

from pathlib import Path

import pytest
from support.command import git
from support.history import Files, begin, commit, link, program
from support.trees import multiply, nest

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.git import objects

FILES: Files = {"a": "a\n", "b/c/d": program("d\n"), "b/link": link("c/d"), "b/c.txt": "", 'b/odd "\\\n': "odd\n"}


@pytest.fixture(params=["sha1", "sha256"])
def repository(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A repository of either object format, in a folder whose name git has to have quoted."""
    return begin(tmp_path / '#odd "name"\n', commit("Begin", FILES), f"--object-format={request.param}")


def test_all_files_of_a_tree(repository: Path) -> None:
    """Each file has its mode, its whole path and its id; a commit stands for its tree."""
    listed = git("ls-tree", "-r", "-z", "HEAD", at=repository).split("\0")[:-1]
    expected = [(about.split()[0], path, about.split()[2]) for about, path in (line.split("\t") for line in listed)]
    with objects.open_reader(repository) as reader:
        assert [*reader.tree("HEAD")] == expected
        below = git("rev-parse", "HEAD:b", at=repository)
        inside = [(mode, path[2:], blob) for mode, path, blob in expected if path.startswith("b/")]
        assert [*reader.tree(below)] == inside
        with pytest.raises(ProcessError, match="there is no tree nothing"):
            [*reader.tree("nothing")]


def test_a_deep_tree(tmp_path: Path) -> None:
    """Folders may be nested deeper than calls of Python may."""
    path = "a/" * 1500 + "file"
    repository = begin(tmp_path / "deep", commit("Begin", {"b": "b\n"}))
    nest(repository, path.split("/"))
    with objects.open_reader(repository) as reader:
        assert [name for _, name, _ in reader.tree("HEAD")] == [path, "b"]


def test_a_tree_without_end(tmp_path: Path) -> None:
    """A few objects that stand for 10 billion files are refused."""
    repository = begin(tmp_path / "endless", commit("Begin", {"b": "b\n"}))
    multiply(repository)
    with (
        objects.open_reader(repository) as reader,
        pytest.raises(ToolError, match=r"HEAD of the repository .* has more than 1,000,000 files and folders"),
    ):
        [*reader.tree("HEAD")]


def test_single_objects(repository: Path) -> None:
    """An object is found by any name of git's; what is missing, ambiguous or no name at all is not there."""
    with objects.open_reader(repository) as reader:
        names = ["HEAD:a", "HEAD:b/c.txt", "nothing", "two\nlines", "HEAD:a", ""]
        result = reader.find(names)
        assert {name: item.content for name, item in result.items()} == {"HEAD:a": b"a\n", "HEAD:b/c.txt": b""}
        assert result["HEAD:a"].id == git("rev-parse", "HEAD:a", at=repository)
        kinds = [item.kind for name in ("HEAD", "HEAD:b", "HEAD:a") if (item := reader.get(name))]
        assert kinds == ["commit", "tree", "blob"]
        git("commit", "--quiet", "--allow-empty", "--message=later", at=repository)
        assert (later := reader.get("HEAD"))  # git sees what is written after it has started
        assert b"later" in later.content


def test_a_reader_that_ended(tmp_path: Path) -> None:
    """Where git cannot run, the error names the object that was asked for."""
    (tmp_path / "empty").mkdir()
    with objects.open_reader(tmp_path / "empty") as reader, pytest.raises(ProcessError, match="'HEAD'"):
        reader.get("HEAD")


def test_blobs_in_one_request(repository: Path) -> None:
    """Contents come by id, each once; a missing one is an error that names it."""
    blobs = [git("rev-parse", f"HEAD:{path}", at=repository) for path in ("a", "b/c/d", "b/c.txt")]
    assert objects.read_blobs(repository, [*blobs, blobs[0]]) == dict(zip(blobs, (b"a\n", b"d\n", b""), strict=True))
    assert objects.read_blobs(repository, []) == {}
    absent = "1" * len(blobs[0])
    with pytest.raises(ProcessError, match=f"the object {absent} is missing"):
        objects.read_blobs(repository, [blobs[0], absent])


def test_a_repository_beside_another(repository: Path, tmp_path: Path) -> None:
    """It has the other one's objects, writes new ones for itself, and git finds nothing wrong with it."""
    head = git("rev-parse", "HEAD", at=repository)
    form = objects.format_of(head)
    assert form == git("rev-parse", "--show-object-format", at=repository)
    folder = tmp_path / "beside.git"
    objects.init_beside(repository / ".git" / "objects", folder, object_format=form, bare=True)
    new = objects.write_loose(folder / "objects", "blob", b"new\n", object_format=form)
    assert objects.write_loose(folder / "objects", "blob", b"new\n", object_format=form) == new
    assert git("cat-file", "blob", new, at=folder) == "new"
    assert git("cat-file", "-t", head, at=folder) == "commit"
    assert git("rev-parse", "--is-bare-repository", at=folder) == "true"
    git("fsck", "--strict", at=folder)
    assert not (repository / ".git" / "objects" / new[:2] / new[2:]).exists()


def test_a_work_tree_beside_another(repository: Path, tmp_path: Path) -> None:
    """One that is not bare has a work tree."""
    form = objects.format_of(git("rev-parse", "HEAD", at=repository))
    objects.init_beside(repository / ".git" / "objects", tmp_path / "x" / ".git", object_format=form, bare=False)
    assert git("rev-parse", "--is-inside-work-tree", at=tmp_path / "x") == "true"
