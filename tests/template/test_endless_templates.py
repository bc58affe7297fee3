"""Templates without an end, or too large: a sentence, exit code 2, and nothing is left."""

import re
from collections.abc import Mapping
from pathlib import Path

import pexpect
import pytest
from support import fleets
from support.command import Run, git, tree
from support.foreign_templates import ANSWERS_FILE, written
from support.history import begin, checked_out, commit
from support.small import release
from support.terminal import ENTER, Terminal
from support.watched_runs import World

from new_ops_project.base import confined
from new_ops_project.template import limits, releases, unpacked
from new_ops_project.template.sources import Source

SECONDS = "NEW_OPS_PROJECT_RENDER_SECONDS"
LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
POWER = "{% set n = 9 %}{{ n ** (n ** n) }}"  # in C, where no signal reaches Python
CONSTANT = "{{ 9 ** (9 ** 9) }}"  # computed when it is compiled
MEMORY = "{% set n = 10 %}{{ 'x' * n ** 11 }}"
QUESTION = "a: {type: str, default: x}\n"
SPACE = "needs more than 4 GB of memory"
# The second on a machine that is so busy that a second of processor time takes ten.
TIME = r"(takes more than 1 s of processor time|does not end within 10 s)"

# What is in the template, what the sentence names, and the limit; {} is where each of the texts above goes.
THINGS: Mapping[str, tuple[dict[str, str], str, str]] = {
    "a file that loops": ({"a.txt.jinja": LOOPS}, "a.txt.jinja", TIME),
    "a file that computes": ({"a.txt.jinja": POWER}, "a.txt.jinja", TIME),
    "a constant in a file": ({"a.txt.jinja": CONSTANT}, "a.txt.jinja", TIME),
    "a file that copier renders": ({"a.txt.jinja": LOOPS + "{{ now() }}"}, "a.txt.jinja", TIME),
    "a constant that copier computes": ({"a.txt.jinja": CONSTANT + "{{ now() }}"}, "a.txt.jinja", TIME),
    "a long text": ({"a.txt.jinja": MEMORY}, "a.txt.jinja", SPACE),
    "a long text of copier's": ({"a.txt.jinja": MEMORY + "{{ now() }}"}, "a.txt.jinja", SPACE),
    "a constant text": ({"a.txt.jinja": "{{ 'x' * 10 ** 11 }}"}, "a.txt.jinja", SPACE),
    "words": ({"a.txt.jinja": "{{ lipsum(n=10 ** 9) }}"}, "a.txt.jinja", TIME),
    "a regular expression": (
        {"a.txt.jinja": "{{ ('a' * 50) | regex_replace('(a|aa)+$b', '') }}"},
        "a.txt.jinja",
        TIME,
    ),
    "a file that is imported": (
        {"a.txt.jinja": "{% import 'm.jinja' as m %}{{ m.x }}", "m.jinja": LOOPS, "copier.yml": "_exclude: [m*]\n"},
        "a.txt.jinja",
        TIME,
    ),
    "the name of a file": ({f"{LOOPS}.txt": "a"}, "", TIME),
    "a default": ({"copier.yml": f'a: {{type: str, default: "{LOOPS}"}}\n'}, "{% for a in", TIME),
    "a constant in a default": ({"copier.yml": f'a: {{type: str, default: "{CONSTANT}"}}\n'}, CONSTANT, TIME),
    "a choice": ({"copier.yml": f'a: {{type: str, choices: [x, "{POWER}"], default: x}}\n'}, POWER, TIME),
    "a validator": ({"copier.yml": f'a: {{type: str, default: x, validator: "{POWER}"}}\n'}, POWER, TIME),
    "a condition": ({"copier.yml": f'a: {{type: str, default: x, when: "{POWER}"}}\n'}, POWER, TIME),
    "a secret": ({"copier.yml": f'a: {{type: str, secret: true, default: "{POWER}"}}\n'}, "", TIME),
    "a pattern": ({"copier.yml": f'_exclude: ["{POWER}"]\n'}, "", TIME),
    "stars": ({"copier.yml": f"_exclude: ['{'*a' * 30}b']\n", f"{'a' * 200}.txt": "a"}, "", TIME),
}


@pytest.fixture
def world(work: Path, tmp_path: Path) -> World:
    """A world without projects, whose runs have a second of processor time for each rendering."""
    world = World(work, tmp_path)
    world.env[SECONDS] = "1"
    return world


def template(folder: Path, files: Mapping[str, str], *newer: Mapping[str, str]) -> Path:
    """A template with these files, and one release more for each of `newer`."""
    source = written(folder, {"v1.0.0": {**ANSWERS_FILE, "copier.yml": QUESTION, **files}})
    for number, changed in enumerate(newer, 1):
        release(source, f"v1.{number}.0", changed)
    return source


def refused(world: World, *args: str, code: int = 2) -> str:
    """Run a command that ends with the exit code; return what it says, once nothing of it is left."""
    child = world.start(*args)
    out, err = child.communicate(timeout=100)
    assert child.returncode == code, out + err
    world.wait(lambda: not world.running())
    assert world.left() == []
    assert "Traceback" not in err
    return out + err


@pytest.mark.parametrize("thing", THINGS)
def test_a_new_project(world: World, tmp_path: Path, thing: str) -> None:
    """`new` says what takes too much, and makes nothing."""
    files, place, limit = THINGS[thing]
    said_all = refused(world, "new", "audit", "--defaults", "--template", str(template(tmp_path / "t", files)))
    assert re.search(f"it {limit}(; it was at '?{re.escape(place)}|\\.$)", said_all, re.MULTILINE)
    assert "cannot be" in said_all
    assert len(said_all.splitlines()) == 2
    assert [*world.work.iterdir()] == []


@pytest.mark.parametrize("copiers", ["", "{{ now() }}"])
def test_many_files_that_take_little(world: World, tmp_path: Path, copiers: str) -> None:
    """The limit is for all files together, and the sentence does not say that the one in progress is to blame."""
    little = "{% for a in range(9999) %}{% for b in range(200) %}{% endfor %}{% endfor %}"
    files = {f"f{number}.txt.jinja": f"{copiers}{little}" for number in range(200)}
    told = refused(world, "new", "audit", "--defaults", "--template", str(template(tmp_path / "t", files)))
    assert re.search(rf"cannot be rendered: it {TIME}; it was at f\d+\.txt\.jinja\.", told)


VERBS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "preview of new": (("new", "b", "--defaults", "--preview", "--template", "{template}"), 2),
    "update": (("update", "clones/a"), 2),
    "preview": (("update", "clones/a", "--preview"), 2),
    "branch": (("update", "clones/a", "--branch", "x"), 2),
    "patch": (("update", "clones/a", "--patch", "a.patch"), 2),
    "answers": (("update", "clones/a", "--to", "v1.1.0", "--set", "colour=red"), 2),
}


@pytest.mark.parametrize("thing", ["a.txt.jinja", "copier.yml", "now.txt.jinja"])
@pytest.mark.parametrize("verb", VERBS)
def test_verbs(world: World, tmp_path: Path, verb: str, thing: str) -> None:
    """So do all verbs that render, and the project stays as it was."""
    content = {"copier.yml": f'{fleets.QUESTIONS}b: {{type: str, default: "{LOOPS}"}}\n'}
    newer = content.get(thing, POWER + ("{{ now() }}" if thing.startswith("now") else ""))
    source = fleets.template(tmp_path / "t", new={thing: newer})
    project = fleets.clone(world.work / "clones" / "a", source)
    before = tree(project)
    line, code = VERBS[verb]
    assert re.search(TIME, refused(world, *(part.format(template=source) for part in line), code=code))
    assert tree(project) == before
    assert git("status", "--porcelain", at=project) == ""


@pytest.mark.parametrize(
    "line",
    [
        ("update", "a", "--check"),
        ("update", "a", "--preview", "--trust"),
        ("update", "a", "--trust"),
        ("new", "b", "--defaults", "--trust", "--template", "{template}"),
    ],
)
@pytest.mark.parametrize("kind", ["_tasks", "_migrations"])
def test_conditions(world: World, tmp_path: Path, line: tuple[str, ...], kind: str) -> None:
    """So are the conditions of tasks and migrations, before any of them runs."""
    when = POWER if kind == "_tasks" else f"{{% if _stage == 'before' %}}{POWER}{{% endif %}}"
    config = f'{fleets.QUESTIONS}{kind}: [{{command: touch ran, when: "{when}"}}]\n'
    source = fleets.template(tmp_path / "t", new={"copier.yml": config})
    project = fleets.clone(world.work / "a", source)
    if line[0] == "new" and kind == "_migrations":
        return  # they only run in updates
    told = refused(world, *(part.format(template=source) for part in line))
    assert re.search(TIME, told)
    assert not [*world.work.rglob("ran")]
    assert git("status", "--porcelain", at=project) == ""


def test_a_fleet(world: World, tmp_path: Path) -> None:
    """In a fleet, the projects of that template fail with the sentence, and the others are done."""
    bad = fleets.template(tmp_path / "bad", new={"a.txt.jinja": POWER})
    good = fleets.template(tmp_path / "good")
    fleets.clone(world.work / "clones" / "a", bad)
    fleets.clone(world.work / "clones" / "b", good)
    refused(world, "fleet", "update", "clones", "--out", "out")
    results = fleets.results(world.work / "out")
    assert re.search(TIME, results["a"]["reason"])
    assert results["b"]["state"] == "updated"


def test_the_drift_rule(world: World, tmp_path: Path) -> None:
    """`check` says why files are not compared, and so does a fleet."""
    bad = fleets.template(tmp_path / "bad", new={"a.txt.jinja": POWER})
    fleets.clone(world.work / "clones" / "a", bad, tag="v1.1.0")
    assert re.search(
        f"it {TIME}; it was at a.txt.jinja", refused(world, "check", "clones/a", "--select", "template", code=0)
    )
    assert re.search(f"it {TIME}; it was at a.txt.jinja", refused(world, "fleet", "status", "clones", "--drift"))


def test_a_message(world: World, tmp_path: Path) -> None:
    """A message without an end is shown as the template has it: the project is complete."""
    source = template(tmp_path / "t", {"copier.yml": f'_message_after_copy: "Now {POWER}"\n'})
    assert f"Now {POWER}" in refused(world, "new", "audit", "--defaults", "--template", str(source), code=0)
    assert (world.work / "audit" / ".copier-answers.yml").is_file()


# ---- output and memory, with lower limits ---------------------------------------------------------------------------


@pytest.mark.parametrize("copiers", ["", "{{ now() }}"])
def test_large_files(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copiers: str) -> None:
    """A template that writes too much makes no project."""
    monkeypatch.setattr(limits, "_SIZE", 1_000_000)
    source = template(tmp_path / "t", {"a.txt.jinja": f"{copiers}{{{{ 'x' * 2000000 }}}}"})
    told = run("new", "audit", "--defaults", "--template", str(source), code=2).err
    assert "it writes more than 1 MB.\nFix it there.\n" in told
    assert not Path("audit").exists()


def test_many_files(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does one that writes too many files, by copier's loop over names."""
    monkeypatch.setattr(limits, "_FILES", 1000)
    source = template(tmp_path / "t", {"{% yield n from range(50000) %}{{ n }}{% endyield %}.txt": "a"})
    told = run("new", "audit", "--defaults", "--template", str(source), code=2).err
    assert "writes more than 1,000 files" in told
    assert not Path("audit").exists()


@pytest.mark.parametrize("seconds", ["a minute", "0", "-1", "inf", "nan", "1e9999", "²"])
def test_a_limit_that_is_none(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    """The variable takes a number of seconds."""
    monkeypatch.setenv(SECONDS, seconds)
    told = run("new", "audit", "--defaults", "--template", str(template(tmp_path / "t", {})), code=2).err
    assert f"{SECONDS} is {seconds!r}." in told


# ---- our own template, and a stranger's that looks like it ----------------------------------------------------------


def test_our_own_template(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own template is rendered without any child."""
    monkeypatch.setattr(confined.Child, "ask", lambda *_: pytest.fail("a child was asked"))
    run("new", "audit", "--tier", "script", "--defaults")
    run("update", "audit", "--set", "description=Other words.")
    run("promote", "library", "audit", "--preview")


def test_our_released_versions(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that the tool carries is ours wherever it was read; another one is not."""
    bundle = tmp_path / "template.bundle"
    git("bundle", "create", "--quiet", str(bundle), "v1.0.0", at=published)
    monkeypatch.setattr(unpacked, "_BUNDLE", bundle)
    unpacked.released_commits.cache_clear()
    source = Source(str(published), "it is given")
    assert [releases.checkout(source, tag).is_ours for tag in ("v1.0.0", "v1.1.0")] == [True, False]
    unpacked.released_commits.cache_clear()


@pytest.fixture
def lookalike(published: Path, tmp_path: Path) -> Path:
    """A copy of our template in which only libraries have a file that does not end."""
    folder = tmp_path / "lookalike"
    git("clone", "--quiet", str(published), str(folder), at=tmp_path)
    file = folder / "templates" / "project" / "{% if tier == 'library' %}endless.txt{% endif %}.jinja"
    file.write_text(POWER)
    git("add", ".", at=folder)
    git("commit", "--quiet", "--message", "More", at=folder)
    git("tag", "v2.0.0", at=folder)
    return folder


def test_promote(world: World, lookalike: Path) -> None:
    """`promote` is refused where the new tier has no end."""
    refused(world, "new", "audit", "--tier", "script", "--defaults", "--template", str(lookalike), code=0)
    before = tree(world.work / "audit")
    assert re.search(TIME, refused(world, "promote", "library", "audit"))
    assert tree(world.work / "audit") == before


def test_adopt(world: World, lookalike: Path) -> None:
    """So is `adopt`."""
    files = {"pyproject.toml": '[project]\nname = "audit"\nversion = "1"\n', "src/audit/__init__.py": ""}
    project = checked_out(begin(world.work / "audit", commit("Begin", files)))
    line = ("adopt", "audit", "--template", str(lookalike), "--set", "tier=library", "--python", "3.13")
    assert re.search(TIME, refused(world, *line))
    assert git("status", "--porcelain", at=project) == ""


# ---- questions on a terminal ----------------------------------------------------------------------------------------


def test_copier_asks(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where copier asks, a default without an end ends the run, and the terminal is as it was."""
    monkeypatch.setenv(SECONDS, "1")
    questions = f'{QUESTION}b: {{type: str, default: "{{{{ a * 0 }}}}{POWER}"}}\n'
    child = terminal("new", "audit", "--template", str(template(tmp_path / "t", {"copier.yml": questions})))
    child.expect("a")
    child.send(ENTER)
    child.expect("cannot be (rendered|evaluated)")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 2
    assert not Path("audit").exists()


def test_typing(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does a validator, in the middle of a question."""
    monkeypatch.setenv(SECONDS, "1")
    questions = f"a: {{type: str, validator: \"{{% if a == 'yy' %}}{POWER}{{% endif %}}\"}}\n"
    child = terminal("new", "audit", "--template", str(template(tmp_path / "t", {"copier.yml": questions})))
    child.expect("a")
    child.send("yy")
    child.send(ENTER)
    child.expect("cannot be (rendered|evaluated)")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 2
    assert not Path("audit").exists()
