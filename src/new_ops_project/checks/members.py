"""The projects in the folders of a repository, such as those of a monorepo."""

from new_ops_project.checks.coding import python_files
from new_ops_project.checks.repo import PYPROJECT, Repo
from new_ops_project.formats import document
from new_ops_project.template.answers_file import ANSWERS_FILE

_SETUP = "setup.py"
_TEMPLATES = {"copier.yml", "copier.yaml", "cookiecutter.json"}


def folders(repo: Repo) -> list[str]:
    """The outermost folders with a project of their own, by path.

    A folder with a template's answers is one. One that is only described as a package is one if the repository itself
    is none; otherwise, it may be a plugin or a workspace's member, which the project's own files are about. Folders for
    tests, examples, documentation and copies of others' code do not count, nor does what a template's repository keeps
    of its output.
    """
    if _TEMPLATES & repo.paths:
        return []
    names = (ANSWERS_FILE,) if _is_project(repo, "") else (ANSWERS_FILE, PYPROJECT, _SETUP)
    above = {path.rpartition("/")[0] for path in repo.paths if path.endswith(names)}
    chosen: list[str] = []
    for folder in sorted(above - {""}):
        is_inside = any(folder.startswith(f"{other}/") for other in chosen)
        is_aside = folder.startswith(".") or not python_files.is_program(repo, f"{folder}/any")
        if not is_inside and not is_aside and _is_project(repo, f"{folder}/"):
            chosen.append(folder)
    return chosen


def _is_project(repo: Repo, prefix: str) -> bool:
    table = document.toml(repo.files, f"{prefix}{PYPROJECT}").table
    is_recorded = f"{prefix}{ANSWERS_FILE}" in repo.paths
    return is_recorded or f"{prefix}{_SETUP}" in repo.paths or bool(table("project") or table("tool", "poetry"))
