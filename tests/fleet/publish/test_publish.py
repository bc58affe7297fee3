"""`fleet publish` with real git over smart HTTP, which never replaces a person's work."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.clock import Time
from support.command import Run, git
from support.fleet_bundles import ABOUT, LARGE, TEXT, VERSION, Fleet
from support.fleet_programs import Programs
from support.servers import Busy, git_http
from support.terminal import Terminal

from new_ops_project.base.errors import Exit, ToolError
from new_ops_project.fleet import json_lines, store
from new_ops_project.fleet.model import ResultState
from new_ops_project.fleet.publish import forge
from new_ops_project.fleet.publish.publisher import Published, PublishRequest, publish

TARGET = f"template/{VERSION}"
SECRET = "s3cret-t0ken"  # noqa: S105 - of a server that lives as long as a test


@pytest.fixture
def busy() -> Busy:
    """The server's behaviour; it asks for a password."""
    return Busy(account=f"ada:{SECRET}")


@pytest.fixture
def fleet(work: Path, home: Path, busy: Busy) -> Iterator[Fleet]:
    """Repositories over smart HTTP; git's credential store has the password."""
    (work / "served").mkdir()
    with git_http(work / "served", busy=busy) as url:
        (home / ".git-credentials").write_text(url.replace("//", f"//{busy.account}@") + "\n")
        git("config", "--global", "credential.helper", "store", at=work)
        yield Fleet(work, url)


@pytest.fixture
def single(fleet: Fleet) -> Fleet:
    """The fleet with one repository, acme/one."""
    fleet.add("acme/one")
    return fleet


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Fake gh and glab; gh is logged in."""
    programs = Programs(tmp_path / "forge")
    (programs.folder / "gh.login").touch()
    monkeypatch.setenv("PATH", programs.path)
    forge.kind_of.cache_clear()
    return programs


def run_publisher(fleet: Fleet, mode: str, time: Time | None = None, **more: Any) -> Published:
    """One run, with a clock that does not wait."""
    return publish(PublishRequest((fleet.out,), mode, **more), lambda _event: None, (time or Time()).clock)


def states(published: Published) -> list[str]:
    """How each was delivered."""
    return [str(delivery.state) for delivery in published.deliveries]


def only(published: Published) -> Any:
    """The one delivery."""
    (delivery,) = published.deliveries
    return delivery


# ---- push -------------------------------------------------------------------------------------------------------


def test_pushes_the_commit(fleet: Fleet, busy: Busy) -> None:
    """The bundle's commit is on its branch afterwards; a second run sends no request."""
    result = fleet.add("acme/one")
    assert states(run_publisher(fleet, "push")) == ["pushed"]
    assert fleet.tip("acme/one") == result.commit
    before = len(busy.seen)
    assert states(run_publisher(fleet, "push")) == ["pushed"]
    assert len(busy.seen) == before


@pytest.mark.parametrize(("older", "text"), [(True, TEXT.replace("100 =", "101 =")), (False, TEXT.replace("=", ":="))])
def test_fetches_no_files(fleet: Fleet, busy: Busy, older: bool, text: str) -> None:  # noqa: FBT001 - pytest's
    """One fetch for the trees, at most one for the files that a thin bundle builds on, and none for the push."""
    fleet.add("acme/one", files={"tool.py": text})
    if older:
        fleet.put("acme/one", "template/1.1.0", "1.1.0")
    busy.seen.clear()
    busy.sent = 0
    assert states(run_publisher(fleet, "push")) == ["pushed"]
    begins = next(number for number, request in enumerate(busy.seen) if "service=git-receive-pack" in request)
    assert not [request for request in busy.seen[begins:] if "upload-pack" in request]
    assert sum(request.startswith("POST") for request in busy.seen[:begins]) <= 4
    assert busy.sent < LARGE / 10


def test_a_server_that_cannot_leave_files_out_will_do(single: Fleet) -> None:
    """It sends them all, and the push works as usual."""
    git("config", "uploadpack.allowFilter", "false", at=single.bare("acme/one"))
    assert states(run_publisher(single, "push")) == ["pushed"]


def test_replaces_its_own_branch(single: Fleet) -> None:
    """After the base moved, the commit of a new plan replaces ours."""
    run_publisher(single, "push")
    single.somebody("acme/one", "trunk")
    result = single.again("acme/one", "plan-2")
    assert states(run_publisher(single, "push")) == ["pushed"]
    assert single.tip("acme/one") == result.commit


@pytest.mark.parametrize("mode", ["push", "pr"])
@pytest.mark.parametrize("start", [f"origin/{TARGET}", "origin/trunk"])
def test_never_touches_a_persons_commits(single: Fleet, programs: Programs, mode: str, start: str) -> None:
    """A person's commit on top of ours, or instead of it, stays; no pull request is opened."""
    run_publisher(single, "push", journal=single.root / "other.jsonl")
    git("push", "--quiet", "origin", "--delete", TARGET, at=single.clone("acme/one")) if "trunk" in start else None
    mine = single.somebody("acme/one", TARGET, start=start)
    delivery = only(run_publisher(single, mode))
    assert (delivery.state, single.tip("acme/one"), programs.written()) == ("untouched", mine, [])
    assert "commits that this tool did not make" in delivery.reason


def test_a_persons_commit_below_ours_is_a_persons(fleet: Fleet) -> None:
    """A commit that looks like ours, on top of work that is not in the default branch, is not replaced."""
    result = fleet.add("acme/one")
    fleet.somebody("acme/one", "feature", start="origin/trunk")
    person = fleet.root / "person" / "acme/one"
    git("commit", "--quiet", "--amend", "--no-edit", at=person)
    tree = git("rev-parse", "HEAD^{tree}", at=person)
    looks = git("commit-tree", "-p", "HEAD", "-m", f"x\n\nTemplate-Tree: {tree}", tree, at=person)
    git("push", "--quiet", "origin", f"{looks}:refs/heads/{result.target}", at=person)
    assert states(run_publisher(fleet, "push")) == ["untouched"]
    assert fleet.tip("acme/one") == looks


def test_a_moved_base_is_deferred(fleet: Fleet) -> None:
    """When the default branch has moved since the plan, nothing is pushed, and the reason has both commits."""
    result = fleet.add("acme/one")
    now = fleet.somebody("acme/one", "trunk")
    delivery = only(run_publisher(fleet, "push"))
    assert (delivery.state, fleet.tip("acme/one")) == ("deferred", "")
    assert delivery.reason == f"trunk moved from {result.base[:7]} to {now[:7]} since the plan."
    assert "fleet retry" in delivery.hint


def test_commits_that_were_not_pushed_stay_so(single: Fleet) -> None:
    """A person's unpushed commits are not pushed along with ours."""
    git("commit", "--quiet", "--allow-empty", "--message=Mine", at=single.clone("acme/one"))
    single.again("acme/one", "plan-1")
    delivery = only(run_publisher(single, "push"))
    assert (delivery.state, single.tip("acme/one")) == ("deferred", "")
    assert "has not been pushed" in delivery.reason


def test_who_pushes_meanwhile_wins(single: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A branch that somebody creates just before our push stays as it is."""
    from new_ops_project.fleet.publish import to_remote

    mine: list[str] = []
    before = to_remote.push

    def late(*args: Any, **more: Any) -> None:
        mine.append(single.somebody("acme/one", TARGET, start="origin/trunk"))
        before(*args, **more)

    monkeypatch.setattr(to_remote, "push", late)
    delivery = only(run_publisher(single, "push"))
    assert (delivery.state, single.tip("acme/one")) == ("deferred", mine[0])
    assert "somebody else pushed" in delivery.reason


def test_a_refused_push_is_one_row(fleet: Fleet, busy: Busy) -> None:
    """When a hook or the server refuses, that repository fails with the server's reason; the others are delivered."""
    for name in ("acme/one", "acme/two", "acme/three"):
        fleet.add(name)
    hook = fleet.bare("acme/one") / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho branches are frozen >&2\nexit 1\n")
    hook.chmod(0o755)
    busy.closed = ("/acme/two",)
    published = run_publisher(fleet, "push", max_failed=90)
    assert states(published) == ["failed", "failed", "pushed"]
    assert "branches are frozen" in published.deliveries[0].reason
    assert "403" in published.deliveries[1].reason
    assert published.exit_code == Exit.FAILED


def test_waits_when_the_server_wants_it(single: Fleet, busy: Busy) -> None:
    """After 429, a fetch or a push waits a minute and tries again."""
    busy.pauses = {"/acme/one.git/info/refs": 1, "/acme/one.git/git-receive-pack": 1}
    time = Time()
    assert states(run_publisher(single, "push", time)) == ["pushed"]
    assert time.slept == [60.0, 60.0]


def test_gives_up_after_three_tries(single: Fleet, busy: Busy) -> None:
    """A repository whose server always answers 429 fails with that status; the next run delivers it."""
    busy.pauses = {"/acme/one.git": 3}
    assert "429" in only(run_publisher(single, "push")).reason
    assert states(run_publisher(single, "push")) == ["pushed"]


def test_a_server_that_is_not_there_is_tried_again(single: Fleet) -> None:
    """A refused connection is tried three times, with longer and longer waits."""
    single.tasks[0] = replace(single.tasks[0], url="http://127.0.0.1:9/acme/one.git")
    single.save()
    time = Time()
    assert states(run_publisher(single, "push", time)) == ["failed"]
    assert time.slept == [2.0, 8.0]


def test_a_new_run_counts_what_the_last_one_took(fleet: Fleet) -> None:
    """Each push takes a token; with two a minute, the third waits until the first is a minute old, in any run."""
    fleet.several(3)
    time = Time()
    run_publisher(fleet, "push", time, max_per_minute=2, only=("acme/n0", "acme/n1"))
    assert time.slept == []
    run_publisher(fleet, "push", time, max_per_minute=2)
    assert sum(time.slept) == pytest.approx(60.0, abs=1e-3)
    taken = [line for line in json_lines.read(fleet.out / store.JOURNAL) if "taken" in line]
    assert len(taken) == 3


def test_no_secret_is_told_or_stored(single: Fleet, busy: Busy, run: Run, tmp_path: Path) -> None:
    """The password is neither in the output nor in any file of the results."""
    single.add("acme/two")
    busy.closed = ("/acme/two",)
    ran = run("fleet", "publish", "--in", str(single.out), "--mode", "push", "--json", code=2)
    texts = [ran.out, ran.err, *(path.read_text(errors="replace") for path in single.out.rglob("*") if path.is_file())]
    assert not any(SECRET in text for text in texts)


# ---- results that are not what they say --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"target": "trunk"}, "is not the branch that the plan names"),
        ({"target": "template/../x"}, "is not the branch that the plan names"),
        ({"target": "template/1.1.0"}, "is not the branch that the plan names"),
        ({"version": "9.9.9"}, "is not the branch that the plan names"),
        ({"base": "0" * 40}, "not what was planned"),
        ({"commit": "0" * 40}, "does not hold the commit"),
        ({"tree": "0" * 40}, "not the one that was planned"),
        ({"bundle": "../../elsewhere"}, "does not name a bundle in its folder"),
        ({"bundle": ""}, "does not name a bundle in its folder"),
        ({"commit": "--all"}, "does not name a commit"),
    ],
)
def test_a_result_that_lies_is_refused(single: Fleet, wrong: dict[str, str], reason: str) -> None:
    """A result is not trusted: nothing is pushed except the planned commit."""
    single.results[0] = replace(single.results[0], **wrong)  # type: ignore[arg-type]
    single.save()
    delivery = only(run_publisher(single, "push"))
    assert delivery.state == "failed"
    assert reason in delivery.reason
    assert git("for-each-ref", "--format=%(refname)", at=single.bare("acme/one")) == "refs/heads/trunk"


@pytest.mark.parametrize("kind", ["pipe", "link", "above", "folder"])
def test_a_bundle_that_is_none_of_its_folder(single: Fleet, kind: str) -> None:
    """It is not opened: neither a named pipe, which would wait for ever, nor a file that is somewhere else."""
    bundle = single.out / single.results[0].bundle
    elsewhere = bundle.rename(single.root / "elsewhere")
    if kind == "pipe":
        os.mkfifo(bundle)
    elif kind == "link":
        bundle.symlink_to(elsewhere)
    elif kind == "folder":
        bundle.mkdir()
    else:
        single.results[0] = replace(single.results[0], bundle="../elsewhere")
        single.save()
    delivery = only(run_publisher(single, "push"))
    assert (delivery.state, delivery.reason) == ("failed", "The result does not name a bundle in its folder.")


def test_the_address_is_the_plans(fleet: Fleet) -> None:
    """The address in a result is ignored."""
    result = fleet.add("acme/one")
    fleet.results[0] = replace(result, url="http://127.0.0.1:9/evil.git")
    fleet.save()
    assert states(run_publisher(fleet, "push")) == ["pushed"]


# ---- branch -----------------------------------------------------------------------------------------------------


def test_writes_a_branch_of_the_clone(fleet: Fleet) -> None:
    """The branch has the commit; HEAD, index and an edited work tree stay as they are."""
    result, clone = fleet.add("acme/one"), fleet.clone("acme/one")
    (clone / "tool.py").write_text("edited\n")
    before = git("status", "--porcelain", "--branch", at=clone)
    assert states(run_publisher(fleet, "branch")) == ["branch"]
    assert fleet.tip("acme/one", at=clone) == result.commit
    assert git("status", "--porcelain", "--branch", at=clone) == before


@pytest.mark.parametrize(
    ("steps", "state", "reason"),
    [
        (
            (("checkout", "-q", "-b", TARGET), ("commit", "-q", "--allow-empty", "-mx")),
            "untouched",
            "commits that this tool did not make",
        ),
        ((("commit", "-q", "--allow-empty", "-mx"),), "deferred", "trunk moved from"),
        ((("branch", "template"),), "failed", "cannot lock ref"),
        ((("checkout", "-q", "--detach"), ("branch", "-D", "trunk")), "deferred", "branch trunk no longer exists"),
    ],
)
def test_leaves_a_branch_alone(single: Fleet, steps: tuple[tuple[str, ...], ...], state: str, reason: str) -> None:
    """A person's branch, a moved base or an impossible name gives a row with the reason."""
    for step in steps:
        git(*step, at=single.clone("acme/one"))
    before = git("for-each-ref", at=single.clone("acme/one"))
    delivery = only(run_publisher(single, "branch"))
    assert (str(delivery.state), git("for-each-ref", at=single.clone("acme/one"))) == (state, before)
    assert reason in delivery.reason


@pytest.mark.parametrize("words", [("--message=Reworded\n\nTemplate-Tree: {tree}",), ("--no-edit", "--author=A <a@x>")])
def test_an_amended_message_is_a_persons(single: Fleet, words: tuple[str, ...]) -> None:
    """An amended commit is a person's, even if its files and its trailer stay the same."""
    run_publisher(single, "branch")
    clone = single.clone("acme/one")
    tree = git("rev-parse", f"{TARGET}^{{tree}}", at=clone)
    git("checkout", "--quiet", TARGET, at=clone)
    git("commit", "--quiet", "--amend", "--allow-empty", *(word.format(tree=tree) for word in words), at=clone)
    theirs = git("rev-parse", "HEAD", at=clone)
    git("push", "--quiet", "origin", TARGET, at=clone)
    git("checkout", "--quiet", "trunk", at=clone)
    single.again("acme/one", "plan-2", files={"tool.py": "other\n", "more.py": "other\n"})
    git("update-ref", f"refs/heads/{TARGET}", theirs, at=clone)  # which making the bundle took away
    for mode, at in (("branch", clone), ("push", None)):
        assert (states(run_publisher(single, mode)), single.tip("acme/one", at=at)) == (["untouched"], theirs)


def test_a_branch_that_is_not_the_default_one_waits(single: Fleet) -> None:
    """Nothing is delivered on top of a pushed branch that may not be merged."""
    git("symbolic-ref", "HEAD", "refs/heads/other", at=single.bare("acme/one"))
    single.somebody("acme/one", "other", start="origin/trunk")
    delivery = only(run_publisher(single, "push"))
    assert (delivery.state, single.tip("acme/one")) == ("deferred", "")
    assert delivery.reason == "trunk is not the default branch of the remote: other is."


@pytest.mark.parametrize(("words", "author"), [("Fixes acme/one#1", ABOUT.author), ("", "Eve <eve@x.test>")])
def test_a_commit_of_other_words_is_refused(fleet: Fleet, words: str, author: str) -> None:
    """Message and author must be the plan's: template code can neither mention anybody nor close an issue."""
    result, clone = fleet.add("acme/one"), fleet.clone("acme/one")
    git("fetch", "--quiet", str(fleet.out / result.bundle), TARGET, at=clone)
    name, _, address = author.rstrip(">").partition(" <")
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", name), ("EMAIL", address), ("DATE", f"@{ABOUT.seconds} +0000"))
    }
    message = f"{words}{git('log', '-1', '--format=%B', result.commit, at=clone)}\n"
    forged = git("commit-tree", "-p", result.base, "-m", message, result.tree, at=clone, env=who)
    git("update-ref", f"refs/heads/{TARGET}", forged, at=clone)
    git("bundle", "create", "--quiet", str(fleet.out / result.bundle), TARGET, f"^{result.base}", at=clone)
    fleet.results[0] = replace(result, commit=forged)
    fleet.save()
    delivery = only(run_publisher(fleet, "push"))
    assert (delivery.state, fleet.tip("acme/one")) == ("failed", "")
    assert "is not the one that was planned" in delivery.reason


@pytest.mark.parametrize("name", ["template", f"{TARGET}/mine"])
def test_says_which_branch_is_in_the_way(single: Fleet, name: str) -> None:
    """The error names a branch that git cannot have beside ours, and that branch stays."""
    theirs = single.somebody("acme/one", name, start="origin/trunk")
    delivery = only(run_publisher(single, "push"))
    assert (delivery.state, single.tip("acme/one", name)) == ("failed", theirs)
    assert delivery.reason.startswith(f"There is a branch {name}, so git cannot create one")


def test_never_moves_a_branch_that_is_checked_out(single: Fleet) -> None:
    """Not even if its last commit is ours: the work tree would differ from it."""
    clone = single.clone("acme/one")
    old = git(
        "commit-tree",
        "-p",
        "trunk",
        "-m",
        f"Old\n\nTemplate-Tree: {git('rev-parse', 'trunk^{tree}', at=clone)}",
        "trunk^{tree}",
        at=clone,
    )
    git("checkout", "--quiet", "-b", TARGET, old, at=clone)
    delivery = only(run_publisher(single, "branch"))
    assert (delivery.state, single.tip("acme/one", at=clone)) == ("deferred", old)
    git("checkout", "--quiet", "trunk", at=clone)
    assert states(run_publisher(single, "branch")) == ["branch"]


def test_no_clone_no_branch(single: Fleet) -> None:
    """Without a clone there is no branch; the hint names the modes that work."""
    single.tasks[0] = replace(single.tasks[0], folder="")
    single.save()
    delivery = only(run_publisher(single, "branch"))
    assert (delivery.state, delivery.hint) == ("failed", "Use --mode push, or --mode pr.")


# ---- pull requests ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_opens_one_pull_request(single: Fleet, programs: Programs, kind: str) -> None:
    """It goes from our branch into the default one; a run with a new journal finds it and opens no second single."""
    delivery = only(run_publisher(single, "pr", forge=kind))
    (pull,) = programs.pulls("acme/one")
    assert (delivery.state, delivery.request) == ("opened", pull["url"])
    assert (pull["head"], pull["base"], pull["title"]) == (TARGET, "trunk", "Update the template from 1.1.0 to 1.2.0")
    count = len(programs.written())
    assert states(run_publisher(single, "pr", forge=kind, journal=single.root / "new.jsonl")) == ["refreshed"]
    assert len(programs.pulls("acme/one")) == 1
    assert len(programs.written()) == count


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_an_open_one_is_refreshed(single: Fleet, programs: Programs, kind: str) -> None:
    """A new plan replaces the commit, the title and the text of an open pull request."""
    run_publisher(single, "pr", forge=kind)
    single.somebody("acme/one", "trunk")
    result = single.again("acme/one", "plan-2")
    assert states(run_publisher(single, "pr", forge=kind)) == ["refreshed"]
    (pull,) = programs.pulls("acme/one")
    assert "plan-2" in pull["body"]
    assert single.tip("acme/one") == result.commit


def test_a_closed_one_was_declined(single: Fleet, programs: Programs) -> None:
    """A pull request that a person closed is not opened again, except by --only."""
    run_publisher(single, "pr")
    programs.edit("acme/one", state="closed")
    again: dict[str, Any] = {"journal": single.root / "new.jsonl"}
    delivery = only(run_publisher(single, "pr", **again))
    assert (delivery.state, len(programs.pulls("acme/one"))) == ("untouched", 1)
    assert "closed without being merged" in delivery.reason
    assert states(run_publisher(single, "pr", only=("acme/one",), **again)) == ["opened"]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_an_older_one_of_ours_is_closed(fleet: Fleet, programs: Programs, kind: str) -> None:
    """The pull request of an earlier version is closed, with one comment that names the new single."""
    fleet.add("acme/one", version="1.1.0")
    run_publisher(fleet, "pr", forge=kind)
    fleet.again("acme/one", "plan-2")
    assert states(run_publisher(fleet, "pr", forge=kind)) == ["opened"]
    old, new = programs.pulls("acme/one")
    assert (old["state"], new["state"]) == ("closed", "open")
    assert [new["url"] in comment for comment in old["comments"]] == [True]


def test_an_older_one_with_a_persons_commits_stays(fleet: Fleet, programs: Programs) -> None:
    """It stays open, and the text of the new one names it."""
    fleet.add("acme/one", version="1.1.0")
    run_publisher(fleet, "pr")
    fleet.somebody("acme/one", "template/1.1.0")
    fleet.again("acme/one", "plan-2")
    run_publisher(fleet, "pr")
    old, new = programs.pulls("acme/one")
    assert (old["state"], old["comments"]) == ("open", [])
    assert f"template/1.1.0 {old['url']}" in new["body"]


@pytest.mark.parametrize(
    ("prefix", "version"),
    [
        ("api/", "1.1.0"),
        ("dev/tools/", VERSION),  # template/1.2.0.dev.tools is not version 1.2.0.dev of tools
    ],
)
def test_a_project_in_a_folder_leaves_its_neighbours_alone(
    fleet: Fleet, programs: Programs, prefix: str, version: str
) -> None:
    """Branches of another project in the same repository do not count as older versions."""
    fleet.add("acme/one", prefix=prefix, version=version)
    run_publisher(fleet, "pr")
    fleet.again("acme/one", "plan-2", prefix="tools/")
    run_publisher(fleet, "pr")
    assert [pull["state"] for pull in programs.pulls("acme/one")] == ["open", "open"]


@pytest.mark.parametrize(("kind", "title"), [("github", "Update the"), ("gitlab", "Draft: Update the")])
def test_conflicts_are_drafts_and_asked_for(fleet: Fleet, programs: Programs, kind: str, title: str) -> None:
    """Without --deliver-conflicts they are not delivered (exit code 3); with it they become drafts."""
    fleet.add("acme/one", state=ResultState.CONFLICT)
    published = run_publisher(fleet, "pr", forge=kind)
    assert (states(published), published.exit_code, programs.asked) == (["deferred"], Exit.CONFLICTS, [])
    published = run_publisher(fleet, "pr", forge=kind, deliver_conflicts=True)
    (pull,) = programs.pulls("acme/one")
    assert (states(published), published.exit_code) == (["opened"], Exit.DONE)
    assert pull["title"].startswith(title)
    assert pull["draft"] is (kind == "github")
    assert f"git switch {TARGET}" in pull["body"]


def test_where_there_are_no_drafts_it_is_opened_without(fleet: Fleet, programs: Programs) -> None:
    """GitHub refuses drafts in private repositories of its free plan."""
    fleet.add("acme/one", state=ResultState.CONFLICT)
    words = "Draft pull requests are not supported in this repository."
    programs.script({"status": 422, "body": {"message": "Validation Failed", "errors": [{"message": words}]}})
    assert states(run_publisher(fleet, "pr", deliver_conflicts=True)) == ["opened"]
    assert programs.pulls("acme/one")[0]["draft"] is False


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "30"}, 30),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000100"}, 101),
        ({}, 60),
    ],
)
def test_heeds_the_forges_limits(single: Fleet, programs: Programs, headers: dict[str, str], waited: int) -> None:
    """A 403 with Retry-After, with a reset time or with only a message is waited for once."""
    body = {"message": "You have exceeded a secondary rate limit."}
    programs.script({"status": 403, "headers": headers, "body": body})
    time = Time()
    assert states(run_publisher(single, "pr", time)) == ["opened"]
    assert sum(time.slept) == pytest.approx(waited, abs=1.1)


def test_waits_before_it_is_told_to(single: Fleet, programs: Programs) -> None:
    """An answer that says that no request is left for this hour delays the next single."""
    single.add("acme/two")
    programs.script({"extra": {"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "1800000500"}})
    time = Time()
    assert states(run_publisher(single, "pr", time)) == ["opened", "opened"]
    assert 499 <= sum(time.slept) <= 503


@pytest.mark.parametrize("kind", ["github", "gitlab"])
@pytest.mark.parametrize(("when", "state"), [("before", "opened"), ("after", "refreshed")])
def test_a_lost_answer_opens_no_second_one(single: Fleet, programs: Programs, kind: str, when: str, state: str) -> None:
    """The network fails before the request or during the answer: the next try finds what exists."""
    programs.script({"offline": when})
    assert states(run_publisher(single, "pr", forge=kind)) == [state]
    assert len(programs.pulls("acme/one")) == 1


def test_no_permission_is_not_tried_again(single: Fleet, programs: Programs) -> None:
    """A 403 that is not a rate limit fails with the forge's message."""
    programs.script({"status": 403, "body": {"message": "Resource not accessible by integration"}})
    delivery = only(run_publisher(single, "pr"))
    assert "Resource not accessible by integration" in delivery.reason
    assert len(programs.written()) == 1


def test_requests_that_write_are_a_second_apart(fleet: Fleet, programs: Programs) -> None:
    """GitHub asks for that; the limit for an hour holds, too."""
    fleet.several(4)
    time = Time()
    run_publisher(fleet, "pr", time, max_per_hour=3)
    assert time.slept[:2] == [1.0, 1.0]
    assert sum(time.slept) == pytest.approx(3600)


def test_without_a_program_nothing_is_begun(single: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without gh and glab the run ends before any push; the hint names the mode that works."""
    forge.kind_of.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ToolError) as caught:
        run_publisher(single, "pr")
    assert "--mode push" in caught.value.hint
    assert not single.tip("acme/one")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/acme/one.git", ("github.com", "acme/one")),
        ("git@gitlab.example.org:group/sub/one.git", ("gitlab.example.org", "group/sub/one")),
        ("ssh://git@ghe.acme.test:2222/acme/one", ("ghe.acme.test", "acme/one")),
        ("http://127.0.0.1:8080/acme/one.git", ("127.0.0.1:8080", "acme/one")),
    ],
)
def test_addresses_are_hosts_and_paths(url: str, expected: tuple[str, str]) -> None:
    """Web addresses keep their port, ssh addresses do not."""
    assert forge.host_and_path(url) == expected


@pytest.mark.parametrize(
    "url", ["", "/srv/git/one.git", "https://github.com/one", "https://x/{owner}/a?b", "a:b/../c d"]
)
def test_an_address_that_is_not_on_a_forge_is_refused(url: str) -> None:
    """A local path is refused, as is text that gh or glab would read in another way."""
    with pytest.raises(ToolError, match="not on a forge"):
        forge.host_and_path(url)


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("github.com", "github"),
        ("ghe.acme.test", "github"),
        ("gitlab.acme.test", "gitlab"),
        ("code.acme.test", "github"),
    ],
)
def test_the_forge_is_known_by_its_host(programs: Programs, host: str, kind: str) -> None:
    """By its name, otherwise by the program that is logged in there."""
    assert forge.kind_of(host, "") == kind


# ---- kill -9 ----------------------------------------------------------------------------------------------------


def start(fleet: Fleet, *args: str) -> "subprocess.Popen[bytes]":
    """The command in a process of its own."""
    command = [sys.executable, "-m", "new_ops_project", "fleet", "publish", "--in", str(fleet.out), *args]
    env = {**os.environ, "PYTHONPATH": str(Path(store.__file__).parents[2])}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("script", [[{"die": "before"}], [{"die": "after"}], [{}, {"die": "before"}]])
def test_killed_at_a_request_nothing_is_doubled_or_lost(
    fleet: Fleet, programs: Programs, script: list[dict[str, str]]
) -> None:
    """After kill -9 before or after the forge opened it, the next run leaves one pull request for each repository."""
    fleet.several(2)
    programs.script(*script)
    with start(fleet, "--mode", "pr", "--max-per-minute", "100000") as killed:
        assert killed.wait() == -9
    assert states(run_publisher(fleet, "pr")).count("failed") == 0
    assert [len(programs.pulls(f"acme/n{number}")) for number in range(2)] == [1, 1]
    assert all(fleet.tip(f"acme/n{number}") for number in range(2))


@pytest.mark.parametrize("delay", [0.3, 0.6])
def test_killed_at_any_moment_each_is_pushed_once(fleet: Fleet, busy: Busy, delay: float) -> None:
    """After kill -9 during pushes, the next run delivers the rest and writes no branch twice."""
    results = fleet.several(3)
    with start(fleet, "--mode", "push") as killed:
        time.sleep(delay)
        killed.kill()
    assert set(states(run_publisher(fleet, "push"))) == {"pushed"}
    assert [fleet.tip(result.name) for result in results] == [result.commit for result in results]
    pushes = [request for request in busy.seen if request.startswith("POST") and request.endswith("receive-pack")]
    assert len(pushes) - 2 * len(results) <= 1  # each clone pushed trunk once; one answer may have been lost


def test_ctrl_c_says_how_to_continue(fleet: Fleet, programs: Programs) -> None:
    """A run that waits for the rate limit ends at once with 130; what was delivered stays delivered."""
    fleet.several(2)
    with start(fleet, "--mode", "push", "--max-per-minute", "1") as waiting:
        while b"Waiting" not in (waiting.stderr.readline() if waiting.stderr else b"Waiting"):
            pass
        waiting.send_signal(signal.SIGINT)
        _, stderr = waiting.communicate(timeout=20)
    assert waiting.returncode == Exit.INTERRUPTED
    assert b"what was delivered is in the journal" in stderr
    assert b"same command again to continue" in stderr
    assert [bool(fleet.tip(f"acme/n{number}")) for number in range(2)] == [True, False]


def test_the_second_publisher_is_refused(single: Fleet, run: Run) -> None:
    """A second run with the same journal is an error."""
    from new_ops_project.fleet.publish.journal import Journal
    from new_ops_project.fleet.publish.rate_limit import Clock

    with Journal(single.out / store.JOURNAL, Clock()).opened():
        ran = run("fleet", "publish", "--in", str(single.out), "--mode", "push", code=2)
    assert "Another run publishes" in ran.err
    assert not single.tip("acme/one")


# ---- safety -----------------------------------------------------------------------------------------------------


def test_a_wave_with_failures_is_not_run_publisher(single: Fleet, run: Run) -> None:
    """With more than 5 % failed nothing is pushed and the reason is given; --force pushes."""
    single.add("acme/two", state=ResultState.FAILED)
    single.add("acme/three", state=ResultState.FAILED)
    ran = run("fleet", "publish", "--in", str(single.out), "--mode", "push", "--json", code=2)
    assert "2 of 3 repositories failed" in ran.json["stopped"]
    assert (ran.json["deliveries"], single.tip("acme/one")) == ([], "")
    run("fleet", "publish", "--in", str(single.out), "--mode", "push", "--force")
    assert single.tip("acme/one")


@pytest.mark.parametrize("more", [("--only", "acme/large"), ("--force",)])
def test_what_is_far_larger_is_held(fleet: Fleet, run: Run, more: tuple[str, ...]) -> None:
    """It waits until --only names it, or --force is given."""
    fleet.several(3)
    fleet.add("acme/large", lines=2000)
    options = ("fleet", "publish", "--in", str(fleet.out), "--mode", "push", "--json")
    held = run(*options).json
    assert [delivery["name"] for delivery in held["deliveries"] if delivery["state"] == "held"] == ["acme/large"]
    assert "--only acme/large" in held["next"][0]
    run(*options, *more)
    assert fleet.tip("acme/large")


def test_stops_when_deliveries_fail(fleet: Fleet) -> None:
    """After the second failure the rest waits; the next run starts with the rest."""
    fleet.several(4)
    for number in (0, 1):
        fleet.tasks[number] = replace(fleet.tasks[number], url=f"{fleet.url}/nothing.git")
    fleet.save()
    published = run_publisher(fleet, "push")
    assert (states(published), published.exit_code) == (["failed", "failed", "deferred", "deferred"], Exit.FAILED)
    assert "2 of 4 deliveries failed" in published.stopped
    assert states(run_publisher(fleet, "push"))[:2] == ["pushed", "pushed"]


def test_stops_when_ten_fail_in_a_row(fleet: Fleet) -> None:
    """An expired token or a forge that is down does not make ten thousand repositories fail."""
    for number in range(12):
        fleet.add(f"acme/n{number:02}")
        fleet.tasks[number] = replace(fleet.tasks[number], url="")
    fleet.save()
    published = run_publisher(fleet, "push", max_failed=100)
    assert states(published) == ["failed"] * 10 + ["deferred"] * 2
    assert published.stopped == "10 deliveries failed one after the other."


def test_begins_nothing_after_the_time_that_was_given(fleet: Fleet) -> None:
    """With --minutes the rest waits for the next run, which is not a failure."""
    fleet.several(3)
    time = Time()
    published = run_publisher(fleet, "push", time, max_per_minute=2, minutes=0.5)
    assert (states(published), published.exit_code, published.is_over) == (
        ["pushed", "pushed", "deferred"],
        Exit.DONE,
        True,
    )
    assert time.slept == []
    assert len(store.deliveries(fleet.out / store.JOURNAL)) == 2
    time.at += 60
    assert states(run_publisher(fleet, "push", time, max_per_minute=2, minutes=0.5)) == ["pushed"] * 3


def test_preview_does_nothing(single: Fleet, programs: Programs, run: Run) -> None:
    """It shows what would be done for each; nothing is pushed, opened or recorded."""
    ran = run("fleet", "publish", "--in", str(single.out), "--mode", "pr", "--preview", "--json")
    assert (ran.json["preview"], ran.json["counts"]) == (True, {"opened": 1})
    assert (single.tip("acme/one"), programs.written()) == ("", [])
    assert not (single.out / store.JOURNAL).exists()


def test_markers_that_a_result_is_silent_about(fleet: Fleet) -> None:
    """A commit with conflict markers is not published if its result lists no conflicts."""
    fleet.add("acme/one", files={"tool.py": "<<<<<<< your project\nmine\n=======\ntheirs\n>>>>>>> new template\n"})
    delivery = only(run_publisher(fleet, "push"))
    assert delivery.reason == "tool.py has conflict markers, but the result lists no conflicts."
    assert fleet.tip("acme/one") == ""


@pytest.mark.parametrize("mode", ["push", "branch"])
@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", "..", ".g\u200cit"])
def test_a_path_that_git_refuses(fleet: Fleet, mode: str, name: str) -> None:
    """A shard's commit can hold any tree: one that could write into `.git`, or outside, goes nowhere."""
    result = fleet.add("acme/one")
    fleet.results[0] = fleet.with_folder(result, name)
    fleet.save()
    delivery = only(run_publisher(fleet, mode))
    assert delivery.state == "failed"
    assert "which git refuses" in delivery.reason
    assert fleet.tip("acme/one") == ""
    assert git("for-each-ref", "--format=%(refname)", "refs/heads", at=fleet.clone("acme/one")) == "refs/heads/trunk"


def test_shards_are_published_together(fleet: Fleet) -> None:
    """Several folders of results of one plan are one run with one journal, in the first folder."""
    results = fleet.several(2)
    other = fleet.root / "other"
    shutil.copytree(fleet.out, other)
    for number, folder in enumerate((fleet.out, other)):
        lines = (folder / "results-1-of-1.jsonl").read_text().splitlines(keepends=True)
        (folder / "results-1-of-1.jsonl").unlink()
        (folder / f"results-{number + 1}-of-2.jsonl").write_text(lines[number])
        plan = store.read_plan(folder / store.PLAN)
        tasks = tuple(replace(task, shard=at) for at, task in enumerate(plan.tasks, 1))
        store.write_plan(replace(plan, shards=2, tasks=tasks), folder / store.PLAN)
    published = publish(PublishRequest((fleet.out, other), "push"), lambda _event: None, Time().clock)
    assert (states(published), [fleet.tip(result.name) for result in results]) == (
        ["pushed"] * 2,
        [result.commit for result in results],
    )
    assert not (other / store.JOURNAL).exists()


# ---- words ------------------------------------------------------------------------------------------------------


def test_tells_one_line_for_each(single: Fleet, programs: Programs, run: Run) -> None:
    """Each repository has a line, then come the counts."""
    ran = run("fleet", "publish", "--in", str(single.out), "--mode", "pr")
    assert "[1/1] acme/one  opened  https://" in ran.err
    assert "Plan plan-1: 1 opened." in ran.out


def test_a_terminal_has_a_bar_with_counts(fleet: Fleet, terminal: Terminal) -> None:
    """Once a repository is done, the bar says how many were pushed, at which rate, and which is next."""
    fleet.several(2)
    child = terminal("fleet", "publish", "--in", str(fleet.out), "--mode", "push")
    child.expect(r"1/2.*1 pushed · \d+ a minute, \d+ s left · acme/n1")
    child.expect("Plan plan-1: 2 pushed.")


def test_json_is_one_object(fleet: Fleet, run: Run) -> None:
    """With --json stdout has one object with conflicts and next commands."""
    fleet.add("acme/one", state=ResultState.CONFLICT)
    ran = run("fleet", "publish", "--in", str(fleet.out), "--mode", "push", "--json", code=3)
    assert ran.json["conflicts"] == ["acme/one"]
    assert ran.json["next"] == [f"new-ops-project fleet publish --in {fleet.out} --mode push --deliver-conflicts"]


@pytest.mark.parametrize("args", [("--in", "nothing"), ("--in", ".", "--only", "x")])
def test_what_cannot_be_begun_is_one_sentence(run: Run, args: tuple[str, ...]) -> None:
    """A folder without a plan gives exit code 2 and the next step."""
    ran = run("fleet", "publish", "--mode", "push", *args, code=2)
    assert "fleet update" in ran.err


def test_an_unknown_name_is_refused(single: Fleet, run: Run) -> None:
    """--only with a typing error suggests the right name."""
    ran = run("fleet", "publish", "--in", str(single.out), "--mode", "push", "--only", "acme/on", code=2)
    assert "Did you mean acme/one?" in ran.err


def test_hostile_names_are_shown_harmlessly(single: Fleet, run: Run) -> None:
    """A name with a terminal's control characters is printed as escapes."""
    single.tasks[0] = replace(single.tasks[0], name="evil\x1b[2Jname", url="")
    single.results[0] = replace(single.results[0], name="evil\x1b[2Jname")
    single.save()
    ran = run("fleet", "publish", "--in", str(single.out), "--mode", "push", code=2)
    assert "\x1b" not in ran.out + ran.err
    assert json.dumps("evil\\x1b[2Jname")[1:-1].replace("\\\\", "\\") in ran.err
