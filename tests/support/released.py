"""A checkout of this project as it is released: tags, the newest being the version of the tool, and distributions."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.command import ROOT, git
from support.two_releases import two_tags

from new_ops_project import __version__

TAG = f"v{__version__}"
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada Ops"), ("EMAIL", "ada@example.org"))
}


@dataclass(frozen=True)
class Release:
    """A checkout and the folder of its distributions."""

    checkout: Path
    dist: Path

    @property
    def wheel(self) -> Path:
        """The wheel in `dist`."""
        return next(self.dist.glob("*.whl"))

    def script(self, name: str, *args: Path) -> subprocess.CompletedProcess[str]:
        """Run one of scripts/ as it is in the checkout."""
        command = [sys.executable, str(self.checkout / "scripts" / name), *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def released(folder: Path) -> Release:
    """Tag this work tree v1.0.0, v1.1.0 (see two_tags) and as the version of the tool, and build that as CI does."""
    checkout, dist = tagged(folder), folder / "dist"
    env = {**os.environ, "SOURCE_DATE_EPOCH": git("log", "-1", "--format=%ct", at=checkout)}
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(checkout)]
    subprocess.run(command, env=env, check=True, capture_output=True)
    return Release(checkout, dist)


def tagged(folder: Path) -> Path:
    """The checkout with the tags."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in IDENTITY.items():
            patch.setenv(name, value)
        checkout = two_tags(folder / "checkout")
        names = ("CHANGELOG.md", "requirements.txt", ".gitattributes")
        git(f"--work-tree={ROOT}", "add", *names, at=checkout)
        git("commit", "--quiet", f"--message={TAG}", at=checkout)
        git("checkout", "--force", "--quiet", "HEAD", at=checkout)
        git("tag", "--annotate", f"--message={TAG}", TAG, at=checkout)
    return checkout
