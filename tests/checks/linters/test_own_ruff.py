"""Which ruff is asked, and whose settings count."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import toolbox
from support.command import Run, git
from support.small_clones import repository

BAD = "import requests\n\nrequests.get('https://example.org')\n"
RUFF = Path(sys.executable).with_name("ruff")
OWN = "0.0.1"
REQUIRED = f'[tool.ruff]\nrequired-version = "=={OWN}"\n'


@pytest.fixture
def project(work: Path, tmp_path: Path) -> Path:
    """A repository that ignores its .venv, whose ruff leaves a mark and calls itself another version."""
    repository(work, {"task.py": BAD, ".gitignore": ".venv/\n"})
    mark = f'echo ran >> "{tmp_path}/mark"'
    toolbox.script(work / ".venv" / "bin" / "ruff", f'{mark}\nexec "{RUFF}" "$@"')
    (work / ".venv" / "lib" / "python3.11" / "site-packages" / f"ruff-{OWN}.dist-info").mkdir(parents=True)
    return work


def version() -> str:
    """The version of the ruff that this tool has."""
    return subprocess.run([RUFF, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


def check(run: Run, code: int = 1) -> tuple[list[str], list[str]]:
    """The codes that ruff reported, and what is said about ruff."""
    answer = run("check", "--json", "--select", "S113,E902", code=code).json
    reasons = [each["reason"] for each in (*answer["skipped"], *answer["notes"])]
    return [finding["code"] for finding in answer["findings"]], reasons


def test_a_program_of_the_repository_is_not_run(run: Run, project: Path, tmp_path: Path) -> None:
    """A .venv may have come with the repository: ours is asked, which is said with both versions."""
    codes, reasons = check(run)
    assert codes == ["S113"]
    assert not (tmp_path / "mark").exists()
    assert reasons == [f"ruff {version()} was asked, not the project's own ruff {OWN} in .venv."]


def test_another_version_has_checked_everything(run: Run, project: Path) -> None:
    """It is said once, whichever rules are checked, and none is called unchecked."""
    answer = run("check", "--json", "--select", "S", code=1).json
    assert len(answer["notes"]) == 1
    assert not answer["skipped"]
    output = run("check", "--select", "S", code=1).out
    assert output.count("ruff") == 2  # in one line, with both versions
    assert f"note: ruff {version()} was asked" in output
    assert "not checked" not in output


def test_the_same_version_is_the_same_program(run: Run, project: Path, tmp_path: Path) -> None:
    """There is nothing to say if the project has the version that this tool has."""
    site = project / ".venv" / "lib" / "python3.11" / "site-packages"
    (site / f"ruff-{OWN}.dist-info").rename(site / f"ruff-{version()}.dist-info")
    assert check(run) == (["S113"], [])
    assert not (tmp_path / "mark").exists()


def test_the_ruff_of_an_active_environment_is_asked(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever activates .venv runs its programs anyway."""
    monkeypatch.setenv("VIRTUAL_ENV", str(project / ".venv"))
    assert check(run) == (["S113"], [])
    assert (tmp_path / "mark").exists()


def test_an_environment_in_a_commit_is_not_run(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some shells activate what they find in a folder."""
    monkeypatch.setenv("VIRTUAL_ENV", str(project / ".venv"))
    git("add", "--force", ".venv/bin/ruff", at=project)
    codes, reasons = check(run)
    assert (codes, len(reasons)) == (["S113"], 1)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("folder", [".venv/bin", "tools", "", "."])
def test_a_program_on_path_may_not_be_the_repository_s(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """A PATH with folders of the repository, or with the current one, runs nothing of it."""
    toolbox.fill(tmp_path / "box", monkeypatch, ruff=toolbox.MISSING)
    program = shutil.move(project / ".venv" / "bin" / "ruff", project / "ruff")
    (project / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(program, project / folder / "zzz")
    if folder not in {"", "."}:
        shutil.copy(program, project / folder / "ruff")
    shutil.rmtree(project / ".venv" / "lib")
    place = str(project / folder) if folder not in {"", "."} else folder
    monkeypatch.setenv("PATH", f"{place}:{tmp_path / 'box' / 'path'}")
    assert check(run, code=2) == ([], ["ruff is not installed."])
    assert not (tmp_path / "mark").exists()


def test_another_version_is_required(run: Run, project: Path, tmp_path: Path) -> None:
    """Ruff is not asked with settings that are for another version; the remedy is the project's own."""
    (project / "pyproject.toml").write_text(REQUIRED)
    answer = run("check", "--json", "--select", "S113", code=2).json
    (skipped,) = answer["skipped"]
    assert f"Required version `=={OWN}` does not match" in skipped["reason"]
    assert "activate it" in skipped["hint"]
    assert answer["findings"] == []
    assert not (tmp_path / "mark").exists()


def test_the_required_version_is_in_the_environment(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked instead of another one, and the project's settings are honoured."""
    settings = f'[tool.ruff]\nrequired-version = "=={version()}"\nlint.per-file-ignores = {{ "task.py" = ["S113"] }}\n'
    repository(project, {"pyproject.toml": settings, "other.py": BAD})
    toolbox.fill(tmp_path / "box", monkeypatch, ruff=toolbox.FAILS)
    monkeypatch.setenv("VIRTUAL_ENV", str(project / ".venv"))
    answer = run("check", "--json", "--select", "S113", code=1).json
    assert [finding["path"] for finding in answer["findings"]] == ["other.py"]
    assert answer["skipped"] == []


@pytest.mark.parametrize(
    "settings",
    ["lint = 1\n", "this is no TOML\n", 'lint.select = ["X9"]\n', 'extend = "../gone.toml"\n', "unknown = 1\n"],
)
def test_settings_that_ruff_refuses(run: Run, work: Path, settings: str) -> None:
    """They are named, as ruff itself would, and nothing is checked against them."""
    repository(work, {"task.py": BAD, "ruff.toml": settings})
    codes, reasons = check(run, code=2)
    assert codes == []
    assert reasons[0].startswith("ruff failed: ")
    assert str(work) not in reasons[0]


def test_settings_below_silence_their_folder_only(run: Run, work: Path) -> None:
    """A broken configuration in a folder is named; ruff looks at all other files."""
    repository(work, {"task.py": BAD, "data/case/ruff.toml": "lint = 1\n", "data/case/x.py": BAD})
    codes, (reason,) = check(run, code=2)
    assert codes == ["S113"]
    assert "data/case/ruff.toml" in reason


def test_settings_below_may_be_excluded(run: Run, work: Path) -> None:
    """Test data that the project excludes may hold any configuration."""
    settings = {"ruff.toml": 'extend-exclude = ["data"]\n', "data/ruff.toml": "lint = 1\n"}
    repository(work, {"task.py": BAD, "data/x.py": BAD, **settings})
    assert check(run) == (["S113"], [])


def test_a_file_that_ruff_cannot_read(run: Run, work: Path) -> None:
    """It is a finding with ruff's own code, and the other files are checked."""
    repository(work, {"task.py": BAD})
    (work / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\nNAME = 'caf\xe9'\n")
    git("add", "latin.py", at=work)
    assert check(run) == (["E902", "S113"], [])
