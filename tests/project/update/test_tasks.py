"""What an update runs of a template, and how often: tasks once in each render, migrations once."""

import json
import os
import stat
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from plumbum import local
from support.command import Run, git
from support.foreign_templates import ANSWERS_FILE, NAME, Versions, committed, plain, saved, state, written

from new_ops_project import git as git_runner

# Logs the operation, the stage and its arguments. `write FILE TEXT` also writes, `fail` fails.
STUB = """#!/bin/sh
echo "$COPIER_OPERATION $STAGE $*" >> "$STUB_LOG"
case "$1" in
write) printf '%s\\n' "$3" > "$2" ;;
fail) echo "out of order"; echo "no such thing" >&2; exit 7 ;;
esac
"""
LONG = "".join(f"line {number}\n" for number in range(20))


@dataclass(frozen=True)
class World:
    """Where templates and projects are; `log` is that of the program `stub`, which is on PATH."""

    work: Path
    shared: Path
    log: Path

    def calls(self) -> list[str]:
        """What was called since the last time."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def start(self, template: Versions) -> Path:
        """A committed project of v1.0.0, made by copier; the log is empty."""
        folder = written(self.shared / "tasks" / sha256(repr(template).encode()).hexdigest()[:16], template)
        with local.env(**os.environ):
            project = plain(str(folder), self.work / "project", {}, "v1.0.0", trusted=True)
        self.calls()
        return committed(project)


@pytest.fixture
def world(tmp_path: Path, work: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty log."""
    program = tmp_path / "bin" / "stub"
    program.parent.mkdir()
    program.write_text(STUB)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("STUB_LOG", str(tmp_path / "log"))
    return World(work, shared, tmp_path / "log")


def versions(old: str, new: str, **more: str | None) -> Versions:
    """Two versions of a template with these texts below the question in copier.yml; `more`: new files by name."""
    files = {name.replace("__", "."): text for name, text in more.items()}
    first = {**ANSWERS_FILE, "copier.yml": NAME + old, "notes.txt": f"old\n{LONG}"}
    return {"v1.0.0": first, "v1.1.0": {"copier.yml": NAME + new, "notes.txt": f"new\n{LONG}", **files}}


ONCE = """_tasks:
  - stub always {{ name }}
  - {command: [stub, create, "{{ _copier_operation }}"], when: "{{ _copier_operation == 'copy' }}"}
"""


def test_tasks_run_once_in_each_render_as_an_update(run: Run, world: World) -> None:
    """Each version's tasks run once, as an update; what is for new projects only does not run."""
    project = world.start(versions(ONCE, ONCE))
    run("update", str(project), "--trust")
    assert world.calls() == ["update task always ledger"] * 2


def test_tasks_see_the_record_and_the_answers_that_are_recorded(run: Run, world: World) -> None:
    """A task knows `_src_path` and `_commit` as recorded; the operation is undefined in a default, as for copier."""
    code = "_tasks: [\"stub from '{{ _src_path }}' {{ _commit }} {{ how }}\"]\n"
    asked = "how: {type: str, default: \"{{ 'before' if _copier_operation == 'update' else 'fresh' }}\"}\n"
    project = world.start(versions("", code + asked))
    record = (project / ".copier-answers.yml").read_text()
    source = next(line.split()[1] for line in record.splitlines() if line.startswith("_src_path:"))
    run("update", str(project), "--trust")
    assert world.calls() == [f"update task from {source} v1.0.0 fresh"]
    assert "how: fresh" in (project / ".copier-answers.yml").read_text()


@pytest.mark.parametrize("flag", ["--preview", "--check"])
def test_a_preview_runs_nothing(flag: str, run: Run, world: World) -> None:
    """Neither tasks nor migrations run where nothing is written, and a preview says which would."""
    code = f"{ONCE}_migrations: [stub migrate, {{command: stub first, when: '{{{{ _stage == \"before\" }}}}'}}]\n"
    project = world.start(versions(ONCE, code))
    before = state(project)
    options = ("--trust",) if flag == "--preview" else ()
    ran = run("update", str(project), flag, *options, code=0 if options else 1)
    assert (world.calls(), state(project)) == ([], before)
    named = [what for what in ("stub always", "stub migrate", "stub first") if what in ran.out + ran.err]
    assert len(named) == 3
    assert "stub create" not in ran.out + ran.err


def test_a_preview_names_migrations_that_may_change_answers(run: Run, world: World) -> None:
    """A preview that stops at an answer says which migrations it did not run; the update runs them and goes on."""
    rename = (
        """_migrations: [{command: "sed -i s/^name/title/ .copier-answers.yml", when: "{{ _stage == 'before' }}"}]\n"""
    )
    template = versions("", "")
    later = {**template["v1.1.0"], "copier.yml": f"{NAME.replace('name', 'title', 1)}{rename}"}
    project = world.start({**template, "v1.1.0": later})
    message = run("update", str(project), "--preview", "--trust", code=2).err
    assert "A preview does not run the template's migrations `sed -i s/^name/title/ .copier-answers.yml`" in message
    run("update", str(project), "--trust")
    assert "title: ledger" in (project / ".copier-answers.yml").read_text()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("_tasks: [[]]\n", "A task in copier.yml of the template has no command: []."),
        ("_migrations: [{command: []}]\n", "A migration in copier.yml of the template has no command"),
        ("_tasks: [{command: stub, working_directory: absent}]\n", "stub\n  there is no folder absent"),
        ("_migrations: [{command: grep KEY .env, version: v1.1.0}]\n", "without what git ignores"),
    ],
)
def test_commands_that_cannot_run(code: str, why: str, run: Run, world: World) -> None:
    """A command that is empty or that lacks its folder or an ignored file is a sentence, and changes nothing."""
    project = world.start(versions("", code))
    (project / ".gitignore").write_text(".env\n")
    saved(project)
    (project / ".env").write_text("KEY=1\n")
    before = state(project)
    assert why in run("update", str(project), "--trust", code=2).err
    assert state(project) == before


@pytest.mark.parametrize(("args", "waits"), [((), True), (("--branch", "x"), False), (("--patch", "x"), False)])
def test_migrations_that_wait(args: tuple[str, ...], waits: bool, run: Run, world: World) -> None:  # noqa: FBT001
    """What is said of migrations that wait for conflicts is true of the place to which the result goes."""
    project = world.start(versions("", "_migrations: [stub late]\n"))
    (project / "notes.txt").write_text("mine\n")
    saved(project)
    ran = run("update", str(project), *args, "--trust", code=3)
    assert ("--continue runs them" in ran.out + ran.err) == waits
    assert ("run them yourself" in ran.out + ran.err) == ("--patch" in args)


def test_an_answers_file_that_goes(run: Run, world: World) -> None:
    """A version that writes no answers file is the last that the project gets, and it is said so."""
    template = versions("", "")
    project = world.start({**template, "v1.1.0": {**template["v1.1.0"], **dict.fromkeys(ANSWERS_FILE)}})
    assert ".copier-answers.yml goes, since the new version writes none" in run("update", str(project)).out


@pytest.mark.parametrize("mine", ["", "mine\n"], ids=["staged", "conflict"])
@pytest.mark.parametrize("moves", [True, False], ids=["moves", "goes"])
def test_back_from_an_answers_file_that_is_elsewhere(run: Run, world: World, *, moves: bool, mine: str) -> None:
    """An update after which the project has no answers file, or another, is taken back or concluded like any other."""
    template = versions("", "_answers_file: answers.yml\n" if moves else "")
    gone = {} if moves else dict.fromkeys(ANSWERS_FILE)
    project = world.start({**template, "v1.1.0": {**template["v1.1.0"], **gone}})
    if mine:
        (project / "notes.txt").write_text(mine)
        saved(project)
    before = state(project)
    for option in ("--abort", "--continue"):
        run("update", str(project), code=3 if mine else 0)
        if option == "--continue" and mine:
            (project / "notes.txt").write_text("resolved\n")
        run("update", str(project), option)
        assert (state(project) == before) == (option == "--abort")
    assert git_runner.git("status", "--porcelain", at=project).text.count("U") == 0


def test_drift_runs_nothing(run: Run, world: World) -> None:
    """A preview of a current project lists its drift without running tasks, and says so."""
    project = world.start(versions(ONCE, ONCE))
    (project / "notes.txt").write_text("ours\n")
    saved(project)
    ran = run("update", str(project), "--to", "v1.0.0", "--preview", "--trust")
    message = ran.out + ran.err
    assert "notes.txt is edited here" in message
    assert "stub always" in message
    assert world.calls() == []


def test_new_runs_tasks_once_as_a_copy(run: Run, world: World) -> None:
    """`new` runs every task once, as a copy; `--preview` and `--skip-tasks` run none."""
    folder = written(world.shared / "tasks" / "new", versions(ONCE, ONCE))
    new = ("new", "one", "--defaults", "--template", str(folder))
    preview = run(*new, "--trust", "--preview")
    assert world.calls() == []
    assert "stub always" in preview.out + preview.err
    run(*new, "--skip-tasks")
    assert world.calls() == []
    run(*new, "--trust", "--path", "two")
    assert world.calls() == ["copy task always ledger", "copy task create copy"]


MIGRATIONS = """_migrations:
  - stub unversioned
  - version: v1.0.0
    command: stub too-old
  - version: v1.1.0
    command: [stub, versioned, "{{ _version_from }}-{{ _version_to }}-{{ _version_current }}"]
    when: "{{ _stage == 'before' }}"
  - version: v1.2.0
    command: stub too-new
  - version: v1.1.0
    before: [stub legacy-before]
    after: [[stub, legacy-after]]
"""


def test_the_migrations_that_copier_would_choose(run: Run, world: World) -> None:
    """Those without a version, and those above the old one and up to the new one, at their stages."""
    project = world.start(versions("", MIGRATIONS))
    run("update", str(project), "--trust")
    assert world.calls() == [
        "update before versioned v1.0.0-v1.1.0-v1.1.0",
        "update before legacy-before",
        "update after unversioned",
        "update after legacy-after",
    ]


@pytest.mark.parametrize("stage", ["before", "after"])
@pytest.mark.parametrize("tag", ["v1.0.0", "v1.0.1"])
def test_migrations_of_a_current_project(stage: str, tag: str, run: Run, world: World) -> None:
    """Those without a version run in every update, even of a current project, also if its commit has a newer tag."""
    code = f"_migrations: [{{command: stub write made.txt x, when: '{{{{ _stage == \"{stage}\" }}}}'}}]\n"
    project = world.start(versions(code, code))
    folder = Path(yaml.safe_load((project / ".copier-answers.yml").read_text())["_src_path"])
    again = ("--to", tag)
    git("tag", "--force", "v1.0.1", "v1.0.0", at=folder)
    assert "is current" in run("update", str(project), *again, "--check").out
    assert "stub write made.txt" in run("update", str(project), *again, "--preview", "--trust").out
    assert "--trust" in run("update", str(project), *again, code=4).err
    assert world.calls() == []
    run("update", str(project), *again, "--trust", "--commit")
    assert world.calls() == [f"update {stage} write made.txt x"]
    assert (project / "made.txt").read_text() == "x\n"
    assert "is current" in run("update", str(project), *again, "--trust").out  # it ran, and changed nothing
    assert world.calls() == [f"update {stage} write made.txt x"]


@pytest.mark.parametrize("entry", ["{version: v1.0.0, command: stub x}", "{command: stub x, when: false}"])
def test_a_current_project_without_migrations_to_run(entry: str, run: Run, world: World) -> None:
    """No migration of a version that the project already has runs again; it needs no trust, unless one may run."""
    code = f"_migrations: [{entry}]\n"
    project = world.start(versions(code, code))
    options = ("--trust",) if "when" in entry else ()
    assert "is current" in run("update", str(project), "--to", "v1.0.0", *options).out
    assert world.calls() == []


@pytest.mark.filterwarnings("ignore:This migration configuration is deprecated")
def test_copier_chooses_the_same_migrations(world: World) -> None:
    """The calls above are copier's own; it runs the tasks three times where we run them twice."""
    project = world.start(versions(ONCE, ONCE + MIGRATIONS))
    with local.env(**os.environ):
        copier.run_update(project, defaults=True, overwrite=True, quiet=True, unsafe=True)
    calls = [line for line in world.calls() if line != "update task always ledger"]
    assert calls == [
        "update before versioned v1.0.0-v1.1.0-v1.1.0",
        "update before legacy-before",
        "update after unversioned",
        "update after legacy-after",
    ]


def test_the_order(run: Run, world: World) -> None:
    """Tasks of the old version, `before` migrations, tasks of the new version, `after` migrations."""
    both = "_migrations: [{command: stub now, when: true}]\n"
    project = world.start(versions("_tasks: [stub old]\n", f"_tasks: [stub new]\n{both}"))
    run("update", str(project), "--trust", "--commit")
    assert world.calls() == ["update task old", "update before now", "update task new", "update after now"]


def test_skip_tasks_skips_tasks_only(run: Run, world: World) -> None:
    """Migrations run in spite of --skip-tasks, and need --trust."""
    code = "_tasks: [stub task]\n_migrations: [stub migrate]\n"
    project = world.start(versions(code, code))
    assert "--trust" in run("update", str(project), "--skip-tasks", code=4).err
    assert world.calls() == []
    run("update", str(project), "--skip-tasks", "--trust")
    assert world.calls() == ["update after migrate"]


def test_skip_tasks_needs_no_trust_for_tasks(run: Run, world: World) -> None:
    """With --skip-tasks, versions that have nothing but tasks need no --trust."""
    project = world.start(versions("_tasks: [stub task]\n", "_tasks: [stub task]\n"))
    run("update", str(project), "--skip-tasks")
    assert world.calls() == []
    assert (project / "notes.txt").read_text().startswith("new\n")


@pytest.mark.parametrize(("old", "new"), [("", "_migrations: [x]\n"), ("_jinja_extensions: [jinja2.ext.do]\n", "")])
def test_skip_tasks_lifts_nothing_else(old: str, new: str, run: Run, world: World) -> None:
    """A migration or an extension in either version needs --trust all the same."""
    project = world.start(versions(f"_tasks: [stub]\n{old}", new))
    assert "--trust" in run("update", str(project), "--skip-tasks", code=4).err


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("_tasks: ['stub fail {{ name }}']\n", "task"),
        ("_migrations: [stub fail ledger]\n", "migration"),
        ("_migrations: [{command: [stub, fail, ledger], when: true}]\n", "migration"),
    ],
)
def test_a_failure_is_reported_with_its_output(code: str, kind: str, run: Run, world: World) -> None:
    """A failed task is called a task, with its command and what it wrote to both streams; nothing has changed."""
    project = world.start(versions("", code))
    before = state(project)
    message = run("update", str(project), "--trust", code=2).err
    for part in (f"The {kind} of", "exit code 7", "stub fail ledger", "out of order", "no such thing"):
        assert part in message
    assert state(project) == before


def test_a_failure_with_much_output(run: Run, world: World) -> None:
    """The last twenty lines are shown, which have the reason, without the empty ones."""
    lines = "for number in $(seq 30); do echo; echo word-$number-; done; exit 1"
    project = world.start(versions("", f"_tasks: ['{lines}']\n"))
    message = run("update", str(project), "--trust", code=2).err
    assert [number for number in range(40) if f"word-{number}-" in message] == [*range(11, 31)]


@pytest.mark.parametrize("command", ["no-such-program x", "{command: [no-such-program, x]}"])
def test_a_program_that_is_missing(command: str, run: Run, world: World) -> None:
    """A task whose program does not exist is reported the same way."""
    project = world.start(versions("", f"_tasks: [{command}]\n"))
    message = run("update", str(project), "--trust", code=2).err
    assert "The task of" in message
    assert "no-such-program x" in message


@pytest.mark.parametrize("entry", ["{when: true}", "7", "{command: 7}"])
def test_a_malformed_task(entry: str, run: Run, world: World) -> None:
    """A task without a command is named."""
    project = world.start(versions("", f"_tasks: [{entry}]\n"))
    assert "has no command" in run("update", str(project), "--trust", code=2).err


def test_where_a_task_runs(run: Run, world: World) -> None:
    """In the folder that it names, with its variables, with what it renders from the template's own files."""
    code = """_tasks:
  - {command: 'stub write here.txt "$PWD"', working_directory: sub}
  - stub write variables.txt "{{ _copier_phase }} {{ _folder_name }} {{ _copier_answers.name }} $COPIER_OPERATION"
  - cp "{{ _copier_conf.src_path }}/notes.txt" copied.txt
  - touch "{{ _copier_conf.src_path }}/never"
"""
    template = versions("", code)
    template["v1.0.0"]["sub/x"] = "x\n"  # type: ignore[index]
    project = world.start(template)
    run("update", str(project), "--trust")
    assert (project / "variables.txt").read_text() == "tasks project ledger update\n"
    assert (project / "sub" / "here.txt").read_text() == f"{project / 'sub'}\n"
    assert (project / "copied.txt").read_text() == (project / "notes.txt").read_text()
    assert not (project / "never").exists()


def test_what_git_ignores_belongs_to_no_tree(run: Run, world: World) -> None:
    """A `.git` folder and ignored files that a task makes do not come to the project."""
    code = "_tasks: ['git init -q', 'mkdir -p build', 'stub write build/big x', 'stub write made.txt x']\n"
    project = world.start(versions("", code, __gitignore="/build/\n"))
    head = git("rev-parse", "HEAD", at=project)
    report = run("update", str(project), "--trust", "--json").json
    assert sorted(entry["path"] for entry in report["files"]) == [
        ".copier-answers.yml",
        ".gitignore",
        "made.txt",
        "notes.txt",
    ]
    assert not (project / "build").exists()
    assert git("rev-parse", "HEAD", at=project) == head


def test_edits_follow_renames(run: Run, world: World) -> None:
    """A template with tasks is merged as every other: an edit of a renamed file is in the new one."""
    template = versions("_tasks: [stub x]\n", "_tasks: [stub x]\n", notes__txt=None, memo__txt=f"new\n{LONG}")
    project = world.start(template)
    (project / "notes.txt").write_text(f"old\n{LONG}ours\n")
    saved(project)
    run("update", str(project), "--trust")
    assert (project / "memo.txt").read_text() == f"new\n{LONG}ours\n"
    assert not (project / "notes.txt").exists()


def test_a_merge_that_equals_the_template_is_no_conflict(run: Run, world: World) -> None:
    """Where the project has made the template's change already, and another that it makes too, nothing conflicts."""
    project = world.start(versions("_tasks: [stub x]\n", "_tasks: [stub x]\n"))
    (project / "notes.txt").write_text(f"new\n{LONG}")
    saved(project)
    run("update", str(project), "--trust")
    assert (project / "notes.txt").read_text() == f"new\n{LONG}"


FIRST = "_migrations: [{{command: {}, when: '{{{{ _stage == \"before\" }}}}'}}]\n"


@pytest.mark.parametrize(
    ("command", "path", "content"),
    [
        ("git mv mine.txt theirs.txt", "theirs.txt", "mine\n"),
        ("rm mine.txt", "mine.txt", None),
        ("stub write notes.txt changed", "made.txt", None),
        ("mkdir -p deep && mv notes.txt deep/notes.txt", "deep/notes.txt", f"new\n{LONG}ours\n"),
    ],
)
def test_a_migration_changes_ours(command: str, path: str, content: str | None, run: Run, world: World) -> None:
    """What a `before` migration makes of the last commit is merged with the new version."""
    project = world.start(versions("", FIRST.format(f"'{command}'")))
    (project / "mine.txt").write_text("mine\n")
    (project / "notes.txt").write_text(f"old\n{LONG}ours\n")
    saved(project)
    code = 3 if "changed" in command else 0
    run("update", str(project), "--trust", code=code)
    file = project / path
    assert (file.read_text() if file.exists() else None) == content
    assert ("mine.txt" in git("ls-files", at=project).split()) == ("mine.txt" not in command)


def test_a_migration_changes_the_answers(run: Run, world: World) -> None:
    """The answers for the new version are those that a `before` migration has written."""
    code = FIRST.format("sed -i s/ledger/journal/ .copier-answers.yml")
    project = world.start(versions("", code, name__txt__jinja="{{ name }}\n"))
    run("update", str(project), "--trust")
    assert (project / "name.txt").read_text() == "journal\n"
    assert "name: journal" in (project / ".copier-answers.yml").read_text()


def test_a_migration_after_the_merge(run: Run, world: World) -> None:
    """An `after` migration sees the merged files, and its result is part of the one change."""
    code = "_migrations: ['tr a-z A-Z < notes.txt > loud.txt && rm mine.txt']\n"
    project = world.start(versions("", code))
    (project / "mine.txt").write_text("mine\n")
    (project / "notes.txt").write_text(f"old\n{LONG}ours\n")
    saved(project)
    before = state(project)
    run("update", str(project), "--trust")
    assert (project / "loud.txt").read_text() == f"new\n{LONG}ours\n".upper()
    assert not (project / "mine.txt").exists()
    run("update", str(project), "--abort")
    assert state(project)[0] == before[0]


def test_a_project_in_a_subfolder(run: Run, world: World) -> None:
    """Migrations of a project in a subfolder run there, and what they change elsewhere is left out."""
    code = FIRST.format("stub write ../outside.txt x") + "_tasks: [stub write made.txt x]\n"
    template = written(world.shared / "tasks" / "subfolder", versions("", code))
    project = plain(str(template), world.work / "whole" / "part", {}, "v1.0.0", trusted=True)
    committed(world.work / "whole")
    run("update", str(project), "--trust")
    assert sorted(git("diff", "--cached", "--name-only", at=world.work / "whole").split()) == [
        "part/.copier-answers.yml",
        "part/made.txt",
        "part/notes.txt",
    ]


LOCKING = "_tasks: ['stub write tool.lock {}']\n"


def test_a_lock_in_conflict(run: Run, world: World) -> None:
    """The command of the task that writes a lock is named where the lock is in conflict."""
    project = world.start(versions(LOCKING.format("one"), LOCKING.format("two")))
    (project / "tool.lock").write_text("ours\n")
    saved(project)
    report = run("update", str(project), "--trust", "--json", code=3).json
    assert any("tool.lock" in note and "`stub write tool.lock two`" in note for note in report["notes"])


def test_a_lock_that_merges(run: Run, world: World) -> None:
    """A lock that nobody edited is as the task of the new version writes it, without a note."""
    project = world.start(versions(LOCKING.format("one"), LOCKING.format("two")))
    report = run("update", str(project), "--trust", "--json").json
    assert report["notes"] == []
    assert (project / "tool.lock").read_text() == "two\n"


# ---- with conflicts -------------------------------------------------------------------------------------------------

LAST = """_migrations:
  - command: 'test -f "{{ _copier_conf.src_path }}/copier.yml" && cd "{{ _copier_conf.dst_path }}" && test -f notes.txt'
    when: "{{ _stage == 'after' }}"
  - 'stub last && tr a-z A-Z < notes.txt > loud.txt && rm -f mine.txt'
"""


def conflicting(world: World) -> Path:
    """A project whose update has a conflict in notes.txt and an `after` migration."""
    project = world.start(versions("", LAST))
    (project / "mine.txt").write_text("mine\n")
    (project / "notes.txt").write_text(f"ours\n{LONG}")
    return saved(project)


@pytest.mark.parametrize("options", [[], ["--commit"]])
def test_migrations_wait_for_continue(options: list[str], run: Run, world: World) -> None:
    """With conflicts, `after` migrations run at --continue, on the files as they were resolved; once."""
    project = conflicting(world)
    report = run("update", str(project), "--trust", "--json", code=3).json
    assert any("stub last" in note for note in report["notes"])
    assert world.calls() == []
    assert run("update", str(project), "--continue", code=2)
    assert world.calls() == []
    (project / "notes.txt").write_text(f"both\n{LONG}")
    run("update", str(project), "--continue", *options)
    assert world.calls() == ["update after last"]
    assert (project / "loud.txt").read_text() == f"both\n{LONG}".upper()
    assert not (project / "mine.txt").exists()
    assert git("status", "--porcelain", at=project).split("\n")[0][1:2] != "M"
    staged = git(*(("show",) if options else ("diff", "--cached")), "--name-only", at=project)
    assert {"loud.txt", "mine.txt", "notes.txt"} <= set(staged.split())


def test_a_failure_at_continue(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration that fails at --continue leaves everything resolved, so that it can be repeated or aborted."""
    project = conflicting(world)
    before = state(project)
    run("update", str(project), "--trust", code=3)
    (project / "notes.txt").write_text(f"both\n{LONG}")
    with monkeypatch.context() as broken:
        broken.setenv("STUB_LOG", "/no/such/log")
        broken.setenv("PATH", os.environ["PATH"].replace(str(world.log.parent / "bin"), ""))
        assert "The migration of" in run("update", str(project), "--continue", code=2).err
    assert (project / "notes.txt").read_text() == f"both\n{LONG}"
    assert not (project / "loud.txt").exists()
    run("update", str(project), "--abort")
    assert state(project)[0] == before[0]


def test_a_stop_at_continue(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped before or among its writes, --continue is completed by the next one, which runs nothing again."""
    project = conflicting(world)
    before = state(project)
    run("update", str(project), "--trust", code=3)
    (project / "notes.txt").write_text(f"both\n{LONG}")
    real = git_runner.git
    for stop in ("--index-info", "checkout-index"):
        with monkeypatch.context() as broken:
            broken.setattr(git_runner, "git", partial(_stopping, real, stop, project))
            run("update", str(project), "--continue", code=130)
    assert world.calls() == ["update after last"]
    run("update", str(project), "--continue")
    assert world.calls() == []
    assert (project / "loud.txt").read_text() == f"both\n{LONG}".upper()
    assert git("diff", "--name-only", at=project) == ""
    git("reset", "--quiet", "--hard", at=project)
    assert state(project)[0] == before[0]


def _stopping(real: Any, stop: str, project: Path, *args: str, **more: Any) -> Any:
    if stop in args and more.get("at") == project:
        raise KeyboardInterrupt
    return real(*args, **more)


def test_migrations_may_meet_a_file_of_the_user(run: Run, world: World) -> None:
    """A file that git does not track is not replaced by what a migration writes at --continue."""
    project = conflicting(world)
    run("update", str(project), "--trust", code=3)
    (project / "notes.txt").write_text(f"both\n{LONG}")
    (project / "loud.txt").write_text("untracked\n")
    assert "loud.txt" in run("update", str(project), "--continue", code=2).err
    assert (project / "loud.txt").read_text() == "untracked\n"


@pytest.mark.parametrize("options", [[], ["--commit"]])
def test_migrations_after_a_commit_of_the_user(options: list[str], run: Run, world: World) -> None:
    """Whoever commits the resolution by hand is told that migrations are left; --continue runs them on the commit."""
    project = conflicting(world)
    run("update", str(project), "--trust", code=3)
    (project / "notes.txt").write_text(f"both\n{LONG}")
    git("commit", "--quiet", "--all", "--message=Resolved", at=project)
    for args in (["update"], ["update", "--commit"], ["promote"]):
        message = run(*args, str(project), code=2).err
        assert "was committed, but migrations of the template have not run" in message
        assert "new-ops-project update project --continue" in message
    assert world.calls() == []
    run("update", str(project), "--continue", *options)
    assert world.calls() == ["update after last"]
    assert (project / "loud.txt").read_text() == f"both\n{LONG}".upper()
    changed = git(*(("show",) if options else ("diff", "--cached")), "--name-only", "--format=", at=project)
    assert {*changed.split()} == {"loud.txt", "mine.txt"}
    assert "No update is under way" in run("update", str(project), "--continue", code=2).err


def test_migrations_are_dropped_by_abort(run: Run, world: World) -> None:
    """--abort after such a commit says how to revert it, and drops them."""
    project = conflicting(world)
    run("update", str(project), "--trust", code=3)
    (project / "notes.txt").write_text(f"both\n{LONG}")
    git("commit", "--quiet", "--all", "--message=Resolved", at=project)
    assert "git revert" in run("update", str(project), "--abort", code=2).err
    assert "No update is under way" in run("update", str(project), "--continue", code=2).err
    assert world.calls() == []


def test_the_journal_has_the_commands(run: Run, world: World) -> None:
    """What is left to run is recorded with the change, evaluated, without a path of this machine's scratch folders."""
    project = conflicting(world)
    run("update", str(project), "--trust", code=3)
    about = json.loads((project / ".git" / "new-ops-project" / "change" / "state.json").read_text())["about"]
    assert [command["kind"] for command in about["left"]["commands"]] == ["migration", "migration"]
