"""Random edits of a script's project before its promotion: no line of the user is lost."""

import io
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.command import Ran, git
from support.script_projects import compiled, generate, save
from support.small_template import EXECUTABLE, PLAIN, SampleFile, listed, read, write

from new_ops_project import cli
from new_ops_project.base.errors import Exit
from new_ops_project.template import render

__all__ = ["compiled"]

State = dict[str, SampleFile]

# The same projects in every run; with a number in this variable, so many others.
LIVES = int(os.environ.get("LIVES", "0"))

NAME, COMMAND = "rotate_keys", "rotate-keys"
SCRIPT, TASK = f"{NAME}.py", f"src/{NAME}/task.py"
RUN, CI, README, METADATA = ".github/workflows/run.yml", ".github/workflows/ci.yml", "README.md", "pyproject.toml"
GUARD = '\n\nif __name__ == "__main__":\n'
NIGHTLY = """on: {{schedule: [{{cron: '1 1 * * *'}}]}}
jobs: {{a: {{runs-on: ubuntu-24.04, steps: [{{run: python {} {}}}]}}}}
"""
CRONS = ("17 5 * * *", "0 3 * * 1-5", "*/15 * * * *", "5 0 1 * *")
TOKEN = re.compile(rb"tok\d{5}")
OPEN = re.compile(rb"^(?:<{7,} your project|>{7,} new template)", re.MULTILINE)
SIGN = re.compile(rb"^(?:<{7,}|\|{7,}|={7,}|>{7,})(?: .*)?$")


# ---- what a user does ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """One thing that a user does: at which line (counted), to which file, with a number for what else there is."""

    kind: str
    line: int
    number: int
    path: str

    def apply(self, folder: Path, token: str) -> None:
        """Do it, with a word that nobody else has used; nothing where it makes no sense."""
        KINDS[self.kind](self, folder, token)


def lines_of(folder: Path, path: str) -> list[str] | None:
    """A text's lines with their ends; None where there is no such text any more."""
    file = folder / path
    return file.read_bytes().decode().splitlines(keepends=True) if file.is_file() else None


def put(folder: Path, path: str, lines: list[str]) -> None:
    """Write a text with the line ends that it has."""
    ending = "\r\n" if any(line.endswith("\r\n") for line in lines) else "\n"
    text = "".join(line if line.endswith("\n") else line + ending for line in lines)
    mode = read(folder)[path].mode if (folder / path).is_file() else PLAIN
    write(folder, {path: SampleFile(mode, text.replace("\r\n", "\n").replace("\n", ending).encode())})


def insert(edit: Edit, folder: Path, token: str) -> None:
    """Add a line that says nothing to a program: in code, settings and workflows a comment, with its indentation."""
    if lines := lines_of(folder, edit.path):
        at = edit.line % (len(lines) + 1)
        comment = edit.path != README and not edit.path.endswith(("LICENSE", ".txt"))
        indent = re.match(r"\s*", lines[at])[0].rstrip("\r\n") if comment and at < len(lines) else ""  # type: ignore[index]
        put(
            folder,
            edit.path,
            [*lines[:at], f"{indent}# {token} is ours" if comment else f"Ours: {token}.", *lines[at:]],
        )


def reword(edit: Edit, folder: Path, token: str) -> None:
    """Write another line in place of one of a document or a comment."""
    if lines := lines_of(folder, edit.path):
        places = [at for at, line in enumerate(lines) if line[0] == "#" or edit.path in {README, "LICENSE"}]
        if places:
            at = places[edit.line % len(places)]
            put(folder, edit.path, [*lines[:at], f"# {token}", *lines[at + 1 :]])


def cut(edit: Edit, folder: Path, token: str) -> None:
    """Delete some lines of a document."""
    if lines := lines_of(folder, README):
        at = edit.line % len(lines)
        put(folder, README, lines[:at] + lines[at + edit.number :] or ["\n"])


def mention(edit: Edit, folder: Path, token: str) -> None:
    """Say in the README how the script is run."""
    ways = (
        "    python {} {}",
        "Run `.venv/bin/python {} --state {}`.",
        "`{}` is by {}",
        "* python3 ./{} # {}",
        "[code]({}#{})",
        "uv run {} {}",
        "See `src/{}` of {}",
    )
    if (lines := lines_of(folder, README)) is not None:
        at = edit.line % (len(lines) + 1)
        put(folder, README, [*lines[:at], ways[edit.number % len(ways)].format(SCRIPT, token), *lines[at:]])


def define(edit: Edit, folder: Path, token: str) -> None:
    """Add a function or a statement to the script, before its guard or at its end."""
    ways = (
        ["def {}(value: int = 0) -> int:", '    """Ours."""', "    return value  # {}", "", ""],
        ["def {}(a, *args, **kwargs):", "    return a, args, kwargs  # {}", ""],
        ["class {}(Exception):", '    """{}"""', ""],
        ["{} = json.loads('{{}}')"],
        ["import shutil  # {}"],
        ["{} = Path(__file__).parent / 'data' / '{}.json'"],
        ["async def {}():", "    return '{}'"],
    )
    if lines := lines_of(folder, SCRIPT):
        guards = [at for at, line in enumerate(lines) if line.startswith("if __name__")]
        at = guards[0] if guards and edit.line % 3 else len(lines)
        put(
            folder,
            SCRIPT,
            [*lines[:at], *(name.replace("{}", token) for name in ways[edit.number % len(ways)]), *lines[at:]],
        )


def break_syntax(edit: Edit, folder: Path, token: str) -> None:
    """Leave the script in a state in which it does not parse."""
    if lines := lines_of(folder, SCRIPT):
        put(folder, SCRIPT, [*lines, f"def {token}(:"])


def rewrite(edit: Edit, folder: Path, token: str) -> None:
    """Write a script of one's own over the example, in one of some shapes."""
    ways = (
        f'"""{token}"""\nimport sys\n\nprint(sys.argv[1:])\n',
        f"import argparse\n\n\ndef main():  # {token}\n    argparse.ArgumentParser().parse_args()\n{GUARD}    main()\n",
        f"\ufeffprint('{token}')\n",
        f"#!/usr/bin/env python3{GUARD}    {token} = 1\n    print({token})",
        "",
        f"# -*- coding: latin-1 -*-\nprint('caf\\xe9')  # {token}\n",
    )
    if (folder / SCRIPT).is_file():
        write(folder, {SCRIPT: SampleFile((PLAIN, EXECUTABLE)[edit.line % 2], ways[edit.number % len(ways)].encode())})


def help_out(edit: Edit, folder: Path, token: str) -> None:
    """Have a module beside the script, and import it."""
    names = ("helpers", "task", "aux_tools", "settings", "main", "logs")
    name = names[edit.number % len(names)]
    if lines := lines_of(folder, SCRIPT):
        ways = (
            f"import {name}  # {token}",
            f"from {name} import VALUE as {token}",
            f"import os, {name}  # {token}",
            f"import {name} as {token}",
        )
        firsts = [at for at, line in enumerate(lines) if line.startswith("import ")]
        at = firsts[0] if firsts else len(lines)
        put(folder, SCRIPT, [*lines[:at], ways[edit.line % len(ways)], *lines[at:]])
        write(folder, {f"{name}.py": SampleFile(PLAIN, f"VALUE = '{token}'\n".encode())})


def schedule(edit: Edit, folder: Path, token: str) -> None:
    """Run it at another time."""
    _in_run(folder, lambda line: [re.sub(r'cron: ".*"', f'cron: "{CRONS[edit.number % len(CRONS)]}"', line)])


def keep_secret(edit: Edit, folder: Path, token: str) -> None:
    """Give the task another secret."""
    secret = f"          {token.upper()}: ${{{{ secrets.{token.upper()} }}}}  # {token}\n"
    _in_run(folder, lambda line: [line, secret] if line.lstrip().startswith("DRY_RUN:") else [line])


def step(edit: Edit, folder: Path, token: str) -> None:
    """Add a step before or after the task."""
    lines = [f"      - name: Ours {token}\n", f"        run: .venv/bin/python {SCRIPT} --state {token}.json\n"]
    names = ("Run the task", "Set up Python", "Install the locked dependencies")
    name = names[edit.number % len(names)]
    _in_run(folder, lambda line: [*lines, line] if line.strip() == f"- name: {name}" else [line])


def _in_run(folder: Path, change: Callable[[str], list[str]]) -> None:
    if lines := lines_of(folder, RUN):
        put(folder, RUN, [new for line in lines for new in change(line)])


def rehearse(edit: Edit, folder: Path, token: str) -> None:
    """Add a step to ci.yml."""
    if lines := lines_of(folder, CI):
        put(folder, CI, [*lines, f"      - name: Ours {token}", f"        run: python {SCRIPT} --help"])


def depend(edit: Edit, folder: Path, token: str) -> None:
    """Add a dependency: exact, bounded, with extras or a marker."""
    ways = (
        '"{}==1.2.3",',
        '"{}>=2",',
        "'{}[extra]==4.5.6',",
        "\"{}==0.1; python_version < '3.13'\",",
        '"{}",',
        '"{} == 7",',
    )
    _after(folder, "dependencies = [", "    " + ways[edit.number % len(ways)].format(token))


def ignore_rule(edit: Edit, folder: Path, token: str) -> None:
    """Give ruff another rule, or a table of one's own to the end."""
    ways = (
        ("select = [", f'    "D100",  # {token}'),
        ("line-length = 100", f'extend-exclude = ["{token}"]'),
        ("warn_unreachable = true", f"disallow_any_expr = false  # {token}"),
        ("xfail_strict = true", f'markers = ["{token}: ours"]'),
        ("", f'\n[tool.{token}]\nscript = "{SCRIPT}"\n'),
        ("", f'\n[tool.ruff.lint.per-file-ignores]\n"{SCRIPT}" = ["T201"]  # {token}\n'),
        ("", f'\n[[tool.mypy.overrides]]\nmodule = "{token}.*"\nignore_missing_imports = true\n'),
        ("[tool.ruff]", f"# {token}"),
    )
    _after(folder, *ways[edit.number % len(ways)])


def _after(folder: Path, line: str, new: str) -> None:
    lines = lines_of(folder, METADATA)
    if lines and not (
        new.startswith("\n[tool.ruff.lint.per-file-ignores]") and "per-file-ignores]\n" in "".join(lines)
    ):
        at = next((at + 1 for at, text in enumerate(lines) if text.rstrip() == line), len(lines))
        put(folder, METADATA, [*lines[:at], new, *lines[at:]])


def pin(edit: Edit, folder: Path, token: str) -> None:
    """Add a package to what is locked."""
    if (lines := lines_of(folder, "requirements.txt")) is not None:
        block = f"{token}=={edit.number}.0 \\\n    --hash=sha256:{edit.number:064}\n"
        put(folder, "requirements.txt", [*lines, block])


def have(edit: Edit, folder: Path, token: str) -> None:
    """Have a file of one's own, also where the new tier or the tool has one."""
    texts = {
        "Makefile": f"run: # {token}\n\tpython {SCRIPT} --dry-run\n",
        "Dockerfile": f'FROM python:3.12 # {token}\nCOPY . /app\nENTRYPOINT ["python", "{SCRIPT}"]\n',
        "deploy/run.sh": f"#!/bin/sh\ncd /opt && exec python3 {SCRIPT} --state {token}\n",
        f"tests/test_{NAME}.py": f"from {NAME} import main  # {token}\n\n\ndef test_main():\n    assert main\n",
        "tests/test_task.py": f"# {token}\n",
        f"src/{NAME}/__init__.py": f"# {token}\n",
        f"src/{NAME}/task.py": f"{token} = 1\n",
        f"{NAME}/notes.txt": f"{token}\n",
        "data/one.json": f'{{"{token}": "{SCRIPT}"}}\n',
        "CHANGELOG.md": f"# Ours\n\n- {token}: `{SCRIPT}` runs\n",
        "CONTRIBUTING.md": f"{token}\n",
        "task.py": f"{token} = 2\n",
        ".github/workflows/nightly.yml": NIGHTLY.format(SCRIPT, token),
        "docs/café.md": f"`python {SCRIPT}` {token}\n",
        "latin.txt": f"{token}\n",
    }
    path = list(texts)[edit.number % len(texts)]
    if not os.path.lexists(folder / path) and not any((folder / above).is_file() for above in Path(path).parents):
        write(folder, {path: SampleFile(PLAIN, texts[path].encode())})


def ignore(edit: Edit, folder: Path, token: str) -> None:
    """Keep something out of git, and have it."""
    insert(Edit("insert", edit.line, 0, ".gitignore"), folder, token)
    if lines := lines_of(folder, ".gitignore"):
        put(folder, ".gitignore", [*lines, f"{token}/"])
        write(folder, {f"{token}/kept.txt": SampleFile(PLAIN, token.encode())})


def remove(edit: Edit, folder: Path, token: str) -> None:
    """Delete a file of the template's."""
    paths = (README, "LICENSE", ".env.example", RUN, CI, "requirements.txt", ".editorconfig", ".pre-commit-config.yaml")
    (folder / paths[edit.number % len(paths)]).unlink(missing_ok=True)


def convert(edit: Edit, folder: Path, token: str) -> None:
    """Give a file the line ends of Windows."""
    if (folder / edit.path).is_file():
        kept = read(folder)[edit.path]
        write(folder, {edit.path: SampleFile(kept.mode, kept.content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))})


KINDS: dict[str, Callable[[Edit, Path, str], None]] = {
    "insert": insert,
    "reword": reword,
    "cut": cut,
    "mention": mention,
    "define": define,
    "break_syntax": break_syntax,
    "rewrite": rewrite,
    "help_out": help_out,
    "schedule": schedule,
    "keep_secret": keep_secret,
    "step": step,
    "rehearse": rehearse,
    "depend": depend,
    "ignore_rule": ignore_rule,
    "pin": pin,
    "have": have,
    "ignore": ignore,
    "remove": remove,
    "convert": convert,
}
OFTEN = ("insert", "mention", "define", "help_out", "schedule", "keep_secret", "step", "depend", "ignore_rule", "have")
PATHS = (
    SCRIPT,
    README,
    RUN,
    CI,
    METADATA,
    ".gitignore",
    "LICENSE",
    ".env.example",
    "requirements.txt",
    ".pre-commit-config.yaml",
    ".github/dependabot.yml",
    ".editorconfig",
)
EDITS = st.builds(
    Edit, st.sampled_from([*OFTEN, *OFTEN, *KINDS]), st.integers(0, 150), st.integers(0, 14), st.sampled_from(PATHS)
)


# ---- what must hold -----------------------------------------------------------------------------------------


def canonical(line: bytes) -> bytes:
    """A line as it is whether or not the promotion has followed what it names; nothing else about it may change.

    These are the documented rewrites: how the program is run, where its file is, the imports of moved modules, and
    `==` in the dependencies of a script.
    """
    python = rb"(?:[\w./~-]*/)?python3?(?:\.\d+)? "
    program = rb"(?:\./)?(?:src/" + NAME.encode() + rb"/(?:task|" + NAME.encode() + rb")\.py|" + SCRIPT.encode() + rb")"
    line = re.sub(rb'"python", "' + SCRIPT.encode() + rb'"', b"PROGRAM", line)
    line = re.sub(rb'"python", "-m", "' + NAME.encode() + rb'"', b"PROGRAM", line)
    line = re.sub(rb'"' + COMMAND.encode() + rb'"', b"PROGRAM", line)
    line = re.sub(
        python + rb"-m " + NAME.encode() + rb"\b|(?:[\w./~-]*/)?\b" + COMMAND.encode() + rb"\b", b"PROGRAM", line
    )
    line = re.sub(rb"(?:" + python + rb")?" + program, b"PROGRAM", line)
    if re.match(rb"\s*(from|import) ", line):
        follows = {b"from", b"import", b"os", b"task", NAME.encode()}
        line = b" ".join(word for word in re.findall(rb"[\w#]+", line) if word not in follows)
    return re.sub(rb" ?={2} ?(?=\d)", b">=", line).strip()


def written_lines(state: State) -> set[bytes]:
    """Every line with a word of the user's."""
    return {canonical(line) for kept in state.values() for line in kept.content.splitlines() if TOKEN.search(line)}


def parted(folder: Path) -> tuple[State, State]:
    """The files that git tracks or would track, and those that it ignores."""
    files = read(folder)
    ignored = listed(folder, "ls-files", "--others", "--ignored", "--exclude-standard")
    return files, {path: files.pop(path) for path in ignored}


def bits(folder: Path) -> tuple[State, bytes, bytes]:
    """Every file, ignored ones too, the index byte by byte, and the branch."""
    branch = folder / ".git" / "refs" / "heads" / "trunk"
    return read(folder), (folder / ".git" / "index").read_bytes(), branch.read_bytes()


def unmerged(folder: Path) -> set[str]:
    """The paths that git's index has in conflict."""
    return {line.partition("\t")[2] for line in listed(folder, "ls-files", "--unmerged")}


def command(*args: str) -> Ran:
    """The command in this process, whatever its exit code."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = cli.run(list(args))
    return Ran(code, out.getvalue(), err.getvalue())


def parses(kept: SampleFile) -> bool:
    """Whether it is TOML."""
    try:
        return bool(tomllib.loads(kept.content.decode()))
    except ValueError:
        return False


def loaded(kept: SampleFile | None) -> Any:
    """A workflow, parsed; None where there is none."""
    return yaml.safe_load(kept.content) if kept else None


def secrets(workflow: Any) -> dict[str, str]:
    """Every variable of its steps; DRY_RUN is the template's, for programs that know `--dry-run`."""
    steps = workflow["jobs"]["run"]["steps"]
    values = {name: str(value) for step in steps for name, value in step.get("env", {}).items()}
    return {name: value for name, value in values.items() if name != "DRY_RUN"}


@dataclass
class World:
    """What all examples share: one generated project."""

    project: Path
    folder: Path
    count: int = 0

    def copy(self) -> Path:
        """The project in a folder of its own."""
        self.count += 1
        return Path(shutil.copytree(self.project, self.folder / str(self.count) / COMMAND, symlinks=True))


@pytest.fixture(scope="session")
def rendered() -> dict[str, Any]:
    """Every tree that was rendered so far, by what it was rendered from."""
    return {}


@pytest.fixture
def world(shared: Path, tmp_path: Path, rendered: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> World:
    """See World; what was rendered with some answers is not rendered again, which takes most of the time."""
    real = render.tree

    def tree(checkout: Any, answers: Mapping[str, Any], folder: Path, **options: Any) -> Any:
        key = repr((checkout, sorted(answers.items()), folder.name, options))
        rendered[key] = rendered.get(key) or real(checkout, answers, folder, **options)
        return rendered[key]

    monkeypatch.setattr(render, "tree", tree)
    project = shared / "property" / COMMAND
    return World(project if project.exists() else generate(NAME, project, container=True), tmp_path)


def promote(here: Path, *tier: str) -> Ran:
    """Promote it, and compare what there is with what there was."""
    ours, ignored, before = *parted(here), bits(here)
    ran = command("promote", *tier, str(here), "--json")
    if "exists already" in ran.err:  # a file of the user's is in the way
        assert (ran.code, bits(here)) == (Exit.FAILED, before)
        return ran
    assert ran.code in {Exit.DONE, Exit.CONFLICTS}, ran.err
    check(here, ran, ours, ignored)
    return ran


def promote_twice(here: Path, *tier: str) -> Ran:
    """Promote it, take it back to the bit, and promote it again: the same."""
    before = bits(here)
    first, merged = promote(here, *tier), read(here)
    if first.code == Exit.FAILED:
        return first
    assert command("promote", str(here), "--abort").code == Exit.DONE
    assert bits(here) == before
    ran = command("promote", *tier, str(here), "--json")
    assert (ran.code, ran.json, read(here)) == (first.code, first.json, merged)
    return ran


def check(here: Path, ran: Ran, ours: State, ignored: State) -> None:
    """Nothing of the user's is lost, conflicts are what they say they are, and what was merged can be read."""
    merged, still_ignored = parted(here)
    assert still_ignored == ignored
    lost = written_lines(ours) - written_lines(merged)
    assert not lost, ran
    conflicts = {conflict["path"] for conflict in ran.json["conflicts"]}
    assert (ran.code == Exit.CONFLICTS) == bool(conflicts)
    assert unmerged(here) == conflicts
    assert {path for path, kept in merged.items() if OPEN.search(kept.content)} <= conflicts
    assert all(
        SIGN.search(line) is None for path in merged.keys() - conflicts for line in merged[path].content.splitlines()
    )
    assert METADATA in conflicts or parses(merged[METADATA]) or not parses(ours[METADATA])
    assert SCRIPT not in merged or SCRIPT in conflicts
    if (RUN in ours) and RUN not in conflicts:
        before, after = loaded(ours[RUN]), loaded(merged[RUN])
        assert after[True]["schedule"] == before[True]["schedule"]
        assert secrets(before).items() <= secrets(after).items()
        assert SCRIPT not in merged[RUN].content.decode()


def concluded(here: Path, ran: Ran) -> None:
    """Resolve conflicts by keeping every line, then commit."""
    for path in unmerged(here):
        file = here / path
        if file.is_file():
            kept = [line for line in file.read_bytes().splitlines(keepends=True) if not SIGN.match(line.rstrip())]
            file.write_bytes(b"".join(kept) if file.suffix not in {".toml", ".yml", ".yaml"} else _words(kept))
    if ran.code == Exit.CONFLICTS:
        git("add", "--all", at=here)
        done = command("promote", str(here), "--continue", "--json")
        assert done.code == Exit.DONE, done.err
    save(here, "Promote")


def _words(lines: list[bytes]) -> bytes:
    return b"".join(b"# " + line.strip() + b"\n" for line in lines)


BUDGET = settings(
    max_examples=LIVES or 4,
    derandomize=not LIVES,
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@pytest.mark.slow
def test_nothing_that_somebody_wrote_is_lost(world: World) -> None:
    """After any edits: every line is there, abort restores every bit, and the second promotion keeps all that too."""

    @BUDGET
    @given(st.lists(EDITS, min_size=1, max_size=12), st.sampled_from([("library",), ("cli",), ("library", "cli")]))
    def life(edits: list[Edit], tiers: tuple[str, ...]) -> None:
        here = world.copy()
        for number, edit in enumerate(edits):
            edit.apply(here, f"tok{number:05}")
        save(here, "Edit")
        for tier in tiers:
            ran = promote_twice(here, tier)
            if ran.code == Exit.FAILED or (ran.code == Exit.CONFLICTS and METADATA in unmerged(here)):
                break
            concluded(here, ran)
            assert command("promote", tier, str(here)).code == Exit.FAILED
            assert command("update", str(here), "--json").json["state"] == "current"
        shutil.rmtree(here.parent)

    life()


ALONE = ("rewrite", "break_syntax", "remove", "cut")  # their shapes exclude each other


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ALONE])
def test_every_shape_of_an_edit(world: World, kind: str) -> None:
    """The same for each kind of edit, in all its shapes at once."""
    here = world.copy()
    for number in range(15):
        Edit(kind, 7 * number + 3, number, PATHS[number % len(PATHS)]).apply(here, f"tok{number:05}")
    save(here, "Edit")
    promote(here, ("library", "cli")[len(kind) % 2])


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("kind", ALONE[::2])
def test_one_edit(world: World, kind: str, number: int) -> None:
    """The same for edits that exclude each other."""
    here = world.copy()
    Edit(kind, number + 1, number, SCRIPT).apply(here, "tok00001")
    save(here, "Edit")
    promote(here, ("library", "cli")[number % 2])
