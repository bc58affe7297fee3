"""What --fix does to workflows: one place changes, every other byte stays."""

import pytest
from support.workflow_texts import CHECKOUT, PATH, check, fixed, job, steps

V7 = CHECKOUT.split("  ", maxsplit=1)[0]
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
