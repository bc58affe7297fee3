"""A fake of gh and glab: `api --include` of gh 2 and glab 1, with the pull requests in JSON files.

Tests copy this file to FOLDER/bin/gh and FOLDER/bin/glab; FOLDER keeps the state (see support/fleet_programs.py).
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
    match = re.fullmatch(ENDPOINTS[PROGRAM], path)
    if not match:
        answer(404, {"message": "Not Found"})
    sent = json.load(sys.stdin) if options.get("--input") == "-" else {}
    repository = Repository(unquote(match[1]), options["--hostname"])
    status, body = repository.respond(method, int(match[2] or 0), bool(match[3]), sent, query)
    repository.save()
    if now.get("die") == "after":
        os.kill(os.getppid(), signal.SIGKILL)
    if now.get("offline") == "after":
        unplugged()
    answer(status, body, {"X-Ratelimit-Remaining": "100", **now.get("extra", {})})


def unplugged() -> NoReturn:
    """End like the programs when the network fails."""
    sys.stderr.write("error connecting to the forge: connection reset\n")
    sys.exit(1)


def parsed(arguments: list[str]) -> tuple[dict[str, str], str]:
    """The options and the endpoint of `api`."""
    options, rest, flags = {"--method": "GET"}, [], iter(arguments[1:])
    for argument in flags:
        if argument == "--include":
            options[argument] = ""
        elif argument.startswith("--"):
            options[argument] = next(flags)
        else:
            rest.append(argument)
    (endpoint,) = rest
    if arguments[0] != "api" or "--include" not in options:
        sys.exit("the tests need --include")
    if "--input" in options and options.get("--header") != "Content-Type: application/json":
        answer(415, {"error": "The provided content-type '' is not supported."})
    return options, endpoint


def scripted() -> dict[str, Any]:
    """The answer that a test has prepared for this writing request; empty if it has none."""
    script = FOLDER / "script.json"
    planned = json.loads(script.read_text()) if script.exists() else []
    script.write_text(json.dumps(planned[1:]))
    return planned[0] if planned else {}


def answer(status: int, body: object, headers: dict[str, str] | None = None) -> NoReturn:
    """Print an answer in the format of --include, with the exit code of the programs."""
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
        """Write the pull requests."""
        self.file.write_text(json.dumps(self.pulls))

    def respond(self, method: str, number: int, comments: bool, sent: Pull, query: str) -> tuple[int, object]:  # noqa: FBT001 - one place
        """Status and body for one request."""
        pull = next((pull for pull in self.pulls if pull["number"] == number), {})
        if comments and method == "GET":
            return 200, [{"body": comment} for comment in pull["comments"]]
        if comments:
            pull["comments"].append(sent["body"])
            return 201, {}
        if method == "GET":
            parameters = {key: values[0] for key, values in parse_qs(query).items()}
            head = parameters.get("head", "").partition(":")[2] or parameters.get("source_branch")
            return 200, [self.as_forge(pull) for pull in reversed(self.pulls) if pull["head"] == head]
        return self.open(sent) if method == "POST" else self.change(pull, sent)

    def open(self, sent: Pull) -> tuple[int, object]:
        """Open a pull request, unless there is an open one for that branch."""
        head = sent.get("head") or sent["source_branch"]
        if any(pull["head"] == head and pull["state"] == "open" for pull in self.pulls):
            return (422 if PROGRAM == "gh" else 409), {"message": "A pull request already exists."}
        number = len(self.pulls) + 1
        pull = {
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
        self.pulls.append(pull)
        return 201, self.as_forge(pull)

    def change(self, pull: Pull, sent: Pull) -> tuple[int, object]:
        """Change the title, text or state of a pull request."""
        for key, name in (("title", "title"), ("body", "body"), ("description", "body"), ("state", "state")):
            pull[name] = sent.get(key, pull[name])
        if sent.get("state_event") == "close":
            pull["state"] = "closed"
        return 200, self.as_forge(pull)

    def as_forge(self, pull: Pull) -> Pull:
        """A pull request in the forge's format."""
        if PROGRAM == "gh":
            return {
                **pull,
                "state": "open" if pull["state"] == "open" else "closed",
                "html_url": pull["url"],
                "merged_at": "2026" if pull["state"] == "merged" else None,
                "head": {"ref": pull["head"], "repo": {"full_name": self.name}},
            }
        return {
            "iid": pull["number"],
            "web_url": pull["url"],
            "title": pull["title"],
            "description": pull["body"],
            "state": "opened" if pull["state"] == "open" else pull["state"],
            "source_branch": pull["head"],
            "source_project_id": 1,
            "target_project_id": 1,
        }


if __name__ == "__main__":
    main(sys.argv[1:])
