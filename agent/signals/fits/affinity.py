"""Affinity: what goes with what they have, what is like what they looked at, what comes next, who likes the new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.domain.facts import Omen
from agent.domain.models import Signal
from agent.signals import affinity
from agent.signals.data import Data
from agent.signals.fits.fit import Fit, around, prior
from agent.signals.fits.segments import earlier
from agent.signals.purchases import Floats, Ints, Purchases, count, rank_within
from agent.signals.segments import assign
from agent.signals.table import Table
from agent.signals.telling import Told, Why, millionths

LEAST_LINES = 500
EACH = 3
OWNED_DAYS = 365
VIEWED_DAYS = 30
NEW_DAYS = 2
SEGMENT_STRENGTH = 200.0
"""Lines of everybody that a segment's own are mixed with."""
APPETITE = 20.0
"""Lines that everybody's share counts for beside one's own."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a score is mixed of: own repeats, what is near to them, what everybody buys; and how."""

    made: affinity.Affinity
    mine: Any
    near: Any
    popular: Floats


def fit(data: Data) -> Fit:
    """Too few lines: nothing is foretold."""
    bought = data.purchases.bought()
    if len(bought.who) < LEAST_LINES:
        return prior(Signal.AFFINITY, len(np.unique(bought.who)), why="few_lines")
    made = affinity.fit(data.purchases, data.cut)
    parts = _Parts(made, *affinity.parts(bought, data.cut, made.similar))
    who = np.unique(bought.who)
    rows = data.table()
    told = [_next(data, parts, who, _by_segment(data, rows, bought, parts.popular))]
    lately = bought.where(bought.day > data.cut - OWNED_DAYS)
    told.append(_goes_with(data, parts, Omen.TOGETHER, made.together, lately.who, lately.what))
    viewer, product, day = data.viewed
    fresh = day > data.cut - VIEWED_DAYS
    told.append(_goes_with(data, parts, Omen.SIMILAR, made.similar, viewer[fresh], product[fresh]))
    lines = np.round(rows["lines_per_order"] * np.maximum(1.0, rows["days"]))
    told.append(_share(Omen.PRICE, rows.who, rows["reduced"], lines))
    told += _hunters(data, rows.who, rows["novelty"], lines)
    return Fit(
        signal=Signal.AFFINITY,
        chosen="own repeats" if made.mix[0] >= made.mix[1] else "neighbours",
        rows=len(bought.who),
        customers=len(who),
        figures={"recall_10": made.recall, "recall_10_popular": made.popular_recall},
        weights={"own": made.mix[0], "near": made.mix[1], "popular": 1.0},
        inputs={name: rows[name] for name in ("novelty", "reduced", "repeat_share")},
        parts={"chance": np.array([made.slope, made.offset]), "mix": np.array(made.mix)},
        told=told,
    )


def _by_segment(data: Data, rows: Table, bought: Purchases, popular: Floats) -> tuple[Floats, Ints]:
    """(what everybody buys, then what each segment buys, shrunk to that; which of them holds for each customer):
    whoever has bought on one or two days is known by their segment better than by themselves."""
    groups = earlier(data.before.get(Signal.SEGMENTS))
    which = np.zeros(len(data.customers), dtype=np.int64)
    if groups is None:
        return popular[None, :], which
    segment = np.full(len(data.customers), -1, dtype=np.int64)
    segment[rows.who] = assign(groups, rows)
    new = rows.who[rows["days"] <= NEW_DAYS]
    which[new] = segment[new] + 1
    tables = [popular]
    for number in range(len(groups.ids)):
        lines = bought.where((segment[bought.who] == number) & (bought.day > data.cut - affinity.LATELY_DAYS))
        sold = count(lines.what, len(data.products))
        share = (sold + SEGMENT_STRENGTH * popular / max(float(popular.sum()), 1e-9)) / (
            len(lines.who) + SEGMENT_STRENGTH
        )
        tables.append(share / max(float(share.max(initial=0.0)), 1e-9))
    return np.vstack(tables), which


def _next(data: Data, parts: _Parts, who: Ints, popular: tuple[Floats, Ints]) -> Told:
    """The likeliest products of each customer's next 30 days, repeats among them."""
    products, chances = [], []
    tables, which = popular
    page = max(1, affinity.DENSE // max(1, len(data.products)))
    for start in range(0, len(who), page):
        some = who[start : start + page]
        found = affinity.scores(parts.mine, parts.near, tables[which[some]], parts.made.mix, some)
        top = np.argpartition(-found, min(EACH, found.shape[1] - 1), axis=1)[:, :EACH]
        products.append(top)
        chances.append(affinity.chance(parts.made, np.take_along_axis(found, top, axis=1)))
    what, chance = np.vstack(products), np.vstack(chances)
    size = what.shape[1]
    low, high = around(chance.ravel(), 100.0)
    return Told(
        omen=Omen.NEXT,
        who=np.repeat(who, size),
        entity=[data.products[at] for at in what.ravel().tolist()],
        chance=millionths(chance.ravel()),
        low=millionths(low),
        high=millionths(high),
        due=np.full(what.size, float(data.cut + affinity.HORIZON)),
    )


def _goes_with(
    data: Data,
    parts: _Parts,
    omen: Omen,
    neighbours: Any,
    who: Ints,
    what: Ints,
) -> Told:
    """For each customer the products nearest to some of theirs that they do not have, each with the one it goes
    with."""
    pairs = np.unique(who * max(1, len(data.products)) + what)
    owner, product = pairs // max(1, len(data.products)), pairs % max(1, len(data.products))
    begins = neighbours.indptr[product]
    counts = np.minimum(neighbours.indptr[product + 1] - begins, EACH + 2)
    anchor = np.repeat(np.arange(len(pairs)), counts)
    offset = np.arange(len(anchor)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = np.repeat(begins, counts) + offset
    found, strength = neighbours.indices[place], neighbours.data[place]
    owners = owner[anchor]
    new = np.asarray(parts.mine[owners, found]).ravel() == 0 if len(owners) else np.empty(0, dtype=bool)
    owners, found, strength, anchors = owners[new], found[new], strength[new], product[anchor][new]
    order = np.lexsort((found, -strength, owners))
    key = owners[order] * max(1, len(data.products)) + found[order]
    order = order[np.sort(np.unique(key, return_index=True)[1])]
    order = order[np.lexsort((found[order], -strength[order], owners[order]))]
    rank = rank_within(owners[order])
    best = order[rank < EACH]
    score = _scores_of(parts, owners[best], found[best])
    return Told(
        omen=omen,
        who=owners[best],
        entity=[data.products[at] for at in found[best].tolist()],
        value=[data.products[at] for at in anchors[best].tolist()],
        chance=millionths(affinity.chance(parts.made, score)),
        why=[(("similarity", float(one)),) for one in strength[best].tolist()],
    )


def _scores_of(parts: _Parts, who: Ints, what: Ints) -> Floats:
    """Scores of single (customer, product) pairs."""
    if not len(who):
        return np.empty(0)
    own, beside = np.asarray(parts.mine[who, what]).ravel(), np.asarray(parts.near[who, what]).ravel()
    return affinity.mixed(own / (1 + own), beside / (1 + beside), parts.popular[what], parts.made.mix)


def _share(omen: Omen, who: Ints, share: Floats, lines: Floats) -> Told:
    """A share of lines, shrunk to everybody's, with its interval."""
    shrunk, everybody = _shrunk(share, lines)
    z = 1.2816 * np.sqrt(shrunk * (1 - shrunk) / (lines + APPETITE))
    why: list[Why] = [(("share", float(one)), ("lines", float(n))) for one, n in zip(share, lines, strict=True)]
    return Told(
        omen=omen,
        who=who,
        chance=millionths(shrunk),
        number=millionths(np.full(len(who), everybody)),
        low=millionths(shrunk - z),
        high=millionths(shrunk + z),
        why=why,
    )


def _shrunk(share: Floats, lines: Floats) -> tuple[Floats, float]:
    """(each one's share, shrunk; everybody's)."""
    everybody = float((share * lines).sum() / max(1.0, float(lines.sum())))
    return np.asarray((share * lines + everybody * APPETITE) / (lines + APPETITE)), everybody


def _hunters(data: Data, who: Ints, share: Floats, lines: Floats) -> list[Told]:
    """Who buys what is new at least twice as often as everybody is told of the next launch."""
    now = data.as_of.timestamp()
    launches = [
        (at, name)
        for at, name in zip(data.catalogue.launched, data.catalogue.products, strict=True)
        if at == at and at > now
    ]
    if not launches or not len(who):
        return []
    shrunk, everybody = _shrunk(share, lines)
    keen = shrunk >= 2 * max(everybody, 0.01)
    why: list[Why] = [(("novelty", float(one)),) for one in share[keen].tolist()]
    first = min(launches)[1]
    return [Told(omen=Omen.NOVELTY, who=who[keen], entity=first, chance=millionths(shrunk[keen]), why=why)]
