"""Prints the SBOM of a wheel: CycloneDX JSON with the locked packages that it needs when it runs.

    python scripts/sbom.py WHEEL > sbom.cdx.json

cyclonedx-py reads pyproject.toml and requirements.txt. What it cannot know there is added: the version and digest of
the wheel, and which packages the tool needs itself. It knows no dependencies between packages, so none are claimed.
"""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[1]
_COMMAND = ("cyclonedx_py", "requirements", "--output-reproducible", "--spec-version", "1.6")


def main(wheel: Path) -> int:
    """Print the SBOM; return the exit code, which is 1 if it does not follow the standard."""
    text = json.dumps(document(wheel), indent=2)
    if problem := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        print(problem, file=sys.stderr)
        return 1
    print(text)
    return 0


def document(wheel: Path) -> dict[str, Any]:
    """The SBOM as JSON has it; names are normalized as PEP 503 says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    command = (sys.executable, "-W", "ignore", "-m", *_COMMAND, "--pyproject", "pyproject.toml", "requirements.txt")
    bom: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    version = wheel.name.split("-")[1]
    root = bom["metadata"]["component"]
    root |= {"version": version, "purl": f"pkg:pypi/{project['name']}@{version}"}
    root["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    references = {component["name"]: component["bom-ref"] for component in bom["components"]}
    needs = [references[re.split(r"[<>=!~;\[ ]", text)[0].lower()] for text in project["dependencies"]]
    bom["dependencies"] = [{"ref": root["bom-ref"], "dependsOn": sorted(needs)}]
    return bom


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
