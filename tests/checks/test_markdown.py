"""Findings as Markdown."""

import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from new_ops_project.checks.output.markdown import cell, escaped

TEXT = st.text(st.sampled_from("`<>[]()!*_\\|ab #&:/\n")) | st.text()


@given(TEXT)
@example("``` <img src=x> `")
@example("\\` <img src=x> `")
def test_text_stays_text(text: str) -> None:
    """Whatever a repository says is text or code: no link, image, heading or HTML."""
    for shown, allowed in ((cell(text), {"p", "code"}), (escaped(text), {"p"})):
        assert {*re.findall(r"<(\w+)", MarkdownIt().render(f"x {shown}"))} <= allowed
