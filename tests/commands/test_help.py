"""`--help` comes from a file, without importing click."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.command import ROOT

from new_ops_project import cli

FILE = ROOT / "src" / "new_ops_project" / "data" / "help.txt"


def test_the_written_help_is_the_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has the text that click makes at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    output = CliRunner().invoke(cli.cli, ["--help"], prog_name="new-ops-project").output
    assert FILE.read_text() == output, "COLUMNS=80 .venv/bin/new-ops-project --help > src/new_ops_project/data/help.txt"


@pytest.mark.parametrize("option", ["--help", "-h", "--version"])
def test_nothing_is_imported_for_it(option: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even click is imported, although the text is click's."""
    monkeypatch.setenv("COLUMNS", "80")
    code = (
        f"import sys; sys.argv[1:] = [{option!r}]\nfrom new_ops_project.__main__ import main\n"
        "try: main()\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == CliRunner().invoke(cli.cli, [option], prog_name="new-ops-project").output
    assert not {"click", "pathlib", "rich", "copier", "signal"} & {*done.stderr.split()} - _always()


def _always() -> set[str]:
    """The modules that this Python imports by itself, such as the finder of an editable install."""
    done = subprocess.run([sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, check=True)
    return {*done.stdout.decode().split()}


def test_another_width(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At another width, click makes the text for that width."""
    monkeypatch.setenv("COLUMNS", "60")
    done = subprocess.run(
        [sys.executable, "-m", "new_ops_project", "--help"], capture_output=True, text=True, check=True
    )
    assert max(map(len, done.stdout.splitlines()[:6])) <= 60
    assert done.stdout != FILE.read_text()
