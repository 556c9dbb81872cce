"""Segments: the group that each customer buys like, under an id that outlives the refit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import orjson

from agent.domain.facts import Omen
from agent.domain.models import Model, Signal
from agent.signals import segments
from agent.signals.data import Data
from agent.signals.fits.fit import Fit, prior
from agent.signals.keeping import text, unpack
from agent.signals.segments import Segments
from agent.signals.telling import Told, standing_out


def fit(data: Data) -> Fit:
    """Too few customers: nobody is grouped."""
    rows = data.table()
    before = earlier(data.before.get(Signal.SEGMENTS))
    made = segments.fit(rows, before)
    if made is None:
        return replace(prior(Signal.SEGMENTS, len(rows)), parts=kept(before) if before else {})
    which = segments.assign(made, rows)
    sizes = np.bincount(which, minlength=len(made.ids)) / max(1, len(which))
    return Fit(
        signal=Signal.SEGMENTS,
        chosen="k-means",
        rows=len(rows),
        customers=len(rows),
        figures={f"share_{name}": float(share) for name, share in zip(made.ids, sizes, strict=True)},
        segments=dict(zip(made.ids, made.names, strict=True)),
        inputs={name: rows[name] for name in segments.INPUTS},
        parts=kept(made),
        told=[
            Told(
                omen=Omen.SEGMENT,
                who=rows.who,
                value=[made.ids[at] for at in which.tolist()],
                why=standing_out(rows.columns, segments.INPUTS),
            )
        ],
    )


def kept(made: Segments) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]] | str]:
    names = orjson.dumps({"ids": made.ids, "names": made.names, "last": made.last}).decode()
    return {"means": made.means, "spreads": made.spreads, "centres": made.centres, "names": names}


def earlier(model: Model | None) -> Segments | None:
    """The segments of an earlier fit."""
    parts = unpack(model.body, model.model, model.hash) if model is not None else {}
    if "names" not in parts:
        return None
    said = orjson.loads(text(parts["names"]))
    return Segments(
        means=np.asarray(parts["means"], dtype=np.float64),
        spreads=np.asarray(parts["spreads"], dtype=np.float64),
        centres=np.asarray(parts["centres"], dtype=np.float64),
        ids=tuple(said["ids"]),
        names=tuple(said["names"]),
        last=int(said["last"]),
    )
