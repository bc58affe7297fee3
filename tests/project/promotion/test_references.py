"""References to a program that moves."""

import pytest

from new_ops_project.project.promotion.dockerfile import Renaming
from new_ops_project.project.promotion.references import may_name, rewrite

MOVES = {
    "rotate_keys.py": "src/rotate_keys/task.py",
    "helpers.py": "src/rotate_keys/helpers.py",
    "data/keys.csv": "src/rotate_keys/data/keys.csv",
}
LIBRARY = Renaming("rotate_keys.py", "rotate_keys", "", MOVES)
CLI = Renaming("rotate_keys.py", "rotate_keys", "rotate-keys", MOVES)
WORKFLOW = ".github/workflows/mine.yml"

# What stands in a file, and what it becomes for a command and for a library.
RUNS = [
    ("python rotate_keys.py", "rotate-keys", "python -m rotate_keys"),
    ("python rotate_keys.py --dry-run", "rotate-keys --dry-run", "python -m rotate_keys --dry-run"),
    ("python3 rotate_keys.py", "rotate-keys", "python3 -m rotate_keys"),
    ("python3.12 ./rotate_keys.py", "rotate-keys", "python3.12 -m rotate_keys"),
    ("python.exe rotate_keys.py", "rotate-keys", "python.exe -m rotate_keys"),
    ('python "rotate_keys.py" a', "rotate-keys a", "python -m rotate_keys a"),
    ("python './rotate_keys.py'", "rotate-keys", "python -m rotate_keys"),
    ("py rotate_keys.py", "rotate-keys", "py -m rotate_keys"),
    ("py -3.12 rotate_keys.py", "rotate-keys", "py -3.12 -m rotate_keys"),
    (".venv/bin/python rotate_keys.py", ".venv/bin/rotate-keys", ".venv/bin/python -m rotate_keys"),
    ("./.venv/bin/python rotate_keys.py", "./.venv/bin/rotate-keys", "./.venv/bin/python -m rotate_keys"),
    (
        ".venv\\Scripts\\python.exe rotate_keys.py",
        ".venv\\Scripts\\rotate-keys",
        ".venv\\Scripts\\python.exe -m rotate_keys",
    ),
    ("/usr/bin/python3 rotate_keys.py", "/usr/bin/python3 -m rotate_keys", "/usr/bin/python3 -m rotate_keys"),
    ("python -u rotate_keys.py", "python -u -m rotate_keys", "python -u -m rotate_keys"),
    (
        "cd /srv && python rotate_keys.py && echo",
        "cd /srv && rotate-keys && echo",
        "cd /srv && python -m rotate_keys && echo",
    ),
    ("(python rotate_keys.py)", "(rotate-keys)", "(python -m rotate_keys)"),
    ("x=$(python rotate_keys.py)", "x=$(rotate-keys)", "x=$(python -m rotate_keys)"),
    ("if python rotate_keys.py; then", "if rotate-keys; then", "if python -m rotate_keys; then"),
    ("python rotate_keys.py>log 2>&1", "rotate-keys>log 2>&1", "python -m rotate_keys>log 2>&1"),
    ("python rotate_keys.py | tee log", "rotate-keys | tee log", "python -m rotate_keys | tee log"),
    ("uv run rotate_keys.py -x", "uv run rotate-keys -x", "uv run python -m rotate_keys -x"),
    ("uv run python rotate_keys.py", "uv run rotate-keys", "uv run python -m rotate_keys"),
    ("poetry run python rotate_keys.py", "poetry run rotate-keys", "poetry run python -m rotate_keys"),
    ("./rotate_keys.py --all", "rotate-keys --all", "python -m rotate_keys --all"),
    ("`./rotate_keys.py`", "`rotate-keys`", "`python -m rotate_keys`"),
]

# The same in forms that are less usual.
ODD_RUNS = [
    ('"$VENV/bin/python" rotate_keys.py', '"$VENV/bin/rotate-keys"', '"$VENV/bin/python" -m rotate_keys'),
    ("python  rotate_keys.py", "rotate-keys", "python -m rotate_keys"),
    ("python -W error rotate_keys.py", "python -W error -m rotate_keys", "python -W error -m rotate_keys"),
    ("python -X dev -u rotate_keys.py", "python -X dev -u -m rotate_keys", "python -X dev -u -m rotate_keys"),
    ("uv run --frozen rotate_keys.py", "uv run --frozen rotate-keys", "uv run --frozen python -m rotate_keys"),
    ("$(./rotate_keys.py)", "$(rotate-keys)", "$(python -m rotate_keys)"),
    ("./rotate_keys.py; echo", "rotate-keys; echo", "python -m rotate_keys; echo"),
    ("./rotate_keys.py", "rotate-keys", "python -m rotate_keys"),
    ('"./rotate_keys.py" -x', "rotate-keys -x", "python -m rotate_keys -x"),
    (".\\rotate_keys.py -x", "rotate-keys -x", "python -m rotate_keys -x"),
    ('["python", "rotate_keys.py", "-x"]', '["rotate-keys", "-x"]', '["python", "-m", "rotate_keys", "-x"]'),
    ("[python3, rotate_keys.py]", "[rotate-keys]", "[python3, -m, rotate_keys]"),
]

PATHS = [
    ("ruff check rotate_keys.py helpers.py", "ruff check src/rotate_keys/task.py src/rotate_keys/helpers.py"),
    ("see [the code](rotate_keys.py#L10).", "see [the code](src/rotate_keys/task.py#L10)."),
    ("`rotate_keys.py`, and rotate_keys.py.", "`src/rotate_keys/task.py`, and src/rotate_keys/task.py."),
    ('"rotate_keys.py" = ["T20"]', '"src/rotate_keys/task.py" = ["T20"]'),
    ("paths: [./helpers.py, data/keys.csv]", "paths: [src/rotate_keys/helpers.py, src/rotate_keys/data/keys.csv]"),
    ("python -m doctest rotate_keys.py", "python -m doctest src/rotate_keys/task.py"),
]

ALIKE = [
    "python my_rotate_keys.py",
    "python rotate_keys_2.py",
    "python rotate_keys.pyc",
    "python rotate_keys.py.bak",
    "python rotate_keys.py-old",
    "python tools/rotate_keys.py",
    "python ../rotate_keys.py",
    "x-rotate_keys.py",
    "mypy rotate_keys.pyi",
    "rotate_keys.py/x",
    "mydata/keys.csv",
    "/srv/data/keys.csv",
    "data/keys.csv.gz",
    "https://example.org/blob/main/rotate_keys.py",
    "python -m rotate_keys",
    "rotate_keys, the program",
    "pytest --cov=rotate_keys",
    "otherhelpers.py",
    "helpers.pyi",
]


def lines(text: str) -> list[str]:
    """The texts that a line of a file may be part of: with LF and with CRLF, the last one without."""
    return [f"{text}\n", f"before\n{text}\nafter\n", f"before\r\n{text}\r\nafter\r\n", text]


@pytest.mark.parametrize(("text", "cli", "library"), RUNS + ODD_RUNS, ids=[row[0] for row in RUNS + ODD_RUNS])
def test_what_runs_it(text: str, cli: str, library: str) -> None:
    """Every command that ran the script runs the command, or the module, in files of every kind."""
    for path in (WORKFLOW, "Makefile", "scripts/run.sh", "README.md", "crontab"):
        rewritten = [rewrite(path, before, CLI) for before in lines(text)]
        assert rewritten == lines(cli), path
        assert [rewrite(path, before, LIBRARY) for before in lines(text)] == lines(library), path


@pytest.mark.parametrize(("text", "expected"), PATHS, ids=[row[0] for row in PATHS])
def test_what_names_its_path(text: str, expected: str) -> None:
    """A path of what moves is its new path."""
    for before, after in zip(lines(text), lines(expected), strict=True):
        assert rewrite("pyproject.toml", before, CLI) == after


@pytest.mark.parametrize("text", ALIKE)
@pytest.mark.parametrize("path", [WORKFLOW, "README.md"])
def test_what_looks_alike(path: str, text: str) -> None:
    """Longer names, names in other folders and modules stay."""
    for before in lines(text):
        assert rewrite(path, before, CLI) == rewrite(path, before, LIBRARY) == before


# ---- one file of each kind ------------------------------------------------------------------------------------

FILES = [
    (
        WORKFLOW,
        "  - run: |\n      .venv/bin/python rotate_keys.py ${DRY_RUN:+--dry-run}\n",
        "  - run: |\n      .venv/bin/rotate-keys ${DRY_RUN:+--dry-run}\n",
    ),
    (
        "README.md",
        "```sh\nTOKEN=x python3 rotate_keys.py --state s.json\n```\n",
        "```sh\nTOKEN=x rotate-keys --state s.json\n```\n",
    ),
    (
        "Makefile",
        "run: rotate_keys.py\n\t@python rotate_keys.py $(ARGS)\n",
        "run: src/rotate_keys/task.py\n\t@rotate-keys $(ARGS)\n",
    ),
    ("scripts/run.sh", 'exec python3 rotate_keys.py "$@"\n', 'exec rotate-keys "$@"\n'),
    (
        "crontab",
        "17 5 * * * cd /srv/rk && .venv/bin/python rotate_keys.py >>log\n",
        "17 5 * * * cd /srv/rk && .venv/bin/rotate-keys >>log\n",
    ),
    (
        "rk.service",
        "WorkingDirectory=/srv/rk\nExecStart=/srv/rk/.venv/bin/python rotate_keys.py\n",
        "WorkingDirectory=/srv/rk\nExecStart=/srv/rk/.venv/bin/rotate-keys\n",
    ),
    (
        ".pre-commit-config.yaml",
        "    entry: python rotate_keys.py --check\n    files: ^helpers\\.csv$\n",
        "    entry: rotate-keys --check\n    files: ^helpers\\.csv$\n",
    ),
    (".githooks/pre-push", "#!/bin/sh\npython rotate_keys.py --check\n", "#!/bin/sh\nrotate-keys --check\n"),
    (".dockerignore", "*\n!rotate_keys.py\n", "*\n!src/\n"),
    (".github/CODEOWNERS", "/rotate_keys.py @ops\n", "/src/rotate_keys/task.py @ops\n"),
    ("dev.Dockerfile", "CMD python rotate_keys.py\n", "CMD python -m rotate_keys\n"),
    ("Procfile", "worker: python rotate_keys.py\n", "worker: rotate-keys\n"),
    ("run.ps1", ".venv\\Scripts\\python rotate_keys.py $args\r\n", ".venv\\Scripts\\rotate-keys $args\r\n"),
    ("run.bat", "py rotate_keys.py %*\r\n", "rotate-keys %*\r\n"),
    ("ops.cron", "1 2 * * * cd /srv && python rotate_keys.py\n", "1 2 * * * cd /srv && rotate-keys\n"),
]


@pytest.mark.parametrize(("path", "text", "expected"), FILES, ids=[row[0] for row in FILES])
def test_one_file_of_each_kind(path: str, text: str, expected: str) -> None:
    """Workflow, document, Makefile, shell, cron, systemd, pre-commit, hook and .dockerignore."""
    assert may_name(path)
    assert rewrite(path, text, CLI) == expected


IMAGES = [
    ('ENTRYPOINT ["python", "rotate_keys.py"]', 'ENTRYPOINT ["python", "-m", "rotate_keys"]'),
    ('ENTRYPOINT ["python", "/app/rotate_keys.py", "-x"]', 'ENTRYPOINT ["python", "-m", "rotate_keys", "-x"]'),
    ('CMD ["python3.12", "-u", "./rotate_keys.py"]', 'CMD ["python3.12", "-u", "-m", "rotate_keys"]'),
    ('CMD ["/app/.venv/bin/python", "rotate_keys.py"]', 'CMD ["/app/.venv/bin/python", "-m", "rotate_keys"]'),
    ('CMD ["tini", "--", "python", "rotate_keys.py"]', 'CMD ["tini", "--", "python", "-m", "rotate_keys"]'),
    ('CMD ["./rotate_keys.py"]', 'CMD ["python", "-m", "rotate_keys"]'),
    ("CMD python rotate_keys.py", "CMD python -m rotate_keys"),
    ("CMD exec python -u /app/rotate_keys.py --x", "CMD exec python -u -m rotate_keys --x"),
    ('CMD ["python", "other_rotate_keys.py"]', 'CMD ["python", "other_rotate_keys.py"]'),
    ('CMD ["python", "rotate_keys.pyc"]', 'CMD ["python", "rotate_keys.pyc"]'),
]


@pytest.mark.parametrize(("text", "expected"), IMAGES, ids=[row[0] for row in IMAGES])
@pytest.mark.parametrize("renaming", [CLI, LIBRARY], ids=["cli", "library"])
def test_the_start_of_an_image(renaming: Renaming, text: str, expected: str) -> None:
    """An image of the user's need not have it installed: the module starts, in both forms."""
    for path in ("Dockerfile", "docker/Dockerfile.dev", "Containerfile"):
        assert rewrite(path, f"FROM x\n{text}\n", renaming) == f"FROM x\n{expected}\n"


NAMED = [
    "Dockerfile",
    "Dockerfile.dev",
    "Containerfile",
    "Makefile",
    "justfile",
    "crontab",
    ".github/CODEOWNERS",
    ".gitignore",
    ".dockerignore",
    "README.md",
    "docs/use.rst",
    "run.sh",
    WORKFLOW,
    ".gitlab-ci.yml",
    "compose.yaml",
    ".pre-commit-config.yaml",
    "rk.service",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
    ".vscode/launch.json",
]
UNNAMED = [
    "CHANGELOG.md",
    "docs/CHANGES.rst",
    "HISTORY.md",
    "NEWS.md",
    "uv.lock",
    "poetry.lock",
    "package-lock.json",
    "requirements.txt",
    "requirements-dev.txt",
    "helpers.py",
    "logo.svg",
    "keys.csv",
]


def test_where_programs_are_named() -> None:
    """Workflows, documents and settings are read; history, locks, data and code are not."""
    assert [path for path in NAMED if not may_name(path)] == []
    assert [path for path in UNNAMED if may_name(path)] == []


def test_a_word_is_no_path() -> None:
    """A file of data whose name is a word moves without changing that word where it is not a path."""
    renaming = Renaming("rotate_keys.py", "rotate_keys", "", {**MOVES, "VERSION": "src/rotate_keys/VERSION"})
    for path, text in [
        (WORKFLOW, "env: {VERSION: 1}\nrun: echo $VERSION ${VERSION} ${{ env.VERSION }}\n"),
        ("Makefile", "VERSION := 1\nrun:\n\techo $(VERSION)\n"),
        ("README.md", "Set VERSION first.\n"),
    ]:
        assert rewrite(path, text, renaming) == text
