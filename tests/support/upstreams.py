"""A template with a few pins, whose upstream repositories are on loopback."""

import os
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.command import git

PINS = """\
# Every version of a small template.
# PEP 719, 745. Checked 2026-01-02.
pins:
  type: yaml
  default:
    actions:
      ops/checkout: {version: v7.0.1, sha: CHECKOUT}
      ops/login: {sha: LOGIN, version: v3.0.0}
    runners: [ubuntu-24.04]
    python:
      default: '3.13'
      versions:
        '3.12': {newest_patch: 3.12.9, end_of_life: 2028-10}
        '3.13': {newest_patch: 3.13.3, end_of_life: 2029-10}
      ended: {'3.10': 2026-10, '3.9': 2025-10}
    container: {image: python, variant: slim}
    dependencies:
      tenacity: {at_least: '8.0'}
    tools:
      build: {at_least: '1.2'}
"""


@dataclass(frozen=True)
class Upstream:
    """Repositories below `root`, named OWNER/REPOSITORY, for a server to serve."""

    root: Path

    def tag(self, name: str, tag: str, *, days: float = 100, tag_days: float | None = None, pre: str = "") -> str:
        """Tag a new commit, `days` old, and return it; with `tag_days`, the tag is annotated and that many days old."""
        at = self.repository(name)
        tree = git("hash-object", "-t", "tree", "-w", os.devnull, at=at)
        commit = git("commit-tree", "-m", f"{pre}{tag}", tree, at=at, env=_dated(days))
        if tag_days is None:
            git("update-ref", f"refs/tags/{tag}", commit, at=at)
        else:
            git("tag", "--force", "--annotate", "--message", tag, tag, commit, at=at, env=_dated(tag_days))
        return commit

    def repository(self, name: str) -> Path:
        """The repository, made when it is not there yet; it lets a client leave files out, as GitHub does."""
        folder = self.root / name
        if not folder.exists():
            folder.mkdir(parents=True)
            git("init", "--quiet", "--bare", at=folder)
            git("config", "uploadpack.allowFilter", "true", at=folder)
        return folder


def _dated(days: float) -> dict[str, str]:
    stamp = f"{int(time.time() - days * 86400)} +0000"
    return {"GIT_COMMITTER_DATE": stamp, "GIT_AUTHOR_DATE": stamp}


def ago(days: float) -> str:
    """The date that many days ago."""
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


@dataclass(frozen=True)
class Template:
    """A template in `folder`, whose actions are at v7.0.1 and v3.0.0 of `upstream`, and its Pythons at their newest."""

    folder: Path
    upstream: Upstream

    @property
    def pins(self) -> Path:
        """Its pins.yml."""
        return self.folder / "templates" / "pins.yml"

    @property
    def text(self) -> str:
        """The text of its pins.yml."""
        return self.pins.read_bytes().decode()

    def write(self, text: str) -> None:
        """Write its pins.yml."""
        self.pins.write_bytes(text.encode())


def template(folder: Path, root: Path) -> Template:
    """Make a template that is current, and its upstream below `root`."""
    upstream = Upstream(root)
    checkout = upstream.tag("ops/checkout", "v7.0.1", tag_days=99)
    login = upstream.tag("ops/login", "v3.0.0")
    for patch in ("v3.12.9", "v3.13.3"):
        upstream.tag("python/cpython", patch)
    template = Template(folder, upstream)
    template.pins.parent.mkdir(parents=True)
    template.write(PINS.replace("CHECKOUT", checkout).replace("LOGIN", login))
    return template


def changed(before: str, after: str) -> list[tuple[str, str]]:
    """The lines that differ, each as it was and as it is; both texts have as many."""
    assert before.count("\n") == after.count("\n")
    pairs = zip(before.split("\n"), after.split("\n"), strict=True)
    return [(old.strip(), new.strip()) for old, new in pairs if old != new]


def processes(text: str) -> list[str]:
    """The processes whose command line holds `text`."""
    listed = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if text in line]


def ended(text: str) -> bool:
    """Whether all processes with `text` in their command line end within ten seconds."""
    until = time.monotonic() + 10
    while processes(text) and time.monotonic() < until:
        time.sleep(0.05)
    return not processes(text)
