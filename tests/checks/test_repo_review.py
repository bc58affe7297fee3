"""The bridge to repo-review, both ways: its plugins' checks as findings, our rules as a plugin of it."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from repo_review.ghpath import GHPath
from support.command import Run, git

from new_ops_project.base.finding import Severity
from new_ops_project.checks import catalogue, engine, repo, repo_review_plugin
from new_ops_project.checks.coding import plugin_checks
from new_ops_project.checks.linters import repo_review
from new_ops_project.checks.remote_files import RemoteFiles
from new_ops_project.checks.rule import UncheckedError

(RULE,) = catalogue.selected(["OPS590"], [])
BAD = "import requests\ntry:\n    requests.get(url)\nexcept Exception:\n    pass\n"
PYPROJECT = '[project]\nname = "x"\nversion = "1"\n'


def lay(folder: Path, **files: str) -> Path:
    """A repository with these files, whose names have `__` for a dot."""
    git("init", "-q", at=folder)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


# ---- what plugins find -----------------------------------------------------------------------------------------------


def test_what_plugins_find_is_told_by_the_name_of_the_check(work: Path) -> None:
    """Each failed check is a finding to know, in plain words, with its page and the way to leave it out."""
    lay(work, pyproject__toml=PYPROJECT)
    told = {one.message.partition(":")[0]: one for one in engine.run(repo.read(work), [RULE]).findings}
    one = told["PY002"]
    assert one.severity is Severity.INFO
    assert "readme" in one.message
    assert "`" not in one.message
    assert one.remedy.startswith("See https://learn.scientific-python.org/")
    assert 'ignore = ["PY002"]' in one.remedy
    assert not [name for name in told if name.startswith(("OPS", "VPP"))]


@pytest.mark.parametrize("ignore", ['["PY"]', '["PY002"]', '{ PY002 = "has none by design" }'])
def test_what_repo_review_is_configured_to_ignore_is_not_told(ignore: str, work: Path) -> None:
    """[tool.repo-review] counts, with reasons and without."""
    lay(work, pyproject__toml=f"{PYPROJECT}[tool.repo-review]\nignore = {ignore}\n")
    messages = [one.message for one in engine.run(repo.read(work), [RULE]).findings]
    assert messages
    assert not [message for message in messages if message.startswith("PY002")]


def test_a_plugin_that_fails_is_no_traceback(work: Path) -> None:
    """A pyproject.toml that repo-review cannot read leaves its checks out, with the reason."""
    lay(work, pyproject__toml="[project\n")
    checked = engine.run(repo.read(work), [RULE])
    assert checked.findings == ()
    assert "TOMLDecodeError" in checked.skipped[0].reason


def test_without_repo_review_the_rule_is_skipped(monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
    """It says what is missing."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UncheckedError, match="repo-review is not installed"):
        repo_review.report(repo.read(lay(work)))


def test_without_other_plugins_repo_review_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours alone, and validate-pyproject's, which a rule of ours asks, are no reason to start it."""
    ours = [
        EntryPoint("a", "new_ops_project.checks.repo_review_plugin:checks", "repo_review.checks"),
        EntryPoint("b", "validate_pyproject.repo_review:repo_review_checks", "repo_review.checks"),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: ours)
    monkeypatch.setitem(sys.modules, "repo_review.processor", None)  # an import of it would fail
    assert repo_review.report(repo.of({})) == ()


def test_start_up_imports_no_linter(work: Path) -> None:
    """A check of rules that need no linter imports none of theirs."""
    lay(work, x__py=BAD)
    code = (
        "import sys; from new_ops_project import cli; cli.run(['check', '--select', 'OPS504,OPS501']);"
        "print([one for one in ('repo_review', 'detect_secrets', 'requests', 'importlib.metadata')"
        " if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=work, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("Must have `x.y`.\n\n```toml\n[x]\n```\n", "Must have x.y."),
        ("Set [the **option**](https://x)\nof it.", "Set the option of it."),
        ("```toml\na\n```\nThen this.", "Then this."),
        ("# Title\nand a line\n> quoted", "Title and a line quoted"),
        ("", ""),
        ("```", ""),
        ("x" * 400, "x" * 300 + "..."),
    ],
)
def test_markdown_becomes_plain(markdown: str, text: str) -> None:
    """The first paragraph, without marks and code, on one line."""
    assert plugin_checks.plain(markdown) == text


# ---- our rules in repo-review ----------------------------------------------------------------------------------------


def review(*args: str, at: Path) -> dict[str, Any]:
    """What the program `repo-review` says as JSON: checks by name."""
    command = [str(Path(sys.executable).with_name("repo-review")), "--format", "json", *args, "."]
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)["checks"]
    return found


def test_repo_review_runs_every_rule(work: Path) -> None:
    """Each rule by its code, in our families; one that is broken lists its findings and the remedy."""
    lay(work, x__py=BAD, __gitignore=".venv/\n")
    checks = review("--select", "OPS", at=work)
    assert set(checks) == {rule.code for rule in catalogue.rules() if rule.tool != "repo-review"}
    broken = checks["OPS506"]
    assert (broken["result"], broken["family"]) == (False, "new-ops-project-code")
    assert broken["description"] == "Requests have a timeout"
    assert broken["err_msg"].startswith("- x.py:3 The request waits without end")
    assert "Give one: `timeout=30` (seconds)." in broken["err_msg"]
    assert broken["url"] == "https://docs.astral.sh/ruff/rules/request-without-timeout/"
    assert checks["OPS504"]["result"] is True
    assert checks["OPS201"]["result"] is True


def test_other_plugins_go_on_beside_ours(work: Path) -> None:
    """The checks of other plugins run as before, ours behind them."""
    lay(work, pyproject__toml=PYPROJECT)
    names = list(review(at=work))
    assert "PY002" in names
    assert names.index("OPS501") > names.index("PY002")


def test_what_is_ignored_with_a_reason_passes_there_too(work: Path) -> None:
    """[tool.new-ops-project.ignore] counts in repo-review; so does its own list."""
    ignored = (
        '[tool.new-ops-project.ignore]\nOPS506 = "a mirror on this host"\n[tool.repo-review]\nignore = ["OPS501"]\n'
    )
    lay(work, x__py=BAD, pyproject__toml=ignored)
    checks = review("--select", "OPS", at=work)
    assert checks["OPS506"]["result"] is True
    assert "OPS501" not in checks


def test_findings_to_know_pass(tmp_path: Path) -> None:
    """A rule that has only such findings is kept."""
    lay(tmp_path, task__py="print(1)\n")
    looked = repo_review_plugin.new_ops_project(tmp_path)
    (one,) = [one for one in looked.checked.findings if one.code == "OPS502"]
    assert one.severity is Severity.INFO
    assert looked.of(catalogue.rule("OPS502")) is True


def test_a_folder_in_no_repository_is_looked_at(tmp_path: Path) -> None:
    """repo-review takes any folder; rules that need no other program look at the files that are there."""
    (tmp_path / "x.py").write_text("import sys\ntry:\n    go()\nexcept OSError:\n    sys.exit(0)\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "x.py").write_text((tmp_path / "x.py").read_text())
    looked = repo_review_plugin.new_ops_project(tmp_path)
    assert str(looked.of(catalogue.rule("OPS504"))).startswith("- x.py:5 `sys.exit(0)` where OSError is caught")
    assert "venv" not in str(looked.of(catalogue.rule("OPS504")))


EXIT = "import sys\ntry:\n    go()\nexcept OSError:\n    sys.exit(0)\n"


@dataclass(frozen=True)
class Network:
    """GitHub, as far as repo-review reads it: the files of one repository, and which were asked for."""

    files: dict[str, str]
    fetched: list[str] = field(default_factory=list)

    def open_url(self, url: str) -> str:
        """The tree of the repository, or a file of it; raises OSError for one that there is none of."""
        if url.startswith("https://api.github.com/"):
            folders = {name[:at] for name in self.files for at in range(len(name)) if name[at] == "/"}
            tree = [{"path": name, "type": "blob"} for name in self.files]
            return json.dumps({"tree": [*tree, *({"path": name, "type": "tree"} for name in folders)]})
        path = url.removeprefix("https://raw.githubusercontent.com/ops/x/main/")
        self.fetched.append(path)
        if path == "gone.py":
            raise OSError(url)
        return self.files[path]


def on_github(network: Network, monkeypatch: pytest.MonkeyPatch, path: str = "") -> GHPath:
    """The repository as repo-review hands it over for `gh:ops/x@main`."""
    monkeypatch.setattr(GHPath, "open_url", staticmethod(network.open_url))
    return GHPath(repo="ops/x", branch="main", path=path)


def test_a_repository_on_github_is_read_file_by_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what rules ask for is fetched, once; rules that need a folder say nothing."""
    network = Network({"ops/x.py": EXIT, "logo.png": "\0", "big/data.csv": "1", ".gitignore": ".venv/\n"})
    looked = repo_review_plugin.new_ops_project(on_github(network, monkeypatch))
    assert str(looked.of(catalogue.rule("OPS504"))).startswith("- ops/x.py:5 ")
    assert looked.of(catalogue.rule("OPS201")) is True
    assert looked.of(catalogue.rule("OPS506")) is None
    assert looked.of(catalogue.rule("OPS511")) is None
    assert {".gitignore", "ops/x.py"} <= set(network.fetched)
    assert not {"logo.png", "big/data.csv"} & set(network.fetched)
    assert len(set(network.fetched)) == len(network.fetched)


def test_a_package_in_a_folder_on_github_is_read_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are below the package, as they are for a folder on this disk."""
    network = Network({"tool/ops/x.py": EXIT, "y.py": EXIT, "tool2/z.py": EXIT})
    looked = repo_review_plugin.new_ops_project(on_github(network, monkeypatch, "tool"))
    assert [one.path for one in looked.checked.findings if one.code == "OPS504"] == ["ops/x.py"]


def test_not_too_much_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that would read hundreds of files on GitHub does not look."""
    network = Network({f"x{number}.py": "" for number in range(400)})
    looked = repo_review_plugin.new_ops_project(on_github(network, monkeypatch))
    assert looked.of(catalogue.rule("OPS504")) is None
    assert len(network.fetched) == 300


def test_what_cannot_be_fetched_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that fails on its way, or is binary, is one without text, for rules go by its name."""
    files = RemoteFiles.walked(on_github(Network({"gone.py": "", "binary": "\0", "x": "1"}), monkeypatch))
    assert dict(files) == {"gone.py": b"", "binary": b"", "x": b"1"}
    assert "other" not in files


def test_texts_mean_themselves_in_markdown() -> None:
    """What is in a message cannot become a link, a style or a table."""
    assert repo_review_plugin._escaped("a `b*c` <x> [y](z)\n*w*") == r"a `b*c` \<x\> \[y\](z) \*w\*"  # noqa: SLF001 - no finding of a rule has all of these
    assert repo_review_plugin._escaped("one ` and *") == r"one \` and \*"  # noqa: SLF001 - as above


def test_every_title_and_link_is_fit_for_a_format_string() -> None:
    """repo-review formats descriptions and links."""
    for code, check in repo_review_plugin.checks().items():
        assert str(check.__doc__).format(self=check, name=code)
        assert check.url.format(self=check, name=code) == catalogue.rule(code).link


def test_families_are_ours_by_name() -> None:
    """No family of another plugin is renamed, and each check has one of ours."""
    assert {check.family for check in repo_review_plugin.checks().values()} <= set(repo_review_plugin.families())
    assert all(name.startswith("new-ops-project-") for name in repo_review_plugin.families())


def test_check_tells_of_plugins_and_ends_well(run: Run, work: Path) -> None:
    """What plugins find leaves the exit code at 0."""
    lay(work, pyproject__toml=PYPROJECT)
    assert "PY002" in run("check", "--select", "OPS590", code=0).out
