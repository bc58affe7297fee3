"""The dependency groups of a pyproject.toml (PEP 735), resolved by PyPA's own library."""

from new_ops_project.base.errors import ToolError
from new_ops_project.formats.document import Document

TABLE = "dependency-groups"


def resolve(pyproject: Document, name: str) -> tuple[str, ...]:
    """The requirements (PEP 508) of a group and of the groups that it includes.

    Raises ToolError that says what is wrong with the table, such as a circle or a group that does not exist.
    """
    import dependency_groups  # noqa: PLC0415 - few verbs resolve a group

    try:
        return dependency_groups.resolve(pyproject.table(TABLE), name)
    except (ValueError, TypeError, LookupError) as error:
        reason = " ".join(str(error).split())
        raise ToolError(f"[{TABLE}] of {pyproject.path} is not valid: {reason}.", f"Fix the group {name}.") from error
