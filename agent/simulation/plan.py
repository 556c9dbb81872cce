"""What is to be played: a world, its people, the policies side by side. Names become worlds and policies here."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from agent.decisioning.choice import Arbiter, arbitrate
from agent.domain.errors import InputError
from agent.domain.playbook import Playbook
from agent.playbooks import load_playbook
from agent.simulation import arbiters
from agent.simulation.calibration import Calibration
from agent.simulation.crowd import Crowd
from agent.simulation.draws import Draws
from agent.simulation.plain import coupon_of
from agent.simulation.policies import Everyone, Nobody, Oracle, Policy, Rules, Talker
from agent.simulation.worlds.calibrated import Calibrated
from agent.simulation.worlds.fragile import Fragile
from agent.simulation.worlds.null import Null
from agent.simulation.worlds.perturbed import Perturbed
from agent.simulation.worlds.services import Services
from agent.simulation.worlds.shop import Shop
from agent.simulation.worlds.subscription import Subscription
from agent.simulation.worlds.world import Setting, World

WORLDS: dict[str, Callable[[Setting], World]] = {
    "shop": Shop,
    "subscription": Subscription,
    "services": Services,
    "null": Null,
    "fragile": Fragile,
}
GUARDED: dict[str, Arbiter] = {
    "agent": arbitrate,
    "random-allowed": arbiters.random_allowed,
    "propensity-only": arbiters.propensity_only,
    "no-levers": arbiters.no_levers,
}
"""The product itself, and the product with another way of choosing among what its guard allows."""
TODAY: dict[str, Callable[[], Policy]] = {"rules": Rules, "everyone": Everyone, "nobody": Nobody, "talker": Talker}
ORACLE = "oracle"
MOST_DAYS, MOST_CUSTOMERS, MOST_SEEDS = 366, 1_000_000, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`policies`: the one that is looked at first, then those it is held against. `shared` draws mean the same dice for
    all policies; without, each has its own. `look_at` names customers whose story is told."""

    world: str
    playbook: Path
    begins: datetime
    days: int
    customers: int
    seeds: tuple[int, ...]
    policies: tuple[str, ...]
    shared: bool = True
    look_at: tuple[str, ...] = ()
    calibration: Calibration | None = None
    perturbed: int = 0
    teller: Callable[..., Any] | None = field(default=None)

    def __post_init__(self) -> None:
        """Raises InputError for sizes that cannot be meant."""
        for place, value, most in (
            ("--days", self.days, MOST_DAYS),
            ("--customers", self.customers, MOST_CUSTOMERS),
            ("--seeds", len(self.seeds), MOST_SEEDS),
        ):
            if not 1 <= value <= most:
                raise InputError(f"not 1 to {most:,}", place=place, next_step="Give a number between them.")
        if self.customers < 2:
            raise InputError("one customer cannot be compared", place="--customers", next_step="Give two or more.")
        if min(self.seeds) < 0:
            raise InputError("a seed below zero", place="--seed", next_step="Give zero or more.")
        if not 2000 <= self.begins.year <= 2100:
            raise InputError("a year out of range", place="--from", next_step="Begin between 2000 and 2100.")
        if len(set(self.policies)) != len(self.policies):
            raise InputError("a policy is named twice", place="--against", next_step="Name each once.")


def setting_of(plan: Plan, playbook: Playbook, seed: int, policy: str) -> Setting:
    """Where the playbook's brand is at home, with its usual basket."""
    brand = playbook.brand
    return Setting(
        locale=brand.locale,
        country=brand.country,
        zone=brand.zone,
        currency=brand.currency,
        basket=float(playbook.economy.basket),
        begins=plan.begins,
        days=plan.days,
        draws=Draws(seed, "" if plan.shared else policy),
    )


def world_of(plan: Plan, setting: Setting) -> World:
    """Raises InputError for a world that is not there or cannot be made."""
    world = _world(plan, setting)
    return Perturbed(world, plan.perturbed) if plan.perturbed else world


def _world(plan: Plan, setting: Setting) -> World:
    if plan.calibration is not None:
        return Calibrated(setting, plan.calibration)
    made = WORLDS.get(plan.world)
    if made is not None:
        return made(setting)
    own = _loaded(plan.world, "--world", "World", WORLDS)
    return cast(World, _made(own, plan.world, setting))


def is_guarded(policy: str) -> bool:
    """A name means what it means, also beside a folder that is called so."""
    if policy in GUARDED or policy in TODAY or policy == ORACLE:
        return policy in GUARDED
    return Path(policy).is_dir() or policy.endswith((".yaml", ".yml"))


def playbooks_of(plan: Plan) -> list[Playbook]:
    """Those of policies that bring one."""
    return [load_playbook(Path(p)) for p in plan.policies if is_guarded(p) and p not in GUARDED]


def guarded_of(policy: str, own: Path) -> tuple[Path, Arbiter]:
    """The playbook and the way of choosing of a policy that runs in the product. Raises PlaybookError."""
    if policy in GUARDED:
        return own, GUARDED[policy]
    path = Path(policy)
    other, mine = load_playbook(path).brand, load_playbook(own).brand
    for name in ("currency", "zone", "locale", "country"):
        if getattr(other, name) != getattr(mine, name):
            raise InputError(
                f"brand.{name} is {getattr(other, name)}, here it is {getattr(mine, name)}",
                place=policy,
                next_step="Policies that are held against each other serve the same brand.",
            )
    return path, arbitrate


def policy_of(policy: str, world: World, crowd: Crowd, playbook: Playbook) -> Policy:
    """A policy of today, or one from a file. Raises InputError."""
    if policy == ORACLE:
        return oracle(world, crowd, playbook)
    if policy in TODAY:
        return TODAY[policy]()
    made = _loaded(policy, "--policy", "Policy", {**GUARDED, **TODAY, ORACLE: None})
    return cast(Policy, _made(made, policy))


def oracle(world: World, crowd: Crowd, playbook: Playbook) -> Oracle:
    coupon, economy = coupon_of(playbook), playbook.economy
    costs = {name: float(terms.cost) for name, terms in playbook.actions.items()}
    return Oracle(
        world=world,
        life=crowd.life,
        costs=costs,
        percent=coupon.percent,
        most_off=coupon.most_off,
        margin=economy.margin,
        stopped=economy.margin * float(economy.basket),
    )


def check(plan: Plan) -> None:
    """That every name means something, before anything is played. Raises InputError and PlaybookError."""
    if plan.world not in WORLDS and plan.calibration is None:
        _loaded(plan.world, "--world", "World", WORLDS)
    for policy in plan.policies:
        if is_guarded(policy):
            guarded_of(policy, plan.playbook)
        elif policy not in TODAY and policy != ORACLE:
            _loaded(policy, "--policy", "Policy", {**GUARDED, **TODAY, ORACLE: None})


def _loaded(name: str, place: str, kind: str, known: Any) -> Any:
    """What `path.py:Name` names."""
    file, _, called = name.rpartition(":")
    path = Path(file)
    if not file or path.suffix != ".py":
        choose = f"Choose from: {', '.join(known)}; or name a file: path.py:{kind}."
        raise InputError(f"no {kind.lower()} {name!r}", place=place, next_step=choose)
    try:
        spec = importlib.util.spec_from_file_location(f"tactful_simulated_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return getattr(module, called)
    except Exception as error:
        raise InputError(
            f"cannot be loaded ({type(error).__name__}: {error})", place=name, next_step="Mend the file and try again."
        ) from error


def _made(made: Any, name: str, *arguments: Any) -> Any:
    try:
        return made(*arguments)
    except Exception as error:
        raise InputError(
            f"cannot be made ({type(error).__name__}: {error})",
            place=name,
            next_step="A world takes a Setting, a policy nothing: see docs/worlds.md.",
        ) from error
