"""The source of a template in an update."""

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from support.command import Run, git
from support.servers import git_daemon, git_http
from support.small import ANSWERS, BOTH, NEWER, Small, lay, refused, release, snapshot, update
from support.two_releases import two_tags

from new_ops_project.template import installation, releases

Serve = Callable[[Path], AbstractContextManager[str]]


def served(tmp_path: Path) -> Path:
    """A bare clone of the template below a folder that can be served."""
    bare = tmp_path / "served" / "t.git"
    if not bare.exists():
        git("clone", "--quiet", "--bare", str(tmp_path / "template"), str(bare), at=tmp_path)
    return bare


def moved(small: Small, source: str) -> None:
    """Let the project record another place of the template."""
    small.commit({ANSWERS: small.text(ANSWERS).replace(str(small.template), source)})


@pytest.mark.parametrize("serve", [git_daemon, git_http])
def test_a_git_url(run: Run, plain: Small, tmp_path: Path, serve: Serve) -> None:
    """From a git URL: the project keeps recording it, and the next run sees a new release."""
    with serve(served(tmp_path).parent) as url:
        moved(plain, f"{url}/t.git")
        update(run, plain, "--commit")
        release(served(tmp_path), "v1.2.0", {"task.py": NEWER + "end\n"})
        releases.clear_caches()
        update(run, plain)
    assert plain.text("task.py") == BOTH + "end\n"
    assert plain.recorded()["_src_path"] == f"{url}/t.git"


@pytest.mark.parametrize("kind", ["file://", "git+file://", "bundle", "relative"])
def test_a_local_source(run: Run, plain: Small, tmp_path: Path, kind: str) -> None:
    """From a file URL, a bundle and a path from the project's folder; what is recorded stays."""
    if kind == "bundle":
        git("bundle", "create", "--quiet", str(tmp_path / "t.bundle"), "--all", at=plain.template)
    source = {"bundle": str(tmp_path / "t.bundle"), "relative": "../template"}.get(kind, f"{kind}{served(tmp_path)}")
    moved(plain, source)
    update(run, plain)
    assert plain.text("task.py") == BOTH
    assert (plain.recorded()["_src_path"], plain.recorded()["_commit"]) == (source, "v1.1.0")


@pytest.mark.slow
def test_the_embedded_template(run: Run, work: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of the embedded template follows it: a newer tool carries newer versions."""
    monkeypatch.setenv("XDG_DATA_HOME", str(home / ".local" / "share"))
    checkout = two_tags(work / "checkout")
    monkeypatch.setattr(installation, "editable_checkout", lambda: checkout)
    run("new", "audit", "--defaults", "--ref", "v1.0.0")
    (work / "fresh").mkdir()
    run("new", "audit", "--defaults", "--path", "fresh/audit")
    report = run("update", "audit", "--json").json
    assert (report["from"], report["to"], report["conflicts"]) == ("v1.0.0", "v1.1.0", [])
    assert report["template"]["source"].startswith("~/.local/share/new-ops-project/template")
    assert snapshot(work / "audit") == snapshot(work / "fresh" / "audit")


def test_offline(run: Run, plain: Small, tmp_path: Path) -> None:
    """--offline takes what is known of a template: nothing without a first run, then all, with the server gone."""
    with git_daemon(served(tmp_path).parent) as url:
        moved(plain, f"{url}/t.git")
        assert "--offline" in refused(run, plain, "--offline")
        update(run, plain, "--check", code=1)
    releases.clear_caches()
    assert "cannot be reached" in refused(run, plain)
    update(run, plain, "--offline")
    assert plain.text("task.py") == BOTH


def test_another_place(run: Run, plain: Small, tmp_path: Path) -> None:
    """--template moves the project: what is recorded changes, at the same version too."""
    source = f"git+file://{tmp_path}/elsewhere"
    git("clone", "--quiet", "--bare", str(plain.template), "elsewhere", at=tmp_path)
    update(run, plain, "--commit")
    report = update(run, plain, "--template", f"file://{tmp_path}/elsewhere", "--json").json
    assert (plain.recorded()["_src_path"], plain.recorded()["_commit"]) == (source, "v1.1.0")
    assert [file["path"] for file in report["files"]] == [ANSWERS]


def test_another_place_that_lacks_the_version(run: Run, plain: Small, tmp_path: Path) -> None:
    """Where the new place lacks the recorded version, it is taken from the old one; gone there too, it is named."""
    git("clone", "--quiet", "--bare", str(plain.template), "elsewhere.git", at=tmp_path)
    git("tag", "--delete", "v1.0.0", at=tmp_path / "elsewhere.git")
    source = str(tmp_path / "elsewhere.git")
    update(run, plain, "--template", source)
    assert (plain.text("task.py"), plain.recorded()["_src_path"]) == (BOTH, source)
    update(run, plain, "--abort")
    plain.template.rename(tmp_path / "gone")
    assert "v1.0.0" in refused(run, plain, "--template", source)


def test_a_tag_that_is_gone(run: Run, plain: Small) -> None:
    """A recorded version that the template no longer has is named."""
    git("tag", "--delete", "v1.0.0", at=plain.template)
    message = refused(run, plain)
    assert ANSWERS in message
    assert "v1.0.0" in message


def test_a_template_without_git(run: Run, plain: Small, tmp_path: Path) -> None:
    """A plain folder has no versions to go to."""
    shutil.rmtree(plain.template / ".git")
    lay(plain.template, {"copier.yml": "colour: blue\n"})
    assert "not under version control" in refused(run, plain)


def commands(trace: Path) -> list[str]:
    """The git commands that a run started, from what git wrote with GIT_TRACE2_EVENT."""
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    return [event["name"] for event in events if event["event"] == "cmd_name" and "/" not in event["sid"]]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_one_fetch_and_few_commands(run: Run, plain: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update from a URL fetches once and starts at most 16 git commands; --offline does not fetch."""
    with git_daemon(served(tmp_path).parent) as url:
        moved(plain, f"{url}/t.git")
        update(run, plain, "--check", code=1)
        releases.clear_caches()
        monkeypatch.setenv("GIT_TRACE2_EVENT", str(tmp_path / "online"))
        update(run, plain)
    monkeypatch.delenv("GIT_TRACE2_EVENT")
    update(run, plain, "--abort")
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(tmp_path / "offline"))
    update(run, plain, "--offline")
    online, offline = commands(tmp_path / "online"), commands(tmp_path / "offline")
    assert online.count("fetch") == 1
    assert len(online) <= 16
    assert not {"fetch", "clone", "ls-remote"} & set(offline)
