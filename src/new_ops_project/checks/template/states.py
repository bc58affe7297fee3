"""The states of the files that a template manages, without what is needed to find them out."""

from dataclasses import dataclass, field

from new_ops_project.checks.repo import Repo

MEMO = "compared with "  # begins the key of a comparison in `Repo.memo`; the answers file ends it


@dataclass(frozen=True)
class FileState:
    """The state of one file: same, edited, deleted, or extra (only other answers would make the template write it).

    `is_maintained`: whether the template maintains it, rather than the project once it is written. `theirs` and `mine`
    are the two contents of an edited or deleted file.
    """

    path: str
    state: str
    is_maintained: bool
    theirs: bytes = field(default=b"", repr=False)
    mine: bytes = field(default=b"", repr=False)

    @property
    def is_drifted(self) -> bool:
        """Whether the file differs from the template's."""
        return self.state in {"edited", "deleted"}

    @property
    def difference(self) -> list[str]:
        """What the project has changed, as the lines of a unified diff, with no line end."""
        from difflib import unified_diff  # noqa: PLC0415 - only `--drift` of a file shows it

        before, after = (content.decode(errors="replace").splitlines() for content in (self.theirs, self.mine))
        new = f"b/{self.path}" if self.state == "edited" else "/dev/null"
        return [*unified_diff(before, after, f"a/{self.path}", new, lineterm="")]


def computed_states(repo: Repo) -> tuple[FileState, ...]:
    """The state of every managed file, by path, if a rule has already needed it; else ()."""
    return tuple(file for key, memo in repo.memo.items() if key.startswith(MEMO) for file in memo.states)
