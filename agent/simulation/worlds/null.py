"""A world in which nothing works: no message ever does anything, good or bad. Whoever finds an effect here is wrong."""

from __future__ import annotations

from agent.simulation.worlds.shop import Shop
from agent.simulation.worlds.world import Law, Need, Person, Standing, Touch


class Null(Shop):
    """The people of `shop`, deaf."""

    name = "null"

    def law(self, touch: Touch, person: Person, standing: Standing, need: Need | None, chance: float) -> Law:
        return Law(noticed=0.5, ends_well=chance if need is not None else 0.0)
