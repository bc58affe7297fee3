"""Currencies, with a fixed rate to the euro."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pricing.rates import Rate


@dataclass(frozen=True)
class Currency:
    code: str
    rate: Decimal

    def of(self, rate: Rate) -> Decimal:
        return rate.hourly * self.rate


EURO = Currency("EUR", Decimal(1))
KNOWN = {one.code: one for one in (EURO, Currency("USD", Decimal("1.10")), Currency("GBP", Decimal("0.85")))}


def find(code: str) -> Currency:
    """The currency of a code; for argparse."""
    try:
        return KNOWN[code.upper()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{code} is none of {', '.join(KNOWN)}") from None
