"""detect-secrets, run offline over the text files that may hold a secret with a known form."""

import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from new_ops_project.base.parsers import read_json
from new_ops_project.base.scratch import temporary_folder
from new_ops_project.checks.linters import program, workdir
from new_ops_project.checks.repo import Repo
from new_ops_project.checks.rule import UncheckedError

NAME = "detect-secrets"
BASELINE = ".secrets.baseline"
KEY = "Private Key"
_EMPTY = b'{"version": "1.5.0", "results": {}}'
_NEWER = Path(__file__).with_name("newer_secrets.py")
# Left out are detectors that guess, and those whose form ordinary words or numbers also have.
_GUESSING = {
    "ArtifactoryDetector",
    "Base64HighEntropyString",
    "HexHighEntropyString",
    "IPPublicDetector",
    "KeywordDetector",
    "SoftlayerDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
    "CloudantDetector",
    "IbmCloudIamDetector",
    "IbmCosHmacDetector",
}
_PLACEHOLDER = (
    r"(?i)example|sample|dummy|changeme|change[-_]me|placeholder|replace|your|insert|redacted|fake|test|foobar|hunter2|"
    r"abcdef|12345|eyJzdWIiOiIxMjM0|\.\.\.|\*\*\*|todo|none|null|[<>${}%()\[\]]"
)
_HARMLESS_LINE = re.compile(
    r"pragma:\s?(?:allow|white)list[ -]secret|gitleaks:allow"
    r"|@(?:localhost|127\.0\.0\.1|\[::1\]|(?:\w[\w-]*\.)*example\.(?:com|org|net))\b"
    r"|://[^\s:/@]*:(?:[A-Za-z_-]+|[A-Z_0-9]+|\d+)\\?@"  # a word, a name in capitals or a port is no password
    r"|PRIVATE KEY-----['\"`]"  # a mention
    r"|[A-Za-z0-9](?:A3T|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}"  # encoded data, not the id of a key
    r"|([A-Za-z0-9])\1{7}"  # filler
)
# What a private key consists of; without it, its first line is only mentioned.
_KEY_BODY = re.compile(r"[A-Za-z0-9+/]{40}")
_KEY_LINES = 8  # in which it begins; an encrypted key has lines about its cipher first


@dataclass(frozen=True)
class Secret:
    """The place and kind of a secret, without the secret; `line` counts from 1."""

    path: str
    line: int
    kind: str


def report(repo: Repo) -> tuple[Secret, ...]:
    """The first secret of each line, except those that a pragma or the repository's baseline allows.

    Raises UncheckedError if detect-secrets is not installed, or fails even without the baseline.
    """
    if importlib.util.find_spec("detect_secrets") is None:
        raise program.missing(NAME)
    plugins, forms = _detectors()
    asked = (path for path in sorted(repo.paths) if repo.is_asked(path) and path in repo.files)
    texts = ((path, repo.files[path].decode(errors="replace")) for path in asked)
    # The program takes a second for a hundred files, so it gets only those in which it can find something.
    paths = [path for path, text in texts if any(form.search(text) for form in forms)]
    if not paths:
        return ()
    try:
        return tuple(_scan(repo, paths, plugins, read_json(repo.files.get(BASELINE, _EMPTY))))
    except (UncheckedError, ValueError, TypeError):  # a baseline that detect-secrets rejects does not apply
        return tuple(_scan(repo, paths, plugins, json.loads(_EMPTY)))


def _detectors() -> tuple[list[dict[str, str]], list[re.Pattern[str]]]:
    """The detectors to use, as a baseline lists them, and the forms that they look for."""
    from detect_secrets.core.plugins.util import (  # noqa: PLC0415 - installed with the extra [check] only
        get_mapping_from_secret_type_to_class,
    )

    from new_ops_project.checks.linters.newer_secrets import NewerTokenDetector  # noqa: PLC0415 - imports the former

    known: dict[str, Any] = get_mapping_from_secret_type_to_class()
    used = [each for each in known.values() if each.__name__ not in _GUESSING]
    plugins = [{"name": each.__name__} for each in used] + [{"name": "NewerTokenDetector", "path": _NEWER.as_uri()}]
    return plugins, [form for each in [*used, NewerTokenDetector] for form in getattr(each, "denylist", ())]


def _scan(repo: Repo, paths: list[str], plugins: list[dict[str, str]], baseline: dict[str, Any]) -> Iterator[Secret]:
    """The secrets that are not in the baseline, or in it as real ones."""
    with workdir.folder(repo, paths) as folder, temporary_folder() as scratch:
        copy = scratch / BASELINE  # since the program adds what it finds to the baseline
        copy.write_text(json.dumps({**baseline, "plugins_used": plugins}), "utf-8")
        options = ("--no-verify", f"--baseline={copy}", f"--exclude-secrets={_PLACEHOLDER}")
        program.run(repo, NAME, "scan", *options, "--", *(f"./{path}" for path in paths), cwd=folder, codes=(0,))
        results = json.loads(copy.read_bytes())["results"]
    old = baseline["results"].items()
    known = {(path, item["hashed_secret"]) for path, items in old for item in items if not item.get("is_secret")}
    for path, items in results.items():
        name = path.replace("\\", "/")
        lines = repo.files[name].decode(errors="replace").split("\n")
        new = (item for item in items if (path, item["hashed_secret"]) not in known)
        for line, kind in {item["line_number"]: item["type"] for item in new}.items():
            if not _HARMLESS_LINE.search(lines[line - 1]) and _is_whole(kind, lines[line - 1 :][:_KEY_LINES]):
                yield Secret(name, line, kind)


def _is_whole(kind: str, lines: list[str]) -> bool:
    return kind != KEY or bool(_KEY_BODY.search("\n".join(lines)))
