"""The prompts, on a real pseudo-terminal of 80 columns."""

import sys
from pathlib import Path

import pexpect
import pytest
from support.command import git, tree
from support.small import make_template
from support.terminal import CTRL_C, DOWN, ENTER, ESC, Terminal


def test_three_answers_make_a_repository(terminal: Terminal, work: Path) -> None:
    """Without arguments: three questions, a tree with purposes, one confirmation, one commit."""
    child = terminal()
    child.expect("Project name")
    child.send(f"Rotate Keys{ENTER}")
    child.expect("Python version")
    child.expect("supported until")
    child.send(ENTER)
    child.expect("Tier")
    child.expect("a command that people install")
    child.send(f"{DOWN}{ENTER}")
    child.expect("what git never sees")
    child.expect("Create these")
    child.send("y")
    child.expect("Committed as")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert "src/rotate_keys/__init__.py" in tree(work / "rotate-keys")
    assert git("status", "--porcelain", at=work / "rotate-keys") == ""


def test_versions_say_which_are_installed(terminal: Terminal) -> None:
    """The Python that runs the tests is marked as installed, with its end of life."""
    child = terminal("new", "audit")
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    child.expect(f"{minor} · supported until 20\\d\\d-10 · installed")


@pytest.mark.parametrize(("name", "reason"), [("日本", "try ops-project"), ("audit", "is not empty")])
def test_a_wrong_name_is_said_while_it_is_typed(terminal: Terminal, work: Path, name: str, reason: str) -> None:
    """The problem with a name, such as a destination that is not empty, shows before Enter."""
    (work / "audit").mkdir()
    (work / "audit" / "file").touch()
    child = terminal()
    child.expect("Project name")
    child.send(name)
    child.expect(reason)


QUESTIONS = ("Project name", "Python version", "Tier", "Create these")


@pytest.mark.parametrize(
    ("question", "key"), [*((question, key) for question in QUESTIONS for key in (CTRL_C, ESC)), ("Create these", "n")]
)
def test_stopping_leaves_nothing(terminal: Terminal, work: Path, question: str, key: str) -> None:
    """Ctrl-C and Esc at any question, and "no" at the end, end with 130 and leave nothing behind."""
    child = terminal()
    for text, reply in (
        ("Project name", f"Audit{ENTER}"),
        ("Python version", ENTER),
        ("Tier", ENTER),
        ("Create these", ""),
    ):
        child.expect(text)
        if text == question:
            break
        child.send(reply)
    child.send(key)
    child.expect("Interrupted")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert not list(work.iterdir())


def test_advanced_asks_everything(terminal: Terminal, work: Path) -> None:
    """--advanced asks every question of the template, and each has its default."""
    child = terminal("new", "audit", "--python", "3.13", "--tier", "script", "--advanced")
    asked = [
        "Description",
        "Author",
        "e-mail",
        "License",
        "Runner",
        "Branch",
        "Code",
        "Schedule",
        "Dependencies",
        "Cloud",
    ]
    for text in asked:
        child.expect(text)
        child.send(ENTER)
    child.expect("Container")
    child.send("y")
    for text in ("Updates", "Keep"):
        child.expect(text)
        child.send(ENTER)
    child.expect("Create these")
    child.send("y")
    child.expect("Committed")
    child.expect(pexpect.EOF)
    assert "Dockerfile" in tree(work / "audit")


def test_nothing_is_asked_when_all_is_given(terminal: Terminal, work: Path) -> None:
    """With the three answers on the command line, nothing is asked, even on a terminal."""
    child = terminal("new", "audit", "--python", "3.13", "--tier", "script")
    child.expect("Committed")
    child.expect(pexpect.EOF)
    assert (work / "audit" / "audit.py").is_file()


def test_ci_is_never_asked(terminal: Terminal, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI set, there is no prompt even on a terminal, but an error that names the flag."""
    monkeypatch.setenv("CI", "true")
    child = terminal("new", "audit")
    child.expect("Give --python")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 2


def test_the_first_prompt_comes_before_copier(work: Path, tmp_path: Path) -> None:
    """Copier is not imported until the first question is on the screen."""
    probe = tmp_path / "probe.py"
    probe.write_text(
        "import sys\nfrom new_ops_project import cli\nfrom new_ops_project.commands.shared import prompts\n"
        "def ask(*args, **kwargs):\n"
        "    print('copier' in sys.modules, 'rich' in sys.modules)\n    raise KeyboardInterrupt\n"
        "prompts.ask = ask\ncli.run([])\n"
    )
    child: pexpect.spawn[str] = pexpect.spawn(sys.executable, [str(probe)], encoding="utf-8", timeout=60)
    child.expect("False False")


def test_a_foreign_template_asks_its_own_questions(terminal: Terminal, work: Path, tmp_path: Path) -> None:
    """Copier asks the questions of a template of another kind; what they are is recorded, its messages shown."""
    says = "_message_before_copy: Welcome\n_message_after_copy: '{{ colour }} in {{ _copier_conf.dst_path }}'\n"
    questions = f"{says}colour:\n  type: str\n  help: Which colour?\n"
    files = {"copier.yml": questions, "out.txt.jinja": "{{ colour }}\n"}
    template = make_template(tmp_path / "foreign", {"v1": files})
    child = terminal("new", "paint", "--template", str(template))
    child.expect("Welcome")
    child.expect("Which colour")
    child.send(f"blue{ENTER}")
    child.expect_exact(f"| blue in {work / 'paint'}")
    child.expect(pexpect.EOF)
    assert (work / "paint" / "out.txt").read_text() == "blue\n"
    assert f"_src_path: {template}" in (work / "paint" / ".copier-answers.yml").read_text()
