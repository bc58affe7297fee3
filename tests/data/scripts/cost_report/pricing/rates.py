"""What an hour of a service costs, from the table beside this file."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

TABLE = Path(__file__).with_name("rates.csv")


class UnknownService(KeyError):
    """No price for a service."""

    def __str__(self) -> str:
        return f"no price for {self.args[0]}"


@dataclass(frozen=True)
class Rate:
    service: str
    hourly: Decimal


class Rates(dict[str, Rate]):
    def __missing__(self, name: str) -> Rate:
        raise UnknownService(name)


def load(path: Path = TABLE) -> Rates:
    with path.open(newline="") as file:
        return Rates((row["service"], Rate(row["service"], Decimal(row["hourly"]))) for row in csv.DictReader(file))
