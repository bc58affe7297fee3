"""A cookiecutter template of the very files that `new` writes, so that both make the same project."""

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
    """Have the tool make a script's project, and turn it into a template; `{cookie}` in a command stands for it."""
    home = Path(box.env["HOME"])
    command = ("new-ops-project", "new", NAME, "--tier", "script", "--defaults")
    subprocess.run(command, cwd=home, env=box.env, capture_output=True, check=True)
    project = home / NAME
    _write(box.cookie, project, _listed(project))


def _listed(project: Path) -> Iterable[str]:
    ran = subprocess.run(("git", "ls-files"), cwd=project, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


def _write(template: Path, project: Path, names: Iterable[str]) -> None:
    for name in names:
        path = template / "{{ cookiecutter.project_name }}" / _variable(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_variable(_escaped((project / name).read_text(encoding="utf-8"))), encoding="utf-8")
    asked = {"project_name": "project", "module": "{{ cookiecutter.project_name.replace('-', '_') }}"}
    (template / "cookiecutter.json").write_text(json.dumps(asked), encoding="utf-8")


def _escaped(text: str) -> str:
    """What Jinja would read, as its own text: `${{ secrets.NAME }}` of a workflow."""
    return _JINJA.sub(lambda found: "{{ '" + found[0] + "' }}", text)


def _variable(text: str) -> str:
    for value, variable in _VARIABLES.items():
        text = text.replace(value, variable)
    return text
