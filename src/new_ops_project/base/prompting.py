"""Prompts of prompt_toolkit, ours and copier's, in which text of others is visible."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from prompt_toolkit.application import create_app_session
from prompt_toolkit.output import Output
from prompt_toolkit.output.defaults import create_output

from new_ops_project.base.text import shown


@contextmanager
def visible_prompts() -> Iterator[None]:
    """Have each text of a prompt that is made in this block drawn with escapes for what cannot be seen.

    That is so for a default too, which stays as it is while it is edited.
    """
    with create_app_session(output=cast("Output", _Visible(create_output()))):
        yield


@dataclass(frozen=True)
class _Visible:
    """An output that gets its own control sequences by `write_raw`, as all of them do, and the rest by `write`."""

    output: Output

    def write(self, text: str) -> None:
        self.output.write(shown(text) if text.strip("\r\n") else text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.output, name)
