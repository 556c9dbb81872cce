"""T19: whatever is changed after a person looked at it, before or after their yes, is never carried out."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from agent.domain.errors import InputError
from agent.store import schema as t
from agent.store.codec import payload_bytes, payload_from
from agent.store.database import Database
from agent.store.rows import pack, unpack
from tests.conftest import SOAK, StoppedClock
from tests.proofs.dispatching import PLAIN, Wire, crowd, open_house
from tests.support.people import NOON

SIZE = 5_000 if SOAK else 200


def test_nothing_that_was_changed_is_executed(tmp_path: Path, database: Database) -> None:
    draw, wire = random.Random(19), Wire(tmp_path / "arrived", PLAIN)
    reviewed = ("# review: [book_demo]", "review: [recommend_product]  #")
    tactful = open_house(tmp_path, database, wire, StoppedClock(NOON), reviewed)
    half = SIZE // 2  # each store takes one half
    crowd(tactful, half)
    requests = tactful.sending.requests()
    assert len(requests) == half
    untouched = {r.effect.key for r in requests[: half // 20]}
    ways: Counter[str] = Counter()
    for request in requests:
        effect = request.effect.effect_id
        if request.effect.key in untouched:
            tactful.sending.answer(effect, request.hash, True, "Kim")
            continue
        way, late = draw.choice(CHANGES), draw.random() < 0.5
        ways[way] += 1
        if late:
            tactful.sending.answer(effect, request.hash, True, "Kim")
        change(database, effect, way)
        if not late:
            for seen in (request.hash, request.hash[:12], ""):
                refused(tactful, effect, seen)
    tactful.sending.drain()
    assert set(wire.arrived()) == untouched
    assert len(ways) == len(CHANGES)


CHANGES = (
    "words",
    "slot",
    "amendment",
    "address",
    "channel",
    "entity",
    "action",
    "kind",
    "customer",
    "due",
    "expires",
    "key",
)


def change(database: Database, effect: str, way: str) -> None:
    e = t.effects.c
    with database.writing() as connection:
        row = connection.execute(select(t.effects).where(e.effect == effect)).one()
        payload = payload_from(unpack(row.payload))
        ways: dict[str, dict[str, Any]] = {
            "words": {"payload": pack(payload_bytes(replace(payload, words=replace(payload.words, body="Buy now"))))},
            "slot": {"payload": pack(payload_bytes(replace(payload, slots={})))},
            "amendment": {"payload": pack(payload_bytes(replace(payload, amendments=())))},
            "address": {"address_ref": "a_other"},
            "channel": {"channel": "sms"},
            "entity": {"entity": "vase"},
            "action": {"action": "win_back"},
            "kind": {"kind": "reply"},
            "customer": {"customer": "c_other"},
            "due": {"due_at": row.due_at - timedelta(seconds=1)},
            "expires": {"expires_at": row.expires_at + timedelta(days=9)},
            "key": {"key": f"{row.key[:-1]}z"},
        }
        connection.execute(update(t.effects).where(e.effect == effect).values(**ways[way]))


def refused(tactful: Any, effect: str, seen: str) -> None:
    try:
        tactful.sending.answer(effect, seen, True, "Kim")
    except InputError:
        return
    raise AssertionError("something that was changed could be approved")
