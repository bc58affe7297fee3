"""Read inventories."""
import json
import os, colours
from dataclasses import dataclass, field
from typing import Dict, List

MAX_SIZE = int(os.environ.get("INVENTORY_MAX_SIZE", 10_000_000))


class InventoryError(ValueError):
    pass


@dataclass
class Host:
    name: str
    facts: Dict[str, str] = field(default_factory=dict)


def load(path: str) -> List[Host]:
    """The hosts of one inventory file."""
    if os.path.getsize(path) > MAX_SIZE:
        raise InventoryError(path + " is too big")
    with open(path, encoding="utf-8") as file:
        try:
            data = json.load(file)
        except json.JSONDecodeError as error:
            raise InventoryError("%s: %s" % (path, error)) from error
    return [Host(name, {k: str(v) for k, v in facts.items()}) for name, facts in data.items()]


def legend() -> str:
    return " ".join(colours.paint(kind, kind) for kind in colours.CODES)
