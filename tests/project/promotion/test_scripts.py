"""The promotion of real scripts: the program still does the same."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Run, differing, git, tree
from support.script_projects import (
    ALL,
    Arguments,
    ProgramOutput,
    Script,
    compiled,
    generate,
    run_program,
    save,
    written,
)

from new_ops_project import cli
from new_ops_project.base.errors import Exit
from new_ops_project.template import releases, render, sources

__all__ = ["compiled"]

TIERS = ("library", "cli")
# Each script in one tier by turns; with TEST_EVERY_PAIR set, in both.
PAIRS = [
    pytest.param((script, tier), id=f"{script.name}-{tier}", marks=[pytest.mark.slow] * ((row + column) % 2))
    for row, script in enumerate(ALL)
    for column, tier in enumerate(TIERS)
    if (row + column) % 2 == 0 or os.environ.get("TEST_EVERY_PAIR")
]


@dataclass(frozen=True)
class Start:
    """A project of the script tier, and what its script says for each list of arguments, here and elsewhere."""

    project: Path
    here: dict[Arguments, ProgramOutput]
    elsewhere: dict[Arguments, ProgramOutput]


@dataclass(frozen=True)
class Promoted:
    """The same project after its promotion, and what `promote` printed as JSON."""

    script: Script
    tier: str
    start: Start
    project: Path
    json: Any

    def text(self, path: str) -> str:
        """What a file holds, line ends and all."""
        return (self.project / path).read_bytes().decode()


@pytest.fixture(scope="session")
def starts() -> dict[str, Start]:
    """Every project that was generated so far, by its script."""
    return {}


@pytest.fixture
def promoted(request: pytest.FixtureRequest, starts: dict[str, Start], shared: Path, run: Run) -> Iterator[Promoted]:
    """One script in one tier: generated once, promoted in a copy."""
    script, tier = request.param
    if script.name not in starts:
        starts[script.name] = begun(script, shared / "scripts" / script.name)
    start = starts[script.name]
    project = shared / "promoted" / tier / script.name
    shutil.copytree(start.project, project, symlinks=True)
    (project / ".env").write_text("TOKEN=mine\n")
    ran = run("promote", tier, str(project), "--commit", "--json")
    yield Promoted(script, tier, start, project, ran.json)
    shutil.rmtree(project)


def begun(script: Script, folder: Path) -> Start:
    """Generate the project and run the script."""
    project = written(script, folder)
    away = folder.with_name(f"{folder.name} elsewhere")
    away.mkdir()
    here = {arguments: run_program(script, project, "script", arguments) for arguments in script.runs}
    there = {arguments: run_program(script, project, "script", arguments, at=away) for arguments in script.elsewhere}
    return Start(project, here, there)


@pytest.mark.parametrize("promoted", PAIRS, indirect=True)
def test_it_does_what_the_script_did(promoted: Promoted, tmp_path: Path) -> None:
    """Everything that is promised of a promotion, for one script in one tier."""
    assert_the_same_program(promoted, tmp_path)
    assert_every_line_is_there(promoted)
    assert_history_follows(promoted)
    assert_references_follow(promoted)
    assert_notes_say_where(promoted)
    assert_its_tests_pass(promoted)
    assert_what_was_written_is_clean(promoted)


def assert_the_same_program(promoted: Promoted, elsewhere: Path) -> None:
    """For the same arguments it prints the same, ends the same and writes the same files."""
    script, tier = promoted.script, promoted.tier
    for arguments, expected in promoted.start.here.items():
        if tier == "library" or arguments not in script.unfollowed_by_cli:
            assert run_program(script, promoted.project, tier, arguments) == expected, arguments
    for arguments, expected in promoted.start.elsewhere.items():
        assert run_program(script, promoted.project, tier, arguments, at=elsewhere) == expected, (
            f"elsewhere {arguments}"
        )


def assert_every_line_is_there(promoted: Promoted) -> None:
    """Each file of the user's is in its place, byte for byte except for the listed imports."""
    script, before = promoted.script, tree(promoted.start.project)
    mine = sorted({script.main, *script.files})
    after = tree(promoted.project)
    for path in mine:
        place = script.place(path)
        assert after.get(place, b"").decode() == script.rewritten(path, before[path]).decode(), place
        assert modes(promoted.project)[place] == modes(promoted.start.project)[path]
        assert place == path or path not in after, f"{path} is there twice"
    assert after[".env"] == b"TOKEN=mine\n"
    assert before.keys() - after.keys() <= {script.main, *script.moves}
    assert git("status", "--porcelain", at=promoted.project) == ""


def modes(project: Path) -> dict[str, str]:
    """Each tracked path's mode."""
    lines = git("ls-files", "--stage", at=project).splitlines()
    return {line.partition("\t")[2]: line[:6] for line in lines}


def assert_history_follows(promoted: Promoted) -> None:
    """`git log --follow` shows the script's own commits, and those of what moves with it."""
    subjects = [f"Promote to {promoted.tier}", "Write the script"]
    for path in [promoted.script.main, *promoted.script.moves]:
        place = promoted.script.place(path)
        log = git("log", "--follow", "--format=%s", "--", place, at=promoted.project).splitlines()
        expected = [subjects[0], "Generate"] if not promoted.script.files else subjects
        assert log[:2] == expected, place


def assert_references_follow(promoted: Promoted) -> None:
    """Workflows and README name the new program; the schedule and the secrets stay; the answers say what it is."""
    script, tier = promoted.script, promoted.tier
    knows = b"--dry-run" in (promoted.start.project / script.main).read_bytes()
    called = {"library": f"python -m {script.name}", "cli": f".venv/bin/{script.command}"}[tier]
    workflows = promoted.project / ".github" / "workflows"
    job = yaml.safe_load((workflows / "run.yml").read_bytes())
    before = yaml.safe_load((promoted.start.project / ".github" / "workflows" / "run.yml").read_bytes())
    assert job[True]["schedule"] == before[True]["schedule"]
    steps = {step["name"]: step for step in job["jobs"]["run"]["steps"]}
    assert called in steps["Run the task"]["run"]
    for step in before["jobs"]["run"]["steps"]:
        kept = {name: value for name, value in step.get("env", {}).items() if knows or name != "DRY_RUN"}
        assert not kept or steps[step["name"]]["env"] == kept
    for path in [*workflows.glob("*.yml"), promoted.project / "README.md", promoted.project / "pyproject.toml"]:
        assert not re.search(rf"(?<![\w/]){script.main}", path.read_text()), path
    answers = yaml.safe_load((promoted.project / ".copier-answers.yml").read_bytes())
    assert (answers["tier"], answers["code"], answers["dry_run"]) == (tier, "own", knows)
    assert (promoted.json["from"], promoted.json["to"]) == ("script", tier)
    assert (promoted.json["state"], promoted.json["conflicts"]) == ("committed", [])


def assert_notes_say_where(promoted: Promoted) -> None:
    """What could not be followed, and what has no types, is named with its place in the promoted project."""
    noted = "\n".join(promoted.json["notes"])
    places = [(path, int(line)) for path, line in re.findall(r"([\w./-]+\.\w+):(\d+)", noted)]
    shown = [(path, promoted.text(path).splitlines()[line - 1]) for path, line in places]
    untyped = promoted.script.untyped
    first = [(promoted.script.task, f"def {name}(") for name in untyped[:1]]
    for file, token in [*promoted.script.notes, *first]:
        assert any(path == file and token in line for path, line in shown), f"{token} of {file} in:\n{noted}"
    more = f" and {len(untyped) - 1} more" if len(untyped) > 1 else ""
    assert not untyped or f": {untyped[0]}{more} without types" in noted
    moved = {Path(path).name for path in promoted.script.moves}
    assert not [
        note for note in promoted.json["notes"] if "stays where it is" in note and any(name in note for name in moved)
    ]


def assert_its_tests_pass(promoted: Promoted) -> None:
    """The smoke tests and the user's own pass; each public function is tested and offered, each example is run."""
    smoke = promoted.text("tests/test_task.py")
    offered = promoted.text(f"src/{promoted.script.name}/__init__.py")
    for name in promoted.script.public:
        assert re.search(rf"\b{name}\b", smoke), name
        assert re.search(rf"\b{name}\b", offered), name
    assert ("doctest" in smoke) == promoted.script.doctests or not promoted.script.files
    output = own_tests(promoted.project)
    assert re.search(r"^\d+ passed", output, flags=re.MULTILINE), output
    assert "skipped" not in output


def own_tests(project: Path) -> str:
    """Run the project's own tests as its ci.yml does; return what pytest printed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    env |= {"PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_what_was_written_is_clean(promoted: Promoted) -> None:
    """Ruff, with the project's settings, finds nothing in the files that `promote` wrote."""
    package = f"src/{promoted.script.name}"
    paths = [f"{package}/__init__.py", f"{package}/__main__.py", "tests/test_task.py"]
    ruff = str(Path(sys.executable).with_name("ruff"))
    for verb in (["check"], ["format", "--check"]):
        command = [ruff, *verb, "--no-cache", *paths]
        done = subprocess.run(command, cwd=promoted.project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_scripts_are_of_every_kind() -> None:
    """At least eight, of 20 to 110 lines, each with a run that fails; one needs nothing but the standard library."""
    assert len(ALL) >= 8
    lengths = [len((script.files[script.main]).splitlines()) for script in ALL if script.files]
    assert (min(lengths), max(lengths)) == (20, 109)
    assert {script.dependencies for script in ALL} > {()}
    assert all(len(script.runs) >= 3 for script in ALL)


@pytest.mark.parametrize("tier", TIERS)
def test_without_edits_it_is_a_fresh_project_around_the_code(tier: str, work: Path, run: Run) -> None:
    """Every file except code and tests is the same as in a new project of that tier with code of its own."""
    project = generate("rotate_keys", work / "rotate-keys", container=True, cloud="aws-oidc")
    run("promote", tier, str(project), "--commit")
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_bytes())
    answers = {name: value for name, value in recorded.items() if not name.startswith("_")}
    render.render(releases.checkout(sources.find()), answers, work / "fresh")
    different = differing(tree(work / "fresh"), tree(project)).keys()
    assert {path for path in different if not path.startswith(("src/", "tests/"))} == set()


def test_a_script_becomes_a_library_then_a_command(starts: dict[str, Start], work: Path, run: Run) -> None:
    """The second promotion leaves the code where it is, and the command does the same again."""
    script = next(script for script in ALL if script.name == "cost_report")
    start = starts.get(script.name) or begun(script, work / "start" / script.name)
    project = work / "twice" / script.name
    shutil.copytree(start.project, project)
    run("promote", "library", str(project), "--commit")
    code = {path: content for path, content in tree(project).items() if path.startswith("src/")}
    ran = run("promote", str(project), "--commit", "--json")
    assert (ran.json["from"], ran.json["to"]) == ("library", "cli")
    files = tree(project)
    assert {path: files.get(path) for path in code} == code
    (work / "away").mkdir()
    twice = Promoted(script, "cli", start, project, ran.json)
    assert_the_same_program(twice, work / "away")
    assert_its_tests_pass(twice)


def test_a_library_takes_the_command_of_the_template(work: Path, run: Run) -> None:
    """While the example's functions are there, the result is what a new command is, and what was added stays."""
    project = generate("rotate_keys", work / "rotate-keys", tier="library")
    (project / "src" / "rotate_keys" / "ours.py").write_text("OURS = 1\n")
    save(project, "Add")
    run("promote", "cli", str(project), "--commit")
    files, fresh = tree(project), tree(generate("rotate_keys", work / "fresh", tier="cli"))
    assert files.pop("src/rotate_keys/ours.py") == b"OURS = 1\n"
    assert not differing(files, fresh)


def test_a_library_of_ones_own_gets_a_command(work: Path, run: Run) -> None:
    """Without the example, every file of the user's stays to the byte, and a command that does nothing yet is added."""
    project = generate("rotate_keys", work / "rotate-keys", tier="library")
    package = project / "src" / "rotate_keys"
    for path in [*package.glob("[!_]*.py"), *(project / "tests").iterdir()]:
        path.unlink()
    (package / "__init__.py").write_text('"""Ours."""\n\nfrom .vault import read\n\n__all__ = ["read"]\n')
    (package / "vault.py").write_text('def read(path: str) -> str:\n    """Read."""\n    return path\n')
    (project / "tests" / "test_vault.py").write_text(
        "from rotate_keys import read\n\n\ndef test_read() -> None:\n    assert read('a') == 'a'\n"
    )
    save(project, "Our own")
    before = tree(project)
    ran = run("promote", str(project), "--commit", "--json")
    files = tree(project)
    code = {path for path in before if path.endswith(".py")}
    assert {path: files.get(path) for path in code} == {path: before[path] for path in code}
    assert {path for path in files.keys() - code if path.endswith(".py")} == {
        "src/rotate_keys/__main__.py",
        "tests/test_command.py",
    }
    assert any("__main__.py" in note for note in ran.json["notes"])
    (project / "src" / "rotate_keys-0.1.0.dist-info").mkdir()  # `--version` needs the distribution's metadata
    metadata = "Metadata-Version: 2.4\nName: rotate-keys\nVersion: 0.1.0\n"
    (project / "src" / "rotate_keys-0.1.0.dist-info" / "METADATA").write_text(metadata)
    assert "passed" in own_tests(project)


def test_what_lies_where_the_program_goes_is_not_overwritten(work: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file of the user's in the place of what moves there is kept, or refused with its name; it is never lost."""
    for mine in ("task.py", "helpers.py", "hosts.csv"):
        project = generate("rotate_keys", work / mine / "rotate-keys")
        (project / "rotate_keys.py").write_text(
            "from pathlib import Path\n\nimport helpers\n\nprint(helpers, Path(__file__).with_name('hosts.csv'))\n"
        )
        (project / "helpers.py").write_text("HELP = 1\n")
        (project / "hosts.csv").write_text("web1\n")
        (project / "src" / "rotate_keys").mkdir(parents=True)
        (project / "src" / "rotate_keys" / mine).write_text("# kept by us\n")
        before = tree(save(project, "Edit"))
        code = cli.run(["promote", str(project)])
        after = tree(project)
        if code == Exit.FAILED:
            assert mine in capfd.readouterr().err
            assert after == before
        else:
            assert any(b"# kept by us" in content for content in after.values()), f"{mine} is lost"


def test_what_still_names_the_old_file_is_said(work: Path, run: Run) -> None:
    """A path that the promotion does not follow, in code or elsewhere, is in the notes with its line."""
    project = generate("rotate_keys", work / "rotate-keys")
    names = {
        "other.py": 'import subprocess\n\nsubprocess.run(["python", "rotate_keys.py"], check=True)\n',
        "crontab": "MAILTO=ops\n\n5 4 * * * /usr/bin/python3 /opt/rk/rotate_keys.py\n",
        "rk.service": "[Service]\nUser=ops\nExecStart=/usr/bin/python3 /opt/rk/rotate_keys.py\n",
        "run.sh": '#!/bin/sh\n\npython3 "$(dirname "$0")/rotate_keys.py"\n',
    }
    for path, text in names.items():
        (project / path).write_text(text)
    save(project, "Edit")
    noted = "\n".join(run("promote", "library", str(project), "--json").json["notes"])
    left = {path for path in names if "rotate_keys.py" in (project / path).read_text()}
    assert {path for path in left if f"{path}:3" not in noted} == set()
