"""Where a recorded location leads."""

from pathlib import Path

import pytest

from new_ops_project.template import installation, sources, unpacked


def test_the_embedded_template_of_any_machine(tmp_path: Path) -> None:
    """Its place here, and one that is not here, stand for the embedded template; a folder of that name is a folder."""
    own, other = unpacked.repository(), tmp_path / "new-ops-project" / "template"
    here = sources.recorded(str(own), tmp_path)
    away = sources.recorded(str(other), tmp_path)
    other.mkdir(parents=True)
    folder = sources.recorded(str(other), tmp_path)
    assert (here.label, away.label) == (sources.EMBEDDED, sources.EMBEDDED)
    assert folder.label != sources.EMBEDDED
    assert (here.location, away.location, folder.location) == (str(own), str(other), str(other))


@pytest.mark.parametrize(
    ("location", "is_embedded"),
    [
        ("/home/ada/.cache/new-ops-project/template", True),
        ("/home/ada/.cache/new-ops-project/template-checkout", True),
        ("C:\\Users\\ada\\new-ops-project\\template", True),
        ("/home/ada/new-ops-project/templates", False),
        ("/home/ada/template", False),
        ("https://example.org/new-ops-project/template", False),
        ("new-ops-project/template", False),
    ],
)
def test_embedded_locations(location: str, *, is_embedded: bool) -> None:
    """The folder of the unpacked template is recognized on any machine."""
    assert sources.is_embedded(location) == is_embedded


@pytest.mark.parametrize(
    ("text", "has_address"),
    [
        (None, False),
        ("", False),
        ("{}", False),
        ("[]", False),
        ('{"url": 1}', False),
        ("{", False),
        ('{"url": "u"}', True),
    ],
)
def test_where_a_package_came_from(text: str | None, *, has_address: bool) -> None:
    """What PEP 610 records is taken only where it names an address."""
    assert installation.direct_url(text) == ({"url": "u"} if has_address else {})
