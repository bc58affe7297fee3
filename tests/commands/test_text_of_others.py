"""What a template, a repository or a server says reaches no terminal and no log raw, whichever verb shows it."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import cast

import click
import pexpect
import pytest
from rich.table import Table
from rich.text import Text
from rich.tree import Tree
from support import fleets, small, upstreams
from support.command import Run, git
from support.fleet_bundles import Fleet
from support.fleet_programs import Programs
from support.hostile import ALL, IN_REF, bad, lay, leaks, path, quoted
from support.servers import git_http, served
from support.small import Small
from support.small_clones import repository
from support.terminal import DOWN, ENTER, Terminal

from new_ops_project import cli
from new_ops_project.base import config, streams
from new_ops_project.base.errors import Exit
from new_ops_project.base.text import escape_invisible
from new_ops_project.commands import check
from new_ops_project.commands.shared.drawing import draw
from new_ops_project.commands.shared.progress_bar import progress_bar
from new_ops_project.fleet.publish import forge


def _validator(name: str) -> str:
    return quoted("{% if colour == 'wrong' %}" + bad(name) + "{% endif %}")


MESSAGES = "".join(
    f"_message_{when}_{verb}: {quoted(bad(f'{when}-{verb}'))}\n"
    for when in ("before", "after")
    for verb in ("copy", "update")
)
QUESTIONS = f"""{MESSAGES}
colour:
  type: str
  help: {quoted(bad("help"))}
  default: blue
  validator: {_validator("validator")}
shade:
  type: str
  help: Shade
  choices:
    {quoted(bad("choice"))}: dark
    Light: light
  default: dark
place:
  type: str
  default: {quoted(bad("default"))}
"""
OURS = f"""
project_name:
  type: str
  help: {quoted(bad("which"))}
  validator: {quoted("{% if project_name == 'wrong' %}" + bad("refused") + "{% endif %}")}
python_version:
  type: str
  help: {quoted(bad("minor"))}
  default: "3.13"
  choices: ["3.13", "3.14"]
tier:
  type: str
  help: {quoted(bad("kind"))}
  default: script
  choices:
    {quoted(bad("choice"))}: script
    {quoted(bad("other"))}: library
distribution_name:
  type: str
  default: "{{{{ project_name }}}}"
  when: false
import_name: {{type: str, default: x, when: false}}
files: {{type: yaml, default: [], when: false}}
"""
NEWS = f"# Changelog\n\n## 1.1.0\n\n- {bad('news')}\n\n## 1.0.0\n\n- First.\n"
TASK = quoted(f"echo '{bad('task')}'; exit 3")
FAILING = f"colour: blue\n_tasks: [{TASK}]\n"
WORKFLOW = f"""name: x
on: push
jobs:
  {quoted(bad("job"))}:
    runs-on: ubuntu-18.04
    steps: [uses: {quoted(bad("action"))}]
"""
PYPROJECT = f"""[project]
name = "audit"
version = "1.0"
description = {quoted(bad("description"))}
requires-python = {quoted(bad("requires"))}
dependencies = [{quoted(bad("dependency"))}]

[tool.new-ops-project]
check = {quoted(bad("check"))}
ignore = [{quoted(bad("ignored"))}]
"""


class World:
    """What the command lines of the table name: each is made when it is asked for."""

    def __init__(self, root: Path, work: Path, server: str, run: Callable[[list[str]], object]) -> None:
        self.root, self.work, self.server, self.run = root, work, server, run

    @cached_property
    def small(self) -> Small:
        """A template that says all it can, and a project of its first version with files of its own."""
        old = {"task.py": small.LINES, ".gitignore": "*.log\n", "CHANGELOG.md": "", bad("ours"): "One.\n"}
        new = {"task.py": small.NEWER, "CHANGELOG.md": NEWS, bad("ours"): bad("text"), bad("added"): bad("more")}
        mine = {"task.py": small.MINE, path("mine"): "Mine.\n"}
        answers = {"colour": "blue", "shade": "dark", "place": "here"}
        questions = (QUESTIONS, None)
        made = small.make(
            self.root / bad("root"), old, new, mine, questions=questions, answers=answers, name=bad("project")
        )
        made.git("checkout", "--quiet", "-b", f"branch{IN_REF}")
        return made

    @property
    def template(self) -> str:
        """The template that says all it can."""
        return str(self.small.template)

    @property
    def project(self) -> str:
        """The project of its first version."""
        return str(self.small.project)

    @cached_property
    def clash(self) -> str:
        """The project with a change that contradicts the template's."""
        self.small.commit({bad("ours"): "Two.\n"})
        return self.project

    @cached_property
    def failing(self) -> str:
        """A project whose template has a task that fails and says why."""
        old = {"task.py": small.LINES}
        return str(small.make(self.root / "failing", old, {"a": "b"}, questions=("colour: blue\n", FAILING)).project)

    @cached_property
    def foreign(self) -> str:
        """A repository that nobody generated, with everything in it that a rule or a step reads."""
        folder = self.root / bad("foreign")
        files = {
            ".python-version": f"{bad('version')}\n".replace("\r", ""),
            "pyproject.toml": PYPROJECT,
            "requirements.txt": f"{bad('requirement')}==1\nrequests\n",
            path("script") + ".py": "import os\nprint(1)\nos.system('rm -rf ' + x)\n",
            f".github/workflows/{path('workflow')}.yml": WORKFLOW,
            "Dockerfile": f"FROM python:{bad('image')}\n",
        }
        repository(folder, {"README.md": "# Audit\n"})
        lay(folder, files)
        git("remote", "add", "origin", f"https://127.0.0.1:1/{bad('remote')}".replace("\n", ""), at=folder)
        git("checkout", "--quiet", "-b", f"branch{IN_REF}", at=folder)
        git("add", "--all", at=folder)
        git("commit", "--quiet", f"--author={bad('author')} <a@x.test>", "--message", bad("subject"), at=folder)
        return str(folder)

    @cached_property
    def script(self) -> str:
        """A project of our own template, with files of its own that refer to what will move."""
        folder = self.root / bad("script")
        self.run(["new", "audit", "--defaults", "--path", str(folder)])
        lay(folder, {path("extra"): "audit.py\n", f"{path('extra')}.py": "import audit\n"})
        git("add", "--all", at=folder)
        git("commit", "--quiet", "--message=mine", at=folder)
        return str(folder)

    @cached_property
    def clones(self) -> str:
        """Clones of several states: behind, in conflict, damaged, unfinished."""
        template, folder = fleets.template(self.root / bad("source")), self.root / bad("clones")
        behind = fleets.clone(folder / path("behind"), template)
        fleets.clone(folder / path("clash"), template, {"task.py": small.CLASH, bad("note"): "x"})
        fleets.clone(
            folder / bad("broken"), template, {small.ANSWERS: f"_commit: v1\n_src_path: {quoted(bad('gone'))}\n"}
        )
        fleets.clone(folder / bad("syntax"), template, {small.ANSWERS: f"_commit: [{quoted(bad('open'))}\n"})
        git("checkout", "--quiet", "-b", f"branch{IN_REF}", at=behind)
        git("remote", "add", "origin", f"{self.server}/page/{bad('remote')}".replace("\r", ""), at=behind)
        return str(folder)

    @cached_property
    def listed(self) -> str:
        """A list of repositories whose server answers with words of its own."""
        file = self.work / "list.txt"
        file.write_text(f"{self.server}/page/one.git\n{self.server}/error/two.git\n")
        return str(file)

    @cached_property
    def out(self) -> str:
        """The results of a fleet's update."""
        self.run(["fleet", "update", self.clones, "--out", "results", "--jobs", "1"])
        return "results"

    @cached_property
    def refusing(self) -> str:
        """Results whose remote declines a push in its own words."""
        fleet = Fleet(self.work)
        fleet.add("acme/one", owner=bad("owner"), group=bad("group"))
        hook = fleet.bare("acme/one") / "hooks" / "pre-receive"
        _declining(hook)
        return str(fleet.out)

    @cached_property
    def declining(self) -> str:
        """A repository that declines every push in its own words."""
        folder = self.work / bad("declined")
        git("init", "--quiet", "--bare", str(folder), at=self.work)
        _declining(folder / "hooks" / "pre-receive")
        return str(folder)

    @cached_property
    def fleet(self) -> str:
        """A central repository with a fleet.toml."""
        lay(self.work / "central", {"fleet.toml": f"[[repository]]\nurl = {quoted(bad('listed'))}\n"})
        return str(self.work / "central")

    @cached_property
    def pinned(self) -> str:
        """A template whose pins are asked for at the server."""
        made = upstreams.template(self.work / "pinned", self.root / "upstream")
        made.write(made.text.replace("ops/checkout", f'"page/{quoted(bad("pin"))[1:]}'))
        return str(made.folder)

    @cached_property
    def settings(self) -> str:
        """Where a configuration with words of others is read: the end of the options."""
        file = config.user_file()
        lay(file.parent, {file.name: f"template = {quoted(bad('set'))}\n{quoted(bad('key'))} = 1\n"})
        return "--"

    @property
    def page(self) -> str:
        """An address whose answer is a page with words."""
        return f"{self.server}/page/x.git"

    @property
    def error(self) -> str:
        """An address whose answer is an error in git's protocol."""
        return f"{self.server}/error/x.git"


def _declining(hook: Path) -> None:
    lay(hook.parent, {hook.name: f"#!/bin/sh\ncat <<'END'\n{bad('hook')}\nEND\nexit 1\n"})
    hook.chmod(0o755)


class Talkative(BaseHTTPRequestHandler):
    """A server that says more than it should: in the reason, in a page, in an error of git's protocol."""

    def do_GET(self) -> None:
        """Answer as the path says."""
        if self.path.startswith("/error"):
            text = b"ERR " + bad("protocol").encode()
            packets = b"%04x%s" % (len(text) + 4, text)
            self._answer(200, "OK", "application/x-git-upload-pack-advertisement", packets)
        else:
            reason = bad("reason").encode().decode("latin-1").replace("\r", "")
            self._answer(403, reason, "text/plain", bad("page").encode())

    def _answer(self, code: int, reason: str, kind: str, content: bytes) -> None:
        self.send_response(code, reason)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server
        """Say nothing."""


@dataclass(frozen=True)
class Row:
    """A verb, its other arguments (`@` before the name of something of the world), and which names it has to show."""

    verb: str
    line: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()

    def arguments(self, world: World) -> list[str]:
        """The command line."""
        return [*self.verb.split(), *(getattr(world, word[1:]) if word[0] == "@" else word for word in self.line)]


NEW = ("audit", "--template", "@template", "--defaults")
SEEN = ("workflow", "job", "action")
TABLE = [
    Row("new", NEW, ("before-copy", "after-copy")),
    Row("new", (*NEW, "--preview"), ("ours", "added")),
    Row("new", (*NEW, "--json"), ("after-copy", "added")),
    Row("new", (*NEW, "--set", "colour=wrong"), ("validator",)),
    Row("new", (*NEW, "--set", "shade=no")),
    Row("new", (*NEW, "--ref", bad("ref")), ("ref",)),
    Row("update", ("@project", "--to", bad("to")), ("to",)),
    Row("onboard", (bad("nowhere"),), ("nowhere",)),
    Row("doctor", ("@project",), ("root",)),
    Row("fleet status", (bad("sources"),), ("sources",)),
    Row("new", (bad("name"), "--defaults"), ("name",)),
    Row("new", ("audit", "--defaults", "--template", "@page"), ("page",)),
    Row("new", ("audit", "--defaults", "--template", "@error"), ("protocol",)),
    Row("update", ("@project",), ("before-update", "after-update", "news", "ours", "added")),
    Row("update", ("@project", "--preview"), ("before-update", "text", "more")),
    Row("update", ("@project", "--json"), ("added",)),
    Row("update", ("@project", "--check"), ("project",)),
    Row("update", ("@project", "--branch", f"b{IN_REF}"), ("ours",)),
    Row("update", ("@project", "--set", "colour=wrong"), ("validator",)),
    Row("update", ("@project", "--template", "@page"), ("page",)),
    Row("update", ("@clash",), ("ours",)),
    Row("update", ("@failing", "--trust"), ("task",)),
    Row("promote", ("library", "@script"), ("script",)),
    Row("promote", ("library", "@script", "--json")),
    Row("promote", ("library", "@foreign"), ("foreign",)),
    Row("adopt", ("@foreign",), ("script",)),
    Row("adopt", ("@foreign", "--name", "audit", "--python", "3.13", "--preview")),
    Row("adopt", ("@foreign", "--json")),
    Row("check", ("@foreign",), ("workflow",)),
    *(Row("check", ("@foreign", "--format", shape), SEEN) for shape in check.FORMATS if shape != "text"),
    Row("check", ("@project", "--drift"), ("project", "ours")),
    Row("check", ("@foreign", "--json"), SEEN),
    Row("check", ("@foreign", "--fix", "--preview")),
    Row("check", ("@project", "--select", "template")),
    Row("check", ("--explain", bad("code")), ("code",)),
    Row("onboard", ("@foreign", "--installer", "pip"), ("version",)),
    Row("onboard", ("@foreign", "--installer", "pip", "--json"), ("version",)),
    Row("onboard", ("@page",), ("page",)),
    Row("onboard", ("@error",), ("protocol",)),
    Row("doctor", ("@foreign",), ("version",)),
    Row("doctor", ("@foreign", "--json"), ("version",)),
    Row("fleet init", ("--engine", "renovate", "--path", "@fleet", "--preview")),
    Row("fleet init", ("--engine", "github-actions", "--path", "@fleet", "--json")),
    Row("fleet plan", ("@clones", "--out", bad("plan")), ("broken", "syntax", "plan")),
    Row("fleet plan", ("@clones", "--json")),
    Row("fleet update", ("@clones", "--out", bad("out"), "--jobs", "1"), ("clash", "broken", "out")),
    Row("fleet update", ("@clones", "--json", "--jobs", "1"), ("clash", "broken")),
    Row("fleet status", ("@clones",), ("behind", "broken")),
    Row("fleet status", ("@clones", "--json"), ("behind", "broken")),
    Row("fleet status", ("@listed",), ("page", "protocol")),
    Row("fleet report", ("@out",), ("clash", "broken")),
    Row("fleet report", ("@out", "--json"), ("clash", "broken")),
    *(Row("fleet report", ("@out", f"--{shape}", "-"), ("clash", "broken")) for shape in ("html", "markdown", "csv")),
    Row("fleet retry", ("@out",), ("broken",)),
    Row("fleet retry", ("@out", "--json"), ("broken",)),
    Row("fleet publish", ("--in", "@out", "--force", "--mode", "branch"), ("remote",)),
    Row("fleet publish", ("--in", "@out", "--force", "--mode", "branch", "--json"), ("remote",)),
    Row("fleet publish", ("--in", "@refusing", "--mode", "push"), ("hook",)),
    Row("template show", ("--template", "@template")),
    Row("template show", ("--template", "@error"), ("protocol",)),
    Row("template show", ("--template", "@template", "--json"), ("root",)),
    Row("template list", ("--template", "@page"), ("page",)),
    Row("template list", ("--template", "@template", "--json"), ("root",)),
    Row("template publish", ("@declining",), ("declined",)),
    Row("template publish", ("@page", "--json"), ("page",)),
    Row("template pins", ("@pinned", "--only", "actions", "--actions-url", "@server"), ("pin",)),
    Row("template pins", ("@pinned", "--only", "actions", "--actions-url", "@server", "--json"), ("pin",)),
    Row("config show", ("@settings",), ("set", "key")),
    Row("config show", ("--json", "@settings"), ("set", "key")),
    Row("config set", ("author_name", bad("author")), ("author",)),
    Row("config set", (bad("unknown"), "x", "--json"), ("unknown",)),
    Row("config unset", (bad("unset"),), ("unset",)),
    Row("config unset", ("--json", "@settings", bad("key")), ("key",)),
    Row("completion", (bad("shell"),), ("shell",)),
]


@pytest.fixture
def world(tmp_path: Path, work: Path) -> Iterator[World]:
    """See World."""
    with served(Talkative) as server:
        yield World(tmp_path, work, server, cli.run)


def name_of(row: Row) -> str:
    """The command line, as the name of a test."""
    return escape_invisible(" ".join((row.verb, *row.line)).replace(ALL, "~").replace(IN_REF, "~"))


@pytest.mark.parametrize("row", TABLE, ids=name_of)
def test_on_a_pipe(world: World, capfd: pytest.CaptureFixture[str], row: Row) -> None:
    """Every name is there, and nothing that cannot be seen; a line end in a name begins no line."""
    arguments = row.arguments(world)
    capfd.readouterr()
    code = cli.run(arguments)
    output = "".join(capfd.readouterr())
    assert code < Exit.BUG, output
    assert not leaks(output), ascii(output)
    assert not [name for name in row.sees if name not in output], ascii(output)
    assert "\n::error::forged" not in output


ON_TERMINAL = [
    *(row for row in TABLE if row.verb in {"update", "check", "doctor", "fleet status", "fleet report"}),
    *(row for row in TABLE if row.verb == "new" and "--preview" in row.line),
    Row("update", ("@project", "--patch", "-"), ("text",)),
    Row("onboard", ("@foreign", "--installer", "pip"), ("version",)),
    Row("fleet update", ("@clones", "--out", "out", "--jobs", "1"), ("clash", "broken")),
    Row("fleet publish", ("--in", "@refusing", "--mode", "push"), ("hook",)),
]


@pytest.mark.parametrize("row", ON_TERMINAL, ids=name_of)
def test_on_a_terminal(world: World, terminal: Terminal, row: Row) -> None:
    """The same with colours, tables, trees and bars: all control sequences are ours."""
    child = terminal(*row.arguments(world))
    child.expect(pexpect.EOF)
    output = str(child.before)
    assert not leaks(output, on_terminal=True), ascii(output)
    assert not [name for name in row.sees if name not in output], ascii(output)


def test_a_forge(world: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What gh or glab bring back from their server."""
    programs = Programs(world.root / "forge")
    (programs.folder / "gh.login").touch()
    monkeypatch.setenv("PATH", programs.path)
    programs.script({"status": 422, "body": {"message": bad("answer")}})
    forge.kind_of.cache_clear()
    with git_http(world.work / "served") as url:
        fleet = Fleet(world.work, url)
        fleet.add("acme/one")
        assert cli.run(["fleet", "publish", "--in", str(fleet.out), "--mode", "pr"]) < Exit.BUG
    output = "".join(capfd.readouterr())
    assert "answer" in output
    assert not leaks(output), ascii(output)


def test_logs(world: World) -> None:
    """Those of a fleet, which people read with `cat`."""
    texts = [log.read_text("utf-8") for log in (world.work / world.out).rglob("*.log")]
    assert any("clash" in text for text in texts)
    assert not [text for text in texts if leaks(text)]


# What writes to a stream, a terminal or rich, and the only files that may.
WRITERS = re.compile(
    r"click\.(s?echo|style|prompt|confirm)\b(?!.* takes)|\b(Console|Drawn)\(|^ *print\("
    r"|sys\.std(out|err)\.(write|buffer)",
    re.MULTILINE,
)
DOORS = {
    "base/styled.py": "colours",
    "base/text.py": "the door itself",
    "checks/output/github.py": "commands of its own for a runner",
    "commands/shared/drawing.py": "what rich draws",
    "commands/shared/outcome_words.py": "a patch, as bytes",
    "commands/shared/voice.py": "all messages",
}


def test_nobody_goes_round_the_door() -> None:
    """A new message is a call of the voice."""
    source = Path(cli.__file__).parent
    modules = {file.relative_to(source).as_posix(): file.read_text("utf-8") for file in source.rglob("*.py")}
    assert {name for name, text in modules.items() if WRITERS.search(text)} == {*DOORS}


def verbs(group: click.Group, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Each verb below a group, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        verb = group.get_command(context, name)
        assert verb
        if isinstance(verb, click.Group):
            yield from verbs(verb, *path, name)
        else:
            yield " ".join((*path, name)), verb


@pytest.mark.parametrize(("name", "verb"), [*verbs(cast("click.Group", cli.cli))])
def test_every_verb_is_in_the_table(name: str, verb: click.Command) -> None:
    """A new verb needs a row, and one with --json if it has that."""
    lines = [row.line for row in TABLE if row.verb == name]
    assert lines
    assert not [option for option in verb.params if option.name == "as_json"] or [
        line for line in lines if "--json" in line
    ]


def test_what_rich_draws(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither a table nor a tree nor a bar needs texts that are visible already."""
    with streams.guarded():
        table = Table(bad("head"))
        table.add_row(bad("cell"))
        draw(table, Tree(Text(bad("tree"), "bold")), bad("text"))
        draw(bad("error"), to_stderr=True)
        with progress_bar(sys.stderr) as show:
            show(bad("step"), 1, 2)
    out, err = capfd.readouterr()
    assert not leaks(out + err), ascii(out + err)
    assert [name for name in ("head", "cell", "tree", "text", "error", "step") if name not in out + err] == []


def asked(child: "pexpect.spawn[str]", *steps: tuple[str, str]) -> str:
    """All that the prompts of a command drew: each step waits for a text and then sends keys."""
    drawn = ""
    for text, keys in steps:
        child.expect_exact(text)
        drawn += f"{child.before}{child.after}"
        child.send(keys)
    child.expect(pexpect.EOF)
    return drawn + str(child.before)


def test_prompts_of_copier(world: World, terminal: Terminal) -> None:
    """The questions of a template that only copier can ask, with their choices, defaults and validators."""
    child = terminal("new", "audit", "--template", world.template)
    drawn = asked(
        child,
        ("help", "\x08" * 4 + f"wrong{ENTER}"),
        ("validator", "\x08" * 5 + f"red{ENTER}"),
        ("choice", ENTER),
        ("default", ENTER),
    )
    assert not leaks(drawn, on_terminal=True), ascii(drawn)
    assert "after-copy" in drawn


def test_our_prompts(world: World, terminal: Terminal) -> None:
    """The same for a template with our questions."""
    template = small.make_template(world.root / bad("own"), {"v1.0.0": {"copier.yml": OURS, "a": "b"}})
    child = terminal("new", "--template", str(template))
    steps = (
        ("which", f"wrong{ENTER}"),
        ("refused", "\x08" * 5 + f"audit{ENTER}"),
        ("minor", ENTER),
        ("kind", f"{DOWN}{ENTER}"),
    )
    drawn = asked(child, *steps, ("Create", "n"))
    assert "choice" in drawn
    assert not leaks(drawn, on_terminal=True), ascii(drawn)


def test_json_says_all(world: World, run: Run) -> None:
    """What programs read is lossless: its escapes stand for the characters themselves."""
    files = run("new", *(word.replace("@template", world.template) for word in NEW), "--preview", "--json").json[
        "files"
    ]
    texts = {file["path"]: file["text"] for file in files}
    assert texts[bad("ours").replace("\r", "\n")] == bad("text")  # Jinja renders names, with its own line ends
    paths = [finding["path"] for finding in run("check", world.foreign, "--json", code=1).json["findings"]]
    assert any(bad("workflow") in path for path in paths)


def test_a_patch_is_exact(world: World, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """In a file or on a pipe it is git's own, byte for byte, so that git can apply it."""
    assert cli.run(["update", world.project, "--patch", "a.patch"]) == Exit.DONE
    capfdbinary.readouterr()
    assert cli.run(["update", world.project, "--patch", "-"]) == Exit.DONE
    printed = capfdbinary.readouterr().out
    assert printed == (world.work / "a.patch").read_bytes()
    assert bad("text").encode() in printed
    git("apply", "--index", str(world.work / "a.patch"), at=world.small.project)
    assert (world.small.project / bad("ours")).read_bytes() == bad("text").encode()


def test_a_runner_takes_no_commands(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a runner of GitHub, nothing but `check --format github` prints commands, and only its own."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    folder = repository(
        world.work / "::stop-commands::x", {"requirements.txt": "::error::forged==1\n", ".python-version": "3.9\n"}
    )
    for options in ([], ["--format", "markdown"], ["--json"]):
        lines = run("check", folder.name, *options, code=1).out.splitlines()
        assert not [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
    lines = run("check", folder.name, "--format", "github", code=1).out.splitlines()
    assert {line.split(" file=")[0] for line in lines} <= {"::error", "::warning", "::notice"}
