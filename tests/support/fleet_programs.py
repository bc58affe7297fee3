"""Fake forge programs, which tests find on PATH instead of gh or glab."""

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any


class Programs:
    """Fake `gh` and `glab` on PATH, which keep pull requests in a folder; `script` sets the first answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        for name in ("gh", "glab"):
            program = self.bin / name
            source = (Path(__file__).parent / "fleet_forge.py").read_text()
            program.write_text(f"#!{sys.executable} -IS\n{source}")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)

    @property
    def path(self) -> str:
        """PATH with them in front."""
        return f"{self.bin}{os.pathsep}{os.environ['PATH']}"

    def script(self, *answers: dict[str, Any]) -> None:
        """Set the answers to the next requests that write; `die` and `offline` are before or after."""
        (self.folder / "script.json").write_text(json.dumps(answers))

    def pulls(self, repository: str) -> list[dict[str, Any]]:
        """The pull requests of a repository, as the forge has them."""
        file = self.folder / f"{repository.replace('/', '__')}.json"
        pulls: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
        return pulls

    def edit(self, repository: str, **changes: Any) -> None:
        """Somebody changes the first pull request by hand."""
        pulls = self.pulls(repository)
        pulls[0].update(changes)
        (self.folder / f"{repository.replace('/', '__')}.json").write_text(json.dumps(pulls))

    @property
    def asked(self) -> list[str]:
        """`PROGRAM METHOD ENDPOINT` of every request."""
        file = self.folder / "asked.txt"
        return file.read_text().splitlines() if file.exists() else []

    def written(self) -> list[str]:
        """The requests that write."""
        return [request for request in self.asked if " GET " not in request]
