"""What `fleet VERB --help` says."""

import pytest
from support.command import Run

from new_ops_project.commands.fleet import VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_help_fits(run: Run, verb: str) -> None:
    """Each verb has examples and exit codes, in 80 columns."""
    said = run("fleet", verb, "--help").out
    assert "Examples:" in said
    assert "Exit codes:" in said
    assert max(map(len, said.splitlines())) <= 80
