"""What the fake gh and glab of tests are: `api --include` as gh 2 and glab 1 have it, pull requests in JSON files.

It is copied to FOLDER/bin/gh and FOLDER/bin/glab; FOLDER keeps the state, as tests/fleet_bundles.py says.
"""

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, unquote

FOLDER, PROGRAM = Path(__file__).parents[1], Path(__file__).name
ENDPOINTS = {
    "gh": r"repos/([^/]+/[^/]+)/(?:pulls|issues)(?:/(\d+))?(/comments)?",
    "glab": r"projects/([^/]+)/merge_requests(?:/(\d+))?(/notes)?",
}
Pull = dict[str, Any]


def main(arguments: list[str]) -> NoReturn:
    """Answer one command line."""
    if arguments[:2] == ["auth", "status"]:
        sys.exit(0 if (FOLDER / f"{PROGRAM}.login").exists() else 1)
    options, endpoint = parsed(arguments)
    method = options["--method"]
    path, _, query = endpoint.partition("?")
    with (FOLDER / "asked.txt").open("a") as log:
        log.write(f"{PROGRAM} {method} {path}\n")
    now = scripted() if method != "GET" else {}
    if now.get("die") == "before":
        os.kill(os.getppid(), signal.SIGKILL)
        sys.exit(1)
    if now.get("offline") == "before":
        unplugged()
    if "status" in now:
        answer(now["status"], now.get("body", {"message": "no"}), now.get("headers", {}))
    found = re.fullmatch(ENDPOINTS[PROGRAM], path)
    if not found:
        answer(404, {"message": "Not Found"})
    sent = json.load(sys.stdin) if options.get("--input") == "-" else {}
    one = Repository(unquote(found[1]), options["--hostname"])
    status, said = one.asked(method, int(found[2] or 0), bool(found[3]), sent, query)
    one.save()
    if now.get("die") == "after":
        os.kill(os.getppid(), signal.SIGKILL)
    if now.get("offline") == "after":
        unplugged()
    answer(status, said, {"X-Ratelimit-Remaining": "100", **now.get("extra", {})})


def unplugged() -> NoReturn:
    """End as the programs do when the network fails."""
    sys.stderr.write("error connecting to the forge: connection reset\n")
    sys.exit(1)


def parsed(arguments: list[str]) -> tuple[dict[str, str], str]:
    """The options and the endpoint of `api`."""
    options, rest, flags = {"--method": "GET"}, [], iter(arguments[1:])
    for one in flags:
        if one == "--include":
            options[one] = ""
        elif one.startswith("--"):
            options[one] = next(flags)
        else:
            rest.append(one)
    (endpoint,) = rest
    if arguments[0] != "api" or "--include" not in options:
        sys.exit("the tests need --include")
    if "--input" in options and options.get("--header") != "Content-Type: application/json":
        answer(415, {"error": "The provided content-type '' is not supported."})
    return options, endpoint


def scripted() -> dict[str, Any]:
    """What a test wants this writing request to be answered with, if anything."""
    script = FOLDER / "script.json"
    planned = json.loads(script.read_text()) if script.exists() else []
    script.write_text(json.dumps(planned[1:]))
    return planned[0] if planned else {}


def answer(status: int, body: object, headers: dict[str, str] | None = None) -> NoReturn:
    """Print an answer as --include does, and end as the programs do."""
    sys.stdout.write(f"HTTP/2.0 {status} Words\n")
    for name, value in (headers or {}).items():
        sys.stdout.write(f"{name}: {value}\r\n")
    sys.stdout.write("\r\n" + json.dumps(body))
    sys.stdout.flush()
    if status > 299:
        sys.stderr.write(f"{PROGRAM}: HTTP {status}\n")
    sys.exit(status > 299)


class Repository:
    """The pull requests of one repository."""

    def __init__(self, name: str, host: str) -> None:
        self.name, self.host = name, host
        self.file = FOLDER / (name.replace("/", "__") + ".json")
        self.pulls: list[Pull] = json.loads(self.file.read_text()) if self.file.exists() else []

    def save(self) -> None:
        """Write them."""
        self.file.write_text(json.dumps(self.pulls))

    def asked(self, method: str, number: int, comments: bool, sent: Pull, query: str) -> tuple[int, object]:  # noqa: FBT001 - one place
        """Status and body for one request."""
        mine = next((one for one in self.pulls if one["number"] == number), {})
        if comments and method == "GET":
            return 200, [{"body": one} for one in mine["comments"]]
        if comments:
            mine["comments"].append(sent["body"])
            return 201, {}
        if method == "GET":
            wanted = {key: values[0] for key, values in parse_qs(query).items()}
            head = wanted.get("head", "").partition(":")[2] or wanted.get("source_branch")
            return 200, [self.shape(one) for one in reversed(self.pulls) if one["head"] == head]
        return self.opened(sent) if method == "POST" else self.changed(mine, sent)

    def opened(self, sent: Pull) -> tuple[int, object]:
        """A new one, if there is none open for that branch."""
        head = sent.get("head") or sent["source_branch"]
        if any(one["head"] == head and one["state"] == "open" for one in self.pulls):
            return (422 if PROGRAM == "gh" else 409), {"message": "A pull request already exists."}
        number = len(self.pulls) + 1
        made = {
            "number": number,
            "url": f"https://{self.host}/{self.name}/pull/{number}",
            "state": "open",
            "title": sent["title"],
            "head": head,
            "base": sent.get("base") or sent["target_branch"],
            "draft": sent.get("draft", False),
            "body": sent.get("body") or sent["description"],
            "comments": [],
        }
        self.pulls.append(made)
        return 201, self.shape(made)

    def changed(self, mine: Pull, sent: Pull) -> tuple[int, object]:
        """Title, text or state of one."""
        for key, name in (("title", "title"), ("body", "body"), ("description", "body"), ("state", "state")):
            mine[name] = sent.get(key, mine[name])
        if sent.get("state_event") == "close":
            mine["state"] = "closed"
        return 200, self.shape(mine)

    def shape(self, one: Pull) -> Pull:
        """One as the forge tells it."""
        if PROGRAM == "gh":
            return {
                **one,
                "state": "open" if one["state"] == "open" else "closed",
                "html_url": one["url"],
                "merged_at": "2026" if one["state"] == "merged" else None,
                "head": {"ref": one["head"], "repo": {"full_name": self.name}},
            }
        return {
            "iid": one["number"],
            "web_url": one["url"],
            "title": one["title"],
            "description": one["body"],
            "state": "opened" if one["state"] == "open" else one["state"],
            "source_branch": one["head"],
            "source_project_id": 1,
            "target_project_id": 1,
        }


if __name__ == "__main__":
    main(sys.argv[1:])
