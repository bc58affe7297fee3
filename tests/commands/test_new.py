"""`new` without a terminal."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.command import Run, git, tree

from new_ops_project.clones import interpreters

TIERS = ("script", "library", "cli")


@pytest.mark.parametrize("tier", TIERS)
def test_makes_a_committed_repository(run: Run, work: Path, tier: str) -> None:
    """Each tier becomes one commit on the branch and by the user of git's configuration; nothing is left to commit."""
    run("new", "Rotate Keys", "--defaults", "--tier", tier)
    project = work / "rotate-keys"
    assert git("status", "--porcelain", "--ignored", at=project) == ""
    assert git("log", "--format=%an <%ae>", at=project) == "Ada Ops <ada@example.org>"
    assert git("branch", "--show-current", at=project) == "trunk"
    assert [path.name for path in work.iterdir()] == ["rotate-keys"]


def test_says_what_to_do_next(run: Run) -> None:
    """The last lines are the commands that lead to the first run."""
    output = run("new", "rotate-keys", "--defaults").out
    assert output.index("cd rotate-keys") < output.index("-m venv .venv") < output.index("rotate_keys.py --help")


def test_says_when_the_python_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the Python is not on this machine, the output says how to install it."""
    monkeypatch.setattr(interpreters, "likely_path", lambda _minor: None)
    assert "uv python install 3.15" in run("new", "audit", "--tier", "cli", "--python", "3.15").out


def test_dots_in_a_path_are_resolved(run: Run, work: Path) -> None:
    """The destination is printed as a plain absolute path."""
    assert run("new", "audit", "--defaults", "--path", "x/../y", "--json").json["path"] == str(work / "y")


def test_prints_one_json_object(run: Run, work: Path) -> None:
    """With --json, stdout is one object; messages are on stderr."""
    ran = run("new", "audit", "--tier", "cli", "--python", "3.13", "--json")
    answer = ran.json
    assert set(answer) == {"path", "project_name", "tier", "python_version", "template", "renderer", "commit", "files"}
    assert (answer["path"], answer["tier"], answer["python_version"]) == (str(work / "audit"), "cli", "3.13")
    assert answer["commit"] == git("rev-parse", "HEAD", at=work / "audit")
    assert {file["path"] for file in answer["files"]} == set(tree(work / "audit"))
    assert all(file["purpose"] for file in answer["files"])
    assert answer["template"]["version"].startswith("v")
    assert "Created" in ran.err


def test_preview_writes_nothing(run: Run, work: Path) -> None:
    """--preview shows the tree with the purpose of each file."""
    shown = run("new", "audit", "--defaults", "--preview").out
    assert "audit.py" in shown
    assert "the task" in shown
    assert not list(work.iterdir())


def test_preview_as_json_holds_every_text(run: Run, work: Path) -> None:
    """--preview --json has each file byte for byte as the command writes it."""
    shown = run("new", "audit", "--defaults", "--preview", "--json").json
    assert shown["commit"] is None
    assert not list(work.iterdir())
    run("new", "audit", "--defaults")
    assert {file["path"]: file["text"].encode() for file in shown["files"]} == tree(work / "audit")


def test_no_commit_leaves_everything_staged(run: Run, work: Path) -> None:
    """--no-commit stages the files and says how to commit them."""
    ran = run("new", "audit", "--defaults", "--no-commit")
    project = work / "audit"
    assert set(git("diff", "--cached", "--name-only", at=project).splitlines()) == set(tree(project))
    assert "commit --message" in ran.out


def test_without_an_identity_it_stages(run: Run, work: Path, home: Path) -> None:
    """Without a git identity the files are staged, and the two commands in the message work as they are."""
    (home / ".gitconfig").unlink()
    ran = run("new", "audit", "--defaults", "--json")
    assert ran.json["commit"] is None
    assert git("diff", "--cached", "--name-only", at=work / "audit")
    commands = [line.strip() for line in ran.err.splitlines() if line.startswith("  git ")]
    assert len(commands) == 2
    subprocess.run(["bash", "-e", "-c", "\n".join(commands)], check=True)
    assert git("log", "--format=%s", at=work / "audit") == "Start audit"


def test_signing_that_fails_leaves_everything_staged(run: Run, work: Path, home: Path) -> None:
    """A commit that git cannot sign is not made without a signature."""
    with (home / ".gitconfig").open("a") as file:
        file.write("[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = false\n")
    ran = run("new", "audit", "--defaults")
    assert "could not sign" in ran.out
    assert git("diff", "--cached", "--name-only", at=work / "audit")


def test_no_hook_of_the_user_runs(run: Run, work: Path, home: Path) -> None:
    """A global core.hooksPath has no effect on the new repository's commit."""
    hooks = home / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    git("config", "--global", "core.hooksPath", str(hooks), at=work)
    assert run("new", "audit", "--defaults", "--json").json["commit"]


def test_a_global_ignore_file_has_no_effect(run: Run, work: Path, home: Path) -> None:
    """Files that the user ignores globally are committed all the same."""
    (home / "ignore").write_text(".python-version\n.env*\n")
    git("config", "--global", "core.excludesFile", str(home / "ignore"), at=work)
    answer = run("new", "audit", "--defaults", "--json").json
    assert set(git("ls-files", at=work / "audit").splitlines()) == {file["path"] for file in answer["files"]}


def test_json_is_ascii(run: Run) -> None:
    """JSON is ASCII, so that any encoding of the pipe can carry it."""
    shown = run("new", "audit", "--defaults", "--preview", "--json", "--set", "description=\U0001f511")
    assert shown.out.isascii()


def test_an_executable_git_in_the_current_folder(run: Run, work: Path) -> None:
    """A file called git in the current folder does not run."""
    (work / "git").write_text("#!/bin/sh\nexit 1\n")
    (work / "git").chmod(0o755)
    run("new", "audit", "--defaults")


def test_inside_another_repository(run: Run, work: Path) -> None:
    """A project inside a repository gets a repository of its own, and a message mentions the outer one."""
    git("init", "--quiet", at=work)
    ran = run("new", "audit", "--defaults")
    assert "inside another git repository" in ran.out
    assert git("rev-parse", "--show-toplevel", at=work / "audit") == str(work / "audit")


def test_works_from_a_git_hook(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIT_DIR and similar variables, which git sets for hooks, have no effect on the new repository."""
    git("init", "--quiet", at=work)
    monkeypatch.setenv("GIT_DIR", str(work / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(work / ".git" / "index"))
    assert run("new", "audit", "--defaults", "--json").json["commit"]
    monkeypatch.delenv("GIT_DIR", raising=False)
    monkeypatch.delenv("GIT_INDEX_FILE", raising=False)
    assert git("status", "--porcelain", at=work) == "?? audit/"


def test_an_empty_destination_is_filled(run: Run, work: Path) -> None:
    """An existing empty folder is used as the destination."""
    (work / "here").mkdir()
    run("new", "audit", "--defaults", "--path", "here")
    assert (work / "here" / "audit.py").is_file()


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (".yml", "cloud: aws-oidc\ndependencies: [boto3, pyyaml]\ncontainer: true\n"),
        (".toml", 'cloud = "aws-oidc"\ndependencies = ["boto3", "pyyaml"]\ncontainer = true\n'),
        (".json", json.dumps({"cloud": "aws-oidc", "dependencies": ["boto3", "pyyaml"], "container": True})),
    ],
)
def test_reads_answers_from_a_file(run: Run, work: Path, ending: str, text: str) -> None:
    """--data-file takes YAML, TOML and JSON; --set wins over it."""
    file = work / f"answers{ending}"
    file.write_text(text)
    run("new", "audit", "--defaults", "--data-file", str(file), "--set", "license=Proprietary", "--set", "container=no")
    answers = (work / "audit" / ".copier-answers.yml").read_text()
    assert "cloud: aws-oidc" in answers
    assert yaml.safe_load(answers)["dependencies"] == ["boto3", "pyyaml"]
    assert "license: Proprietary" in answers
    assert not (work / "audit" / "Dockerfile").exists()


def test_the_author_is_gits(run: Run, work: Path) -> None:
    """Name and e-mail address come from git's configuration by default."""
    run("new", "audit", "--defaults", "--set", "author_email=")
    answers = (work / "audit" / ".copier-answers.yml").read_text()
    assert "author_name: Ada Ops" in answers
    assert "author_email: ''" in answers


def test_an_invalid_address_in_git_is_left_out(run: Run, work: Path) -> None:
    """An e-mail address that only git accepts does not stop a run that never asked for it."""
    git("config", "--global", "user.email", "ada@my_host", at=work)
    run("new", "audit", "--defaults")
    assert "author_email: ''" in (work / "audit" / ".copier-answers.yml").read_text()


@pytest.mark.parametrize(
    ("args", "flag"),
    [
        ((), "NAME"),
        (("audit",), "--python"),
        (("audit", "--python", "3.13"), "--tier"),
    ],
)
def test_a_missing_answer_names_its_flag(run: Run, work: Path, args: tuple[str, ...], flag: str) -> None:
    """Without a terminal nothing is asked: a missing answer is an error that names the flag."""
    assert flag in run("new", *args, code=2).err
    assert not list(work.iterdir())


def test_help_has_examples(run: Run) -> None:
    """--help of the tool and of every verb ends with examples."""
    for verb in ((), ("new",), ("template",), ("config",), ("completion",), ("doctor",), ("onboard",)):
        assert "Examples:" in run(*verb, "--help").out


def test_version(run: Run) -> None:
    """--version prints name and version."""
    assert run("--version").out.split()[0] == "new-ops-project"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(run: Run, shell: str) -> None:
    """Each shell gets a script that calls back into the tool."""
    assert "_NEW_OPS_PROJECT_COMPLETE" in run("completion", shell).out


@pytest.mark.parametrize(("typed", "offered"), [("te", "template"), ("new --t", "--tier"), ("new --tier l", "library")])
def test_completes(work: Path, monkeypatch: pytest.MonkeyPatch, typed: str, offered: str) -> None:
    """A half-typed verb, option or tier is completed."""
    monkeypatch.setenv("_NEW_OPS_PROJECT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"new-ops-project {typed}")
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split())))
    done = subprocess.run(
        [sys.executable, "-m", "new_ops_project"], capture_output=True, text=True, check=False, cwd=work
    )
    assert offered in done.stdout


@pytest.mark.parametrize(
    ("args", "absent"),
    [
        (["--help"], ["copier", "questionary", "jinja2", "yaml", "rich"]),
        (["--version"], ["copier", "questionary", "jinja2", "yaml", "rich"]),
        (["completion", "bash"], ["copier", "questionary", "jinja2", "yaml"]),
        (["new", "--help"], ["copier", "questionary", "jinja2", "yaml"]),
        (["config", "show"], ["copier", "questionary", "jinja2", "yaml"]),
        (["doctor", "--help"], ["copier", "rich", "yaml", "packaging", "subprocess"]),
        (["onboard", "--help"], ["copier", "rich", "yaml", "packaging", "subprocess"]),
    ],
)
def test_imports_only_what_it_needs(work: Path, args: list[str], absent: list[str]) -> None:
    """Modules that a command does not use are not imported."""
    code = (
        "import sys; from new_ops_project import cli; cli.run(sys.argv[1:]); "
        "print(*sorted(name for name in sys.modules if '.' not in name), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
    assert not set(done.stderr.split()) & set(absent)
