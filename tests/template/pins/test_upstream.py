"""`template pins` with git repositories on loopback as upstream."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from support.command import Run
from support.servers import git_daemon, git_http, locked_http, silent
from support.upstreams import Template, ago, changed, ended, processes, template

from new_ops_project.template.pins import upstream

GIT_KINDS = ("--only", "actions,python")


@pytest.fixture
def checkout(work: Path, tmp_path: Path) -> Template:
    """A template that is current, in the current folder."""
    return template(work, tmp_path / "upstream")


@pytest.fixture
def url(checkout: Template) -> Iterator[str]:
    """Where its upstream is served."""
    with git_daemon(checkout.upstream.root) as url:
        yield url


@pytest.fixture
def pins(run: Run, url: str) -> Run:
    """Runs `template pins` with the served repositories."""
    return lambda *args, code=0: run("template", "pins", "--actions-url", url, *GIT_KINDS, *args, code=code)


def pin(ran: object, name: str) -> dict[str, str]:
    """One pin of the JSON."""
    row: dict[str, str] = next(row for row in ran.json["pins"] if row["name"] == name)  # type: ignore[attr-defined]
    return row


def test_current(pins: Run, checkout: Template) -> None:
    """If every pin is the newest, --write leaves the file alone."""
    before = checkout.text
    assert pins("--check").out.endswith(f"{checkout.folder}: 4 current.\n")
    assert pins("--write", "--json").json["state"] == "current"
    assert checkout.text == before


@pytest.mark.parametrize("tag_days", [None, 20], ids=["lightweight", "annotated"])
def test_newer_release_is_written(pins: Run, checkout: Template, tag_days: float | None) -> None:
    """--check exits with 1; --write pins the commit of the tag, of either kind, and changes nothing else."""
    before, commit = checkout.text, checkout.upstream.tag("ops/checkout", "v7.0.2", days=30, tag_days=tag_days)
    row = pin(pins("--check", "--json", code=1), "ops/checkout")
    assert (row["current"], row["newest"], row["state"]) == ("v7.0.1", "v7.0.2", "behind")
    assert row["date"] == ago(tag_days or 30)
    assert checkout.text == before
    ran = pins("--write")
    assert f"+      ops/checkout: {{version: v7.0.2, sha: {commit}}}\n" in ran.out
    assert "Next: python -m pytest" in ran.out
    assert [new for _, new in changed(before, checkout.text)] == [
        f"# PEP 719, 745. Checked {ago(0)}.",
        f"ops/checkout: {{version: v7.0.2, sha: {commit}}}",
    ]
    assert pins("--check", "--json").json["state"] == "current"


def test_order_of_a_pin_is_kept(pins: Run, checkout: Template) -> None:
    """A pin whose values are in another order keeps it."""
    before, commit = checkout.text, checkout.upstream.tag("ops/login", "v3.1.0")
    pins("--write")
    assert changed(before, checkout.text)[-1][1] == f"ops/login: {{sha: {commit}, version: v3.1.0}}"


def test_what_is_no_release_is_not_taken(pins: Run, checkout: Template) -> None:
    """Moving majors, pre-releases and other tags are no releases."""
    for tag in ("v8", "v7.1", "v8.0.0-beta.1", "v8.0.0rc1", "latest", "v7.0.2.1", "checkout-v9.0.0"):
        checkout.upstream.tag("ops/checkout", tag)
    assert pin(pins("--check", "--json"), "ops/checkout")["state"] == "current"


def test_releases_are_ordered_as_numbers(pins: Run, checkout: Template) -> None:
    """v7.0.10 is newer than v7.0.9, and than a v6 that was released later."""
    for tag, days in (("v7.0.9", 30), ("v7.0.10", 29), ("v6.9.9", 20)):
        checkout.upstream.tag("ops/checkout", tag, days=days)
    assert pin(pins("--json"), "ops/checkout")["newest"] == "v7.0.10"


@pytest.mark.parametrize(("days", "tag_days"), [(1, None), (300, 1)], ids=["lightweight", "tagged late"])
def test_too_young_is_held(pins: Run, checkout: Template, days: float, tag_days: float | None) -> None:
    """A release of yesterday, even on an old commit, is held, which is not a finding; --min-age sets the age."""
    checkout.upstream.tag("ops/checkout", "v7.0.2", days=days, tag_days=tag_days)
    row = pin(pins("--check", "--json"), "ops/checkout")
    assert (row["state"], row["newest"], row["date"]) == ("held", "v7.0.2", ago(1))
    assert row["reason"] == "too young"
    assert pin(pins("--check", "--min-age", "12h", "--json", code=1), "ops/checkout")["newest"] == "v7.0.2"
    assert pin(pins("--check", "--min-age", "0", "--json", code=1), "ops/checkout")["newest"] == "v7.0.2"


def test_old_enough_is_taken_below_one_that_is_not(pins: Run, checkout: Template) -> None:
    """Of several newer releases, the newest that is old enough is taken, and the younger one is named."""
    for tag, days in (("v7.0.2", 60), ("v7.0.3", 30), ("v7.1.0", 2)):
        checkout.upstream.tag("ops/checkout", tag, days=days)
    row = pin(pins("--json"), "ops/checkout")
    assert (row["state"], row["newest"]) == ("behind", "v7.0.3")
    assert row["reason"] == f"v7.1.0 of {ago(2)} is too young"


def test_without_a_date_it_is_taken_and_said(run: Run, checkout: Template) -> None:
    """If the server tells no date, the newest release is taken, and the reason says so."""
    checkout.upstream.tag("ops/checkout", "v7.0.2", days=1)
    with git_http(checkout.upstream.root, refused=b"command=fetch") as url:
        ran = run("template", "pins", "--actions-url", url, *GIT_KINDS, "--json")
    row = pin(ran, "ops/checkout")
    assert (row["state"], row["newest"], row["date"]) == ("behind", "v7.0.2", "")
    assert row["reason"] == "its date is unknown"


@pytest.mark.parametrize("is_gone", [True, False])
def test_moved_tag_stops_everything(pins: Run, checkout: Template, *, is_gone: bool) -> None:
    """A pinned tag that points to another commit or is gone is reported, and nothing at all is written."""
    checkout.upstream.tag("ops/login", "v3.1.0")
    if is_gone:
        checkout.upstream.tag("ops/checkout", "v8.0.0")
        (checkout.upstream.root / "ops" / "checkout" / "refs" / "tags" / "v7.0.1").unlink()
        change = "is gone"
    else:
        change = f"points to {checkout.upstream.tag('ops/checkout', 'v7.0.1', pre='evil ')} now"
    before = checkout.text
    ran = pins("--write", "--json", code=2)
    row = pin(ran, "ops/checkout")
    assert (row["state"], row["newest"]) == ("moved", "")
    assert f"the tag v7.0.1 {change}" in row["reason"]
    assert "Leave the pin as it is" in row["remedy"]
    assert pin(ran, "ops/login")["state"] == "behind"
    assert checkout.text == before


def test_id_of_the_tag_becomes_that_of_its_commit(pins: Run, checkout: Template) -> None:
    """A pin with the id of an annotated tag gets the id of its commit instead."""
    listed = checkout.upstream.root / "ops" / "checkout" / "refs" / "tags" / "v7.0.1"
    before = checkout.text
    commit = before.partition("v7.0.1, sha: ")[2][:40]
    checkout.write(before.replace(commit, listed.read_text().strip()))
    pins("--write")
    assert changed(before, checkout.text)[0][1].startswith("# PEP")
    assert commit in checkout.text


def test_source_that_fails_is_named_and_the_others_go_on(pins: Run, checkout: Template) -> None:
    """A missing repository gives exit code 2; the others are compared, and nothing is written."""
    checkout.upstream.tag("ops/login", "v3.1.0")
    checkout.upstream.repository("ops/checkout").rename(checkout.upstream.root / "gone")
    before = checkout.text
    ran = pins("--write", code=2)
    assert "failed  ops/checkout: git://127.0.0.1" in ran.out
    assert "Check the address, and that this machine can reach it" in ran.out
    assert "behind  actions  ops/login  v3.0.0 -> v3.1.0" in ran.out
    assert "so nothing was written" in ran.out
    assert checkout.text == before
    assert pins(code=2).out.endswith("Not everything could be compared.\n")


def test_action_that_is_none_is_named(pins: Run, checkout: Template) -> None:
    """A name without an owner and a repository without full releases are errors."""
    checkout.upstream.tag("ops/moving", "v1")
    sha = "0" * 40
    lines = f"      checkout: {{version: v1.0.0, sha: {sha}}}\n      ops/moving: {{version: v1, sha: {sha}}}\n"
    checkout.write(checkout.text.replace("    runners:", f"{lines}    runners:"))
    ran = pins("--json", code=2)
    assert pin(ran, "checkout")["reason"] == "not OWNER/REPOSITORY"
    assert "has no release tag such as v1.2.3" in pin(ran, "ops/moving")["reason"]


def test_branch_becomes_a_release(pins: Run, checkout: Template) -> None:
    """A pin of a branch or a moving tag is not reported as moved; it becomes the newest full release."""
    commit = checkout.upstream.tag("ops/login", "v3")
    checkout.write(checkout.text.replace("v3.0.0", "v3"))
    newer = checkout.upstream.tag("ops/login", "v3.2.1")
    pins("--write")
    assert f"ops/login: {{sha: {newer}, version: v3.2.1}}" in checkout.text
    assert commit not in checkout.text


@pytest.mark.parametrize("scheme", ["git", "http"])
def test_server_that_hangs_meets_the_time_limit(run: Run, checkout: Template, scheme: str) -> None:
    """A server that never answers costs only the time limit; no process of git is left."""
    before = time.monotonic()
    with silent(scheme) as url:
        ran = run("template", "pins", "--actions-url", url, *GIT_KINDS, "--timeout", "1.5", "--json", code=2)
        assert {each["state"] for each in ran.json["pins"]} == {"failed"}
        assert pin(ran, "ops/login")["reason"] == f"{url}/ops/login: no answer within 1.5 seconds"
        assert time.monotonic() - before < 20  # and not the 30 seconds that are usual
        assert ended(url)


def test_nobody_is_asked_for_a_password(
    run: Run, checkout: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that wants a password fails; no program that asks for one is started."""
    asker = tmp_path / "ask"
    asker.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho secret\n")
    asker.chmod(0o755)
    for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(name, str(asker))
    with locked_http() as url:
        ran = run("template", "pins", "--actions-url", url, *GIT_KINDS, code=2)
    assert "terminal prompts disabled" in ran.out
    assert not (tmp_path / "asked").exists()


def test_secret_in_the_address_is_not_shown(run: Run, checkout: Template) -> None:
    """A token in --actions-url is never shown."""
    with locked_http() as url:
        address = url.replace("://", "://ada:s3cret@")
        ran = run("template", "pins", "--actions-url", address, *GIT_KINDS, "--json", code=2)
    assert "failed" in ran.err
    assert "s3cret" not in ran.out + ran.err


def test_two_actions_of_one_repository(pins: Run, checkout: Template) -> None:
    """An action in a folder is pinned by the tags of its repository, which are fetched once."""
    commit = checkout.text.partition("v7.0.1, sha: ")[2][:40]
    line = f"      ops/checkout/deep/inside: {{version: v7.0.1, sha: {commit}}}\n"
    checkout.write(checkout.text.replace("      ops/login", f"{line}      ops/login"))
    newer = checkout.upstream.tag("ops/checkout", "v7.2.0")
    ran = pins("--write")
    assert checkout.text.count(newer) == 2
    assert "[3/3]" in ran.err


def test_actions_url_is_that_of_the_server_that_runs_the_workflow(
    run: Run, checkout: Template, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GITHUB_SERVER_URL, which GitHub Enterprise sets, is where actions are; a slash at its end is ignored."""
    monkeypatch.setenv("GITHUB_SERVER_URL", f"{url}/")
    assert run("template", "pins", *GIT_KINDS, "--json").json["state"] == "current"


def test_newer_patch_of_python(pins: Run, checkout: Template) -> None:
    """The newest final patch of each minor is written without quotes, as it was."""
    before = checkout.text
    for tag, days in (("v3.12.10", 30), ("v3.13.4rc1", 30), ("v3.13.5", 1)):
        checkout.upstream.tag("python/cpython", tag, days=days)
    ran = pins("--write", "--json")
    assert pin(ran, "3.12")["newest"] == "3.12.10"
    assert (pin(ran, "3.13")["state"], pin(ran, "3.13")["newest"]) == ("held", "3.13.5")
    assert changed(before, checkout.text)[-1][1] == "'3.12': {newest_patch: 3.12.10, end_of_life: 2028-10}"


def test_new_minor_of_python_is_for_a_person(pins: Run, checkout: Template) -> None:
    """A new minor is reported with how to offer it, but not written, and is not a finding."""
    before = checkout.text
    for tag in ("v3.14.0", "v3.14.1", "v3.15.0rc1", "v3.11.1"):
        checkout.upstream.tag("python/cpython", tag)
    row = pin(pins("--check", "--json"), "3.14")
    assert (row["state"], row["current"], row["newest"], row["reason"]) == ("held", "", "3.14.1", "a new minor")
    assert "below `versions`" in row["remedy"]
    pins("--write")
    assert checkout.text == before


def test_python_without_support_moves_to_ended(pins: Run, checkout: Template) -> None:
    """A minor whose support has ended is behind; --write moves it with its month."""
    checkout.write(checkout.text.replace("2028-10", ago(70)[:7]))
    before = checkout.text
    row = pin(pins("--check", "--json", code=1), "3.12")
    assert row["reason"] == f"support ended in {ago(70)[:7]}"
    pins("--write")
    lines = [line for line in before.splitlines() if "'3.12'" not in line]
    expected = "\n".join(lines).replace("ended: {", f"ended: {{'3.12': {ago(70)[:7]}, ") + "\n"
    assert checkout.text == expected.replace("2026-01-02", ago(0))
    assert pins("--check", "--json").json["state"] == "current"


def test_month_of_the_end_is_still_supported(pins: Run, checkout: Template) -> None:
    """Support lasts to the end of its month."""
    checkout.write(checkout.text.replace("2028-10", ago(0)[:7]))
    assert pin(pins("--check", "--json"), "3.12")["state"] == "current"


def test_default_python_without_support_is_for_a_person(pins: Run, checkout: Template) -> None:
    """A default without support stays and is reported, since the owner has to choose another; the rest is written."""
    checkout.write(checkout.text.replace("2029-10", "2026-01"))
    newer = checkout.upstream.tag("ops/login", "v3.1.0")
    ran = pins("--write", "--json")
    assert "By hand: 3.13, support ended in 2026-01, and it is the default." in ran.json["next"][0]
    assert newer in checkout.text
    assert "'3.13': {newest_patch" in checkout.text
    assert pins("--check", "--json", code=1).json["state"] == "behind"


def test_json_is_one_object_and_stdout_has_nothing_else(pins: Run, checkout: Template) -> None:
    """With --json, words and progress go to stderr; a pin has each of its fields."""
    checkout.upstream.tag("ops/checkout", "v7.0.2")
    ran = pins("--json")
    assert set(json.loads(ran.out)) == {"path", "state", "pins", "diff", "next"}
    keys = {"kind", "name", "current", "newest", "state", "reason", "date", "remedy"}
    assert all(set(each) == keys for each in ran.json["pins"])
    assert "+      ops/checkout: {version: v7.0.2" in ran.json["diff"]
    assert "[3/3]" in ran.err
    assert "1 behind" in ran.err


@pytest.mark.parametrize(("env", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_diff_is_coloured_on_a_terminal(
    checkout: Template, url: str, env: dict[str, str], *, is_coloured: bool
) -> None:
    """A terminal gets colours and a bar, unless NO_COLOR says otherwise."""
    checkout.upstream.tag("ops/checkout", "v7.0.2")
    args = ["-m", "new_ops_project", "template", "pins", *GIT_KINDS, "--actions-url", url, "--write"]
    seen = {**os.environ, "TERM": "xterm", **env}
    child: pexpect.spawn[str] = pexpect.spawn(
        sys.executable, args, cwd=str(checkout.folder), env=seen, encoding="utf-8", timeout=60
    )
    child.expect(pexpect.EOF)
    output = child.before or ""
    assert "3/3" in output
    assert "[3/3]" not in output
    assert bool(re.search(r"\x1b\[32m\S*\+      ops/checkout", output)) is is_coloured


def test_only_what_is_asked_for_is_compared(run: Run, checkout: Template, url: str) -> None:
    """--only takes kinds; with actions alone, no Python is compared, and the date of the check stays."""
    before, commit = checkout.text, checkout.upstream.tag("ops/checkout", "v7.0.2")
    ran = run("template", "pins", "--actions-url", url, "--only", "actions", "--write", "--json")
    assert {each["kind"] for each in ran.json["pins"]} == {"actions"}
    assert len(changed(before, checkout.text)) == 1
    assert commit in checkout.text


def test_file_that_changed_meanwhile_is_left_alone(
    pins: Run, checkout: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change made while upstream was asked is not overwritten."""
    checkout.upstream.tag("ops/checkout", "v7.0.2")
    compare = upstream.compare

    def meanwhile(*args: Any) -> upstream.UpstreamComparison:
        checkout.write(f"# mine\n{checkout.text}")
        return compare(*args)

    monkeypatch.setattr(upstream, "compare", meanwhile)
    assert "Somebody else changed the pins in the meantime; nothing was written." in pins("--write", code=2).err
    assert checkout.text.startswith("# mine\n")
    assert "v7.0.1" in checkout.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3.12.9", "3.12.x"),
        ("3.12.9", "3.11.9"),
        ("2028-10", "October"),
        ("tenacity:", "Tenacity:"),
        ("python:", "pythons:"),
        ("{version: v7.0.1, ", "{"),
        ("pins:", "{pins:"),
    ],
)
def test_pins_that_are_not_as_expected(run: Run, checkout: Template, old: str, new: str) -> None:
    """A file with a mistake is named with the mistake, without a traceback."""
    checkout.write(checkout.text.replace(old, new))
    ran = run("template", "pins", code=2)
    assert f"{checkout.pins} is not as expected (" in ran.err


def test_folder_without_a_template(run: Run, work: Path) -> None:
    """Outside a template, the message says what is missing and which argument to give."""
    ran = run("template", "pins", code=2)
    assert f"{work} is not a template: it has no templates/pins.yml." in ran.err
    assert "template pins PATH" in ran.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--check", "--write"), "--check and --write do not go together"),
        (("--only", "action"), "'action' is not a kind of pin; did you mean actions?"),
        (("--min-age", "7"), "'7' is not a span of time"),
        (("--timeout", "0"), "0.0 is not in the range"),
    ],
)
def test_wrong_usage(run: Run, checkout: Template, args: tuple[str, ...], message: str) -> None:
    """Options that make no sense are named."""
    assert message in " ".join(run("template", "pins", *args, code=2).err.split())


def test_ctrl_c_ends_it_at_once(checkout: Template) -> None:
    """All repositories are asked at once; Ctrl-C ends every request, and no git is left behind."""
    with silent("http") as url:
        command = [sys.executable, "-m", "new_ops_project", "template", "pins", *GIT_KINDS, "--actions-url", url]
        with subprocess.Popen(command, cwd=checkout.folder, stderr=subprocess.PIPE, text=True) as child:
            assert child.stderr
            assert child.stderr.readline() == "[0/3] asking upstream\n"
            while len(processes(url)) < 7 and child.poll() is None:
                time.sleep(0.02)
            child.send_signal(signal.SIGINT)
            assert child.wait(5) == 130
            assert "Interrupted" in child.stderr.read()
        assert ended(url)


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_file_that_is_a_link_stays_one(pins: Run, checkout: Template, tmp_path: Path) -> None:
    """The file behind a link is rewritten, with its permissions."""
    real = tmp_path / "real.yml"
    checkout.pins.rename(real)
    real.chmod(0o640)
    checkout.pins.symlink_to(real)
    commit = checkout.upstream.tag("ops/checkout", "v7.0.2")
    pins("--write")
    assert checkout.pins.is_symlink()
    assert commit in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640
