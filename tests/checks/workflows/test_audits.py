"""zizmor's findings beside our own: under its names, in our words, none lost and none twice."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.command import git
from support.workflow_texts import CHECKOUT, PATH, job, marks, steps, unmarked

from new_ops_project.base.finding import Finding, Severity
from new_ops_project.checks import catalogue, engine, fixpoint, repo, workflows
from new_ops_project.checks.linters import program, reports, zizmor
from new_ops_project.checks.rule import UncheckedError

V7 = CHECKOUT.split("  ", maxsplit=1)[0]
OFF = "persist-credentials: false"
DEPENDABOT = ".github/dependabot.yml"
TRIGGERED = "jobs:\n  a:\n    runs-on: ubuntu-24.04\n    permissions: {}\n    steps:\n    - run: x\n"
SCRIPT = f"actions/github-script@{'1' * 40}"
UPDATES = "version: 2\nupdates:\n- «package-ecosystem: pip\n  directory: /\n  schedule: {interval: weekly}\n"

CONTAINER = "container:\n  image: a@sha256:x\n  «credentials: {username: a, password: b}"
CALLED = f"a/b/.github/workflows/c.yml@{'1' * 40}"
# Findings of audits; « marks their places.
FOUND = (
    ("adhoc-packages", PATH, steps("- run: «gem install rake")),
    ("anonymous-definition", PATH, job("").replace("    name: Check\n", "").replace("  check:", "  «check:")),
    ("archived-uses", PATH, steps(f"- uses: «actions/setup-ruby@{'1' * 40}")),
    ("artipacked", PATH, steps(f"- «uses: {CHECKOUT}")),
    ("artipacked", PATH, steps(f"- «uses: {CHECKOUT}\n- run: git push")),
    ("artipacked", PATH, steps(f"- «uses: {CHECKOUT}\n  with: {{fetch-depth: 0}}\n- run: git log")),
    ("bot-conditions", PATH, job("if: «github.actor == 'dependabot[bot]'")),
    ("cache-poisoning", PATH, f"on: {{push: {{tags: [v*]}}}}\n{TRIGGERED}    - «uses: actions/cache@v5\n"),
    ("dangerous-triggers", PATH, f"on: [push, «pull_request_target]\n{TRIGGERED}"),
    ("dangerous-triggers", PATH, f"on:\n  «workflow_run: {{workflows: [ci]}}\n{TRIGGERED}"),
    ("dangerous-triggers", PATH, f"«on: issue_comment\n{TRIGGERED}"),
    ("dependabot-cooldown", DEPENDABOT, UPDATES),
    ("dependabot-execution", DEPENDABOT, f"{UPDATES.replace('«', '')}  «insecure-external-code-execution: allow\n"),
    ("excessive-permissions", PATH, job("«permissions: write-all")),
    (
        "excessive-permissions",
        PATH,
        f"on: push\n{TRIGGERED}".replace("    permissions: {}\n", "").replace("  a", "  «a"),
    ),
    ("github-env", PATH, f'on: pull_request_target\n{TRIGGERED}    - «run: echo "a=$(b)" >> $GITHUB_ENV\n'),
    ("hardcoded-container-credentials", PATH, job(CONTAINER)),
    ("insecure-commands", PATH, job("«env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: true}")),
    ("misfeature", PATH, steps("- run: x\n  «shell: cmd")),
    ("overprovisioned-secrets", PATH, steps("- run: x\n  env: {A: '«${{ toJSON(secrets) }}'}")),
    ("secrets-inherit", PATH, f"on: push\njobs:\n  a:\n    uses: «{CALLED}\n    secrets: inherit\n"),
    ("self-repository", PATH, steps("- uses: «./.github/actions/x")),
    ("superfluous-actions", PATH, steps(f"- uses: «softprops/action-gh-release@{'1' * 40}")),
    ("template-injection", PATH, steps("- run: echo ${{ «github.event.issue.title }}")),
    ("template-injection", PATH, steps('- run: |\n    echo a\n    echo "${{ «github.head_ref || github.sha }}"')),
    ("template-injection", PATH, steps("- run: echo '${{ toJSON(«github.event) }}'")),
    ("template-injection", PATH, steps(f"- uses: {SCRIPT}\n  with:\n    script: x(`${{{{ «github.head_ref }}}}`)")),
    ("typosquat-uses", PATH, steps(f"- uses: «action/checkout@{'1' * 40}")),
    ("undocumented-permissions", PATH, job("permissions:\n  contents: read\n  «id-token: write")),
    ("unpinned-images", PATH, job("container:\n  «image: a/b")),
    ("unredacted-secrets", PATH, steps("- run: x\n  env: {A: '«${{ fromJSON(secrets.a).b }}'}")),
    ("unsound-condition", PATH, steps("- run: x\n  «if: |\n    ${{ github.ref == 'x' }}")),
    ("unsound-contains", PATH, steps("- run: x\n  «if: contains('main,develop', github.ref_name)")),
    ("use-trusted-publishing", PATH, steps("- run: «twine upload dist/*")),
)


def repository(folder: Path, files: Mapping[str, str]) -> repo.Repo:
    """The files in a repository on disk."""
    git("init", "--quiet", at=folder)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    git("add", "--all", at=folder)
    return repo.read(folder, offline=True)


def audited(of: repo.Repo, *codes: str) -> list[Finding]:
    """What zizmor finds, or these rules."""
    rules = [rule for rule in workflows.FAMILY.rules if (rule.code in codes if codes else rule.tool == zizmor.NAME)]
    return [*engine.run(of, rules).findings]


def places(of: repo.Repo, *codes: str) -> list[tuple[str, int]]:
    """Code and line of the findings of these rules."""
    return [(finding.code, finding.line) for finding in audited(of, *codes)]


@pytest.mark.parametrize(("code", "path", "text"), FOUND, ids=lambda value: value if len(value) < 40 else "")
def test_a_finding_has_zizmor_s_name_and_our_words(work: Path, code: str, path: str, text: str) -> None:
    """It is at its place, and says what is wrong in a sentence of ours."""
    findings = [finding for finding in audited(repository(work, {path: unmarked(text)})) if finding.code == code]
    assert [(finding.line, finding.column) for finding in findings] == marks(text)
    (audit, *_) = [audit for audit in zizmor.report(repo.read(work)).report if audit.ident == code]
    for finding in findings:
        assert finding.message.endswith(".")
        assert audit.desc.lower() not in finding.message.lower()
        assert finding.remedy == catalogue.rule(code).remedy


def test_a_workflow_is_not_read_from_the_workspace(work: Path) -> None:
    """A job that calls a workflow by `./` gets that of the same commit, and the message says so."""
    text = "on: push\npermissions: {}\njobs:\n  a:\n    uses: ./.github/workflows/b.yml\n"
    (finding,) = audited(repository(work, {PATH: text}), "self-repository")
    assert finding.message == "`./.github/workflows/b.yml` is the workflow at the commit that runs; `$/` says so."


def test_hooks_in_an_archived_repository(work: Path) -> None:
    """The remedy for hooks of pre-commit is about hooks, not about actions."""
    archived = "https://github.com/pre-commit/mirrors-autopep8"
    text = f"repos:\n  - repo: {archived}\n    rev: v2.0.4\n    hooks: [{{id: autopep8}}]\n"
    (finding,) = audited(repository(work, {".pre-commit-config.yaml": text}), "archived-uses")
    assert "hooks" in finding.remedy
    assert "action" not in finding.remedy


@pytest.mark.parametrize("tag", ["v7", "v7.0.1"])
def test_pinning_makes_nothing_graver(work: Path, tag: str) -> None:
    """A checkout that hides its token is a note, whether a tag names it or the commit that OPS101 writes."""
    read = repository(work, {PATH: steps(f"- uses: actions/checkout@{tag}")})
    pinned = fixpoint.fixed_files(read, [catalogue.rule("OPS101")], lambda _: True).files[PATH].content
    assert tag.encode() not in pinned.partition(b"uses: ")[2].partition(b"#")[0]
    both = (read, read.with_changes({PATH: pinned}))
    assert [finding.severity for each in both for finding in audited(each, "artipacked")] == [Severity.INFO] * 2


@pytest.mark.parametrize("uses", ["v4", f"{'1' * 40}  # v4.2.2", "1" * 40])
def test_a_checkout_that_writes_its_token(work: Path, uses: str) -> None:
    """One of an older version, or of an unknown one, is a warning."""
    read = repository(work, {PATH: steps(f"- uses: actions/checkout@{uses}")})
    assert [finding.severity for finding in audited(read, "artipacked")] == [Severity.WARNING]


def test_every_former_code_has_an_audit_that_is_shown() -> None:
    """What a rule of ours reported, an audit reports now."""
    former = {rule.code for rule in catalogue.rules() if rule.replaces and rule.tool == zizmor.NAME}
    assert former <= {code for code, *_ in FOUND}


def test_the_sentence_tells_what_zizmor_tells() -> None:
    """Each kind of note becomes a sentence with the name in it, no graver than the rule."""
    from new_ops_project.checks.workflows.zizmor_audits import Passed

    words = {r"omitting (`.+?`)": "Without \\1, {} is bad.", "": "{} is worse."}
    audit = zizmor.Audit("x", PATH, 1, 1, 1, "bad thing", "omitting `y` z", "'a@b'", "", Severity.ERROR)
    other = zizmor.Audit("x", PATH, 1, 1, 1, "bad thing", "that", "a\nb", "", Severity.ERROR)
    breaches = [*Passed("x", {"": Severity.WARNING}, words)(repo.of({}), [audit, other])]
    assert {breach.severity for breach in breaches} == {Severity.WARNING}
    assert [breach.message for breach in breaches] == ["Without `y`, `a@b` is bad.", "This is worse."]


@pytest.mark.parametrize(
    ("context", "severity"),
    [
        *((name, Severity.ERROR) for name in ("github", "github.event", "github.head_ref", "github.event.issue.title")),
        ("github.event.pull_request.head.label", Severity.ERROR),
        ("github.event.commits[0].author.email", Severity.ERROR),
        ("github.event.workflow_run.head_branch", Severity.ERROR),
        *((name, Severity.WARNING) for name in ("inputs.tox", "github.ref_name", "github.event.release.name", "")),
        ("github.event.inputs.name", Severity.WARNING),
        ("github.event.pull_request.base.ref", Severity.WARNING),
        ("github.event.pull_request.head.ref", Severity.ERROR),
        ("github.event.repository.default_branch", Severity.INFO),
        ("matrix.category", Severity.INFO),
        *(
            (name, Severity.INFO)
            for name in ("github.actor", "github.repository", "github.event.pull_request.html_url")
        ),
        ("github.event.workflow_run.head_sha", Severity.INFO),
    ],
)
def test_injected_text_is_as_grave_as_its_writer_is_strange(context: str, severity: Severity) -> None:
    """What anybody can write is an error, what people with rights can write is a warning, the rest a note."""
    audit = zizmor.Audit("template-injection", PATH, 1, 1, 1, "", "", context, "", Severity.ERROR)
    (breach,) = catalogue.rule("template-injection").check(repo.of({}), [audit])
    assert breach.severity is severity


def test_an_audit_that_we_do_not_know_is_passed_on() -> None:
    """A newer zizmor may have more audits: theirs are the words, with the name and the page."""
    (rule,) = [rule for rule in workflows.FAMILY.rules if rule.code == "OPS190"]
    audit = zizmor.Audit("x", PATH, 3, 3, 1, "bad thing", "here", "", "https://e.org", Severity.ERROR)
    (breach,) = rule.check(repo.of({}), [audit])
    assert (breach.message, breach.remedy) == ("Bad thing: here (x).", "See https://e.org.")


# ---- what our own rules report, too ---------------------------------------------------------------------------------

BAD = steps("""\
- uses: actions/checkout@v4
- uses: docker://alpine
- run: gem install x
- run: echo ${{ github.event.issue.title }}""")
FIRST = BAD.split("\n").index("      - uses: actions/checkout@v4") + 1


def test_nothing_is_said_twice(work: Path) -> None:
    """OPS101 knows which commit to write, so zizmor does not report the same lines; it does report all others."""
    codes = ("OPS101", "OPS109", "unpinned-uses", "unpinned-images", "adhoc-packages", "template-injection")
    findings = places(repository(work, {PATH: BAD}), *codes)
    assert findings == [
        ("OPS101", FIRST),
        ("OPS101", FIRST + 1),
        ("adhoc-packages", FIRST + 2),
        ("template-injection", FIRST + 3),
    ]


def test_nothing_is_lost_without_ours(work: Path) -> None:
    """Where OPS101 is not asked, zizmor's finding on the line counts."""
    of = repository(work, {PATH: BAD})
    assert places(of, "unpinned-uses", "unpinned-images") == [("unpinned-uses", FIRST), ("unpinned-images", FIRST + 1)]


def test_settings_of_zizmor_decide_what_may_be_pinned_by_tag(work: Path) -> None:
    """OPS101 leaves the judgement to zizmor where the repository tells zizmor which actions may have a tag."""
    policies = '{"actions/*": ref-pin, "*": hash-pin}'
    config = {"zizmor.yml": f"rules: {{unpinned-uses: {{config: {{policies: {policies}}}}}}}\n"}
    text = steps("- uses: actions/checkout@v4\n- uses: a/b@v1")
    of = repository(work, {PATH: text, **config})
    assert places(of, "OPS101", "unpinned-uses") == [("unpinned-uses", FIRST + 1)]


def test_what_is_ignored_is_not_said_by_another_rule(work: Path) -> None:
    """An ignored OPS101 does not come back under zizmor's name."""
    ignored = {"pyproject.toml": '[tool.new-ops-project.ignore]\nOPS101 = "we trust tags"\n'}
    assert places(repository(work, {PATH: BAD, **ignored}), "OPS101", "unpinned-uses") == []


def test_an_audit_can_be_ignored_by_its_name(work: Path) -> None:
    """The table takes zizmor's names, too, and knows them."""
    table = '[tool.new-ops-project.ignore]\ntemplate-injection = "trusted"\n'
    of = repository(work, {PATH: BAD, "pyproject.toml": table})
    checked = engine.run(of, [catalogue.rule("template-injection"), catalogue.rule("OPS002")])
    assert not checked.findings
    assert [(finding.code, why.reason) for finding, why in checked.ignored] == [("template-injection", "trusted")]


# ---- the fix of checkouts -------------------------------------------------------------------------------------------

FIXED = (
    (steps(f"- uses: {CHECKOUT}\n- run: x"), steps(f"- uses: {CHECKOUT}\n  with:\n    {OFF}\n- run: x")),
    (
        steps(f"- name: x\n  uses: {CHECKOUT}\n  with:\n    # all of it\n    fetch-depth: 0  # x"),
        steps(f"- name: x\n  uses: {CHECKOUT}\n  with:\n    # all of it\n    {OFF}\n    fetch-depth: 0  # x"),
    ),
    # Ours and zizmor's on the same line: pinned in the first round, switched off in the second.
    (
        steps("- name: x\n  uses: actions/checkout@v7\n- name: y\n  uses: actions/checkout@v7"),
        steps(f"- name: x\n  uses: {CHECKOUT}\n  with:\n    {OFF}\n- name: y\n  uses: {CHECKOUT}\n  with:\n    {OFF}"),
    ),
)
LEFT = (
    steps(f"- {{uses: {V7}}}"),
    steps(f"- uses: {CHECKOUT}\n  with: {{fetch-depth: 0}}"),
    steps(f"- uses: {CHECKOUT}\n- run: git describe"),
    steps(f"- uses: {CHECKOUT}\n- uses: somebody/else@{'1' * 40}"),
    job("permissions: {contents: write}", f"- uses: {CHECKOUT}"),
    steps(f"- uses: {CHECKOUT}  # zizmor: ignore[artipacked]"),
)


def fixed(of: repo.Repo) -> str:
    """The workflow after the fixes of OPS101 and of zizmor's audits."""
    rules = [rule for rule in workflows.FAMILY.rules if rule.fixes and (rule.tool or rule.code == "OPS101")]
    files = fixpoint.fixed_files(of, rules, lambda _: True).files
    return files[PATH].content.decode() if PATH in files else of.files[PATH].decode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("before", "after"), FIXED)
def test_a_checkout_is_switched_off(work: Path, before: str, after: str, end: str) -> None:
    """Nothing else changes, whatever the line ends."""
    of = repository(work, {})
    (work / PATH).parent.mkdir(parents=True)
    (work / PATH).write_bytes(before.replace("\n", end).encode())
    of = repo.read(work, offline=True)
    assert fixed(of) == after.replace("\n", end)


@pytest.mark.parametrize("text", LEFT)
def test_a_checkout_whose_token_may_be_needed_is_left(work: Path, text: str) -> None:
    """There is no fix where something could break, or where somebody has decided."""
    assert fixed(repository(work, {PATH: text})) == text


# ---- how zizmor is run ----------------------------------------------------------------------------------------------


def test_zizmor_reads_only_the_repository_s_configuration(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its configuration in the repository counts; the one in the user's environment does not."""
    elsewhere = work.parent / "zizmor.yml"
    elsewhere.write_text("rules: {template-injection: {disable: true}}")
    monkeypatch.setenv("ZIZMOR_CONFIG", str(elsewhere))
    assert len(places(repository(work, {PATH: BAD}), "template-injection")) == 1
    config = {".github/zizmor.yml": elsewhere.read_text()}
    assert not places(repository(work, {PATH: BAD, **config}), "template-injection")


def test_zizmor_is_not_run_without_workflows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without workflows, no process is started."""
    monkeypatch.setattr(subprocess, "run", None)
    assert audited(repo.of({"a.py": ""})) == []


def audits(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[zizmor.Audit, ...]:
    """The audits that are read from zizmor's output `text`."""
    from new_ops_project.base.process import ProcessResult

    monkeypatch.setattr(program, "run", lambda *_, **__: ProcessResult(text.encode(), f"completed ./{PATH}"))
    report: tuple[zizmor.Audit, ...] = zizmor.report(repo.of({PATH: steps("- run: é x")})).report
    return report


OUTPUT = """[{"ident": "x", "desc": "bad thing", "url": "https://e.org", "ignored": false,
"determinations": {"severity": "High", "confidence": "High", "persona": "Regular"},
"locations": [{"symbolic": {"kind": "Primary", "annotation": "here",
"key": {"Local": {"given_path": "./.github/workflows/ci.yml"}}}, "concrete": {"feature": " é x ", "location": {
"start_point": {"row": 16, "column": 16}, "end_point": {"row": 17, "column": 0}}}}]}]"""


@pytest.mark.parametrize("key", ["verbatim_path", "given_path"])
def test_zizmor_s_output_becomes_an_audit(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zizmor counts rows from 0 and columns in bytes, in this version and in older ones."""
    (audit,) = audits(OUTPUT.replace("given_path", key), monkeypatch)
    place = (PATH, 17, 17, 16)
    assert audit == zizmor.Audit("x", *place, "bad thing", "here", "é x", "https://e.org", Severity.ERROR)


@pytest.mark.parametrize(
    ("severity", "confidence", "ours"),
    [
        ("High", "High", Severity.ERROR),
        ("High", "Low", Severity.WARNING),
        ("Medium", "Low", Severity.WARNING),
        ("Low", "High", Severity.INFO),
        ("Informational", "High", Severity.INFO),
    ],
)
def test_an_error_is_certain(severity: str, confidence: str, ours: Severity, monkeypatch: pytest.MonkeyPatch) -> None:
    """What zizmor is not sure of does not become an error."""
    determined = f'"severity": "{severity}", "confidence": "{confidence}"'
    (audit,) = audits(OUTPUT.replace('"severity": "High", "confidence": "High"', determined), monkeypatch)
    assert audit.severity is ours


def test_what_is_pedantic_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Except for names and reasons, which are notes."""
    pedantic = OUTPUT.replace("Regular", "Pedantic")
    assert not audits(pedantic, monkeypatch)
    assert audits(pedantic.replace('"x"', '"anonymous-definition"'), monkeypatch)


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}', '[{"ident": 1, "locations": []}]', "3"])
def test_unreadable_output_is_no_finding(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules report that they could not check."""
    with pytest.raises(UncheckedError):
        audits(text, monkeypatch)


def test_without_zizmor_our_own_rules_still_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The skipped rules name the missing program, and our own rules still run."""

    def absent(_: repo.Repo) -> Any:
        raise UncheckedError("zizmor is not installed.", "Install it.")

    monkeypatch.setattr(reports, "TOOLS", {**reports.TOOLS, zizmor.NAME: absent})
    rules = [rule for rule in workflows.FAMILY.rules if rule.tool in {"", zizmor.NAME}]
    checked = engine.run(repo.of({PATH: BAD}), rules)
    assert "OPS101" in {finding.code for finding in checked.findings}
    (skipped,) = checked.skipped
    assert skipped.reason == "zizmor is not installed."
    assert {"artipacked", "template-injection", "OPS190"} <= set(skipped.codes)
