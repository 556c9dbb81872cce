"""One policy played through on one seed, and what is kept of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.bootstrap import open_scratch
from agent.decisioning import fairness
from agent.domain.errors import InputError
from agent.domain.playbook import Playbook
from agent.playbooks import load_playbook
from agent.simulation.clock import VirtualClock
from agent.simulation.crowd import Crowd
from agent.simulation.log import Tables
from agent.simulation.plain import PlainArm, coupon_of
from agent.simulation.plan import Plan, guarded_of, is_guarded, policy_of, setting_of, world_of
from agent.simulation.product import ProductArm
from agent.simulation.tally import Tally
from agent.simulation.worlds.checked import CheckedWorld
from agent.simulation.worlds.world import Person

if TYPE_CHECKING:
    from agent.store.database import Database

IN_MEMORY = 20_000
"""More customers than this have their store on disk."""
SETUP = 0.08
"""The share of the bar that is for making the customers known."""
TOLD, TELLABLE = 10, 2_000
"""So many stories are told, of customers among the first so many: of these the store keeps every decision whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What outcomes did to the belief in one action on one channel."""

    action: str
    channel: str
    trials: int
    successes: int
    prior: float
    posterior: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A campaign's budget and what was left of it at the end of each day, in main units."""

    campaign: str
    budget: float
    left: tuple[float, ...]


@dataclass(slots=True, kw_only=True)
class Played:
    """What one policy came to on one seed. `until` is how many seconds of the horizon were played, less than all of
    them where it was stopped. The rest is only of policies that run in the product."""

    policy: str
    seed: int
    tables: Tables
    until: float
    story: str = ""
    """What the world told, as a hash; `answers`: what its law said."""
    answers: str = ""
    events: int = 0
    tally: Tally | None = None
    learned: list[Learned] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    fair: fairness.Report | None = None
    stories: list[Any] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)


Progress = Callable[[float], None]
Stopped = Callable[[], bool]


def play(plan: Plan, policy: str, seed: int, progress: Progress, stopped: Stopped) -> Played:
    """Plays to the end, or until `stopped`. Raises InputError for a world or policy that does what none may."""
    playbook = load_playbook(plan.playbook)
    setting = setting_of(plan, playbook, seed, policy)
    world = CheckedWorld(world_of(plan, setting), actions())
    people = world.people(plan.customers)
    _known(plan, people)
    crowd = Crowd(world, people, setting)
    clock = VirtualClock(plan.begins)
    end = plan.begins + timedelta(days=plan.days)
    if not is_guarded(policy):
        arm = PlainArm(policy_of(policy, world, crowd, playbook), crowd, people, coupon_of(playbook), actions())
        arm.begin(clock.now())
        for at in clock.ticks(end):
            arm.tick(clock)
            progress((at - plan.begins) / (end - plan.begins))
            if stopped():
                break
        return _kept(plan, policy, seed, crowd, clock, world)
    with tempfile.TemporaryDirectory(prefix="tactful-simulation-") as folder:
        return _product(plan, policy, seed, world, people, crowd, clock, Path(folder), progress, stopped)


def actions() -> frozenset[str]:
    """The names of everything that can be done."""
    from tools.catalogue import TOOLS

    return frozenset(tool.action.name for tool in TOOLS)


def _product(
    plan: Plan,
    policy: str,
    seed: int,
    world: CheckedWorld,
    people: Any,
    crowd: Crowd,
    clock: VirtualClock,
    home: Path,
    progress: Progress,
    stopped: Stopped,
) -> Played:
    own, arbiter = guarded_of(policy, plan.playbook)
    playbook = load_playbook(own)
    setting = setting_of(plan, playbook, seed, policy)
    database = scratch_for(plan.customers, home)
    try:
        arm = ProductArm(home, own, arbiter, crowd, setting, clock, database)
        told = [*plan.look_at, *(person.name for person in people[:TELLABLE])] if plan.teller is not None else []
        arm.introduce(people, world.goods(), lambda done: progress(SETUP * done / len(people)), told)
        budgets: dict[str, list[float]] = {}
        end = plan.begins + timedelta(days=plan.days)
        for at in clock.ticks(end):
            arm.tick(clock)
            if (at - plan.begins) % timedelta(days=1) == timedelta():
                _note_budgets(arm, budgets)
            progress(SETUP + (1 - SETUP) * ((at - plan.begins) / (end - plan.begins)))
            if stopped():
                break
        played = _kept(plan, policy, seed, crowd, clock, world)
        played.events, played.tally = arm.events, arm.tally
        played.learned = _learned(arm, playbook)
        played.budgets = _budgets(budgets, playbook)
        played.fair = _fair(arm, people)
        _tell(plan, arm, played)
        return played
    finally:
        database.close()


def scratch_for(customers: int, home: Path) -> Database:
    """In memory while they fit there."""
    return open_scratch(home / "store.db" if customers > IN_MEMORY else None)


def _kept(plan: Plan, policy: str, seed: int, crowd: Crowd, clock: VirtualClock, world: CheckedWorld) -> Played:
    """The crowd's log. Answers that come after the last day are waited for, unless the run was stopped before it."""
    until = (clock.now() - plan.begins).total_seconds()
    if until >= plan.days * 86_400:
        crowd.run_on()
    told = world.story if until >= plan.days * 86_400 else ""
    return Played(
        policy=policy,
        seed=seed,
        tables=Tables.of(crowd.log),
        until=until,
        story=told,
        answers=world.answers,
        names=crowd.names(),
    )


def _note_budgets(arm: ProductArm, budgets: dict[str, list[float]]) -> None:
    for campaign in arm.campaigns():
        budgets.setdefault(campaign.campaign, []).append(float(campaign.budget_left.amount))


def _budgets(left: dict[str, list[float]], playbook: Playbook) -> list[Budget]:
    budgets = {campaign.name: float(campaign.budget) for campaign in playbook.campaigns}
    return [Budget(campaign=name, budget=budgets[name], left=tuple(days)) for name, days in left.items()]


def _learned(arm: ProductArm, playbook: Playbook) -> list[Learned]:
    from agent.decisioning.economics import posterior

    found = []
    for one in arm.arms():
        terms = playbook.actions.get(one.action)
        if terms is not None and one.trials:
            found.append(
                Learned(
                    action=one.action,
                    channel=str(one.channel),
                    trials=one.trials,
                    successes=one.successes,
                    prior=terms.response.rate,
                    posterior=posterior(terms.response, one.trials, one.successes),
                )
            )
    return found


def _fair(arm: ProductArm, people: Any) -> fairness.Report:
    """Whether groups of customers were offered less: by what a seller may not choose by, and by segment."""
    offered = arm.offered()
    seen = [fairness.Seen(customer=p.name, offered=p.name in offered) for p in people]
    grouped = {"segment": {p.name: p.segment for p in people}, "age": {p.name: str(p.age) for p in people}}
    return fairness.audit(seen, grouped)


def _known(plan: Plan, people: Sequence[Person]) -> None:
    """Raises InputError where somebody is asked for who is not there: before anything is played."""
    names = {person.name for person in people} if plan.look_at else set()
    missing = next((name for name in plan.look_at if name not in names), None)
    if missing is not None:
        raise InputError(
            f"no such customer in this world: {missing}",
            place="--customer",
            next_step=f"They are called {people[0].name} and so on.",
        )


def _tell(plan: Plan, arm: ProductArm, played: Played) -> None:
    """The stories that are asked for, and ten that show how different they are."""
    if plan.teller is None or played.seed != plan.seeds[0] or played.policy != plan.policies[0]:
        return
    played.told = [*plan.look_at] or interesting(played)
    played.stories = [plan.teller(arm.tactful, name) for name in played.told]


def interesting(played: Played) -> list[str]:
    """Customers to whom different things happened, at most ten: each kind of ending in its turn."""
    t = played.tables
    caused = t.orders.where(~t.orders["anyway"].astype(bool) & t.orders["touched"].astype(bool))
    wasted = t.orders.where(t.orders["anyway"].astype(bool) & t.orders["coupon"].astype(bool))
    kinds = [
        caused["who"].tolist(),
        t.ended.where(t.ended["what"] == "stopped")["who"].tolist(),
        wasted["who"].tolist(),
        t.ended.where(t.ended["what"] == "left")["who"].tolist(),
        t.ended.where(t.ended["what"] == "held")["who"].tolist(),
        t.ended.where(t.ended["what"] == "complained")["who"].tolist(),
        t.touches.where(t.touches["kind"] == "reply")["who"].tolist(),
        t.touches.where(t.touches["coupon"].astype(bool))["who"].tolist(),
        t.orders.where(t.orders["anyway"].astype(bool))["who"].tolist(),
        t.touches["who"].tolist(),
    ]
    found: dict[int, None] = {}
    for _ in range(TOLD):
        for kind in kinds:
            fresh = next((int(who) for who in kind if int(who) not in found and who < TELLABLE), None)
            if fresh is not None and len(found) < TOLD:
                found[fresh] = None
    return [played.names[who] for who in found]
