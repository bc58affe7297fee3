"""What a clone needs, compared with what it has, is read from its files."""

from pathlib import Path
from typing import Any

import pytest
from support.command import git
from support.small_clones import fake_venv

from new_ops_project.base.errors import ToolError
from new_ops_project.clones import check, hooks, installed_packages, pins, venv
from new_ops_project.clones.needs import Needs
from new_ops_project.clones.pins import Pin
from new_ops_project.clones.steps import machine
from new_ops_project.clones.text_file import text_of
from new_ops_project.clones.venv import VenvState
from new_ops_project.formats import document, locks


def lay(folder: Path, **files: str) -> Needs:
    """Write files (`__` for `/`, `_` for `.`) to a folder; return what they need."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Needs(folder)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """It is named: a machine may refuse to read one, and that is no bug of the tool. A missing one is empty."""
    file = tmp_path / "file"
    assert text_of(file) == ""
    file.symlink_to("/proc/self/mem")  # nobody can read its first byte, not even root
    with pytest.raises(ToolError, match="file is a file of /proc, not a regular file"):
        text_of(file)


# ---- Python ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("3.12\n", "3.12"),
        ("3.12.4\n", "3.12"),
        ("cpython-3.12\n", "3.12"),
        ("# ours\n3.12\n3.13\n", "3.12"),
        ("\ufeff3.12\r\n", "3.12"),
    ],
)
def test_python_version_file(tmp_path: Path, text: str, minor: str) -> None:
    """The first version in .python-version counts, and takes precedence over requires-python."""
    needs = lay(tmp_path, pyproject_toml='[project]\nrequires-python = ">=3.8"\n')
    (tmp_path / ".python-version").write_text(text)
    assert needs.python.minor == minor
    assert needs.python.where.startswith(".python-version:")


@pytest.mark.parametrize(
    ("specifier", "minor"),
    [
        (">=3.11", ""),
        ("==3.12.*", "3.12"),
        ("~=3.12.0", "3.12"),
        ("~=3.12", ""),
        ("==3.12.4", "3.12"),
        ("", ""),
    ],
)
def test_requires_python(tmp_path: Path, specifier: str, minor: str) -> None:
    """A specifier that allows only one minor version needs that one; any other names none."""
    needs = lay(tmp_path, pyproject_toml=f'[project]\nname = "x"\nrequires-python = "{specifier}"\n')
    assert needs.python.minor == minor


def test_what_an_environment_meets(tmp_path: Path) -> None:
    """A range is met by each version in it, a minor version by its patch releases, no version by any."""
    needs = lay(tmp_path, pyproject_toml='[project]\nrequires-python = ">=3.11,<3.13"\n')
    assert needs.python.is_met_by("3.12.9")
    assert not needs.python.is_met_by("3.13.0")
    poetry = lay(tmp_path / "p", pyproject_toml='[tool.poetry.dependencies]\npython = "^3.11"\n')
    assert poetry.python.is_met_by("3.14.1")
    assert lay(tmp_path / "n", pyproject_toml="").python.is_met_by("3.9.1")


# ---- locks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "pin"),
    [
        ("ruff==0.9 --hash=sha256:00 --hash=sha256:11", Pin("ruff", "==0.9")),
        ("Ruamel_Yaml>=1", Pin("ruamel-yaml", ">=1")),
        ('colorama==0.4 ; os_name == "nt"', Pin("colorama", "==0.4", 'os_name == "nt"')),
        ("requests[socks]==2", Pin("requests", "==2")),
        ("tool @ git+https://example.org/tool.git@v1", Pin("tool")),
        ("./vendored/thing", None),
        ("https://example.org/thing.whl", None),
    ],
)
def test_a_line_of_a_requirements_file(tmp_path: Path, line: str, pin: Pin | None) -> None:
    """A pin has a name, a specifier, a marker, and maybe a hash; a line without a name is not a pin."""
    needs = lay(tmp_path, requirements_txt=line)
    assert needs.pins({"os_name": "nt"}) == ((pin,) if pin else ())
    assert needs.is_hashed is ("--hash" in line)


def test_included_files_count(tmp_path: Path) -> None:
    """-r adds the pins of a file, relative to the file with that line; a constraint adds none; a circle ends."""
    needs = lay(
        tmp_path,
        requirements__dev_txt="-r base.txt\n-c limits.txt\npytest==9 # tests\n",
        requirements__base_txt="a==1 \\\n    --hash=sha256:00\n--requirement dev.txt\n",
        requirements__limits_txt="b==2\n",
    )
    assert [pin.name for pin in needs.pins({})] == ["pytest", "a"]


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (["requirements.txt"], ["requirements.txt"]),
        (["requirements.txt", "requirements-dev.txt"], ["requirements-dev.txt", "requirements.txt"]),
        (
            ["requirements/base.txt", "requirements/dev.txt", "requirements/docs.txt"],
            ["requirements/dev.txt", "requirements/base.txt"],
        ),
        (["requirements/only.txt"], ["requirements/only.txt"]),
        (["requirements.txt", "test-requirements.txt"], ["test-requirements.txt", "requirements.txt"]),
        ([], []),
    ],
)
def test_which_files_are_the_lock(tmp_path: Path, files: list[str], chosen: list[str]) -> None:
    """The lock is one file for development, one for tests, and one for the program."""
    for number, name in enumerate(files):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"package{number}==1\n")
    assert [*Needs(tmp_path).requirements] == chosen


def test_a_covered_file_is_left_out(tmp_path: Path) -> None:
    """A file with all packages of another is the whole lock, and so is a file that includes the other."""
    superset = lay(tmp_path, requirements_txt="a==1\n", requirements__dev_txt="a==1\nb==1\n")
    assert [*superset.requirements] == ["requirements/dev.txt"]
    folder = tmp_path / "other"
    needs = lay(folder, requirements_txt="./vendored\na==1\n", requirements__dev_txt="-r ../requirements.txt\nb==1\n")
    assert [*needs.requirements] == ["requirements/dev.txt"]


def test_markers_hold_for_the_environment(tmp_path: Path) -> None:
    """A pin for another system or Python is not missing."""
    needs = lay(tmp_path, requirements_txt='a==1 ; python_version < "3.10"\nb==1 ; os_name == "none"\nc==1\n')
    fake_venv(tmp_path, "3.12.1", {"c": "1"})
    assert installed_packages.compare(needs, venv.read_venv(tmp_path)).is_same
    fake_venv(tmp_path / "old", "3.9.1", {"c": "1"})
    old = Needs(tmp_path)
    assert installed_packages.compare(old, venv.read_venv(tmp_path / "old")).missing == ("a 1",)


UV_LOCK = """\
version = 1
[[package]]
name = "audit"
version = "0.1.0"
source = { editable = "." }
dependencies = [{ name = "alpha", extra = ["fast"] }, { name = "win", marker = "sys_platform == 'win32'" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
docs = [{ name = "sphinx" }]
[[package]]
name = "alpha"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "beta" }]
[package.optional-dependencies]
fast = [{ name = "cython", version = "3.0", marker = "python_full_version >= '3.10'" }]
[[package]]
name = "beta"
version = "2.0"
dependencies = [{ name = "alpha" }]
[[package]]
name = "cython"
version = "0.29"
[[package]]
name = "cython"
version = "3.0"
[[package]]
name = "pytest"
version = "9.0"
[[package]]
name = "sphinx"
version = "8.0"
[[package]]
name = "win"
version = "1.0"
"""


def test_uv_lock(tmp_path: Path) -> None:
    """The pins are those that `uv sync` installs, by marker, extra and default group."""
    lock = locks.read({"uv.lock": UV_LOCK.encode()}, locks.UV)
    environment = {"sys_platform": "linux", "python_full_version": "3.12.1"}
    versions = {pin.name: pin.version for pin in pins.of_uv_lock(lock, document.Document(""), environment)}
    assert versions == {"alpha": "==1.0", "beta": "==2.0", "cython": "==3.0", "pytest": "==9.0"}


def test_uv_lock_without_uv(tmp_path: Path) -> None:
    """Without uv, the packages come from pyproject.toml, and uv.lock is named as a lock that is not read."""
    lay(tmp_path, pyproject_toml='[project]\nname = "x"\ndependencies = ["a"]\n', uv_lock=UV_LOCK)
    assert Needs(tmp_path).lock == "uv.lock"
    without = Needs(tmp_path, reads_uv=False)
    assert (without.lock, without.foreign_lock) == ("pyproject.toml", "uv.lock")
    assert [pin.name for pin in without.pins({})] == ["a"]


# ---- .venv -----------------------------------------------------------------------------------------------------------


def test_what_is_under_the_name(tmp_path: Path) -> None:
    """An empty folder counts as no environment."""
    assert venv.read_venv(tmp_path).state is VenvState.ABSENT
    (tmp_path / ".venv").mkdir()
    assert venv.read_venv(tmp_path).state is VenvState.ABSENT
    fake_venv(tmp_path / "c", "3.12.1")
    assert (venv.read_venv(tmp_path / "c").state, venv.read_venv(tmp_path / "c").minor) == (VenvState.READY, "3.12")


def test_what_is_broken(tmp_path: Path) -> None:
    """An environment without a version or site-packages, or with another interpreter, is broken."""
    site = fake_venv(tmp_path, "3.12.1")
    present = tmp_path / ".venv"
    site.rmdir()
    assert "site-packages" in venv.read_venv(tmp_path).why
    (tmp_path / "python3.13").touch(mode=0o755)
    (present / "bin" / "python").unlink()
    (present / "bin" / "python").symlink_to(tmp_path / "python3.13")
    assert "its python is now 3.13" in venv.read_venv(tmp_path).why
    (present / "pyvenv.cfg").write_text("\x00")
    assert "names no version" in venv.read_venv(tmp_path).why


def test_packages_against_the_lock(tmp_path: Path) -> None:
    """Missing packages, other versions, and packages that nothing requires, are listed."""
    needs = lay(tmp_path, requirements_txt="a==1\nB_b==2\nc>=3\nd==4\n")
    site = fake_venv(tmp_path, "3.12.1", {"a": "1", "b_b": "2.1", "c": "3.5", "extra": "1", "of_c": "1", "pip": "23"})
    with (site / "c-3.5.dist-info" / "METADATA").open("w") as file:
        file.write('Name: c\nVersion: 3.5\nRequires-Dist: of.c (>=1) ; extra == "x"\n\n')
    comparison = installed_packages.compare(needs, venv.read_venv(tmp_path))
    assert comparison.missing == ("d 4",)
    assert comparison.different == ("b-b 2.1, not 2",)
    assert comparison.extra == ("extra",)
    assert comparison.right == 2


@pytest.mark.parametrize(
    ("direct_url", "is_here"),
    [
        ('{"url": "file://HERE", "dir_info": {"editable": true}}', True),
        ('{"url": "file:///elsewhere", "dir_info": {"editable": true}}', False),
        ('{"url": "file://HERE", "dir_info": {}}', False),
        ("nonsense", False),
        ("[]", False),
    ],
)
def test_the_project_in_place(tmp_path: Path, direct_url: str, is_here: bool) -> None:  # noqa: FBT001 - a parameter
    """Only an editable installation from exactly this folder counts as the project."""
    folder = tmp_path / "with space"
    needs = lay(folder, pyproject_toml='[build-system]\n[project]\nname = "x"\n')
    info = fake_venv(folder, "3.12.1", {"x": "1"}) / "x-1.dist-info"
    (info / "direct_url.json").write_text(direct_url.replace("HERE", str(folder).replace(" ", "%20")))
    assert installed_packages.is_project_installed(needs, venv.read_venv(folder)) is is_here


# ---- the rest --------------------------------------------------------------------------------------------------------


def test_variables_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables in .env.example that have no value in the environment or in .env are missing."""
    text = "# COMMENT=1\nONE=\nexport TWO = x\n  THREE='a=b'\nFOUR=\nFIVE=\nONE=\n=x\n"
    lay(tmp_path, _env_example=text, _env="TWO=here\nTHREE=''\n")
    monkeypatch.setenv("FOUR", "here")
    monkeypatch.setenv("FIVE", "")
    assert machine.missing_variables(tmp_path) == ("ONE", "THREE", "FIVE")


@pytest.mark.parametrize(
    ("hook", "missing", "others"),
    [
        (None, ("pre-commit",), ()),
        ("# File generated by pre-commit: https://pre-commit.com\nINSTALL_PYTHON=/bin/sh\n", (), ()),
        (
            "# File generated by pre-commit: https://pre-commit.com\nINSTALL_PYTHON='/no/such python'\n",
            ("pre-commit",),
            (),
        ),
        ("#!/bin/sh\nmake\n", ("pre-commit",), ("pre-commit",)),
    ],
)
def test_hooks(tmp_path: Path, hook: str | None, missing: tuple[str, ...], others: tuple[str, ...]) -> None:
    """Only pre-commit's own hook, for a Python that exists, counts as installed."""
    git("init", "--quiet", at=tmp_path)
    (tmp_path / ".pre-commit-config.yaml").write_text("repos: []\n")
    (tmp_path / ".git" / "hooks").mkdir(exist_ok=True)
    if hook is not None:
        (tmp_path / ".git" / "hooks" / "pre-commit").write_text(hook)
    present = hooks.read_hooks(tmp_path)
    assert (present.missing, present.others) == (missing, others)


def test_hooks_of_other_kinds(tmp_path: Path) -> None:
    """The kinds in default_install_hook_types are the ones expected."""
    git("init", "--quiet", at=tmp_path)
    config = "default_install_hook_types: [pre-commit, 'commit-msg']\nrepos: []\n"
    (tmp_path / ".pre-commit-config.yaml").write_text(config)
    assert hooks.read_hooks(tmp_path).missing == ("pre-commit", "commit-msg")


@pytest.mark.parametrize(
    ("files", "packages", "command"),
    [
        ({"pyproject_toml": '[tool.new-ops-project]\ncheck = "make test"\n'}, {}, "make test"),
        ({"pyproject_toml": '[tool.new-ops-project]\ncheck = ["a b", "c"]\n'}, {}, "a b && c"),
        ({"pyproject_toml": "[tool.pytest.ini_options]\n"}, {"pytest": "9"}, ".venv/bin/python -m pytest"),
        ({"tests__testx.py": "", "tests__test_x.py": ""}, {"pytest": "9"}, ".venv/bin/python -m pytest"),
        ({"x_py": ""}, {"pytest": "9"}, ".venv/bin/python -m compileall -q x.py"),
        ({"tests__testx_py": "import unittest\n"}, {}, ".venv/bin/python -m unittest discover --start-directory tests"),
        ({"tests__testx_py": "import pytest\n"}, {}, ".venv/bin/python -m compileall -q tests"),
    ],
)
def test_the_check(tmp_path: Path, files: dict[str, str], packages: dict[str, str], command: str) -> None:
    """The check is what pyproject.toml names, otherwise pytest, unittest, or that the code compiles."""
    needs = lay(tmp_path, **files)
    fake_venv(tmp_path, "3.12.1", packages)
    assert check.find_check(needs, venv.read_venv(tmp_path)).text == command


def test_tests_beside_the_environment(tmp_path: Path) -> None:
    """For tests at the root, what packages in .venv import says nothing."""
    site = fake_venv(tmp_path, "3.12.1")
    (site / "conftest.py").write_text("import pytest\n")
    (tmp_path / "test_x.py").write_text("import unittest\n")
    assert "unittest" in check.find_check(Needs(tmp_path), venv.read_venv(tmp_path)).text


@pytest.mark.parametrize("value", ["3", "[]", '""', '["a", 3]', '"\'"'])
def test_a_check_that_is_no_command(tmp_path: Path, value: str) -> None:
    """A check that is not a command is refused, with what to write instead."""
    needs = lay(tmp_path, pyproject_toml=f"[tool.new-ops-project]\ncheck = {value}\n")
    with pytest.raises(ToolError, match="check"):
        check.find_check(needs, venv.read_venv(tmp_path))


@pytest.mark.parametrize(
    ("files", "first"),
    [
        ({"pyproject_toml": '[project]\n[project.scripts]\naudit = "a:b"\n'}, ".venv/bin/audit --help"),
        ({"run_py": "import argparse\n", "conftest_py": "import click\n"}, ".venv/bin/python run.py --help"),
        ({"run_py": "print(1)\n"}, ""),
        ({"tests__test_py": ""}, ".venv/bin/python -m pytest"),
    ],
)
def test_what_to_run_first(tmp_path: Path, files: dict[str, Any], first: str) -> None:
    """The first command is the project's own, a program that parses arguments, or the tests; never another program."""
    lay(tmp_path, **files)
    assert check.first_command(tmp_path) == first
