"""What `fleet VERB --help` says."""

import pytest
from support.command import Run

from new_ops_project.commands.fleet import VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_help_fits(run: Run, verb: str) -> None:
    """Each verb has examples and exit codes, in 80 columns."""
    text = run("fleet", verb, "--help").out
    assert "Examples:" in text
    assert "Exit codes:" in text
    assert max(map(len, text.splitlines())) <= 80
