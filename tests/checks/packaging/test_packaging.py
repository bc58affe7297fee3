"""The rules about build system and metadata: OPS400 to OPS404, OPS406, OPS408, OPS409."""

import pytest
from support.rule_cases import (
    CLI,
    LIBRARY,
    SCRIPT,
    Files,
    codes,
    crlf,
    finding_places,
    fixed,
    places,
    project,
    run,
)

from new_ops_project.checks import repo

PYPROJECT = "pyproject.toml"


def built(build: str, more: str = "") -> Files:
    """A library with this [build-system]."""
    return {**LIBRARY, PYPROJECT: f"[build-system]\n{build}\n[project]\nname = 'x'\nversion = '1'\n{more}\n"}


# ---- OPS400 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[project\n", (1, 9)),
        ("a = 1\nb = é\n", (2, 5)),
        ("a = 1\na = 2\n", (2, 6)),
        ("a = [1,\n", (2, 1)),
        ("<<<<<<< ours\na = 1\n", (1, 1)),
        ('\r\na = "\r\n', (2, 6)),
    ],
)
def test_no_toml(text: str, place: tuple[int, int]) -> None:
    """The finding is where the file stops being TOML; no other rule reports anything."""
    files = {
        PYPROJECT: text,
        "x/__init__.py": "def f() -> int: ...\n",
        "setup.py": "from setuptools import setup\nsetup()\n",
    }
    assert finding_places(files) == [("OPS400", PYPROJECT, *place)]
    assert "at line" not in run(files)[0].finding.message


def test_no_utf_8() -> None:
    """A file that is not UTF-8 is found at its first invalid byte."""
    from new_ops_project.checks import repo
    from new_ops_project.checks.packaging import metadata

    broken = repo.of({PYPROJECT: "a = 1\n"}).with_changes({PYPROJECT: b"a = 1\nb = 'x\xff'\n"})
    (breach,) = metadata.unparsable(broken)
    assert (breach.line, breach.column, breach.message) == (2, 7, "pyproject.toml is not UTF-8.")


# ---- OPS401 ------------------------------------------------------------------------------------------------------

NO_BACKENDS = [
    ("setuptools.backends.legacy:build", "setuptools", "setuptools.build_meta"),
    ("setuptools.backends._legacy:_Backend", "setuptools>=61", "setuptools.build_meta"),
    ("setuptools.build_mata", "setuptools", "setuptools.build_meta"),
    ("setuptools.build_meta:build", "setuptools", "setuptools.build_meta"),
    ("setuptools", "setuptools", "setuptools.build_meta"),
    ("hatchling", "hatchling", "hatchling.build"),
    ("hatch.build", "hatchling", "hatchling.build"),
    ("hatchling.builder", "hatchling", "hatchling.build"),
    ("flit_core.api", "flit_core >=3.2,<4", "flit_core.buildapi"),
    ("poetry.core.api", "poetry-core>=1", "poetry.core.masonry.api"),
    ("pdm.backends", "pdm-backend", "pdm.backend"),
]


@pytest.mark.parametrize(("name", "package", "meant"), NO_BACKENDS)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_no_such_backend(name: str, package: str, meant: str, quote: str) -> None:
    """A module that a known package does not have is found; the fix writes the right one."""
    files = built(f"requires = ['{package}']\nbuild-backend = {quote}{name}{quote}  # why")
    assert finding_places(files, "OPS401") == [("OPS401", PYPROJECT, 3, 17)]
    assert run(files, "OPS401")[0].finding.remedy == f'Write build-backend = "{meant}".'
    expected = files[PYPROJECT].replace(f"{quote}{name}{quote}  #", f"{quote}{meant}{quote}  #")
    assert fixed(files, "OPS401") == {PYPROJECT: expected}
    assert fixed(crlf(files), "OPS401")[PYPROJECT].count("\r\n") == files[PYPROJECT].count("\n")


@pytest.mark.parametrize(
    ("requires", "place"), [("['hatchling']", (2, 12)), ("[]", (2, 12)), ("['wheel', 'cython']", (2, 12))]
)
def test_a_backend_that_nothing_installs(requires: str, place: tuple[int, int]) -> None:
    """A backend whose package is not required is found."""
    files = built(f"requires = {requires}\nbuild-backend = 'setuptools.build_meta'")
    assert places(files, "OPS401") == [place]
    assert not fixed(files, "OPS401")
    wrong = built(f"requires = {requires}\nbuild-backend = 'setuptools.backends.legacy:build'")
    assert places(wrong, "OPS401") == [(3, 17)]
    assert not fixed(wrong, "OPS401")


def test_a_backend_that_no_requirement_can_have() -> None:
    """An unknown module is found if all requirements are known packages; the fix is uncertain, so there is none."""
    files = built("requires = ['wheel', 'hatchling']\nbuild-backend = 'gone.build'")
    assert places(files, "OPS401") == [(3, 17)]
    assert not fixed(files, "OPS401")
    assert not places(built("requires = ['hatchling', 'gone']\nbuild-backend = 'gone.build'"), "OPS401")


# ---- OPS402 ------------------------------------------------------------------------------------------------------

SETUPTOOLS = "requires = ['wheel', \"{}\"]\nbuild-backend = 'setuptools.build_meta'"


@pytest.mark.parametrize("old", ["setuptools", "setuptools>=61.0", "setuptools >= 68"])
@pytest.mark.parametrize("license", ["license = 'MIT'", "license-files = ['LICENSE']"])
def test_too_old_for_the_license(old: str, license: str) -> None:  # noqa: A002
    """A bound that allows a setuptools before 77 is raised."""
    files = built(SETUPTOOLS.format(old), license)
    assert places(files, "OPS402") == [(2, 22)]
    assert fixed(files, "OPS402") == {PYPROJECT: files[PYPROJECT].replace(f'"{old}"', '"setuptools>=77"')}


def test_a_backend_that_is_not_named_is_setuptools() -> None:
    """Without build-backend, or with one that does not exist, the backend is setuptools."""
    assert places(built("requires = ['setuptools']", "license = 'MIT'"), "OPS402") == [(2, 13)]
    wrong = built("requires = ['setuptools']\nbuild-backend = 'setuptools.backends'", "license = 'MIT'")
    assert places(wrong, "OPS402") == [(2, 13)]


@pytest.mark.parametrize("old", ["setuptools<77", "setuptools==68.1", "setuptools>=61,<70"])
def test_capped_below_the_license(old: str) -> None:
    """A cap below 77 makes the build fail; there is no fix, since only a person knows the right cap."""
    files = built(SETUPTOOLS.format(old), "license = 'MIT'")
    assert [located.finding.severity for located in run(files, "OPS402")] == ["error"]
    assert not fixed(files, "OPS402")


# ---- OPS403 ------------------------------------------------------------------------------------------------------

SETUP = "import os\nfrom setuptools import setup\n\nsetup(\n    name='x',\n)\n"


@pytest.mark.parametrize("more", [{}, {PYPROJECT: "[tool.black]\n"}, {"setup.cfg": "[metadata]\nname = x\n"}])
def test_only_setup_py(more: Files) -> None:
    """A setup.py without a pyproject.toml that describes the build is found at its call of setup()."""
    files = {"setup.py": SETUP, "x.py": "", **more}
    assert places(files, "OPS403") == [(4, 1)] == places(crlf(files), "OPS403")


# ---- OPS404 ------------------------------------------------------------------------------------------------------

TABLE = '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n'


@pytest.mark.parametrize(
    ("text", "joint"),
    [
        ("[project]\nname = 'x'\nscripts.x = 'x:f'\n", "\n"),
        ("[project]\nname = 'x'\nscripts.x = 'x:f'", "\n\n"),
        ("[project]\nname = 'x'\nscripts.x = 'x:f'\n\n", ""),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_no_build_system(text: str, joint: str, ending: str) -> None:
    """The fix appends what pip assumes, and changes nothing else."""
    files = {PYPROJECT: text.replace("\n", ending), "x.py": "def f(): ...\n"}
    assert finding_places(files, "OPS404") == [("OPS404", PYPROJECT, 1, 1)]
    assert fixed(files, "OPS404") == {PYPROJECT: (text + joint + TABLE).replace("\n", ending)}


@pytest.mark.parametrize(
    "more", [{"setup.py": SETUP}, {"uv.lock": ""}, {PYPROJECT: "[project]\nname = 'x'\n[tool.hatch]\nversion = {}\n"}]
)
def test_a_build_system_that_only_a_person_knows(more: Files) -> None:
    """If something hints at another tool, there is no fix."""
    files = {PYPROJECT: "[project]\nname = 'x'\n", "src/x/__init__.py": "", **more}
    assert places(files, "OPS404") == [(1, 1)]
    assert bool(fixed(files, "OPS404")) == ("tool.hatch" in files[PYPROJECT] and "version" not in files[PYPROJECT])


TIERS = [
    ({PYPROJECT: "[project]\nname = 'x'\nversion = '1'\n", "x.py": "print(1)\n"}, "script"),
    ({PYPROJECT: "[project]\nname = 'x'\ndynamic = ['version']\n", "src/x/__init__.py": ""}, "library"),
    ({PYPROJECT: "[project]\nname = 'x'\nscripts = {x = 'x:f'}\n", "x.py": ""}, "cli"),
    ({PYPROJECT: "[tool.black]\n", "x/__init__.py": ""}, "script"),
    ({"setup.py": SETUP, "x.py": ""}, "library"),
    ({PYPROJECT: "[project]\nname = 'x'\nversion = '1'\n", **CLI}, "cli"),
    ({"x.py": "print(1)\n", "requirements.txt": "a\n"}, "script"),
]


@pytest.mark.parametrize(("files", "tier"), TIERS)
def test_the_tier_is_guessed(files: Files, tier: str) -> None:
    """A version alone does not make a program a library; a package, or something that builds it, does."""
    assert repo.of(files).tier == tier


# ---- OPS406 ------------------------------------------------------------------------------------------------------

HATCH = "requires = ['hatchling']\nbuild-backend = 'hatchling.build'"
TYPED = {"src/x/__init__.py": "", "src/x/a.py": "def f(a: int): ...\n"}


def test_no_py_typed() -> None:
    """The fix adds an empty py.typed to a package with annotations, if the build includes it."""
    files = {**built(HATCH), **TYPED}
    assert finding_places(files, "OPS406") == [("OPS406", "src/x/__init__.py", 1, 1)]
    assert fixed(files, "OPS406") == {"src/x/py.typed": ""}
    for program in (CLI, {"src/x/__main__.py": ""}):
        assert [located.finding.severity for located in run({**files, **program}, "OPS406")] == ["info"]


@pytest.mark.parametrize(
    "build",
    [SETUPTOOLS.format("setuptools>=77"), f"{HATCH}\n[tool.hatch.build.targets.wheel]\nonly-include = ['src/x/*.py']"],
)
def test_py_typed_that_a_build_leaves_out(build: str) -> None:
    """With setuptools, or with a choice of files, there is a finding without a fix."""
    files = {**built(build), **TYPED}
    assert places(files, "OPS406") == [(1, 1)]
    assert not fixed(files, "OPS406")


# ---- OPS408 ------------------------------------------------------------------------------------------------------


def test_no_python() -> None:
    """[project], setup.py and setup.cfg must say which Python they need; the remedy names that of .python-version."""
    (located,) = run(project("", files={".python-version": "3.13.1\n"}), "OPS408")
    assert (located.finding.line, located.finding.remedy.split(",")[0]) == (1, 'Write requires-python = ">=3.13"')
    assert places({**LIBRARY, "setup.py": SETUP}, "OPS408") == [(1, 1)]
    assert places({**LIBRARY, "setup.cfg": "[metadata]\nname = x\n"}, "OPS408") == [(1, 1)]


_MATRIX = (
    "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    strategy:\n      matrix:\n"
    "        python: ['3.13', '3.9', '3.10']\n    steps:\n    - uses: actions/setup-python@v6\n"
    "      with:\n        python-version: ${{ matrix.python }}\n"
)
_CLASSIFIERS = "from setuptools import setup\nsetup(name='x', classifiers=[{}])\n"
_NAMED = "'Programming Language :: Python :: {}'"


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({".github/workflows/a.yml": _MATRIX, ".python-version": "3.13\n"}, "3.9"),
        ({"setup.py": _CLASSIFIERS.format(", ".join(map(_NAMED.format, ("3", "3.12", "3.10"))))}, "3.10"),
        ({"setup.py": _CLASSIFIERS.format(", ".join(map(_NAMED.format, ("2", "3.10"))))}, ""),
        ({}, ""),
    ],
)
def test_the_oldest_python(files: Files, version: str) -> None:
    """The remedy names the oldest Python that is tested or classified; none where nobody can tell."""
    (located,) = run({"setup.py": _CLASSIFIERS.format(""), **LIBRARY, **files}, "OPS408")
    assert (f'python_requires=">={version}"' if version else "the oldest Python") in located.finding.remedy
    assert any(digit in located.finding.remedy for digit in "0123456789") is bool(version)


# ---- OPS409 ------------------------------------------------------------------------------------------------------

MISSING = [
    ("readme = 'README.md'", (4, 10)),
    ("readme = {file = 'docs/README.md', content-type = 'text/markdown'}", (4, 18)),
    ("license = {file = 'LICENCE'}", (4, 19)),
    ("license-files = ['LICENSE', 'AUTHORS*']", (4, 29)),
    ("[tool.poetry]\nreadme = 'README.rst'", (5, 10)),
    ("[tool.poetry]\nreadme = ['LICENSE', 'NEWS']", (5, 22)),
]


@pytest.mark.parametrize(("text", "place"), MISSING)
def test_a_file_that_does_not_exist(text: str, place: tuple[int, int]) -> None:
    """A missing readme or license file is found where it is named."""
    assert places(project(text, files={"LICENSE": "MIT\n"}), "OPS409") == [place]


def test_a_license_without_its_text() -> None:
    """It is only a note, since a larger repository may have the text above the project."""
    (located,) = run(project("license = 'MIT'"), "OPS409")
    assert (located.finding.severity, located.finding.line) == ("info", 4)
    assert not finding_places(project("license = 'MIT'", tier="script"), "OPS409")
    assert not finding_places(project("license = 'MIT'", files={"LICENSES/MIT.txt": ""}), "OPS409")


# ---- no findings -------------------------------------------------------------------------------------------------

BACKENDS = [
    ("setuptools.build_meta", "'setuptools>=77', 'wheel'"),
    ("setuptools.build_meta:__legacy__", "'Setuptools'"),
    ("hatchling.build", "'hatchling', 'hatch-vcs'"),
    ("hatchling.build", "'hatch-vcs'"),  # a plugin brings it along
    ("setuptools.build_meta", "'setuptools_scm'"),
    ("flit_core.buildapi", "'flit_core>=3.2,<4'"),
    ("poetry.core.masonry.api", "'poetry-core'"),
    ("poetry.masonry.api", "'poetry>=0.12'"),
    ("pdm.backend", "'pdm-backend'"),
    ("uv_build", "'uv_build>=0.8,<0.9'"),
    ("maturin", "'maturin>=1,<2'"),
    ("mesonpy", "'meson-python'"),
    ("scikit_build_core.build", "'scikit-build-core'"),
    ("ours.backend", "'ours'"),
    ("uv", "'uv'"),
    ("setuptools.build_meta", "'./vendor/setuptools'"),
    ("pbr.build", "'pbr'"),
]
NAMED_FILES = [
    "readme = './docs/a.md'",
    "readme = {text = 'x', content-type = 'text/plain'}",
    "license = {file = '../LICENSE'}",  # above the project, so unknown
    "license-files = ['LICEN[CS]E*', 'docs/**/*.md', 'doc?/*']",
    "license = 'MIT'",
    "license = 3\nreadme = [1]",
    "license = 'LicenseRef-Proprietary'",
    "dynamic = ['readme']",
]
NAMED = "[project]\nname = 'x'\n"
IN_SRC = {"src/x/__init__.py": ""}
NOTHING: list[tuple[str, Files]] = [
    *(("", files) for files in ({}, {PYPROJECT: ""}, {PYPROJECT: "# none\n"}, {PYPROJECT: "\ufeff[tool.x]\n"})),
    *(("OPS401", built(f"requires = [{requires}]\nbuild-backend = '{name}'")) for name, requires in BACKENDS),
    ("OPS401", built("requires = []\nbuild-backend = 'setuptools.backends'\nbackend-path = ['.']")),
    ("OPS402", built(SETUPTOOLS.format("setuptools>=77"), "license = 'MIT'")),
    ("OPS402", built(SETUPTOOLS.format("setuptools>=80.1"), "license = 'MIT'")),
    ("OPS402", built(SETUPTOOLS.format("setuptools"), "license = {text = 'MIT'}")),
    ("OPS402", built(SETUPTOOLS.format("setuptools"))),
    ("OPS402", built(HATCH, "license = 'MIT'")),
    ("OPS402", built(SETUPTOOLS.format("setuptools @ https://example.org/s.whl"), "license = 'MIT'")),
    ("OPS403", {"setup.py": SETUP, PYPROJECT: "[build-system]\nrequires = ['setuptools']\n"}),
    ("OPS403", {"setup.py": SETUP, PYPROJECT: "[tool.poetry]\nname = 'x'\n"}),
    ("OPS403", {"setup.py": "import subprocess\n\ndef setup():\n    pass\n\nsetup()\n"}),
    ("OPS403", {"setup.py": "from setuptools import setup  # unused\n"}),
    ("OPS403", {"setup.py": "setup(\n"}),
    ("OPS403", {"setup.py": "from setuptools import setup\nsetup()\n", "setup.cfg": "[metadata]\nname = x\n"}),
    ("OPS404", {PYPROJECT: f"{NAMED}version = '1'\n", "main.py": "print(1)\n"}),  # as `uv init` makes it
    ("OPS404", {PYPROJECT: f"{NAMED}version = '1'\n", "x/__init__.py": ""}),  # an application
    ("OPS404", {PYPROJECT: f"{NAMED}[tool.uv]\npackage = false\n", **IN_SRC}),
    ("OPS404", {PYPROJECT: f"{NAMED}[build-system]\nrequires = []\n", **IN_SRC}),
    ("OPS404", {**SCRIPT, PYPROJECT: NAMED, **IN_SRC}),
    ("OPS404", {PYPROJECT: "[tool.black]\n", **IN_SRC}),
    ("OPS406", {**built(HATCH), **TYPED, "src/x/py.typed": ""}),
    ("OPS406", {**built(HATCH), "src/x/__init__.py": "def f(a): ...\nx = {1: 2}\n"}),
    ("OPS406", {**built(HATCH), **TYPED, **SCRIPT}),
    ("OPS406", {**built(HATCH), "src/x/__init__.py": "def f(a): ...\ndef g(a): ...\ndef h() -> int: ...\n"}),
    ("OPS406", {**built(HATCH), "src/x/__init__.py": "def f(a: \n"}),
    ("OPS406", {**built(HATCH), "src/x/a.py": "def f() -> int: ...\n"}),
    ("OPS408", project("[tool.poetry.dependencies]\npython = '^3.12'")),
    ("OPS408", project("requires-python = '>=3.11'")),
    ("OPS408", project("dynamic = ['requires-python']")),
    ("OPS408", project("", tier="script")),
    ("OPS408", {**LIBRARY, "setup.py": SETUP.replace("name='x'", "**more")}),
    ("OPS408", {**LIBRARY, "setup.py": SETUP.replace("name='x'", "python_requires=oldest()")}),
    ("OPS408", {**LIBRARY, PYPROJECT: "[tool.poetry]\nname = 'x'\n"}),
    ("OPS408", {**LIBRARY, "setup.cfg": "[metadata]\nname = x\n[options]\npython_requires = >=3.11\n"}),
    *(("OPS409", project(text, files={"LICENSE": "MIT\n", "docs/a.md": ""})) for text in NAMED_FILES),
]


@pytest.mark.parametrize(("code", "files"), NOTHING)
def test_nothing_to_report(code: str, files: Files) -> None:
    """What is right, not needed, or not known is no finding."""
    assert not finding_places(files, code)


def test_a_clean_library() -> None:
    """A library as it should be has no findings."""
    text = "requires-python = '>=3.11'\nreadme = 'README.md'\nlicense = 'MIT'\ndependencies = ['a>=1']"
    files = {"README.md": "", "LICENSE": "", "src/x/__init__.py": "", "src/x/py.typed": "", PYPROJECT: ""}
    files[PYPROJECT] = built(HATCH, text)[PYPROJECT]
    assert not codes({**LIBRARY, **files})
