"""A stand-in for the parts of GitHub that the workflow of `fleet init` uses."""

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from support.command import Run
from support.servers import served
from support.workflow_runner import Settings

PROGRAMS = ("bash", "curl", "jq", "openssl")  # that the steps call, and GitHub's images have

# What `python -m venv` and pip leave behind, without the time that they take: the command, and a python.
PYTHON = """\
#!/bin/sh
if [ "$2" = venv ]; then
  mkdir -p .venv/bin
  cp "$0" .venv/bin/python
  printf '#!/bin/sh\\nexec %s "$@"\\n' "$COMMAND" > .venv/bin/new-ops-project
  chmod +x .venv/bin/new-ops-project
fi
"""


@dataclass(frozen=True)
class Forge:
    """GitHub's API on loopback, and the private keys of the Apps `reader` and `writer` there."""

    url: str
    keys: dict[str, str]

    def environments(self, *, reader: bool = True) -> dict[str, dict[str, dict[str, str]]]:
        """Both environments as the next steps of `fleet init` say, or without the App that reads."""
        read = {"vars": {"FLEET_READER_ID": "reader"}, "secrets": {"FLEET_READER_KEY": self.keys["reader"]}}
        write = {"vars": {"FLEET_APP_ID": "writer"}, "secrets": {"FLEET_APP_KEY": self.keys["writer"]}}
        return {"fleet": write, **({"fleet-read": read} if reader else {})}


def made_keys(folder: Path) -> dict[str, str]:
    """The private keys of two Apps, by their ids."""
    for app in ("reader", "writer"):
        subprocess.run(["openssl", "genrsa", "-out", folder / app, "2048"], check=True, capture_output=True)
    return {path.name: path.read_text() for path in folder.iterdir()}


@contextmanager
def apps(keys: dict[str, str], folder: Path) -> Iterator[Forge]:
    """GitHub's API for App tokens: it answers only requests that an App's key signed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_user = self.path == "/users/ops/installation"
            self.reply(200 if is_user and self.app() else 404, {"id": 7} if is_user else {"message": "Not Found"})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["permissions"]
            token = f"{self.app()}:" + ",".join(f"{name}={level}" for name, level in sorted(asked.items()))
            self.reply(201 if self.path == "/app/installations/7/access_tokens" else 404, {"token": token})

        def app(self) -> str:
            """The App that signed the request; fails the request for a signature that is not right."""
            head, claims, signature = self.headers["Authorization"].removeprefix("Bearer ").split(".")
            name = str(json.loads(decoded(claims))["iss"])
            (folder / "key").write_text(keys[name])
            (folder / "signature").write_bytes(decoded(signature))
            command = [
                "openssl",
                "dgst",
                "-sha256",
                "-prverify",
                str(folder / "key"),
                "-signature",
                str(folder / "signature"),
            ]
            subprocess.run(command, input=f"{head}.{claims}".encode(), check=True, capture_output=True)
            return name

        def reply(self, code: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server
            """Say nothing."""

    with served(Handler) as url:
        yield Forge(url, keys)


def decoded(text: str) -> bytes:
    """Base64 for URLs, without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def written(run: Run, work: Path, *options: str) -> Path:
    """A central repository with the workflow; its lock is there already."""
    lock = work / "central" / ".github" / "fleet" / "requirements.txt"
    lock.parent.mkdir(parents=True)
    lock.write_text("new-ops-project==0.1.0 --hash=sha256:0\n")
    run("fleet", "init", "--engine", "github-actions", "--path", "central", *options)
    return work / "central"


def settings(central: Path, command: str, forge: Forge, **more: Any) -> Settings:
    """A machine where the tool that gets installed is `command`."""
    tools = central.parent / "tools"
    tools.mkdir()
    (tools / "python").write_text(PYTHON)
    (tools / "python").chmod(0o755)
    env = {"COMMAND": command, "GITHUB_API_URL": forge.url, "CALLS": str(central.parent / "calls")}
    given = {"environments": forge.environments(), **more, "env": {**env, **more.get("env", {})}}
    return Settings(central, tools, **given)
