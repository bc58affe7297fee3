"""templates/pins.yml as data."""

import subprocess
import sys

from conftest import ROOT

from new_ops_project import pins


def test_shipped_are_those_of_the_checkout() -> None:
    """An editable install reads the file that its maintainer edits."""
    shipped = pins.shipped()
    assert shipped == pins.read(ROOT / "templates" / "pins.yml")
    assert shipped.default_python in shipped.pythons
    assert shipped.ended["3.9"] == "2025-10"
    assert len(shipped.actions["actions/checkout"].sha) == 40
    assert shipped.dependencies["pyyaml"].stubs in shipped.tools


def test_shipped_needs_nothing_heavy() -> None:
    """Whoever asks for the pins does not pay for rendering, tables or versions."""
    code = "import sys; from new_ops_project import pins; pins.shipped(); print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"copier", "rich", "packaging", "platformdirs", "jinja2"} & set(said)
