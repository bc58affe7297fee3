"""Text from git, a forge or a repository, made fit for a message."""

from new_ops_project.base.text import escape_undecodable
from new_ops_project.git import urls

_LONGEST = 300  # characters


def short_id(commit: str) -> str:
    """A commit id as people read it; "nothing" for ''."""
    return commit[:7] or "nothing"


def redacted_line(text: str) -> str:
    """`text` on one line of at most 300 characters, without credentials and with no character that cannot be printed.

    Stricter than the escapes of base/text.py, because a server or a program can write anything here: it also escapes
    private and unassigned characters, and collapses white space.
    """
    plain = " ".join(urls.without_secrets(escape_undecodable(text)).split())
    safe = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in plain)
    return f"{safe[:_LONGEST]}..." if len(safe) > _LONGEST else safe
