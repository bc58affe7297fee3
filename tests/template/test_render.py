"""How a template is rendered: by which renderer, from which cache."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from support.command import Run, tree
from support.parity import RECORD, Files, checkout_of
from support.small_template import SampleFile, template

from new_ops_project.base.errors import ToolError
from new_ops_project.template import copier_yml, native, releases, render, sources
from new_ops_project.template.answers import Given, complete
from new_ops_project.template.native import cache
from new_ops_project.template.releases import Checkout

PLAIN: Files = {"copier.yml": "name: audit\nshared: &x [1]\nother: *x\n", "a.jinja": "{{ name }}\n", **RECORD}
WITH_TASKS: Files = {"copier.yml": "_tasks: [touch b]\nname: audit\n", "a.jinja": "{{ name }}\n", **RECORD}
FOR_COPIER: Files = {"copier.yml": "_secret_questions: [key]\nkey: x\n", "a.jinja": "{{ key }}\n", **RECORD}


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache that only this test uses; `fresh` clears what this process has in memory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fresh()
    yield tmp_path / "cache" / "new-ops-project" / "compiled"
    fresh()


def fresh() -> None:
    """Forget the compiled versions, so that they are read from disk as in another process."""
    cache._versions.clear()  # noqa: SLF001 - there is no other way to be another process


def forbid_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it an error to compile a template."""
    monkeypatch.setattr(cache, "_compile", lambda _: pytest.fail("it was compiled again"))


# ---- kept between runs ----


@pytest.mark.parametrize("files", [PLAIN, WITH_TASKS, FOR_COPIER], ids=["pure", "tasks", "not"])
def test_compiled_once(files: Files, cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process does not compile a version again, and gets the same result."""
    checkout = checkout_of(tmp_path, files)
    before = native.unsupported_reason(checkout) or native.tree(checkout, {})
    fresh()
    forbid_compiling(monkeypatch)
    assert (native.unsupported_reason(checkout) or native.tree(checkout, {})) == before
    assert len(list(cache_folder.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"x" * 100, None, "cut", "changed"])
def test_damaged_file_is_replaced(damage: bytes | str | None, cache_folder: Path, tmp_path: Path) -> None:
    """A damaged file in the cache is compiled again."""
    checkout = checkout_of(tmp_path, PLAIN)
    before = native.tree(checkout, {})
    file = next(cache_folder.iterdir())
    content = file.read_bytes()
    changes = {None: b"\0" * 32, "cut": content[:-1], "changed": content[:-9] + b"?" + content[-8:]}
    file.write_bytes(damage if isinstance(damage, bytes) else changes[damage])
    fresh()
    assert native.tree(checkout, {}) == before
    assert file.read_bytes()[:4] == content[:4]


def test_the_same_questions(cache_folder: Path) -> None:
    """The cached questions are those of copier.yml, and have the same answers."""
    checkout = releases.checkout(sources.find())
    assert native.unsupported_reason(checkout) == ""
    fresh()
    kept, read = native.questionnaire(checkout), copier_yml.read(checkout.root)
    assert kept == read
    given = {"project_name": "Rotate Keys", "tier": "cli", "python_version": "3.13", "cloud": "aws-oidc"}
    from_kept, from_read = (
        complete(questionnaire, Given(given), ask=None, defaults=True, advanced=False) for questionnaire in (kept, read)
    )
    assert (from_kept.values, from_kept.hidden) == (from_read.values, from_read.hidden)
    for kept_question, question in zip(kept.questions, read.questions, strict=True):
        assert from_kept.choices(kept_question) == from_read.choices(question)


def test_nothing_is_compiled_twice(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run after the first one compiles no text of our template: neither to ask nor to render."""
    checkout = releases.checkout(sources.find())
    native.unsupported_reason(checkout)
    fresh()
    monkeypatch.setattr(jinja2.Environment, "_parse", lambda *given: pytest.fail(f"compiled: {given[1]}"))
    given = {"project_name": "Rotate Keys", "tier": "cli", "python_version": "3.13"}
    answers = complete(native.questionnaire(checkout), Given(given), ask=None, defaults=True, advanced=False)
    assert "README.md" in native.tree(checkout, answers.recorded)


def test_another_release_compiles_itself(cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version compiled by another release of the tool is not used."""
    checkout = checkout_of(tmp_path, PLAIN)
    native.tree(checkout, {})
    fresh()
    monkeypatch.setattr(cache, "__version__", "99")
    native.tree(checkout, {})
    assert len(list(cache_folder.iterdir())) == 2


def test_unwritable_cache(cache_folder: Path, tmp_path: Path) -> None:
    """Rendering works when the cache cannot be written, and when the version cannot be cached."""
    cache_folder.parent.mkdir(parents=True)
    cache_folder.write_text("in the way")
    assert native.tree(checkout_of(tmp_path, PLAIN), {})["a"].content == b"audit\n"
    cache_folder.unlink()
    assert (
        native.tree(checkout_of(tmp_path, {**PLAIN, "copier.yml": "name: 2024-01-01\n"}), {})["a"].content
        == b"2024-01-01\n"
    )
    assert not cache_folder.exists() or not list(cache_folder.iterdir())


def test_plain_folder_is_not_cached(cache_folder: Path, tmp_path: Path) -> None:
    """A folder without versions can change between two runs, and is left to copier."""
    version = checkout_of(tmp_path, PLAIN)
    checkout = Checkout(version.source, version.root, None, None)
    assert "plain folder" in render.renderer_for(checkout)
    assert not cache_folder.exists()


# ---- which renderer ----


def test_renderer_in_json(run: Run, work: Path) -> None:
    """`new --json` says that copier was not needed."""
    assert run("new", "audit", "--defaults", "--json").json["renderer"] == "pure"


def test_copier_is_forced(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NEW_OPS_PROJECT_RENDERER=copier uses copier, and the project is the same."""
    run("new", "audit", "--defaults", "--path", "one")
    monkeypatch.setenv("NEW_OPS_PROJECT_RENDERER", "copier")
    output = run("new", "audit", "--defaults", "--path", "two", "--json").json
    assert output["renderer"] == "copier: NEW_OPS_PROJECT_RENDERER says so"
    assert tree(work / "one") == tree(work / "two")


def test_tasks_run_after_rendering(run: Run, work: Path, tmp_path: Path) -> None:
    """A template with tasks is rendered in this process, and --json says so; the tasks run after that."""
    files = {path: SampleFile("100644", str(text).encode()) for path, text in WITH_TASKS.items()}
    source = str(template(tmp_path / "template", {"v1": files}))
    output = run("new", "audit", "--defaults", "--template", source, "--trust", "--json").json
    assert output["renderer"] == "pure"
    assert set(tree(work / "audit")) == {".copier-answers.yml", "a", "b"}


def test_native_renderer_is_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NEW_OPS_PROJECT_RENDERER=pure refuses a template that only copier can render, and renders others."""
    monkeypatch.setenv("NEW_OPS_PROJECT_RENDERER", "pure")
    with pytest.raises(
        ToolError, match=r"^Only copier can render the template a test: it has the setting _secret_questions"
    ):
        render.tree(checkout_of(tmp_path, FOR_COPIER), {}, Path("x"), answers_file=".copier-answers.yml")
    assert (
        render.tree(checkout_of(tmp_path, PLAIN), {}, Path("x"), answers_file=".copier-answers.yml")["a"].content
        == b"audit\n"
    )


def test_unknown_renderer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another value of NEW_OPS_PROJECT_RENDERER is refused."""
    monkeypatch.setenv("NEW_OPS_PROJECT_RENDERER", "purely")
    with pytest.raises(ToolError, match="is 'purely'"):
        render.tree(checkout_of(tmp_path, PLAIN), {}, Path("x"), answers_file=".copier-answers.yml")


def test_refused_answer_is_refused_by_copier(tmp_path: Path) -> None:
    """Copier's own message refuses an answer, and the renderer is reported as copier."""
    checkout = checkout_of(tmp_path, {"copier.yml": "name: {type: str, default: x, validator: 'No x.'}\n", **RECORD})
    render.renderers_used()
    with pytest.raises(ToolError, match="No x"):
        render.tree(checkout, {}, Path("x"), answers_file=".copier-answers.yml")
    why = "copier: the template cannot be rendered with these answers: name 'x' is refused: No x."
    assert render.renderers_used() == why == render.renderer_for(checkout)
    assert render.renderers_used() == ""


def test_renderer_of_update(run: Run, work: Path) -> None:
    """`update --json` names the renderer of both versions."""
    all_releases = releases.read_releases(sources.find())
    run("new", "audit", "--defaults")
    output = run("update", "audit", "--set", "license=Apache-2.0", "--json").json
    assert (output["state"], output["renderer"]) == ("staged", "pure")
    assert render.renderer_for(all_releases.checkout(), all_releases.checkout()) == "pure"


# ---- what is written ----


def test_modes_and_links(tmp_path: Path) -> None:
    """Executable files and links are written as such, under any umask."""
    files: Files = {
        "copier.yml": "_preserve_symlinks: true\n",
        "a.sh": SampleFile("100755", b"x"),
        "b": "x",
        "c/d": SampleFile("120000", b"../b"),
    }
    before = os.umask(0o077)
    try:
        render.render(checkout_of(tmp_path, files), {}, tmp_path / "out")
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE((tmp_path / "out" / path).stat().st_mode) for path in ("a.sh", "b")}
    assert modes == {"a.sh": 0o700, "b": 0o600}
    assert (tmp_path / "out" / "c" / "d").readlink() == Path("../b")
