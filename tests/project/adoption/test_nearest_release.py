"""The search for the release that a repository was generated from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.history import begin, version

from new_ops_project.git.tree import PLAIN, Entry, Tree
from new_ops_project.project.adoption.nearest_release import NearestRelease, find_nearest
from new_ops_project.template import copier_yml, sources
from new_ops_project.template.evaluation import Answers
from new_ops_project.template.releases import Checkout, Releases, read_releases

TEXTS = {tag: "".join(f"line {number} of {tag if number < 3 else 'all'}\n" for number in range(10)) for tag in "abc"}
TAGS = {"v1.0.0": "a", "v1.1.0": "b", "v1.2.0": "c"}


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """A template with three releases, whose only file is a text."""
    files = [(tag, {"copier.yml": "x: 1\n", "f.txt": TEXTS[letter]}) for tag, letter in TAGS.items()]
    begin(tmp_path / "t", b"".join(version(tag, texts) for tag, texts in files))
    return read_releases(sources.find(str(tmp_path / "t")))


def search(releases: Releases, files: dict[str, bytes], seen: list[str]) -> NearestRelease | None:
    """The nearest release; `seen` gets those that were rendered."""

    def candidates(checkout: Checkout) -> Iterator[tuple[Answers, Tree]]:
        seen.append(str(checkout.version))
        text = Entry(PLAIN, (checkout.root / "f.txt").read_bytes())
        yield Answers(copier_yml.read(checkout.root)), dict.fromkeys(files, text)

    return find_nearest(releases, files, candidates)


@pytest.mark.parametrize("tag", TAGS)
def test_the_release_that_differs_least(releases: Releases, tag: str) -> None:
    """Edits do not hide where it comes from."""
    mine = TEXTS[TAGS[tag]].replace("line 7 of all", "mine") + "more of mine\n"
    nearest = search(releases, {"f.txt": mine.encode()}, [])
    assert nearest
    assert (nearest.checkout.version, nearest.share) == (tag, 0.9)


def test_the_newest_of_several(releases: Releases) -> None:
    """Where releases differ in as many lines, it is the newest."""
    nearest = search(releases, {"f.txt": "".join(TEXTS["a"].splitlines(keepends=True)[3:]).encode()}, [])
    assert nearest
    assert nearest.checkout.version == "v1.2.0"


def test_nothing_in_common(releases: Releases) -> None:
    """One look is enough where the newest has next to nothing of it."""
    seen: list[str] = []
    assert search(releases, {"f.txt": b"other\n"}, seen) is None
    assert seen == ["v1.2.0"]


def test_what_all_have_does_not_count(releases: Releases) -> None:
    """A license and locks say nothing of where a repository comes from."""
    text = TEXTS["c"].encode()
    half = b"".join(text.splitlines(keepends=True)[:5])
    nearest = search(releases, {"LICENSE": text, "f.txt": half}, [])
    assert nearest
    assert nearest.share == 0.5
    assert search(releases, {"LICENSE": text}, []) is None
