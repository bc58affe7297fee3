"""Prices."""

from .rates import Rate, UnknownService

__all__ = ["Rate", "UnknownService"]
