"""Plain copier works with our template without --trust, also in projects that our tool made."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.command import Run, differing, git, tree
from support.servers import git_daemon

from new_ops_project.template import unpacked

ANSWERS = {
    "project_name": "Rotate Keys",
    "python_version": "3.13",
    "description": "Rotates {{ keys }}: \"safely\" #1 ]]> ${{ github.token }}\nfor 'all' 🔑",
    "author_name": "Ada \\ Ops",
    "author_email": "ada@example.org",
    "default_branch": "trunk",
    "license": "Apache-2.0",
    "dependencies": ["boto3", "pyyaml"],
    "cloud": "aws-oidc",
    "container": True,
    "updates": "renovate",
}


def copier(*args: str, at: Path) -> subprocess.CompletedProcess[str]:
    """Run copier's own command line, which must succeed."""
    done = subprocess.run([sys.executable, "-m", "copier", *args], cwd=at, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def without_source(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files, without the line of the answers file that names the template."""
    lines = files[".copier-answers.yml"].splitlines(keepends=True)
    return {**files, ".copier-answers.yml": b"".join(line for line in lines if not line.startswith(b"_src_path"))}


@pytest.mark.parametrize("tier", ["script", "library", "cli"])
def test_both_write_the_same_bytes(run: Run, work: Path, published: Path, tier: str) -> None:
    """`new` and `copier copy` write the same files, from a git URL and from the embedded repository."""
    (work / "answers.yml").write_text(yaml.safe_dump({**ANSWERS, "tier": tier}))
    options = ["--defaults", "--data-file", "answers.yml"]
    with git_daemon(published.parent) as url:
        run("new", *options, "--path", "ours", "--template", f"{url}/team.git")
        copier("copy", *options, f"{url}/team.git", "theirs", at=work)
    assert not differing(tree(work / "ours"), tree(work / "theirs"))
    assert {path.name for path in (work / "ours").iterdir()} - {".git"} == {p.name for p in (work / "theirs").iterdir()}
    run("new", *options, "--path", "embedded")
    copier("copy", *options, str(unpacked.repository()), "copied", at=work)
    assert not differing(without_source(tree(work / "embedded")), without_source(tree(work / "copied")))


def test_the_embedded_template_is_recorded_below_home(
    run: Run, work: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recorded path begins with ~, so that it works for everybody who has the tool."""
    monkeypatch.setenv("XDG_DATA_HOME", str(home / ".local" / "share"))
    run("new", "audit", "--defaults")
    recorded = yaml.safe_load((work / "audit" / ".copier-answers.yml").read_bytes())["_src_path"]
    assert recorded.startswith("~/.local/share/new-ops-project/template")
    copier("update", "--defaults", at=work / "audit")
    assert git("status", "--porcelain", at=work / "audit") == ""


@pytest.mark.parametrize("tier", ["script", "library", "cli"])
def test_copier_update(run: Run, work: Path, published: Path, tier: str) -> None:
    """`copier update` takes our project from v1.0.0 to a fresh v1.1.0, and keeps an edit."""
    with git_daemon(published.parent) as url:
        source = ["--defaults", "--tier", tier, "--template", f"{url}/team.git"]
        run("new", "audit", *source, "--ref", "v1.0.0")
        readme = work / "audit" / "README.md"
        readme.write_text(readme.read_text() + "\nOurs.\n")
        git("commit", "--quiet", "--all", "--message=edit", at=work / "audit")
        copier("update", "--defaults", at=work / "audit")
        run("new", "audit", *source, "--path", "fresh")
    (work / "fresh" / "README.md").write_text((work / "fresh" / "README.md").read_text() + "\nOurs.\n")
    assert not differing(tree(work / "audit"), tree(work / "fresh"))


def test_copier_asks_our_questions(work: Path) -> None:
    """Copier refuses a name with our validator's message, since copier.yml is the only list of questions."""
    source = str(unpacked.repository())
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--data", "project_name=日本", source, "out"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "try ops-project" in done.stderr.replace("\n", " ")
