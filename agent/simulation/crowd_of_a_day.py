"""Simulated customers as they stand in the evening of a day, in a store: for comparing policies on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.bootstrap import open_tactful
from agent.domain.ids import CustomerId
from agent.playbooks import load_playbook
from agent.service import Tactful
from agent.settings import Settings
from agent.simulation.clock import VirtualClock
from agent.simulation.crowd import Crowd
from agent.simulation.lives import Happening
from agent.simulation.plan import Plan, check, setting_of, world_of
from agent.simulation.played import IN_MEMORY, actions
from agent.simulation.product import PEOPLE, TENANT, CountingIds
from agent.simulation.rows import event_rows, goods_rows, order_row, person_rows
from agent.simulation.worlds.checked import CheckedWorld
from agent.store.database import Database

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
    database = Database("sqlite://" if customers <= IN_MEMORY else f"sqlite:///{home / 'store.db'}", lasting=False)
    ids = CountingIds()
    readers = [
        open_tactful(
            Settings(home=home, playbook=str(path), database_url=None, model_name=None, embedding_url=None),
            TENANT,
            clock=clock,
            ids=ids,
            database=database,
        )
        for path in playbooks
    ]
    titles = {item.name: item.title for item in played.goods()}
    readers[0].take(goods_rows(played.goods(), setting))
    for start in range(0, customers, PEOPLE):
        some = enumerate(people[start : start + PEOPLE], start)
        readers[0].take([row for at, person in some for row in person_rows(person, at, titles, setting)])
    clock.at = plan.begins + EVENING
    for what in Crowd(played, people, setting).until(clock.at):
        readers[0].take(_rows(what, titles, setting.currency))
    return readers, readers[0].stores.customers.all(readers[0].tenant), clock.at


def _rows(what: Happening, titles: dict[str, str], currency: str) -> list:  # type: ignore[type-arg]
    if what.what == "visited":
        return list(event_rows(what))
    return [order_row(what, titles, currency)] if what.what in ("bought", "returned") else []
