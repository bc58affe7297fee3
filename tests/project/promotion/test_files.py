"""The promotion of a project that people have worked on."""

import tomllib
from pathlib import Path

import pytest
import yaml
from support.command import Ran, Run
from support.growing_projects import CODE, LOCK, METADATA, RUN, SCRIPT, TASK, promote, refused, start
from support.small import Small, snapshot, untouched

RICH = CODE.replace("import argparse\n", "import argparse\nfrom pathlib import Path\n\nimport helpers\n").replace(
    "    parser.add_argument",
    """    parser.add_argument("--dry-run", action="store_true")
    print(Path("limits.txt").read_text(), Path(__file__).with_name("VERSION").read_text(), helpers.ONE)
    parser.add_argument""",
)
OWN_TEST = """from unittest.mock import patch

import helpers
import rotate_keys
from rotate_keys import rotate


def test_rotate():
    with patch("rotate_keys.rotate", return_value="x"):
        assert rotate_keys.rotate("ab") == "x"
    assert rotate("ab") == "ba" and helpers.ONE
"""
FOLLOWED = """from unittest.mock import patch

from rotate_keys import helpers
from rotate_keys import task as rotate_keys
from rotate_keys.task import rotate


def test_rotate():
    with patch("rotate_keys.task.rotate", return_value="x"):
        assert rotate_keys.rotate("ab") == "x"
    assert rotate("ab") == "ba" and helpers.ONE
"""
WORKFLOW = {
    "17 5 * * *": "3 4 * * 1",
    "          DRY_RUN:": "          PAGER: ${{ secrets.PAGER }}\n          DRY_RUN:",
    "      - name: Run the task": """      - name: Tell the team
        env:
          HOOK: ${{ secrets.HOOK }}
        run: .venv/bin/python rotate_keys.py begins
      - name: Run the task""",
}
PINS = "boto3==1.35.0\nrich==13.9.0\n"
MAKEFILE = "VERSION := 1\n\nrun:\n\tpython rotate_keys.py $(VERSION)\n"


def rich(shared: Path, into: Path) -> Small:
    """A script with a module and data beside it, a schedule, secrets, steps, pins and tests of its own."""
    small = start(shared, into)
    workflow = small.text(RUN)
    for old, new in WORKFLOW.items():
        assert old in workflow
        workflow = workflow.replace(old, new, 1)
    metadata = small.text(METADATA)
    listed = 'dependencies = [\n    "boto3==1.35.0",  # ours\n    "rich>=13",\n'
    small.commit(
        {
            SCRIPT: RICH,
            "helpers.py": "ONE = 1\n",
            "VERSION": "7\n",
            "limits.txt": "9\n",
            RUN: workflow,
            METADATA: metadata.replace("dependencies = [\n", listed, 1),
            LOCK: small.text(LOCK) + PINS,
            "tests/test_task.py": OWN_TEST,
            "Makefile": MAKEFILE,
            "tool.py": "import subprocess\n\nsubprocess.run(['python', 'rotate_keys.py'])\n",
            "bin/nightly": "#!/bin/sh\npython rotate_keys.py\n",
            "crontab": "1 2 * * * /srv/.venv/bin/python /srv/rk/rotate_keys.py\n",
        }
    )
    return small


@pytest.fixture
def grown(shared: Path, run: Run) -> tuple[Small, Ran]:
    """The same project as a command, with the notes; promoted once per worker, so tests must not change it."""
    if not _GROWN:
        small = rich(shared, shared / "rich")
        _GROWN.append((small, promote(run, small, "cli", "--json")))
    return _GROWN[0]


_GROWN: list[tuple[Small, Ran]] = []
Grown = tuple[Small, Ran]


def test_the_program_moves_with_what_it_needs(grown: Grown) -> None:
    """Script, module and data go to the package; only the import of the module is another."""
    small, ran = grown
    assert small.text(TASK) == RICH.replace("import helpers\n", "from rotate_keys import helpers\n")
    assert (small.text("src/rotate_keys/helpers.py"), small.text("src/rotate_keys/VERSION")) == ("ONE = 1\n", "7\n")
    assert small.text("limits.txt") == "9\n"
    assert not {SCRIPT, "helpers.py", "VERSION"} & snapshot(small.project).keys()
    assert ran.json["conflicts"] == []
    assert any(note.startswith(f"{TASK}:") and "limits.txt" in note for note in ran.json["notes"])


def test_the_schedule_keeps_what_was_added(grown: Grown) -> None:
    """Cron, secrets and steps of the user's stay in run.yml; each of them runs the command."""
    workflow = yaml.safe_load(grown[0].text(RUN))
    assert workflow[True]["schedule"] == [{"cron": "3 4 * * 1"}]
    steps = {step["name"]: step for step in workflow["jobs"]["run"]["steps"]}
    assert steps["Tell the team"]["run"] == ".venv/bin/rotate-keys begins"
    assert steps["Tell the team"]["env"] == {"HOOK": "${{ secrets.HOOK }}"}
    assert steps["Run the task"]["run"] == ".venv/bin/rotate-keys ${DRY_RUN:+--dry-run}"
    assert steps["Run the task"]["env"].keys() == {"PAGER", "DRY_RUN", "ROTATE_KEYS_TOKEN"}


def test_dependencies_and_pins_stay(grown: Grown) -> None:
    """`==` is a bound with a comment and a note; the exact versions stay in requirements.txt."""
    small, ran = grown
    text = small.text(METADATA)
    assert tomllib.loads(text)["project"]["dependencies"] == ["boto3>=1.35.0", "rich>=13"]
    assert "It was boto3==1.35.0." in text
    assert '    "boto3>=1.35.0",  # ours\n' in text
    assert small.text(LOCK).endswith(PINS)
    assert [note for note in ran.json["notes"] if "boto3>=1.35.0" in note]


def test_own_tests_follow(grown: Grown) -> None:
    """Imports and mocks name the new modules; a test of the name that is taken stays, and another is written."""
    small, _ = grown
    assert small.text("tests/test_task.py") == FOLLOWED
    assert "task.rotate" in small.text("tests/test_task_2.py")


def test_a_word_stays_a_word(grown: Grown) -> None:
    """Data whose name is a word moves, and a variable of that name stays."""
    assert grown[0].text("Makefile") == MAKEFILE.replace("python rotate_keys.py", "rotate-keys")


@pytest.mark.parametrize("path", ["tool.py", "crontab"])
def test_what_cannot_be_followed_is_named(grown: Grown, path: str) -> None:
    """A command in Python code, and a path on another machine, stay and are listed with their place."""
    small, ran = grown
    assert "rotate_keys.py" in small.text(path)
    assert any(note.startswith(f"{path}:") for note in ran.json["notes"]), ran.json["notes"]


def test_a_program_without_suffix_follows(grown: Grown) -> None:
    """A shell script is one by its first line, too."""
    assert grown[0].text("bin/nightly") == "#!/bin/sh\nrotate-keys\n"


# ---- what is in the way -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [TASK, "src"])
def test_a_file_of_the_users_where_the_code_goes(run: Run, shared: Path, tmp_path: Path, path: str) -> None:
    """What is there already is not overwritten and not deleted: a conflict, or a refusal with its name."""
    small = start(shared, tmp_path, {SCRIPT: CODE, path: "mine = 1\n"})
    ran = run("promote", str(small.project), "--branch", code=2)
    assert path in ran.err


def test_a_script_that_does_not_parse(run: Run, shared: Path, tmp_path: Path) -> None:
    """Line ends, a folder beside the script and code that does not parse stay as they are."""
    broken = "def rotate(:\r\n    pass\r\n"
    small = start(
        shared, tmp_path, {SCRIPT: broken, "rotate_keys/notes.md": "mine\n", "go.bash": "./rotate_keys.py\r\n"}
    )
    before = untouched(small)
    notes = promote(run, small, "--json").json["notes"]
    assert small.text(TASK) == broken
    assert small.text("rotate_keys/notes.md") == "mine\n"
    assert small.text("go.bash") == "python -m rotate_keys\r\n"
    assert [note for note in notes if note.startswith(f"{TASK}:1: ") and "parse" in note]
    promote(run, small, "--abort")
    assert untouched(small) == before


def test_a_project_of_crlf(run: Run, shared: Path, tmp_path: Path) -> None:
    """Files that have CRLF keep it."""
    small = start(shared, tmp_path)
    texts = {path: content for path, (_, content) in snapshot(small.project).items()}
    small.commit({path: content.replace(b"\n", b"\r\n") for path, content in texts.items()})
    assert promote(run, small, "--json").json["conflicts"] == []
    after = {path: content for path, (_, content) in snapshot(small.project).items() if path in {*texts, TASK}}
    assert [path for path, content in after.items() if content.count(b"\n") != content.count(b"\r\n")] == []


def test_a_link_is_no_script(run: Run, shared: Path, tmp_path: Path) -> None:
    """A script that is a link is refused for what it is."""
    small = start(shared, tmp_path, {"job.py": CODE, SCRIPT: None})
    (small.project / SCRIPT).symlink_to("job.py")
    small.commit({})
    assert "link" in refused(run, small)


# ---- a library that becomes a command -----------------------------------------------------------------------------


def test_a_library_of_the_example(run: Run, shared: Path, tmp_path: Path) -> None:
    """With the example's functions in place the template's command comes, and the package stays to the byte."""
    small = start(shared, tmp_path, {"src/rotate_keys/more.py": "more = 1\n"}, tier="library")
    before = snapshot(small.project / "src")
    report = promote(run, small, "--json").json
    assert {file["path"] for file in report["files"] if file["change"] == "added"} == {
        "src/rotate_keys/main.py",
        "tests/test_main.py",
    }
    assert before.items() <= snapshot(small.project / "src").items()
    assert small.recorded()["code"] == "example"


OFFERS = '"""Mine."""\n\nfrom .state import own\n\n__all__ = ["own"]\n'
STATE = '"""Mine."""\n\n\ndef own() -> int:\n    """One."""\n    return 1\n'


@pytest.mark.parametrize("offers", ["", OFFERS], ids=["as generated", "edited"])
def test_a_library_without_the_example(run: Run, shared: Path, tmp_path: Path, offers: str) -> None:
    """Without the example's functions a command comes that explains itself; what the package exports stays."""
    files = {"src/rotate_keys/state.py": STATE, "tests/test_state.py": None}
    init = {"src/rotate_keys/__init__.py": offers} if offers else {}
    small = start(shared, tmp_path, {**files, **init}, tier="library")
    before = snapshot(small.project / "src")
    report = promote(run, small, "--branch", "--json").json
    assert report["conflicts"] == []
    assert [note for note in report["notes"] if "src/rotate_keys/__main__.py is new" in note]
    small.git("merge", "--quiet", "--ff-only", "template/cli")
    assert before.items() <= snapshot(small.project / "src").items()
    assert tomllib.loads(small.text(METADATA))["project"]["scripts"] == {"rotate-keys": "rotate_keys.__main__:main"}
    assert "--help" in small.text("tests/test_command.py")


def test_a_library_with_a_program_of_its_own(run: Run, shared: Path, tmp_path: Path) -> None:
    """A `__main__.py` of the user's is the command, to the byte; one without main() is noted."""
    program = "print('mine')\n"
    files = {"src/rotate_keys/__main__.py": program, "src/rotate_keys/state.py": STATE, "tests/test_state.py": None}
    small = start(shared, tmp_path, files, tier="library")
    report = promote(run, small, "--branch", "--json").json
    assert "src/rotate_keys/__main__.py" not in {file["path"] for file in report["files"]}
    assert [note for note in report["notes"] if "main(), which does not exist" in note]


def test_twice(run: Run, shared: Path, tmp_path: Path) -> None:
    """From script to library to command: the history of the code follows, and each commit is undone by git revert."""
    small = start(shared, tmp_path, {SCRIPT: CODE})
    promote(run, small, "--commit")
    promote(run, small, "--commit")
    assert small.text(TASK) == CODE
    told = small.git("log", "--follow", "--format=%s", "--", TASK).splitlines()
    assert told == ["Promote to library", "mine", "Generate"]
    small.git("revert", "--no-edit", "HEAD", "HEAD~1")
    assert small.git("diff", "HEAD~4", "HEAD") == ""
