"""Rules about the template that made a repository: its record, its version, and what became of its files."""

from new_ops_project.base.finding import Severity
from new_ops_project.checks.rule import Family, Rule
from new_ops_project.checks.template import drift, record

_UPDATING = "https://copier.readthedocs.io/en/stable/updating/"
_WHY_DRIFT = (
    "What is edited in one repository only is a conflict at the next update, and is missing in all the others; an "
    "update leaves it as it is, for ever."
)

FAMILY = Family(
    "template",
    "The template",
    (
        Rule(
            "OPS601",
            "A template is recorded",
            Severity.INFO,
            "Without .copier-answers.yml nobody can tell what the repository was made from, and nothing refreshes it.",
            "Bring it under a template: new-ops-project adopt",
            _UPDATING,
            record.nothing_is_recorded,
        ),
        Rule(
            "OPS602",
            "Answers are changed by the tool",
            Severity.WARNING,
            "An answer that is changed by hand changes no file; the next update compares with what never was.",
            "Set it back (git log -p has it), then change it with: new-ops-project update --set KEY=VALUE",
            "https://copier.readthedocs.io/en/stable/updating/#never-change-the-answers-file-manually",
            record.is_edited_by_hand,
        ),
        Rule(
            "OPS603",
            "The template's newest version is in",
            Severity.WARNING,
            "Moved pins, mended workflows and new checks arrive with an update, and small steps are easier.",
            "See what comes: new-ops-project update --preview",
            _UPDATING,
            record.is_behind,
        ),
        Rule(
            "OPS604",
            "Files that the template keeps are as it has them",
            Severity.WARNING,
            _WHY_DRIFT,
            "Restore the template's, or move the change into the template.",
            _UPDATING,
            drift.kept_file_drifted,
            fixes=True,
            fixed_when="named",
        ),
        Rule(
            "OPS605",
            "Files of the project's own go on from the template's",
            Severity.INFO,
            "Code, tests, README and pyproject.toml are written once and then yours: that they differ is only to know.",
            "Nothing needs doing.",
            _UPDATING,
            drift.own_file_drifted,
            fixes=True,
            fixed_when="selected",
        ),
        Rule(
            "OPS606",
            "No file stands where the template may write",
            Severity.INFO,
            "With other answers, the template brings a file of that name; an update then merges both.",
            "List it in the answer `keep`, if it shall stay yours: new-ops-project update --set keep=[PATH]",
            _UPDATING,
            drift.extra_file,
        ),
    ),
)
