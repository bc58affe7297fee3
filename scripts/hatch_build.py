"""The build hook: every released version of the template goes into the wheel and the sdist as a git bundle.

The wheel has its pins.yml and locks.yml as files, too: rules ask them, and shall not have to unpack a repository.
"""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TemplateBundle(BuildHookInterface):  # type: ignore[type-arg]
    """Makes src/new_ops_project/data/template.bundle; an sdist carries it, since it has no tags of its own."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the bundle, unless this is an editable install (which reads the checkout) or an unpacked sdist."""
        root = Path(self.root)
        bundle = root / "src" / "new_ops_project" / "data" / "template.bundle"
        if version == "editable":
            return
        if not (root / "PKG-INFO").exists():
            _embedded(root).pack(root, self.metadata.version, bundle)
        inside = (
            "src/new_ops_project/data/template.bundle"
            if self.target_name == "sdist"
            else "new_ops_project/data/template.bundle"
        )
        build_data["force_include"][str(bundle)] = inside
        if self.target_name == "wheel":
            for name in ("pins.yml", "locks.yml"):
                build_data["force_include"][str(root / "templates" / name)] = f"new_ops_project/data/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave a checkout as it was."""
        root = Path(self.root)
        if not (root / "PKG-INFO").exists():
            (root / "src" / "new_ops_project" / "data" / "template.bundle").unlink(missing_ok=True)


def _embedded(root: Path) -> Any:
    """The package's own embedded.py, which needs nothing but the standard library."""
    spec = importlib.util.spec_from_file_location(
        "embedded", root / "src" / "new_ops_project" / "template" / "embedded.py"
    )
    if spec is None or spec.loader is None:
        raise FileNotFoundError(root / "src" / "new_ops_project" / "template" / "embedded.py")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["embedded"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
