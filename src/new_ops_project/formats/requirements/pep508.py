"""Requirements in the syntax of PEP 508, and the names in them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement


def canonical_name(name: str) -> str:
    """A distribution's name, normalized as in PEP 503, so that one package has one key."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415 - most updates normalize none

    return canonicalize_name(name)


def parse(text: str) -> "Requirement | None":
    """Parse a requirement; None where the text is not one, such as a path or a URL without a name."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - most updates parse none

    try:
        return Requirement(text)
    except (ValueError, RecursionError):
        return None


def requirement_name(text: str) -> str:
    """The canonical name of the package that a requirement names; '' where the text is not a requirement."""
    requirement = parse(text)
    return canonical_name(requirement.name) if requirement else ""
