"""Simulated customers as they stand in the evening of a day, in a store: for comparing policies on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.bootstrap import open_tactful
from agent.domain.ids import CustomerId
from agent.playbooks import load_playbook
from agent.service import Tactful
from agent.simulation.clock import VirtualClock
from agent.simulation.crowd import Crowd
from agent.simulation.plan import Plan, check, setting_of, world_of
from agent.simulation.played import actions, scratch_for
from agent.simulation.product import TENANT, CountingIds, introduce, simulated_settings
from agent.simulation.rows import rows_of
from agent.simulation.worlds.checked import CheckedWorld

EVENING = timedelta(hours=19)


def crowd_of_a_day(
    home: Path, playbooks: list[Path], world: str, customers: int, seed: int, today: datetime
) -> tuple[list[Tactful], list[CustomerId], datetime]:
    """One store, read by each of the playbooks; its customers; and the evening. Raises InputError."""
    playbook = load_playbook(playbooks[0])
    zone = ZoneInfo(playbook.brand.zone)
    morning = today.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    plan = Plan(
        world=world,
        playbook=playbooks[0],
        begins=morning.astimezone(ZoneInfo("UTC")),
        days=1,
        customers=customers,
        seeds=(seed,),
        policies=("nobody",),
    )
    check(plan)
    setting = setting_of(plan, playbook, seed, "nobody")
    played = CheckedWorld(world_of(plan, setting), actions())
    people, clock = played.people(customers), VirtualClock(plan.begins)
    database, ids = scratch_for(customers, home), CountingIds()
    readers = [
        open_tactful(simulated_settings(home, path), TENANT, clock=clock, ids=ids, database=database)
        for path in playbooks
    ]
    introduce(readers[0], people, played.goods(), setting)
    titles = {item.name: item.title for item in played.goods()}
    clock.at = plan.begins + EVENING
    happened = Crowd(played, people, setting).until(clock.at)
    readers[0].take([row for what in happened for row in rows_of(what, titles, setting.currency)])
    return readers, readers[0].stores.customers.all(readers[0].tenant), clock.at
