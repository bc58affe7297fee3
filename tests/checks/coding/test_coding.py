"""The rules about code: what each finds and where, and what it lets pass."""

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import Run, git

from new_ops_project.base.finding import Severity
from new_ops_project.checks import catalogue, engine
from new_ops_project.checks import repo as repository

Places = list[tuple[str, int, int]]
RULES = catalogue.selected(["code"], ["OPS511", "OPS590"])


def found(files: Mapping[str, str]) -> Places:
    """What all rules say of these files, but for what is only to know: code, line and column."""
    checked = engine.run(repository.of(files), RULES)
    assert not checked.skipped
    return [(one.code, one.line, one.column) for one in checked.findings if one.counts]


# What each rule finds, in a file of its own.
BROKEN: tuple[tuple[str, Places], ...] = (
    ("def x(:\n    pass\n", [("OPS500", 1, 7)]),
    ("print 'python 2'\n", [("OPS500", 1, 7)]),
    ("try:\n    go()\nexcept Exception:\n    pass\n", [("OPS501", 3, 1)]),
    ("try:\r\n    go()\r\nexcept Exception:\r\n    pass\r\n", [("OPS501", 3, 1)]),
    ("for x in y:\n  try:\n    go()\n  except (OSError, BaseException):\n    continue\n", [("OPS501", 4, 3)]),
    ("try:\n    client.close()\n    go()\nexcept Exception:\n    pass\n", [("OPS501", 4, 1)]),
    ("try:\n    client.close()\nexcept:\n    pass\n", [("OPS501", 3, 1)]),
    ("try:\n    go()\nexcept Exception:\n    ...\n", [("OPS501", 3, 1)]),
    ("try:\n    go()\nexcept:\n    x = 1\n", [("OPS501", 3, 1)]),
    ("try:\n    go()\nexcept:\n    log.error('no')\n", [("OPS501", 3, 1)]),
    ("try:\n    go()\nexcept Exception:  # TODO later\n    pass\n", [("OPS501", 3, 1)]),
    ("try:\n    go()\nexcept OSError as e:\n    print(e)\n", [("OPS502", 4, 5)]),
    ("try:\n    go()\nexcept OSError as e:\n    'é'; print(e)\n", [("OPS502", 4, 10)]),
    ("PASSWORD = 'Xk9-vw2Lq'\n", [("OPS503", 1, 12)]),
    ("PASSWORD = 'hunter2'\n", [("OPS503", 1, 12)]),  # people choose such
    ("PASSWORD = 'letmein'\n", [("OPS503", 1, 12)]),
    ("db_password = 'Test1234!'\n", [("OPS503", 1, 15)]),
    ("connect(password='Xk9-vw2Lq')\n", [("OPS503", 1, 9)]),
    ("def connect(host, *, token='Xk9vw2Lq77'):\n    pass\n", [("OPS503", 1, 28)]),
    ("settings['db_password'] = 'Xk9-vw2Lq'\n", [("OPS503", 1, 27)]),
    ("import sys\ntry:\n    go()\nexcept Exception as e:\n    log.error(e)\n    sys.exit(0)\n", [("OPS504", 6, 5)]),
    ("import sys\ntry:\n    go()\nexcept:\n    sys.exit()\n", [("OPS504", 5, 5)]),
    ("from sys import exit as leave, exit\ntry:\n    go()\nexcept OSError:\n    exit(0)\n", [("OPS504", 5, 5)]),
    ("import os\ntry:\n    go()\nexcept ValueError:\n    os._exit(os.EX_OK)\n", [("OPS504", 5, 5)]),
    ("try:\n    go()\nexcept requests.Timeout:\n    raise SystemExit\n", [("OPS504", 4, 5)]),
    ("try:\n    go()\nexcept KeyError:\n    raise SystemExit(0) from None\n", [("OPS504", 4, 5)]),
    ("import typer\ntry:\n    go()\nexcept OSError:\n    raise typer.Exit(code=0)\n", [("OPS504", 5, 5)]),
    ("import subprocess as sp\nx = sp.run(f'rm {y}', shell=True)\n", [("OPS505", 2, 5)]),
    ("import subprocess\ncmd = 'rm %s' % y\nz = subprocess.check_output(cmd, shell=True)\n", [("OPS505", 3, 5)]),
    ("import subprocess\ncmd = 'rm'\ncmd += f' {y}'\nz = subprocess.Popen(cmd, shell=True)\n", [("OPS505", 4, 5)]),
    ("import os\nx = os.popen('ls ' + y).read()\n", [("OPS505", 2, 5)]),
    ("import os\nx = os.system('ls {}'.format(y))\n", [("OPS505", 2, 5)]),
    ("import subprocess\nx = subprocess.run(' '.join(args), shell=True)\n", [("OPS505", 2, 5)]),
    ("import subprocess\nx = subprocess.run(['ls', y], shell=True)\n", [("OPS505", 2, 5)]),
    ("import requests\nrequests.get(url)\n", [("OPS506", 2, 1)]),
    ("import requests\nrequests.get(url, timeout=None)\n", [("OPS506", 2, 19)]),
    ("import requests\ns = requests.Session()\ns.post(url)\n", [("OPS506", 3, 1)]),
    ("import requests\nwith requests.Session() as s:\n    s.get(url)\n", [("OPS506", 3, 5)]),
    ("import requests\nx = requests.Session().get(url)\n", [("OPS506", 2, 5)]),
    ("from urllib.request import urlopen\nx = urlopen(url)\n", [("OPS506", 2, 5)]),
    ("import urllib.request\nx = urllib.request.urlopen(url, data)\n", [("OPS506", 2, 5)]),
    ("import subprocess\nsubprocess.run(['rsync', a, b])\n", [("OPS507", 2, 1)]),
    ("import subprocess\nsubprocess.call(['rsync', a, b])\n", [("OPS507", 2, 1)]),
    ("import os\nos.system('systemctl restart nginx')\n", [("OPS507", 2, 1)]),
    ("import datetime\nx = datetime.datetime.utcnow()\n", [("OPS508", 2, 5)]),
    ("from datetime import datetime\nx = datetime.utcfromtimestamp(1)\n", [("OPS508", 2, 5)]),
    ("import requests\nrequests.get(url, verify=False, timeout=3)\n", [("OPS509", 2, 19)]),
    (
        "import paramiko\nc = paramiko.SSHClient()\nc.set_missing_host_key_policy(paramiko.AutoAddPolicy)\n",
        [("OPS509", 3, 31)],
    ),
    ("import yaml\nx = yaml.load(text)\n", [("OPS510", 2, 5)]),
)

# What they let pass.
CLEAN = (
    "",
    "\ufeffx = 1\n",
    "type X = int\nmatch 1:\n    case 1:\n        pass\n",  # newer than any Python that is named somewhere
    "try:\n    go()\nexcept OSError:\n    pass\n",
    "try:\n    go()\nexcept Exception:\n    log.exception('it failed')\n",
    "try:\n    go()\nexcept Exception as e:\n    errors.append(e)\n",
    "try:\n    go()\nexcept Exception:\n    x = None\n",
    "try:\n    go()\nexcept Exception:  # the cache is only a convenience\n    pass\n",
    "try:\n    go()\nexcept Exception:  # noqa: BLE001, S110\n    pass\n",
    "try:\n    go()\nexcept Exception:  # nosec B110\n    pass\n",
    "try:\n    go()\nexcept:  # pylint: disable=bare-except\n    x = 1\n",
    "try:\n    go()\nexcept:\n    undo()\n    raise\n",
    "import sys\ntry:\n    go()\nexcept:\n    sys.exit(1)\n",
    "class A:\n  def __del__(self):\n    try:\n      self.close()\n    except Exception:\n      pass\n",
    "try:\n    client.close()\nexcept Exception:\n    pass\n",
    "print('the result')\n",
    "import sys\ntry:\n    go()\nexcept OSError as e:\n    print(e, file=sys.stderr)\n",
    "try:\n    x = input()\nexcept ValueError:\n    print('A number, please.')\n",
    "try:\n    go()\nexcept KeyboardInterrupt:\n    print()\n",
    "def main():\n    log = logging.getLogger()\n    print(result)\n",
    "PASSWORD_FILE = '/run/secrets/db1'\nTOKEN_URL = 'https://example.org/oauth2/token'\n",
    "TOKEN_ENV = 'OPS_TOKEN_1'\npassword = 'password'\nsecret = 'prod/db-1'\n",
    "password = '<your-password-1>'\ntoken = '${TOKEN_1}'\nsecret = 'changeme123'\npassword = ''\npwd = 'x1'\n",
    "token = 'arn:aws:secretsmanager:eu-west-1:123:secret:x1'\npassword = os.environ['DB_PASSWORD_1']\n",
    "PASSWORD_PATTERN = r'(?:pass|pwd)[0-9]+'\nSECRET = r'pass(?:word)?\\d+'\nif token == 'eof':\n    pass\n",
    "import sys\ntry:\n    go()\nexcept KeyboardInterrupt:\n    sys.exit(0)\n",
    "import sys\ntry:\n    go()\nexcept (BrokenPipeError, SystemExit):\n    sys.exit(0)\n",
    "import sys\ntry:\n    lock()\nexcept BlockingIOError:\n    sys.exit(0)\n",
    "import sys\ntry:\n    go()\nexcept NothingToDo:\n    sys.exit(0)\n",
    "import sys\ntry:\n    go()\nexcept OSError as e:\n    if e.errno == 2:\n        sys.exit(0)\n    raise\n",
    "import sys\ntry:\n    go()\nexcept OSError as e:\n    if strict:\n        sys.exit(1)\n    sys.exit(0)\n",
    "import sys\ntry:\n    go()\nexcept OSError:\n    sys.exit(2)\n",
    "import sys\ntry:\n    go()\nexcept OSError:\n    sys.exit(0)  # noqa: OPS504\n",
    "import sys\ntry:\n    go()\nexcept OSError:\n    def later():\n        sys.exit(0)\n    keep(later)\n",
    "import sys\ntry:\n    go()\nexcept OSError as e:\n    sys.exit(str(e))\n",
    "import subprocess\nx = subprocess.run('ls | wc -l', shell=True)\n",
    "import subprocess\nx = subprocess.run(cmd, shell=True)\n",
    "import subprocess\nx = subprocess.run(' '.join(['cd', FOLDER, '&&', 'make']), shell=True)\n",
    "import os, subprocess\nif os.name == 'nt':\n    x = subprocess.run(['rmdir', y], shell=True)\n",
    "import subprocess, shlex\nx = subprocess.run(f'rm {shlex.quote(y)}', shell=True)\n",
    "import subprocess\nBIN = '/opt/x'\nx = subprocess.run(f'{BIN} --all | tee {self.LOG}', shell=True)\n",
    "import subprocess, shlex\nx = subprocess.run(shlex.join(args), shell=True)\n",
    "import subprocess\nx = subprocess.run(f'renice {pid:d}', shell=True)\n",
    "import subprocess\nx = subprocess.run(f'rm {y}', shell=True)  # noqa: S602\n",
    "import subprocess\nx = subprocess.run(['rm', y])\n",
    "import requests\nrequests.get(url, timeout=3)\nrequests.get(url, **more)\nrequests.get(u, **more).json()\n",
    "import httpx\nhttpx.get(url)\n",
    "import requests\ns = requests.Session()\ns.mount('https://', TimeoutAdapter(3))\ns.get(url)\n",
    "import requests\ns = requests.Session()\ns.request = partial(s.request, timeout=3)\ns.get(url)\n",
    "from urllib.request import urlopen\nx = urlopen(url, timeout=3)\ny = urlopen(url, None, 3)\n",
    "import socket\nfrom urllib.request import urlopen\nsocket.setdefaulttimeout(3)\nx = urlopen(url)\n",
    "import subprocess\nx = subprocess.run(['rsync', a, b])\nsubprocess.run(['rsync'], check=False)\n",
    "import subprocess\nsubprocess.check_call(['rsync', a, b])\nx = subprocess.call(['rsync', a, b])\n",
    "import os\nos.system('clear')\nos.system('cls' if os.name == 'nt' else 'clear')\nos.system('x || true')\n",
    "import subprocess\nsubprocess.run(['xdg-open', url])\nsubprocess.run(['terraform', '--version'])\n",
    "import subprocess\nsubprocess.run(['rsync', a, b]).check_returncode()\n",
    "from datetime import UTC, datetime\nx = datetime.now(UTC)\n",
    "import requests\nrequests.get(url, verify='/etc/ssl/ca.pem', timeout=3)\n",
    "import yaml\nx = yaml.safe_load(text)\ny = yaml.load(text, Loader=yaml.CSafeLoader)\n",
    "if x:\n\tpass\n",
)


@cache
def everything() -> Mapping[str, Places]:
    """All cases judged in one run, as one repository of programs: what is found in each."""
    cases = [*(text for text, _ in BROKEN), *CLEAN]
    files = {f"case_{number}.py": text for number, text in enumerate(cases)}
    checked = engine.run(repository.of(files), RULES)
    assert not checked.skipped
    told: dict[str, Places] = {path: [] for path in files}
    for one in (one for one in checked.findings if one.counts):
        told[one.path].append((one.code, one.line, one.column))
    return told


@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_finds_what_is_broken(number: int) -> None:
    """Each broken file has its finding, at its place, and no other."""
    assert everything()[f"case_{number}.py"] == BROKEN[number][1], BROKEN[number][0]


@pytest.mark.parametrize("number", range(len(CLEAN)))
def test_lets_pass_what_is_sound(number: int) -> None:
    """Code that a reader would leave as it is has no finding."""
    assert everything()[f"case_{len(BROKEN) + number}.py"] == [], CLEAN[number]


def test_every_rule_has_a_broken_example() -> None:
    """The table above shows each of the rules."""
    assert {code for _, places in BROKEN for code, _, _ in places} == {rule.code for rule in RULES}


def test_a_specific_failure_that_exits_with_0_weighs_less() -> None:
    """Every exception and exit code 0 is an error; of one kind of failure it is a warning."""
    text = "import sys\ntry:\n    go()\nexcept {}:\n    sys.exit(0)\n"
    files = {"a.py": text.format("Exception"), "b.py": text.format("OSError")}
    checked = engine.run(repository.of(files), catalogue.selected(["OPS504"], []))
    assert [one.severity for one in checked.findings] == [Severity.ERROR, Severity.WARNING]


LIBRARY = '[project]\nname = "x"\nversion = "1"\n[build-system]\nrequires = []\n'
IN_LIBRARY = {"pyproject.toml": LIBRARY, "src/x/__init__.py": ""}


@pytest.mark.parametrize(
    ("files", "path", "severity"),
    [
        (IN_LIBRARY, "src/x/a.py", Severity.WARNING),
        ({}, "task.py", Severity.INFO),
        (IN_LIBRARY, "src/x/cli.py", Severity.INFO),
    ],
)
def test_prints_are_told_once_for_each_file(files: dict[str, str], path: str, severity: Severity) -> None:
    """A module of a library that prints is a fault; that a program without a logger does is only to know."""
    text = "def f():\n    print(1)\n    print(2)\n    print()\n"
    (one,) = engine.run(repository.of({**files, path: text}), RULES).findings
    assert (one.code, one.path, one.line, one.severity) == ("OPS502", path, 2, severity)
    assert "2 times" in one.message


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        ("src/x/a.py", "import logging\nlog = logging.getLogger(__name__)\ndef f():\n    print(1)\n", 1),
        ("src/x/a.py", "import logging\nlog = logging.getLogger(__name__)\ndef print_table():\n    print(1)\n", 0),
        ("src/x/a.py", "import argparse, logging\nlog = logging.getLogger(__name__)\nprint(1)\n", 0),
        ("src/x/a.py", "def f():\n    print(1)\nif __name__ == '__main__':\n    f()\n", 0),
        ("src/x/cli.py", "def f():\n    print(1)\n", 0),
        ("scripts/a.py", "def f():\n    print(1)\n", 0),
    ],
)
def test_print_is_for_programs(path: str, text: str, count: int) -> None:
    """A module that has a logger and is not run itself logs; a program's print may be its result."""
    assert len(found({**IN_LIBRARY, path: text})) == count


BAD = "import requests\ntry:\n    requests.get(url)\nexcept Exception:\n    pass\n"


@pytest.mark.parametrize(
    "path",
    [
        "tests/helper.py",
        "test_x.py",
        "x_test.py",
        "conftest.py",
        "vendor/x.py",
        "pkg/_vendor/x.py",
        "x_pb2.py",
        "versioneer.py",
        "{{cookiecutter.name}}/x.py",
    ],
)
def test_tests_and_foreign_code_are_left_alone(path: str) -> None:
    """What tests do, and what was written elsewhere or by a program, is nobody's to mend here."""
    assert found({path: BAD}) == []


@pytest.mark.parametrize("name", ["demo", "example", "testing"])
def test_a_package_may_be_called_anything(name: str) -> None:
    """A package is judged by what is in it, not by its name; its examples are examples."""
    files = {
        "pyproject.toml": LIBRARY.replace('"x"', f'"{name}"'),
        f"src/{name}/__init__.py": "",
        f"src/{name}/a.py": "def f():\n    print(1)\n",
        f"src/{name}/examples/a.py": "print(1)\n",
    }
    assert found(files) == [("OPS502", 2, 5)]


@pytest.mark.parametrize(
    ("path", "count"),
    [("tests/data/broken.py", 0), ("tests/test_x.py", 1), ("src/templates/x.py", 0), ("lib/x.py", 1)],
)
def test_test_data_need_not_be_python(path: str, count: int) -> None:
    """A file for a test to read may hold anything; a test may not."""
    assert len(found({path: "def x(:\n"})) == count


@pytest.mark.parametrize("path", ["bin/rotate", "rotate"])
def test_programs_without_a_suffix_are_read(path: str) -> None:
    """A first line that names Python makes a file one."""
    assert found({path: f"#!/usr/bin/env python3\n{BAD}"}) == [("OPS506", 4, 5), ("OPS501", 5, 1)]
    assert found({path: f"#!/bin/sh\n{BAD}"}) == []


RUFF = "[tool.ruff.lint]\n"


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        ({"pyproject.toml": f'{RUFF}ignore = ["S110", "BLE001"]\n'}, ["OPS506"]),
        ({"pyproject.toml": f'{RUFF}ignore = ["S"]\n'}, ["OPS501"]),  # BLE001 is still meant
        ({"pyproject.toml": f'{RUFF}ignore = ["B", "S110"]\n'}, ["OPS506", "OPS501"]),  # bugbear, not blind-except
        ({"pyproject.toml": f'{RUFF}ignore = ["ALL"]\n'}, []),
        ({"pyproject.toml": '[tool.ruff]\nextend-ignore = ["S113"]\n'}, ["OPS501"]),
        ({"pyproject.toml": f'{RUFF}select = ["F"]\n'}, ["OPS506", "OPS501"]),
        ({"pyproject.toml": f'{RUFF}per-file-ignores = {{ "ops/*" = ["S113"] }}\n'}, ["OPS501"]),
        ({"pyproject.toml": f'{RUFF}per-file-ignores = {{ "*.{{pyi,py}}" = ["S113"] }}\n'}, ["OPS501"]),
        ({"pyproject.toml": f'{RUFF}per-file-ignores = {{ "!lib/**" = ["S113"] }}\n'}, ["OPS501"]),
        ({"pyproject.toml": f'{RUFF}per-file-ignores = {{ "lib/**" = ["S113"] }}\n'}, ["OPS506", "OPS501"]),
        ({"pyproject.toml": '[tool.ruff]\nextend-exclude = ["ops"]\n'}, []),
        ({"ruff.toml": '[lint]\nignore = ["S113"]\n', "pyproject.toml": f'{RUFF}ignore = ["ALL"]\n'}, ["OPS501"]),
        ({"ops/.ruff.toml": 'exclude = ["deep/**"]\n', "pyproject.toml": f'{RUFF}ignore = ["S113"]\n'}, []),
        ({"pyproject.toml": "[tool.ruff\n"}, ["OPS506", "OPS501"]),
        ({"pyproject.toml": "[tool.ruff]\nlint = 1\nexclude = 2\nignore = [3]\n"}, ["OPS506", "OPS501"]),
        ({"pyproject.toml": "[tool.ruff.lint]\nper-file-ignores = { x = 1, y = [1] }\n"}, ["OPS506", "OPS501"]),
    ],
)
def test_what_ruff_is_configured_to_leave_out_is_left_out(files: Mapping[str, str], codes: list[str]) -> None:
    """A code that a repository's own ruff ignores, everywhere or there, was decided; the nearest one counts."""
    assert [code for code, _, _ in found({**files, "ops/deep/x.py": BAD})] == codes


def test_ruff_is_asked_about_odd_names(tmp_path: Path) -> None:
    """Names with spaces, a leading dash or at sign, and other letters reach ruff; one with a line end does not."""
    names = ["-x.py", "@x.py", "a b.py", "ü/é.py", "x[1].py", "evil\nname.py"]
    files = dict.fromkeys(names, "x(:\n")
    checked = engine.run(repository.of(files), catalogue.selected(["OPS500"], []))
    assert {one.path for one in checked.findings} == set(names[:-1])


def test_thousands_of_files_fit(tmp_path: Path) -> None:
    """The list of files does not go over the limit of a command line."""
    files = {f"{'long' * 50}{number}.py": "" for number in range(300)}
    assert found({**files, "x.py": BAD}) == [("OPS506", 3, 5), ("OPS501", 4, 1)]


def test_a_work_tree_is_read_where_it_is(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` runs ruff in the folder, whatever is configured there and in the environment, and writes nothing."""
    monkeypatch.setenv("RUFF_OUTPUT_FILE", "answer.json")
    monkeypatch.setenv("RUFF_OUTPUT_FORMAT", "github")
    git("init", "-q", at=work)
    (work / "ops").mkdir()
    (work / "ops" / "x.py").write_text(BAD)
    (work / "ruff.toml").write_text("this is = no configuration\n")
    said = run("check", "--select", "code", "--ignore", "OPS590,OPS511", "--json", code=1).json
    assert [(one["path"], one["code"]) for one in said["findings"]] == [("ops/x.py", "OPS506"), ("ops/x.py", "OPS501")]
    assert {path.name for path in work.iterdir()} == {".git", "ops", "ruff.toml"}


def test_without_ruff_its_rules_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that need ruff say so where it is missing; those that do not need it still look."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    text = "import sys\ntry:\n    go()\nexcept OSError:\n    sys.exit(0)\n"
    checked = engine.run(repository.of({"x.py": text}), RULES)
    assert [one.code for one in checked.findings] == ["OPS504"]
    (skipped,) = checked.skipped
    assert "ruff is not installed" in skipped.reason
    assert set(skipped.codes) == {rule.code for rule in RULES if rule.tool}


@pytest.mark.parametrize("depth", [150, 900, 20000])
def test_deeply_nested_code_is_survived(depth: int) -> None:
    """Nothing walks down further than Python lets it."""
    files = {
        "a.py": f"import os\nos.system('x'{'+a' * depth})\n",
        "b.py": f"import os\nx = os.system('x' % {'a.' * depth}b)\n",
        "c.py": f"try:\n    x()\nexcept:\n    y({'a(' * (depth % 90)}{')' * (depth % 90)})\n",
        "d.py": f"import requests\nrequests.Session(){'.a()' * depth}\n",
    }
    engine.run(repository.of(files), RULES)


def test_code_that_ends_ruff_is_survived() -> None:
    """Its rules say that they could not look."""
    checked = engine.run(repository.of({"x.py": f"x = {'-' * 100000}a\n"}), RULES)
    assert [one.reason for one in checked.skipped if not one.reason.startswith("ruff failed")] == []


PIECES = st.sampled_from(
    [
        "try:\n go()\n",
        "except:\n pass\n",
        "except (a, b.c) as e:\n print(e)\n",
        "raise SystemExit\n",
        "x = y = 1\n",
        "sys.exit(*a)\n",
        "subprocess.run(f'{x!r:>{y}}', shell=True)\n",
        "os.system()\n",
        "os.system(*a)\n",
        "requests.get()\n",
        "subprocess.run([], shell=True)\n",
        "def f(password='x1y2z3', *a, token, **k): print(1)\n",
        "password: str = b'x1y2z3'\n",
        "d = {'token': 'x1y2z3', **d}\n",
        "class A(b.c()): pass\n",
        "lambda: print(1)\n",
        "with requests.Session() as (a, b): pass\n",
        "é = requests.Session()\n",
        "\x0c\n",
        "\\\n",
        "\t",
        "'''",
        "#",
        "\0",
    ]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=12), st.binary(max_size=40))
def test_odd_code_is_survived(texts: list[str], config: bytes) -> None:
    """No code, whatever it is, ends in a traceback."""
    files = {f"x{number}.py": text for number, text in enumerate(texts)}
    repo = repository.of({**files, "ruff.toml": config.decode("latin-1")})
    assert not engine.run(repo, RULES).skipped
