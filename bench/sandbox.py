"""The temporary home that both tools run in, without the settings, caches or identity of the machine's user."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import served

GITCONFIG = "[user]\n\tname = Bench\n\temail = bench@example.org\n"


@dataclass(frozen=True)
class Sandbox:
    """The folder and environment of all commands, the template's repository as a path, as a URL (`served`)."""

    root: Path
    env: Mapping[str, str]
    template: str
    served: str

    def command(self, args: tuple[str, ...]) -> tuple[str, ...]:
        """Fill in the placeholders of a command."""
        values = {"{template}": self.template, "{served}": self.served, "{cookie}": str(self.cookie)}
        values["{tasks}"] = f"{self.served.rpartition('/')[0]}/{served.TASKS}"
        return tuple(values.get(arg, arg) for arg in args)

    @property
    def cookie(self) -> Path:
        """The folder of the cookiecutter template, which cookie.py makes."""
        return self.root / "cookie"

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A new, empty folder to run one command in."""
        with tempfile.TemporaryDirectory(dir=self.root) as folder:
            yield Path(folder)


@contextmanager
def sandbox(later: Sequence[served.Edits] = (served.EDITS,), others: Path | None = None) -> Iterator[Sandbox]:
    """Make the home, unpack our template there, serve it with its `later` releases; remove everything at the end.

    `others` is a folder with more programs for PATH.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        root = Path(folder).resolve()
        home = root / "home"
        home.mkdir()
        (home / ".gitconfig").write_text(GITCONFIG)
        env = _environment(home, others)
        template = _template(env, home)
        with served.releases(root, template, later) as url:
            yield Sandbox(root, env, template, url)


# How this machine reaches a package index, for the benchmarks that install packages.
_NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY", "PIP_CERT", "PIP_INDEX_URL", "UV_DEFAULT_INDEX")


def _environment(home: Path, others: Path | None) -> dict[str, str]:
    """Only PATH and the network settings come from the caller; executables of this environment go first on PATH."""
    before = [str(Path(sys.executable).parent), *([str(others.resolve())] if others else [])]
    return {
        **{name: os.environ[name] for name in _NETWORK if name in os.environ},
        "PATH": os.pathsep.join([*before, os.environ.get("PATH", os.defpath)]),
        "HOME": str(home),
        "XDG_CONFIG_DIRS": str(home / "etc"),
        "TMPDIR": str(home.parent),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "GIT_CONFIG_NOSYSTEM": "1",
        "NEW_OPS_PROJECT_TEMPLATE": "embedded",
    }


def _template(env: Mapping[str, str], home: Path) -> str:
    completed = subprocess.run(
        ("new-ops-project", "template", "show", "--json"), cwd=home, env=env, capture_output=True, check=True
    )
    source = str(json.loads(completed.stdout)["source"])
    return source.replace("~", str(home), 1) if source.startswith("~/") else source
