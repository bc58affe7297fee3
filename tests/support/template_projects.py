"""Projects of our template, and what `check` finds in them about it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.command import Ran, Run, git
from support.small import lay

RUNNER = {"templates/pins.yml": {"runners: [ubuntu-24.04, ubuntu-26.04]": "runners: [ubuntu-26.04, ubuntu-24.04]"}}
PYTHON = ("--python", "3.12")


def check(run: Run, folder: Path, *args: str, code: int = 0) -> Ran:
    """Check a project in this process, with the rules about templates."""
    return run("check", str(folder), "--select", "template", *args, code=code)


def findings(run: Run, folder: Path, *args: str, code: int = 0) -> list[tuple[str, str, int]]:
    """Code, path and line of each finding."""
    output = check(run, folder, *args, "--json", code=code).json["findings"]
    return [(finding["code"], str(Path(finding["path"]).relative_to(folder)), finding["line"]) for finding in output]


def commit(folder: Path, files: Mapping[str, Any]) -> None:
    """Commit files of a project."""
    lay(folder, files)
    git("add", "--all", at=folder)
    git("commit", "--quiet", "--message=mine", at=folder)
