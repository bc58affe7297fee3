"""A template with several releases on a git server on loopback, as a team's would be."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# What the second release changes: a pin, a workflow, a setting, a file that everybody has, a line of prose.
Edits = tuple[tuple[str, str, str], ...]
EDITS: Edits = (
    ("templates/pins.yml", "runners: [ubuntu-24.04", "runners: [ubuntu-22.04, ubuntu-24.04"),
    (
        "templates/project/.github/workflows/{{ workflow_prefix }}ci.yml.jinja",
        "timeout-minutes: ",
        "timeout-minutes: 1",
    ),
    ("templates/project/pyproject.toml.jinja", "line-length = 100", "line-length = 110"),
    ("templates/project/.gitignore.jinja", "__pycache__/", "__pycache__/\n.benchmarks/"),
    ("templates/project/README.md.jinja", "## Refresh", "## Keep it fresh"),
)
# The same, and two releases more: v1.2.0 and v1.3.0.
LATER: tuple[Edits, ...] = (
    EDITS,
    (
        ("templates/project/CONTRIBUTING.md.jinja", "## What we hold to", "## What we agree on"),
        ("templates/project/.gitignore.jinja", ".ruff_cache/", ".ruff_cache/\n.tox/"),
        ("templates/pins.yml", "variant: slim-trixie", "variant: slim-bookworm"),
    ),
    (
        ("templates/project/README.md.jinja", "## Keep it fresh", "## Stay fresh"),
        ("templates/project/pyproject.toml.jinja", "line-length = 110", "line-length = 120"),
        ("templates/pins.yml", "actions/checkout: {version: v7.0.1", "actions/checkout: {version: v7.0.2"),
    ),
)


@contextmanager
def releases(root: Path, template: str, later: Sequence[Edits] = (EDITS,)) -> Iterator[str]:
    """Serve the template at v1.0.0 and, with the edits of each later release, at v1.1.0 and so on; yield its URL."""
    work = root / "team"
    _git("clone", "--quiet", template, str(work), at=root)
    for tag in _git("tag", at=work).split():
        _git("tag", "--delete", tag, at=work)
    _git("tag", "v1.0.0", at=work)
    for number, edits in enumerate(later, 1):
        _release(work, f"v1.{number}.0", edits)
    served = root / "served"
    _git("clone", "--quiet", "--bare", str(work), str(served / "team.git"), at=root)
    shutil.rmtree(work)
    with _daemon(served) as url:
        yield f"{url}/team.git"


def _release(work: Path, tag: str, edits: Edits) -> None:
    """Commit `edits` as a release; raises ValueError for one that would change nothing."""
    for name, old, new in edits:
        path = work / name
        content = path.read_text(encoding="utf-8")
        if old not in content:
            raise ValueError(f"{name} has no {old!r}, which {tag} would change")
        path.write_text(content.replace(old, new), encoding="utf-8")
    _git("-c", "user.name=t", "-c", "user.email=t", "commit", "--quiet", "--all", f"--message=Make {tag}", at=work)
    _git("tag", tag, at=work)


def _git(*args: str, at: Path) -> str:
    return subprocess.run(("git", *args), cwd=at, check=True, capture_output=True, text=True).stdout


@contextmanager
def _daemon(root: Path) -> Iterator[str]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = (
        "git",
        "daemon",
        "--export-all",
        "--reuseaddr",
        "--listen=127.0.0.1",
        f"--port={port}",
        f"--base-path={root}",
        str(root),
    )
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as daemon:
        try:
            _wait(port)
            yield f"git://127.0.0.1:{port}"
        finally:
            daemon.send_signal(signal.SIGTERM)


def _wait(port: int) -> None:
    for _ in range(200):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
