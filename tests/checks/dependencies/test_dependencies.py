"""The rules about exact versions, pins and hashes: OPS301, OPS302 and OPS303."""

import pytest
from support.rule_cases import CLI, LIBRARY, SCRIPT, Files, crlf, finding_places, fixed, places, project, run

HASH = " --hash=sha256:00"
PYPROJECT = "pyproject.toml"

EXACT = [
    ('dependencies = ["a==1.2"]', (4, 17)),
    ("dependencies = [\n  'b>=1',\n\t'a[x] === 1.2; python_version < \"3.13\"',\n]", (6, 2)),
    ('dependencies = ["a==1.2,!=1.3"]', (4, 17)),
    ('[project.optional-dependencies]\nredis = ["a==1"]', (5, 10)),
    ("[tool.poetry.dependencies]\npython = '3.12'\na = '1.2.3'", (6, 5)),
    ("[tool.poetry.dependencies]\na = { version = '==1.2', extras = ['x'] }", (5, 17)),
]
NOT_EXACT = [
    'dependencies = ["a>=1", "b~=1.2.3", "c==1.2.*", "d<2", "e", "f @ https://example.org/f-1==1.whl"]',
    "dependencies = [\"a>=1; python_version == '3.12'\"]",
    '[project.optional-dependencies]\ndev = ["ruff==0.5"]\ntests = ["pytest==8"]\ndocs = ["sphinx==7"]',
    '[dependency-groups]\ndev = ["ruff==0.5"]',
    '[build-system]\nrequires = ["hatchling==1.27.0"]\nbuild-backend = "hatchling.build"',
    'dependencies = ["x-core==1.0", "x==1"]',
    'dependencies = [\n  "a==1",  # https://example.org/issues/684\n  "b==2" # 3 is broken\n]',
    "[tool.poetry.dependencies]\npython = '3.12'\na = '^1.2'\nb = '*'\nc = '1.*'\nd = { git = 'https://example.org' }",
    "[tool.poetry.group.dev.dependencies]\nruff = '0.5.0'",
    "[tool.poetry.dependencies]\nsphinx = {version = '7.1', optional = true}\n[tool.poetry.extras]\ndocs = ['sphinx']",
]


@pytest.mark.parametrize(("text", "place"), [*EXACT, *((text, None) for text in NOT_EXACT)])
@pytest.mark.parametrize("tier", ["library", "cli", "script"])
def test_an_exact_version(text: str, place: tuple[int, int] | None, tier: str) -> None:
    """An exact version in published requirements is found at its place; a command-line tool gets a warning.

    Ranges, development requirements and parts of the same project are no findings, and nobody depends on a script.
    """
    files = project(text, tier=tier)
    assert places(files, "OPS301") == ([place] if place and tier != "script" else []) == places(crlf(files), "OPS301")
    severities = {located.finding.severity for located in run(files, "OPS301")}
    assert severities <= {"error" if tier == "library" else "warning"}


def test_exact_versions_of_setup_files() -> None:
    """setup.py and setup.cfg are read too."""
    setup = "from setuptools import setup\nsetup(\n    name='x',\n    install_requires=['b', 'a==1'],\n)\n"
    assert finding_places({**LIBRARY, "setup.py": setup}, "OPS301") == [("OPS301", "setup.py", 4, 29)]
    text = (
        "[metadata]\nname = x\n[options]\ninstall_requires =\n    b\n    a==1\n[options.extras_require]\ndev = c==1\n"
    )
    assert finding_places({**LIBRARY, "setup.cfg": text}, "OPS301") == [("OPS301", "setup.cfg", 6, 5)]


def test_exact_versions_are_not_loosened() -> None:
    """Whether the next major version works, only the project knows: the remedy says so, and --fix leaves it alone."""
    files = project('dependencies = ["a==7.10.1"]', files={"requirements.txt": "a==7.10.1\n"})
    (located,) = run(files, "OPS301")
    assert located.finding.remedy.startswith("Write a>=7.10.1, with an upper bound if later versions break it;")
    assert not fixed(files, "OPS301")


# ---- OPS302 ------------------------------------------------------------------------------------------------------

COMMIT = "0123456789abcdef0123456789abcdef01234567"
UNPINNED = [
    "a",
    "a>=1",
    "a==1.*",
    "a~=1.2 ; os_name == 'nt'",
    "a[x]>=1  # why",
    "a>=1,<2",
    "A.b-c",
    "\ta",
    "git+https://example.org/a.git@main",
    "a @ git+ssh://git@example.org/a.git@v1.2",
    "-e git+https://example.org/a.git#egg=a",
]
PINNED = [
    "a==1",
    "a[x] == 1.2 ; os_name == 'nt'",
    "a===1",
    f"a @ git+https://example.org/a.git@{COMMIT}",
    "-e .",
    ".",
    "./vendor/a.whl",
    "a @ https://example.org/a-1.whl",
    "--index-url https://example.org",
    "# a",
    "",
    "-c constraints.txt",
    f"a==1 \\\n   {HASH}",
    "<<<<<<< ours",
]


@pytest.mark.parametrize("line", [*UNPINNED, *PINNED])
def test_unpinned(line: str) -> None:
    """A requirement that may get another version tomorrow is found on its line; no other line is."""
    files = {**SCRIPT, "requirements.txt": f"# ours\n{line}\nb==1\n"}
    expected = [("OPS302", "requirements.txt", 2, 1)] if line in UNPINNED else []
    assert finding_places(files, "OPS302") == expected == finding_places(crlf(files), "OPS302")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "requirements.txt": "-r req/base.txt\n-c con.txt\na\nb\n",
                "req/base.txt": "-r base.txt\nc\n",
                "con.txt": "a==1\n",
            },
            [("OPS302", "req/base.txt", 2, 1), ("OPS302", "requirements.txt", 4, 1)],
        ),
        (
            {"requirements.txt": "a\n", "requirements-dev.txt": "-r requirements.txt\nb\n"},
            [("OPS302", "requirements.txt", 1, 1)],
        ),
    ],
    ids=["it includes others", "another includes it"],
)
def test_included_and_constrained(files: Files, expected: list[tuple[str, str, int, int]]) -> None:
    """Included files are checked too, and a constraints file can pin; a file that includes it is no lock of it."""
    assert finding_places({**SCRIPT, **files}, "OPS302") == expected


@pytest.mark.parametrize(
    "more",
    [
        {"uv.lock": ""},
        {"requirements-lock.txt": "a==1\n    # via -r requirements.txt\n"},
        LIBRARY,
        CLI,
        {"custom_components/average/manifest.json": "{}"},
        {"requirements-all.txt": "#    pip-compile requirements.txt --output-file requirements-all.txt\na==1\n"},
    ],
)
def test_no_list_to_install_from(more: dict[str, str]) -> None:
    """A list that a lock is made from need not be exact, nor the list of a distribution."""
    assert not finding_places({**SCRIPT, "requirements.txt": "a\n", **more}, "OPS30")


@pytest.mark.parametrize(
    ("entry", "is_hashed"),
    [
        (f"b @ git+https://example.org/b.git@{COMMIT}", False),
        ("-e .", False),
        ("./vendor", False),
        ("-r req/more.txt", False),
        ("./vendor/b.whl", True),
        ("b @ https://example.org/b-1.whl", True),
    ],
)
def test_the_command_makes_a_list_that_pip_accepts(entry: str, *, is_hashed: bool) -> None:
    """Hashes beside code that can have none are refused, so the command asks for them only where all can have one."""
    files = {**SCRIPT, "requirements.txt": f"a\n{entry}\n", "req/more.txt": "-e ../lib\n"}
    (located,) = run(files, "OPS302")
    assert ("--generate-hashes" in located.finding.remedy) is is_hashed


def test_no_code_to_install_for() -> None:
    """Without Python code, a list is for tools, as in the repository of an Ansible role."""
    assert not finding_places({"requirements.txt": "molecule\n", "tasks/main.yml": ""}, "OPS30")


# ---- OPS303 ------------------------------------------------------------------------------------------------------


def test_no_hashes() -> None:
    """A script's pinned list without hashes is one finding, with the command that adds them."""
    files = {**SCRIPT, "requirements.txt": "# ours\na==1\nb==2\n"}
    (located,) = run(files, "OPS303")
    assert (located.finding.line, located.finding.severity) == (2, "warning")
    assert "mv requirements.txt requirements.in && uv pip compile" in located.finding.remedy
    (both,) = run(project("dependencies = ['a']", tier="script", files=files), "OPS303")
    compiled = "uv pip compile --universal --generate-hashes pyproject.toml"
    own = f"Update it: mv requirements.txt requirements.in && {compiled} requirements.in --output-file requirements.txt"
    assert both.finding.remedy == own
    (listed,) = run(project("dependencies = ['a', 'b']", tier="script", files=files), "OPS303")
    assert listed.finding.remedy == f"Update it: {compiled} --output-file requirements.txt"


@pytest.mark.parametrize(
    ("more", "source"),
    [
        ({"requirements.txt": "# uv pip compile pyproject.toml\na==1 --hash=sha256:0\nb==2\n"}, "pyproject.toml"),
        (
            {
                "requirements.txt": "#    uv pip compile pyproject.toml -o requirements.txt\n"
                "a==1 \\\n    --hash=sha256:0\n    # via x (pyproject.toml)\nb==2\n"
            },
            "pyproject.toml",
        ),
        ({"requirements.txt": "a==1 --hash=sha256:0\nb==2\n", "requirements.in": "a\n"}, "requirements.in"),
    ],
)
def test_what_only_a_lock_lists(more: dict[str, str], source: str) -> None:
    """An entry that somebody added to a lock by hand would go with the next resolution: the remedy is to list it."""
    (located,) = run(project("dependencies = ['a']", tier="script", files=more), "OPS303")
    assert located.finding.remedy.partition(":")[0] == f"List b in {source} too, then update this"


@pytest.mark.parametrize(
    "line",
    [
        "b==2",
        "b==2 ; os_name == 'nt'",
        "b",
        "git+https://example.org/b.git@main",
        "-e .",
        "./b",
        "https://example.org/b.whl",
        "-r more.txt",
    ],
)
@pytest.mark.parametrize("tier", ["script", "library"])
def test_some_hashes(line: str, tier: str) -> None:
    """Next to an entry with a hash, pip refuses each one without; also in a file that is included."""
    files = {
        "requirements-dev.txt": f"a==1{HASH}\n{line}\n",
        "more.txt": "c==3\n",
        ".copier-answers.yml": f"tier: {tier}",
    }
    (located,) = run(files, "OPS303")
    place = ("more.txt", 1) if "more" in line else ("requirements-dev.txt", 2)
    assert (located.finding.path, located.finding.line, located.finding.severity) == (*place, "error")


@pytest.mark.parametrize(
    "text",
    [
        f"--index-url https://example.org\na==1{HASH}\nb==2 \\\n   {HASH} \\\n   {HASH}\n    # via a\n",
        f"a==1{HASH}\nc @ https://example.org/c.whl#sha256=0\n",
        "# none\n",
        "a\nb==1\n",
        "-e .\na==1\n",
    ],
)
def test_hashes_are_complete(text: str) -> None:
    """Hashes can be on the line, below it or in the URL; a list that cannot have hashes yet is no finding."""
    assert not finding_places({**SCRIPT, "requirements.txt": text}, "OPS303")
