"""Git servers on loopback: the git protocol by `git daemon`, smart HTTP by `git http-backend`."""

import base64
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def git_daemon(root: Path) -> Iterator[str]:
    """Serve every repository below `root` for reading; yield the URL of `root`."""
    port = _free_port()
    command = [
        "git",
        "daemon",
        "--export-all",
        "--reuseaddr",
        "--listen=127.0.0.1",
        f"--port={port}",
        f"--base-path={root}",
    ]
    with subprocess.Popen([*command, str(root)], stderr=subprocess.DEVNULL, start_new_session=True) as daemon:
        _wait(port)
        try:
            yield f"git://127.0.0.1:{port}"
        finally:
            os.killpg(daemon.pid, signal.SIGTERM)


@dataclass
class Busy:
    """How a git server over HTTP behaves, and which requests it has seen.

    `account`: the NAME:PASSWORD it requires, '' for none. `closed`: prefixes of paths that nobody may push to. `mute`:
    prefixes of paths for which it never answers. `pauses`: how many requests below a path are answered with 429 and
    Retry-After first. `drip`: how many bytes of an answer are sent in a tenth of a second, 0 for all. `moved`: where
    each request is redirected to, '' for nowhere. `seen`: `METHOD PATH?QUERY` of each request that was accepted.
    `sent`: the bytes in the answers.
    """

    account: str = ""
    closed: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()
    pauses: dict[str, int] = field(default_factory=dict)
    retry_after: str = "7"
    drip: int = 0
    moved: str = ""
    seen: list[str] = field(default_factory=list)
    sent: int = 0

    def refusal(self, path: str, query: str, authorization: str) -> tuple[int, dict[str, str]] | None:
        """Status and headers of the answer to a request that is refused; None if it is accepted."""
        expected = f"Basic {base64.b64encode(self.account.encode()).decode()}"
        if self.account and authorization != expected:
            return 401, {"WWW-Authenticate": 'Basic realm="ops"'}
        if "git-receive-pack" in path + query and path.startswith(self.closed or ("//",)):
            return 403, {}
        if self.moved:
            return 302, {"Location": f"{self.moved}{path}?{query}"}
        name = next((name for name, left in self.pauses.items() if left and path.startswith(name)), "")
        if name:
            self.pauses[name] -= 1
            return 429, {"Retry-After": self.retry_after}
        return None

    def keep_silent(self, path: str) -> None:
        """Return when the request may be answered, which can be never."""
        while path.startswith(self.mute or ("//",)):
            time.sleep(0.2)

    def parts(self, content: bytes) -> Iterator[bytes]:
        """The content at once or a little at a time."""
        size = self.drip or len(content) or 1
        for start in range(0, len(content), size):
            yield content[start : start + size]
            time.sleep(0.1 if self.drip else 0.0)


@contextmanager
def git_http(root: Path, *, refused: bytes = b"", busy: Busy | None = None, port: int = 0) -> Iterator[str]:
    """Serve every repository below `root` over smart HTTP, for reading and pushing; yield the URL of `root`.

    A request whose body contains `refused`, if given, is answered with 403. `busy`: how the server behaves otherwise.
    """
    rules = busy or Busy()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._backend(b"")

        def do_POST(self) -> None:
            self._backend(_body(self))

        def _backend(self, body: bytes) -> None:
            """Answer one request with git's own CGI program (git-http-backend(1))."""
            path, _, query = self.path.partition("?")
            if refused and refused in body:
                self.send_error(403)
                return
            rules.keep_silent(path)
            if refusal := rules.refusal(path, query, self.headers.get("Authorization") or ""):
                self.send_response(refusal[0])
                for name, value in {**refusal[1], "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()
                return
            rules.seen.append(f"{self.command} {self.path}")
            head, _, content = _cgi(self, root, body).partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()
            for part in rules.parts(content):
                self.wfile.write(part)
            rules.sent += len(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server
            """Say nothing."""

    with served(Handler, port) as url:
        yield url


def _cgi(request: BaseHTTPRequestHandler, root: Path, body: bytes) -> bytes:
    """The output of git's own CGI program (git-http-backend(1))."""
    path, _, query = request.path.partition("?")
    env = {
        **os.environ,
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": request.command,
        "REMOTE_USER": "ada",
        "CONTENT_TYPE": request.headers.get("Content-Type") or "",
        "CONTENT_LENGTH": str(len(body)),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol") or "",
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding") or "",
    }
    return subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=True).stdout


def _body(request: BaseHTTPRequestHandler) -> bytes:
    """The body of a request; git sends a large one in chunks."""
    if "chunked" not in (request.headers.get("Transfer-Encoding") or ""):
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    parts = []
    while size := int(request.rfile.readline(), 16):
        parts.append(request.rfile.read(size))
        request.rfile.readline()
    request.rfile.readline()
    return b"".join(parts)


@contextmanager
def locked_http() -> Iterator[str]:
    """A server that requires a password for everything; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="ops"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server
            """Say nothing."""

    with served(Handler) as url:
        yield url


@contextmanager
def silent(scheme: str) -> Iterator[str]:
    """A server that accepts every connection and never answers; yield its URL."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def served(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Iterator[str]:
    """Serve HTTP with `handler`, on `port` or (for 0) on a free one; yield the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    """Wait at most ten seconds until something listens on the port."""
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
