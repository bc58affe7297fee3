"""A temporary home in which both tools run: no setting, cache or identity of the machine's user is in it."""

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
    """Where commands run, with which environment, and the template repository that both tools read."""

    root: Path
    env: Mapping[str, str]
    template: str
    served: str

    def command(self, args: tuple[str, ...]) -> tuple[str, ...]:
        """A benchmark's command with its placeholders filled in."""
        places = {"{template}": self.template, "{served}": self.served, "{cookie}": str(self.cookie)}
        return tuple(places.get(arg, arg) for arg in args)

    @property
    def cookie(self) -> Path:
        """Where cookie.py makes its template."""
        return self.root / "cookie"

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A fresh, empty folder to run one command in."""
        with tempfile.TemporaryDirectory(dir=self.root) as folder:
            yield Path(folder)


@contextmanager
def sandbox(later: Sequence[served.Edits] = (served.EDITS,), others: Path | None = None) -> Iterator[Sandbox]:
    """Make the home, and have the tool unpack its template there and serve it; all of it is gone at the end.

    `others` is a folder of further programs.
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


# How this machine reaches a package index, which a benchmark that installs needs.
_NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY", "PIP_CERT", "PIP_INDEX_URL", "UV_DEFAULT_INDEX")


def _environment(home: Path, others: Path | None) -> dict[str, str]:
    """Nothing of the caller's but the network and PATH, behind the executables of this very environment."""
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
    shown = subprocess.run(
        ("new-ops-project", "template", "show", "--json"), cwd=home, env=env, capture_output=True, check=True
    )
    source = str(json.loads(shown.stdout)["source"])
    return source.replace("~", str(home), 1) if source.startswith("~/") else source
