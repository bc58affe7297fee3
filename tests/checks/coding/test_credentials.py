"""The rule about secrets with a known form, on broken and on clean examples."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import Run, git

from new_ops_project.base.finding import Finding, Severity
from new_ops_project.checks import catalogue, engine, repo
from new_ops_project.checks.linters import detect_secrets
from new_ops_project.checks.rule import UncheckedError

(RULE,) = catalogue.selected(["OPS511"], [])


def findings(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """The findings of the rule in these files."""
    checked = engine.run(repo.of(files), [RULE])
    assert not checked.skipped
    return checked.findings


# Made up, and assembled here so that no scanner of this repository takes them for real secrets.
LETTERS = "k3Jq8ZrT5vYw2LmN7pXs4BcD9fGhAeUiOy6R"
AWS = "AKIA" + "QYLPMN5HHHFPZAM2"
GITHUB = "ghp_" + LETTERS
SLACK = "xoxb-" + "263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1"
HOOK = "https://hooks.slack.com/services/" + "T4JQP9ZKL/B7VWX2MNR/k3Jq8ZrT5vYw2LmN7pXs4BcD"
BODY = "MIIEpAIBAAKCAQEA7bq2k9Jq8ZrT5vYw2LmN7pXs4BcD9fGhAeUiOy6R3Jq8ZrT5"
KEY = f"-----BEGIN {'RSA'} PRIVATE KEY-----\n{BODY}\n-----END {'RSA'} PRIVATE KEY-----\n"
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJyb2xlIjoib3BzIiwiaWF0IjoxNTE2MjM5MDIyfQ"
PAT = "github_pat_" + "11AQ7XZ2M0" + LETTERS + LETTERS
URL = "postgres://ops:" + "Xk9vw2Lq@db.internal:5432/ops"


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("deploy.sh", f"#!/bin/sh\nexport AWS_ACCESS_KEY_ID={AWS}\n", 2),
        (".env", f"é='{GITHUB}'\r\n", 1),
        ("notify.py", f"\tTOKEN = '{SLACK}'\n", 1),
        ("config.yml", f"hook: {HOOK}\n", 1),
        ("id_rsa", KEY, 1),
        ("k8s/secret.yml", "key: |\n" + "".join(f"  {line}\n" for line in KEY.splitlines()), 1),
        ("app.py", f"KEY = '''{KEY.replace(chr(10), chr(92) + 'n')}'''\n", 1),
        ("settings.toml", f'url = "{URL}"\n', 1),
        ("x.py", f"x = '{JWT}.{BODY}'\n", 1),
        ("x.py", f"x = '{PAT}'\n", 1),
        ("x.py", f"aws_secret_access_key = '{LETTERS}/+aB'\n", 1),
        (".npmrc", f"//registry.npmjs.org/:_authToken=npm_{LETTERS}\n", 1),
        ("Dockerfile", f"FROM x\nENV TOKEN={GITHUB} OTHER=1\n", 2),
    ],
)
def test_finds_secrets(path: str, text: str, line: int) -> None:
    """Each known form is found in any text file, at its line; in YAML, at the line where the value begins."""
    (finding,) = findings({path: text})
    assert (finding.path, finding.line, finding.severity) == (path, line, Severity.ERROR)


def test_only_the_files_that_were_named_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is limited to a file or folder gives the program nothing else."""
    given: list[list[str]] = []

    def scan(_repo: object, paths: list[str], *_: object) -> Iterator[object]:
        given.append(paths)
        return iter(())

    monkeypatch.setattr(detect_secrets, "_scan", scan)
    of = repo.of({"a.py": f"x = '{GITHUB}'\n", "b/c.py": f"x = '{GITHUB}'\n", "bc.py": f"x = '{GITHUB}'\n"})
    for limits in ("a.py", "b"):
        detect_secrets.report(replace(of, limits=frozenset({limits})))
    assert given == [["a.py"], ["b/c.py"]]


@pytest.mark.parametrize(
    ("path", "text", "is_in_line"),
    [
        ("id.pem", KEY, False),
        ("k8s/secret.yml", "key: |\n" + "".join(f"  {line}\n" for line in KEY.splitlines()), False),
        (".env", f"TOKEN={GITHUB}\n", False),
        ("a.json", f'["{GITHUB}"]\n', False),
        ("Dockerfile", f"FROM x\nENV TOKEN={GITHUB}\n", False),
        ("a.py", f"TOKEN = '{GITHUB}'\n", True),
        ("a.yml", f"token: {GITHUB}\n", True),
    ],
)
def test_how_a_false_alarm_ends(path: str, text: str, *, is_in_line: bool) -> None:
    """A comment is advised only where it does not become a part of the value."""
    (finding,) = findings({path: text})
    assert ("pragma: allowlist secret" in finding.remedy) is is_in_line
    assert ("paths = [" in finding.remedy) is not is_in_line


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("x.py", "AKIA" + "IOSFODNN7EXAMPLE\n"),  # from the documentation of AWS
        ("x.py", f"x = 'Z{AWS}Z'\n"),  # a part of something longer
        ("x.py", "token = 'ghp_" + "x" * 36 + "'\n"),
        ("x.py", "'https://hooks.slack.com/services/" + "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'\n"),
        ("x.py", "if line == '-----BEGIN RSA PRIVATE KEY-----':\n    pass\n"),
        ("README.md", "Paste what begins with `-----BEGIN PRIVATE KEY-----`.\n"),
        ("CHANGES.rst", "Keys may have ``BEGIN OPENSSH PRIVATE KEY`` headers\ninstead of BEGIN RSA PRIVATE KEY.\n"),
        ("README.md", "key: |\n  -----BEGIN RSA PRIVATE KEY-----\n  ...\n  -----END RSA PRIVATE KEY-----\n"),
        ("x.py", "x = r'http://username:password\\@ is masked'\n"),
        ("x.yml", "url: postgres://postgres:postgres@db/x\n"),
        ("x.yml", "url: postgres://ops:${DB_PASSWORD_1}@db/x\nother: https://{user}:{pass1}@host\n"),
        ("x.yml", "url: postgres://ops:Xk9vw2Lq@localhost/x\nother: https://u:Xk9vw2Lq@registry.example.com/\n"),
        ("x.md", "ssh://git@host:22/x, mailto:a@b, http://[::1]:8080/@x\n"),
        ("poetry.lock", f"x = '{AWS}'\n"),
        ("x.py", f"x = '{AWS}'  # pragma: allowlist secret\n"),
        ("x.md", f"{AWS} <!-- pragma: allowlist secret -->\n"),
        ("x.py", f"# pragma: allowlist nextline secret\nx = '{AWS}'\n"),
        ("x.py", f"x = '{AWS}'  # gitleaks:allow\n"),
        ("x.py", "password = 'Xk9-vw2Lq'\nh = 'd41d8cd98f00b204e9800998ecf8427e'\nip = '8.8.8.8'\n"),
        ("empty.txt", ""),
    ],
)
def test_texts_that_are_no_secrets(path: str, text: str) -> None:
    """Examples, placeholders, references, mentions of a format and allowed secrets are not found."""
    assert findings({path: text}) == ()


def test_a_secret_in_a_test_is_a_note() -> None:
    """Most secrets in tests, examples and docstrings are made up, so they do not make the run fail."""
    for files in ({"tests/test_redact.py": f"x = '{AWS}'\n"}, {"x.py": f'def f():\n    """Like\n    {AWS}\n    """\n'}):
        (finding,) = findings(files)
        assert finding.severity is Severity.INFO


def test_a_secret_is_one_finding_a_file() -> None:
    """The same secret in two files is two findings, however often and by however many detectors it is found there."""
    text = f"a = '{AWS}'\nb = 1\nc = '{AWS}'\n"
    assert [finding.path for finding in findings({"x.py": text, "y.py": text})] == ["x.py", "y.py"]


def baseline(secret: str, **more: object) -> str:
    """A `.secrets.baseline` with one secret of x.py."""
    hashed = hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest()
    entry = {
        "type": "AWS Access Key",
        "filename": "x.py",
        "hashed_secret": hashed,
        "is_verified": False,
        "line_number": 7,
        **more,
    }
    return json.dumps({"version": "1.5.0", "results": {"x.py": [entry]}})


EXCLUDED = {"path": "detect_secrets.filters.regex.should_exclude_file", "pattern": ["^x"]}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (baseline(AWS), 0),
        (baseline(AWS, is_secret=False), 0),
        (baseline(AWS, is_secret=True), 1),
        (baseline(GITHUB), 1),
        (json.dumps({"version": "1.5.0", "filters_used": [EXCLUDED], "results": {}}), 0),
        ("{", 1),
        ("[]", 1),
        ('{"results": {"x.py": [1, {}, {"hashed_secret": []}], "y": 2}, "filters_used": [1, {"path": []}]}', 1),
        ('{"results": [], "filters_used": {"pattern": "x"}}', 1),
    ],
)
def test_the_committed_baseline_applies(text: str, count: int) -> None:
    """Secrets in the baseline are not found again, except those audited as real."""
    assert len(findings({"x.py": f"x = '{AWS}'\n", ".secrets.baseline": text})) == count


@pytest.mark.parametrize("shape", ["text", "json", "sarif", "github", "markdown"])
def test_the_secret_is_never_shown(shape: str, run: Run, work: Path) -> None:
    """No output format contains the secret, or a usable part of it."""
    git("init", "-q", at=work)
    (work / "x.py").write_text(f"x = '{AWS}'\npassword = 'Xk9-vw2Lq'\n{KEY}")
    result = run("check", "--format", shape, "--select", "code", "--ignore", "OPS590", code=1)
    output = result.out + result.err
    assert "OPS511" in output
    assert "S105" in output or "invalid-syntax" in output
    assert not [part for part in (AWS[4:], "Xk9-vw2Lq", BODY[:20]) if part in output]


def test_without_detect_secrets_the_rule_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says what is missing, the hint how to install it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UncheckedError, match="detect-secrets is not installed") as caught:
        detect_secrets.report(repo.of({}))
    assert "new-ops-project[check]" in caught.value.hint


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(["x.py", ".env", ".secrets.baseline"]), st.text(max_size=200)))
def test_odd_text_is_handled(files: Mapping[str, str]) -> None:
    """No text leads to a traceback."""
    assert findings({path: text.encode("utf-8", "replace").decode() for path, text in files.items()}) == ()
