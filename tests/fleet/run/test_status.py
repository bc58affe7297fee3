"""`fleet status`: who is behind and by how much; what needs doing comes first."""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from support import fleets
from support.command import Run, git
from support.fleets import bare, clone
from support.history import FIRST, extend, version
from support.servers import git_http
from support.small import CLASH

from new_ops_project.base import process
from new_ops_project.fleet import history
from new_ops_project.fleet.history import PastRun
from new_ops_project.fleet.model import Result, ResultState
from new_ops_project.fleet.run import pool
from new_ops_project.fleet.run import status as standing
from new_ops_project.template import releases


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with three releases and a version before another one."""
    folder = fleets.template(tmp_path / "template")
    extend(folder, version("v1.2.0", {"more.md": "More.\n"}, day=10, parent="refs/heads/trunk^0"))
    extend(folder, version("v2.0.0rc1", {"next.md": "Next.\n"}, day=20, parent="refs/heads/trunk^0"))
    return folder


def status(run: Run, *args: str, code: int = 0) -> dict[str, dict[str, Any]]:
    """What --json says of each repository, by the last part of its name."""
    found = run("fleet", "status", *args, "--json", code=code).json["repositories"]
    return {one["name"].rpartition("/")[2]: one for one in found}


def rows(said: str) -> list[list[str]]:
    """The words of each row of the table."""
    lines = said.splitlines()
    first = next(at for at, line in enumerate(lines) if set(line.strip()) == {"─"})
    return [line.split() for line in lines[first + 1 : lines.index("", first)]]


# ---- what is said of each ---------------------------------------------------------------------------------------


def test_says_how_each_stands(run: Run, template: Path, work: Path) -> None:
    """A row has owner, tier, Python, version, releases behind and age; whoever is furthest behind comes first."""
    for name, tag in (("new", "v1.2.0"), ("old", "v1.0.0"), ("mid", "v1.1.0")):
        one = clone(work / name, template, tag=tag, tier="service", python_version="3.13")
        git("remote", "add", "origin", f"git@example.org:ops/{name}.git", at=one)
    said = run("fleet", "status", code=1).out
    age = (datetime.now(UTC) - datetime.fromtimestamp(FIRST, UTC)).days
    assert rows(said) == [
        ["old", "ops", "service", "3.13", "v1.0.0", "2", f"{age}", "d"],
        ["mid", "ops", "service", "3.13", "v1.1.0", "1", f"{age}", "d"],
        ["new", "ops", "service", "3.13", "v1.2.0", f"{age - 10}", "d"],
    ]
    assert "\n3 repositories: 2 behind, 1 current.\n" in said


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ("v1.0.0", (2, "behind")),
        ("v1.2.0", (0, "current")),
        ("v2.0.0rc1", (0, "current")),
        ("v1.0.0-1-g{}", (2, "behind")),
        ("v2.0.0rc1-1-g{}", (0, "current")),
        ("v9", (0, "failed")),
    ],
)
def test_counts_releases(run: Run, template: Path, work: Path, recorded: str, expected: tuple[int, str]) -> None:
    """Versions before a release do not count; one ahead is current; between two, it is from the first one on."""
    side = "refs/tags/v1.0.0^0" if "v1.0" in recorded else "refs/heads/trunk^0"
    stream = b"commit refs/heads/side\ncommitter T <t@e> 1750000000 +0000\ndata 1\nx\nfrom " + side.encode() + b"\n\n"
    extend(template, stream)
    clone(work / "x", template, tag=recorded.format(git("rev-parse", "--short", "side", at=template)))
    found = status(run, code={"behind": 1, "current": 0, "failed": 2}[expected[1]])["x"]
    assert (found["behind"], found["state"]) == expected
    assert found["newest"] == "v1.2.0"
    assert ("v9, which the template" in found["reason"]) is (recorded == "v9")


@pytest.mark.parametrize(
    ("python", "today", "end"),
    [
        ("3.13", "2026-01-01", ""),
        ("3.9", "2026-01-01", "ended"),
        ("3.8", "2026-01-01", "ended"),
        ("2.7", "2026-01-01", "ended"),
        ("3.9.18", "2026-01-01", "ended"),
        ("3.13", "2029-10-31", "soon"),
        ("3.13", "2029-11-01", "ended"),
        ("3.13", "2029-03-01", ""),
        ("3.99", "2026-01-01", ""),
        ("", "2026-01-01", ""),
        ("three", "2026-01-01", ""),
        ("3", "2026-01-01", ""),
    ],
)
def test_knows_the_end_of_a_python(python: str, today: str, end: str) -> None:
    """Support ends with a month; what ended before anybody kept dates of it has ended, too."""
    assert standing.end_of_life(python, date.fromisoformat(today)) == end


def test_marks_the_end_of_a_python(run: Run, template: Path, work: Path) -> None:
    """The mark is in the row and is explained; of two as far behind, the one whose Python has ended comes first."""
    clone(work / "a", template, tag="v1.2.0", python_version="3.13")
    clone(work / "b", template, tag="v1.2.0", python_version="3.8")
    said = run("fleet", "status").out
    assert [row[:3] for row in rows(said)] == [["b", "3.8", "†"], ["a", "3.13", "v1.2.0"]]
    assert "Python: † its support has ended.\n" in said


def test_sees_open_branches(run: Run, template: Path, work: Path) -> None:
    """Branches of template versions are named, of the clone and of its remote."""
    one = clone(work / "x", template)
    git("branch", "template/v1.1.0", at=one)
    git("update-ref", "refs/remotes/origin/template/v1.2.0", "HEAD", at=one)
    git("branch", "feature/template", at=one)
    assert status(run, code=1)["x"]["open"] == ["template/v1.1.0", "template/v1.2.0"]
    assert "template/v1.1.0 +1" in run("fleet", "status", code=1).out


def test_remembers_the_last_result(run: Run, template: Path, work: Path) -> None:
    """How the last `fleet update` went is there, wherever its results are."""
    clone(work / "x", template, {"task.py": CLASH})
    assert status(run, code=1)["x"]["last"] is None
    run("fleet", "update", "x", "--out", "../out", code=3)
    last = status(run, code=1)["x"]["last"]
    assert (last["state"], last["version"]) == ("conflict", "v1.2.0")
    assert rows(run("fleet", "status", code=1).out)[0][-1] == "conflict"


def test_finds_projects_in_folders(run: Run, template: Path, work: Path) -> None:
    """A repository with two projects has two rows; work in one of them is not work in the other."""
    made = fleets.rendered(str(template))
    one = fleets.plain(work / "mono", {f"{at}/{path}": text for at in ("svc", "lib") for path, text in made.items()})
    (one / "svc" / "task.py").write_text("Mine.\n")
    found = run("fleet", "status", "--json", code=1).json["repositories"]
    assert {one["name"].rpartition("//")[2]: bool(one["reason"]) for one in found} == {"svc": True, "lib": False}


def test_says_what_is_wrong(run: Run, template: Path, work: Path) -> None:
    """Each of many faults is a reason of its own repository; work in progress does not hide how far it is behind."""
    clone(work / "dirty", template)
    (work / "dirty" / "task.py").write_text("Mine.\n")
    git("checkout", "--quiet", "--detach", at=clone(work / "detached", template))
    (clone(work / "corrupt", template) / ".git" / "HEAD").write_text("ref: nowhere\n")
    (work / "empty").mkdir()
    git("init", "--quiet", at=work / "empty")
    clone(work / "lost", work / "no-such-template")
    fleets.plain(work / "odd", {".copier-answers.yml": "- 1\n"})
    fleets.plain(work / "plain", {"a.txt": "a\n"})
    (work / "list").write_text("dirty\ndetached\ncorrupt\nempty\nlost\nodd\nplain\ngone\n")
    found = status(run, "list", code=2)
    expected = {
        "dirty": ("behind", "It has changes that are not committed: task.py."),
        "detached": ("behind", "HEAD is detached at"),
        "corrupt": ("failed", "git cannot read it: "),
        "empty": ("failed", "has no commit yet."),
        "lost": ("failed", "no-such-template does not exist"),
        "odd": ("failed", ".copier-answers.yml"),
        "plain": ("deferred", "No template made it"),
        "gone": ("failed", "does not exist."),
    }
    assert {name: one["state"] for name, one in found.items()} == {name: one[0] for name, one in expected.items()}
    for name, (_, reason) in expected.items():
        assert reason in found[name]["reason"], name
        assert found[name]["hint"]


def test_says_once_what_is_alike(run: Run, template: Path, work: Path) -> None:
    """Repositories that no template made are counted, and some of them are named, in one line."""
    clone(work / "x", template, tag="v1.2.0")
    for at in range(12):
        fleets.plain(work / f"other{at:02}", {"a.txt": "a\n"})
    said = run("fleet", "status").out
    assert "\nother00, other01, other02 and 9 more: No template made it: it has no .copier-answers.yml.\n" in said
    assert said.count("No template made it") == 1
    assert "13 repositories: 12 deferred, 1 current." in said


def test_one_repository(run: Run, template: Path, work: Path) -> None:
    """One is one repository; that nothing is due is exit code 0."""
    clone(work / "x", template, tag="v1.2.0")
    said = run("fleet", "status", "x").out
    assert said.endswith("\n1 repository: 1 current.\n")


@pytest.mark.parametrize(("sources", "said"), [(["x y"], "'x y'"), ([], ""), (["."] * 4, "SOURCE...")])
def test_says_what_to_do_next(run: Run, template: Path, work: Path, sources: list[str], said: str) -> None:
    """The next step can be run as it is printed; many sources are not repeated."""
    clone(work / "x y", template)
    step = " ".join(["new-ops-project fleet update", *filter(None, [said]), "--out DIR"])
    assert run("fleet", "status", *sources, code=1).out.endswith(f"\nNext:\n  {step}\n")


def test_nothing_there(run: Run) -> None:
    """A folder without clones is an error, not a fleet where all is well."""
    assert "There is no repository in these sources." in run("fleet", "status", ".", code=2).err


def test_json_has_everything(run: Run, template: Path, work: Path) -> None:
    """The object has counts and every fact of each repository; words for people are on stderr."""
    clone(work / "x", template, tier="service", python_version="3.13")
    (work / "fleet.toml").write_text('[groups.web]\nowner = "Ada"\nsources = ["x"]\n')
    ran = run("fleet", "status", "--json", code=1)
    (found,) = ran.json["repositories"]
    assert ran.json["counts"] == {"failed": 0, "behind": 1, "deferred": 0, "current": 0}
    expected = {
        "name": str(work / "x"),
        "state": "behind",
        "reason": "",
        "hint": "",
        "owner": "Ada",
        "group": "web",
        "tier": "service",
        "python": "3.13",
        "python_end": "",
        "template": str(template),
        "version": "v1.0.0",
        "newest": "v1.2.0",
        "behind": 2,
        "drift": None,
        "open": [],
        "last": None,
        "url": "",
        "folder": str(work / "x"),
    }
    assert {key: found[key] for key in expected} == expected
    assert found.keys() - expected.keys() == {"days", "renovate"}
    assert ran.err == "[1/1] x\n"


# ---- drift ------------------------------------------------------------------------------------------------------


def test_renders_nothing_unless_asked(run: Run, template: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --drift no worker starts, whoever is behind."""
    monkeypatch.setattr(pool, "answers", None)
    clone(work / "x", template)
    assert status(run, code=1)["x"]["drift"] is None


def test_does_not_even_import_copier(template: Path, work: Path, home: Path) -> None:
    """Without --drift the renderer is not imported."""
    clone(work / "x", template)
    code = (
        "import sys; from new_ops_project import cli; code = cli.run(['fleet', 'status']);"
        "sys.exit(f'{code} {sorted(set(sys.argv) & sys.modules.keys())}')"
    )
    command = [sys.executable, "-c", code, "copier", "jinja2", "questionary"]
    ran = subprocess.run(command, cwd=work, text=True, capture_output=True, check=False)
    assert ran.stderr.splitlines()[-1] == "1 []"


def test_counts_drift(run: Run, template: Path, work: Path) -> None:
    """With --drift every file of the template that was edited or deleted is named, and counted in the table."""
    clone(work / "x", template, {"task.py": CLASH, "old.md": None, "mine.txt": "Mine.\n"})
    clone(work / "clean", template, tag="v1.1.0")
    fleets.plain(work / "plain", {"a.txt": "a\n"})
    found = status(run, "--drift", "--jobs", "1", code=1)
    assert found["x"]["drift"] == [{"path": "old.md", "what": "deleted"}, {"path": "task.py", "what": "edited"}]
    assert found["clean"]["drift"] == []
    assert found["plain"]["drift"] is None


# ---- what it costs ----------------------------------------------------------------------------------------------


def test_starts_few_programs(run: Run, template: Path, work: Path) -> None:
    """A clone costs seven programs, however many files it has; what is asked of the template is asked once."""
    seen: list[str] = []

    def programs() -> Counter[str]:
        seen.clear()
        with process.watched(lambda args, *_: seen.append(args[0])):
            run("fleet", "status")
        return Counter(seen)

    clone(work / "x", template, {f"{at}.txt": "x" for at in range(30)}, tag="v1.2.0")
    programs()  # which unpacks the newest version
    one = programs()
    for at in range(4):
        clone(work / f"x{at}", template, tag="v1.2.0")
    assert programs() - one == {"git": 4 * 7}
    assert one == {"git": 7 + 2}


# ---- over the network -------------------------------------------------------------------------------------------


def test_over_http(run: Run, template: Path, tmp_path: Path, work: Path) -> None:
    """What is known by its address is cloned without files into our cache; one that is not there is its own row."""
    served = tmp_path / "served"
    bare(served / "ops" / "x.git", template, tier="service")
    git("branch", "template/v1.2.0", "trunk", at=served / "ops" / "x.git")
    with git_http(served) as url:
        (work / "list").write_text(f"{url}/ops/x.git\n{url.replace('//', '//ada:pw@')}/ops/gone.git\n")
        ran = run("fleet", "status", "list", "--json", code=2)
    found = {one["name"].rpartition("/")[2]: one for one in ran.json["repositories"]}
    assert (found["x"]["behind"], found["x"]["owner"], found["x"]["tier"]) == (2, "ops", "service")
    assert found["x"]["open"] == ["template/v1.2.0"]
    assert found["gone"]["reason"].startswith(f"{url}/ops/gone.git cannot be reached: ")
    assert "ada:pw" not in ran.out + ran.err


def test_offline(run: Run, tmp_path: Path, work: Path) -> None:
    """Without the template's server, what is known of it here will do when that is asked for."""
    served = tmp_path / "served"
    fleets.template(served / "template")
    with git_http(served) as url:
        clone(work / "x", f"{url}/template/.git")
        assert status(run, code=1)["x"]["state"] == "behind"
    releases.forget()
    assert "cannot be reached" in status(run, code=2)["x"]["reason"]
    assert status(run, "--offline", code=1)["x"]["behind"] == 1


# ---- how it looks -----------------------------------------------------------------------------------------------

HOSTILE = "evil\x1b[31m\u202ename"
LONG = "a-rather-long-name-of-a-repository-of-the-platform-team-for-billing-in-production"


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(("width", "left"), [(60, "age, tier, owner"), (80, "owner"), (200, "")])
def test_fits(run: Run, template: Path, width: int, left: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of the table is too long, version and behind are never cut, and what is left out is named."""
    monkeypatch.setenv("COLUMNS", str(width))
    work = Path.cwd()
    long = "v1.0.0-12-gabcdef0"
    git("tag", long, "v1.0.0", at=template)
    for name, tag in ((LONG, long), (HOSTILE, "v1.1.0"), ("x", "v1.2.0")):
        one = clone(work / name, template, tag=tag, tier="service", python_version="3.8")
        git("remote", "add", "origin", f"git@example.org:platform-engineering-department/{name}", at=one)
    said = run("fleet", "status", code=1).out
    table = said[: said.index("\n\n")].splitlines()
    assert max(map(cell_len, table)) <= width
    assert any(long in line and " 2" in line.partition(long)[2] for line in table)
    assert "…" not in "".join(table)
    assert said.partition("Too narrow for: ")[2].partition(".\n")[0] == left


def test_shows_names_as_they_are_not(run: Run, template: Path, work: Path) -> None:
    """What would control a terminal is escaped, wherever a name is shown: table, reasons, progress."""
    clone(work / HOSTILE, template)
    (work / HOSTILE / "task\u202e\x1b[2J.py").write_text("Mine.\n")
    fleets.plain(work / f"{HOSTILE}2", {"a.txt": "a\n"})
    ran = run("fleet", "status", "--drift", "--jobs", "1", code=1)
    assert not {"\x1b", "\u202e"} & {*ran.out, *ran.err}
    assert r"evil\x1b[31m\u202ename" in ran.out
    assert r"evil\x1b[31m\u202ename" in ran.err


def test_on_a_terminal(template: Path, work: Path, home: Path) -> None:
    """On a terminal a bar takes the place of lines, and the table is within its 80 columns."""
    import pexpect

    for name in (LONG, "x"):
        clone(work / name, template, python_version="3.8")
    env = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "new_ops_project", "fleet", "status"],
        cwd=str(work),
        env=env,
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=30,
    )
    child.expect(pexpect.EOF)
    said = str(child.before)
    assert "[1/2]" not in said
    assert "2/2" in said
    assert "v1.0.0" in said
    child.close()
    assert child.exitstatus == 1


def test_a_name_of_any_bytes(run: Run, template: Path, work: Path) -> None:
    """A folder whose name is no UTF-8 is a row like any other, in every verb that comes after."""
    clone(work / "odd\udcff", template)
    assert r"odd\xff" in run("fleet", "status", code=1).out
    assert status(run, code=1)["odd\udcff"]["behind"] == 2
    run("fleet", "update", ".", "--out", "../out")
    assert status(run, "--drift", "--jobs", "1", code=1)["odd\udcff"]["last"]["state"] == "updated"


# ---- what is remembered -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"x": 1}', '{"x": {"odd": 1}}', "\xff"])
def test_damaged_memory_is_none(run: Run, template: Path, work: Path, text: str) -> None:
    """What was remembered and cannot be read is forgotten, and remembered anew."""
    clone(work / "x", template)
    history.file().parent.mkdir(parents=True)
    history.file().write_bytes(text.encode("latin-1"))
    assert status(run, code=1)["x"]["last"] is None
    history.remember({"x": PastRun(state="updated")})
    assert history.read() == {"x": PastRun(state="updated")}


def test_memory_that_cannot_be_kept(home: Path) -> None:
    """Where nothing can be remembered, that is all."""
    history.file().parent.parent.mkdir(parents=True)
    history.file().parent.write_text("")
    history.remember({"x": PastRun(state="updated")})
    assert history.read() == {}


def test_remembers_of_all_fleets(home: Path) -> None:
    """What is remembered of others stays; what a project cost is kept when it fails, and its shard with it."""
    history.remember({"a": PastRun(cost=3.0, shard=2, shards=4), "b": PastRun(cost=1.0)})
    history.remember(
        history.of_results({"a": history.read()["a"]}, [Result("a", ResultState.FAILED, "p", seconds=60.0)])
    )
    assert history.read() == {"a": PastRun("failed", cost=3.0, shard=2, shards=4), "b": PastRun(cost=1.0)}
