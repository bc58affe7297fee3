"""What a change that is pending is called, and the commands that end it."""

from new_ops_project.git.journal import Change
from new_ops_project.plan.project_place import ProjectPlace
from new_ops_project.template.answers_file import ANSWERS_FILE

_NOUNS = {"update": "update", "promote": "promotion", "adopt": "adoption", "check": "fix"}


def noun(verb: str, article: str = "") -> str:
    """The noun for what a verb makes, with an article if one is given (`a` or `the`): `an update`, `the promotion`."""
    name = _NOUNS.get(verb, verb)
    spelled = {"a": "an" if name[0] in "aeiou" else "a"}.get(article, article)
    return f"{spelled} {name}".strip()


def place(change: Change) -> ProjectPlace:
    """The project that a change is of."""
    about = change.about
    return ProjectPlace(change.root, about.get("prefix", ""), about.get("answers_file", ANSWERS_FILE))


def title(change: Change, besides: str = "") -> str:
    """A change at the start of a sentence, with its project unless that is the one called `besides`."""
    owner = place(change).name
    return f"{noun(change.verb, 'the').capitalize()} to {change.about['to']}" + (
        f" of {owner}" if owner != besides else ""
    )


def command(change: Change, option: str) -> str:
    """The command line that ends a change: `--continue` or `--abort`, for its project."""
    return place(change).command(change.verb, option)


def way_out(change: Change) -> str:
    """What to do about a change that is in the way."""
    return f"Commit it (git commit), or undo it: {command(change, '--abort')}"
