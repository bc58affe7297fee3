"""The trials of the table: one function for each verb, which runs it in a place and checks the result."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shapes import checks, seed
from shapes.checks import Trial
from shapes.state import State
from support.history import entry
from support.small import CLASH, NEWER, lay, resolved

from new_ops_project.git.tree import Entry

STAGED = r"new-ops-project {}( .*)? --abort"
UNDONE = r"The {} to \S+ is undone; everything is as it was before\."
COMMITTED = r"Committed as [0-9a-f]{7}\."
OUTSIDE = {"README.md": "# All, being edited\n", "loose.txt": "Loose.\n"}  # the same, outside the project
WORK = {"mine/notes.txt": "Mine, being edited.\n", "mine/loose.txt": "Loose.\n"}  # not committed yet


@dataclass(frozen=True)
class Verb:
    """One column of the table: which edits the project has, the trial, and what git's refusal is tried with."""

    edits: str
    tried: Callable[[Trial], None]
    refused: Sequence[str]


def _paths(committed: Mapping[str, Entry], new: Mapping[str, Entry]) -> set[str]:
    """The paths that differ between two sets of files."""
    return {path for path in committed.keys() | new.keys() if committed.get(path) != new.get(path)}


def _is_staged(trial: Trial, before: State, new: Mapping[str, Entry], what: str) -> None:
    """Check that exactly the new files are on disk and in the index, and that nothing else changed anywhere."""
    trial.has_on_disk(new, f"{what}, on disk")
    trial.has_index(new, f"{what}, in the index")
    trial.only_changed(before, _paths(trial.place.committed, new), checks.INDEX, what)
    trial.is_sound(what, staged=True)


def _is_committed(trial: Trial, before: State, new: Mapping[str, Entry], what: str) -> None:
    """Check the same after a commit, and that it is one commit on top."""
    trial.has_on_disk(new, f"{what}, on disk")
    trial.has_index(new, f"{what}, in the index")
    trial.only_changed(before, _paths(trial.place.committed, new), checks.COMMIT, what)
    trial.is_sound(what, staged=False)
    count = trial.place.git("rev-list", "--count", "@{1}..HEAD")
    trial.require(count == "1", f"{what}: {count} commits")


def _others_wait(trial: Trial, pending: str) -> None:
    """Check that the pending change of a verb is not taken for one of the other projects, which are told of it."""
    place = trial.place
    name = f"{place.prefix}{place.answers or seed.ANSWERS}"
    for other in place.others:
        before = trial.seen()
        for options in ("", " --commit", " --abort", " --continue"):
            ran = trial.run(f"new-ops-project update {other}{options}", 2)
            is_named = name in ran.err or re.search(rf"new-ops-project {pending} ({place.folder} )?--abort", ran.err)
            trial.require(is_named, f"`{ran.line}` does not name {name}: {ran.err.strip()}")
            trial.as_before(before, f"`{ran.line}`")


def _update(trial: Trial) -> None:
    """Update; a second run waits; --abort as it was printed; update again; git commit as it was printed."""
    place, before = trial.place, trial.seen()
    new = seed.updated(place.committed)
    for _ in range(2):
        ran = trial.run(f"new-ops-project update {place.path}", 0, STAGED.format("update"))
        _is_staged(trial, before, new, "update")
    trial.require("not committed yet" in ran.out, "the second run does not say that the first waits for its commit")
    _others_wait(trial, "update")
    trial.run(ran.last, 0, UNDONE.format("update"))
    trial.as_before(before, ran.last)
    ran = trial.run(f"new-ops-project update {place.path}", 0, STAGED.format("update"))
    trial.require("  git commit" in ran.out.splitlines(), "git commit is not printed")
    trial.run("git commit", 0)
    _is_committed(trial, before, new, "git commit")
    committed = trial.seen()
    current = trial.run(f"new-ops-project update {place.path}", 0)
    trial.require(
        " is current: v1.1.0 of " in current.out, f"it does not say that it is current: {current.out.strip()}"
    )
    trial.only_changed(committed, (), r"(?!)", "update when current")
    trial.run(ran.last, 2)  # there is nothing to take back any more


def _conflict(trial: Trial) -> tuple[State, list[str]]:
    """Update into a conflict, check it, and return the state before and the printed commands."""
    place, before = trial.place, trial.seen()
    ran = trial.run(f"new-ops-project update {place.path}", 3, STAGED.format("update"))
    new = seed.updated(place.committed)
    index = {path: kept for path, kept in new.items() if path not in seed.CLASHING}
    for path in seed.CLASHING:
        trial.has_conflict(path, CLASH, NEWER)
        for side, text in (("ours", CLASH), ("theirs", NEWER)):
            trial.require(resolved(trial.unmerged_text(path), side) == text, f"{path}: the side {side} is not whole")
    marked = {path: Entry("100644", trial.unmerged_text(path).encode()) for path in seed.CLASHING}
    trial.has_on_disk(index | marked, "conflict, on disk", shown=seed.CLASHING)
    trial.same(
        {path: row for path, row in trial.index().items() if ":" not in path},
        {path: f"{kept.mode} {trial.blob(kept.content)}" for path, kept in index.items()},
        "conflict, in the index",
    )
    trial.only_changed(before, _paths(place.committed, new), checks.INDEX, "conflict")
    lines = [line.strip() for line in ran.out.splitlines()]
    commands = [line for line in lines if re.fullmatch(r"new-ops-project update .*--(continue|abort)", line)]
    return before, commands


def _continue(trial: Trial) -> None:
    """A conflict; --continue refuses while it is there; resolved, --continue as it was printed; git commit."""
    place = trial.place
    before, commands = _conflict(trial)
    pending = trial.seen()
    trial.run(commands[0], 2)
    trial.as_before(pending, "--continue with markers")
    trial.run(f"new-ops-project update {place.path}", 2)
    trial.as_before(pending, "update with markers")
    new = {**seed.updated(place.committed), **{path: entry(seed.RESOLVED) for path in seed.CLASHING}}
    lay(place.project, {path: place.on_disk(path, new[path]).content for path in seed.CLASHING})
    trial.run(commands[0], 0, re.escape(commands[1]))
    trial.has_on_disk(new, "--continue, on disk", shown=seed.CLASHING)
    trial.has_index(new, "--continue, in the index")
    trial.only_changed(before, _paths(place.committed, new), checks.INDEX, "--continue")
    trial.is_sound("--continue", staged=True)
    trial.run("git commit", 0)
    trial.has_index(new, "git commit, in the index")
    trial.is_sound("git commit", staged=False)
    trial.run(commands[1], 2)


def _abort(trial: Trial) -> None:
    """A conflict; --abort as it was printed: everything is as it was, also after edits, and after --continue."""
    place = trial.place
    before, commands = _conflict(trial)
    trial.run(commands[-1], 0, UNDONE.format("update"))
    trial.as_before(before, commands[-1])
    for text, edited, resume in (("Half resolved.\n", seed.CLASHING[:1], 2), (seed.RESOLVED, seed.CLASHING, 0)):
        _, commands = _conflict(trial)
        lay(place.project, {path: place.on_disk(path, entry(text)).content for path in edited})
        trial.run(commands[0], resume)
        ran = trial.run(commands[-1], 0)
        kept = re.search(r"Edits made since then are kept in (.*)\.\n", ran.out)
        copies = trial.quietly(f"find '{kept[1]}' -type f -exec cat {{}} +").out if kept else ""
        trial.require(text in copies.replace("\r\n", "\n"), f"the edits are not kept where it says: {ran.out.strip()}")
        trial.quietly(f"rm -r '{kept[1]}'" if kept else "true")
        trial.as_before(before, "--abort after an edit")
    trial.run(commands[-1], 2)


def _branch(trial: Trial) -> None:
    """Update to a branch: nothing else changes; once more it is there already; git merge as it was printed."""
    place, before = trial.place, trial.seen()
    new = seed.updated(place.committed)
    ran = trial.run(f"new-ops-project update {place.path} --branch", 0, r"git merge template/\S+")
    branch = ran.last.removeprefix("git merge ")
    trial.only_changed(before, (), checks.BRANCH, "--branch")
    for other in place.others:
        tip = place.git("rev-parse", branch)
        theirs = trial.run(f"new-ops-project update {other} --branch", 0, r"git merge template/\S+").last
        trial.require(theirs != ran.last, f"the branch of {other} has the same name: {branch}")
        trial.require(place.git("rev-parse", branch) == tip, f"the branch of {other} replaces {branch}")
    again = trial.seen()
    trial.run(f"new-ops-project update {place.path} --branch", 0, r"git merge template/\S+")
    trial.as_before(again, "--branch once more")
    trial.require(place.git("rev-list", "--count", f"HEAD..{branch}") == "1", f"{branch} is not one commit ahead")
    trial.is_sound("--branch", staged=False)
    if not place.can_merge:
        return
    trial.run(ran.last, 0)
    trial.has_index(new, "git merge, in the index")
    trial.has_on_disk(new, "git merge, on disk")
    trial.is_sound("git merge", staged=False)


def _commit(trial: Trial) -> None:
    """Update with --commit: one commit, which is named, and nothing else."""
    place, before = trial.place, trial.seen()
    ran = trial.run(f"new-ops-project update {place.path} --commit", 0, COMMITTED)
    _is_committed(trial, before, seed.updated(place.committed), "--commit")
    head = place.git("rev-parse", "HEAD")
    trial.require(ran.last[13:20] == head[:7], f"it says {ran.last!r}, and HEAD is {head[:7]}")
    trial.run("new-ops-project update --abort", 2)


def _in_place(trial: Trial) -> None:
    """Update with --in-place beside work that is not committed, which stays; --abort takes back the update only."""
    place = trial.place
    trial.require(trial.run(f"new-ops-project update {place.path} --preview", 0).out, "the preview is empty")
    lay(place.project, WORK)
    lay(place.project, {"mine/staged.txt": "Staged.\n"})
    place.git("add", "mine/staged.txt", at=place.project)
    before, staged = trial.seen(), {"mine/staged.txt": entry("Staged.\n")}
    trial.run(f"new-ops-project update {place.path}", 2)
    trial.as_before(before, "update beside other work")
    ran = trial.run(f"new-ops-project update {place.path} --in-place", 0, STAGED.format("update"))
    new = {**seed.updated(place.committed), **staged}
    trial.has_index(new, "--in-place, in the index")
    trial.only_changed(before, _paths(place.committed, new), checks.INDEX, "--in-place")
    trial.loose += [f"{place.prefix}{path}" for path in WORK]
    trial.is_sound("--in-place", staged=True)
    trial.run(ran.last, 0, UNDONE.format("update"))
    trial.as_before(before, ran.last)


def _promote(trial: Trial) -> None:
    """Promote; the program moves unchanged; all of it is staged; --abort as it was printed; promote and commit."""
    place, before = trial.place, trial.seen()
    ran = trial.run(f"new-ops-project promote cli {place.path}", 0, STAGED.format("promote"))
    new = _promoted(trial)
    _is_staged(trial, before, new, "promote")
    _others_wait(trial, "promote")
    trial.run(ran.last, 0, UNDONE.format("promotion"))
    trial.as_before(before, ran.last)
    ran = trial.run(f"new-ops-project promote cli {place.path} --commit", 0, COMMITTED)
    _is_committed(trial, before, new, "promote --commit")


def _promoted(trial: Trial) -> dict[str, Entry]:
    """The files as the index has them after a promotion, whose main effects are checked."""
    place = trial.place
    rows = {path: row.split() for path, row in trial.index().items()}
    new = {path: Entry(mode, place.git_bytes("cat-file", "blob", blob)) for path, (mode, blob) in rows.items()}
    code = new.get(seed.TASK, Entry("", b""))
    trial.require(code == place.committed[seed.SCRIPT], f"the program is not in {seed.TASK}, or not as it was")
    trial.require(seed.SCRIPT not in new, f"{seed.SCRIPT} is still there")
    trial.require(b"tier: cli\n" in new[seed.ANSWERS].content, "the new tier is not recorded")
    trial.require(b"[project.scripts]\n" in new["pyproject.toml"].content, "no command in pyproject.toml")
    untouched = [path for path in place.committed if path.startswith(("mine/", "ops/", "team/"))]
    trial.same(
        {path: new.get(path) for path in untouched}, {path: place.committed[path] for path in untouched}, "promote"
    )
    return new


def _fix(trial: Trial) -> None:
    """Fix files that lack a line of the template's: those that are on disk are as the template has them."""
    place, before = trial.place, trial.seen()
    visible = [path for path in seed.DRIFTING if place.shows(path)]
    new = {**place.committed, **{path: trial.planted.files[path] for path in visible}}
    ran = trial.run(f"new-ops-project check {place.folder} --fix --select OPS604", 0)
    fixed = [line.split(":")[0].split()[-1] for line in ran.out.splitlines() if line.startswith("fixed")]
    wanted = [f"{place.prefix}{path}" for path in visible]
    trial.require(sorted(fixed) == sorted(wanted), f"it says that it fixed {fixed}, not {wanted}")
    _is_staged(trial, before, new, "check --fix")
    staged = trial.seen()
    trial.run(f"new-ops-project check {place.folder} --fix --select OPS604", 0)
    trial.only_changed(staged, (), r"(?!)", "check --fix once more")


VERBS = {
    "update": Verb("clean", _update, ("update .", "update . --check", "adopt .", "doctor .")),
    "conflict, --continue": Verb("clash", _continue, ("update . --continue",)),
    "conflict, --abort": Verb("clash", _abort, ("update . --abort",)),
    "--branch": Verb("clean", _branch, ("update . --branch",)),
    "--commit": Verb("clean", _commit, ("update . --commit",)),
    "--in-place": Verb("clean", _in_place, ("update . --in-place", "update . --preview")),
    "promote": Verb("clean", _promote, ("promote cli .", "promote . --abort")),
    "check --fix": Verb("drift", _fix, ("check . --fix", "check .")),
}


def try_verb(trial: Trial, verb: str) -> None:
    """Run the trial of one verb; in a repository that git refuses, first see that it says so and how to go on."""
    place, commands = trial.place, VERBS[verb].refused
    if place.is_refused:
        _is_told(trial, commands)
    if place.unowned:
        _needs_a_commit(trial, place.unowned, [line for line in commands if line.startswith(("update", "promote"))])
    if place.prefix and verb not in {"--commit", "promote"}:  # a commit wants the whole work tree to be clean
        lay(place.root, OUTSIDE)
        trial.loose += OUTSIDE
    VERBS[verb].tried(trial)


def _is_told(trial: Trial, commands: Sequence[str]) -> None:
    """Check that each command names git's own remedy and changes nothing; then follow it."""
    before, remedy = trial.seen(), f"git config --global --add safe.directory {trial.place.root}"
    for command in commands:
        ran = trial.run(f"new-ops-project {command}", 2)
        words = " / ".join((ran.err or ran.out).split("\n"))
        trial.require(remedy in ran.out + ran.err, f"`{ran.line}` does not name git's remedy: {words}")
    trial.as_before(before, "refused")
    trial.run(remedy, 0)


def _needs_a_commit(trial: Trial, folder: Path, commands: Sequence[str]) -> None:
    """Check that a project which no repository has committed is refused, and stays."""
    before = trial.seen()
    for command in commands:
        ran = trial.run(f"cd {folder} && new-ops-project {command}", 2)
        # --commit may see first that the outer repository has other work that is not committed.
        is_told = "not committed" in ran.err or "uncommitted changes" in ran.err or "is under way" in ran.err
        trial.require(is_told, f"`{ran.line}` does not say that nothing is committed: {ran.err.strip()}")
    trial.as_before(before, "without a repository of its own")
