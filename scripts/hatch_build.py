"""The build hook that packs every released version of the template into each distribution.

The versions are one git bundle. The wheel also has pins.yml and locks.yml as files: rules read them, which should not
unpack a repository.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = "new_ops_project/data/template.bundle"


class TemplateBundle(BuildHookInterface):  # type: ignore[type-arg]
    """Makes src/new_ops_project/data/template.bundle. An sdist carries the file: it has no tags."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the bundle, except for an editable install, which reads the checkout, and from an unpacked sdist."""
        root = Path(self.root)
        bundle = root / "src" / BUNDLE
        if version == "editable":
            return
        if not (root / "PKG-INFO").exists():
            sys.path.insert(0, str(root / "src"))
            from new_ops_project.template import embedded  # noqa: PLC0415 - it is not installed yet

            embedded.pack(root, self.metadata.version, bundle)
        build_data["force_include"][str(bundle)] = f"src/{BUNDLE}" if self.target_name == "sdist" else BUNDLE
        if self.target_name == "wheel":
            for name in ("pins.yml", "locks.yml"):
                build_data["force_include"][str(root / "templates" / name)] = f"new_ops_project/data/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the bundle from a checkout."""
        root = Path(self.root)
        if not (root / "PKG-INFO").exists():
            (root / "src" / BUNDLE).unlink(missing_ok=True)
