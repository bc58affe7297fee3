"""`update` of projects that plain copier made from three templates of other people's kind (tests/foreign)."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import copier
import pytest
import yaml
from conftest import Run, git
from foreign_templates import (
    ALL,
    DOCS,
    MODULE,
    ROLE,
    Foreign,
    committed,
    plain,
    release,
    repository,
    saved,
    snapshot,
    written,
)
from servers import git_daemon

from new_ops_project import cli

Versions = Mapping[str, Mapping[str, str | None]]

LATER = [
    pytest.param(one, tag, id=f"{key}-{tag}")
    for key, one in ALL.items()
    for tag in one.tags[1:]
    if (key, tag) != ("stack", "v1.1.0")
]
THREE = [pytest.param(one, id=one.name) for one in (MODULE, ROLE, DOCS)]


class Start(Protocol):
    """Makes a committed project `work/project` with plain copier, from a template's oldest version or `tag`."""

    def __call__(self, one: Foreign, tag: str = "", **answers: Any) -> Path:
        """Make it, with these answers besides the template's usual ones."""


@pytest.fixture
def templates(shared: Path) -> Path:
    """The folder of the templates' repositories, made once per worker."""
    folder = shared / "foreign"
    for one in ALL.values():
        repository(one.name, folder)
    return folder


@pytest.fixture
def start(templates: Path, work: Path) -> Start:
    """See Start; what has been rendered once is copied from then on."""

    def call(one: Foreign, tag: str = "", **answers: Any) -> Path:
        data = {**one.answers, **answers}
        tag = tag or one.tags[0]
        kept = templates / "projects" / sha256(repr((one.name, tag, data)).encode()).hexdigest()[:12]
        if not kept.exists():
            plain(str(templates / one.name), kept, data, tag)
        return committed(Path(shutil.copytree(kept, work / "project", symlinks=True)))

    return call


def fresh(one: Foreign, tag: str, project: Path, into: Path, **answers: Any) -> dict[str, tuple[str, bytes]]:
    """What plain copier makes at `tag` with the answers that `project` has recorded, and those added since."""
    recorded = recorded_by(project, one)
    source = recorded.pop("_src_path")
    return snapshot(plain(source, into, {**recorded, **one.later, **answers}, tag))


def recorded_by(project: Path, one: Foreign) -> dict[str, Any]:
    """The answers file of a project."""
    found: dict[str, Any] = yaml.safe_load((project / one.file).read_bytes())
    return found


def options(one: Foreign, tag: str) -> list[str]:
    """What an update to `tag` needs to be told: the new name of an answer, a new answer."""
    if one.name == "terraform-module" and tag == "v1.2.0":
        return ["--accept-answer-changes"]
    return [f"--set={key}={value}" for key, value in one.later.items() if tag == "v2.0.0"]


def without(files: Mapping[str, tuple[str, bytes]], paths: tuple[str, ...]) -> dict[str, tuple[str, bytes]]:
    """The files but for `paths`, which the template writes once only (`_skip_if_exists`)."""
    return {path: entry for path, entry in files.items() if path not in paths}


def state(project: Path) -> tuple[object, ...]:
    """Everything that an update may change: files, index, refs, worktrees."""
    asked = (["status", "--porcelain=v2", "--branch"], ["for-each-ref"], ["worktree", "list"], ["ls-files", "--stage"])
    return snapshot(project), *(git(*command, at=project) for command in asked)


def edit(path: Path, old: str, new: str) -> None:
    """Replace `old` by `new`, as it is on disk."""
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new).encode())


# ---- plain copier by itself ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("one", THREE)
def test_plain_copier_updates(one: Foreign, start: Start, work: Path) -> None:
    """Copier's own update arrives at the newest version, but leaves a dropped file whose `_exclude` has changed."""
    project = start(one)
    expected = fresh(one, one.tags[-1], project, work / "fresh")
    copier.run_update(project, answers_file=one.file, data=dict(one.later), defaults=True, overwrite=True, quiet=True)
    left = {"examples/basic/main.tf"} if one is MODULE else set()
    got = without(snapshot(project), one.once)
    assert {path for path in got if got[path] != expected.get(path)} == left


def test_what_the_templates_hold(start: Start) -> None:
    """A symbolic link, an executable file, a CRLF file, a binary one, and one without final newline are in them."""
    module = snapshot(start(MODULE))
    assert module["plan"] == ("120000", b"scripts/plan.sh")
    assert module["scripts/plan.sh"][0] == "100755"
    shutil.rmtree("project")
    docs = snapshot(start(DOCS))
    assert docs["bin/serve.cmd"][1].count(b"\r\n") == 5
    assert "docs/überblick.md" in docs
    shutil.rmtree("project")
    role = snapshot(start(ROLE))
    assert role["files/badge.png"][1].startswith(b"\x89PNG\r\n")
    assert role["files/motd banner.txt"][1].endswith(b"are lost.")


# ---- untouched projects -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "tag"), LATER)
def test_untouched_becomes_fresh(one: Foreign, tag: str, start: Start, run: Run, work: Path) -> None:
    """Without edits the result, all of it staged, is what plain copier makes anew: bytes, modes, links."""
    project = start(one)
    before = snapshot(project)
    expected = fresh(one, tag, project, work / "fresh")
    said = run("update", str(project / one.file), "--to", tag, "--json", *options(one, tag)).json
    assert (said["from"], said["to"], said["state"]) == (one.tags[0], tag, "staged")
    after = snapshot(project)
    assert without(after, one.once) == without(expected, one.once)
    assert all(after[path] == before[path] for path in one.once)
    assert (git("diff", at=project), git("ls-files", "--others", at=project)) == ("", "")
    assert recorded_by(project, one).items() >= one.answers.items()  # lists and mappings, too


@pytest.mark.parametrize("one", [MODULE, DOCS], ids=["module", "docs"])
def test_step_by_step_is_the_same(one: Foreign, start: Start, run: Run, work: Path) -> None:
    """Each version in turn leads to the same files as the newest at once."""
    project = start(one)
    at_once = Path(shutil.copytree(project, work / "at-once", symlinks=True))
    for tag in one.tags[1:]:
        run("update", str(project / one.file), "--to", tag, "--commit", *options(one, tag))
    run("update", str(at_once / one.file), *options(one, one.tags[-1]))
    assert snapshot(project) == snapshot(at_once)
    assert git("status", "--porcelain", at=project) == ""


def test_newest_is_a_release(start: Start, run: Run, templates: Path, tmp_path: Path, work: Path) -> None:
    """The newest version is the highest release: neither a commit after it nor a pre-release."""
    repo = Path(shutil.copytree(templates / DOCS.name, tmp_path / "docs"))
    release(repo, "v3.0.0rc1", 9)
    project = committed(plain(str(repo), work / "project", DOCS.answers, "v1.1.0"))
    assert run("update", str(project), "--json", *options(DOCS, "v2.0.0")).json["to"] == "v2.0.0"


def test_again_is_nothing(start: Start, run: Run) -> None:
    """A second update at once waits for a commit, and after the commit finds nothing to do."""
    project = start(MODULE)
    run("update", str(project), *options(MODULE, "v1.2.0"))
    first = state(project)
    run("update", str(project))
    assert state(project) == first
    saved(project)
    assert run("update", str(project), "--json").json["state"] == "current"


# ---- wherever the template is -------------------------------------------------------------------------------


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


def _bare(repo: Path, made: Path) -> Path:
    git("clone", "--quiet", "--bare", str(repo), str(made), at=repo)
    return made


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
    said = run("update", "--to", "v1.1.0", code=2).err
    assert source in said
    assert "--template" in said
    run("update", "--to", "v1.1.0", "--template", str(home / "docs"))
    assert recorded_by(project, DOCS)["_src_path"] == str(home / "docs")
    assert recorded_by(project, DOCS)["_commit"] == "v1.1.0"


def test_two_templates_in_one_project(run: Run, work: Path, start: Start, templates: Path) -> None:
    """An answers file of another name is updated by naming it, and what the other template wrote is left alone."""
    project = start(ROLE)
    saved(plain(str(templates / DOCS.name), project, DOCS.answers, "v1.0.0"))
    docs = recorded_by(project, DOCS)
    run("update", str(project / ROLE.file), "--commit")
    assert recorded_by(project, ROLE)["_commit"] == "1.2.0"
    assert recorded_by(project, DOCS) == docs
    assert "dev_addr: 127.0.0.1:8000" in (project / "mkdocs.yml").read_text()


def test_the_only_answers_file_is_found(run: Run, start: Start) -> None:
    """A project whose one answers file has another name needs no path to it."""
    project = start(ROLE)
    assert run("update", str(project), "--json").json["to"] == "1.2.0"
    assert recorded_by(project, ROLE)["_commit"] == "1.2.0"


@pytest.mark.slow
def test_below_the_root_of_a_repository(run: Run, work: Path, templates: Path) -> None:
    """A project in a subfolder is updated there; what is beside it is left alone."""
    (work / "README.md").write_text("# All of ours\n")
    project = plain(str(templates / ROLE.name), work / "roles" / "chrony", ROLE.answers, "1.0.0")
    committed(work)
    expected = fresh(ROLE, "1.2.0", project, work.with_name("fresh"))
    run("update", str(project / ROLE.file), "--commit")
    assert without(snapshot(project), ROLE.once) == without(expected, ROLE.once)
    assert git("diff", "--name-only", "HEAD~", "--", ":!roles", at=work) == ""


# ---- the user's edits ---------------------------------------------------------------------------------------


def test_an_edit_follows_a_rename(start: Start, run: Run) -> None:
    """Lines added to files that newer versions call something else are in the renamed files, with their changes."""
    project = start(ROLE)
    edit(project / "tasks" / "install.yml", "- name: Install what", "- name: Ours\n  ansible.builtin.meta: noop\n\n"
         "- name: Install what")  # fmt: skip
    saved(project)
    run("update", str(project / ROLE.file))
    text = (project / "tasks" / "packages.yml").read_text()
    assert "- name: Ours\n" in text
    assert 'when: ansible_facts.pkg_mgr == "apt"' in text
    assert not (project / "tasks" / "install.yml").exists()


def test_an_edit_follows_a_rename_of_unusual_letters(start: Start, run: Run) -> None:
    """The same for a name that is not ASCII, over three versions at once."""
    project = start(DOCS)
    edit(project / "docs" / "überblick.md", "Describe it here.", "It books what was paid: größer, 日本.")
    saved(project)
    run("update", str(project), *options(DOCS, "v2.0.0"))
    text = (project / "docs" / "overview.md").read_text(encoding="utf-8")
    assert "It books what was paid: größer, 日本." in text
    assert "Service level: gold" in text
    assert not (project / "docs" / "überblick.md").exists()


def test_changes_reach_a_moved_file(start: Start, run: Run) -> None:
    """A file that the user moved and edited gets the template's changes where it is now."""
    project = start(DOCS)
    git("mv", "docs/runbook/ledger.md", "docs/at night.md", at=project)
    edit(project / "docs" / "at night.md", "# Ledger", "Read this first.\n\n# Ledger")
    saved(project)
    run("update", str(project), "--to", "v1.1.0")
    text = (project / "docs" / "at night.md").read_text()
    assert text.startswith("Read this first.\n")
    assert "2. Look at the logs.\n" in text
    assert not (project / "docs" / "runbook" / "ledger.md").exists()


def test_deleted_stays_deleted(start: Start, run: Run) -> None:
    """Files that the user deleted do not come back, whether the template changed them or not."""
    project = start(DOCS)
    gone = ["bin/serve.cmd", "docs/runbook/ledger.md"]
    git("rm", "--quiet", *gone, at=project)
    saved(project)
    run("update", str(project), "--to", "v1.1.0")
    assert not [path for path in gone if (project / path).exists()]
    assert (project / "bin" / "serve").read_text().endswith('"$@"\n')


def test_line_ends_stay(start: Start, run: Run) -> None:
    """A CRLF file stays one, with the user's line and the template's; a file without final newline too."""
    project = start(DOCS)
    edit(project / "bin" / "serve.cmd", "rem Serve", "rem Ours\r\nrem Serve")
    saved(project)
    run("update", str(project), "--to", "v1.1.0")
    text = (project / "bin" / "serve.cmd").read_bytes()
    assert b"rem Ours\r\n" in text
    assert b"--strict %*\r\n" in text
    assert text.count(b"\n") == text.count(b"\r\n") == 6


def test_no_final_newline_stays(start: Start, run: Run) -> None:
    """A file without final newline, with a space in its name, takes a change in its first line and keeps its last."""
    project = start(ROLE)
    edit(project / "files" / "motd banner.txt", "are lost.", "are lost at 04:00.")
    saved(project)
    run("update", str(project / ROLE.file))
    text = (project / "files" / "motd banner.txt").read_bytes()
    assert text.startswith(b"This machine is kept by ops.chrony (ops@example.org).\n")
    assert text.endswith(b"are lost at 04:00.")


def test_modes_and_links_of_the_user_stay(start: Start, run: Run) -> None:
    """An executable bit that the user took away and a link that they turned stay, with the template's changes."""
    project = start(MODULE)
    (project / "scripts" / "plan.sh").chmod(0o644)
    (project / "main.tf").chmod(0o755)
    (project / "plan").unlink()
    (project / "plan").symlink_to("scripts")
    saved(project)
    run("update", str(project), "--to", "v1.1.0")
    after = snapshot(project)
    assert after["plan"] == ("120000", b"scripts")
    assert after["scripts/plan.sh"][0] == "100644"
    assert b"-lock-timeout=60s" in after["scripts/plan.sh"][1]
    assert (after["main.tf"][0], b"budget = 250.0" in after["main.tf"][1]) == ("100755", True)


@pytest.mark.parametrize("one", [MODULE, DOCS], ids=["module", "docs"])
def test_written_once_is_the_users(one: Foreign, start: Start, run: Run) -> None:
    """A `_skip_if_exists` file that the user edited is exactly as they left it, though the template changed it."""
    project = start(one)
    mine = project / one.once[0]
    mine.write_bytes(b"# ours alone\n" + mine.read_bytes())
    kept = saved(project) and mine.read_bytes()
    said = run("update", str(project / one.file), "--json", *options(one, one.tags[-1])).json
    assert mine.read_bytes() == kept
    assert one.once[0] not in [entry["path"] for entry in said["files"]]


def test_edited_and_dropped_is_a_conflict(start: Start, run: Run) -> None:
    """A file that the user edited and the template dropped is kept and named, exit 3."""
    project = start(ROLE)
    edit(project / ".travis.yml", "molecule test --all", "molecule test --all --parallel")
    saved(project)
    said = run("update", str(project / ROLE.file), "--json", code=3).json
    assert [entry["path"] for entry in said["conflicts"]] == [".travis.yml"]
    assert "--parallel" in (project / ".travis.yml").read_text()
    assert "tasks/packages.yml" in git("diff", "--cached", "--name-only", at=project)


def test_a_binary_conflict_keeps_the_users_bytes(start: Start, run: Run) -> None:
    """A picture that both changed is named, exit 3, and is the user's until they choose; --abort takes it all back."""
    project = start(DOCS)
    (project / "docs" / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\xffours")
    before = state(saved(project))
    said = run("update", str(project), "--to", "v1.1.0", "--json", code=3).json
    assert [entry["path"] for entry in said["conflicts"]] == ["docs/logo.png"]
    assert (project / "docs" / "logo.png").read_bytes().endswith(b"\0\xffours")
    run("update", "--abort", str(project))
    assert state(project) == before


def test_a_secret_in_a_file_stays(start: Start, run: Run) -> None:
    """An answer that copier does not record is not lost from the files that hold it."""
    project = start(DOCS, search=True, search_key="k3y-of-the-search")
    run("update", str(project), "--to", "v1.1.0")
    text = (project / "docs" / "runbook" / "ledger.md").read_text()
    assert "The search key is k3y-of-the-search." in text
    assert "2. Look at the logs.\n" in text
    assert "k3y" not in (project / DOCS.file).read_text()


def test_new_folder_of_an_answer(start: Start, run: Run, work: Path) -> None:
    """An answer that names a file or folder moves it, with the user's edit in it."""
    project = start(DOCS)
    edit(project / "docs" / "runbook" / "ledger.md", "within a week", "within two weeks")
    saved(project)
    run("update", str(project), "--to", "v1.1.0", "--set", "service=General Ledger")
    text = (project / "docs" / "runbook" / "general-ledger.md").read_text()
    assert text.startswith("# General Ledger at night\n")
    assert "Hold a review within two weeks" in text
    assert not (project / "docs" / "runbook" / "ledger.md").exists()


# ---- answers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Misfit:
    """Answers that the newest version does not take as they are: the words that name them, and what is used."""

    one: Foreign
    answers: Mapping[str, Any]
    named: tuple[str, ...]
    used: Mapping[str, Any]


MISFITS = {
    "choice": Misfit(ROLE, {"min_ansible": "2.14"}, ("min_ansible", "2.14", "2.15"), {"min_ansible": "2.15"}),
    "multiselect": Misfit(ROLE, {"platforms": ["bookworm", "jammy"]}, ("platforms", "jammy"),
                          {"platforms": ["bookworm"]}),
    "renamed": Misfit(MODULE, {"examples": False}, ("examples",), {"with_examples": True}),
    "two": Misfit(MODULE, {"terraform_version": "1.5"}, ("terraform_version", "1.5", "1.9", "examples"),
                  {"terraform_version": "1.9", "with_examples": True}),
}  # fmt: skip


@pytest.mark.parametrize("misfit", MISFITS.values(), ids=MISFITS)
def test_answers_that_no_longer_fit(misfit: Misfit, start: Start, run: Run) -> None:
    """They are named with what would be used, and nothing moves; --accept-answer-changes goes on with that."""
    project = start(misfit.one, **misfit.answers)
    before = state(project)
    said = run("update", str(project / misfit.one.file), code=2).err
    assert [word for word in misfit.named if word not in said] == []
    assert state(project) == before
    run("update", str(project / misfit.one.file), "--accept-answer-changes")
    recorded = recorded_by(project, misfit.one)
    assert {key: recorded[key] for key in misfit.used} == misfit.used


def test_a_renamed_answer_given_anew(start: Start, run: Run, work: Path) -> None:
    """--set answers the renamed question, and the result is what a fresh project with that answer is."""
    project = start(MODULE, examples=False)
    expected = fresh(MODULE, "v1.2.0", project, work / "fresh", with_examples=False)
    run("update", str(project), "--accept-answer-changes", "--set", "with_examples=false")
    assert without(snapshot(project), MODULE.once) == without(expected, MODULE.once)
    assert not (project / "examples").exists()


def test_a_newly_required_answer(start: Start, run: Run) -> None:
    """A new question without default is named, accepting changes does not answer it, --set does."""
    project = start(DOCS)
    before = state(project)
    assert "service_level" in run("update", str(project), code=2).err
    assert "service_level" in run("update", str(project), "--accept-answer-changes", code=2).err
    assert state(project) == before
    run("update", str(project), "--set", "service_level=silver")
    assert recorded_by(project, DOCS)["service_level"] == "silver"


def test_a_choice_that_depends_on_an_answer(start: Start, run: Run) -> None:
    """A choice with a validator of its own is no longer offered either; what is set must be offered."""
    project = start(DOCS, theme="cinder", palette="default")
    said = run("update", str(project), "--set", "service_level=gold", code=2).err
    assert "cinder" in said
    assert "service_level" in run("update", str(project), "--set", "service_level=lead", code=2).err
    run("update", str(project), "--set", "service_level=gold", "--set", "theme=readthedocs")
    assert recorded_by(project, DOCS)["palette"] == "default"


def test_a_list_given_with_set(start: Start, run: Run, work: Path) -> None:
    """--set takes lists and mappings as YAML, and folders that are named by them come and go."""
    project = start(ROLE)
    expected = fresh(ROLE, "1.2.0", project, work / "fresh", platforms=["bookworm", "trixie"], settings={"pool": "c"})
    run("update", str(project / ROLE.file), "--set", "platforms=bookworm,trixie", "--set", "settings={pool: c}")
    assert without(snapshot(project), ROLE.once) == without(expected, ROLE.once)
    assert not (project / "molecule" / "noble").exists()


# ---- what else public templates do ---------------------------------------------------------------------------

ANSWERS_FILE = {"{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}"}
NAME = "name: {type: str, default: ledger}\n"
EVERY_TYPE = """
ratio: {type: float, choices: [1.5, 2.0], default: 1.5}
level: {type: int, choices: {Low: 1, High: 2}, default: 2}
nothing: {type: yaml, default: null}
empty: ""
flag: {type: bool, default: "{{ level == 2 }}"}
open: {type: str, default: x, when: "{{ flag }}"}
shut: {type: str, when: "{{ not flag }}"}
ports: {type: int, multiselect: true, choices: [80, 443, 8080], default: [80, 8080]}
folder: {type: path, default: "{{ pathjoin('a', 'b') }}"}
names: [a, b]
date: "2024-01-31"
word: {type: str, default: "yes"}
text: {type: str, multiline: true, default: "one\\ntwo\\n"}
braces: "{% raw %}{{ kept }}{% endraw %}"
deep: {type: yaml, default: "{a: {b: [1, {c: null}]}}"}
flow: {type: json, default: '{"x": [true, null, 1.5]}'}
hashed: "{{ 'x' | hash('sha1') }} {{ names | to_json }} {{ 'a/b.c' | basename }}"
"""
SHOWN = "".join(f"{line.split(':')[0]}={{{{ {line.split(':')[0]} | default('none') }}}}\n"
                for line in EVERY_TYPE.strip().splitlines())  # fmt: skip


def becomes_fresh(run: Run, work: Path, versions: Versions) -> None:
    """Assert that an untouched project of a template of two versions becomes what copier makes of the second."""
    made = written(work.with_name("small"), versions)
    project = committed(plain(str(made), work / "project", {}, "v1"))
    expected = fresh(SMALL, "v2", project, work / "fresh")
    run("update", str(project))
    assert snapshot(project) == expected


SMALL = Foreign("small", {})


@pytest.mark.parametrize("first", [EVERY_TYPE, "other: 1\n"], ids=["recorded", "new"])
def test_every_type_of_answer(first: str, run: Run, work: Path) -> None:
    """Answers of every type that copier knows keep their values, and new questions take copier's defaults."""
    becomes_fresh(run, work, {
        "v1": {**ANSWERS_FILE, "copier.yml": first}, "v2": {"copier.yml": EVERY_TYPE, "shown.txt.jinja": SHOWN},
    })  # fmt: skip


@pytest.mark.parametrize("word", [
    "_copier_answers._commit", "_copier_answers['_src_path']", "_copier_conf.vcs_ref_hash", "_copier_conf.answers_file",
])  # fmt: skip
def test_what_copier_says_of_itself(word: str, run: Run, work: Path) -> None:
    """Files that name the template's version, place or commit name the new ones, and no folder of ours."""
    text = f"made from {{{{ {word} }}}}\n\n\n"
    becomes_fresh(run, work, {
        "v1": {**ANSWERS_FILE, "copier.yml": NAME, "made.txt.jinja": f"{text}one\n"},
        "v2": {"made.txt.jinja": f"{text}two\n"},
    })  # fmt: skip


@pytest.mark.parametrize("answers", [
    "# From {{ _copier_answers._src_path }} at {{ _copier_answers._commit }}\n{{ _copier_answers | to_nice_yaml }}",
    "# Not by hand\n{{ _copier_answers | to_json }}\n",
    "---\n{{ _copier_answers | to_nice_yaml(indent=2, width=50, sort_keys=False) -}}\n",
], ids=["comment", "json", "unsorted"])  # fmt: skip
def test_answers_files_of_other_shapes(answers: str, run: Run, work: Path) -> None:
    """However the template writes its answers file, it is as copier would have written it."""
    becomes_fresh(run, work, {
        "v1": {"{{ _copier_conf.answers_file }}.jinja": answers, "copier.yml": f"{NAME}words: '{'word ' * 40}'\n"},
        "v2": {"new.txt": "new\n"},
    })  # fmt: skip


@pytest.mark.parametrize("path", ["", ".config/small.yml"])
def test_an_answers_file_in_a_folder(path: str, run: Run, work: Path, tmp_path: Path) -> None:
    """An answers file below the project's folder is found, and may be given as PATH."""
    config = f"_answers_file: .config/small.yml\n{NAME}"
    made = written(tmp_path / "small", {"v1": {**ANSWERS_FILE, "copier.yml": config, "notes.txt": "one\n"},
                                        "v2": {"notes.txt": "two\n"}})  # fmt: skip
    project = committed(plain(str(made), work / "project", {}, "v1"))
    run("update", str(project / path))
    assert (project / "notes.txt").read_text() == "two\n"
    assert "_commit: v2" in (project / ".config" / "small.yml").read_text()


def test_one_template_twice(run: Run, work: Path, tmp_path: Path) -> None:
    """Of two answers files of one project, which `copier copy --answers-file` makes, the one given is updated."""
    made = written(tmp_path / "small", {
        "v1": {**ANSWERS_FILE, "copier.yml": NAME, "{{ name }}/notes.txt": "one\n"},
        "v2": {"{{ name }}/notes.txt": "two\n"},
    })  # fmt: skip
    for name in ("a", "b"):
        copier.run_copy(
            str(made), work / "project", {"name": name}, answers_file=f".copier-answers.{name}.yml", vcs_ref="v1",
            defaults=True, quiet=True,
        )  # fmt: skip
    project = committed(work / "project")
    assert ".copier-answers.a.yml" in run("update", str(project), code=2).err
    run("update", str(project / ".copier-answers.b.yml"))
    assert [(project / name / "notes.txt").read_text() for name in ("a", "b")] == ["one\n", "two\n"]


def test_data_of_the_project(run: Run, work: Path, tmp_path: Path) -> None:
    """A template that reads a file of the project (`_external_data`) finds it."""
    config = "_external_data: {site: site.yml}\nname: {type: str, default: '{{ _external_data.site.name }}'}\n"
    text = "{{ _external_data.site.name }}\n\n\n"
    made = written(tmp_path / "small", {"v1": {**ANSWERS_FILE, "copier.yml": config, "notes.txt.jinja": f"{text}one\n"},
                                        "v2": {"notes.txt.jinja": f"{text}two\n", "new.txt.jinja": text}})  # fmt: skip
    (work / "project").mkdir()
    (work / "project" / "site.yml").write_text("name: ours\n")
    project = committed(plain(str(made), work / "project", {}, "v1"))
    run("update", str(project))
    assert (project / "notes.txt").read_text() == "ours\n\n\ntwo\n"
    assert (project / "new.txt").read_text() == "ours\n\n\n"


# ---- looking without touching -------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [ROLE, DOCS], ids=["role", "docs"])
def test_check(one: Foreign, start: Start, run: Run) -> None:
    """`--check` says 1 for an old project and 0 for a new one, and touches neither."""
    project = start(one)
    before = state(project)
    run("update", str(project / one.file), "--check", code=1)
    assert state(project) == before
    run("update", str(project / one.file), "--commit", *options(one, one.tags[-1]))
    run("update", str(project / one.file), "--check")


@pytest.mark.parametrize("one", [MODULE, DOCS], ids=["module", "docs"])
def test_preview(one: Foreign, start: Start, run: Run) -> None:
    """`--preview` shows every file with its diff and writes nothing; the update then changes those files."""
    project = start(one)
    before = state(project)
    flags = options(one, one.tags[-1])
    said = run("update", str(project / one.file), "--preview", "--json", *flags).json
    assert state(project) == before
    assert all(entry["diff"] for entry in said["files"])
    assert "diff --git" in run("update", str(project / one.file), "--preview", *flags).out
    done = run("update", str(project / one.file), "--json", *flags).json
    assert [entry["path"] for entry in done["files"]] == [entry["path"] for entry in said["files"]]


def test_patch(start: Start, run: Run, work: Path) -> None:
    """`--patch` writes what `git apply` turns into the update: links, modes, binary files, unusual names."""
    project = start(DOCS)
    git("clone", "--quiet", str(project), "clone", at=work)
    run("update", str(project), "--patch", str(work / "up.patch"), *options(DOCS, "v2.0.0"))
    assert git("status", "--porcelain", at=project) == ""
    git("apply", "--index", str(work / "up.patch"), at=work / "clone")
    run("update", str(project), *options(DOCS, "v2.0.0"))
    assert snapshot(work / "clone") == snapshot(project)


# ---- templates that need trust ------------------------------------------------------------------------------

MIGRATION = "_migrations: [{{version: {}, command: '{}'}}]\n"
TASKS: Versions = {
    "v1.0.0": {
        **ANSWERS_FILE,
        "copier.yml": f"{NAME}_tasks: ['echo first > built.txt']\n",
        "notes.txt": "one\n\nkept\n",
    },
    "v1.1.0": {"copier.yml": f"{NAME}_tasks: ['echo {{{{ name }}}} > built.txt']\n", "notes.txt": "two\n\nkept\n"},
    "v1.2.0": {"copier.yml": f"{NAME}_tasks: ['echo half > built.txt', 'exit 7']\n", "notes.txt": "three\n\nkept\n"},
}
MIGRATIONS: Versions = {
    "v1.0.0": {**ANSWERS_FILE, "copier.yml": NAME, "notes.txt": "one\n\nkept\n"},
    "v1.1.0": {"copier.yml": NAME + MIGRATION.format("v1.1.0", "tr a-z A-Z < mine.txt > yours.txt"),
               "notes.txt": "two\n\nkept\n"},
    "v1.2.0": {"copier.yml": NAME + MIGRATION.format("v1.2.0", "rm mine.txt && exit 7")},
}  # fmt: skip
EXTENSIONS: Versions = {
    "v1.0.0": {**ANSWERS_FILE, "copier.yml": f"{NAME}_jinja_extensions: [jinja2.ext.do]\n",
               "notes.txt.jinja": "{% set all = [] %}{% do all.append(name) %}{{ all[0] }}\n"},
    "v1.1.0": {"notes.txt.jinja": "{% set all = [] %}{% do all.append(name) %}two {{ all[0] }}\n"},
}  # fmt: skip
DROPPING: dict[str, Versions] = {
    "notes.txt": {"v1.0.0": TASKS["v1.0.0"], "v1.1.0": {"notes.txt": None}},
    "built.txt": {"v1.0.0": TASKS["v1.0.0"], "v1.1.0": {"copier.yml": f"{NAME}_tasks: ['true']\n"}},
}


def trusting(tmp_path: Path, work: Path, versions: Versions) -> Path:
    """A project of a template that needs trust, at v1.0.0, with a file of the user's."""
    made = written(tmp_path / "trusted", versions)
    project = plain(str(made), work / "project", {}, "v1.0.0", trusted=True)
    (project / "mine.txt").write_text("mine\n")
    return committed(project)


@pytest.mark.parametrize(("versions", "named"), [
    (TASKS, "_tasks"), (MIGRATIONS, "_migrations"), (EXTENSIONS, "_jinja_extensions"),
])  # fmt: skip
def test_trust_is_needed(versions: Versions, named: str, run: Run, work: Path, tmp_path: Path) -> None:
    """Without --trust nothing moves, exit 4, and what the template would run is named."""
    project = trusting(tmp_path, work, versions)
    before = state(project)
    said = run("update", str(project), "--to", "v1.1.0", code=4).err
    assert named.strip("_") in said
    assert "--trust" in said
    assert state(project) == before


@pytest.mark.slow
@pytest.mark.parametrize(("versions", "made"), [
    (TASKS, ("built.txt", "ledger\n")), (MIGRATIONS, ("yours.txt", "MINE\n")),
    (EXTENSIONS, ("notes.txt", "two ledger\n")),
])  # fmt: skip
def test_with_trust_its_result_arrives(
    versions: Versions, made: tuple[str, str], run: Run, work: Path, tmp_path: Path
) -> None:
    """With --trust tasks, migrations and extensions run, and what they made is staged; no worktree is left."""
    project = trusting(tmp_path, work, versions)
    said = run("update", str(project), "--to", "v1.1.0", "--trust", "--json").json
    assert said["state"] == "staged"
    assert (project / made[0]).read_text() == made[1]
    assert made[0] in git("diff", "--cached", "--name-only", at=project).split()
    assert (project / "mine.txt").read_text() == "mine\n"
    assert len(git("worktree", "list", at=project).splitlines()) == 1


@pytest.mark.slow
def test_trust_keeps_edits_and_answers(run: Run, work: Path, tmp_path: Path) -> None:
    """The user's edit survives an update with tasks, and the answers file names the template and not a copy."""
    project = trusting(tmp_path, work, TASKS)
    (project / "notes.txt").write_text("one\n\nkept\nours\n")
    saved(project)
    source = recorded_by(project, DOCS)["_src_path"]
    run("update", str(project), "--to", "v1.1.0", "--trust", "--commit")
    assert (project / "notes.txt").read_text() == "two\n\nkept\nours\n"
    recorded = recorded_by(project, DOCS)
    assert (recorded["_src_path"], recorded["_commit"], recorded["name"]) == (source, "v1.1.0", "ledger")


@pytest.mark.slow
@pytest.mark.parametrize("versions", [TASKS, MIGRATIONS], ids=["task", "migration"])
def test_a_failing_command_changes_nothing(versions: Versions, run: Run, work: Path, tmp_path: Path) -> None:
    """A task or migration that fails is named, exit 2; files, index, refs and worktrees are what they were."""
    project = trusting(tmp_path, work, versions)
    before = state(project)
    said = run("update", str(project), "--to", "v1.2.0", "--trust", code=2).err
    assert "7" in said
    assert "Traceback" not in said
    assert state(project) == before
    assert subprocess.run(["git", "fsck", "--strict"], cwd=project, check=False, capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--preview", "--branch"])
def test_trusted_without_touching(flag: str, run: Run, work: Path, tmp_path: Path) -> None:
    """What a template runs stays out of the work tree and the index where the user asked for that."""
    project = trusting(tmp_path, work, TASKS)
    before = state(project)
    run("update", str(project), "--to", "v1.1.0", "--trust", flag)
    after = state(project)
    assert (after[0], after[1], after[3:]) == (before[0], before[1], before[3:])


def test_trusted_answers_are_checked(run: Run, work: Path, tmp_path: Path) -> None:
    """A recorded answer that is no longer offered is named with --trust, too, before anything is run."""
    config = "_tasks: ['echo {{ colour }} > built.txt']\ncolour: {type: str, choices: [%s, grey], default: %s}\n"
    project = trusting(tmp_path, work, {"v1.0.0": {**ANSWERS_FILE, "copier.yml": config % ("red", "red")},
                                        "v1.1.0": {"copier.yml": config % ("blue", "blue")}})  # fmt: skip
    before = state(project)
    assert "colour" in run("update", str(project), "--trust", code=2).err
    assert state(project) == before
    run("update", str(project), "--trust", "--accept-answer-changes")
    assert (project / "built.txt").read_text() == "blue\n"


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["notes.txt", "built.txt"])
def test_trusted_loses_no_edit(gone: str, run: Run, work: Path, tmp_path: Path) -> None:
    """An edited file that the template drops, or its task no longer makes, is a conflict, exit 3, and is kept."""
    project = trusting(tmp_path, work, DROPPING[gone])
    (project / gone).write_text("ours\n")
    saved(project)
    said = run("update", str(project), "--trust", "--json", code=3).json
    assert [entry["path"] for entry in said["conflicts"]] == [gone]
    assert (project / gone).read_text() == "ours\n"


@pytest.mark.slow
def test_trusted_loses_no_edit_of_a_renamed_file(run: Run, work: Path, tmp_path: Path) -> None:
    """The user's line is in the renamed file, or the old file is kept and named as a conflict."""
    long = "".join(f"line {number}\n" for number in range(20))
    project = trusting(tmp_path, work, {
        "v1.0.0": {**TASKS["v1.0.0"], "notes.txt": long}, "v1.1.0": {"notes.txt": None, "memo.txt": f"new\n{long}"},
    })  # fmt: skip
    (project / "notes.txt").write_text(f"{long}ours\n")
    saved(project)
    assert cli.run(["update", str(project), "--trust"]) in {0, 3}
    kept = [path for path in ("notes.txt", "memo.txt") if (project / path).exists()]
    assert any("ours\n" in (project / path).read_text() for path in kept)


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["notes.txt", "built.txt"])
def test_trusted_drops_what_nobody_edited(gone: str, run: Run, work: Path, tmp_path: Path) -> None:
    """The same file without an edit goes."""
    project = trusting(tmp_path, work, DROPPING[gone])
    run("update", str(project), "--trust")
    assert not (project / gone).exists()
