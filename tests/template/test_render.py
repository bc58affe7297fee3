"""Which renderer is taken, what is said of it, and what is kept of a template between runs."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from support.command import Run
from support.parity import RECORD, Files, made
from support.small_template import Kept, template

from new_ops_project.base.errors import ToolError
from new_ops_project.template import copier_yml, native, releases, render, sources
from new_ops_project.template.answers import Given, complete
from new_ops_project.template.native import cache as kept
from new_ops_project.template.releases import Checkout

HEAVY = {"copier", "plumbum", "pydantic", "questionary", "rich", "prompt_toolkit", "pathspec"}
PLAIN: Files = {"copier.yml": "name: audit\nshared: &x [1]\nother: *x\n", "a.jinja": "{{ name }}\n", **RECORD}
WITH_TASKS: Files = {"copier.yml": "_tasks: [touch b]\nname: audit\n", "a.jinja": "{{ name }}\n", **RECORD}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of this test's own; `fresh` forgets what this process knows."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fresh()
    yield tmp_path / "cache" / "new-ops-project" / "compiled"
    fresh()


def fresh() -> None:
    """Look again at what is on disk, as another process does."""
    kept._versions.clear()  # noqa: SLF001 - there is no other way to be another process


def unlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it an error to judge a template."""
    monkeypatch.setattr(kept, "_compile", lambda _: pytest.fail("it was judged again"))


# ---- kept between runs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("files", [PLAIN, WITH_TASKS], ids=["pure", "not"])
def test_judged_once(files: Files, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process does not judge or compile a version again, and gets the same."""
    checkout = made(tmp_path, files)
    before = native.unsupported_reason(checkout) or native.tree(checkout, {})
    fresh()
    unlooked(monkeypatch)
    assert (native.unsupported_reason(checkout) or native.tree(checkout, {})) == before
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"x" * 100, None, "cut", "changed"])
def test_damaged(damage: bytes | str | None, cache: Path, tmp_path: Path) -> None:
    """What is damaged is made anew."""
    checkout = made(tmp_path, PLAIN)
    before = native.tree(checkout, {})
    file = next(cache.iterdir())
    content = file.read_bytes()
    changes = {None: b"\0" * 32, "cut": content[:-1], "changed": content[:-9] + b"?" + content[-8:]}
    file.write_bytes(damage if isinstance(damage, bytes) else changes[damage])
    fresh()
    assert native.tree(checkout, {}) == before
    assert file.read_bytes()[:4] == content[:4]


def test_the_same_questions(cache: Path) -> None:
    """What was kept has the questions as they are read, and evaluates to the same."""
    checkout = releases.checkout(sources.find())
    assert kept.version(checkout).unsupported == ""
    fresh()
    mine, theirs = native.questionnaire(checkout), copier_yml.read(checkout.root)
    assert mine == theirs
    given = {"project_name": "Rotate Keys", "tier": "cli", "python_version": "3.13", "cloud": "aws-oidc"}
    one, other = (complete(found, Given(given), ask=None, defaults=True, advanced=False) for found in (mine, theirs))
    assert (one.values, one.hidden) == (other.values, other.hidden)
    assert [one.choices(found) for found in mine.questions] == [other.choices(found) for found in theirs.questions]


def test_nothing_is_compiled_twice(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run after the first one compiles no text of our template: neither to ask nor to render."""
    checkout = releases.checkout(sources.find())
    native.unsupported_reason(checkout)
    fresh()
    monkeypatch.setattr(jinja2.Environment, "_parse", lambda *given: pytest.fail(f"compiled: {given[1]}"))
    given = {"project_name": "Rotate Keys", "tier": "cli", "python_version": "3.13"}
    found = complete(native.questionnaire(checkout), Given(given), ask=None, defaults=True, advanced=False)
    assert "README.md" in native.tree(checkout, found.recorded)


def test_another_release_looks_itself(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another release of the tool has compiled is not used."""
    checkout = made(tmp_path, PLAIN)
    native.tree(checkout, {})
    fresh()
    monkeypatch.setattr(kept, "__version__", "99")
    native.tree(checkout, {})
    assert len(list(cache.iterdir())) == 2


def test_nowhere_to_keep(cache: Path, tmp_path: Path) -> None:
    """Where nothing can be kept, it is rendered all the same; nor is what cannot be kept."""
    cache.parent.mkdir(parents=True)
    cache.write_text("in the way")
    assert native.tree(made(tmp_path, PLAIN), {})["a"].content == b"audit\n"
    cache.unlink()
    assert (
        native.tree(made(tmp_path, {**PLAIN, "copier.yml": "name: 2024-01-01\n"}), {})["a"].content == b"2024-01-01\n"
    )
    assert not cache.exists() or not list(cache.iterdir())


def test_a_plain_folder_is_not_kept(cache: Path, tmp_path: Path) -> None:
    """A folder without versions can change between two runs, and is left to copier."""
    found = made(tmp_path, PLAIN)
    checkout = Checkout(found.source, found.root, None, None)
    assert "plain folder" in render.renderer_for(checkout)
    assert not cache.exists()


# ---- which way ----------------------------------------------------------------------------------------------


def test_said_in_json(run: Run, work: Path) -> None:
    """`new --json` says that no copier was needed."""
    assert run("new", "audit", "--defaults", "--json").json["renderer"] == "pure"


def test_the_reference_is_forced(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NEW_OPS_PROJECT_RENDERER=copier takes copier, and the project is the same."""
    run("new", "audit", "--defaults", "--path", "one")
    monkeypatch.setenv("NEW_OPS_PROJECT_RENDERER", "copier")
    said = run("new", "audit", "--defaults", "--path", "two", "--json").json
    assert said["renderer"] == "copier: NEW_OPS_PROJECT_RENDERER says so"
    assert {path: (work / "one" / path).read_bytes() for path in _files(work / "one")} == {
        path: (work / "two" / path).read_bytes() for path in _files(work / "two")
    }


def _files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]


def test_tasks_go_to_copier(run: Run, work: Path, tmp_path: Path) -> None:
    """A template with tasks is run by copier, which --json says."""
    files = {path: Kept("100644", str(text).encode()) for path, text in WITH_TASKS.items()}
    source = str(template(tmp_path / "template", {"v1": files}))
    said = run("new", "audit", "--defaults", "--template", source, "--trust", "--json").json
    assert said["renderer"] == "copier: the template has the setting _tasks"
    assert (work / "audit" / "b").exists()


def test_purely_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NEW_OPS_PROJECT_RENDERER=pure refuses what only copier can render, and renders the rest."""
    monkeypatch.setenv("NEW_OPS_PROJECT_RENDERER", "pure")
    with pytest.raises(ToolError, match="^Only copier can render the template a test: it has the setting _tasks"):
        render.tree(made(tmp_path, WITH_TASKS), {}, Path("x"), answers_file=".copier-answers.yml")
    assert (
        render.tree(made(tmp_path, PLAIN), {}, Path("x"), answers_file=".copier-answers.yml")["a"].content == b"audit\n"
    )


def test_an_unknown_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another value of NEW_OPS_PROJECT_RENDERER is a typing error."""
    monkeypatch.setenv("NEW_OPS_PROJECT_RENDERER", "purely")
    with pytest.raises(ToolError, match="is 'purely'"):
        render.tree(made(tmp_path, PLAIN), {}, Path("x"), answers_file=".copier-answers.yml")


def test_what_goes_wrong_is_said_by_copier(tmp_path: Path) -> None:
    """An answer that is refused is refused in copier's words, and that it was asked is told."""
    checkout = made(tmp_path, {"copier.yml": "name: {type: str, default: x, validator: 'No x.'}\n", **RECORD})
    render.renderers_used()
    with pytest.raises(ToolError, match="No x"):
        render.tree(checkout, {}, Path("x"), answers_file=".copier-answers.yml")
    assert render.renderers_used() == "copier: the template refuses 'x' as name" == render.renderer_for(checkout)
    assert render.renderers_used() == ""


def test_update_says_it(run: Run, work: Path) -> None:
    """`update --json` says it of both versions."""
    found = releases.releases(sources.find())
    run("new", "audit", "--defaults")
    said = run("update", "audit", "--set", "license=Apache-2.0", "--json").json
    assert (said["state"], said["renderer"]) == ("staged", "pure")
    assert render.renderer_for(found.checkout(), found.checkout()) == "pure"


# ---- what is written and imported ---------------------------------------------------------------------------


def test_modes_and_links(tmp_path: Path) -> None:
    """Executable files and links are written as such, whatever the umask leaves of the rest."""
    files: Files = {
        "copier.yml": "_preserve_symlinks: true\n",
        "a.sh": Kept("100755", b"x"),
        "b": "x",
        "c/d": Kept("120000", b"../b"),
    }
    before = os.umask(0o077)
    try:
        render.render(made(tmp_path, files), {}, tmp_path / "out")
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE((tmp_path / "out" / path).stat().st_mode) for path in ("a.sh", "b")}
    assert modes == {"a.sh": 0o700, "b": 0o600}
    assert (tmp_path / "out" / "c" / "d").readlink() == Path("../b")


def test_what_is_imported(work: Path) -> None:
    """A new project of our template is made without what copier brings along."""
    code = "import sys\nfrom new_ops_project import cli\ncli.run(sys.argv[1:])\nprint('\\n', *sys.modules)"
    command = [sys.executable, "-c", code, "new", "audit", "--defaults", "--json"]
    done = subprocess.run(command, cwd=work, check=True, capture_output=True, text=True)
    said, _, loaded = done.stdout.rpartition("\n ")
    assert json.loads(said)["renderer"] == "pure"
    assert not HEAVY & {name.partition(".")[0] for name in loaded.split()}
