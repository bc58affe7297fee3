"""`fleet status`: which projects are behind, most urgent first."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pexpect
import pytest
from rich.cells import cell_len
from support import fleets
from support.command import Run, git
from support.fleets import bare, clone
from support.history import FIRST, extend, version
from support.servers import git_http
from support.small import CLASH
from support.terminal import Terminal

from new_ops_project.base import process
from new_ops_project.fleet import history
from new_ops_project.fleet.history import PastRun
from new_ops_project.fleet.model import Result, ResultState
from new_ops_project.fleet.run import pool
from new_ops_project.fleet.verbs.status import end_of_life
from new_ops_project.template import releases


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with three releases and a version before another one."""
    folder = fleets.template(tmp_path / "template")
    extend(folder, version("v1.2.0", {"more.md": "More.\n"}, day=10, parent="refs/heads/trunk^0"))
    extend(folder, version("v2.0.0rc1", {"next.md": "Next.\n"}, day=20, parent="refs/heads/trunk^0"))
    return folder


def status(run: Run, *args: str, code: int = 0) -> dict[str, dict[str, Any]]:
    """The --json entry of each repository, by the last part of its name."""
    entries = run("fleet", "status", *args, "--json", code=code).json["repositories"]
    return {entry["name"].rpartition("/")[2]: entry for entry in entries}


def rows(output: str) -> list[list[str]]:
    """The words of each row of the table."""
    lines = output.splitlines()
    first = next(at for at, line in enumerate(lines) if set(line.strip()) == {"─"})
    return [line.split() for line in lines[first + 1 : lines.index("", first)]]


# ---- the message for each ---------------------------------------------------------------------------------------


def test_says_how_each_stands(run: Run, template: Path, work: Path) -> None:
    """A row has owner, tier, Python, version, releases behind and age; the furthest behind comes first."""
    for name, tag in (("new", "v1.2.0"), ("old", "v1.0.0"), ("mid", "v1.1.0")):
        folder = clone(work / name, template, tag=tag, tier="service", python_version="3.13")
        git("remote", "add", "origin", f"git@example.org:ops/{name}.git", at=folder)
    output = run("fleet", "status", code=1).out
    age = (datetime.now(UTC) - datetime.fromtimestamp(FIRST, UTC)).days
    assert rows(output) == [
        ["old", "ops", "service", "3.13", "v1.0.0", "2", f"{age}", "d"],
        ["mid", "ops", "service", "3.13", "v1.1.0", "1", f"{age}", "d"],
        ["new", "ops", "service", "3.13", "v1.2.0", f"{age - 10}", "d"],
    ]
    assert "\n3 repositories: 2 behind, 1 current.\n" in output


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
    """Pre-releases do not count; a project ahead is current; between two releases, the older one counts."""
    side = "refs/tags/v1.0.0^0" if "v1.0" in recorded else "refs/heads/trunk^0"
    stream = b"commit refs/heads/side\ncommitter T <t@e> 1750000000 +0000\ndata 1\nx\nfrom " + side.encode() + b"\n\n"
    extend(template, stream)
    clone(work / "x", template, tag=recorded.format(git("rev-parse", "--short", "side", at=template)))
    entry = status(run, code={"behind": 1, "current": 0, "failed": 2}[expected[1]])["x"]
    assert (entry["behind"], entry["state"]) == expected
    assert entry["newest"] == "v1.2.0"
    assert ("v9, which the template" in entry["reason"]) is (recorded == "v9")


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
    """Support ends with a month; versions older than all known ones have ended too."""
    assert end_of_life(python, date.fromisoformat(today)) == end


def test_marks_the_end_of_a_python(run: Run, template: Path, work: Path) -> None:
    """The row has a mark with an explanation; between equals, the one whose Python has ended comes first."""
    clone(work / "a", template, tag="v1.2.0", python_version="3.13")
    clone(work / "b", template, tag="v1.2.0", python_version="3.8")
    output = run("fleet", "status").out
    assert [row[:3] for row in rows(output)] == [["b", "3.8", "†"], ["a", "3.13", "v1.2.0"]]
    assert "Python: † its support has ended.\n" in output


def test_sees_open_branches(run: Run, template: Path, work: Path) -> None:
    """Template branches of the clone and of its remote are named."""
    folder = clone(work / "x", template)
    git("branch", "template/v1.1.0", at=folder)
    git("update-ref", "refs/remotes/origin/template/v1.2.0", "HEAD", at=folder)
    git("branch", "feature/template", at=folder)
    assert status(run, code=1)["x"]["open"] == ["template/v1.1.0", "template/v1.2.0"]
    assert "template/v1.1.0 +1" in run("fleet", "status", code=1).out


def test_remembers_the_last_result(run: Run, template: Path, work: Path) -> None:
    """The row has the result of the last `fleet update`, wherever its folder is."""
    clone(work / "x", template, {"task.py": CLASH})
    assert status(run, code=1)["x"]["last"] is None
    run("fleet", "update", "x", "--out", "../out", code=3)
    last = status(run, code=1)["x"]["last"]
    assert (last["state"], last["version"]) == ("conflict", "v1.2.0")
    assert rows(run("fleet", "status", code=1).out)[0][-1] == "conflict"


def test_finds_projects_in_folders(run: Run, template: Path, work: Path) -> None:
    """A repository with two projects has two rows; changes in one do not defer the other."""
    rendered = fleets.rendered(str(template))
    files: dict[str, Any] = {f"{name}/{path}": text for name in ("svc", "lib") for path, text in rendered.items()}
    folder = fleets.plain(work / "mono", files)
    (folder / "svc" / "task.py").write_text("Mine.\n")
    entries = run("fleet", "status", "--json", code=1).json["repositories"]
    assert {row["name"].rpartition("//")[2]: bool(row["reason"]) for row in entries} == {"svc": True, "lib": False}


def test_says_what_is_wrong(run: Run, template: Path, work: Path) -> None:
    """Each fault is the reason of its own repository; work in progress does not hide how far it is behind."""
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
    rows = status(run, "list", code=2)
    expected = {
        "dirty": ("behind", "It has uncommitted changes: task.py."),
        "detached": ("behind", "HEAD is detached at"),
        "corrupt": ("failed", "git cannot read it: "),
        "empty": ("failed", "has no commit yet."),
        "lost": ("failed", "no-such-template does not exist"),
        "odd": ("failed", ".copier-answers.yml"),
        "plain": ("deferred", "It was not generated from a template"),
        "gone": ("failed", "does not exist."),
    }
    assert {name: row["state"] for name, row in rows.items()} == {name: state for name, (state, _) in expected.items()}
    for name, (_, reason) in expected.items():
        assert reason in rows[name]["reason"], name
        assert rows[name]["hint"]


@pytest.mark.parametrize("head", ["", "garbage\n"])
def test_asks_no_repository_above(run: Run, template: Path, work: Path, head: str) -> None:
    """A damaged clone inside another clone is not taken for that one, which git would find."""
    above = clone(work / "above", template)
    (clone(above / "inner", template) / ".git" / "HEAD").write_text(head)
    (work / "list").write_text("above/inner\n")
    row = status(run, "list", code=2)["inner"]
    assert (row["state"], row["folder"]) == ("failed", str(above / "inner"))
    assert row["reason"].startswith("git cannot read it: not a git repository")


def test_says_once_what_is_alike(run: Run, template: Path, work: Path) -> None:
    """Repositories without a template are counted in one line, which names some of them."""
    clone(work / "x", template, tag="v1.2.0")
    for at in range(12):
        fleets.plain(work / f"other{at:02}", {"a.txt": "a\n"})
    output = run("fleet", "status").out
    assert (
        "\nother00, other01, other02 and 9 more: It was not generated from a template: it has no .copier-answers.yml.\n"
        in output
    )
    assert output.count("It was not generated from a template") == 1
    assert "13 repositories: 12 deferred, 1 current." in output


def test_one_repository(run: Run, template: Path, work: Path) -> None:
    """The singular is used for one repository; without work the exit code is 0."""
    clone(work / "x", template, tag="v1.2.0")
    output = run("fleet", "status", "x").out
    assert output.endswith("\n1 repository: 1 current.\n")


@pytest.mark.parametrize(("sources", "shown"), [(["x y"], "'x y'"), ([], ""), (["."] * 4, "SOURCE...")])
def test_says_what_to_do_next(run: Run, template: Path, work: Path, sources: list[str], shown: str) -> None:
    """The next command can be pasted as printed; many sources are not repeated."""
    clone(work / "x y", template)
    step = " ".join(["new-ops-project fleet update", *filter(None, [shown]), "--out DIR"])
    assert run("fleet", "status", *sources, code=1).out.endswith(f"\nNext:\n  {step}\n")


def test_nothing_there(run: Run) -> None:
    """A folder without clones is an error, not a fleet that is current."""
    assert "There is no repository in these sources." in run("fleet", "status", ".", code=2).err


def test_json_has_everything(run: Run, template: Path, work: Path) -> None:
    """The object has counts and every fact of each repository; words for people are on stderr."""
    clone(work / "x", template, tier="service", python_version="3.13")
    (work / "fleet.toml").write_text('[groups.web]\nowner = "Ada"\nsources = ["x"]\n')
    ran = run("fleet", "status", "--json", code=1)
    (entry,) = ran.json["repositories"]
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
    assert {key: entry[key] for key in expected} == expected
    assert entry.keys() - expected.keys() == {"days", "renovate"}
    assert ran.err == "[1/1] x\n"


# ---- drift ------------------------------------------------------------------------------------------------------


def test_renders_nothing_unless_asked(run: Run, template: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --drift no worker starts."""
    monkeypatch.setattr(pool, "results", None)
    clone(work / "x", template)
    assert status(run, code=1)["x"]["drift"] is None


def test_does_not_even_import_copier(template: Path, work: Path, home: Path) -> None:
    """Without --drift neither the renderer nor the merge is imported."""
    clone(work / "x", template)
    code = (
        "import sys; from new_ops_project import cli; code = cli.run(['fleet', 'status']);"
        "sys.exit(f'{code} {sorted(set(sys.argv) & sys.modules.keys())}')"
    )
    command = [sys.executable, "-c", code, "copier", "jinja2", "questionary", "new_ops_project.git.merge"]
    ran = subprocess.run(command, cwd=work, text=True, capture_output=True, check=False)
    assert ran.stderr.splitlines()[-1] == "1 []"


def test_counts_drift(run: Run, template: Path, work: Path) -> None:
    """With --drift every edited or deleted file of the template is named, and counted in the table."""
    clone(work / "x", template, {"task.py": CLASH, "old.md": None, "mine.txt": "Mine.\n"})
    clone(work / "clean", template, tag="v1.1.0")
    fleets.plain(work / "plain", {"a.txt": "a\n"})
    entries = status(run, "--drift", "--jobs", "1", code=1)
    assert entries["x"]["drift"] == [{"path": "old.md", "what": "deleted"}, {"path": "task.py", "what": "edited"}]
    assert entries["clean"]["drift"] == []
    assert entries["plain"]["drift"] is None


def test_says_what_drift_leaves_out(run: Run, tmp_path: Path, work: Path) -> None:
    """Tasks of the template do not run for --drift: a sentence says which would, and that their effect is not shown."""
    code = f"_tasks: ['touch {tmp_path}/ran']\n{fleets.QUESTIONS}"
    template = fleets.template(tmp_path / "template", old={**fleets.OLD, "copier.yml": code})
    for name in ("x", "y"):
        clone(work / name, template, {"task.py": CLASH})
    entry = status(run, "--drift", "--jobs", "1", code=1)["x"]
    assert entry["drift"] == [{"path": "task.py", "what": "edited"}]
    note = f"The template's tasks `touch {tmp_path}/ran` run in an update, but not here, so their effect is not shown."
    assert entry["reason"] == note
    assert f"x, y: {note}" in run("fleet", "status", "--drift", "--jobs", "1", code=1).out
    assert not (tmp_path / "ran").exists()
    assert status(run, code=1)["x"]["reason"] == ""


# ---- what it costs ----------------------------------------------------------------------------------------------


def test_starts_few_programs(run: Run, template: Path, work: Path) -> None:
    """A clone takes five git processes, however many files it has; the template is read once."""
    seen: list[str] = []

    def programs() -> Counter[str]:
        seen.clear()
        with process.watched(lambda args, *_: seen.append(args[0])):
            run("fleet", "status")
        return Counter(seen)

    clone(work / "x", template, {f"{at}.txt": "x" for at in range(30)}, tag="v1.2.0")
    programs()  # which unpacks the newest version
    first = programs()
    for at in range(4):
        clone(work / f"x{at}", template, tag="v1.2.0")
    assert programs() - first == {"git": 4 * 5}
    assert first == {"git": 5 + 2}


# ---- over the network -------------------------------------------------------------------------------------------


def test_over_http(run: Run, template: Path, tmp_path: Path, work: Path) -> None:
    """A repository known by its address is cloned without files into our cache; a missing one has its own row."""
    served = tmp_path / "served"
    bare(served / "ops" / "x.git", template, tier="service")
    git("branch", "template/v1.2.0", "trunk", at=served / "ops" / "x.git")
    with git_http(served) as url:
        (work / "list").write_text(f"{url}/ops/x.git\n{url.replace('//', '//ada:pw@')}/ops/gone.git\n")
        ran = run("fleet", "status", "list", "--json", code=2)
    rows = {row["name"].rpartition("/")[2]: row for row in ran.json["repositories"]}
    assert (rows["x"]["behind"], rows["x"]["owner"], rows["x"]["tier"]) == (2, "ops", "service")
    assert rows["x"]["open"] == ["template/v1.2.0"]
    assert rows["gone"]["reason"].startswith(f"{url}/ops/gone.git cannot be reached: ")
    assert "ada:pw" not in ran.out + ran.err


def test_offline(run: Run, tmp_path: Path, work: Path) -> None:
    """With --offline, the cached template is enough."""
    served = tmp_path / "served"
    fleets.template(served / "template")
    with git_http(served) as url:
        clone(work / "x", f"{url}/template/.git")
        assert status(run, code=1)["x"]["state"] == "behind"
    releases.clear_caches()
    assert "cannot be reached" in status(run, code=2)["x"]["reason"]
    assert status(run, "--offline", code=1)["x"]["behind"] == 1


# ---- how it looks -----------------------------------------------------------------------------------------------

HOSTILE = "evil\x1b[31m\u202ename"
LONG = "a-rather-long-name-of-a-repository-of-the-platform-team-for-billing-in-production"


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(("width", "left"), [(60, "age, tier, owner"), (80, "owner"), (200, "")])
def test_fits(run: Run, template: Path, width: int, left: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of the table is too long, version and behind are never cut, and omitted columns are named."""
    monkeypatch.setenv("COLUMNS", str(width))
    work = Path.cwd()
    long = "v1.0.0-12-gabcdef0"
    git("tag", long, "v1.0.0", at=template)
    for name, tag in ((LONG, long), (HOSTILE, "v1.1.0"), ("x", "v1.2.0")):
        folder = clone(work / name, template, tag=tag, tier="service", python_version="3.8")
        git("remote", "add", "origin", f"git@example.org:platform-engineering-department/{name}", at=folder)
    output = run("fleet", "status", code=1).out
    table = output[: output.index("\n\n")].splitlines()
    assert max(map(cell_len, table)) <= width
    assert any(long in line and " 2" in line.partition(long)[2] for line in table)
    assert "…" not in "".join(table)
    assert output.partition("Too narrow for: ")[2].partition(".\n")[0] == left


def test_shows_names_as_they_are_not(run: Run, template: Path, work: Path) -> None:
    """Control characters are escaped wherever a name is shown: table, reasons, progress."""
    clone(work / HOSTILE, template)
    (work / HOSTILE / "task\u202e\x1b[2J.py").write_text("Mine.\n")
    fleets.plain(work / f"{HOSTILE}2", {"a.txt": "a\n"})
    ran = run("fleet", "status", "--drift", "--jobs", "1", code=1)
    assert not {"\x1b", "\u202e"} & {*ran.out, *ran.err}
    assert r"evil\x1b[31m\u202ename" in ran.out
    assert r"evil\x1b[31m\u202ename" in ran.err


def test_on_a_terminal(template: Path, work: Path, terminal: Terminal) -> None:
    """A terminal shows a bar instead of lines, and the table fits in 80 columns."""
    for name in (LONG, "x"):
        clone(work / name, template, python_version="3.8")
    child = terminal("fleet", "status")
    child.expect(pexpect.EOF)
    output = str(child.before)
    assert "[1/2]" not in output
    assert "2/2" in output
    assert "v1.0.0" in output
    child.close()
    assert child.exitstatus == 1


def test_a_name_of_any_bytes(run: Run, template: Path, work: Path) -> None:
    """A folder whose name is not UTF-8 has a row like any other, in every later verb."""
    clone(work / "odd\udcff", template)
    assert r"odd\xff" in run("fleet", "status", code=1).out
    assert status(run, code=1)["odd\udcff"]["behind"] == 2
    run("fleet", "update", ".", "--out", "../out")
    assert status(run, "--drift", "--jobs", "1", code=1)["odd\udcff"]["last"]["state"] == "updated"


# ---- what is remembered -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"x": 1}', '{"x": {"odd": 1}}', "\xff"])
def test_damaged_memory_is_none(run: Run, template: Path, work: Path, text: str) -> None:
    """A damaged history is ignored and written again."""
    clone(work / "x", template)
    history.file().parent.mkdir(parents=True)
    history.file().write_bytes(text.encode("latin-1"))
    assert status(run, code=1)["x"]["last"] is None
    history.remember({"x": PastRun(state="updated")})
    assert history.read() == {"x": PastRun(state="updated")}


def test_memory_that_cannot_be_kept(home: Path) -> None:
    """A history that cannot be written is not an error."""
    history.file().parent.parent.mkdir(parents=True)
    history.file().parent.write_text("")
    history.remember({"x": PastRun(state="updated")})
    assert history.read() == {}


def test_remembers_of_all_fleets(home: Path) -> None:
    """Entries of other projects stay; a failed project keeps its cost and its shard."""
    history.remember({"a": PastRun(cost=3.0, shard=2, shards=4), "b": PastRun(cost=1.0)})
    history.remember(
        history.with_results({"a": history.read()["a"]}, [Result("a", ResultState.FAILED, "p", seconds=60.0)])
    )
    assert history.read() == {"a": PastRun("failed", cost=3.0, shard=2, shards=4), "b": PastRun(cost=1.0)}
