"""The pins and locks of the template, read without the code under test."""

from collections.abc import Mapping
from typing import Any

import yaml
from support.command import ROOT

TEMPLATES = ROOT / "templates"


def load(name: str) -> Any:
    """Give the default of the question that a file of the template defines."""
    questions = yaml.safe_load((TEMPLATES / f"{name}.yml").read_text(encoding="utf-8"))
    return questions[name]["default"]


PINS = load("pins")
LOCKS = load("locks")
CLOSURES: Mapping[str, Mapping[str, str]] = LOCKS["closures"]
PACKAGES: Mapping[str, Mapping[str, str]] = LOCKS["packages"]
DIRECT: Mapping[str, Mapping[str, str]] = {**PINS["dependencies"], **PINS["tools"]}
