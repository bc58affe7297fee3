"""The sources of a fleet: folders, lists, standard input, addresses, fleet.toml."""

import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command import Run, git

from new_ops_project.base.errors import ToolError
from new_ops_project.fleet.inventory import repositories, scan
from new_ops_project.fleet.inventory.repositories import RepositoryPlace
from new_ops_project.fleet.inventory.scan import Inspection

PW = "s3cr3t"


def clone(folder: Path, *init: str, origin: str = "") -> Path:
    """A repository without commits."""
    folder.mkdir(parents=True, exist_ok=True)
    git("init", "--quiet", *init, at=folder)
    if origin:
        git("remote", "add", "origin", origin, at=folder)
    return folder


def folders(*sources: str) -> list[str]:
    """The folders of these sources, relative to the current one."""
    return [os.path.relpath(place.folder) for place in repositories.read(sources).places]


def listed(tmp_path: Path, text: str | bytes) -> list[str]:
    """The repositories in a list with this text: addresses, or paths relative to the list's folder."""
    file = tmp_path / "lists" / "fleet.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    places = repositories.read([str(file)]).places
    return [place.url or os.path.relpath(place.folder, file.parent) for place in places]


# ---- folders ----------------------------------------------------------------------------------------------------


def test_finds_clones_at_any_depth(work: Path) -> None:
    """Nested, bare, hidden and linked work trees are clones; repositories inside a clone do not count."""
    for name in ("b", "deep/er/a", "b/vendor/c", ".github", "deep/er/node_modules/d"):
        clone(work / name)
    clone(work / "bare.git", "--bare")
    (work / "tree").mkdir()
    (work / "tree" / ".git").write_text("gitdir: ../b/.git/worktrees/tree\n")
    (work / "nothing").mkdir()
    assert folders(".") == [".github", "b", "bare.git", "deep/er/a", "tree"]


def test_does_not_follow_links(work: Path) -> None:
    """A link is not followed, since that might not end, and is not a second name of a clone."""
    clone(work / "one")
    (work / "again").symlink_to("one")
    (work / "loop").symlink_to(".")
    (work / "gone").symlink_to("nowhere")
    assert folders(".") == ["one"]


def test_a_folder_may_be_a_clone_or_a_link_to_one(work: Path) -> None:
    """A source can be a clone; a link to it is the same clone."""
    clone(work / "one" / "inner")
    clone(work / "one")
    (work / "link").symlink_to("one")
    assert folders("one", "link", "one/") == ["one"]


def test_without_a_source_it_is_fleet_toml_or_what_is_here(work: Path) -> None:
    """Without a SOURCE, the fleet.toml in the current folder counts, or else the clones there."""
    clone(work / "one")
    clone(work / "two")
    assert folders() == ["one", "two"]
    (work / "fleet.toml").write_text('sources = ["two"]\n')
    assert folders() == ["two"]


def test_names_a_folder_that_cannot_be_read(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be read has a row with the reason, and the others are found."""
    clone(work / "one")
    (work / "shut").mkdir()
    usual = Path.iterdir

    def iterdir(self: Path) -> object:
        if self.name == "shut":
            raise PermissionError(13, "Permission denied")
        return usual(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert folders(".") == ["one", "shut"]


@pytest.mark.parametrize("source", ["nowhere", "/no/where", "~nobody-of-that-name/x"])
def test_a_source_that_is_nothing(work: Path, source: str) -> None:
    """A source that is neither folder, list nor address is named."""
    with pytest.raises(ToolError, match="is not a folder of clones, a list of repositories or a git URL") as caught:
        repositories.read([source])
    assert caught.value.message.startswith(source)


# ---- lists ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\n", ["a", "b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("a", ["a"]),
        ("\ufeffa\n", ["a"]),
        ("# all\n\n  a  \n\t# not b\n", ["a"]),
        ("./a\na\n../lists/a/\n", ["a"]),
        ("two words\nform\x0cfeed\n", ["two words", "form\x0cfeed"]),
        ("bücher\n", ["bücher"]),
        (b"\xff\n", ["\udcff"]),
        ("git@example.org:org/a.git\na\n", ["git@example.org:org/a.git", "a"]),
        ("https://example.org/org/a\nssh://git@example.org/org/a.git\n", ["https://example.org/org/a"]),
        ("", []),
    ],
)
def test_reads_a_list(work: Path, tmp_path: Path, text: str | bytes, expected: list[str]) -> None:
    """A list has one path or address on each line, with any line end; each repository counts once."""
    assert listed(tmp_path, text) == expected


def test_a_list_knows_home(work: Path, tmp_path: Path, home: Path) -> None:
    """`~` is the home, as in a shell."""
    assert listed(tmp_path, "~/x\n") == [os.path.relpath(home / "x", tmp_path / "lists")]


def test_a_path_of_a_list_may_look_like_an_address(work: Path, tmp_path: Path) -> None:
    """A path that exists beside the list is a path, even with a colon in it."""
    clone(tmp_path / "lists" / "host:x")
    assert listed(tmp_path, "host:x\nhost:y\n") == ["host:x", "host:y"]
    assert repositories.read([str(tmp_path / "lists" / "fleet.txt")]).places[0].folder


@pytest.mark.parametrize("text", [b"a\nb\0c\n", "a\nb\n".encode("utf-16")])
def test_refuses_what_is_no_list(work: Path, tmp_path: Path, text: bytes) -> None:
    """A binary file, or one in UTF-16 from a Windows shell, is an error with the line."""
    with pytest.raises(ToolError, match=r"fleet.txt is not a list of repositories: line \d has a NUL byte"):
        listed(tmp_path, text)


def test_reads_standard_input(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is a list whose paths are relative to the current folder."""
    clone(work / "one")
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\ngit@example.org:org/x.git\n"))
    assert repositories.read(["-"]).places == (
        RepositoryPlace(folder=str(work / "one")),
        RepositoryPlace("git@example.org:org/x.git"),
    )


def test_standard_input_that_is_no_text(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that are not UTF-8 are an error without a traceback."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8"))
    with pytest.raises(ToolError, match="Standard input is not text"):
        repositories.read(["-"])


# ---- addresses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "url", "name", "owner"),
    [
        ("https://example.org/org/x.git", "https://example.org/org/x.git", "example.org/org/x", "org"),
        (f"https://me:{PW}@Example.org/org/x/", "https://Example.org/org/x/", "example.org/org/x", "org"),
        (f"https://me@c:{PW}@@example.org:443/org/x", "https://example.org:443/org/x", "example.org/org/x", "org"),
        (f"https://{PW}@example.org:8443/x.git", "https://example.org:8443/x.git", "example.org:8443/x", ""),
        (f"https://example.org/org/x?token={PW}#{PW}", "https://example.org/org/x", "example.org/org/x", "org"),
        (f"ssh://git:{PW}@h.org:2222/org/x", "ssh://git@h.org:2222/org/x", "h.org:2222/org/x", "org"),
        ("ssh://git@example.org:22/org/x.git", "ssh://git@example.org:22/org/x.git", "example.org/org/x", "org"),
        ("git+ssh://git@example.org/org/x", "ssh://git@example.org/org/x", "example.org/org/x", "org"),
        ("git@example.org:org/sub/x.git", "git@example.org:org/sub/x.git", "example.org/org/sub/x", "org"),
        ("git@example.org:/org/x", "git@example.org:/org/x", "example.org/org/x", "org"),
        ("example.org:org/x", "example.org:org/x", "example.org/org/x", "org"),
        ("gh:org/x", "https://github.com/org/x.git", "github.com/org/x", "org"),
        ("gl:org/x.git", "https://gitlab.com/org/x.git", "gitlab.com/org/x", "org"),
        ("git://127.0.0.1:9418/x", "git://127.0.0.1:9418/x", "127.0.0.1/x", ""),
        ("file:///srv/git/x#1.git", "file:///srv/git/x#1.git", "/srv/git/x", ""),
        ("http://[::1]:80/org/x", "http://[::1]:80/org/x", "[::1]/org/x", "org"),
    ],
)
def test_an_address(work: Path, given: str, url: str, name: str, owner: str) -> None:
    """Every form of an address has one name, an owner, and no credentials."""
    (place,) = repositories.read([given]).places
    assert place.url == url
    assert PW not in url + repositories.name(given)
    assert (repositories.name(url), repositories.owner(url)) == (name, owner)


@pytest.mark.parametrize(
    ("path", "name"),
    [("/srv/x.git", "/srv/x"), ("/srv/x/.git", "/srv/x"), ("/srv/x/", "/srv/x"), ("/srv/.git/", "/srv"), ("/", "/")],
)
def test_a_path_has_one_name(path: str, name: str) -> None:
    """A repository on this machine is known by its folder, whichever way its remote is written."""
    assert repositories.name(path) == repositories.name(f"file://{path}") == name


WORD = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,8}[A-Za-z0-9]", fullmatch=True).filter(
    lambda word: ".git" not in word
)
HOST = st.from_regex(r"[a-zA-Z][a-z0-9-]{1,8}\.[a-z]{2,3}", fullmatch=True)


@given(HOST, st.lists(WORD, min_size=2, max_size=4), WORD, WORD)
def test_a_repository_has_one_name(host: str, path: list[str], user: str, password: str) -> None:
    """All spellings of an address have the same name and owner."""
    path_part = "/".join(path)
    forms = [
        f"https://{host}/{path_part}",
        f"https://{user}:{password}@{host}/{path_part}.git",
        f"https://{host.upper()}:443/{path_part}/",
        f"http://{host}/{path_part}",
        f"ssh://git@{host}/{path_part}.git",
        f"ssh://{host}:22/{path_part}",
        f"git@{host}:{path_part}.git",
        f"{host}:{path_part}",
        f"git://{host}/{path_part}",
        f"git+https://{host}/{path_part}",
    ]
    addresses = [repositories.address(form) for form in forms]
    assert {(repositories.name(address), repositories.owner(address)) for address in addresses} == {
        (f"{host.lower()}/{path_part}", path[0])
    }
    assert len({repositories.address(address) for address in addresses} ^ set(addresses)) == 0


@given(st.text(alphabet=st.characters(exclude_characters="/?#\\@:[]", min_codepoint=33, max_codepoint=126), min_size=8))
def test_never_keeps_a_password(password: str) -> None:
    """Neither address nor name contains the password, whatever its characters."""
    for form in ("https://u:{}@h.org/o/x", "ssh://u:{}@h.org/o/x", "http://{}@h.org/o/x", "https://u@c:{}@h.org/o/x"):
        address = repositories.address(form.format(password))
        assert password not in address
        assert password not in repositories.name(form.format(password))


@pytest.mark.parametrize(
    "line",
    [
        f"https://me:{PW}@",
        f"https://me:{PW}@/org/x",
        f"https://me:{PW}@[bad/x",
        f"me:{PW}@example.org/x",
        f"https://me:{PW}@example.org:port/x",
        f"ssh://me:{PW}@",
    ],
)
def test_never_prints_a_password(run: Run, work: Path, line: str) -> None:
    """An invalid address is an error with its line, but without a possible password."""
    (work / "list").write_text(f"# fleet\n{line}\n")
    ran = run("fleet", "status", "list", code=2)
    assert "list, line 2: An address" in ran.err
    assert PW not in ran.out + ran.err
    ran = run("fleet", "status", line, code=2)
    assert PW not in ran.out + ran.err


def test_the_same_repository_is_one(work: Path) -> None:
    """Two addresses and a clone of a repository are one place, the clone; its group stays."""
    clone(work / "x", origin=f"https://me:{PW}@example.org/org/x.git")
    (work / "fleet.toml").write_text('sources = ["."]\n[groups.web]\nowner = "Ada"\nsources = ["gh:org/y"]\n')
    fleet = repositories.read(["https://github.com/org/y", "git@github.com:org/y.git", "fleet.toml"])
    assert fleet.places == (
        RepositoryPlace("https://github.com/org/y.git", owner="Ada", group="web"),
        RepositoryPlace(folder=str(work / "x")),
    )
    (project,) = scan.inspect(fleet.places[1:], lambda *_: None)
    assert (project.name, project.url) == ("example.org/org/x", "https://example.org/org/x.git")


def test_a_clone_takes_the_group_of_its_address() -> None:
    """The clone is used rather than the address, with the group and owner of either."""
    clone, other = Inspection("h/o/x", folder="/x", owner="o"), Inspection("h/o/x", url="u", owner="Ada", group="web")
    for projects in ([clone, other], [other, clone]):
        (project,) = scan._unique(projects)  # noqa: SLF001 - without the network
        assert (project.folder, project.owner, project.group) == ("/x", "Ada", "web")


# ---- fleet.toml -------------------------------------------------------------------------------------------------

FULL = """
author = "Ops Bot <bot@example.org>"
forge = "gitlab"
sources = ["clones", "list.txt", "https://example.org/org/u.git"]
[groups.web]
owner = "Team Web"
sources = ["clones/a"]
[waves]
canary = ["web", "org/u"]
tenth = "10%"
[limits]
failed = 1
conflicts = 2.5
"""


def test_reads_fleet_toml(work: Path) -> None:
    """Sources are relative to its folder; groups have owners; waves, limits, author and forge are read."""
    for name in ("a", "b"):
        clone(work / "sub" / "clones" / name)
    (work / "sub" / "list.txt").write_text("clones/b\nelse\n")
    (work / "sub" / "fleet.toml").write_text(FULL.replace("\n", "\r\n"))
    fleet = repositories.read(["sub/fleet.toml"])
    assert [Path(place.folder or place.url).name for place in fleet.places] == ["a", "b", "else", "u.git"]
    assert [(place.group, place.owner) for place in fleet.places] == [("web", "Team Web"), *[("", "")] * 3]
    assert (fleet.waves, fleet.author) == ({"canary": ["web", "org/u"], "tenth": "10%"}, "Ops Bot <bot@example.org>")
    assert (fleet.limits.failed, fleet.limits.conflicts, fleet.limits.larger) == (1.0, 2.5, 10.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sources = [", "fleet.toml is not TOML: "),
        ('source = ["."]', "there is no key source.\nDid you mean sources?"),
        ("colour = 1", "there is no key colour.\nIt may have author, forge, sources, groups, waves, limits."),
        ("[groups.web]\nowners = 1", "there is no key groups.web.owners.\nDid you mean owner?"),
        ("[limits]\nfail = 1", "there is no key limits.fail.\nDid you mean failed?"),
        ('sources = "."', "sources is '.', not a list of strings."),
        ("sources = [1]", "sources is [1], not a list of strings."),
        ('sources = [""]', "sources is [''], not a list of strings."),
        ('sources = ["other.toml"]', "sources names 'other.toml', which is another fleet.toml."),
        ('sources = ["nowhere"]', "sources: nowhere is not a folder of clones"),
        ("groups = 1", "groups is 1, not a table."),
        ("groups.web = 1", "groups.web is 1, not a table."),
        ("[groups.web]\nsources = 1", "groups.web.sources is 1, not a list of strings."),
        ("[groups.web]\nowner = 1", "groups.web.owner is 1, not a string."),
        ('[groups.web]\nsources = ["nowhere"]', "groups.web.sources: nowhere is not a folder of clones"),
        ("author = 1", "author is 1, not a string."),
        ('author = "Ada"', "author is 'Ada'."),
        ("forge = 1", "forge is 1, not a string."),
        ('forge = "gitea"', "forge is 'gitea'."),
        ("waves = 1", "waves is 1, not a table."),
        ("waves.canary = 1", "waves.canary is 1, neither a list"),
        ('waves.canary = [""]', "waves.canary is [''], neither a list"),
        ('waves.canary = "120%"', "waves.canary is '120%', neither a list"),
        ('waves.canary = "0%"', "waves.canary is '0%', neither a list"),
        ("limits = 1", "limits is 1, not a table."),
        ('limits.failed = "5"', "limits.failed is '5', not a number from 0 up."),
        ("limits.failed = -1", "limits.failed is -1, not a number from 0 up."),
        ("limits.failed = true", "limits.failed is True, not a number from 0 up."),
        ("limits.failed = nan", "limits.failed is nan, not a number from 0 up."),
    ],
)
def test_what_is_wrong_with_fleet_toml(run: Run, work: Path, text: str, message: str) -> None:
    """Each fault is an error with the file, the key, the value, and how to write it."""
    (work / "fleet.toml").write_text(text)
    errors = run("fleet", "status", code=2).err
    assert errors.startswith("new-ops-project: fleet.toml")
    assert message in errors
    assert errors.count("\n") == 2


def test_a_fleet_toml_that_is_not_there(run: Run) -> None:
    """A missing .toml file is an error that names it."""
    assert "no.toml cannot be read: No such file or directory." in run("fleet", "status", "no.toml", code=2).err
