"""A local git server with several releases of the template, like a team's own."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

Edits = tuple[tuple[str, str, str], ...]  # path, old text, new text
# The second release changes a pin, a workflow, a setting, a file that every tier has, a line of prose.
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
# The same, then two more releases: v1.2.0 and v1.3.0.
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


# The same releases with two tasks each, as a template beside the other.
TASKS = "tasks.git"
_TASKS = """
_tasks:
  - "ls | sort > files.txt"
  - command: [git, init, --quiet]
    when: "{{ _copier_operation == 'copy' }}"
"""


@contextmanager
def releases(root: Path, template: str, later: Sequence[Edits] = (EDITS,)) -> Iterator[str]:
    """Serve the template as v1.0.0, with the edits of each later release as v1.1.0 and so on; yield the URL."""
    work = root / "team"
    _git("clone", "--quiet", template, str(work), cwd=root)
    for tag in _git("tag", cwd=work).split():
        _git("tag", "--delete", tag, cwd=work)
    _git("tag", "v1.0.0", cwd=work)
    for number, edits in enumerate(later, 1):
        _release(work, f"v1.{number}.0", edits)
    served = root / "served"
    _git("clone", "--quiet", "--bare", str(work), str(served / "team.git"), cwd=root)
    _add_tasks(work)
    _git("clone", "--quiet", "--bare", str(work), str(served / TASKS), cwd=root)
    shutil.rmtree(work)
    with _daemon(served) as url:
        yield f"{url}/team.git"


def _add_tasks(work: Path) -> None:
    """Give each release tasks, without which copier would need no trust."""
    for tag in _git("tag", cwd=work).split():
        _git("checkout", "--quiet", "--detach", tag, cwd=work)
        with (work / "copier.yml").open("a", encoding="utf-8") as file:
            file.write(_TASKS)
        identity = ("-c", "user.name=t", "-c", "user.email=t")
        _git(*identity, "commit", "--quiet", "--all", "--message", f"Add tasks to {tag}", cwd=work)
        _git("tag", "--force", tag, cwd=work)


def _release(work: Path, tag: str, edits: Edits) -> None:
    """Commit `edits` as a release. Raises ValueError for an edit that changes nothing."""
    for name, old, new in edits:
        path = work / name
        content = path.read_text(encoding="utf-8")
        if old not in content:
            raise ValueError(f"{name} has no {old!r}, which {tag} would change")
        path.write_text(content.replace(old, new), encoding="utf-8")
    _git("-c", "user.name=t", "-c", "user.email=t", "commit", "--quiet", "--all", f"--message=Make {tag}", cwd=work)
    _git("tag", tag, cwd=work)


def _git(*args: str, cwd: Path) -> str:
    return subprocess.run(("git", *args), cwd=cwd, check=True, capture_output=True, text=True).stdout


@contextmanager
def _daemon(root: Path) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
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
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
