"""Files of a project that make parsers fail: `check` has findings, other verbs end with 2 and a sentence."""

from pathlib import Path

import pytest
from support.command import Run
from support.small import ANSWERS, LINES, QUESTIONS, make, make_project

from new_ops_project import cli

DIGITS = "9" * 5_000
DEEP = "[" * 3_000
BOMB = "a: &a [x]\n" + "".join(
    f"{to}: &{to} [{f'*{name},' * 10}]\n" for name, to in zip("abcdefgh", "bcdefghi", strict=True)
)
MARKER = "(" * 1_000 + "python_version < '3'" + ")" * 1_000

FILES: dict[str, dict[str, str]] = {
    "aliases": {
        ".github/workflows/ci.yml": BOMB,
        ".pre-commit-config.yaml": BOMB,
        ".github/dependabot.yml": "a: &x [*x]\n",
    },
    "levels": {".github/workflows/ci.yml": f"a: {DEEP}", "pyproject.toml": f"a = {DEEP}", ".secrets.baseline": DEEP},
    "numbers": {
        "pyproject.toml": f'[project]\nname = "a"\nversion = "{DIGITS}"\nrequires-python = ">={DIGITS}"\n'
        f'dependencies = ["a=={DIGITS}"]\n',
        ".python-version": f"3.{DIGITS}\n",
        "requirements.txt": f"a=={DIGITS}\n",
        "setup.cfg": f"[metadata]\nname = a\nversion = {DIGITS}\n[options]\npython_requires = >={DIGITS}\n",
        "Dockerfile": f"FROM python:3.{DIGITS}\n",
    },
    "an integer": {"pyproject.toml": f"a = {DIGITS}\n"},
    "markers": {
        "requirements.txt": f"a==1 ; {MARKER}\n",
        "pyproject.toml": f'[project]\nname = "a"\nversion = "1"\ndependencies = ["a ; {MARKER}"]\n',
    },
    "no tables": {
        "pyproject.toml": "tool = 1\nproject = 2\nbuild-system = []\n",
        "setup.cfg": "[metadata]\n",
    },
    "no tables of tools": {
        "pyproject.toml": "[tool]\nruff = 1\npoetry = []\n[tool.uv]\nsources = 2\n[project]\ndependencies = 5\n",
        "uv.lock": "version = 1\n[[package]]\nname = 'a'\nversion = '1'\nsource = { virtual = '.' }\n",
        "setup.py": "from setuptools import setup\nsetup(name='a')\n",
    },
    "ends of lines": {"setup.py": "\r\r\rfrom setuptools import setup\rsetup(name='a', install_requires=['b==1'])"},
    "Python": {"setup.py": "(" * 3_000, "task.py": "-" * 100_000 + "1\n", "x.py": "x = 1\0"},
    "licences": {"pyproject.toml": f'[project]\nname = "a"\nversion = "1"\nlicense = "{"(" * 3_000}MIT"\n'},
    "patterns": {
        ".gitignore": "/\n!\n*.log\n",
        ".venv/pyvenv.cfg": "home\n",
        "pyproject.toml": "[project]\nname = 'a'\n",
    },
}


@pytest.mark.parametrize("files", FILES.values(), ids=FILES)
@pytest.mark.usefixtures("work")
def test_no_parser_ends_a_verb(tmp_path: Path, capfd: pytest.CaptureFixture[str], files: dict[str, str]) -> None:
    """`check` reads on; `adopt` and `doctor` say what they cannot read, or do without it."""
    project = str(make_project(tmp_path / "project", {"README.md": LINES, **files}, {}))
    rules = ("--select", "workflows,environment,dependencies,packaging")
    for arguments in (("check", project, *rules), ("adopt", project, "--preview", "--yes"), ("doctor", project)):
        code = cli.run(list(arguments))
        out, err = capfd.readouterr()
        assert code in {0, 1, 2}, err
        assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"colour: &x [*x]\n", "line 1, column 13"),
        (BOMB.encode(), "100,000 values"),
        (f"colour: {DEEP}".encode(), "more than 200 levels"),
        (f"colour: {DIGITS}".encode(), "no int, at line 1, column 9"),
        (b"colour: blue\n_commit: \0\n", "line 2, column 10"),
        (b"colour: \xff\n", "line 1"),
    ],
)
def test_answers_that_no_parser_can_read(run: Run, tmp_path: Path, content: bytes, place: str) -> None:
    """The file and the place are named, and the next step."""
    made = make(tmp_path, {"a.txt": "a\n"}, {"a.txt": "b\n"}, questions=(QUESTIONS, None))
    source = b"\n_src_path: x\n"
    made.commit({ANSWERS: content + source})
    for option in ("--check", "--preview"):
        message = run("update", str(made.project), option, code=2).err
        assert f"{ANSWERS} is not YAML" in message
        assert place in message
        assert "git log" in message
    assert "Traceback" not in run("fleet", "status", str(made.project), code=2).err


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.yml", "a: &x [*x]\n"), ("a.yml", BOMB), ("a.json", DEEP), ("a.toml", f"a = {DEEP}"), ("a.json", DIGITS)],
)
def test_a_data_file_that_no_parser_can_read(run: Run, work: Path, name: str, text: str) -> None:
    """It is named."""
    (work / name).write_text(text)
    assert f"The data file {name} is malformed" in run("new", "audit", "--defaults", "--data-file", name, code=2).err


def test_settings_that_no_parser_can_read(run: Run, work: Path, home: Path) -> None:
    """The tool's own file, and a fleet's."""
    file = home / "config" / "new-ops-project" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f"template = {DEEP}")
    assert str(file) in run("config", "show", code=2).err
    file.write_text("")
    (work / "fleet.toml").write_text(f"sources = {DEEP}")
    assert "fleet.toml is not TOML" in run("fleet", "status", "fleet.toml", code=2).err
