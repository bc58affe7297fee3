"""A package index on loopback: the simple API (PEP 691, 700) with tiny wheels."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from support.servers import served

JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class Index:
    """Wheels in `folder`; `ages` gives the age in days of each file, None for a file without an upload time."""

    folder: Path
    ages: dict[str, float | None] = field(default_factory=dict)

    def add(self, name: str, version: str, *, days: float | None = 100, requires: tuple[str, ...] = ()) -> None:
        """Add a release, `days` old."""
        file = f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
        with zipfile.ZipFile(self.folder / file, "w") as wheel:
            wheel.writestr(f"{name}.py", "")
            wheel.writestr(f"{info}/METADATA", metadata + needs)
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
        self.ages[file] = days

    def page(self, name: str) -> bytes:
        """The page of a package; b'' for one that is not here."""
        files = [self._file(path) for path in sorted(self.folder.glob(f"{name}-*.whl"))]
        page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": files}
        return json.dumps(page).encode() if files else b""

    def _file(self, path: Path) -> dict[str, object]:
        days, digest = self.ages[path.name], hashlib.sha256(path.read_bytes()).hexdigest()
        fields: dict[str, object] = {"filename": path.name, "url": f"/files/{path.name}", "hashes": {"sha256": digest}}
        if days is not None:
            fields["upload-time"] = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
        return {**fields, "size": path.stat().st_size}


@contextmanager
def serve(index: Index) -> Iterator[str]:
    """Serve the index; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            folder, name = self.path.strip("/").split("/")
            content = index.page(name) if folder == "simple" else (index.folder / name).read_bytes()
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", JSON if folder == "simple" else "application/octet-stream")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_HEAD(self) -> None:
            self.send_error(405)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server
            """Say nothing."""

    with served(Handler) as url:
        yield f"{url}/simple"
