"""What the pins' modules read out of messages, names of files and versions."""

from datetime import date
from pathlib import PurePosixPath

import pytest

from new_ops_project.template.pins import uv
from new_ops_project.template.pins.python_support import Support, version_use
from new_ops_project.template.pins.resolution import module_name


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("error: no network\n", "no network"),
        ("warning: old\nerror: no network\n", "no network"),
        ("error: a\ncause: b\ncause: c\ncause: d\n", "a: b: d"),
        ("error: a\ncause: b\n", "a: b"),
        ("error: a\ncause: a\n", "a"),
        ("something else\n", "something else"),
        ("warning: old\n", "no reason given"),
        ("", "no reason given"),
    ],
)
def test_reasons_of_uv(stderr: str, reason: str) -> None:
    """Its error, the first and the last cause, each once; without an error what it says, without warnings."""
    assert uv.reason(stderr) == reason


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("requests/api.py", "requests"),
        ("requests/deep/api.py", "requests"),
        ("six.py", "six"),
        ("_cffi.cpython-311-x86_64-linux-gnu.so", "_cffi"),
        ("yaml/_yaml.so", "yaml"),
        ("a__mypyc.cpython-311.so", ""),
        ("requests-2.0.dist-info/METADATA", ""),
        ("bin/x", ""),
        ("README.md", ""),
    ],
)
def test_modules_of_files(path: str, module: str) -> None:
    """A file belongs to the module at the top of its path, or is one; data belongs to none."""
    assert module_name(PurePosixPath(path)) == module


@pytest.mark.parametrize(
    ("name", "day", "support", "mark"),
    [
        ("3.11", date(2027, 1, 1), Support.LASTS, "until 2027-10"),
        ("3.11.4", date(2027, 1, 1), Support.LASTS, "until 2027-10"),
        ("3.11", date(2027, 10, 31), Support.SOON, "ends 2027-10"),
        ("3.11", date(2027, 11, 1), Support.ENDED, "ended 2027-10"),
        ("3.11", date(2027, 5, 4), Support.SOON, "ends 2027-10"),
        ("3.11", date(2027, 5, 3), Support.LASTS, "until 2027-10"),
        ("2.7", date(2027, 1, 1), Support.ENDED, "ended"),
        ("9.1", date(2027, 1, 1), Support.UNKNOWN, ""),
        ("3.111", date(2027, 1, 1), Support.UNKNOWN, ""),
        ("3", date(2027, 1, 1), Support.UNKNOWN, ""),
        ("python", date(2027, 1, 1), Support.UNKNOWN, ""),
        ("3.11rc1", date(2027, 1, 1), Support.UNKNOWN, ""),
    ],
)
def test_support_of_pythons(name: str, day: date, support: Support, mark: str) -> None:
    """A version lasts to the last day of its month; half a year before, its end is near."""
    use = version_use(name, day)
    assert (use.support, use.mark) == (support, mark)
