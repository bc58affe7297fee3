"""Addresses of templates: every verb takes them through one door, and keeps the credentials in them to itself."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from support import small
from support.command import Run, git
from support.servers import Busy, git_http, silent
from support.small import ANSWERS, Small

from new_ops_project.base import process
from new_ops_project.git import remotes

HIDDEN = "hunter2@ops/17"
REFUSED = {
    "ext::sh -c touch% {mark}": "ext::",
    "fd::17": "fd::",
    "any::https://127.0.0.1:9/x.git": "any::",
    "git+ext::sh -c touch% {mark}": "ext::",
    "ftp://127.0.0.1:9/x.git": "ftp://",
    "EXT://127.0.0.1:9/x.git": "ext://",
    "--upload-pack=touch {mark}": "is an option",
    "http://": "has no host",
    "http://ada:hunter2@127.0.0.1:port/x.git": "cannot be read as a URL",
    "ada:hunter2@127.0.0.1:x.git": "credentials and no scheme",
    "http://127.0.0.1:9/x\n.git": "the end of a line",
    "http://ada:%0Ahunter2@127.0.0.1:9/x.git": "the end of a line",
}


@dataclass(frozen=True)
class Private:
    """A project that records a template behind a password; `address` is the one that it records."""

    project: Small
    address: str
    busy: Busy

    @property
    def public(self) -> str:
        """The address without credentials."""
        return "http://" + self.address.rpartition("@")[2]


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Private]:
    """A project as plain copier records it when it was given a password in the address."""
    busy = Busy(account=f"ada:{HIDDEN}")
    project = small.usual(tmp_path, small.MINE)
    project.commit({"requirements.txt": "", ".python-version": "3.11\n"})
    with git_http(tmp_path, busy=busy) as url:
        yield recording(project, url.replace("://", f"://ada:{quote(HIDDEN, safe='')}@") + "/template/.git", busy)


def recording(project: Small, address: str, busy: Busy | None = None) -> Private:
    """The project with another address in its answers file, committed."""
    answers = {**project.recorded(), "_src_path": address}
    project.commit({ANSWERS: yaml.dump(answers, default_flow_style=False, indent=4)})
    return Private(project, address, busy or Busy())


VERBS = {
    "update --check": 1,
    "update --check --json": 1,
    "update --preview": 0,
    "update --preview --json": 0,
    "update": 0,
    "update --json": 0,
    "update --commit": 0,
    "update --branch": 0,
    "check --select template": 1,
    "check --select template --format json": 1,
    "check --select template --format markdown": 1,
    "doctor": 1,
    "doctor --json": 1,
    "fleet status": 1,
    "fleet status --json": 1,
    "fleet plan --out plan.json": 0,
    "fleet update --out results": 0,
}


def called(run: Run, verb: str, project: Path, code: int) -> str:
    """All that a verb says of the project in `project`."""
    words = verb.split()
    place = 2 if words[0] == "fleet" else 1
    ran = run(*words[:place], str(project), *words[place:], code=code)
    return ran.out + ran.err


@pytest.mark.parametrize("verb", VERBS)
def test_a_recorded_password(run: Run, tmp_path: Path, shared: Path, private: Private, verb: str) -> None:
    """It opens the template, and is neither shown nor written anywhere else, nor on any command line."""
    commands: list[str] = []
    with process.watched(lambda args, _seconds, _code: commands.append(" ".join(args))):
        output = called(run, verb, private.project.project, VERBS[verb])
    assert any("git-upload-pack" in request for request in private.busy.seen)
    secrets = (HIDDEN, quote(HIDDEN, safe=""))
    assert not [secret for secret in secrets for text in (output, *commands) if secret in text]
    messages = private.project.git("log", "--all", "--format=%B%D")
    assert not [secret for secret in secrets if secret in messages]
    written = {path for root in (tmp_path, shared) for path in holding(root, secrets)}
    assert {path.name for path in written} <= {ANSWERS}
    assert private.project.recorded()["_src_path"] == private.address


def holding(root: Path, texts: tuple[str, ...]) -> Iterator[Path]:
    """The files below `root` that have one of the texts in them."""
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            if path.is_file() and any(text.encode() in path.read_bytes() for text in texts):
                yield path


def test_a_conflict_that_waits(run: Run, tmp_path: Path, shared: Path, private: Private) -> None:
    """Neither the journal nor what continues or undoes the update has the password."""
    private.project.commit({"task.py": small.CLASH})
    secrets = (HIDDEN, quote(HIDDEN, safe=""))
    for words in ([], ["--abort"], ["--json"], ["--continue"], ["--abort", "--json"]):
        if words == ["--continue"]:
            small.lay(private.project.project, {"task.py": small.BOTH})
        code = 3 if words in ([], ["--json"]) else 0
        ran = run("update", str(private.project.project), *words, code=code)
        assert not [secret for secret in secrets if secret in ran.out + ran.err]
        assert {path.name for path in holding(tmp_path, secrets)} == {ANSWERS}
    assert private.project.recorded()["_src_path"] == private.address


def test_other_files_get_the_public_address(run: Run, tmp_path: Path) -> None:
    """A file of the template that quotes its address does not copy the password."""
    text = "From {{ _copier_answers._src_path }}.\n"
    project = small.make(tmp_path, small.OLD, {"origin.txt.jinja": text})
    with git_http(tmp_path, busy=Busy(account="ada:hunter2ops")) as url:
        address = url.replace("://", "://ada:hunter2ops@") + "/template/.git"
        private = recording(project, address)
        run("update", str(project.project), "--commit")
        assert project.text("origin.txt") == f"From {private.public}.\n"
        assert project.recorded()["_src_path"] == address


LOGINS = {
    "plain": ("http://ada:hunter2ops@", "ada:hunter2ops"),
    "escaped": ("http://ada:hunter%402ops@", "ada:hunter@2ops"),
    "an @ of its own": ("http://ada:hunter@2ops@", "ada:hunter@2ops"),
    "upper case": ("HTTP://ada:hunter2ops@", "ada:hunter2ops"),
    "copier's prefix": ("git+http://ada:hunter2ops@", "ada:hunter2ops"),
    "a token as the user": ("http://glpat-hunter2hunter2hunter2:x@", "glpat-hunter2hunter2hunter2:x"),
}


@pytest.mark.parametrize("login", LOGINS)
def test_forms_of_a_login(run: Run, tmp_path: Path, shared: Path, login: str) -> None:
    """Each way to write a login opens the template, by a public address in the mirror."""
    start, account = LOGINS[login]
    with git_http(tmp_path, busy=Busy(account=account)) as url:
        place = url.partition("://")[2]
        private = recording(small.usual(tmp_path, small.MINE), f"{start}{place}/template/.git")
        ran = run("update", str(private.project.project), "--json")
        assert ran.json["template"]["source"].lower().endswith(f"://{place}/template/.git")
        assert "hunter" not in ran.out + ran.err
        configs = [path.read_text() for path in (shared / "cache").rglob("config")]
        assert any(f"url = http://{place}/template/.git" in text for text in configs)
        assert not [text for text in configs if "hunter" in text]
    assert private.project.recorded()["_src_path"] == private.address


def test_a_user_alone_asks_the_users_helper(run: Run, tmp_path: Path, home: Path) -> None:
    """The name in an address chooses the account of which git's own helper knows the password."""
    with git_http(tmp_path, busy=Busy(account="ada:hunter2ops")) as url:
        place = url.partition("://")[2]
        helper = '"!f() { test $1 != get || grep -q username=ada && echo password=hunter2ops; }; f"'
        with (home / ".gitconfig").open("a") as config:
            config.write(f"[credential]\n\thelper = {helper}\n")
        private = recording(small.usual(tmp_path, small.MINE), f"http://ada@{place}/template/.git")
        assert run("update", str(private.project.project), "--check", "--json", code=1).json["to"] == "v1.1.0"


def test_a_token_in_the_query(run: Run, tmp_path: Path, shared: Path) -> None:
    """It reaches the server, and is masked everywhere."""
    busy = Busy()
    with git_http(tmp_path, busy=busy) as url:
        address = f"{url}/template/.git?private_token=hunter2ops&ref=1"
        private = recording(small.usual(tmp_path, small.MINE), address)
        ran = run("update", str(private.project.project), "--check", "--json", code=2)
        assert "hunter2" not in ran.out + ran.err
        assert not {*holding(shared, ("hunter2",)), *holding(tmp_path / "home", ("hunter2",))}
        assert any("private_token=hunter2ops" in request for request in busy.seen)
        assert "?ref=1" in ran.err


def test_a_wrong_password_says_so(run: Run, private: Private) -> None:
    """What git says of it names the server and not the password."""
    address = private.address.replace(quote(HIDDEN, safe=""), "wrong2ops")
    project = recording(private.project, address).project
    ran = run("update", str(project.project), code=2)
    assert f"The template {private.public} cannot be reached: Authentication failed" in ran.err
    assert "wrong2ops" not in ran.out + ran.err


def test_no_patch_with_a_password(run: Run, work: Path, private: Private) -> None:
    """A patch would show the line beside the version, so there is none; a branch does as well."""
    for file in ("-", "a.patch"):
        assert "Use --branch" in run("update", str(private.project.project), "--patch", file, code=2).err
    assert not [*work.iterdir()]


@pytest.mark.parametrize("verb", ["new audit --defaults", "config set template {}", "template list", "update"])
@pytest.mark.parametrize("secret", ["http://ada:hunter2ops@{}", "http://{}?access_token=hunter2ops"])
def test_an_address_that_is_given(run: Run, tmp_path: Path, private: Private, verb: str, secret: str) -> None:
    """Credentials in it are not used, and kept nowhere."""
    address = secret.format(private.public.removeprefix("http://"))
    words = [word.format(address) for word in verb.split()]
    options = [] if "{}" in verb else ["--template", address]
    target = [str(private.project.project)] if verb == "update" else []
    code = 0 if verb.startswith("config") else 2
    ran = run(*words, *target, *options, code=code)
    assert "hunter2" not in ran.out + ran.err
    assert not [*holding(tmp_path / "work", ("hunter2",)), *holding(tmp_path / "home", ("hunter2",))]


def test_publishing_with_a_password(run: Run, work: Path, tmp_path: Path, shared: Path) -> None:
    """The template is pushed with it, and the config gets the address without it."""
    git("init", "--quiet", "--bare", "empty.git", at=work)
    git("config", "http.receivepack", "true", at=work / "empty.git")
    with git_http(work, busy=Busy(account="ada:hunter2ops")) as url:
        address = url.replace("://", "://ada:hunter2ops@") + "/empty.git"
        ran = run("template", "publish", address)
        assert "hunter2" not in ran.out + ran.err + run("config", "show").out
        assert git("rev-parse", "refs/heads/main", at=work / "empty.git")
    assert not [*holding(tmp_path / "home", ("hunter2",)), *holding(shared / "data", ("hunter2",))]


def test_a_clone_does_not_keep_a_password(run: Run, work: Path, private: Private) -> None:
    """`onboard` clones with it."""
    ran = run("onboard", private.address, "--into", "clone", "--no-check", code=2)  # a template is no project
    assert (work / "clone" / "copier.yml").is_file()
    assert HIDDEN not in ran.out + ran.err
    assert not [*holding(work, (HIDDEN, quote(HIDDEN, safe="")))]


# ---- what is refused -------------------------------------------------------------------------------------------------


DOORS = (
    "new audit --defaults --template={}",
    "template list --template={}",
    "template show --template={}",
    "config set template -- {}",
    "template publish -- {}",
    "update {project} --template={}",
    "update {project} --template={} --check",
    "adopt {project} --template={}",
    "onboard -- {}",
    "fleet status -- {}",
    "fleet plan -- {}",
)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("address", REFUSED)
def test_refused_when_given(run: Run, work: Path, plain: Small, door: str, address: str) -> None:
    """A sentence says what is wrong with it, without its password; nothing runs, nothing is written."""
    mark = work / "mark"
    given = address.format(mark=mark)
    if given.startswith("-") and door.startswith(("onboard", "fleet", "config", "template publish")):
        given = f"{given}:x"  # else it is a path, as for every other program after --
    words = [word.format(given, project=plain.project) for word in door.split()]
    ran = run(*words, code=2)
    assert REFUSED[address] in ran.err or (given.startswith("-") and "not" in ran.err), ran.err
    assert "hunter2" not in ran.err
    assert "Traceback" not in ran.err
    assert not [*work.iterdir()]


RECORDED = {
    "update {}": 2,
    "update {} --check": 2,
    "update {} --preview --json": 2,
    "promote {} --to library": 2,
    "check {} --select template": 0,
    "doctor {}": 1,
    "fleet status {}": 2,
    "fleet plan {} --out plan.json": 2,
}


@pytest.mark.parametrize("verb", RECORDED)
@pytest.mark.parametrize("address", REFUSED)
def test_refused_when_recorded(run: Run, work: Path, plain: Small, verb: str, address: str) -> None:
    """An answers file has no other door, and git runs no program for it."""
    plain.commit({"requirements.txt": "", ".python-version": "3.11\n"})
    mark = work / "mark"
    project = recording(plain, address.format(mark=mark)).project.project
    words = [word.format(project) for word in verb.split()]
    ran = run(*words, code=RECORDED[verb])
    assert not mark.exists()
    assert "hunter2" not in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_git_itself_refuses(run: Run, work: Path, plain: Small, home: Path) -> None:
    """Also what the user's own configuration makes of an address."""
    mark = work / "mark"
    with (home / ".gitconfig").open("a") as config:
        config.write(
            f'[url "ext::touch {mark} "]\n\tinsteadOf = https://odd.example.org\n[protocol]\n\tallow = always\n'
        )
    project = recording(plain, "https://odd.example.org/x.git").project.project
    assert "transport 'ext' not allowed" in run("update", str(project), code=2).err
    assert "transport 'ext' not allowed" in run("fleet", "status", "https://odd.example.org/x.git", code=2).out
    assert not mark.exists()


@pytest.mark.parametrize("place", ["ftp://127.0.0.1:9", "file:///"])
def test_a_redirection_to_another_protocol(run: Run, tmp_path: Path, plain: Small, place: str) -> None:
    """A server cannot lead git to what the door refuses."""
    with git_http(tmp_path, busy=Busy(moved=place)) as url:
        project = recording(plain, f"{url}/template/.git").project.project
        assert "cannot be reached" in run("update", str(project), code=2).err


def test_a_redirection_to_another_server(run: Run, tmp_path: Path, private: Private) -> None:
    """It gets no credentials of the first one."""
    with git_http(tmp_path, busy=private.busy) as other:
        private.busy.seen.clear()
        with git_http(tmp_path, busy=Busy(moved=other.replace("127.0.0.1", "localhost"))) as url:
            login = private.address.partition("://")[2].rpartition("@")[0]
            project = recording(private.project, url.replace("://", f"://{login}@") + "/template/.git").project.project
            assert "could not read Username" in run("update", str(project), code=2).err
        assert not private.busy.seen


@pytest.mark.parametrize("address", ["ext::touch {}", "fd::17"])
def test_submodules_of_a_template(run: Run, work: Path, plain: Small, home: Path, address: str) -> None:
    """Where copier runs git, git refuses what the door refuses, whatever the user allows elsewhere."""
    with (home / ".gitconfig").open("a") as config:
        config.write("[protocol]\n\tallow = always\n")
    mark = work / "mark"
    commit = git("rev-parse", "HEAD", at=plain.template)
    files = {".gitmodules": f'[submodule "sub"]\n\tpath = sub\n\turl = {address.format(mark)}\n'}
    clone = work / "template"
    git("clone", "--quiet", str(plain.template), str(clone), at=work)
    small.lay(clone, files)
    git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub", at=clone)
    git("add", ".gitmodules", at=clone)
    git("commit", "--quiet", "--message=sub", at=clone)
    git("tag", "v2.0.0", at=clone)
    ran = run("new", "audit", "--defaults", "--template", str(clone), code=2)
    assert f"git says: transport '{address.partition(':')[0]}' not allowed" in ran.err
    assert not mark.exists()


# ---- what does not answer --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "git"])
@pytest.mark.parametrize("verb", ["update {}", "update {} --check", "check {} --select template", "fleet status {}"])
def test_a_silent_server(run: Run, plain: Small, monkeypatch: pytest.MonkeyPatch, scheme: str, verb: str) -> None:
    """The verb ends, names the address and the limit; in a fleet it is one row."""
    monkeypatch.setattr(remotes, "ANSWER", 0.5)
    with silent(scheme) as url:
        project = recording(plain, f"{url}/template.git").project.project
        ran = run(*(word.format(project) for word in verb.split()), code=0 if verb.startswith("check") else 2)
    output = " ".join((ran.out + ran.err).split())
    assert f"{url}/template.git cannot be reached: no answer within 0.5 seconds." in output


def test_a_slow_server(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transfer that takes longer than the limit, and lives, is not cut off."""
    monkeypatch.setattr(remotes, "ANSWER", 3.0)
    project = small.make(tmp_path, small.OLD, {"noise.bin": os.urandom(5000)})
    with git_http(tmp_path, busy=Busy(drip=100)) as url:
        place = recording(project, f"{url}/template/.git").project.project
        assert run("update", str(place), "--check", "--json", code=1).json["to"] == "v1.1.0"
