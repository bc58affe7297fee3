"""What --fix does to workflows: one place changes, every other byte stays."""

import pytest
from support.workflow_texts import CHECKOUT, PATH, PYTHON, check, fixed, job, steps

V7 = CHECKOUT.split("  ", maxsplit=1)[0]
OFF = "persist-credentials: false"
SHA = "0123456789abcdef0123456789abcdef01234567"

FIXES = (
    ("OPS101", steps("- uses: actions/checkout@v7.0.1"), steps(f"- uses: {CHECKOUT}")),
    ("OPS101", steps("- uses: actions/checkout@v7  # v7\n- run: x"), steps(f"- uses: {CHECKOUT}\n- run: x")),
    ("OPS101", steps("- uses: 'actions/checkout@v7'"), steps(f"- uses: '{V7}'  # v7.0.1")),
    ("OPS101", steps("- uses: Actions/Checkout@v7"), steps(f"- uses: {CHECKOUT.replace('actions/c', 'Actions/C')}")),
    ("OPS103", steps(f"- uses: {V7} # v6.0.0 was here"), steps(f"- uses: {V7} # v7.0.1 was here")),
    ("OPS104", steps(f"- uses: {V7}"), steps(f"- uses: {CHECKOUT}")),
    ("OPS104", steps(f"- uses: {V7} # pin@v7"), steps(f"- uses: {V7} # pin@v7.0.1")),
    (
        "OPS107",
        job("strategy:\n  matrix:\n    python: [3.9, '3.10',   3.10]  # three\n    py:\n    - 3.9\n    - 3.10"),
        job(
            'strategy:\n  matrix:\n    python: ["3.9", \'3.10\',   "3.10"]  # three\n    py:\n    - "3.9"\n    - "3.10"'
        ),
    ),
    ("OPS107", job("env:\n  PYTHON: &x 3.10\n  OTHER: *x"), job('env:\n  PYTHON: &x "3.10"\n  OTHER: *x')),
    ("OPS114", steps(f"- uses: {CHECKOUT}\n- run: x"), steps(f"- uses: {CHECKOUT}\n  with:\n    {OFF}\n- run: x")),
    (
        "OPS114",
        steps(f"- name: x\n  uses: {CHECKOUT}\n  with:\n    # all of it\n    fetch-depth: 0  # x"),
        steps(f"- name: x\n  uses: {CHECKOUT}\n  with:\n    # all of it\n    {OFF}\n    fetch-depth: 0  # x"),
    ),
)

# No fix: the intention is unclear, or something could break.
LEFT = (
    ("OPS101", steps("- uses: actions/checkout@v4")),
    ("OPS101", steps("- uses: actions/checkout@main")),
    ("OPS101", steps("- uses: actions/setup-python@v7.1.0")),
    ("OPS101", steps("- uses: actions/checkout@v7  # keep")),
    ("OPS101", steps("- {uses: actions/checkout@v7}")),
    ("OPS102", steps(f"- uses: actions/checkout@{SHA}  # v7.0.1")),
    ("OPS104", steps(f"- uses: a/b@{SHA}")),
    ("OPS104", steps("- uses: actions/setup-python@6d4fd22b20465ccc0f7354476588e8df7c9ca0e0")),
    ("OPS114", steps(f"- {{uses: {V7}}}")),
    ("OPS114", steps(f"- uses: {CHECKOUT}\n  with: {{fetch-depth: 0}}")),
    ("OPS114", steps(f"- uses: {CHECKOUT}\n- run: git describe")),
    ("OPS114", steps(f"- uses: {CHECKOUT}\n- uses: somebody/else@v1")),
    ("OPS114", job("permissions: {contents: write}", f"- uses: {CHECKOUT}")),
)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("code", "before", "after"), FIXES)
def test_a_fix_changes_one_place(code: str, before: str, after: str, end: str) -> None:
    """The finding is gone, and nothing else has changed, with any line ends."""
    fixed_text = fixed(before.replace("\n", end), code)
    assert fixed_text == after.replace("\n", end)
    assert not [located for located in check({PATH: fixed_text}) if located.finding.code == code]


@pytest.mark.parametrize(("code", "text"), LEFT)
def test_uncertain_findings_get_no_fix(code: str, text: str) -> None:
    """There is one finding, without a fix."""
    (finding,) = [located for located in check({PATH: text}) if located.finding.code == code]
    assert not finding.fix
    assert fixed(text, code) == text


def test_fixes_of_one_line_follow_each_other() -> None:
    """One run pins a checkout and turns off its credentials."""
    from support.workflow_texts import RULES

    from new_ops_project.checks import fixpoint, repo

    before = steps(
        f"- name: x\n  uses: actions/checkout@v7\n- name: y\n  uses: {PYTHON}\n  with: {{python-version: 3.10}}"
    )
    work = fixpoint.fixed_files(repo.of({PATH: before}), RULES, lambda _: True)
    assert work.files[PATH].content.decode() == steps(
        f"- name: x\n  uses: {CHECKOUT}\n  with:\n    {OFF}\n- name: y\n  uses: {PYTHON}\n"
        '  with: {python-version: "3.10"}'
    )
    assert [finding.code for finding in work.fixed] == ["OPS101", "OPS107", "OPS114"]
