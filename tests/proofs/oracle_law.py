"""The parameters of the law and the case before the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from tests.proofs.facts import House, Message, Person

LAW: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "law.yaml").read_text(encoding="utf-8"))
PUSHED: frozenset[str] = frozenset(LAW["channels"]["pushed"])
SESSION: frozenset[str] = frozenset(LAW["channels"]["session"])
CLOCKED: frozenset[str] = frozenset(LAW["channels"]["clocked"])
PACK_OF: dict[str, str] = {country: pack for pack, countries in LAW["packs"].items() for country in countries.split()}


@dataclass(frozen=True)
class Case:
    """One message with everything known about who got it and who sent it."""

    person: Person
    house: House
    message: Message

    @property
    def at(self) -> datetime:
        return self.message.at

    @cached_property
    def laws(self) -> tuple[str, ...]:
        """The law of the customer's country, then that of the brand's, where we know them."""
        packs = (PACK_OF.get(country) for country in (self.person.country, self.house.country))
        return tuple(dict.fromkeys(pack for pack in packs if pack))

    @property
    def is_offer(self) -> bool:
        """Whatever is not owed is an offer."""
        return self.message.kind not in LAW["owed"]["kinds"]

    @property
    def is_pushed(self) -> bool:
        return self.message.channel in PUSHED

    @cached_property
    def states(self) -> frozenset[str]:
        """Where the person may be: by address and by telephone number. Empty where unknown."""
        return frozenset({self.person.region, self.person.phone_region} - {""})

    @cached_property
    def own_time(self) -> datetime | None:
        """The person's clock when the message left; None where their zone is unknown."""
        try:
            return self.at.astimezone(ZoneInfo(self.person.zone))
        except (ValueError, ZoneInfoNotFoundError):
            return None

    @cached_property
    def text(self) -> str:
        return f"{self.message.subject}\n{self.message.body}"


Check = Callable[[Case], Iterator[str]]


def by_law(case: Case, rules: dict[str, str], otherwise: str = "") -> Iterator[str]:
    """The id of the same duty under each law that applies, or `otherwise` where none names it."""
    named = [rules[law] for law in case.laws if law in rules]
    yield from named
    if otherwise and not named:
        yield otherwise
