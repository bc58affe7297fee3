"""A diff in colours of our own, since those of git could not be told from what is in the files."""

from collections.abc import Iterable

from new_ops_project.commands.shared.voice import Voice

_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def say(voice: Voice, lines: Iterable[str]) -> None:
    """Print the lines of a unified diff, the heads of files in bold."""
    for line in lines:
        is_head = line.startswith(("+++ ", "--- ")) or line[:1] not in " +-@\\"
        voice.say(line, fg=None if is_head else _COLORS.get(line[:1]), bold=is_head)
