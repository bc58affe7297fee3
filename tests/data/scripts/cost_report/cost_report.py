"""What the last month cost, by team or by service.

usage.csv has the columns team, service, hours; prices come from the package `pricing`
that lies beside this file.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pricing.rates as rates
from pricing import UnknownService
from pricing.currencies import (
    EURO,
    Currency,
    find,
)

CENT = Decimal("0.01")


class OverBudget(Exception):
    """The budget does not hold what was used."""

    def __init__(self, total: Decimal, budget: Decimal) -> None:
        super().__init__(f"{total} is over the budget of {budget}")
        self.total = total


def money(amount: Decimal, currency: Currency = EURO) -> str:
    """An amount of euros as people write it in a currency."""
    rounded = (amount * currency.rate).quantize(CENT, ROUND_HALF_UP)
    return f"{rounded:,} {currency.code}"


class Report:
    """One month of usage."""

    def __init__(self, path: Path, by: str = "team", currency: Currency = EURO) -> None:
        self.path = path
        self.by = by
        self.currency = currency
        self.totals: dict[str, Decimal] = defaultdict(Decimal)

    def read(self) -> None:
        """Add up what was used."""
        table = rates.load()
        with self.path.open(newline="") as file:
            for row in csv.DictReader(file):
                price = table[row["service"]].hourly
                self.totals[row[self.by]] += price * Decimal(row["hours"])

    @property
    def total(self) -> Decimal:
        return sum(self.totals.values(), Decimal())

    def lines(self) -> list[str]:
        width = max(map(len, self.totals), default=0)
        shown = [
            f"{name:<{width}}  {money(amount, self.currency):>16}"
            for name, amount in sorted(self.totals.items(), key=lambda pair: (-pair[1], pair[0]))
        ]
        return [*shown, "-" * (width + 18), f"{'total':<{width}}  {money(self.total, self.currency):>16}"]

    def run(self, budget: Decimal | None = None) -> int:
        """Print the report; raises OverBudget after it."""
        try:
            self.read()
        except UnknownService as error:
            print(f"cost_report: {error}", file=sys.stderr)
            return 3
        print("\n".join(self.lines()))
        if budget is not None and self.total > budget:
            raise OverBudget(self.total, budget)
        return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="What the last month cost.")
    parser.add_argument("usage", type=Path, nargs="?", default=Path("usage.csv"))
    parser.add_argument("--by", choices=("team", "service"), default="team")
    parser.add_argument("--currency", type=find, default=EURO)
    parser.add_argument("--budget", type=Decimal, help="in euros; more than that is an error")
    parser.add_argument("--rates", action="store_true", help="print the prices and end")
    options = parser.parse_args()
    if options.rates:
        for rate in rates.load().values():
            print(rate.service, rate.hourly)
        return 0
    return Report(options.usage, options.by, options.currency).run(options.budget)


if __name__ == "__main__":
    raise SystemExit(main())
