"""Fits every signal on one gathering of data, in the order in which a reader would want them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from math import isfinite

import numpy as np
import orjson

from agent.domain.facts import Omen
from agent.domain.models import Card, Model, Signal
from agent.signals.data import Data
from agent.signals.fits import affinity, churn, demand, replenishment, response, segments, text, timing, value
from agent.signals.fits.fit import TENTHS, Fit
from agent.signals.keeping import digest, pack
from agent.signals.purchases import Floats
from agent.signals.tabular.drift import psi

FITS: Mapping[Signal, Callable[[Data], Fit]] = {
    Signal.VALUE: value.fit,
    Signal.CHURN: churn.fit,
    Signal.RESPONSE: response.fit,
    Signal.AFFINITY: affinity.fit,
    Signal.REPLENISHMENT: replenishment.fit,
    Signal.TIMING: timing.fit,
    Signal.TEXT: text.fit,
    Signal.SEGMENTS: segments.fit,
    Signal.DEMAND: demand.fit,
}
OMENS: Mapping[Signal, tuple[Omen, ...]] = {
    Signal.VALUE: (Omen.VALUE, Omen.LIFETIME, Omen.ALIVE, Omen.RETURN, Omen.BASKET),
    Signal.CHURN: (Omen.CHURN,),
    Signal.RESPONSE: (Omen.RESPONSE,),
    Signal.AFFINITY: (Omen.NEXT, Omen.TOGETHER, Omen.SIMILAR, Omen.PRICE, Omen.NOVELTY),
    Signal.REPLENISHMENT: (Omen.REPLENISHMENT, Omen.REPLACEMENT),
    Signal.TIMING: (Omen.HOUR, Omen.WEEKDAY, Omen.CHANNEL),
    Signal.TEXT: (Omen.MOOD, Omen.DELIGHT),
    Signal.SEGMENTS: (Omen.SEGMENT,),
    Signal.DEMAND: (Omen.DEMAND,),
}
LASTS_DAYS = 35.0
"""What was foretold longer ago is not believed any more: fit at least once a month."""
NAME_LENGTH = 12
STALE_DAYS = 60


def fit(data: Data, wanted: Sequence[Signal]) -> Iterator[Fit]:
    """One after the other."""
    for signal in wanted:
        yield FITS[signal](data)


def model_of(fitted: Fit, data: Data) -> Model:
    """The model with its card. Its name is the beginning of its hash: of its numbers and of its card."""
    known = {column: values for column, values in fitted.inputs.items() if len(values)}
    edges = {column: borders(values) for column, values in known.items()}
    card = Card(
        signal=fitted.signal,
        chosen=fitted.chosen,
        source=fitted.source,
        as_of=data.as_of,
        rows=fitted.rows,
        customers=fitted.customers,
        figures={name: float(value) for name, value in fitted.figures.items() if isfinite(value)},
        weights=dict(fitted.weights),
        notes=(*fitted.notes, *_of_the_data(data)),
        segments=dict(fitted.segments),
        baseline={column: tenths(values, edges[column]) for column, values in known.items()},
        edges=edges,
    )
    body = pack(dict(fitted.parts) | {"card": orjson.dumps(asdict(card), option=orjson.OPT_SORT_KEYS).decode()})
    name = digest(body)
    return Model(model=name[:NAME_LENGTH], hash=name, card=card, fitted_at=data.as_of, body=body)


def _of_the_data(data: Data) -> list[tuple[str, str]]:
    """Who was left out, and whether the newest purchase is long ago: then another instant is meant perhaps."""
    notes = [("left_out", str(data.left_out))] if data.left_out else []
    day = data.purchases.day
    if len(day) and data.cut - int(day.max()) > STALE_DAYS:
        notes.append(("stale", str(data.cut - int(day.max()))))
    return notes


def borders(values: Floats) -> tuple[float, ...]:
    """The borders between tenths; fewer where many are equal."""
    return tuple(float(edge) for edge in np.unique(np.quantile(values, TENTHS)))


def tenths(values: Floats, edges: Sequence[float]) -> tuple[float, ...]:
    """How many values lie between the borders."""
    return tuple(float(n) for n in np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1))


def moved(card: Card, inputs: Mapping[str, Floats]) -> dict[str, float]:
    """How far the inputs have moved since the fit: the stability index of each, less what chance makes of it, greatest
    first."""
    found = {
        name: max(0.0, psi(np.array(card.baseline[name]), np.array(tenths(values, card.edges[name])))[0])
        for name, values in inputs.items()
        if name in card.baseline and len(values)
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))
