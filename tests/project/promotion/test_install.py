"""A script from its generation to the installed command in a clean clone."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Run, git, tree
from support.script_projects import generate, save
from support.workflows import NEEDS_GITHUB, execute, steps

NAME, COMMAND = "rotate_keys", "rotate-keys"

AGES = '''"""How old a credential may get."""

from datetime import timedelta
from pathlib import Path

LIMITS = Path(__file__).with_name("limits.txt")


def limit(kind: str) -> timedelta:
    """Return how long a credential of a kind may be in use."""
    for line in LIMITS.read_text(encoding="utf-8").splitlines():
        name, _, days = line.partition("=")
        if name == kind:
            return timedelta(days=int(days))
    raise KeyError(kind)
'''
NAMES = '''"""Names of credentials."""


def readable(kind: str) -> str:
    """Return the name as people write it.

    >>> readable("api_key")
    'API key'
    """
    first, *others = kind.split("_")
    return " ".join([first.upper(), *others])
'''
# What a user makes of the example: an option, a function that uses two modules beside the script.
EDITS = {
    "from typing import NoReturn\n": "from typing import NoReturn\n\nimport ages\nimport spelling\n",
    "def main(argv": '''def describe(kind: str) -> str:
    """Return what the log says of a kind of credential.

    >>> describe("api_key")
    'API key: 90 days'
    """
    return f"{spelling.readable(kind)}: {ages.limit(kind).days} days"


def main(argv''',
    "    options = parser.parse_args(argv)\n": """    parser.add_argument("--kind", default="api_key")
    options = parser.parse_args(argv)
""",
    "    record_credential(options.state": """    log.info("%s", describe(options.kind))
    record_credential(options.state""",
}


def edited(project: Path) -> Path:
    """What a team does in a year: code, modules beside it, a file of data, a schedule, a secret, a dependency."""
    script = project / f"{NAME}.py"
    text = script.read_text()
    for old, new in EDITS.items():
        assert old in text
        text = text.replace(old, new, 1)
    script.write_text(text)
    (project / "ages.py").write_text(AGES)
    (project / "spelling.py").write_text(NAMES)
    (project / "limits.txt").write_text("api_key=90\npassword=30\n")
    readme = project / "README.md"
    ours = f"## Ours\n\n    .venv/bin/python {NAME}.py --kind password\n\n## On GitHub"
    readme.write_text(readme.read_text().replace("## On GitHub", ours))
    workflow = project / ".github" / "workflows" / "run.yml"
    text = workflow.read_text().replace("17 5 * * *", "3 4 * * 1")
    text = text.replace("          DRY_RUN:", "          PAGER: ${{ secrets.PAGER }}\n          DRY_RUN:")
    workflow.write_text(text)
    return save(project, "Edit")


@pytest.mark.slow
def test_a_promoted_script_passes_its_own_checks(run: Run, tmp_path: Path, shared: Path) -> None:
    """Every step of its workflows passes in a clean clone, and the command runs from there."""
    origin = edited(generate(NAME, tmp_path / "origin"))
    written = {
        line for path, text in tree(origin).items() if path in {f"{NAME}.py", "ages.py"} for line in text.splitlines()
    }
    ran = run("promote", "cli", str(origin), "--commit", "--json")
    assert ran.json["state"] == "committed"
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(origin), str(clone), at=tmp_path)
    held = {line for path, text in tree(clone).items() if path.startswith("src/") for line in text.splitlines()}
    assert written - held == {b"import ages", b"import spelling"}
    workflow = (clone / ".github" / "workflows" / "run.yml").read_text()
    assert 'cron: "3 4 * * 1"' in workflow
    assert "PAGER: ${{ secrets.PAGER }}" in workflow
    done = list[object]()
    for step in steps(clone):
        if step.name not in NEEDS_GITHUB and (step.script, step.env) not in done:
            execute(step, clone, Path(sys.executable), shared)
            done.append((step.script, step.env))
    assert git("status", "--porcelain", at=clone) == ""
    assert_command_works(clone)


def assert_command_works(clone: Path) -> None:
    """`--help` and `--dry-run` exit with 0, and print what the script printed."""
    command = str(clone / ".venv" / "bin" / COMMAND)

    def output(*arguments: str) -> str:
        env = {"PATH": "/usr/bin:/bin", "ROTATE_KEYS_TOKEN": "example"}
        done = subprocess.run([command, *arguments], cwd=clone, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert output("--help").startswith(f"usage: {COMMAND} ")
    rehearsal = output("--dry-run", "--log-format", "text")
    assert "API key: 90 days" in rehearsal
    assert "would record credential" in rehearsal
