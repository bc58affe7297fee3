"""The rules about code, each on broken and on clean examples."""

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import Run, git

from new_ops_project.base.errors import ToolError
from new_ops_project.base.finding import Severity
from new_ops_project.checks import catalogue, engine, repo

Places = list[tuple[str, int, int]]
RULES = catalogue.selected(["code"], ["OPS511", "OPS590"])


def places(files: Mapping[str, str]) -> Places:
    """Code, line and column of all errors and warnings in these files."""
    checked = engine.run(repo.of(files), RULES)
    assert not checked.skipped
    return [(finding.code, finding.line, finding.column) for finding in checked.findings if finding.counts]


# Broken files, each with its findings.
BROKEN: tuple[tuple[str, Places], ...] = (
    ("def x(:\n    pass\n", [("invalid-syntax", 1, 7)]),
    ("print 'python 2'\n", [("invalid-syntax", 1, 7)]),
    ("try:\n    go()\nexcept Exception:\n    pass\n", [("S110", 3, 1)]),
    ("try:\r\n    go()\r\nexcept Exception:\r\n    pass\r\n", [("S110", 3, 1)]),
    ("for x in y:\n  try:\n    go()\n  except (OSError, BaseException):\n    continue\n", [("S112", 4, 3)]),
    ("try:\n    client.close()\n    go()\nexcept Exception:\n    pass\n", [("S110", 4, 1)]),
    ("try:\n    go()\nexcept Exception:  # TODO later\n    pass\n", [("S110", 3, 1)]),
    ("import sys\ntry:\n    go()\nexcept OSError as e:\n    'é'; print(e)\n    sys.exit(1)\n", [("T201", 5, 10)]),
    ("try:\n    go()\nexcept OSError as e:\n    print(e)\n    print(1)\n    raise\n", [("T201", 4, 5)]),
    ("PASSWORD = 'Xk9-vw2Lq'\n", [("S105", 1, 12)]),
    ("PASSWORD = 'hunter2'\n", [("S105", 1, 12)]),  # people choose such passwords
    ("PASSWORD = 'letmein'\n", [("S105", 1, 12)]),
    ("db_password = 'Test1234!'\n", [("S105", 1, 15)]),
    ("connect(password='Xk9-vw2Lq')\n", [("S106", 1, 9)]),
    ("def connect(host, *, token='Xk9vw2Lq77'):\n    pass\n", [("S107", 1, 28)]),
    ("settings['db_password'] = 'Xk9-vw2Lq'\n", [("S105", 1, 27)]),
    ("import sys\ntry:\n    go()\nexcept Exception as e:\n    log.error(e)\n    sys.exit(0)\n", [("OPS504", 6, 5)]),
    ("import sys\ntry:\n    go()\nexcept:\n    sys.exit()\n", [("OPS504", 5, 5)]),
    ("from sys import exit as leave, exit\ntry:\n    go()\nexcept OSError:\n    exit(0)\n", [("OPS504", 5, 5)]),
    ("import os\ntry:\n    go()\nexcept ValueError:\n    os._exit(os.EX_OK)\n", [("OPS504", 5, 5)]),
    ("try:\n    go()\nexcept requests.Timeout:\n    raise SystemExit\n", [("OPS504", 4, 5)]),
    ("try:\n    go()\nexcept KeyError:\n    raise SystemExit(0) from None\n", [("OPS504", 4, 5)]),
    ("import typer\ntry:\n    go()\nexcept OSError:\n    raise typer.Exit(code=0)\n", [("OPS504", 5, 5)]),
    ("import subprocess as sp\nx = sp.run(f'rm {y}', shell=True)\n", [("S602", 2, 5)]),
    ("import subprocess\ncmd = 'rm %s' % y\nz = subprocess.check_output(cmd, shell=True)\n", [("S602", 3, 5)]),
    ("import subprocess\ncmd = 'rm'\ncmd += f' {y}'\nz = subprocess.Popen(cmd, shell=True)\n", [("S602", 4, 5)]),
    ("import os\nx = os.popen('ls ' + y).read()\n", [("S605", 2, 5)]),
    ("import os\nx = os.system('ls {}'.format(y))\n", [("S605", 2, 5)]),
    ("import subprocess\nx = subprocess.run(' '.join(args), shell=True)\n", [("S602", 2, 5)]),
    ("import subprocess\nx = subprocess.run(['ls', y], shell=True)\n", [("S602", 2, 5)]),
    ("import requests\nrequests.get(url)\n", [("S113", 2, 1)]),
    ("import requests\nrequests.get(url, timeout=None)\n", [("S113", 2, 19)]),
    ("import requests\ns = requests.Session()\ns.post(url)\n", [("OPS506", 3, 1)]),
    ("import requests\nwith requests.Session() as s:\n    s.get(url)\n", [("OPS506", 3, 5)]),
    ("import requests\nx = requests.Session().get(url)\n", [("OPS506", 2, 5)]),
    ("from urllib.request import urlopen\nx = urlopen(url)\n", [("OPS506", 2, 5)]),
    ("import urllib.request\nx = urllib.request.urlopen(url, data)\n", [("OPS506", 2, 5)]),
    ("import subprocess\nsubprocess.run(['rsync', a, b])\n", [("PLW1510", 2, 1)]),
    ("import subprocess\nsubprocess.call(['rsync', a, b])\n", [("OPS507", 2, 1)]),
    ("import os\nos.system('systemctl restart nginx')\n", [("OPS507", 2, 1)]),
    ("import datetime\nx = datetime.datetime.utcnow()\n", [("DTZ003", 2, 5)]),
    ("from datetime import datetime\nx = datetime.utcfromtimestamp(1)\n", [("DTZ004", 2, 5)]),
    ("import requests\nrequests.get(url, verify=False, timeout=3)\n", [("S501", 2, 19)]),
    (
        "import paramiko\nc = paramiko.SSHClient()\nc.set_missing_host_key_policy(paramiko.AutoAddPolicy)\n",
        [("S507", 3, 31)],
    ),
    ("import ssl\nx = ssl._create_unverified_context()\n", [("S323", 2, 5)]),
    ("import yaml\nx = yaml.load(text)\n", [("S506", 2, 5)]),
    ("import yaml\nx = yaml.load(text, Loader=yaml.UnsafeLoader)\n", [("S506", 2, 28)]),
    ("from yaml import load, Loader as L\nx = load(text, L)\n", [("S506", 2, 16)]),
    ("import yaml\nclass Own(yaml.Loader):\n    pass\nx = yaml.load(text, Own)\n", [("S506", 4, 21)]),
    ("connect(f'rm {y}', shell=True)\n", [("S604", 1, 1)]),
)

# Files without a finding.
CLEAN = (
    "",
    "\ufeffx = 1\n",
    "type X = int\nmatch 1:\n    case 1:\n        pass\n",  # newer syntax than any stated Python version has
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
    "try:\n    go()\nexcept:\n    x = 1\n",
    "try:\n    go()\nexcept:\n    log.debug('no', exc_info=True)\n",
    "try:\n    client.close()\nexcept:\n    pass\n",
    "import os\ntry:\n    os.remove(path)\nexcept Exception:\n    pass\n",
    "try:\n    x = go()\n# no answer is an answer\nexcept Exception:\n    pass\n",
    "def cleanup(self):\n  try:\n    if self.is_open():\n      x = self.leave()\n  except Exception:\n    pass\n",
    "try:\n    if self.thread:\n        self.thread.join()\nexcept:\n    pass\n",
    "try:\n    kind = go()\nexcept Exception:\n    pass\nelse:\n    tell(kind)\n",
    "print('the result')\n",
    "import sys\ntry:\n    go()\nexcept OSError:\n    print('CRITICAL - no answer')\n    sys.exit(2)\n",
    "try:\n    go()\nexcept OSError:\n    print('trying again')\n",
    "try:\n    go()\nexcept OSError as e:\n    log.error(e)\n    print(e)\n    raise\n",
    "try:\n    go()\nexcept OSError:\n    for row in again():\n        print(row)\n    raise\n",
    "try:\n    go()\nexcept OSError:\n    raise\n    print('not reached')\n",
    "try:\n    import yaml\nexcept ImportError as e:\n    print(e)\n    raise\n",
    "def connect(user='Admin', password='case'):\n    pass\n",  # which is the name of the product
    "import sys\ntry:\n    go()\nexcept OSError as e:\n    print(e, file=sys.stderr)\n",
    "try:\n    x = input()\nexcept ValueError:\n    print('A number, please.')\n",
    "try:\n    go()\nexcept KeyboardInterrupt:\n    print()\n",
    "def main():\n    log = logging.getLogger()\n    print(result)\n",
    "password = 'ssword'\nuser = 'sername'\n",  # which a prompt ends with
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
    "import subprocess\nx = subprocess.Popen(['powershell', '$profile'], shell=True)\n",
    "import os, subprocess\nif os.name == 'nt':\n    x = subprocess.run(['rmdir', y], shell=True)\n",
    "import os\nfor name in 'vim', 'nano':\n    if os.system(f'which {name}') == 0:\n        break\n",
    "import subprocess\nx = subprocess.Popen(f'{editor} \"{PATH}\"', shell=True)\ny = ['LANG=C ' + self.command]\n",
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
    "import os\ncommand = 'cls' if x else 'clear'\nos.system(command)\nos.system(edit)  # noqa: S605\n",
    "import os, subprocess\nsubprocess.call(os.environ.get('SHELL', 'bash'))\nsubprocess.call(['bash'])\n",
    "import subprocess\nsubprocess.call([editor, path])\nsubprocess.run([self.pager])\nsubprocess.call(['pwd'])\n",
    "import subprocess\nsubprocess.call(['docker', 'exec', '-it', name, 'sh'])\nsubprocess.call([f'{EDITOR}', x])\n",
    "import os\nos.system('$EDITOR notes')\nos.system(f'{EDITOR} notes')\n",
    "from datetime import UTC, datetime\nx = datetime.now(UTC)\n",
    "import requests\nrequests.get(url, verify='/etc/ssl/ca.pem', timeout=3)\n",
    "import yaml\nx = yaml.safe_load(text)\ny = yaml.load(text, Loader=yaml.CSafeLoader)\n",
    "import yaml\nx = yaml.load(text, Loader=yaml.FullLoader)\n",
    "import yaml\nclass Own(yaml.loader.SafeLoader):\n    pass\nx = yaml.load(text, Own)\n",
    "from cfn_tools import CfnYamlLoader\nimport yaml\nx = yaml.load(text, Loader=CfnYamlLoader)\n",
    "import yaml\nclass A:\n    def read(self, text):\n        return yaml.load(text, self.__class__)\n",
    "if x:\n\tpass\n",
)


@cache
def everything() -> Mapping[str, Places]:
    """The findings of each case, all checked in one run as one repository of programs."""
    cases = [*(text for text, _ in BROKEN), *CLEAN]
    files = {f"case_{number}.py": text for number, text in enumerate(cases)}
    checked = engine.run(repo.of(files), RULES)
    assert not checked.skipped
    by_path: dict[str, Places] = {path: [] for path in files}
    for finding in checked.findings:
        if finding.counts:
            by_path[finding.path].append((finding.code, finding.line, finding.column))
    return by_path


@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_broken_code(number: int) -> None:
    """Each broken file has its finding, at its place, and no other."""
    assert everything()[f"case_{number}.py"] == BROKEN[number][1], BROKEN[number][0]


@pytest.mark.parametrize("number", range(len(CLEAN)))
def test_clean_code(number: int) -> None:
    """Code that a reviewer would accept has no finding."""
    assert everything()[f"case_{len(BROKEN) + number}.py"] == [], CLEAN[number]


def test_every_rule_has_a_broken_example() -> None:
    """The table above has an example for each rule, except that ruff can read the file."""
    assert {code for _, expected in BROKEN for code, _, _ in expected} == {rule.code for rule in RULES} - {"E902"}


@pytest.mark.parametrize("code", ["OPS500", "OPS501", "OPS502", "OPS503", "OPS505", "OPS508", "OPS509", "OPS510"])
def test_former_rules_have_successors(code: str) -> None:
    """Whoever ignores or selects a rule that ruff took over learns its name there."""
    files = {"pyproject.toml": f'[tool.new-ops-project.ignore]\n{code} = "decided"\n'}
    (finding,) = engine.run(repo.of(files), catalogue.selected(["OPS002"], [])).findings
    assert f"{code} is ignored, but that rule is gone: ruff reports the same under the name" in finding.message
    with pytest.raises(ToolError, match=f"There is no rule {code} any more"):
        catalogue.rule(code)


def test_a_specific_failure_that_exits_with_0_is_a_warning() -> None:
    """Exit code 0 is an error in a handler of all exceptions, and a warning in one of a specific failure."""
    text = "import sys\ntry:\n    go()\nexcept {}:\n    sys.exit(0)\n"
    files = {"a.py": text.format("Exception"), "b.py": text.format("OSError")}
    checked = engine.run(repo.of(files), catalogue.selected(["OPS504"], []))
    assert [finding.severity for finding in checked.findings] == [Severity.ERROR, Severity.WARNING]


LIBRARY = '[project]\nname = "x"\nversion = "1"\n[build-system]\nrequires = []\n'


def test_printed_errors_are_one_finding_for_each_file() -> None:
    """A file that prints several errors to stdout has one finding, which counts them."""
    handler = "except OSError as e:\n    print(e)\n    raise\n"
    text = f"try:\n    go()\n{handler}try:\n    go()\n{handler}"
    (finding,) = engine.run(repo.of({"task.py": text}), RULES).findings
    assert (finding.code, finding.line) == ("T201", 4)
    assert "2 errors are printed" in finding.message


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
        "conf/example_apps/x.py",
        "integration-tests/x.py",
        "run-tests.py",
        "{{cookiecutter.name}}/x.py",
    ],
)
def test_tests_and_foreign_code_are_not_checked(path: str) -> None:
    """Tests, vendored code, generated code and templates have no findings."""
    assert places({path: BAD}) == []


@pytest.mark.parametrize("name", ["demo", "example", "testing"])
def test_a_package_may_be_called_anything(name: str) -> None:
    """The name of a package does not make it an example; a folder `examples` in it does."""
    files = {
        "pyproject.toml": LIBRARY.replace('"x"', f'"{name}"'),
        f"src/{name}/__init__.py": "",
        f"src/{name}/a.py": BAD,
        f"src/{name}/examples/a.py": BAD,
    }
    assert places(files) == [("S113", 3, 5), ("S110", 4, 1)]


@pytest.mark.parametrize(
    ("path", "count"),
    [("tests/data/broken.py", 0), ("tests/test_x.py", 1), ("src/templates/x.py", 0), ("lib/x.py", 1)],
)
def test_test_data_need_not_be_python(path: str, count: int) -> None:
    """Test data and templates may hold anything; a test may not."""
    assert len(places({path: "def x(:\n"})) == count


@pytest.mark.parametrize("path", ["bin/rotate", "rotate"])
def test_programs_without_a_suffix_are_checked(path: str) -> None:
    """A file whose first line names Python is a Python file."""
    assert places({path: f"#!/usr/bin/env python3\n{BAD}"}) == [("S113", 4, 5), ("S110", 5, 1)]
    assert places({path: f"#!/bin/sh\n{BAD}"}) == []


RUFF = "[tool.ruff.lint]\n"


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        ({"pyproject.toml": f'{RUFF}ignore = ["S110"]\n'}, ["S113"]),
        ({"pyproject.toml": f'{RUFF}ignore = ["S"]\n'}, []),
        ({"pyproject.toml": f'{RUFF}select = ["ALL"]\nignore = ["S1"]\n'}, []),
        ({"pyproject.toml": f'{RUFF}select = ["S113", "S6"]\n'}, ["S113"]),  # of S, it wants only these
        ({"pyproject.toml": f'{RUFF}extend-select = ["S1", "SIM"]\n'}, ["S113", "S110"]),
        (
            {
                "pyproject.toml": '[tool.ruff]\nextend = "ops/base.toml"\n',
                "ops/base.toml": 'extend = "../y.toml"\n',
                "y.toml": 'lint.ignore = ["S110"]\n',
            },
            ["S113"],
        ),
        ({"pyproject.toml": f'{RUFF}ignore = ["B", "S110"]\n'}, ["S113"]),
        ({"pyproject.toml": f'{RUFF}ignore = ["ALL"]\n'}, []),
        ({"pyproject.toml": '[tool.ruff]\nextend-ignore = ["S113"]\n'}, ["S110"]),
        ({"pyproject.toml": f'{RUFF}select = ["F"]\n'}, ["S113", "S110"]),
        ({"pyproject.toml": f'{RUFF}per-file-ignores = {{ "ops/*" = ["S113"] }}\n'}, ["S110"]),
        ({"pyproject.toml": f'{RUFF}per-file-ignores = {{ "*.{{pyi,py}}" = ["S113"] }}\n'}, ["S110"]),
        ({"pyproject.toml": f'{RUFF}per-file-ignores = {{ "!lib/**" = ["S113"] }}\n'}, ["S110"]),
        ({"pyproject.toml": f'{RUFF}per-file-ignores = {{ "lib/**" = ["S113"] }}\n'}, ["S113", "S110"]),
        ({"pyproject.toml": '[tool.ruff]\nextend-exclude = ["ops"]\n'}, []),
        ({"ruff.toml": '[lint]\nignore = ["S113"]\n', "pyproject.toml": f'{RUFF}ignore = ["ALL"]\n'}, ["S110"]),
        ({"ops/.ruff.toml": 'exclude = ["deep/**"]\n', "pyproject.toml": f'{RUFF}ignore = ["S113"]\n'}, []),
    ],
)
def test_the_repository_s_ruff_configuration_applies(files: Mapping[str, str], codes: list[str]) -> None:
    """Codes and files that the nearest ruff configuration ignores have no findings."""
    assert [code for code, _, _ in places({**files, "ops/deep/x.py": BAD})] == codes


@pytest.mark.parametrize(
    "text",
    [
        "[tool.ruff\n",
        "[tool.ruff]\nlint = 1\nexclude = 2\nignore = [3]\n",
        "[tool.ruff.lint]\nper-file-ignores = { x = 1, y = [1] }\n",
    ],
)
def test_a_configuration_that_ruff_refuses_is_named(text: str) -> None:
    """Without its configuration, ruff would report what the repository has switched off."""
    checked = engine.run(repo.of({"pyproject.toml": text, "x.py": BAD}), RULES)
    assert not checked.findings
    assert "TOML parse error at line" in checked.skipped[0].reason


def test_ruff_checks_files_with_odd_names() -> None:
    """Names with spaces, a leading dash or at sign, or other letters reach ruff; one with a line end does not."""
    names = ["-x.py", "@x.py", "a b.py", "ü/é.py", "x[1].py", "evil\nname.py"]
    files = dict.fromkeys(names, "x(:\n")
    checked = engine.run(repo.of(files), catalogue.selected(["invalid-syntax"], []))
    assert {finding.path for finding in checked.findings} == set(names[:-1])


def test_many_files_fit() -> None:
    """The list of files may be longer than a command line can be."""
    files = {f"{'long' * 50}{number}.py": "" for number in range(300)}
    assert places({**files, "x.py": BAD}) == [("S113", 3, 5), ("S110", 4, 1)]


def test_a_work_tree_is_checked_in_place(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` runs ruff in the folder, ignores what the environment configures, and writes nothing."""
    monkeypatch.setenv("RUFF_OUTPUT_FILE", "answer.json")
    monkeypatch.setenv("RUFF_OUTPUT_FORMAT", "github")
    git("init", "-q", at=work)
    (work / "ops").mkdir()
    (work / "ops" / "x.py").write_text(BAD)
    (work / "ruff.toml").write_text("line-length = 80\n")
    answer = run("check", "--select", "code", "--ignore", "OPS590,OPS511", "--json", code=1).json
    assert [(finding["path"], finding["code"]) for finding in answer["findings"]] == [
        ("ops/x.py", "S113"),
        ("ops/x.py", "S110"),
    ]
    assert {path.name for path in work.iterdir()} == {".git", "ops", "ruff.toml"}


def test_without_ruff_its_rules_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that need ruff are skipped if it is missing; the others are still checked."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    text = "import sys\ntry:\n    go()\nexcept OSError:\n    sys.exit(0)\n"
    checked = engine.run(repo.of({"x.py": text}), RULES)
    assert [finding.code for finding in checked.findings] == ["OPS504"]
    (skipped,) = checked.skipped
    assert "ruff is not installed" in skipped.reason
    assert set(skipped.codes) == {rule.code for rule in RULES if rule.tool}


@pytest.mark.parametrize("depth", [150, 900, 20000])
def test_deeply_nested_code_is_handled(depth: int) -> None:
    """No rule recurses deeper than Python allows."""
    files = {
        "a.py": f"import os\nos.system('x'{'+a' * depth})\n",
        "b.py": f"import os\nx = os.system('x' % {'a.' * depth}b)\n",
        "c.py": f"try:\n    x()\nexcept:\n    y({'a(' * (depth % 90)}{')' * (depth % 90)})\n",
        "d.py": f"import requests\nrequests.Session(){'.a()' * depth}\n",
    }
    engine.run(repo.of(files), RULES)


def test_a_crash_of_ruff_is_handled() -> None:
    """If ruff fails, its rules are skipped with that reason."""
    checked = engine.run(repo.of({"x.py": f"x = {'-' * 100000}a\n"}), RULES)
    assert [skipped.reason for skipped in checked.skipped if not skipped.reason.startswith("ruff failed")] == []


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
def test_odd_code_is_handled(texts: list[str], config: bytes) -> None:
    """No code and no configuration leads to a traceback."""
    files = {f"x{number}.py": text for number, text in enumerate(texts)}
    checked = engine.run(repo.of({**files, "ruff.toml": config.decode("latin-1")}), RULES)
    assert not [skipped for skipped in checked.skipped if not skipped.reason.startswith("ruff failed: ruff.toml")]
