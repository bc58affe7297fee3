"""The family of rules about the template of a project: its answers file, its version, its files."""

from collections.abc import Callable, Iterable
from types import ModuleType

from new_ops_project.base.finding import Severity
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import Breach, Family, Rule
from new_ops_project.checks.template import recorded

_Check = Callable[[Repo], Iterable[Breach]]


def _record() -> ModuleType:
    from new_ops_project.checks.template import record  # noqa: PLC0415 - see below

    return record


def _drift() -> ModuleType:
    from new_ops_project.checks.template import drift  # noqa: PLC0415 - see below

    return drift


def _of_projects(choose: Callable[[], _Check]) -> _Check:
    """The rule that `choose` imports, for repositories with a template: what compares them takes long to import."""
    return lambda repo: choose()(repo) if recorded.answers_files(repo) else ()


_UPDATING = "https://copier.readthedocs.io/en/stable/updating/"
FAMILY = Family(
    "template",
    "The template",
    (
        Rule(
            "OPS601",
            "A template is recorded",
            Severity.INFO,
            "Without .copier-answers.yml nobody can tell what the repository was made from, and nothing updates it.",
            "Add the template: new-ops-project adopt",
            _UPDATING,
            recorded.missing_record,
        ),
        Rule(
            "OPS602",
            "Answers are changed only by the tool",
            Severity.WARNING,
            "An answer edited by hand changes no file, and the next update starts from a state that never existed.",
            "Set it back (git log -p shows it), then change it with: new-ops-project update --set KEY=VALUE",
            "https://copier.readthedocs.io/en/stable/updating/#never-change-the-answers-file-manually",
            _of_projects(lambda: _record().manual_edits),
        ),
        Rule(
            "OPS603",
            "The project has the newest version of the template",
            Severity.WARNING,
            "New pins, fixed workflows and new checks arrive with updates, and small steps are easier.",
            "See what would change: new-ops-project update --preview",
            _UPDATING,
            _of_projects(lambda: _record().outdated),
        ),
        Rule(
            "OPS604",
            "Files that the template maintains have all that it wrote",
            Severity.WARNING,
            "What you change or remove may conflict with the next update, and all other repositories have it. What you "
            "add is yours, and no finding.",
            "Move the change into the template, or keep the file as your own.",
            _UPDATING,
            _of_projects(lambda: _drift().template_files),
            fixes=True,
            fixed_when="named",
        ),
        Rule(
            "OPS605",
            "Your own files have what the template relies on",
            Severity.INFO,
            "Code, tests, README and pyproject.toml are written once and are then yours, but the workflows and the "
            "locks rely on a few things in them.",
            "Add what is missing.",
            _UPDATING,
            _of_projects(lambda: _drift().own_files),
            fixes=True,
            fixed_when="named",
        ),
        Rule(
            "OPS606",
            "No file is where the template may write one",
            Severity.INFO,
            "With other answers, the template writes a file of this name, and an update then merges the two.",
            "To keep it yours, add it to the list in the answer `keep`.",
            _UPDATING,
            _of_projects(lambda: _drift().extra_files),
        ),
    ),
)
