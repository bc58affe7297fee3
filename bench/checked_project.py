"""Makes a Python project with workflows and a number of modules in the current folder, committed.

python checked_project.py NUMBER
"""

import subprocess
import sys
from pathlib import Path

_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "fleet-tools"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = []
"""
_WORKFLOW = """\
name: {name}
on:
  push:
    branches: [main]
permissions: {{}}
jobs:
  {name}:
    name: {name}
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read # to check out the code
    steps:
      - uses: actions/checkout@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0 # v7.0.0
        with:
          persist-credentials: false
      - name: Run
        run: make {name}
"""
_MODULE = '''\
"""Reports which hosts of part {number} answer."""

import logging
import subprocess
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Host{number}:
    """A host with its tags."""

    name: str
    address: str
    tags: tuple[str, ...] = ()

    def matches(self, wanted: str) -> bool:
        """Whether the host has the tag."""
        return wanted in self.tags or self.name.startswith(wanted)


def read_hosts(path: Path) -> list[Host{number}]:
    """The hosts that a file lists, one on a line."""
    hosts = []
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, address = line.partition("#")[0].strip().partition("=")
        if not address:
            log.warning("%s: no address in %r", path, line)
            continue
        hosts.append(Host{number}(name.strip(), address.strip()))
    return hosts


def answers(host: Host{number}, seconds: float = 2.0) -> bool:
    """Whether the host answers in time."""
    command = ["ping", "-c", "1", "-W", str(int(seconds)), host.address]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def report(hosts: list[Host{number}], tag: str) -> dict[str, bool]:
    """Which of the hosts with the tag answer."""
    return {{host.name: answers(host) for host in hosts if host.matches(tag)}}
'''
_IN_A_FOLDER = 50


def main() -> None:
    """Write the files and commit them."""
    package = Path("src", "fleet_tools")
    files = {"pyproject.toml": _PYPROJECT, ".gitignore": ".venv/\n.ruff_cache/\n", f"{package}/py.typed": ""}
    files |= {f".github/workflows/{name}.yml": _WORKFLOW.format(name=name) for name in ("test", "build", "release")}
    for number in range(int(sys.argv[1])):
        part = package / f"part{number // _IN_A_FOLDER:03}"
        files |= {f"{folder}/__init__.py": '"""Tools."""\n' for folder in (package, part)}
        files[f"{part}/module{number:05}.py"] = _MODULE.format(number=number)
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    for args in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=Start")):
        subprocess.run(("git", *args), check=True)


if __name__ == "__main__":
    main()
