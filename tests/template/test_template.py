"""The source of the template: flag, environment, config file, install origin or the embedded one."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Run, git
from support.history import begin, version
from support.servers import git_daemon, git_http
from support.two_releases import two_tags

from new_ops_project.template import embedded, installation, releases, sources, unpacked


def answers_of(project: Path) -> dict[str, Any]:
    """The answers file of a project."""
    answers: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_bytes())
    return answers


def release(repository: Path, tag: str) -> None:
    """Tag a new commit with the files of v1.1.0, an hour from now."""
    dated = {"GIT_COMMITTER_DATE": f"{int(time.time()) + 3600} +0000"}
    commit = git("commit-tree", "-p", "v1.1.0^{commit}", "-m", tag, "v1.1.0^{tree}", at=repository, env=dated)
    git("tag", tag, commit, at=repository)


def test_embedded_is_the_last_resort(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without flag, environment, config and install origin the embedded template is used, and says why."""
    monkeypatch.delenv("NEW_OPS_PROJECT_TEMPLATE")
    monkeypatch.setattr(sources, "_install_origin", lambda: "")
    shown = run("template", "show").out
    assert "embedded, because it came with the tool" in shown
    assert "template publish" in shown


def test_publishing_is_mentioned_once(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first project from the embedded template says that a team should publish it; the second does not."""
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    assert "template publish" in run("new", "one", "--defaults").out
    assert "template publish" not in run("new", "two", "--defaults").out


def test_install_origin(run: Run, published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that pip installed from a git URL (PEP 610) uses that URL."""
    monkeypatch.delenv("NEW_OPS_PROJECT_TEMPLATE")
    origin = {"url": f"file://{published}", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}}
    monkeypatch.setattr(installation, "origin", lambda: origin)
    shown = run("template", "show", "--json").json
    assert shown["source"] == f"file://{published}"
    assert "installed from there" in shown["reason"]


def test_each_place_wins_over_the_next(
    run: Run, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flag wins over the environment, that over the user's file, that over the system's."""
    places = []
    for name in ("site", "user", "environment", "flag"):
        git("clone", "--quiet", "--bare", str(published), f"{name}.git", at=tmp_path)
        places.append(str(tmp_path / f"{name}.git"))
    site = tmp_path / "site" / "new-ops-project" / "config.toml"
    site.parent.mkdir(parents=True)
    site.write_text(f'template = "{places[0]}"\n')
    monkeypatch.delenv("NEW_OPS_PROJECT_TEMPLATE")
    shown = [run("template", "show", "--json").json["source"]]
    run("config", "set", "template", places[1])
    shown.append(run("template", "show", "--json").json["source"])
    monkeypatch.setenv("NEW_OPS_PROJECT_TEMPLATE", places[2])
    shown.append(run("template", "show", "--json").json["source"])
    assert [*shown, run("template", "show", "--json", "--template", places[3]).json["source"]] == places


def test_config(run: Run, work: Path) -> None:
    """A configured answer is the default of new projects, and `config show` says which file it is from."""
    run("config", "set", "python_version", "3.12")
    run("config", "set", "dependencies", "boto3,pyyaml")
    shown = run("config", "show", "--json").json
    assert shown["python_version"]["value"] == "3.12"
    assert shown["python_version"]["origin"].endswith("config.toml")
    run("new", "audit", "--defaults")
    assert answers_of(work / "audit")["python_version"] == "3.12"
    assert answers_of(work / "audit")["dependencies"] == ["boto3", "pyyaml"]
    run("config", "unset", "python_version")
    assert "python_version" not in run("config", "show").out


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("python_version", "3.9", "end of life"),
        ("colour", "red", "no question called 'colour'"),
        ("schedule", "often", "is not a cron schedule"),
    ],
)
def test_config_refuses_what_is_no_answer(run: Run, key: str, value: str, message: str) -> None:
    """A wrong default is refused when it is set, not when it is used."""
    assert message in run("config", "set", key, value, code=2).err
    assert run("config", "show", "--json").json == {}


def test_versions_and_refs(run: Run, work: Path, published: Path) -> None:
    """The newest release is the default, --ref takes an older one, and both are recorded as tags."""
    assert run("template", "list", "--template", str(published)).out.split() == ["v1.1.0", "v1.0.0"]
    run("new", "new", "--defaults", "--template", str(published))
    created = run("new", "old", "--defaults", "--template", str(published), "--ref", "v1.0.0", "--json").json
    assert created["template"] == {"source": str(published), "version": "v1.0.0"}
    assert answers_of(work / "new")["_commit"] == "v1.1.0"
    assert (work / "old" / ".editorconfig").read_text().startswith("# the first")
    assert not (work / "new" / ".editorconfig").read_text().startswith("# the first")


@pytest.mark.parametrize("serve", [git_daemon, git_http])
def test_a_git_url(run: Run, work: Path, published: Path, serve: Any) -> None:
    """A template is read over the git protocol and over smart HTTP; a new release is seen by the next run."""
    with serve(published.parent) as url:
        run("new", "one", "--defaults", "--template", f"{url}/team.git")
        release(published, "v1.2.0")
        releases.clear_caches()
        run("new", "two", "--defaults", "--template", f"{url}/team.git")
    assert answers_of(work / "one")["_src_path"] == f"{url}/team.git"
    assert (answers_of(work / "one")["_commit"], answers_of(work / "two")["_commit"]) == ("v1.1.0", "v1.2.0")


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ("https://ada:secret@git.example.org/t.git", "https://git.example.org/t.git"),
        ("https://git.example.org/t", "git+https://git.example.org/t"),
        ("git+https://git.example.org/t.git", "https://git.example.org/t.git"),
        ("ssh://git@git.example.org/t.git", "ssh://git@git.example.org/t.git"),
        ("ssh://git:secret@git.example.org/t.git", "ssh://git@git.example.org/t.git"),
        ("git@git.example.org:ops/t.git", "git@git.example.org:ops/t.git"),
        ("gh:ops/t", "gh:ops/t"),
        ("/a/../b", "/b"),
    ],
)
def test_what_is_recorded(given: str, recorded: str) -> None:
    """A recorded location has no credentials and no relative path."""
    assert sources.normalise(given) == recorded


def test_a_relative_path_is_recorded_whole(run: Run, work: Path) -> None:
    """It starts at the current folder: where a template is published to, and where a project gets it from."""
    git("init", "--quiet", "--bare", "team.git", at=work)
    assert run("template", "publish", "./team.git", "--json").json["source"] == str(work / "team.git")
    run("new", "audit", "--defaults", "--template", "team.git")
    assert answers_of(work / "audit")["_src_path"] == str(work / "team.git")


def test_publish(run: Run, work: Path, tmp_path: Path) -> None:
    """`template publish` pushes every tag and writes the config; a second run changes nothing."""
    bare = tmp_path / "served" / "ops.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(bare), at=tmp_path)
    git("config", "http.receivepack", "true", at=bare)
    with git_http(bare.parent) as url:
        published_template = run("template", "publish", f"{url}/ops.git", "--json").json
        assert published_template["source"] == f"{url}/ops.git"
        assert git("tag", at=bare).split() == published_template["versions"]
        run("template", "publish", f"{url}/ops.git")
        assert run("config", "show", "--json").json["template"]["value"] == f"{url}/ops.git"
        run("new", "audit", "--defaults", "--template", f"{url}/ops.git")
    assert answers_of(work / "audit")["_commit"] == published_template["versions"][0]


def test_publish_that_is_refused(run: Run, published: Path) -> None:
    """A server with other content refuses; nothing is forced, and the config stays."""
    main = git("rev-parse", "main", at=published)
    assert "cannot be pushed" in run("template", "publish", str(published), code=2).err
    assert git("rev-parse", "main", at=published) == main
    assert run("config", "show", "--json").json == {}


def pack(source: Path, name: str) -> Path:
    """A bundle of the template's releases, beside their checkout."""
    bundle = source.with_name(f"{name}.bundle")
    embedded.pack(source, "0", bundle)
    return bundle


def heads(bundle: Path) -> dict[str, str]:
    """The commits in a bundle, by ref."""
    listed = git("bundle", "list-heads", str(bundle), at=bundle.parent).splitlines()
    return {name: commit for commit, name in (line.split() for line in listed)}


def test_the_same_commits_everywhere(tmp_path: Path) -> None:
    """Two builds of the same tags make the same commit ids, and a later build adds to those of an earlier one."""
    source = two_tags(tmp_path / "source")
    first, other = heads(pack(source, "one")), heads(pack(source, "other"))
    release(source, "v1.0.1")
    later = heads(pack(source, "later"))
    assert first == other
    assert first["refs/tags/v1.1.0"] == later["refs/tags/v1.1.0"]
    assert "refs/tags/v1.0.1" in later


def test_embedded_grows_with_the_tool(tmp_path: Path) -> None:
    """A newer tool adds its versions to the repository of an older one, whose versions stay."""
    source = two_tags(tmp_path / "source")
    target = tmp_path / "template"
    new = pack(source, "new")
    git("tag", "--delete", "v1.1.0", at=source)
    old = pack(source, "old")
    for bundle in (old, new, old, new):
        unpacked.unpack(bundle, target, anew=False)
        assert git("status", "--porcelain", at=target) == ""
    assert git("tag", at=target).split() == ["v1.0.0", "v1.1.0"]


def test_another_build_of_the_same_version(tmp_path: Path) -> None:
    """A rebuilt tool with the same version and another template replaces the embedded one."""
    source = two_tags(tmp_path / "source")
    target = tmp_path / "template"
    unpacked.unpack(pack(source, "one"), target, anew=False)
    git("tag", "--force", "v1.0.0", "v1.1.0", at=source)
    other = pack(source, "other")
    unpacked.unpack(other, target, anew=False)
    assert git("rev-parse", "main", at=target) == heads(other)["refs/heads/main"]
    assert git("status", "--porcelain", at=target) == ""


@pytest.mark.parametrize("named", [".copier/answers.yml", "{{ colour }}.yaml"])
def test_an_answers_file_of_another_name(run: Run, work: Path, tmp_path: Path, named: str) -> None:
    """The template is recorded in the answers file wherever that is, so that plain copier can update."""
    config = f"_answers_file: '{named}'\ncolour: blue\n"
    answers = {"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}"}
    template = begin(tmp_path / "foreign", version("v1.0.0", {"copier.yml": config, **answers}))
    run("new", "audit", "--defaults", "--template", str(template))
    recorded = yaml.safe_load((work / "audit" / named.replace("{{ colour }}", "blue")).read_bytes())
    assert (recorded["_commit"], recorded["_src_path"]) == ("v1.0.0", str(template))


def test_a_folder_without_git(run: Run, work: Path, tmp_path: Path) -> None:
    """A plain folder is a template without versions."""
    folder = tmp_path / "plain"
    (folder / "in").mkdir(parents=True)
    (folder / "copier.yml").write_text("_subdirectory: in\n")
    (folder / "in" / "file.txt").write_text("text\n")
    created = run("new", "audit", "--defaults", "--template", str(folder), "--json").json
    assert created["template"] == {"source": str(folder), "version": None}
    assert json.dumps(created["files"]) == '[{"path": "file.txt", "purpose": ""}]'
