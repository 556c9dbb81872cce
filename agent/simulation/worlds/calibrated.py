"""The shop's people and law, with the rates, baskets, hours and consents of the seller's own data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from agent.simulation.calibration import MONTH, Calibration
from agent.simulation.worlds.population import Segment
from agent.simulation.worlds.rhythm import Rhythm
from agent.simulation.worlds.shop import Shop
from agent.simulation.worlds.world import Person, Setting

CART, NOW, ANYWAY = 0.35, 0.35, 0.12
"""What data of orders does not tell: how many visits fill a cart, and what becomes of it."""
SEGMENT = Segment(
    name="calibrated", share=1.0, visits=1.0, cart=CART, now=NOW, anyway=ANYWAY, reminder=1.25, coupon=1.6, orders=1.0
)
EACH_VISIT = CART * (NOW + (1.0 - NOW) * ANYWAY)
"""Orders of a visit."""
MOST_VISITS = 25.0
"""A month: whoever buys daily in bulk is no visitor."""


class Calibrated(Shop):
    """`shop` with measured numbers; how people answer stays the shop's assumption."""

    name = "data"

    def __init__(self, setting: Setting, calibration: Calibration) -> None:
        self._calibration = calibration
        super().__init__(setting, (SEGMENT,))

    def people(self, count: int) -> Sequence[Person]:
        people = super().people(count)
        calibration, draw = self._calibration, self._setting.draws.table("calibrated")
        rates = np.array(calibration.rates)[(draw.random(count) * len(calibration.rates)).astype(np.int64)]
        visits = np.minimum(rates / EACH_VISIT, MOST_VISITS)
        month = self._setting.begins.astimezone(ZoneInfo(self._setting.zone)).month - 1
        season = calibration.months[month] * 12 if sum(m > 0 for m in calibration.months) == 12 else 1.0
        self._population.rates = -np.log(1.0 - np.minimum(visits * season / MONTH, 0.95))
        hours = np.array([[h + 1e-6 for h in calibration.hours]])
        weekdays = tuple(max(share * 7, 0.01) for share in calibration.weekdays)
        begins, zone = self._setting.begins, self._setting.zone
        kinds = np.zeros(count, dtype=np.int64)
        self._rhythm = Rhythm(self._population.rates, kinds, hours, weekdays, begins, zone)
        profiles = calibration.profiles
        picked = (draw.random(count) * max(len(profiles), 1)).astype(np.int64)
        if profiles:
            people = [
                replace(p, channels=profiles[n].channels, agreed=profiles[n].agreed)
                for p, n in zip(people, picked.tolist(), strict=True)
            ]
        self._people = list(people)
        return self._people

    def _traits(self, who: Any, draw: np.random.Generator) -> dict[str, list[Any]]:
        traits = super()._traits(who, draw)
        baskets = np.array(self._calibration.baskets)
        picked = (draw.random(len(who)) * len(baskets)).astype(np.int64)
        return traits | {"value": np.round(np.maximum(baskets[picked], 0.01), 2).tolist()}
