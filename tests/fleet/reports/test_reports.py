"""`fleet report` in every format except the page in a browser, with harmless and hostile names."""

import csv
import io
import json
import os
import re
import stat
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.command import Run
from support.fleet_reported import CREATED, HOSTILE, PLAN, delivery, fleet, result, stamp, task, write

from new_ops_project.base.text import escape_invisible
from new_ops_project.fleet import names
from new_ops_project.fleet.model import Delivered, Delivery, FleetPlan, PathNote, Result, ResultState
from new_ops_project.fleet.reports import advice, charts, csv_sheet, facts, html_page, json_report, step_summary
from new_ops_project.fleet.reports.facts import Facts
from new_ops_project.fleet.reports.state import RepositoryState, Row
from new_ops_project.template.pins import python_support

TODAY = date(2026, 11, 25)
Rows = tuple[tuple[str, ResultState, dict[str, Any]], ...]
TEXT = st.text(st.characters(), max_size=60) | st.sampled_from(HOSTILE)
FORMULAS = st.builds("{}{}".format, st.sampled_from(("=", "+", "-", "@", "\t", " +", "\u00a0=")), st.text(max_size=9))
QUICK = settings(max_examples=60, deadline=None)


def facts_of(
    folder: Path, *results: tuple[str, ResultState, dict[str, Any]], deliveries: tuple[Delivery, ...] = ()
) -> Facts:
    """The facts of these results, each a name, a state and other fields."""
    pairs = []
    for name, state, more in results:
        of_task = {key: more.pop(key) for key in ("owner", "before", "python", "folder") if key in more}
        single = task(name, **of_task)
        pairs.append((single, replace(result(single, state), **more)))
    return facts.gather([write(folder, pairs, deliveries)], TODAY)


def bare(*results: Result) -> Facts:
    """The facts of results without a folder."""
    plan = FleetPlan(PLAN, CREATED.isoformat(), "Bot <bot@example.org>", "all", 1, ())
    return Facts(plan, (Path("out"),), TODAY, tuple(Row(row, Path("out")) for row in results))


def named(text: str, state: ResultState = ResultState.CONFLICT) -> Facts:
    """One repository in which every name is that text."""
    notes = (PathNote(text, text),)
    outcome = Result(
        text,
        state,
        PLAN,
        reason=text,
        hint=text,
        owner=text,
        group=text,
        tier=text,
        python=text,
        branch=text,
        before=text,
        version=text,
        target=text,
        template=text,
        files=notes,
        conflicts=notes,
        drift=notes,
        kept=(text,),
        notes=(text,),
        log=text,
        folder=text,
        seconds=1.0,
    )
    row = Row(outcome, Path("out"), delivery(text, Delivered.OPENED, request=text, mode=text))
    return replace(bare(outcome), rows=(row,))


# ---- facts ---------------------------------------------------------------------------------------------------------


def test_the_worst_come_first(tmp_path: Path) -> None:
    """The order is failed, conflict, held, deferred, updated, delivered, current."""
    updated = ("held", "late", "made", "open")
    states = {
        "now": ResultState.CURRENT,
        **dict.fromkeys(updated, ResultState.UPDATED),
        "wait": ResultState.DEFERRED,
        "clash": ResultState.CONFLICT,
        "bad": ResultState.FAILED,
    }
    done = (delivery("held", Delivered.HELD), delivery("late", Delivered.FAILED), delivery("open", Delivered.OPENED))
    rollout = facts_of(tmp_path, *((name, state, {}) for name, state in states.items()), deliveries=done)
    assert [row.result.name for row in rollout.rows] == ["bad", "late", "clash", "held", "wait", "made", "open", "now"]
    assert rollout.by_state[RepositoryState.FAILED] == 2
    assert (rollout.by_result[ResultState.UPDATED], rollout.by_delivery[Delivered.HELD]) == (4, 1)


def test_versions_are_those_that_repositories_have_now(tmp_path: Path) -> None:
    """Delivered and current repositories count as the new version; all others keep theirs."""
    rows = (
        ("a", ResultState.UPDATED, {"before": "4.9.0"}),
        ("b", ResultState.UPDATED, {"before": "4.10.0"}),
        ("c", ResultState.CURRENT, {"before": "5.2.0"}),
        ("d", ResultState.FAILED, {"before": ""}),
    )
    rollout = facts_of(tmp_path, *rows, deliveries=(delivery("a", Delivered.PUSHED),))
    assert rollout.versions == (("5.2.0", 1, 2), ("4.10.0", 1, 1), ("4.9.0", 1, 0), ("unknown", 1, 1))
    assert rollout.at_version == 2


@pytest.mark.parametrize(
    ("name", "today", "mark", "support"),
    [
        ("3.9", TODAY, "ended 2025-10", "ended"),
        ("3.10", TODAY, "ended 2026-10", "ended"),
        ("3.11.4", TODAY, "until 2027-10", "supported"),
        ("2.7", TODAY, "ended", "ended"),
        ("3.99", TODAY, "", "unknown"),
        ("3.1x", TODAY, "", "unknown"),
        ("", TODAY, "", "unknown"),
        ("3.11", date(2027, 4, 30), "until 2027-10", "supported"),
        ("3.11", date(2027, 5, 5), "ends 2027-10", "ends soon"),
        ("3.11", date(2027, 10, 31), "ends 2027-10", "ends soon"),
        ("3.11", date(2027, 11, 1), "ended 2027-10", "ended"),
    ],
)
def test_support_of_python(name: str, today: date, mark: str, support: str) -> None:
    """A Python has its last month, by the template's pins; the end is near 180 days ahead of that month's last day."""
    use = python_support.version_use(name, today)
    assert (use.mark, use.support) == (mark, support)


def test_burn_down_follows_deliveries(tmp_path: Path) -> None:
    """It starts with all repositories, and falls when one is found current or its commit is delivered."""
    rows: Rows = (
        ("a", ResultState.UPDATED, {}),
        ("b", ResultState.UPDATED, {}),
        ("c", ResultState.CURRENT, {"at": stamp(30)}),
    )
    done = (delivery("a", Delivered.OPENED, at=stamp(900)), delivery("b", Delivered.FAILED, at=stamp(950)))
    down = facts_of(tmp_path, *rows, deliveries=done).burndown
    assert [((point.at - CREATED).total_seconds(), point.left) for point in down.points] == [(0, 3), (30, 2), (900, 1)]
    assert not down.by_commits


def test_burn_down_by_commits_says_so(tmp_path: Path) -> None:
    """If nothing was delivered, computed commits count instead, and the text says so."""
    rollout = facts_of(tmp_path, ("a", ResultState.UPDATED, {"at": stamp(5)}), ("b", ResultState.CONFLICT, {}))
    assert (rollout.burndown.points[-1].left, rollout.burndown.by_commits) == (1, True)
    assert "nothing was delivered" in html_page.document(rollout, "title")


@pytest.mark.parametrize(
    "at", ["", "yesterday", "0001-01-01T00:00:00+14:00", "2026-11-23T09:00:00", "2020-01-01T00:00Z"]
)
def test_burn_down_takes_any_time(at: str) -> None:
    """A text that is not a time counts as the plan's time; no point is earlier than that."""
    down = bare(Result("a", ResultState.CURRENT, PLAN, at=at)).burndown
    assert down.points[0].at == CREATED
    assert (down.points[-1].left, down.points[-1].at >= CREATED) == (0, True)


def test_drift_by_file_and_owner(tmp_path: Path) -> None:
    """A file counts once for each repository, by owner; the file with most drift is first."""
    ci, readme = PathNote("ci.yml", "edited"), PathNote("README.md", "deleted")
    rows = (
        ("a", ResultState.CURRENT, {"owner": "x", "drift": (ci, readme)}),
        ("b", ResultState.FAILED, {"owner": "y", "drift": (ci,)}),
        ("c", ResultState.CURRENT, {"owner": "x", "drift": (ci, ci)}),
        ("d", ResultState.CURRENT, {"owner": ""}),
    )
    heat = facts_of(tmp_path, *rows).heat
    assert (heat.files, heat.owners) == (("ci.yml", "README.md"), ("x", "y"))
    assert (heat.cells["ci.yml", "x"], heat.total("ci.yml")) == (2, 3)


def test_conflicts_and_kept_edits_by_file(tmp_path: Path) -> None:
    """Both are counted by file, most first; kept edits in total, too."""
    clash = {"conflicts": (PathNote("a.py", "both"), PathNote("b.py", "both"))}
    rows = (
        ("a", ResultState.CONFLICT, clash),
        ("b", ResultState.CONFLICT, {"conflicts": (PathNote("b.py", "both"),)}),
        ("c", ResultState.UPDATED, {"kept": ("run.sh", "old.py")}),
        ("d", ResultState.UPDATED, {"kept": ("run.sh",)}),
    )
    rollout = facts_of(tmp_path, *rows)
    assert rollout.conflicts == (("b.py", 2), ("a.py", 1))
    assert (rollout.kept_files, rollout.edits_kept) == ((("run.sh", 2), ("old.py", 1)), 3)


def test_a_delivery_of_another_commit_is_not_this_one(tmp_path: Path) -> None:
    """A delivery of an older commit says nothing about the new one."""
    anew = ("a", ResultState.UPDATED, {"commit": "d" * 40})
    rollout = facts_of(tmp_path, anew, deliveries=(delivery("a", Delivered.OPENED, commit="e" * 40),))
    assert rollout.rows[0].state is RepositoryState.UPDATED


def test_several_folders_are_one_report(tmp_path: Path) -> None:
    """Shards in folders of their own give the same rows as one folder, with a journal in any of them."""
    pairs = [(single, result(single, ResultState.UPDATED)) for single in map(task, ("a", "b", "c"))]
    whole = facts.gather([write(tmp_path / "whole", pairs, [delivery("b", Delivered.OPENED)])], TODAY)
    parts = [write(tmp_path / "one", pairs), write(tmp_path / "two", pairs, [delivery("b", Delivered.OPENED)])]
    (parts[0] / "results-1-of-2.jsonl").unlink()
    (parts[1] / "results-2-of-2.jsonl").unlink()
    apart = facts.gather(parts, TODAY)
    assert [(row.result, row.delivery) for row in apart.rows] == [(row.result, row.delivery) for row in whole.rows]


def test_the_last_delivery_counts(tmp_path: Path) -> None:
    """The latest of several journals counts, in any order of the folders."""
    pairs = [(task("a"), result(task("a"), ResultState.UPDATED))]
    early = write(tmp_path / "early", pairs, [delivery("a", Delivered.FAILED, at=stamp(100))])
    late = write(tmp_path / "late", pairs, [delivery("a", Delivered.OPENED, at=stamp(200))])
    for folders in ([early, late], [late, early]):
        assert facts.gather(folders, TODAY).rows[0].state is RepositoryState.DELIVERED


# ---- the command ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "delivered", "code"),
    [
        ((ResultState.CURRENT, ResultState.UPDATED, ResultState.DEFERRED), None, 0),
        ((ResultState.CURRENT, ResultState.CONFLICT), None, 3),
        ((ResultState.FAILED, ResultState.CONFLICT), None, 2),
        ((ResultState.UPDATED,), Delivered.FAILED, 2),
        ((ResultState.UPDATED,), Delivered.HELD, 0),
        ((), None, 0),
    ],
)
def test_exit_codes(
    run: Run, work: Path, states: tuple[ResultState, ...], delivered: Delivered | None, code: int
) -> None:
    """0; 3 with conflicts; 2 when any failed, in computing or in delivering, and that counts more."""
    pairs = [(single := task(f"git.example.org/{state}"), result(single, state)) for state in states]
    write(work / "out", pairs, [delivery(pairs[0][0].name, delivered)] if delivered else [])
    assert ("git.example.org/failed" in run("fleet", "report", "out", code=code).out) == (ResultState.FAILED in states)


def test_terminal_says_what_needs_doing_first(run: Run, work: Path) -> None:
    """Failures, with reason, next step and command, come before counts; everything fits 80 columns."""
    fleet(work / "out", 120)
    out = run("fleet", "report", "out", code=2).out
    places = [
        out.index(text)
        for text in (
            "\nFAILED",
            "fleet retry out --only failed --out retry.json",
            "\nCONFLICT",
            "\nUPDATED",
            "fleet publish --in out",
            "Python",
        )
    ]
    assert places == sorted(places)
    assert "Give --timeout 300." in out
    assert max(map(len, out.splitlines())) <= 80


def test_terminal_keeps_a_command_on_one_line(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is wider than the terminal is neither wrapped nor cut, so that it can be copied."""
    monkeypatch.setenv("COLUMNS", "40")
    fleet(work / "out", 30)
    lines = run("fleet", "report", "out", code=2).out.splitlines()
    assert "  next: new-ops-project fleet retry out --only failed --out retry.json" in lines


def test_terminal_shows_no_control_characters(run: Run, work: Path) -> None:
    """Names cannot color the terminal, move its cursor, set its title or reorder its text."""
    fleet(work / "out", len(HOSTILE))
    ran = run("fleet", "report", "out", "--title", "\x1b[2Jtitle\u202e", code=2)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u2028]", ran.out + ran.err)


def test_json_is_one_object(run: Run, work: Path) -> None:
    """Stdout has the object; the report for people goes to stderr."""
    fleet(work / "out", 60)
    ran = run("fleet", "report", "out", "--json", code=2)
    assert {
        "plan",
        "standings",
        "states",
        "deliveries",
        "versions",
        "pythons",
        "burndown",
        "drift",
        "conflicts",
        "kept",
        "slowest",
        "next",
        "repositories",
    } <= ran.json.keys()
    assert len(ran.json["repositories"]) == ran.json["total"] == sum(ran.json["standings"].values()) == 60
    assert "FAILED" in ran.err


def test_all_files_at_once(run: Run, work: Path) -> None:
    """Each report is written to its file, with no temporary file left, and is named."""
    fleet(work / "out", 30)
    ran = run("fleet", "report", "out", "--html", "a/r.html", "--markdown", "a/r.md", "--csv", "a/r.csv", code=2)
    assert sorted(path.name for path in (work / "a").iterdir()) == ["r.csv", "r.html", "r.md"]
    assert "a/r.html" in ran.out


@pytest.mark.parametrize(("shape", "start"), [("--html", "<!doctype html>"), ("--markdown", "## "), ("--csv", "name,")])
def test_a_file_on_stdout(run: Run, work: Path, shape: str, start: str) -> None:
    """With -, stdout has the report and nothing else."""
    fleet(work / "out", 30)
    ran = run("fleet", "report", "out", shape, "-", code=2)
    assert ran.out.startswith(start)
    assert "\nFAILED" in ran.err
    assert "\nFAILED" not in ran.out


@pytest.mark.parametrize("asked", [("--html", "-", "--csv", "-"), ("--markdown", "-", "--json")])
def test_two_on_stdout_are_refused(run: Run, work: Path, asked: tuple[str, ...]) -> None:
    """Only one report can go to stdout."""
    fleet(work / "out", 5)
    assert "both go to stdout" in run("fleet", "report", "out", *asked, code=2).err


def test_a_file_that_cannot_be_written(run: Run, work: Path) -> None:
    """The error is one sentence; the old content stays."""
    fleet(work / "out", 5)
    (work / "there").write_text("before")
    assert "cannot be written" in run("fleet", "report", "out", "--csv", "there/r.csv", code=2).err
    (work / "full").mkdir()
    assert "cannot be written" in run("fleet", "report", "out", "--csv", "full", code=2).err
    assert [path.name for path in work.iterdir() if path.name.startswith(".")] == []


def test_a_file_keeps_usual_permissions(run: Run, work: Path) -> None:
    """A report has the same permissions as any new file."""
    fleet(work / "out", 3)
    run("fleet", "report", "out", "--csv", "r.csv", code=3)
    (work / "usual").touch()
    assert stat.S_IMODE((work / "r.csv").stat().st_mode) == stat.S_IMODE((work / "usual").stat().st_mode)


# ---- CSV -----------------------------------------------------------------------------------------------------------


def cells(text: str) -> list[list[str]]:
    """A CSV as a spreadsheet reads it."""
    return [*csv.reader(io.StringIO(text, newline=""))]


@QUICK
@given(text=TEXT | FORMULAS)
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever a repository is called, the number of columns stays and no cell is a formula."""
    head, row = cells(csv_sheet.document(named(text)))
    assert len(head) == len(row) == len(csv_sheet.COLUMNS)
    assert not [cell for cell in row if cell.lstrip()[:1] in {"=", "+", "-", "@", "\t", "\r"} and cell]
    csv_sheet.document(named(text)).encode()


def test_columns_have_counts_of_files(tmp_path: Path) -> None:
    """Conflicts, drift and edits kept are numbers."""
    rollout = facts_of(
        tmp_path, ("a", ResultState.CONFLICT, {"conflicts": (PathNote("x", "both"),), "kept": ("y", "z")})
    )
    head, row = cells(csv_sheet.document(rollout))
    values = dict(zip(head, row, strict=True))
    assert (values["conflicts"], values["edits_kept"], values["standing"]) == ("1", "2", "conflict")


# ---- Markdown ------------------------------------------------------------------------------------------------------


@QUICK
@given(text=TEXT)
def test_markdown_stays_one_table_of_text(text: str) -> None:
    """No name creates a row, a heading, markup or a link."""
    summary = step_summary.document(named(text), text)
    assert len(summary.splitlines()) == len(step_summary.document(named("plain"), "plain").splitlines())
    assert not re.search(r"(?<!\\)[<>\[]|javascript:(?!window)", summary)
    summary.encode()


def test_markdown_is_never_above_the_limit() -> None:
    """With long names of four bytes a letter it has fewer rows, and says how many it leaves out."""
    long = "\U0001f680" * 5000
    rows = [replace(named(long).rows[0].result, name=f"{place}{long}") for place in range(3000)]
    summary = step_summary.document(bare(*rows), long)
    assert len(summary.encode()) <= 1_048_576
    listed = len(re.findall(r"^\| \d", summary, re.MULTILINE))
    assert 100 < listed <= 200
    assert f"{3000 - listed} more are not shown" in summary


def test_markdown_fills_the_limit_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are added as long as there is room for a whole one."""
    rows = [Result(f"repository-{place}", ResultState.FAILED, PLAN, reason="x" * 90) for place in range(150)]
    monkeypatch.setattr(step_summary, "LIMIT", 6000)
    summary = step_summary.document(bare(*rows), "title")
    assert 5500 < len(summary.encode()) <= 6000
    assert summary.endswith("JSON.\n")


def test_markdown_has_the_worst_200_rows(tmp_path: Path) -> None:
    """Of 2,000 repositories the worst are listed; the counts are of all."""
    summary = step_summary.document(facts.gather([fleet(tmp_path, 2000)], TODAY), "title")
    assert (
        len(re.findall(r"^\| .* \| (?:failed|conflict|held|deferred|updated) \| .* \|.*\|.*\|", summary, re.MULTILINE))
        == 200
    )
    assert "1800 more are not shown" in summary


def test_markdown_links_only_pull_requests_of_the_web() -> None:
    """Only a web address that cannot end the link becomes a link."""

    def shown(request: str) -> bool:
        row = replace(named("a").rows[0], delivery=delivery("a", Delivered.OPENED, request=request))
        return "](" in step_summary.document(replace(named("a"), rows=(row,)), "title")

    assert shown("https://git.example.org/a/pull/1")
    assert not any(map(shown, ("javascript:alert(1)", "https://x/) <img>", "ftp://x/y", "https://x\n/y", "")))


# ---- names and commands --------------------------------------------------------------------------------------------


@QUICK
@given(text=TEXT)
def test_shown_names_are_seen_and_encode(text: str) -> None:
    """A shown name is one line of visible characters that UTF-8 can encode."""
    shown = escape_invisible(text)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", shown)


@example(text="it's \\x \x1b\\1")
@settings(max_examples=25, deadline=None)
@given(
    text=st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=30)
    | st.binary(max_size=9).map(os.fsdecode)
)
def test_a_quoted_name_is_one_word_of_the_shell(text: str) -> None:
    """The shell reads exactly the bytes of the name, and the command has only visible characters."""
    try:
        wanted = os.fsencode(text)
    except UnicodeEncodeError:
        return
    if b"\0" in wanted:
        return
    quoted = names.shell_quoted(text)
    done = subprocess.run(["bash", "-c", f"printf %s {quoted}"], capture_output=True, check=True)
    assert done.stdout == (b"./" if text.startswith("-") else b"") + wanted
    assert escape_invisible(quoted) == quoted


@pytest.mark.parametrize(
    ("name", "state", "more", "command"),
    [
        ("a", ResultState.FAILED, {"folder": "/srv/a b"}, "new-ops-project update '/srv/a b' --to 5.2.0 --preview"),
        (
            "/srv/a//tools/x",
            ResultState.CONFLICT,
            {"folder": "/srv/a"},
            "new-ops-project update /srv/a/tools/x --to 5.2.0 --preview",
        ),
        ("git.example.org/a", ResultState.FAILED, {}, "new-ops-project fleet retry {} --only failed --out retry.json"),
        ("a", ResultState.DEFERRED, {}, "new-ops-project fleet retry {} --only deferred --out retry.json"),
        ("a", ResultState.UPDATED, {}, "new-ops-project fleet publish --in {} --mode pr"),
        ("a", ResultState.CURRENT, {}, ""),
    ],
)
def test_retry_commands(tmp_path: Path, name: str, state: ResultState, more: dict[str, Any], command: str) -> None:
    """A clone here gets a command of its own; others get the one for all in their state."""
    rollout = facts_of(tmp_path, (name, state, more))
    assert advice.command_for_row(rollout.rows[0], rollout) == command.format(tmp_path)


def test_a_failed_delivery_is_published_again(tmp_path: Path) -> None:
    """Its commit exists, so it is only published again."""
    rollout = facts_of(
        tmp_path, ("a", ResultState.UPDATED, {"folder": "/srv/a"}), deliveries=(delivery("a", Delivered.FAILED),)
    )
    publish = f"new-ops-project fleet publish --in {tmp_path} --mode pr"
    assert (
        advice.command_for_row(rollout.rows[0], rollout),
        advice.command_for_state(RepositoryState.FAILED, rollout),
    ) == (publish, publish)


def test_how_to_resolve_conflicts(tmp_path: Path) -> None:
    """The steps are for the clone if there is one, or for the branch of a delivered draft."""
    clash = {"conflicts": (PathNote("a.py", "both"),), "target": "template/5.2.0"}
    rollout = facts_of(
        tmp_path,
        ("a", ResultState.CONFLICT, {**clash, "folder": "/srv/a"}),
        ("b", ResultState.CONFLICT, dict(clash)),
        deliveries=(delivery("b", Delivered.OPENED),),
    )
    here, draft = (advice.resolve_steps(row) for row in rollout.rows)
    assert here[-1] == "new-ops-project update /srv/a --continue"
    assert draft[0] == "git switch template/5.2.0"


# ---- the page, as text ---------------------------------------------------------------------------------------------


@QUICK
@given(text=TEXT)
def test_names_never_leave_their_place_in_the_page(text: str) -> None:
    """Any name gives the same elements, and its data reads back as the row's values."""
    page = html_page.document(named(text), text)
    tags = re.compile(r"<[/!a-zA-Z][^ >]*")
    assert _without_choices(tags.findall(page)) == _without_choices(
        tags.findall(html_page.document(named("plain"), "plain"))
    )
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert data
    assert json.loads(data[1])["rows"][0].get("name", "") == escape_invisible(text)


def _without_choices(tags: list[str]) -> list[str]:
    """The elements whose number does not depend on texts."""
    return [tag for tag in tags if re.fullmatch(r"</?(script|style|img|svg|iframe|meta|link|html|body|head|main)", tag)]


def test_the_page_asks_for_nothing() -> None:
    """No element or style refers to another file; the policy allows nothing else."""
    page = html_page.document(named("plain"), "plain")
    assert not re.search(
        r"""\b(?:src|srcset|action|background)=|url\(|@import|<iframe|<object|\son[a-z]+=|\sstyle=""", page
    )
    assert re.findall(r'<link[^>]*href="([^"]*)"', page) == ["data:,"]
    assert "default-src &#39;none&#39;" in page


def test_everything_is_json(tmp_path: Path) -> None:
    """JSON of hostile names is UTF-8 and complete."""
    rollout = facts.gather([fleet(tmp_path, len(HOSTILE))], TODAY)
    text = json.dumps(json_report.document(rollout), ensure_ascii=False)
    assert json.loads(text.encode())["total"] == len(HOSTILE)


@pytest.mark.parametrize("count", [0, 1, 2000])
def test_charts_stay_in_their_bounds(tmp_path: Path, count: int) -> None:
    """Shares add up to the whole, bars are at most the whole, the line is in its box, heat is in its levels."""
    rollout = facts.gather([fleet(tmp_path, count)], TODAY)
    assert round(sum(width for *_, width in charts.state_shares(rollout)), 1) == (100 if count else 0)
    assert all(
        0 <= bar.width <= 100 and bar.before <= 100
        for bar in charts.bars(rollout.versions) + charts.bars(rollout.slowest)
    )
    assert all(0 <= level <= charts.LEVELS for level in charts.heat_levels(rollout.heat).values())
    numbers = [float(number) for number in re.findall(r"[\d.]+", charts.burndown_line(rollout.burndown))]
    assert max(numbers) <= charts.WIDTH


def test_a_plan_without_results(run: Run, work: Path) -> None:
    """All of its repositories are deferred."""
    write(work / "out", [(task("a"), result(task("b"), ResultState.CURRENT))])
    assert "No run has come to it yet." in run("fleet", "report", "out", "--html", "r.html").out
    assert "No run has come to it yet." in (work / "r.html").read_text()
