"""The options that say where the plan of a verb goes, with the run of such a verb."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from new_ops_project.base import paths
from new_ops_project.base.errors import ToolError
from new_ops_project.commands.shared.voice import Voice

if TYPE_CHECKING:
    from new_ops_project.plan.destination import Destination
    from new_ops_project.plan.outcome import Outcome

_FIELDS = ("preview", "patch", "branch", "in_place", "commit")
_TOGETHER = (["--continue", "--commit"], ["--in-place", "--commit"], ["--preview", "--in-place"])


def offered(
    *, branch: str, commit: str = "Commit the result.", pending: str, has_in_place: bool = True
) -> Callable[[Any], Any]:
    """A decorator that gives a command these options. `branch`, `commit`: what their help says.

    `pending`: what the verb makes (`an update`), which can be in the work tree for later.
    """
    options = [
        click.option("--preview", is_flag=True, help="Show every change in full, and write nothing."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object; messages go to stderr."),
        click.option("--patch", metavar="FILE", help="Write the changes as a patch for git apply; - is stdout."),
        click.option("--branch", metavar="[NAME]", is_flag=False, flag_value="", help=branch),
        click.option("--commit", is_flag=True, help=commit),
        click.option("--offline", is_flag=True, help="Do not fetch the template."),
    ]
    if has_in_place:
        options.append(click.option("--in-place", is_flag=True, help="Write to a work tree that has other changes."))
    options += [
        click.option("--continue", "resume", is_flag=True, help=f"Finish {pending} after you resolved its conflicts."),
        click.option("--abort", is_flag=True, help=f"Undo {pending} that is not committed yet."),
    ]
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def run(
    verb: str,
    options: dict[str, Any],
    act: "Callable[[Destination, Voice], Outcome]",
    aims: Mapping[str, Any] | None = None,
) -> None:
    """Run a verb with these options, which are then without those of a destination, and print how it ended.

    `act` is given the destination; --continue and --abort come without it. `aims`: the options that say what to do, by
    name. Raises ToolError for options that contradict each other.
    """
    from new_ops_project.commands.shared import outcome_words
    from new_ops_project.plan.destination import Destination

    as_json, resume, abort = (options.pop(name) for name in ("as_json", "resume", "abort"))
    fields = {name: options.pop(name) for name in _FIELDS if name in options}
    options["path"], fields["branch"] = _told_apart(verb, options["path"], fields["branch"])
    _require_file(fields["patch"])
    words = [*_words(aims or {})]
    wishes = tuple(" ".join(pair) for pair in words if len(pair) > 1 and pair[0] not in {"--to", "TIER"})
    again = tuple(word for pair in words for word in pair if word != "TIER")
    destination = Destination(verb, texts=bool(fields["preview"] and as_json), wishes=wishes, again=again, **fields)
    _require_sense(destination, as_json=as_json, resume=resume, abort=abort, aims=aims or {})
    voice = Voice(as_json or destination.patch == "-")
    if resume or abort:
        from new_ops_project.plan import pending

        path = options["path"] / (options.get("answers_file") or "")
        outcome = pending.end(path, destination, resume=resume)
    else:
        outcome = act(destination, voice)
    outcome_words.say(outcome, voice, as_json=as_json)
    click.get_current_context().exit(outcome.exit_code)


def _words(aims: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Each option that was given: its name, and its value if it takes one."""
    for name, value in aims.items():
        if isinstance(value, bool):
            yield from [(name,)] * value
        else:
            yield from ((name, each) for each in ((value,) if isinstance(value, str) else value or ()))


def _told_apart(verb: str, path: Path | None, branch: str | None) -> tuple[Path, str | None]:
    """PATH, and the name of the branch: what follows --branch is the former if it can only be that.

    Raises ToolError for a value that may be either.
    """
    if path or not branch or not paths.expanded(branch).exists():
        return path or Path(), branch
    from new_ops_project.template.answers_file import answers_files, is_answers_path

    def is_project(place: Path) -> bool:
        return place.is_file() or any(map(is_answers_path, answers_files(place)))

    folder = paths.expanded(branch)
    if branch[0] in "./~" or branch.endswith("/") or (is_project(folder) and not is_project(Path())):
        return folder, ""
    name = shlex.quote(branch)
    raise ToolError(
        f"--branch {branch}: there is {'a folder' if folder.is_dir() else 'a file'} of that name here.",
        f"If it is the PATH: new-ops-project {verb} {name} --branch\n"
        f"If it is the branch's NAME: new-ops-project {verb} . --branch {name}",
    )


def _require_file(patch: str | None) -> None:
    """Raise ToolError where --patch can write nothing: to a folder, which may be meant as PATH, or to one in none."""
    if patch is None or patch == "-":
        return
    if Path(patch).is_dir():
        hint = f"If it is the PATH, give both: --patch FILE {shlex.quote(patch)}"
        raise ToolError(f"--patch needs a FILE, and {patch} is a folder.", hint)
    if not Path(patch).parent.is_dir():
        raise ToolError(
            f"{patch} cannot be written: {Path(patch).parent} is not a folder.", "Give another --patch FILE."
        )


def _require_sense(
    destination: "Destination", *, as_json: bool, resume: bool, abort: bool, aims: Mapping[str, Any]
) -> None:
    chosen = {
        "--continue": resume,
        "--abort": abort,
        "--preview": destination.preview,
        "--check": aims.get("--check"),
        "--patch": destination.patch is not None,
        "--branch": destination.branch is not None,
        "--in-place": destination.in_place,
        "--commit": destination.commit,
    }
    given = [name for name, is_given in chosen.items() if is_given]
    if len(given) > 1 and given not in _TOGETHER:
        raise ToolError(f"{' and '.join(given)} do not go together.", "Choose one.")
    if (resume or abort) and (useless := [name for name, value in aims.items() if value]):
        raise ToolError(f"{given[0]} takes no {' and no '.join(useless)}.", "Leave that out.")
    if destination.patch == "-" and as_json:
        raise ToolError("--json and --patch - both write to stdout.", "Give --patch a file.")
