"""Which projects `check` means, and several of them."""

from pathlib import Path

import pytest
from support.command import Run, git
from support.small import lay
from support.small_clones import repository

PROJECTS = {
    "a/pyproject.toml": "",
    "a/src/x/y.py": "",
    "a/src/z.pyc": "",
    "a/lib/t.pyc": "",
    "b/setup.py": "",
    "b/tool.pyc": "",
    "b/src/old/pyvenv.cfg": "",
    "tool.pyc": "",
}


AROUND = [
    (".", "a", "a", ["a/lib/t.pyc", "a/src/z.pyc"]),
    (".", "a/src", "a", ["a/src/z.pyc"]),
    (".", "a/src/", "a", ["a/src/z.pyc"]),
    (".", "./a/lib/../src", "a/lib/..", ["a/lib/../src/z.pyc"]),
    (".", "a/src a/lib/t.pyc", "a", ["a/lib/t.pyc", "a/src/z.pyc"]),
    (".", "a/src a", "a", ["a/lib/t.pyc", "a/src/z.pyc"]),
    (".", "a/src/z.pyc b/src b/tool.pyc", "a b", ["a/src/z.pyc", "b/src/old", "b/tool.pyc"]),
    (".", "link", "a", ["a/src/z.pyc"]),
    ("a", ".", ".", ["lib/t.pyc", "src/z.pyc"]),
    ("a/src", "", "..", ["../lib/t.pyc", "z.pyc"]),
    ("a/src", ".", "..", ["z.pyc"]),
    ("a/src", "z.pyc ../lib", "..", ["../lib/t.pyc", "z.pyc"]),
    ("a/src/x", "../../../b/tool.pyc", "../../../b", ["../../../b/tool.pyc"]),
]


@pytest.mark.parametrize("case", AROUND)
def test_the_project_around(
    run: Run, work: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, str, list[str]]
) -> None:
    """A file or folder is checked as part of the project around it; findings elsewhere in that are not shown."""
    repository(work, PROJECTS)
    (work / "link").symlink_to("a/src")
    here, paths, projects, expected = case
    monkeypatch.chdir(work / here)
    report = run("check", *paths.split(), "--select", "OPS202,OPS203", "--json", code=1).json
    assert report["projects"] == projects.split()
    assert [finding["path"] for finding in report["findings"]] == expected


def test_a_file_is_fixed_where_its_project_is(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--fix changes only what is in the paths, wherever it is called."""
    files = {"pyproject.toml": "", "src/x.py": "", ".gitignore": "x\n", "sub/.gitignore": "x\n"}
    repository(work, files)
    monkeypatch.chdir(work / "src")
    assert "Nothing found." in run("check", ".", "--fix", "--select", "OPS201").out
    run("check", "../.gitignore", "--fix", "--select", "OPS201")
    assert git("status", "--porcelain", at=work) == "M  .gitignore"


def test_an_ignored_path(run: Run, work: Path) -> None:
    """What git ignores is not checked, which is said."""
    repository(work, {".gitignore": "build/\n.venv/\n", "task.py": ""})
    lay(work, {"build/lib/x.pyc": ""})
    output = run("check", "build/lib", "task.py", "--select", "environment").out
    assert output == "not checked: build/lib is ignored by git.\nNothing found.\n"
    assert "build/lib is ignored" in run("check", "build/lib", "--format", "markdown", "--select", "OPS202").out


def test_odd_paths(run: Run, work: Path) -> None:
    """Where nothing can be checked, that is said; a name that nothing can have does not exist."""
    repository(work, {"x.pyc": ""})
    (work / "empty").mkdir()
    (work / "loop").symlink_to("pool")
    (work / "pool").symlink_to("loop")
    for path in ("empty", ".git", ".git/config"):
        assert f"not checked: git knows no file at {path}.\n" in run("check", path, "--select", "OPS203").out
    for path in ("x" * 300, "nowhere", "loop/x"):
        assert f"{path} does not exist." in run("check", path, code=2).err
    assert "x.pyc" not in run("check", "loop", "--select", "OPS203").out


def test_the_current_folder_is_gone(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder there is no project around it; others can still be checked."""
    repository(work / "a", {"x.pyc": ""})
    (work / "gone").mkdir()
    monkeypatch.chdir(work / "gone")
    (work / "gone").rmdir()
    assert "The current folder is gone" in run("check", code=2).err
    run("check", str(work / "a"), "--select", "OPS203", code=1)


# ---- several projects -----------------------------------------------------------------------------------------------

PACKAGE = "[project]\nname = 'x'\nversion = '1'\n"
MONOREPO = {
    "services/a/pyproject.toml": PACKAGE,
    "services/a/old.pyc": "",
    "services/b/setup.py": "",
    "lib/pyproject.toml": "[tool.poetry]\nname = 'y'\n",
    "lib/tests/data/pyproject.toml": PACKAGE,
    "examples/c/pyproject.toml": PACKAGE,
    "tools/pyproject.toml": "[tool.ruff]\n",
    "top.pyc": "",
}


def found_in(run: Run, *args: str, code: int = 1) -> tuple[list[str], list[str]]:
    """The projects that were checked, and where there is bytecode in them."""
    report = run("check", *args, "--select", "OPS203", "--json", code=code).json
    return report["projects"], [finding["path"] for finding in report["findings"]]


def test_a_monorepo(run: Run, work: Path) -> None:
    """A repository that is no project itself is checked with the projects in it, each file once."""
    repository(work, MONOREPO)
    everything = ([".", "lib", "services/a", "services/b"], ["top.pyc", "services/a/old.pyc"])
    assert found_in(run) == everything
    assert found_in(run, "services") == (["services/a", "services/b"], ["services/a/old.pyc"])
    assert found_in(run, "services/a") == (["services/a"], ["services/a/old.pyc"])
    assert found_in(run, "tools", code=0) == (["tools"], [])
    lines = run("check", "--select", "OPS203", code=1).out.splitlines()
    assert lines[:5] == [".: 1 warning", "services/a: 1 warning", "lib: nothing found", "services/b: nothing found", ""]
    assert lines[-1] == "Found 2 warnings in 4 projects."


def test_packages_of_a_project(run: Run, work: Path) -> None:
    """A project's own settings are about the packages in its folders; one with answers of a template stands alone."""
    repository(work, {**MONOREPO, "pyproject.toml": PACKAGE, "services/b/.copier-answers.yml": "_src_path: gh:x/y\n"})
    assert found_in(run) == ([".", "services/b"], ["services/a/old.pyc", "top.pyc"])


def test_output_of_a_template(run: Run, work: Path) -> None:
    """What a template's repository keeps of its output is no project of its own."""
    repository(work, {**MONOREPO, "copier.yml": "", "ctt/a/.copier-answers.yml": "_src_path: ../..\n"})
    assert found_in(run)[0] == ["."]


def test_a_monorepo_is_fixed(run: Run, work: Path) -> None:
    """Each project is fixed as if it were checked alone."""
    unpinned = {"services/a/x.py": "", "services/a/Dockerfile": "FROM python:3.13\n"}
    repository(work, {**MONOREPO, **unpinned, "services/b/Dockerfile": "FROM python:3.14\n", "services/b/y.py": ""})
    run("check", "services", "--fix", "--select", "OPS204")
    status = git("status", "--porcelain", at=work).splitlines()
    assert status == ["A  services/a/.python-version", "A  services/b/.python-version"]


def test_one_of_several_fails(run: Run, work: Path) -> None:
    """A project that cannot be checked is named, the others are checked, and the exit code is 2."""
    repository(work / "a", {"x.pyc": ""})
    (work / "b").mkdir()
    lines = run("check", "b", "a", "--select", "OPS203", code=2).out.splitlines()
    assert lines[:3] == ["b: could not be checked", "a: 1 warning", ""]
    assert lines[3].startswith("a/x.pyc: warning OPS203")
    assert lines[5].startswith("not checked: b: b is not in a git repository")
    assert lines[6] == "Found 1 warning in 2 projects; not everything was checked."
    assert "b is not in a git repository" in run("check", "b", code=2).err


def test_the_command_of_a_remedy(run: Run, work: Path) -> None:
    """It works where the check was run."""
    run("new", "audit", "--defaults")
    Path("audit/.pre-commit-config.yaml").unlink()
    held = "not fixed: audit/.pre-commit-config.yaml has uncommitted changes"
    shown = run("check", "audit", "--fix", "--select", "OPS604", code=1).out
    assert held in shown
    assert "[*]" not in shown  # since --fix has just left it
    git("commit", "--quiet", "--all", "--message=x", at=Path("audit"))
    (finding,) = run("check", "audit", "--select", "OPS604", "--json", code=1).json["findings"]
    assert "new-ops-project check audit/.pre-commit-config.yaml --fix" in finding["remedy"]
    run("check", "audit/.pre-commit-config.yaml", "--fix", "--select", "OPS604")
    assert Path("audit/.pre-commit-config.yaml").exists()


# ---- drift ----------------------------------------------------------------------------------------------------------


def test_drift(run: Run, work: Path) -> None:
    """Every file that is not as the template wrote it is listed, also those that are the project's own."""
    run("new", "audit", "--defaults", "--tier", "library")
    output = run("check", "audit", "--drift").out
    assert output == f"audit: {len(written())} files of the template, all as it wrote them.\n"
    lay(work / "audit", {"README.md": "Mine.\n", ".pre-commit-config.yaml": None, ".editorconfig": "Mine.\n"})
    assert run("check", "audit", "--drift").out == (
        "edited   audit/.editorconfig\n"
        "deleted  audit/.pre-commit-config.yaml\n"
        "edited   audit/README.md (yours to edit)\n"
        f"audit: {len(written())} files of the template, 2 edited, 1 deleted.\n"
    )
    assert run("check", "audit/README.md", "--drift", "--json").json["drift"] == {"audit": {"README.md": "edited"}}


def written() -> list[str]:
    """The files of the project that the template wrote."""
    return [path for path in git("ls-files", at=Path("audit")).splitlines() if path != ".copier-answers.yml"]


def test_drift_of_nothing(run: Run, work: Path) -> None:
    """Without a template there is nothing to compare; with one that cannot be reached, that is said."""
    repository(work / "a", {"x": ""})
    assert run("check", "a", "--drift").out == "a: no template is recorded, so there is nothing to compare.\n"
    repository(work / "b", {".copier-answers.yml": "_src_path: /nowhere\n_commit: v1.0.0\n"})
    assert "/nowhere" in run("check", "b", "--drift", code=2).out
    for options in (["--fix"], ["--select", "OPS1"], ["--ignore", "OPS1"], ["--format", "sarif"]):
        run("check", "a", "--drift", *options, code=2)
