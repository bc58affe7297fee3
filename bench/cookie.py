"""A cookiecutter template that makes the same project as `new`."""

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from benchmark import NAME
from sandbox import Sandbox

_MODULE = NAME.replace("-", "_")
_JINJA = re.compile(r"\{[{%#]")
_VARIABLES = {NAME: "{{ cookiecutter.project_name }}", _MODULE: "{{ cookiecutter.module }}"}


def make(box: Sandbox) -> None:
    """Generate a script with our tool, then turn it into a template at `box.cookie`."""
    home = Path(box.env["HOME"])
    command = ("new-ops-project", "new", NAME, "--tier", "script", "--defaults")
    subprocess.run(command, cwd=home, env=box.env, capture_output=True, check=True)
    project = home / NAME
    _write(box.cookie, project, _tracked_files(project))


def _tracked_files(project: Path) -> Iterable[str]:
    completed = subprocess.run(("git", "ls-files"), cwd=project, capture_output=True, text=True, check=True)
    return completed.stdout.splitlines()


def _write(template: Path, project: Path, names: Iterable[str]) -> None:
    for name in names:
        path = template / "{{ cookiecutter.project_name }}" / _templated(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_templated(_escaped((project / name).read_text(encoding="utf-8"))), encoding="utf-8")
    variables = {"project_name": "project", "module": "{{ cookiecutter.project_name.replace('-', '_') }}"}
    (template / "cookiecutter.json").write_text(json.dumps(variables), encoding="utf-8")


def _escaped(text: str) -> str:
    """Escape what Jinja would read as its own, such as `${{ secrets.NAME }}` in a workflow."""
    return _JINJA.sub(lambda match: "{{ '" + match[0] + "' }}", text)


def _templated(text: str) -> str:
    for value, variable in _VARIABLES.items():
        text = text.replace(value, variable)
    return text
