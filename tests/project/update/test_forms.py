"""Every form in which copier may have recorded a template's address."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import Run, git
from support.foreign_templates import DOCS, committed, fresh, plain, recorded_by, snapshot
from support.servers import git_daemon


def _path(repo: Path, home: Path) -> str:
    return str(repo)


def _file_url(repo: Path, home: Path) -> str:
    return f"file://{_bare(repo, home / 'docs.git')}"


def _git_file_url(repo: Path, home: Path) -> str:
    return f"git+file://{repo}"


def _bundle(repo: Path, home: Path) -> str:
    git("bundle", "create", "--quiet", str(home / "docs.bundle"), "--all", at=repo)
    return str(home / "docs.bundle")


def _below_home(repo: Path, home: Path) -> str:
    shutil.copytree(repo, home / "templates" / "docs")
    return "~/templates/docs"


def _relative(repo: Path, home: Path) -> str:
    shutil.copytree(repo, home / "docs")
    return f"../{home.name}/docs"


def _short(repo: Path, home: Path) -> str:
    return _rewritten(repo, home, "gh:ops/docs")


def _ssh(repo: Path, home: Path) -> str:
    return _rewritten(repo, home, "git@git.example.org:ops/docs.git")


def _rewritten(repo: Path, home: Path, source: str) -> str:
    """Let the user's git configuration lead hosts that are out of reach to a folder (`url.BASE.insteadOf`)."""
    _bare(repo, home / "hub" / "ops" / "docs.git")
    for host in ("https://github.com/", "git@git.example.org:"):
        git("config", "--global", "--add", f"url.file://{home}/hub/.insteadOf", host, at=home)
    return source


def _bare(repo: Path, project: Path) -> Path:
    git("clone", "--quiet", "--bare", str(repo), str(project), at=repo)
    return project


FORMS = [_path, _file_url, _git_file_url, _bundle, _below_home, _relative, _short, _ssh]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_source(
    form: Callable[[Path, Path], str], run: Run, work: Path, home: Path, templates: Path
) -> None:
    """Whatever form of `_src_path` copier has recorded, the template is found there and the record stays."""
    source = form(templates / DOCS.name, home)
    project = committed(plain(source, work / "project", DOCS.answers, "v1.0.0"))
    expected = fresh(DOCS, "v1.1.0", project, work / "fresh")
    run("update", str(project), "--to", "v1.1.0")
    assert snapshot(project) == expected
    assert recorded_by(project, DOCS)["_src_path"] == source


def test_over_the_git_protocol(run: Run, work: Path, home: Path, templates: Path) -> None:
    """A template on a server is read from there, and with --offline from what is known of it."""
    _bare(templates / DOCS.name, home / "served" / "docs.git")
    with git_daemon(home / "served") as url:
        project = committed(plain(f"{url}/docs.git", work / "project", DOCS.answers, "v1.0.0"))
        expected = fresh(DOCS, "v1.2.0", project, work / "fresh")
        run("update", str(project), "--to", "v1.1.0", "--commit")
    run("update", str(project), "--to", "v1.2.0", "--offline")
    assert snapshot(project) == expected


def test_a_relative_source_from_elsewhere(
    run: Run, work: Path, home: Path, templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path that leads nowhere from here is named, and --template says where it is from now on."""
    source = _relative(templates / DOCS.name, home)
    project = committed(plain(source, work / "project", DOCS.answers, "v1.0.0"))
    monkeypatch.chdir(project)
    message = run("update", "--to", "v1.1.0", code=2).err
    assert source in message
    assert "--template" in message
    run("update", "--to", "v1.1.0", "--template", str(home / "docs"))
    assert recorded_by(project, DOCS)["_src_path"] == str(home / "docs")
    assert recorded_by(project, DOCS)["_commit"] == "v1.1.0"
