"""A world in which contact harms: every message makes the order less likely, and some leave for good."""

from __future__ import annotations

from agent.simulation.worlds.answers import moved
from agent.simulation.worlds.shop import Shop
from agent.simulation.worlds.world import Law, Need, Person, Standing, Touch


class Fragile(Shop):
    """The people of `shop`, who want to be left alone."""

    name = "fragile"

    def law(self, touch: Touch, person: Person, standing: Standing, need: Need | None, chance: float) -> Law:
        return Law(
            noticed=0.8,
            ends_well=moved(chance, 0.6 / (1.0 + 0.2 * standing.fatigue)) if need is not None else 0.0,
            declines=0.3,
            opts_out=0.04,
            complains=0.004,
            leaves=min(0.5, 0.03 * (1.0 + standing.fatigue)),
        )
