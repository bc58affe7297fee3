"""The names of a template's versions, with the property of copier that says which one it records."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import pytest
from copier import _template
from support.history import begin, commit, version

from new_ops_project.template.copier_patches import recording
from new_ops_project.template.releases import Releases
from new_ops_project.template.sources import Source


def releases(tags: Mapping[str, str]) -> Releases:
    """The versions of a template that has these tags, each on the commit of that name."""
    return Releases(Source("here", "a test"), Path(), tags)


@pytest.mark.parametrize(
    ("tags", "versions"),
    [
        ({"v1.4.0": "a", "v1": "a", "v1.4": "a"}, ["v1.4.0"]),
        ({"v1.4.0": "a", "v1.0.0": "b", "v1": "c"}, ["v1.4.0", "v1.0.0"]),
        ({"v2.0.0rc1": "a", "v2": "a", "v1.0.0": "b"}, ["v2.0.0rc1", "v1.0.0"]),
        ({"v1": "a", "v1.1": "b", "v1.2": "c"}, ["v1.2", "v1.1", "v1"]),
        ({"1.0.0": "a", "v1.0.0": "a"}, ["v1.0.0", "1.0.0"]),
        ({"v1.3.0": "a", "v1.4.0": "a", "v10.0.0": "b"}, ["v10.0.0", "v1.4.0", "v1.3.0"]),
        ({"2024": "a", "2024.6.1": "b", "2025.1": "b"}, ["2025.1", "2024.6.1", "2024"]),
        ({"stable": "a", "release-1.0": "a", "nightly": "b"}, []),
    ],
)
def test_which_tags_are_releases(tags: dict[str, str], versions: list[str]) -> None:
    """A version by PEP 440 is a release, unless it stands for a longer one, and so will move."""
    assert releases(tags).versions == versions
    assert [tag for tag in tags if releases(tags).is_lasting(tag)] == [tag for tag in tags if tag in versions]


@pytest.mark.parametrize("name", ["0123abc", "0" * 40, "v1.4.0-3-g0123abc"])
def test_names_of_commits_last(name: str) -> None:
    """A commit's id, and what git describe says of it, mean the same commit for good."""
    assert releases({}).is_lasting(name)


@pytest.mark.parametrize("name", ["main", "HEAD", "stable", "v1"])
def test_other_names_move(name: str) -> None:
    """A branch, HEAD and any other tag can move."""
    assert not releases({"v1": "a", "v1.0.0": "a", "stable": "b"}).is_lasting(name)


def test_the_property_of_copier(tmp_path: Path) -> None:
    """Copier's template says what it records by its property `commit`, and has its own back afterwards."""
    folder = begin(tmp_path / "template", version("v1.0.0", {"a": "a\n"}) + commit("More", {"a": "b\n"}))
    plain = tmp_path / "plain"
    plain.mkdir()
    assert isinstance(_template.Template.__dict__["commit"], cached_property)
    with recording("v7"):
        assert _template.Template(url=str(folder), ref="trunk").commit == "v7"
        assert _template.Template(url=str(plain)).commit is None
    assert str(_template.Template(url=str(folder), ref="trunk").commit).startswith("v1.0.0-1-g")
