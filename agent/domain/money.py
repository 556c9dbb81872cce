"""Money: an exact amount with its currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

MICROS = 1_000_000
"""Scores and stored amounts are whole micro-units: a millionth of the currency's main unit."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency (ISO 4217).

    Raises ValueError for a currency that is not three capital letters or an amount that is not finite.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise ValueError("not an ISO 4217 currency")
        if not self.amount.is_finite():
            raise ValueError("an amount of money must be finite")

    @classmethod
    def from_micros(cls, micros: int, currency: str) -> Money:
        return cls(Decimal(micros) / MICROS, currency)

    @property
    def micros(self) -> int:
        """The amount in millionths, rounded half to even."""
        return int((self.amount * MICROS).to_integral_value())

    def __str__(self) -> str:
        return f"{self.amount:,.2f} {self.currency}"
