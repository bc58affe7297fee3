"""The bridge to repo-review in both directions."""

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
from new_ops_project.checks import catalogue, engine, remote_files, repo, repo_review_plugin
from new_ops_project.checks.coding import plugin_checks
from new_ops_project.checks.linters import program, repo_review
from new_ops_project.checks.rule import UncheckedError

(RULE,) = catalogue.selected(["OPS590"], [])
BAD = "import requests\ntry:\n    requests.get(url)\nexcept Exception:\n    pass\n"
PYPROJECT = '[project]\nname = "x"\nversion = "1"\n'


def lay(folder: Path, **files: str) -> Path:
    """A repository with these files; `__` in a name stands for a dot."""
    git("init", "-q", at=folder)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


# ---- findings of plugins ---------------------------------------------------------------------------------------------


def test_a_failed_check_of_a_plugin_is_a_note(work: Path) -> None:
    """Each failed check is a note in plain text that names the check, its page and how to ignore it."""
    lay(work, pyproject__toml=PYPROJECT)
    findings = engine.run(repo.read(work), [RULE]).findings
    by_name = {finding.message.partition(":")[0]: finding for finding in findings}
    finding = by_name["PY002"]
    assert finding.severity is Severity.INFO
    assert "readme" in finding.message
    assert "`" not in finding.message
    assert finding.remedy.startswith("See https://learn.scientific-python.org/")
    assert 'ignore = ["PY002"]' in finding.remedy
    assert not [name for name in by_name if name.startswith(("OPS", "VPP"))]


@pytest.mark.parametrize("ignore", ['["PY"]', '["PY002"]', '{ PY002 = "has none by design" }'])
def test_checks_that_repo_review_ignores_are_not_reported(ignore: str, work: Path) -> None:
    """[tool.repo-review] applies, with reasons and without."""
    lay(work, pyproject__toml=f"{PYPROJECT}[tool.repo-review]\nignore = {ignore}\n")
    messages = [finding.message for finding in engine.run(repo.read(work), [RULE]).findings]
    assert messages
    assert not [message for message in messages if message.startswith("PY002")]


def test_a_file_that_repo_review_cannot_read(work: Path) -> None:
    """The rule is skipped with the reason; another rule has the error."""
    lay(work, pyproject__toml="[project\n")
    checked = engine.run(repo.read(work), [RULE])
    assert checked.findings == ()
    assert "cannot read pyproject.toml" in checked.skipped[0].reason


@pytest.mark.parametrize(
    ("code", "reason"), [("raise OSError('no luck')", "OSError: no luck"), ("import time; time.sleep(60)", "no answer")]
)
def test_a_plugin_that_fails(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    """What a plugin raises is no traceback, and one without end is ended; the run is incomplete."""
    info = tmp_path / "plugins" / "bad-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[repo_review.checks]\nbad = bad_plugin:checks\n")
    (info.parent / "bad_plugin.py").write_text(f"def checks():\n    {code}\n")
    monkeypatch.setenv("PYTHONPATH", str(info.parent))
    monkeypatch.setattr(program, "SECONDS", 5.0)
    (skipped,) = engine.run(repo.read(lay(work)), [RULE]).skipped
    assert reason in skipped.reason
    assert skipped.fails


def test_without_repo_review_the_rule_is_skipped(monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
    """The reason says what is missing."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UncheckedError, match="repo-review is not installed"):
        repo_review.report(repo.read(lay(work)))


def test_without_other_plugins_repo_review_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our plugin and that of validate-pyproject, which a rule of ours runs, are no reason to import repo-review."""
    ours = [
        EntryPoint("a", "new_ops_project.checks.repo_review_plugin:checks", "repo_review.checks"),
        EntryPoint("b", "validate_pyproject.repo_review:repo_review_checks", "repo_review.checks"),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: ours)
    monkeypatch.setitem(sys.modules, "repo_review.processor", None)  # an import of it would fail
    assert repo_review.report(repo.of({})) == ()


def test_start_up_imports_no_linter(work: Path) -> None:
    """A check of rules that need no linter in Python imports none."""
    lay(work, x__py=BAD)
    code = (
        "import sys; from new_ops_project import cli; cli.run(['check', '--select', 'OPS504,S110']);"
        "print([name for name in ('repo_review', 'detect_secrets', 'requests', 'importlib.metadata')"
        " if name in sys.modules])"
    )
    completed = subprocess.run([sys.executable, "-c", code], cwd=work, capture_output=True, text=True, check=True)
    assert completed.stdout.splitlines()[-1] == "[]"


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
    """Of a Markdown text, the first paragraph stays, on one line without marks and code."""
    assert plugin_checks.plain(markdown) == text


# ---- our rules in repo-review ----------------------------------------------------------------------------------------


def review(*args: str, at: Path) -> dict[str, Any]:
    """The checks that the program `repo-review` reports, by name."""
    command = [str(Path(sys.executable).with_name("repo-review")), "--format", "json", *args, "."]
    completed = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    assert completed.stderr == ""
    checks: dict[str, Any] = json.loads(completed.stdout)["checks"]
    return checks


def test_repo_review_runs_every_rule(work: Path) -> None:
    """repo-review runs each rule by its code, in our families; a broken one lists its findings and the remedy."""
    lay(work, x__py=BAD, __gitignore=".venv/\n")
    checks = review(at=work)
    assert {rule.code for rule in catalogue.rules() if rule.tool != "repo-review"} <= set(checks)
    broken = checks["S113"]
    assert (broken["result"], broken["family"]) == (False, "new-ops-project-code")
    assert broken["description"] == "Requests have a timeout"
    assert broken["err_msg"].startswith("- x.py:3 Probable use of `requests` call without timeout.")
    assert "Set a timeout: `timeout=30` (seconds)." in broken["err_msg"]
    assert broken["url"] == "https://docs.astral.sh/ruff/rules/request-without-timeout/"
    assert checks["OPS504"]["result"] is True
    assert checks["OPS201"]["result"] is True


def test_other_plugins_run_beside_ours(work: Path) -> None:
    """The checks of other plugins run as before, and ours after them."""
    lay(work, pyproject__toml=PYPROJECT)
    names = list(review(at=work))
    assert "PY002" in names
    assert names.index("OPS504") > names.index("PY002")


def test_ignored_rules_pass_in_repo_review(work: Path) -> None:
    """[tool.new-ops-project.ignore] applies in repo-review, and so does its own list."""
    ignored = '[tool.new-ops-project.ignore]\nS113 = "a mirror on this host"\n[tool.repo-review]\nignore = ["S110"]\n'
    lay(work, x__py=BAD, pyproject__toml=ignored)
    checks = review(at=work)
    assert checks["S113"]["result"] is True
    assert "S110" not in checks


def test_a_rule_with_notes_only_passes(tmp_path: Path) -> None:
    """A rule whose findings are all notes passes in repo-review."""
    lay(tmp_path, pyproject__toml=f'{PYPROJECT}license = "MIT"\n[build-system]\nrequires = []\n')
    results = repo_review_plugin.new_ops_project(tmp_path)
    (note,) = [finding for finding in results.checked.findings if finding.code == "OPS409"]
    assert note.severity is Severity.INFO
    assert results.of(catalogue.rule("OPS409")) is True


def test_a_folder_in_no_repository_is_checked(tmp_path: Path) -> None:
    """repo-review accepts any folder; rules that need no linter are checked there."""
    (tmp_path / "x.py").write_text("import sys\ntry:\n    go()\nexcept OSError:\n    sys.exit(0)\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "x.py").write_text((tmp_path / "x.py").read_text())
    results = repo_review_plugin.new_ops_project(tmp_path)
    assert str(results.of(catalogue.rule("OPS504"))).startswith("- x.py:5 `sys.exit(0)` where OSError is caught")
    assert "venv" not in str(results.of(catalogue.rule("OPS504")))


EXIT = "import sys\ntry:\n    go()\nexcept OSError:\n    sys.exit(0)\n"


@dataclass(frozen=True)
class Network:
    """The part of GitHub that repo-review reads: the files of one repository, and the paths that were fetched."""

    files: dict[str, str]
    fetched: list[str] = field(default_factory=list)

    def open_url(self, url: str) -> str:
        """The repository's tree or one of its files; raises OSError for `gone.py`."""
        if url.startswith("https://api.github.com/"):
            folders = {name[:end] for name in self.files for end in range(len(name)) if name[end] == "/"}
            tree = [{"path": name, "type": "blob"} for name in self.files]
            return json.dumps({"tree": [*tree, *({"path": name, "type": "tree"} for name in folders)]})
        path = url.removeprefix("https://raw.githubusercontent.com/ops/x/main/")
        self.fetched.append(path)
        if path == "gone.py":
            raise OSError(url)
        return self.files[path]


def on_github(network: Network, monkeypatch: pytest.MonkeyPatch, path: str = "") -> GHPath:
    """The repository as repo-review passes it for `gh:ops/x@main`."""
    monkeypatch.setattr(GHPath, "open_url", staticmethod(network.open_url))
    return GHPath(repo="ops/x", branch="main", path=path)


def test_a_repository_on_github_is_read_file_by_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only files that rules read are fetched, once each; rules that need a folder are skipped."""
    network = Network({"ops/x.py": EXIT, "logo.png": "\0", "big/data.csv": "1", ".gitignore": ".venv/\n"})
    results = repo_review_plugin.new_ops_project(on_github(network, monkeypatch))
    assert str(results.of(catalogue.rule("OPS504"))).startswith("- ops/x.py:5 ")
    assert results.of(catalogue.rule("OPS201")) is True
    assert results.of(catalogue.rule("OPS506")) is None
    assert results.of(catalogue.rule("OPS511")) is None
    assert {".gitignore", "ops/x.py"} <= set(network.fetched)
    assert not {"logo.png", "big/data.csv"} & set(network.fetched)
    assert len(set(network.fetched)) == len(network.fetched)


def test_a_package_in_a_folder_on_github_is_read_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are relative to the package, as for a folder on this disk."""
    network = Network({"tool/ops/x.py": EXIT, "y.py": EXIT, "tool2/z.py": EXIT})
    results = repo_review_plugin.new_ops_project(on_github(network, monkeypatch, "tool"))
    assert [finding.path for finding in results.checked.findings if finding.code == "OPS504"] == ["ops/x.py"]


def test_the_number_of_fetched_files_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that would fetch hundreds of files from GitHub is skipped."""
    network = Network({f"x{number}.py": "" for number in range(400)})
    results = repo_review_plugin.new_ops_project(on_github(network, monkeypatch))
    assert results.of(catalogue.rule("OPS504")) is None
    assert len(network.fetched) == 300


def test_a_file_that_cannot_be_fetched_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that fails to load, or is binary, exists with empty content."""
    files = remote_files.read(on_github(Network({"gone.py": "", "binary": "\0", "x": "1"}), monkeypatch))
    assert dict(files) == {"gone.py": b"", "binary": b"", "x": b"1"}
    assert "other" not in files


def test_titles_and_links_are_format_strings() -> None:
    """repo-review passes descriptions and links to str.format, which leaves them unchanged."""
    for code, check in repo_review_plugin.checks().items():
        assert str(check.__doc__).format(self=check, name=code)
        assert check.url.format(self=check, name=code) == catalogue.rule(code).link


def test_family_names_have_our_prefix() -> None:
    """Each check is in a family of ours, and no family of another plugin is renamed."""
    assert {check.family for check in repo_review_plugin.checks().values()} <= set(repo_review_plugin.families())
    assert all(name.startswith("new-ops-project-") for name in repo_review_plugin.families())


def test_findings_of_plugins_exit_with_0(run: Run, work: Path) -> None:
    """Findings of plugins are listed and leave the exit code at 0."""
    lay(work, pyproject__toml=PYPROJECT)
    assert "PY002" in run("check", "--select", "OPS590", code=0).out
