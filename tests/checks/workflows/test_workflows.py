"""The rules about workflows: what each one must find (marked with «), and what it must not."""

import pytest
from support.workflow_texts import CHECKOUT, PATH, PYTHON, UPLOAD, check, finding_places, job, marks, places, steps

from new_ops_project.base.finding import Severity
from new_ops_project.checks.workflows import known_actions

SHA = "0123456789abcdef0123456789abcdef01234567"
V7 = CHECKOUT.split("  ", maxsplit=1)[0]
SLSA = "slsa-framework/slsa-github-generator/.github/workflows/x.yml"

ENDLESS = job("").replace("    timeout-minutes: 10\n", "")

BROKEN = (
    ("OPS100", "name: ci\non: [push\njobs«: {}\n"),
    ("OPS100", "«- a\n- b\n"),
    ("OPS100", "name: ci\n«name: cd\non: push\njobs: {}\n"),
    ("OPS100", "«"),
    # ---- uses
    ("OPS101", steps("- uses: «actions/checkout@v7")),
    ("OPS101", steps("- uses: «actions/checkout@main\n- uses: «actions/cache/save@0123456")),
    ("OPS101", steps("- uses: «actions/checkout")),
    ("OPS101", steps('- uses: «"actions/checkout@v7"')),
    ("OPS101", steps("- {name: x, uses: «actions/checkout@v7}")),
    ("OPS101", steps("- uses: «docker://alpine:3")),
    ("OPS101", "on: push\njobs:\n  a:\n    uses: «a/b/.github/workflows/x.yml@v1\n"),
    ("OPS102", steps(f"- uses: «actions/checkout@{SHA}  # v7.0.1")),
    ("OPS102", steps(f"- uses: «Actions/Checkout@{SHA} # 7.0.1")),
    ("OPS102", steps(f"- uses: «github/codeql-action/init@{SHA}  # v4.37.7")),
    # Only one source says that this is v7.1.0, but it is certain that v7.0.0 is another commit.
    ("OPS102", steps("- uses: «actions/setup-python@6d4fd22b20465ccc0f7354476588e8df7c9ca0e0  # v7.0.0")),
    ("OPS103", steps(f"- uses: «{V7}  # v6.0.0")),
    ("OPS103", steps(f"- uses: «{V7}  # v6")),
    ("OPS103", steps(f"- uses: «{V7.upper()} # tag=v6.1.0")),
    ("OPS104", steps(f"- uses: «{V7}")),
    ("OPS104", steps(f"- uses: «{V7}  # v7\n- uses: «a/b@{SHA} # main")),
    ("OPS104", steps(f"- {{uses: «{V7}, name: x}}")),
    # ---- runners
    ("OPS105", job("runs-on: «ubuntu-latest")),
    ("OPS105", job("runs-on: [«windows-latest]")),
    ("OPS105", job('runs-on: {group: big, labels: ["«macos-latest-xlarge"]}')),
    ("OPS105", job("runs-on: ${{ inputs.runner || '«ubuntu-latest' }}")),
    ("OPS106", ENDLESS.replace("  check:", "  «check:")),
    ("OPS106", "on: push\njobs:\n  «a: {runs-on: x}\n  b: {runs-on: x}\n  c: {runs-on: x, timeout-minutes: 5}\n"),
    # ---- versions of Python
    ("OPS107", steps(f"- uses: {PYTHON}\n  with:\n    python-version: «3.10")),
    ("OPS107", job("strategy:\n  matrix:\n    python: [«3.9, '3.10', 3.11]\n    other: [3.9]")),
    ("OPS107", job("strategy:\n  matrix:\n    python-version:\n    - «3.9\n    - «3.10")),
    ("OPS107", job("env: {PYTHON_VERSION: «3.10}")),
    ("OPS108", steps(f"- uses: {PYTHON}\n  with:\n    python-version: «3.x")),
    ("OPS108", steps(f"- uses: {PYTHON}\n  with:\n    python-version: «'3'")),
    ("OPS108", steps(f"- uses: {PYTHON}\n  with:\n    python-version: «'>=3.11 <3.14'")),
    ("OPS108", steps(f"- uses: «{PYTHON}")),
    ("OPS108", steps(f"- uses: «{PYTHON}\n  with: {{cache: pip}}")),
    (
        "OPS108",
        job(
            "strategy: {matrix: {py: ['3.12', «'3.x']}}",
            f"- uses: {PYTHON}\n  with:\n    python-version: ${{{{ matrix.py }}}}",
        ),
    ),
    ("OPS108", job("env: {PY: «3.x}", f"- uses: {PYTHON}\n  with: {{python-version: '${{{{ env.PY }}}}'}}")),
    # ---- installs
    ("OPS109", steps("- run: pip install «build")),
    ("OPS109", steps("- run: |\n    set -e\n    python -m pip install --upgrade «pip && echo done")),
    ("OPS109", steps("- run: |\n    pip install \\\n      -r requirements.txt \\\n      «twine wheel==1.0")),
    ("OPS109", steps("- run: >-\n    .venv/bin/python -m pip install\n    «'build>=1'")),
    ("OPS109", steps("- run: sudo -H pip3 install «git+https://example.org/x.git@main")),
    ("OPS109", steps('- run: "uv pip install «ruff"\n- run: uv tool install «ruff@latest\n- run: uvx «ruff check')),
    ("OPS109", steps("- run: pipx install «poetry; pipx run --spec «'build' pyproject-build .")),
    ("OPS109", steps("- run: python -Im pip install «tox\n- run: cat <<< x; env X=1 pip install «x")),
    ("OPS109", steps("- run: if true; then pip install «x; fi")),
    ("OPS109", steps("- run: pip install -qU «x\n- run: pip install -qr a.txt «x\n- run: pip install -ra.txt «x")),
    ("OPS109", steps("- run: pip install --no-binary=a --only-binary b «x\n- run: pip install --no-input -U «x")),
    ("OPS109", steps("- run: uv tool install --python-preference only-managed «tox --with tox-uv")),
    ("OPS109", steps("- run: uvx --with x==1 «tox -e y\n- run: uvx --from x==1 --with «y z")),
    # ---- inputs
    ("OPS110", steps(f"- uses: {CHECKOUT}\n  with:\n    «persist-credential: false")),
    ("OPS110", steps(f"- uses: {CHECKOUT}\n  with: {{«fetch-deep: 0}}")),
    ("OPS110", steps("- uses: actions/setup-python@v5\n  with:\n    «python_version: '3.12'")),
    # ---- clouds
    ("OPS111", job("env:\n  AWS_SECRET_ACCESS_KEY: «${{ secrets.KEY }}\nenvironment: production")),
    ("OPS111", steps("- run: x\n  env:\n    AWS_SECRET_ACCESS_KEY: «${{ secrets.KEY }}")),
    ("OPS111", steps("- run: x\n  env:\n    KEY: «${{ secrets.aws_secret_access_key }}")),
    ("OPS111", steps("- run: x\n  env:\n    GOOGLE_APPLICATION_CREDENTIALS: «${{ secrets.FILE }}")),
    ("OPS111", steps("- run: echo '«${{ secrets.GCP_SA_KEY }}' > key.json")),
    ("OPS111", job("env: {AWS_SECRET_ACCESS_KEY: «AKIAABCDEFGHIJKLMNOP}")),
    (
        "OPS111",
        steps(
            "- uses: aws-actions/configure-aws-credentials@v6\n  with:\n"
            "    aws-access-key-id: «${{ secrets.ID }}\n    aws-secret-access-key: ${{ secrets.KEY }}"
        ),
    ),
    ("OPS111", job("environment: x", "- uses: azure/login@v3\n  with: {creds: «'${{ secrets.C }}'}")),
    ("OPS111", steps("- uses: google-github-actions/auth@v3\n  with: {credentials_json: «'${{ secrets.C }}'}")),
    # ---- events
    ("OPS115", "on:\n  «pull_request:\njobs: {}\n"),
    ("OPS115", "on: [push, «pull_request]\nconcurrency: {group: x}\njobs: {}\n"),
    ("OPS115", "on:\n  «schedule: [{cron: '1 2 * * *'}]\njobs: {}\n"),
    ("OPS116", "on:\n  schedule: [{cron: 1 2 * * *}]\nconcurrency: {group: x, cancel-in-progress: «true}\njobs: {}\n"),
    ("OPS116", "on: push\njobs:\n  a:\n    environment: prod\n    concurrency: {cancel-in-progress: «true}\n"),
    ("OPS118", "name: x\n«on: push\njobs: {}\n"),
    ("OPS119", "on:\n  schedule:\n  - cron: «'0 5 * * *'\n  - cron: «30 5 * * 1\n  - cron: '17 5 * * *'\njobs: {}\n"),
    # ---- artifacts
    ("OPS124", steps(f"- uses: «{UPLOAD}\n  with: {{path: dist}}")),
    # ---- logins
    ("OPS125", steps("- uses: «aws-actions/configure-aws-credentials@v6\n  with: {role-to-assume: x}")),
    ("OPS126", steps("- uses: «azure/login@v3\n  with: {client-id: x}")),
    # ---- needs
    ("OPS127", "on: push\njobs:\n  «a: {needs: [nothere]}\n  b: {needs: a}\n"),
    ("OPS127", "on: push\njobs:\n  z: {}\n  «a: {needs: b}\n  b: {needs: [z, c]}\n  c: {needs: A}\n  d: {needs: c}\n"),
    ("OPS127", "on: push\njobs:\n  «a: {needs: a}\n"),
)

CLEAN = (
    ("OPS127", "on: push\njobs:\n  a: {needs: [B, c]}\n  b: {needs: c}\n  c:\n"),
    ("OPS100", steps("- run: x").replace("\n", "\r\n")),
    ("OPS101", steps(f"- uses: {CHECKOUT}\n- uses: ./local\n- uses: $/local\n- uses: docker://a@sha256:{'0' * 64}")),
    ("OPS101", f"on: push\njobs:\n  a:\n    uses: {SLSA}@v2.1.0\n"),
    ("OPS101", steps("- uses: actions/checkout@v7  # zizmor: ignore[artipacked, unpinned-uses] why not")),
    ("OPS102", steps(f"- uses: {CHECKOUT}\n- uses: actions/checkout@{SHA}  # v6.9.9\n- uses: a/b@{SHA}  # v1.0.0")),
    # Only one source knows v7.1.0 of setup-python, so neither rule relies on it.
    ("OPS102", steps(f"- uses: actions/setup-python@{SHA}  # v7.1.0")),
    ("OPS103", steps("- uses: actions/setup-python@6d4fd22b20465ccc0f7354476588e8df7c9ca0e0  # v9.9.9")),
    ("OPS103", steps(f"- uses: {V7}  # v7\n- uses: {V7}")),
    ("OPS104", steps(f"- uses: {CHECKOUT}\n- uses: {V7} # pin@v7.0.1\n- uses: {V7} # 7.0.1 (2026-07-17)")),
    ("OPS105", job("runs-on: [self-hosted, ubuntu-latest]")),
    ("OPS105", job("runs-on: my-ubuntu-latest-x")),
    ("OPS105", job("runs-on: ${{ fromJSON(inputs.os) }}\nstrategy: {matrix: {tool: [ubuntu-latest]}}")),
    # What a matrix lists is what the project is tested on, on purpose.
    (
        "OPS105",
        job("runs-on: ${{ matrix.os }}\nstrategy: {matrix: {os: [ubuntu-latest], include: [{os: macos-latest}]}}"),
    ),
    ("OPS105", job("runs-on: ${{ matrix.on.os }}\nstrategy:\n  matrix:\n    on:\n    - os: ubuntu-latest")),
    ("OPS106", "on: push\njobs:\n  a:\n    uses: ./.github/workflows/x.yml\n"),
    ("OPS106", job("").replace("    timeout-minutes: 10\n", "").replace("run:", "timeout-minutes: 5, run:")),
    ("OPS107", job("strategy: {matrix: {python: ['3.9', 3.10.1, pypy3.10], node: [3.10]}}")),
    (
        "OPS108",
        steps(
            "\n".join(
                f"- uses: {PYTHON}\n  with: {{python-version: '{version}'}}"
                for version in (
                    "3.12",
                    "3.12.1",
                    "3.12.x",
                    "3.13t",
                    "3.15-dev",
                    "3.15.0-alpha - 3.15",
                    "pypy3.11",
                    "${{ inputs.python }}",
                )
            )
        ),
    ),
    ("OPS108", steps(f"- uses: {PYTHON}\n  with: {{python-version-file: .python-version}}")),
    ("OPS108", steps(f"- uses: {PYTHON}\n  with:\n    python-version: |\n      ${{{{ join('\n',\n      x) }}}}")),
    (
        "OPS109",
        steps(
            "\n".join(
                f"- run: {run}"
                for run in (
                    "pip install -r requirements.txt",
                    "pip install --require-hashes -r a.txt",
                    "pip install -e .[dev]",
                    "pip install .",
                    "pip install 'build==1.2'",
                    "pip install --no-deps dist/*.whl",
                    "pip install ./pkg x==1",
                    "pip install git+https://example.org/x.git@" + SHA,
                    "pip install $PACKAGES",
                    "pip install -c c.txt build",
                    "echo pip install build",
                    "pip list",
                    "pip install --index-url https://e.org a==1",
                    "uv sync",
                    "uvx ruff@0.9.1",
                    "pipx run 'cibuildwheel==3.1.0'",
                    "pip install x==${{ matrix.x }}",
                    "pip --version  # pip install x",
                    "pip install -qr requirements.txt",
                    "pip install -Ur requirements.txt -qqc c.txt",
                    "pip install -qcc.txt build",
                    "pip install --use-feature fast-deps a==1",
                    "pip install --root-user-action ignore --retries 3 -r requirements.txt",
                    "pip install -qt lib --platform manylinux2014_x86_64 a==1",
                    "pip install --constraint=c.txt build",
                    "uv pip install --torch-backend auto --color never -r requirements.txt",
                    "uvx --from build==1.2 --python 3.12 pyproject-build",
                )
            )
        ),
    ),
    ("OPS109", steps("- run: |\n    cat > x <<'EOF'\n    pip install build\n    EOF\n    true")),
    ("OPS109", steps("- run: pip install x\n  env: {PIP_CONSTRAINT: c.txt}\n- run: pip install x\n  shell: python")),
    ("OPS110", steps(f"- uses: {CHECKOUT}\n  with: {{Fetch-Depth: 0}}")),
    # A newer and an older version than the inputs were read from: an input that is not a typo may exist there.
    ("OPS110", steps(f"- uses: actions/checkout@{SHA}  # v7.5.0\n  with: {{new-thing: 1}}")),
    ("OPS110", steps(f"- uses: slackapi/slack-github-action@{SHA}  # v1.27.0\n  with: {{channel-id: 1}}")),
    ("OPS110", steps("- uses: a/b@v1\n  with: {x: 1}")),
    ("OPS111", job("environment: production", "- run: x\n  env:\n    AWS_SECRET_ACCESS_KEY: ${{ secrets.KEY }}")),
    ("OPS111", job("env: {AWS_SECRET_ACCESS_KEY: testing}")),
    ("OPS111", job("env: {GOOGLE_APPLICATION_CREDENTIALS: key.json, KEY: '${{ secrets.AWS_ROLE }}'}")),
    ("OPS111", job("environment: x", "- run: echo '${{ secrets.GCP_SA_KEY }}' > key.json")),
    ("OPS111", steps("- run: x\n  env: {AWS_SECRET_ACCESS_KEY: '${{ steps.x.outputs.key }}'}")),
    ("OPS111", steps("- run: x\n  env: {AWS_SECRET_ACCESS_KEY: '${{ secrets.K }}', AWS_SESSION_TOKEN: x}")),
    ("OPS115", "on: push\njobs: {}\n"),
    ("OPS115", job("")),
    ("OPS116", job("environment: preview")),
    ("OPS118", "on: workflow_call\njobs: {}\n"),
    ("OPS118", "on: pull_request\njobs: {}\n"),
    ("OPS119", "on:\n  schedule: [{cron: '*/5 * * * *'}]\njobs: {}\n"),
    ("OPS123", steps(f"- uses: {PYTHON}\n  with: {{python-version: '3.12', cache: poetry}}")),
    ("OPS124", steps(f"- uses: {UPLOAD}\n  if: failure()\n  with: {{path: log}}")),
    ("OPS125", job("environment: x", "- uses: azure/login@v3\n  with: {client-id: x}")),
    ("OPS126", job("permissions: {id-token: write}", "- uses: azure/login@v3\n  with: {client-id: x}")),
    ("OPS126", job("runs-on: self-hosted", "- uses: azure/login@v3\n  with: {client-id: x}")),
)


@pytest.mark.parametrize(("code", "text"), BROKEN)
def test_a_breach_is_found_where_it_is(code: str, text: str) -> None:
    """Each rule finds every marked place, and no other."""
    assert places(code, text) == marks(text)


@pytest.mark.parametrize(("code", "text"), [case for case in BROKEN if case[0] != "OPS100"])
def test_windows_line_ends_change_no_place(code: str, text: str) -> None:
    """With CRLF, each rule finds the same places."""
    assert places(code, text.replace("\n", "\r\n")) == marks(text)


@pytest.mark.parametrize(("code", "text"), CLEAN)
def test_sound_workflows_have_no_findings(code: str, text: str) -> None:
    """No rule reports anything when all is well."""
    assert places(code, text) == []


def test_every_rule_has_both() -> None:
    """Each rule is in both tables, or has a test of its own below."""
    from support.workflow_texts import RULES

    codes = {rule.code for rule in RULES if rule.code < "OPS130"}
    assert {code for code, _ in BROKEN} | {"OPS123"} == codes
    assert {code for code, _ in CLEAN} == codes


# ---- composite actions, local ones and reusable workflows -----------------------------------------------------------


COMPOSITE = """\
name: x
inputs: {text: {}}
runs:
  using: composite
  steps:
  - uses: «actions/checkout@v7
    with: {persist-credentials: false}
  - run: pip install «build
    shell: bash
"""


@pytest.mark.parametrize("path", ["action.yml", ".github/actions/x/action.yaml"])
def test_steps_of_composite_actions_count(path: str) -> None:
    """Pins and installs are found in the repository's own actions."""
    wanted = [(code, path, *place) for code, place in zip(("OPS101", "OPS109"), marks(COMPOSITE), strict=True)]
    assert finding_places({path: COMPOSITE}) == wanted


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject_dot_toml", '[project]\nname = "Audit-Log"\n'),
        ("pyproject_dot_toml", '[tool.poetry]\nname = "audit-log"\n'),
        ("setup_dot_cfg", "[metadata]\nname = audit.log\n"),
    ],
)
def test_the_project_s_own_package_is_what_it_is(path: str, text: str) -> None:
    """What was just published is installed without a version."""
    flow = steps("- run: pip install -U 'audit_log[all]'\n- run: pip install «audit-logs")
    assert places("OPS109", flow, **{path: text}) == marks(flow)


def test_inputs_of_local_actions_are_known() -> None:
    """An action that `./` names has the inputs that its file declares."""
    text = steps("- uses: ./.github/actions/x\n  with: {text: 1, «other: 2}")
    assert places("OPS110", text, _dot_github__actions__x__action_dot_yml=COMPOSITE) == marks(text)


def test_inputs_of_called_workflows_are_known() -> None:
    """A job that calls a workflow may give only the inputs that it declares."""
    called = "on: {workflow_call: {inputs: {a: {type: string}}}}\njobs: {}\n"
    text = "on: push\njobs:\n  x:\n    uses: ./.github/workflows/y.yml\n    with: {a: 1, «b: 2}\n"
    assert places("OPS110", text, _dot_github__workflows__y_dot_yml=called) == marks(text)


def test_a_cache_follows_the_lock_that_is_installed() -> None:
    """With a lock other than requirements.txt, the cache must name it; without any lock, it need not."""
    text = steps(f"- uses: {PYTHON}\n  with:\n    python-version: '3.12'\n    cache: «pip")
    locks = {"requirements.txt": "a==1\n", "requirements-dev.txt": "a==1\nb==2\n"}
    (place,) = [place for place in finding_places({PATH: text, **locks}) if place[0] == "OPS123"]
    assert [place[2:]] == marks(text)
    assert not [place for place in finding_places({PATH: text, "requirements.txt": ""}) if place[0] == "OPS123"]
    assert places("OPS123", text) == []


def test_two_known_versions_contradict_each_other_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both the comment and the commit are known, only OPS103 reports it, with the other commit."""
    known = known_actions.KnownAction(
        (known_actions.ActionRelease("v1.0.0", "1" * 40), known_actions.ActionRelease("v2.0.0", "2" * 40))
    )
    monkeypatch.setattr(known_actions, "actions", lambda: {"a/b": known})
    text = steps(f"- uses: a/b@{'1' * 40}  # v2.0.0")
    assert places("OPS102", text) == []
    assert only_finding("OPS103", text)[1] == f"Write `# v1.0.0`; v2.0.0 is {'2' * 40}."


# ---- messages, remedies, severities ---------------------------------------------------------------------------------


def only_finding(code: str, text: str) -> tuple[str, str, Severity]:
    """Message, remedy and severity of the only finding with that code."""
    (finding,) = [located.finding for located in check({PATH: text}) if located.finding.code == code]
    return finding.message, finding.remedy, finding.severity


def test_a_tag_is_answered_with_the_line_to_write() -> None:
    """The remedy has the commit id and the version."""
    assert only_finding("OPS101", steps("- uses: actions/checkout@v7"))[1] == f"Write `uses: {CHECKOUT}`."
    remedy = only_finding("OPS101", steps("- uses: actions/checkout@v4"))[1]
    assert remedy.endswith(f"; v7.0.1 is {V7.partition('@')[2]}.")


def test_a_misspelt_input_is_answered_with_the_right_one() -> None:
    """The nearest input is named."""
    text = steps(f"- uses: {CHECKOUT}\n  with: {{fetch-deep: 0}}")
    assert only_finding("OPS110", text)[1] == "Did you mean `fetch-depth`?"


@pytest.mark.parametrize(
    ("code", "text", "severity"),
    [
        ("OPS105", job("runs-on: ubuntu-latest"), Severity.INFO),
        ("OPS105", job("runs-on: ubuntu-latest\nenvironment: production"), Severity.WARNING),
        ("OPS106", ENDLESS, Severity.INFO),
        ("OPS106", ENDLESS.replace("  pull_request:\n", "  schedule: [{cron: 17 5 * * *}]\n"), Severity.WARNING),
        ("OPS106", ENDLESS.replace("  pull_request:\n", "  release:\n"), Severity.WARNING),
        ("OPS107", job("env: {PYTHON: 3.10}"), Severity.ERROR),
        ("OPS107", job("env: {PYTHON: 3.11}"), Severity.WARNING),
        ("OPS104", steps(f"- uses: {V7}"), Severity.WARNING),
        ("OPS104", steps(f"- uses: {V7} # v7"), Severity.INFO),
    ],
)
def test_severity_follows_the_harm(code: str, text: str, severity: Severity) -> None:
    """What is wrong today is an error; what may go wrong later is a warning."""
    assert only_finding(code, text)[2] is severity


# ---- Dependabot -----------------------------------------------------------------------------------------------------

DEPENDABOT = """\
version: 2
updates:
  - package-ecosystem: github-actions
    directory: /
    schedule: {interval: weekly}
    cooldown: {default-days: 7}
    groups: {actions: {patterns: ["*"]}}
  - package-ecosystem: pip
    directory: /
    schedule: {interval: weekly}
    cooldown: {default-days: 7}
    groups: {packages: {patterns: ["*"]}}
"""


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("OPS130", DEPENDABOT.replace("github-actions", "docker").replace("updates:", "«updates:")),
        ("OPS131", DEPENDABOT.replace(" pip\n", " npm\n").replace("updates:", "«updates:")),
        ("OPS133", DEPENDABOT.replace('    groups: {packages: {patterns: ["*"]}}\n', "").replace(" pip", " «pip")),
        ("", DEPENDABOT),
        ("", DEPENDABOT.replace(" pip\n", " uv\n")),
        ("", "version: 2\n"),
    ],
)
def test_dependabot_updates_everything_with_patience(code: str, text: str) -> None:
    """Missing ecosystems, entries without a cooldown and ungrouped entries are found."""
    path = ".github/dependabot.yml"
    files = {path: text, PATH: steps(f"- name: x\n  uses: {CHECKOUT}\n  with: {{persist-credentials: false}}")}
    wanted = [(code, path, *place) for place in marks(text)]
    assert "OPS131" not in {place[0] for place in finding_places({**files, "pyproject.toml": "[project]\n"})}
    assert finding_places({**files, "requirements.txt": "a==1\n"}) == wanted
