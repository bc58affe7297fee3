"""The tool runs from a tag of its git repository, without an installation."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import ROOT, git
from support.released import IDENTITY, TAG, tagged
from support.servers import git_http

from new_ops_project import __version__
from new_ops_project.template.pins import uv

NEXT = "9.9.9.dev0"


def served(folder: Path) -> Path:
    """A bare repository with the tags of a release, and a later version on its branch."""
    checkout = tagged(folder)
    package = checkout / "src" / "new_ops_project" / "__init__.py"
    package.write_text(package.read_text("utf-8").replace(__version__, NEXT), "utf-8")
    git("commit", "--quiet", "--all", "--message=Begin the next version", at=checkout)
    bare = folder / "served" / "tool.git"
    git("clone", "--quiet", "--bare", str(checkout), str(bare), at=folder)
    return bare


@pytest.mark.slow
def test_uvx_runs_the_tag(tmp_path: Path, work: Path, home: Path) -> None:
    """From a server: the version of the tag, the template of every tag in it, and projects that come from there."""
    bare = served(tmp_path)
    kept = {"UV_CACHE_DIR": str(ROOT / ".pytest_cache" / "uv"), "XDG_DATA_HOME": str(home / "data")}
    env = {**os.environ, **IDENTITY, **uv.index(), **kept}
    del env["NEW_OPS_PROJECT_TEMPLATE"]

    with git_http(bare.parent) as url:

        def uvx(*args: str) -> str:
            command = [
                str(Path(sys.executable).with_name("uvx")),
                "--from",
                f"git+{url}/tool.git@{TAG}",
                "new-ops-project",
                *args,
            ]
            done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout

        assert uvx("--version") == f"new-ops-project {__version__}\n"
        created = json.loads(uvx("new", "from-the-server", "--defaults", "--json"))
        assert created["template"] == {"source": f"{url}/tool.git", "version": "v1.1.0"}
        uvx("new", "from-the-wheel", "--defaults", "--template", "embedded", "--ref", TAG)
    unpacked = home / "data" / "new-ops-project" / "template"
    assert git("tag", at=unpacked).split() == git("tag", at=bare).split() == [TAG, "v1.0.0", "v1.1.0"]
    for tag in (TAG, "v1.0.0", "v1.1.0"):
        trees = [git("rev-parse", f"{tag}:templates", f"{tag}:copier.yml", at=place) for place in (unpacked, bare)]
        assert trees[0] == trees[1]
    assert git("status", "--porcelain", at=work / "from-the-wheel") == ""
