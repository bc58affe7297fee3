"""Credentials in addresses and hidden values are masked in every text; everything else stays."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from new_ops_project.base import masking

MASKED = {
    "https://user:pw@host/x.git": "https://host/x.git",
    "HTTPS://TOKEN@host/x": "HTTPS://host/x",
    "https://user:p@ss@host/x": "https://host/x",
    "https://user:p/a@host/x": "https://host/x",
    "https://user:p/a@b@host/x?y": "https://host/x?y",
    "fatal: unable to access 'http://user:pw@host:80/x/': no": "fatal: unable to access 'http://host:80/x/': no",
    "git+https://token@host/x": "git+https://host/x",
    "ssh://git:pw@host/x": "ssh://git@host/x",
    "git+ssh://git:pw@host/x": "git+ssh://git@host/x",
    "ftp://user:pw@host": "ftp://host",
    "https%3A%2F%2Fuser%3Apw%40host%2Fx": "https%3A%2F%2Fhost%2Fx",
    "see=https%3a%2f%2ftoken%40host%2fx&n=1": "see=https%3a%2f%2fhost%2fx&n=1",
    "https://host/x.git?private_token=abc&ref=1": "https://host/x.git?private_token=***&ref=1",
    "https://host/x?ref=1&Access_Token=a%2Fb#top": "https://host/x?ref=1&Access_Token=***#top",
    "https://host/x#access_token=abc": "https://host/x#access_token=***",
    "https://host/x?X-Amz-Signature=abc;sig=def": "https://host/x?X-Amz-Signature=***;sig=***",
    "https://host/x%3Fapi_key%3Dabc%26n%3D1": "https://host/x%3Fapi_key%3D***%26n%3D1",
    "https://a:b@host and https://c:d@host": "https://host and https://host",
}
KEPT = (
    "http://host:8080/path@v1",
    "https://host/path@v1.0",
    "http://[::1]:80/x@y",
    "ssh://git@host/x",
    "git@github.com:org/name",
    "ada@example.org",
    "https://host/x?author=ada&monkey=1&page=2",
    "https://host:8080?mail=ada@example.org",
    "repository:tag@sha256:0123",
    "a = b & token = c",
    '{"a":"http://host:x","b":"ada@example.org"}',
)


@pytest.fixture(autouse=True)
def nothing_hidden() -> Iterator[None]:
    """Hidden values end with each test."""
    yield
    masking.forget()


@pytest.mark.parametrize("text", MASKED)
def test_masked(text: str) -> None:
    """Logins and secret parameters go, in every spelling; twice changes nothing more."""
    assert masking.masked(text) == MASKED[text]
    assert masking.masked(MASKED[text]) == MASKED[text]


@pytest.mark.parametrize("text", KEPT)
def test_kept(text: str) -> None:
    """What only looks alike stays as it is."""
    assert masking.masked(text) == text


@given(st.text(alphabet="abc123:@/?#%.é ~+", max_size=30))
def test_no_password_survives(password: str) -> None:
    """Whatever is in a password, after it was hidden it is found in no text, however it is quoted."""
    secret = f"hun{password}ter"
    masking.forget()
    masking.hide(secret)
    for text in (secret, repr(secret), json.dumps({"a": secret}), f"x {secret} y", f"'{secret}'"):
        assert secret not in masking.masked(text)


def test_lines_of_a_value() -> None:
    """A key of several lines is masked in a diff, which puts a sign before each of them."""
    masking.hide("-----BEGIN KEY-----\nabcdefgh\n")
    assert masking.masked("+-----BEGIN KEY-----\n+abcdefgh\n") == "+***\n+***\n"


def test_a_short_value_is_a_word() -> None:
    """A short hidden value does not cut other words, and one of three letters nothing."""
    masking.hide("blue", "red")
    assert masking.masked("blue, bluebird, red") == "***, bluebird, red"


def test_json_keeps_its_shape() -> None:
    """Texts are masked wherever they are; keys and other values stay."""
    masking.hide("hunter2-ops")
    value = {"a": ["https://u:p@host", 1, None], "b": {"hunter2-ops": ("hunter2-ops", True)}}
    assert masking.masked_json(value) == {"a": ["https://host", 1, None], "b": {"hunter2-ops": ["***", True]}}


def test_bytes_survive() -> None:
    """Bytes that are no text stay as they are."""
    assert masking.masked_bytes(b"\xff https://u:p@host \xfe") == b"\xff https://host \xfe"
