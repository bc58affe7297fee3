"""`fleet update`: a commit for each repository, in a bundle, without a change to any clone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import fleets
from support.command import Run, git
from support.fleets import clone, clones, results
from support.servers import Busy, git_http
from support.small import BOTH, CLASH, LINES, MINE, everything, release

from new_ops_project.fleet.inventory import mirrors

Fleet = dict[str, Path]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with two versions."""
    return fleets.template(tmp_path / "template")


@pytest.fixture
def three(template: Path, work: Path) -> Fleet:
    """Three clones: one that merges, one in conflict, one with an edit of a file that the template dropped."""
    edits = {"merges": {"task.py": MINE}, "clashes": {"task.py": CLASH}, "keeps": {"old.md": "Old.\nMine.\n"}}
    return clones(work / "clones", template, edits)


def updated(run: Run, *args: str, code: int = 3) -> dict[str, dict[str, Any]]:
    """The results in the folder out after `fleet update` of the clones, or of what is given."""
    run("fleet", "update", *(args or ("clones",)), "--out", "out", code=code)
    return results(Path("out"))


def test_each_gets_a_commit(run: Run, three: Fleet, work: Path) -> None:
    """The commit has the merged tree, one parent and trailers; it is in the bundle, on the branch of its version."""
    lines = updated(run)
    assert {name: result["state"] for name, result in lines.items()} == {
        "merges": "updated",
        "clashes": "conflict",
        "keeps": "conflict",
    }
    result = lines["merges"]
    here = fleets.unbundled(work / "out", result, three["merges"], work / "copy")
    assert git("rev-parse", "template", "template^@", at=here).split() == [result["commit"], result["base"]]
    assert fleets.content(here, "template:task.py") == BOTH.encode()
    message = git("log", "-1", "--format=%B", "template", at=here)
    tree = git("rev-parse", "template^{tree}", at=here)
    for line in (
        f"Template-Tree: {tree}",
        "Template-From: v1.0.0",
        "Template-Version: v1.1.0",
        f"Fleet-Plan: {result['plan']}",
    ):
        assert line in message


def test_the_tree_is_that_of_update(run: Run, three: Fleet, work: Path) -> None:
    """A fleet gives a repository the same tree as `update --branch`."""
    tree = updated(run)["merges"]["tree"]
    run("update", str(three["merges"]), "--branch")
    assert git("rev-parse", "template/v1.1.0^{tree}", at=three["merges"]) == tree


def test_no_clone_changes(run: Run, three: Fleet, work: Path) -> None:
    """Not a byte of a clone changes, its .git included."""
    before = {name: everything(folder) for name, folder in three.items()}
    run("fleet", "update", "clones", "--out", "out", code=3)
    assert {name: everything(folder) for name, folder in three.items()} == before


def test_what_a_result_says(run: Run, three: Fleet, work: Path) -> None:
    """Each line has files, conflicts by reason, edits kept, drift, size and cost; the log has the commands."""
    result = updated(run)["keeps"]
    assert result["kept"] == ["old.md"]
    assert result["drift"] == [{"path": "old.md", "what": "edited"}]
    assert [conflict["path"] for conflict in result["conflicts"]] == ["old.md"]
    assert {"path": "notes.md", "what": "added"} in result["files"]
    assert (result["before"], result["version"], result["target"]) == ("v1.0.0", "v1.1.0", "template/v1.1.0")
    assert result["lines"] > 2
    assert min(result["seconds"], result["cpu"]) > 0
    log = (work / "out" / result["log"]).read_text()
    assert " git merge-tree " in log
    assert "conflict: " in log


def test_a_conflict_has_markers(run: Run, three: Fleet, work: Path) -> None:
    """The commit of a conflict has the markers, and its message says so."""
    result = updated(run)["clashes"]
    here = fleets.unbundled(work / "out", result, three["clashes"], work / "copy")
    assert b"<<<<<<< " in fleets.content(here, "template:task.py")
    assert "It has conflicts" in git("log", "-1", "--format=%B", "template", at=here)


def test_again_does_what_is_not_done(run: Run, three: Fleet, work: Path) -> None:
    """A second run computes nothing again; a lost bundle is made again, with the same commit."""
    run("fleet", "update", "clones", "--out", "out", code=3)
    lines = (work / "out" / "results-1-of-1.jsonl").read_text()
    run("fleet", "update", "clones", "--out", "out", code=3)
    assert (work / "out" / "results-1-of-1.jsonl").read_text() == lines
    result = results(work / "out")["merges"]
    (work / "out" / result["bundle"]).unlink()
    assert updated(run)["merges"]["commit"] == result["commit"]
    assert (work / "out" / "results-1-of-1.jsonl").read_text().count("\n") == 4


def test_a_tag_that_moved_is_done_anew(run: Run, three: Fleet, template: Path, work: Path) -> None:
    """A result of another template commit is not reused, although the version has the same name."""
    before = updated(run)["merges"]["tree"]
    release(template, "v1.1.0-was", {"notes.md": "Moved.\n"})
    git("tag", "--force", "v1.1.0", at=template)
    git("tag", "--delete", "v1.1.0-was", at=template)
    assert updated(run)["merges"]["tree"] != before


def test_a_new_commit_is_done_anew(run: Run, three: Fleet, work: Path) -> None:
    """Only the repository with a new commit is computed again."""
    before = updated(run)
    (three["merges"] / "more.txt").write_text("More.\n")
    git("add", "--all", at=three["merges"])
    git("commit", "--quiet", "--message=more", at=three["merges"])
    after = updated(run)
    assert after["merges"]["base"] != before["merges"]["base"]
    assert after["clashes"]["commit"] == before["clashes"]["commit"]
    assert (work / "out" / "results-1-of-1.jsonl").read_text().count("\n") == 6  # one new, two taken over


def test_current_is_left_alone(run: Run, template: Path, work: Path) -> None:
    """A current repository is settled when the plan is made, and needs no worker."""
    clone(work / "clones" / "current", template, tag="v1.1.0")
    ran = run("fleet", "update", "clones", "--out", "out", "--json").json
    assert ran["counts"]["current"] == 1
    assert not list((work / "out").glob("results-*.jsonl"))


# ---- plans and shards ------------------------------------------------------------------------------------------------


def test_shards_make_the_same_commits(run: Run, three: Fleet, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shards, each with its own cache, make the same commits as one run of the plan."""
    run("fleet", "plan", "clones", "--shards", "2", "--out", "plan.json")
    run("fleet", "update", "--plan", "plan.json", "--out", "whole", code=3)
    tasks = json.loads((work / "plan.json").read_text())["tasks"]
    for shard in ("1", "2"):
        names = {task["name"].rpartition("/")[2] for task in tasks if str(task["shard"]) == shard}
        monkeypatch.setenv("XDG_CACHE_HOME", str(work / f"cache-{shard}"))
        ran = run(
            "fleet",
            "update",
            "--plan",
            "plan.json",
            "--shard",
            f"{shard}/2",
            "--out",
            f"out-{shard}",
            "--json",
            code=3 if names & {"clashes", "keeps"} else 0,
        )
        assert ran.json["out"] == f"out-{shard}"
    whole = {name: (result["state"], result["commit"]) for name, result in results(work / "whole").items()}
    parts = {**results(work / "out-1"), **results(work / "out-2")}
    assert {name: (result["state"], result["commit"]) for name, result in parts.items()} == whole


def test_a_plan_pins_everything(run: Run, three: Fleet, template: Path, work: Path) -> None:
    """A release after the plan changes nothing, nor does a tag that moves."""
    run("fleet", "plan", "clones", "--out", "plan.json")
    release(template, "v1.2.0", {"task.py": LINES + "much newer\n"})
    git("tag", "--force", "v1.1.0", "v1.2.0", at=template)
    here = fleets.unbundled(work / "out", updated(run, "--plan", "plan.json")["merges"], three["merges"], work / "copy")
    assert fleets.content(here, "template:task.py") == BOTH.encode()


def test_a_base_that_moved_waits(run: Run, three: Fleet, work: Path) -> None:
    """A repository that moved since the plan is deferred, and its reason names both commits; a retry updates it."""
    run("fleet", "plan", "clones", "--out", "plan.json")
    git("commit", "--quiet", "--allow-empty", "--message=more", at=three["merges"])
    result = updated(run, "--plan", "plan.json")["merges"]
    assert result["state"] == "deferred"
    now = git("rev-parse", "HEAD", at=three["merges"])
    assert result["reason"] == f"trunk moved from {result['base'][:7]} to {now[:7]} since the plan."
    run("fleet", "retry", "out", "--only", "deferred", "--out", "again.json")
    run("fleet", "update", "--plan", "again.json", "--out", "out-2")
    assert results(work / "out-2")["merges"]["state"] == "updated"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--plan", "nothing.json"), "nothing.json does not exist."),
        (("--plan", "plan.json", "clones"), "--plan and SOURCE do not go together."),
        (("--plan", "plan.json", "--to", "v1.1.0"), "--plan and --to do not go together."),
        (("--plan", "plan.json", "--shard", "1/3"), "plan.json has 2 shards, not 3."),
        (("clones", "--shard", "1/2"), "--shard is a part of a plan."),
        (("clones", "--shard", "3/2"), "'3/2' is not a shard"),
        (("clones", "--wave", "cannary"), "There is no wave 'cannary'."),
        (("clones", "--to", "v9"), "has no version 'v9'"),
        (("nowhere",), "nowhere is not a folder of clones, a list of repositories or a git URL."),
    ],
)
def test_what_makes_no_sense(run: Run, three: Fleet, args: tuple[str, ...], message: str) -> None:
    """Each wrong call ends with exit code 2 and a message, and computes nothing."""
    run("fleet", "plan", "clones", "--shards", "2", "--out", "plan.json")
    errors = run("fleet", "update", *args, "--out", "out", code=2).err
    assert message in errors
    assert "Traceback" not in errors


def test_github_gets_numbers(run: Run, three: Fleet, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrix has shard numbers only."""
    monkeypatch.setenv("GITHUB_OUTPUT", str(work / "output"))
    run("fleet", "plan", "clones", "--shards", "2", "--github-output")
    outputs = dict(line.split("=", 1) for line in (work / "output").read_text().splitlines())
    assert set(json.loads(outputs["shards"])) <= {1, 2}
    assert (outputs["count"], outputs["repositories"]) == ("2", "3")


# ---- one repository's trouble is its own -----------------------------------------------------------------------------


def _dirty(folder: Path) -> None:
    (folder / "task.py").write_text("in the middle of something\n")


def _aside(folder: Path) -> None:
    git("update-ref", "refs/remotes/origin/trunk", "HEAD", at=folder)
    git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk", at=folder)
    git("checkout", "--quiet", "-b", "mine", at=folder)


def _corrupt(folder: Path) -> None:
    for pack in (folder / ".git" / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:100])


def _lost_version(folder: Path) -> None:
    text = (folder / ".copier-answers.yml").read_text()
    (folder / ".copier-answers.yml").write_text(text.replace("v1.0.0", "v0.0.9"))
    git("commit", "--quiet", "--all", "--message=lost", at=folder)


@pytest.mark.parametrize(
    ("trouble", "state", "reason"),
    [
        (_dirty, "deferred", "It has uncommitted changes: task.py."),
        (_aside, "deferred", "mine is checked out, and the default branch is trunk"),
        (_corrupt, "failed", "git cannot read it:"),
        (_lost_version, "failed", "It records version v0.0.9, which the template"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_trouble_is_one_row(run: Run, three: Fleet, trouble: Callable[[Path], None], state: str, reason: str) -> None:
    """A repository in trouble has a row with its reason, and the others are done."""
    trouble(three["merges"])
    ran = run("fleet", "update", "clones", "--out", "out", "--json", code=2 if state == "failed" else 3)
    rows = {row["name"].rpartition("/")[2]: row for row in ran.json["repositories"]}
    assert (rows["merges"]["state"], rows["merges"]["reason"][: len(reason)]) == (state, reason)
    assert {rows["clashes"]["state"], rows["keeps"]["state"]} == {"conflict"}
    assert rows["merges"]["hint"]
    assert "Traceback" not in ran.err


def test_a_plan_of_clones_that_are_not_here(run: Run, three: Fleet, work: Path) -> None:
    """On a machine without the clones, the reason is that they do not exist."""
    run("fleet", "plan", "clones")
    three["merges"].parent.rename(work / "elsewhere")
    assert updated(run, "--plan", "plan.json", code=2)["merges"]["reason"] == f"{three['merges']} does not exist."


def test_a_second_run_finishes_the_rest(run: Run, three: Fleet, work: Path) -> None:
    """A repository in trouble is done once that is fixed, and nothing else is done again."""
    _dirty(three["merges"])
    before = updated(run)
    git("checkout", "--quiet", "task.py", at=three["merges"])
    after = updated(run)
    assert after["merges"]["state"] == "updated"
    assert all(after[name]["at"] == result["at"] for name, result in before.items())


def test_a_template_out_of_reach_is_the_matter_of_its_own(run: Run, three: Fleet, tmp_path: Path, work: Path) -> None:
    """A template that cannot be reached fails the repositories that record it, and no others."""
    clone(work / "clones" / "other", tmp_path / "gone", {"mine.txt": "Mine.\n"})
    ran = run("fleet", "update", "clones", "--out", "out", "--json", code=2).json
    rows = {result["name"].rpartition("/")[2]: result for result in ran["repositories"]}
    assert "does not exist" in rows["other"]["reason"]
    assert rows["merges"]["state"] == "updated"


def test_two_projects_of_one_repository(run: Run, template: Path, work: Path) -> None:
    """Each project of a repository has its own row, branch and commit, which changes its own folder only."""
    files = {**fleets.rendered(str(template)), "mine.txt": "Mine.\n"}
    inside = {f"{folder}/{path}": content for folder in ("one", "two/deep") for path, content in files.items()}
    fleets.plain(work / "clones" / "mono", inside)
    rows = {row["name"].partition("//")[2]: row for row in updated(run, code=0).values()}
    assert {row["target"] for row in rows.values()} == {"template/v1.1.0.one", "template/v1.1.0.two.deep"}
    here = fleets.unbundled(work / "out", rows["one"], work / "clones" / "mono", work / "copy")
    changed = git("diff", "--name-only", "HEAD", "template", at=here).splitlines()
    assert {path.partition("/")[0] for path in changed} == {"one"}


@pytest.mark.parametrize("folders", [("My App", "My/App"), ("a.b", "a/b"), ("x..y", "tool.lock"), ("lock", "ünï")])
def test_each_folder_has_a_branch_of_its_own(run: Run, template: Path, work: Path, folders: tuple[str, str]) -> None:
    """Whatever two folders are called, git accepts both of their branches; no .gitignore is needed."""
    files = {path: text for path, text in fleets.rendered(str(template)).items() if path != ".gitignore"}
    inside = {f"{folder}/{path}": content for folder in folders for path, content in files.items()}
    mono = fleets.plain(work / "clones" / "mono", {**inside, ".gitignore": None})
    run("fleet", "update", "clones", "--out", "out")
    run("fleet", "publish", "--in", "out", "--mode", "branch")
    branch_commits = git("for-each-ref", "--format=%(objectname)", "refs/heads/template", at=mono).split()
    assert {result["commit"] for result in results(work / "out").values()} == {*branch_commits}
    assert len(branch_commits) == 2


def test_a_wave_stops(run: Run, template: Path, work: Path) -> None:
    """When too many are in conflict, the rest is deferred with the reason; --force goes on."""
    edits: dict[str, Any] = {f"r{at:02}": {"task.py": CLASH if at < 8 else MINE} for at in range(26)}
    clones(work / "clones", template, edits)
    ran = run("fleet", "update", "clones", "--out", "out", "--jobs", "1", "--json", code=3).json
    rest = [result for result in ran["repositories"] if result["state"] == "deferred"]
    assert ran["counts"] == {"current": 0, "updated": 12, "conflict": 8, "deferred": 6, "failed": 0}
    assert "8 of 26 repositories are in conflict, which is more than 20 %" in rest[0]["reason"]
    ran = run("fleet", "update", "clones", "--out", "out", "--json", "--force", code=3).json
    assert ran["counts"]["updated"] == 18


# ---- over HTTP -------------------------------------------------------------------------------------------------------


def test_known_by_their_addresses(run: Run, template: Path, work: Path, tmp_path: Path) -> None:
    """A list of URLs is enough: blobless clones in the cache, nothing else on this machine, the same commits."""
    fleets.bare(tmp_path / "served" / "ops" / "one.git", template, {"task.py": MINE, "big.bin": b"\0" * 10_000})
    with git_http(tmp_path / "served") as url:
        (work / "repos.txt").write_text(f"# ours\n{url}/ops/one.git\n\n")
        ran = run("fleet", "update", "repos.txt", "--out", "out", "--json").json
    (result,) = ran["repositories"]
    assert (result["owner"], result["url"], result["state"]) == ("ops", f"{url}/ops/one.git", "updated")
    here = fleets.unbundled(work / "out", result, tmp_path / "served" / "ops" / "one.git", work / "copy")
    assert fleets.content(here, "template:task.py") == BOTH.encode()


def test_only_what_is_needed_is_fetched(run: Run, template: Path, work: Path, tmp_path: Path, shared: Path) -> None:
    """The cache lacks files of earlier commits."""
    served = fleets.bare(tmp_path / "served" / "ops" / "old.git", template, {"mine.txt": "First.\n"})
    first = git("rev-parse", "trunk:mine.txt", at=served)
    fleets.add(served, {"mine.txt": "Second.\n"})
    with git_http(tmp_path / "served") as url:
        (work / "repos.txt").write_text(f"{url}/ops/old.git")
        run("fleet", "update", "repos.txt", "--out", "out")
    folder = mirrors.clone_path(f"{url}/ops/old.git")
    missing = git("rev-list", "--all", "--objects", "--missing=print", "--no-object-names", at=folder).splitlines()
    assert f"?{first}" in missing


def test_nothing_is_fetched_twice(run: Run, template: Path, work: Path, tmp_path: Path) -> None:
    """A second inspection is one round trip for each repository."""
    fleets.bare(tmp_path / "served" / "ops" / "one.git", template)
    busy = Busy()
    with git_http(tmp_path / "served", busy=busy) as url:
        (work / "repos.txt").write_text(f"{url}/ops/one.git")
        run("fleet", "status", "repos.txt", code=1)
        busy.seen.clear()
        run("fleet", "status", "repos.txt", code=1)
    assert [line.partition("?")[0] for line in busy.seen] == [
        "GET /ops/one.git/info/refs",
        "POST /ops/one.git/git-upload-pack",
    ]


def test_the_template_is_fetched_once(run: Run, work: Path, tmp_path: Path) -> None:
    """The template is cloned once in a run, however many projects or versions need it."""
    fleets.template(tmp_path / "served" / "template")
    busy = Busy()
    with git_http(tmp_path / "served", busy=busy) as url:
        source = f"{url}/template/.git"
        for at in range(5):
            clone(work / "clones" / f"r{at}", source, {"mine.txt": f"{at}\n"})
        run("fleet", "update", "clones", "--out", "out", "--jobs", "2")
    requests = [line.partition("?")[0] for line in busy.seen]
    assert requests[0] == "GET /template/.git/info/refs"
    assert set(requests[1:]) == {"POST /template/.git/git-upload-pack"}
    assert {result["state"] for result in results(work / "out").values()} == {"updated"}


def test_a_damaged_cache_is_made_anew(run: Run, template: Path, work: Path, tmp_path: Path) -> None:
    """A damaged clone in our cache is replaced."""
    served = fleets.bare(tmp_path / "served" / "ops" / "one.git", template)
    with git_http(tmp_path / "served") as url:
        (work / "repos.txt").write_text(f"{url}/ops/one.git")
        run("fleet", "update", "repos.txt", "--out", "out")
        for pack in mirrors.clone_path(f"{url}/ops/one.git").glob("objects/pack/*"):
            pack.chmod(0o644)
            pack.write_bytes(b"")
        fleets.add(served, {"more.txt": "More.\n"})
        run("fleet", "update", "repos.txt", "--out", "out")
    assert next(iter(results(work / "out").values()))["base"] == git("rev-parse", "trunk", at=served)


def test_credentials_are_nowhere(run: Run, template: Path, work: Path, tmp_path: Path) -> None:
    """A password in an address is in no file and in no output."""
    fleets.bare(tmp_path / "served" / "ops" / "one.git", template)
    with git_http(tmp_path / "served") as url:
        (work / "repos.txt").write_text(f"{url.replace('://', '://ada:s3cr3t@')}/ops/one.git\n")
        ran = run("fleet", "update", "repos.txt", "--out", "out", "--json")
    written = b"".join(path.read_bytes() for path in (work / "out").rglob("*") if path.is_file())
    assert b"s3cr3t" not in written
    assert "s3cr3t" not in ran.out + ran.err


def test_new_questions_without_a_default(run: Run, work: Path, tmp_path: Path) -> None:
    """All missing answers are named on one line, with a command that gives them."""
    asked = {"copier.yml": f"{fleets.QUESTIONS}owner: {{type: str}}\nbudget: {{type: int}}\n"}
    clone(work / "clones" / "x", fleets.template(tmp_path / "template", new=asked))
    result = updated(run, code=2)["x"]
    why = "new in the template, has no default that fits, and nobody can be asked here"
    assert result["reason"] == f"Answers are missing: owner: {why}; budget: {why}"
    assert result["hint"] == "new-ops-project update PATH --set owner=VALUE --set budget=VALUE"
