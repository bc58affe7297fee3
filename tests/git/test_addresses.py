"""Addresses of repositories and what git says about those that it cannot reach."""

import pytest

from new_ops_project.base.errors import ProcessError, ToolError
from new_ops_project.git import remotes, urls
from new_ops_project.git.urls import Login


@pytest.mark.parametrize(
    ("location", "is_short", "full"),
    [
        ("gh:o/r", True, "https://github.com/o/r.git"),
        ("gl:o/r.git/", True, "https://gitlab.com/o/r.git"),
        ("git@example.org:o/r.git", True, "git@example.org:o/r.git"),
        ("example.org:o/r", True, "example.org:o/r"),
        ("git+https://example.org/r", False, "https://example.org/r"),
        ("HTTPS://example.org/r", False, "https://example.org/r"),
        ("./a/b", False, "./a/b"),
        ("C:/a/b", False, "C:/a/b"),
        ("file:///a/b", False, "file:///a/b"),
    ],
)
def test_forms(location: str, full: str, *, is_short: bool) -> None:
    """Short forms are expanded; what git understands stays as it is."""
    assert urls.is_short_address(location) == is_short
    assert urls.full_address(location) == full


@pytest.mark.parametrize(
    "location",
    [
        "ext::sh -c x",
        "git+ext::x",
        "-u./x",
        "ftp://example.org/r",
        "https:///r",
        "ssh://-oProxyCommand=x/r",
        "https://example.org:0/r",
        "https://example.org:port/r",
        "https://example .org/r",
        "https://[::1/r",
        "https://a%0Ab:x@example.org/r",
        "https://example.org/r\nx",
        "git@example.org:r\nx",
        "user:password@example.org/r",
    ],
)
def test_refused(location: str) -> None:
    """Programs, options, other protocols, line ends and what cannot be read are refused; no password is shown."""
    with pytest.raises(ToolError) as error:
        urls.full_address(location)
    assert "password" not in error.value.message


@pytest.mark.parametrize(
    ("address", "public", "login"),
    [
        ("https://ada:p%40ss@example.org/r", "https://example.org/r", Login("ada", "p@ss")),
        ("https://ada@example.org/r", "https://example.org/r", Login("ada", "")),
        ("HTTP://ada:x@example.org/r", "HTTP://example.org/r", Login("ada", "x")),
        ("https://example.org/r", "https://example.org/r", Login()),
        ("ssh://git:x@example.org/r?x#y", "ssh://git@example.org/r?x#y", Login()),
        ("git@example.org:r", "git@example.org:r", Login()),
        ("/a/b?token=x", "/a/b?token=x", Login()),
    ],
)
def test_credentials(address: str, public: str, login: Login) -> None:
    """Only http has credentials for git; the account of ssh stays in what is shown, its password does not."""
    assert urls.public(address) == public
    assert urls.login(address) == login


@pytest.mark.parametrize(
    ("own", "allowed"),
    [(None, "https:http:ssh:git:file"), ("https:file:ext", "https:file"), ("", ""), ("ext", "")],
)
def test_protocols(monkeypatch: pytest.MonkeyPatch, own: str | None, allowed: str) -> None:
    """The user's own list can only take protocols away."""
    if own is not None:
        monkeypatch.setenv("GIT_ALLOW_PROTOCOL", own)
    assert urls.allowed_protocols() == allowed


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("fatal: repository 'x' not found\n", "repository 'x' not found"),
        ("Cloning\nfatal: unable to access 'x': no route.\n", "unable to access 'x': no route"),
        (
            "ssh: connect to host x: refused\nfatal: Could not read.\nPlease\n",
            "ssh: connect to host x: refused; Could not read",
        ),
        ("remote: gone\nfatal: x\n", "remote: gone; x"),
        ("git@x: Permission denied (publickey).\nfatal: x\n", "git@x: Permission denied (publickey).; x"),
        ("hint: x\nfatal: y\n", "y"),
        ("fatal: it says:\n  the reason\nmore\n", "it says: the reason"),
        ("fatal: it says:\n", "it says:"),
        ("no such line\nthe last\n", "the last"),
        ("", "exit code 128"),
    ],
)
def test_reasons(stderr: str, reason: str) -> None:
    """Git's own sentence, with the line before it that has the cause and the one after a colon."""
    assert remotes.failure_reason(ProcessError(("git",), 128, stderr)) == reason


def test_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come after those that are there already; a count that is none counts as none."""
    assert remotes.configured({}) == {}
    expected = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"}
    assert remotes.configured({"a.b": "c"}) == expected
    monkeypatch.setenv("GIT_CONFIG_COUNT", "x")
    assert remotes.configured({"a.b": "c"}) == expected
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    expected = {"GIT_CONFIG_COUNT": "3", "GIT_CONFIG_KEY_2": "a.b", "GIT_CONFIG_VALUE_2": "c"}
    assert remotes.configured({"a.b": "c"}) == expected


@pytest.mark.parametrize(
    ("address", "options", "values"),
    [
        ("https://example.org/r", 0, []),
        ("https://ada:x@example.org/r", 4, []),
        ("https://ada@example.org/r", 0, ["ada"]),
        ("https://example.org/r?private_token=x", 0, ["https://example.org/r"]),
        ("ssh://git@example.org/r", 0, []),
    ],
)
def test_what_git_gets(address: str, options: int, values: list[str]) -> None:
    """A password comes from a helper, an account and a query from settings, and none of them is on the command line."""
    words, variables = remotes.access(address)
    assert len(words) == options
    assert [value for name, value in variables.items() if name.startswith("GIT_CONFIG_VALUE")] == values
    assert "ada:x" not in " ".join(words)
    assert "private_token=x" not in " ".join(words)
    assert (variables.get("NEW_OPS_PROJECT_GIT_PASSWORD") == "x") == bool(options)


@pytest.mark.parametrize(
    ("variable", "command", "expected"),
    [
        (None, None, "ssh -o BatchMode=yes -o ConnectTimeout=30"),
        ("GIT_SSH_COMMAND", "ssh -i 'my key'", "ssh -i 'my key' -o BatchMode=yes -o ConnectTimeout=30"),
        ("GIT_SSH_COMMAND", "/usr/bin/ssh.exe", "/usr/bin/ssh.exe -o BatchMode=yes -o ConnectTimeout=30"),
        ("GIT_SSH_COMMAND", "plink", "plink"),
        ("GIT_SSH_COMMAND", "ssh 'open", "ssh 'open"),
        ("GIT_SSH", "plink", None),
    ],
)
def test_the_command_of_ssh(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, command: str, expected: str | None
) -> None:
    """Ssh itself gets options against prompts; another program, and GIT_SSH, stay as they are."""
    if variable:
        monkeypatch.setenv(variable, command)
    assert remotes.without_prompts(None).get("GIT_SSH_COMMAND") == expected
