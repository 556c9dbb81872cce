"""A goal as a file: how likely it is by the simulation, how large a test must be, how to pilot it, when to stop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Len, Lt

from agent.domain.errors import InputError
from agent.simulation.measures import Difference
from agent.simulation.result import Result
from agent.strict_yaml import YamlFault, read
from prompts.loading import words

Counted = Literal["churned", "buyers", "opt_outs", "complaints", "purchases", "margin", "revenue"]
SHARES = ("churned", "buyers", "opt_outs", "complaints")
"""Measures of yes or no, counted per customer."""
RAMP = (0.01, 0.05, 0.20, 0.50, 1.0)
LEAST_STAGE_DAYS = 3
STAGE = 0.08
"""Each stage but the last takes this part of the goal's days."""
SEEN = 5
"""A pilot is large enough when a guardrail at its limit would show so many cases."""
LEAST_PILOT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """What must not happen on the way: at most this share of customers within the goal's days."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    measure: Literal["churned", "opt_outs", "complaints"]
    below: Annotated[float, Gt(0), Lt(1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """`change` is a share of what the other policy has: -0.10 cuts by a tenth. `risk` is how often a difference may be
    found where there is none, `power` how often one of this size is found."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    name: Annotated[str, Len(1, 120)]
    measure: Counted
    change: Annotated[float, Gt(-1), Lt(100)]
    days: Annotated[int, Ge(1), Lt(3_660)]
    against: str = "rules"
    keep: Annotated[tuple[Guardrail, ...], Len(0, 8)] = ()
    risk: Annotated[float, Gt(0), Lt(0.5)] = 0.05
    power: Annotated[float, Gt(0.5), Lt(1)] = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the ramp: this share of customers for so many days; go on only while `stop` is not reached."""

    share: float
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """`likely`: the chance that the true change reaches the goal, by the spread of the simulated ones (normal).

    `sample`: customers in each of two equal groups. `stops`: a guardrail's measure, its limit, and the count of
    customers in the pilot that ends it; the ramp goes on only while none is reached.
    """

    title: str
    likely: float
    simulated: float | None
    sample: int
    pilot: int
    ramp: tuple[Stage, ...]
    stops: tuple[tuple[str, float, int], ...]
    kept: tuple[tuple[str, float, float], ...]
    lines: tuple[str, ...] = field(default=())


def read_goal(path: Path) -> Goal:
    """Raises InputError with file, line and field."""
    try:
        goal = read(path, Goal)
    except OSError as error:
        raise InputError(
            (error.strerror or "cannot be read").lower(), place=str(path), next_step="Check the path of the goal file."
        ) from error
    except YamlFault as fault:
        what = f"{fault.field}: {fault.what}" if fault.field else fault.what
        raise InputError(
            what, place=f"{path}:{fault.line}", next_step="Mend the goal; docs/simulation.md has one."
        ) from fault
    if goal.change == 0:
        raise InputError("change: a goal changes something", place=str(path), next_step="Write -0.10 for a tenth less.")
    return goal


def weigh(goal: Goal, result: Result, lang: str) -> Weighed:
    """Raises InputError where the policy that the goal is held against was not played."""
    found = result.difference(goal.measure, goal.against)
    if found is None:
        raise not_played(goal)
    longer = goal.days / result.played_days
    sample = sample_size(goal, result, found.base * longer)
    step = max(LEAST_STAGE_DAYS, math.ceil(STAGE * goal.days))
    limits = [g.below * step / goal.days for g in goal.keep]
    pilot = max([math.ceil(SEEN / limit) for limit in limits] or [LEAST_PILOT, sample // 20])
    last = max(LEAST_STAGE_DAYS, goal.days - step * (len(RAMP) - 1))
    ramp = tuple(Stage(share=share, days=last if share == 1.0 else step) for share in RAMP)
    part = ramp[0].days / goal.days
    stops = tuple((g.measure, g.below * part, stop_at(g.below * part, pilot, goal.risk)) for g in goal.keep)
    main = result.measures[result.policies[0]]
    kept = tuple((g.measure, g.below, getattr(main, g.measure) / main.customers * longer) for g in goal.keep)
    weighed = Weighed(
        title=goal.name,
        likely=likely(found, goal.change * found.base),
        simulated=found.share,
        sample=sample,
        pilot=pilot,
        ramp=ramp,
        stops=stops,
        kept=kept,
    )
    return _in_words(goal, weighed, lang)


def not_played(goal: Goal) -> InputError:
    return InputError(
        f"{goal.against} was not played", place=goal.name, next_step=f"Run it with --against {goal.against}."
    )


def likely(found: Difference, wanted: float) -> float:
    """The chance that the difference is at least as far as wanted, in its direction: normal around the simulated mean
    with its standard error."""
    if found.error <= 0:
        return float(found.mean <= wanted if wanted < 0 else found.mean >= wanted)
    below = NormalDist(found.mean, found.error).cdf(wanted)
    return below if wanted < 0 else 1.0 - below


def sample_size(goal: Goal, result: Result, base: float) -> int:
    """Customers in each of two groups (Fleiss, Statistical Methods for Rates and Proportions, 1981, without continuity
    correction; for amounts by their variance)."""
    z = NormalDist().inv_cdf
    reach = z(1 - goal.risk / 2) + z(goal.power)
    change = abs(goal.change * base)
    if change == 0:
        raise InputError(
            f"{goal.measure} is nothing under {goal.against}: there is nothing to change by a share",
            place=goal.name,
            next_step="Take a longer simulation, more customers, or another measure.",
        )
    if goal.measure in SHARES:
        p, q = min(base, 1.0), min(max(base * (1 + goal.change), 0.0), 1.0)
        variance = p * (1 - p) + q * (1 - q)
    else:
        variance = 2.0 * _variance(goal, result, base, goal.days / result.played_days)
    return math.ceil(reach**2 * variance / change**2)


def stop_at(limit: float, customers: int, risk: float) -> int:
    """From this count on the limit is exceeded beyond chance: the least count whose one-sided probability at the limit
    is under the risk (exact binomial)."""
    total = 0.0
    for count in range(customers + 1):
        choose = math.lgamma(customers + 1) - math.lgamma(count + 1) - math.lgamma(customers - count + 1)
        total += math.exp(choose + count * math.log(limit) + (customers - count) * math.log1p(-limit))
        if total >= 1.0 - risk:
            return count + 1
    return customers + 1


def _variance(goal: Goal, result: Result, base: float, longer: float) -> float:
    """Of one customer's amount in the goal's time: as if orders came by chance (Poisson) with the mean value of those
    simulated."""
    other = result.measures[goal.against]
    rate = max(other.purchases / other.customers * longer, 1e-9)
    each = base / rate
    return rate * each**2 * 1.25 if goal.measure != "purchases" else rate


def _in_words(goal: Goal, weighed: Weighed, lang: str) -> Weighed:
    from dataclasses import replace

    said = words("goal", lang)
    measure = said[f"measure.{goal.measure}"]
    simulated = "–" if weighed.simulated is None else f"{weighed.simulated:+.1%}"
    lines = [
        said["wanted"].format(measure=measure, change=f"{goal.change:+.0%}", days=goal.days),
        said["likely"].format(chance=f"{weighed.likely:.0%}", simulated=simulated),
        said["sample"].format(n=f"{weighed.sample:,}", power=f"{goal.power:.0%}", risk=f"{goal.risk:.0%}"),
        said["pilot"].format(n=f"{weighed.pilot:,}", days=weighed.ramp[0].days),
        said["ramp"].format(stages=_stages(weighed.ramp, said["stage"])),
    ]
    lines += [
        said["stop"].format(measure=said[f"measure.{name}"], count=count, n=f"{weighed.pilot:,}", limit=f"{limit:.2%}")
        for name, limit, count in weighed.stops
    ]
    lines += [
        said["kept" if value < limit else "broken"].format(
            measure=said[f"measure.{name}"], value=f"{value:.2%}", limit=f"{limit:.2%}"
        )
        for name, limit, value in weighed.kept
    ]
    return replace(weighed, lines=tuple(lines))


def _stages(ramp: Sequence[Stage], word: str) -> str:
    return " → ".join(word.format(share=f"{stage.share:.0%}", days=stage.days) for stage in ramp)
