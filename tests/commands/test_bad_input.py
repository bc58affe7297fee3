"""Bad input gives a message with the value, a next step, exit code 2; nothing is written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Run, git
from support.history import Files, begin, version

from new_ops_project.base import environ
from new_ops_project.template import answers


def fail(run: Run, work: Path, *args: str, code: int = 2) -> str:
    """Run a command that must fail without a traceback and without writing anything; return its message."""
    before = {path: path.lstat().st_mtime_ns for path in work.rglob("*")}
    ran = run(*args, code=code)
    assert {path: path.lstat().st_mtime_ns for path in work.rglob("*")} == before
    assert ran.out == ""
    assert "Traceback" not in ran.err
    return ran.err


def test_destination_is_not_empty(run: Run, work: Path) -> None:
    """A folder that is not empty is never written to."""
    (work / "audit").mkdir()
    (work / "audit" / "mine.txt").write_text("mine")
    message = fail(run, work, "new", "audit", "--defaults")
    assert f"{work / 'audit'} exists and is not empty" in message
    assert "--path" in message


@pytest.mark.parametrize("kind", ["file", "link"])
def test_destination_is_not_a_folder(run: Run, work: Path, kind: str) -> None:
    """A file or a symbolic link at the destination stays."""
    target = work / "audit"
    target.write_text("mine") if kind == "file" else target.symlink_to(work / "nowhere")
    assert "exists and is not a folder" in fail(run, work, "new", "audit", "--defaults")


def test_parent_is_missing(run: Run, work: Path) -> None:
    """A missing parent folder is not created."""
    message = fail(run, work, "new", "audit", "--defaults", "--path", "no/such/audit")
    assert str(work / "no" / "such") in message
    assert "mkdir" in message


def test_parent_is_read_only(tmp_path: Path) -> None:
    """A read-only parent is named, for a user who is not root."""
    parent = tmp_path / "locked"
    parent.mkdir()
    parent.chmod(0o555)
    done = as_nobody(tmp_path, "new", "audit", "--defaults", "--path", str(parent / "audit"))
    assert done.returncode == 2, done.stderr
    assert str(parent / "audit") in done.stderr
    assert "Permission denied" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(parent.iterdir())


def as_nobody(home: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user to whom permissions apply, with its own caches below `home`."""
    command = [sys.executable, "-m", "new_ops_project", *args]
    env = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": f"{home}/c", "XDG_DATA_HOME": f"{home}/d"}
    for name in ("c", "d"):
        (home / name).mkdir()
    if os.getuid() == 0:
        command = [shutil.which("setpriv") or "setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def test_disk_is_full(run: Run, work: Path) -> None:
    """On a full disk nothing remains, not even the temporary folder."""
    run("new", "warm", "--defaults", "--preview")
    disk = work / "disk"
    disk.mkdir()
    script = (
        f"mount -t tmpfs -o size=40k tmpfs {disk} && {sys.executable} -m new_ops_project new audit --defaults "
        f"--path {disk}/audit; echo code=$?; find {disk} -mindepth 1"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["code=2"], done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_git_is_missing(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git, the message says so."""
    monkeypatch.setenv("PATH", str(work))
    assert "git was not found" in fail(run, work, "new", "audit", "--defaults")


def test_git_is_too_old(run: Run, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that cannot set the first branch's name is refused; the message has its version."""
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    real = shutil.which("git")
    old = 'case "$*" in *--version*) echo git version 2.11.0;; *--initial-branch*) exit 129;; *) exec'
    fake.write_text(f'#!/bin/sh\n{old} {real} "$@";; esac\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    message = fail(run, work, "new", "audit", "--defaults")
    assert "2.11.0" in message
    assert "2.28" in message


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--tier", "libary"], ["tier 'libary' is not offered", "Did you mean library?"]),
        (["--tier", "service"], ["tier 'service' is not offered", "Choose one of script, library, cli"]),
        (["--python", "3.10"], ["python_version '3.10' reached its end of life in 2026-10", "3.11"]),
        (["--python", "3.99"], ["python_version '3.99' is not offered", "3.14"]),
        (["--python", "3"], ["python_version '3' is not offered"]),
        (["--set", "licence=MIT"], ["no question called 'licence'", "Did you mean license?"]),
        (["--set", "qqq=1"], ["no question called 'qqq'", "project_name"]),
        (["--set", "runner"], ["--set 'runner' is not KEY=VALUE"]),
        (["--set", "distribution_name=x"], ["no question called 'distribution_name'"]),
        (["--set", "schedule=61 * * * *"], ['schedule "61 * * * *" is not a cron schedule', "17 5 * * 1-5"]),
        (["--set", "schedule=@daily"], ['schedule "@daily" is not a cron schedule']),
        (["--set", "schedule=* * * *"], ["is not a cron schedule"]),
        (["--set", "schedule=1 2 3 4 5\nx: y"], ["is not a cron schedule"]),
        (["--set", "author_email=ada"], ['author_email "ada" is not an e-mail address']),
        (["--set", "container=maybe"], ["container is 'maybe'", "true or false"]),
        (["--set", "dependencies=boto"], ["dependencies 'boto' is not offered", "Did you mean boto3?"]),
        (["--set", "runner=ubuntu-latest"], ["runner 'ubuntu-latest' is not offered"]),
        (["--set", "project_name=日本"], ["日 本", "try ops-project"]),
        (["--data-file", "none.yml"], ["none.yml cannot be read"]),
        (["--template", "/no/such/template"], ["/no/such/template does not exist"]),
        (["--ref", "v9.9.9"], ["has no version 'v9.9.9'"]),
        (["--template", "http://127.0.0.1:9/t.git"], ["http://127.0.0.1:9/t.git cannot be reached"]),
    ],
)
def test_a_wrong_answer(run: Run, work: Path, args: list[str], expected: list[str]) -> None:
    """A wrong answer is named with its value, then the possible ones."""
    name = [] if "project_name" in str(args) else ["audit"]
    message = fail(run, work, "new", *name, "--defaults", *args).lower()
    for words in expected:
        assert words.lower() in message


@pytest.mark.parametrize("source", ["x/{}", "/{}", "~/{}", "{}"])
def test_a_name_that_no_file_system_takes(run: Run, work: Path, source: str) -> None:
    """A recorded template of 5,000 letters is no bug of ours, and neither is such a path on the command line."""
    name = source.format("z" * 5_000)
    run("new", "audit", "--defaults")
    answers = work / "audit" / ".copier-answers.yml"
    answers.write_text(re.sub("(?m)^_src_path: .*$", f"_src_path: {name}", answers.read_text()))
    git("commit", "--quiet", "--all", "--message=x", at=work / "audit")
    for verb in ("update", "check --select template", "doctor", "promote"):
        assert "zzz" in run(*verb.split(), "audit", code=2).err
    for words in (["new", "b", "--defaults", "--path", name], ["check", name], ["onboard", name], ["update", name]):
        assert "zzz" in run(*words, code=2).err


def test_a_long_value_is_cut(run: Run, work: Path) -> None:
    """A message shows the beginning of each line, and how much is left out."""
    message = fail(run, work, "new", "audit", "--defaults", "--set", f"cloud={'x' * 50_000}")
    assert len(message) < 3_000
    assert "more characters" in message
    assert "Choose one of none, aws-oidc" in message


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.yml", "license: MIT\ncloud: [none\n", "line 3, column 1"),
        ("a.toml", 'license = "MIT"\ncloud = \n', "line 2, column 9"),
        ("a.json", '{"license": "MIT",\n "cloud" "none"}', "line 2 column 10"),
        ("a.yml", "- MIT\n", "not a mapping"),
    ],
)
def test_a_malformed_data_file(run: Run, work: Path, name: str, text: str, place: str) -> None:
    """A data file that does not parse is an error with line and column."""
    (work / name).write_text(text)
    assert place in fail(run, work, "new", "audit", "--defaults", "--data-file", name)


def test_python_past_its_end_of_life(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python whose support has ended since the template's release is refused."""
    monkeypatch.setattr(answers, "_this_month", lambda: "2027-11")
    message = fail(run, work, "new", "audit", "--defaults", "--python", "3.11")
    assert "reached its end of life in 2027-10" in message
    assert "3.12" in message


def make_template(folder: Path, files: Files) -> Path:
    """A foreign template with these files and another one."""
    return begin(folder, version("v1", {"hello.txt.jinja": "hello\n", **files}))


def test_a_template_with_two_configurations(run: Run, work: Path, tmp_path: Path) -> None:
    """Both copier.yml and copier.yaml are one too many."""
    template = make_template(tmp_path / "t", {"copier.yml": "a: 1\n", "copier.yaml": "a: 2\n"})
    assert "both copier.yml and copier.yaml" in fail(run, work, "new", "x", "--defaults", "--template", str(template))


@pytest.mark.parametrize("option", ["--set", "--data-file"])
@pytest.mark.parametrize("when", ["{{ colour == 'red' }}", "no", "{{ false }}"])
def test_an_answer_to_a_question_that_is_not_asked(
    run: Run, work: Path, tmp_path: Path, when: str, option: str
) -> None:
    """An answer to a question whose `when` is not true is an error, as in an update; with what it needs it is not."""
    shade = f'shade: {{type: str, default: dark, when: "{when}"}}\n'
    template = make_template(tmp_path / "t", {"copier.yml": f"colour: {{type: str, default: blue}}\n{shade}"})
    (work / "shade.yml").write_text("shade: light\n")
    shade_given = {"--set": "shade=light", "--data-file": "shade.yml"}[option]
    options = ("--defaults", "--template", str(template), option, shade_given)
    assert "shade: not asked" in fail(run, work, "new", "audit", *options)
    if "colour" in when:
        run("new", "audit", *options, "--set", "colour=red")


def test_an_answer_of_ours_that_is_not_asked(run: Run, work: Path) -> None:
    """The same for the tool's own template: a library without code of its own has no schedule."""
    (work / "times.yml").write_text("schedule: 1 2 * * *\n")
    for option in (("--set", "schedule=1 2 * * *"), ("--data-file", "times.yml")):
        assert "schedule: not asked" in fail(run, work, "new", "audit", "--defaults", "--tier", "library", *option)


@pytest.mark.filterwarnings("ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning")  # copier's own
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"copier.yml": "a: [\n"}, "is not YAML"),
        ({"copier.yml": "a: '{{ 1/0 }}'\n"}, "cannot be"),
        ({"copier.yml": "1: x\na: '{{ nothing.at.all }}'\n"}, "cannot be"),
        ({"copier.yml": "a: 1\n", "bad.txt.jinja": "{{ a"}, "cannot be rendered"),
    ],
    ids=["not YAML", "a default that fails", "an undefined default", "a file that fails"],
)
def test_template_with_a_mistake(run: Run, work: Path, tmp_path: Path, files: Files, expected: str) -> None:
    """A mistake in a template is reported as the template's, not as a bug of the tool, and nothing is left."""
    template = make_template(tmp_path / "t", files)
    assert expected in fail(run, work, "new", "audit", "--defaults", "--template", str(template))


@pytest.mark.parametrize("config", ["_tasks: [touch ran]", "_migrations: [touch ran]", "_jinja_extensions: [os.path]"])
def test_template_that_needs_trust(run: Run, work: Path, tmp_path: Path, config: str) -> None:
    """A template that could run code is refused with exit code 4 and the reason."""
    template = make_template(tmp_path / "t", {"copier.yml": f"{config}\n"})
    message = fail(run, work, "new", "audit", "--defaults", "--template", str(template), code=4)
    assert config.partition(":")[0] in message
    assert "--trust" in message


def test_a_missing_answer_of_a_foreign_template(run: Run, work: Path, tmp_path: Path) -> None:
    """The questions of a foreign template need answers too."""
    template = make_template(tmp_path / "t", {"copier.yml": "colour: blue\n"})
    assert "--set colour=VALUE" in fail(run, work, "new", "audit", "--template", str(template))
    run("new", "audit", "--template", str(template), "--set", "colour=red")


@pytest.mark.parametrize("path", ["~nosuchuser/x", "x" * 300, "."])
def test_an_impossible_destination(run: Run, work: Path, path: str) -> None:
    """The home of an unknown user, a name that is too long, and the current folder are refused."""
    fail(run, work, "new", "audit", "--defaults", "--path", path)


def test_config_file_that_is_not_toml(run: Run, work: Path, home: Path) -> None:
    """A broken config file is named, with the line."""
    file = home / "config" / "new-ops-project" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("template = \n")
    message = fail(run, work, "new", "audit", "--defaults")
    assert str(file) in message
    assert "line 1" in message


def test_two_runs_for_one_destination(work: Path) -> None:
    """Of several runs at once, one wins and the others fail with a message."""
    command = [sys.executable, "-m", "new_ops_project", "new", "audit", "--defaults"]
    env = environ.child_environment()
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) for _ in range(4)
    ]
    outputs = [child.communicate() for child in runs]
    codes = sorted(child.returncode for child in runs)
    assert codes == [0, 2, 2, 2], outputs
    assert all("audit" in err and "Traceback" not in err for _, err in outputs if err)
    assert [path.name for path in work.iterdir()] == ["audit"]
    assert git("status", "--porcelain", at=work / "audit") == ""


def test_a_bug_says_that_it_is_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen error ends with 70, a traceback and the versions."""

    def broken() -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("new_ops_project.git.require_on_path", broken)
    errors = run("new", "audit", "--defaults", code=70).err
    assert "RuntimeError: unforeseen" in errors
    assert "This is a bug" in errors
