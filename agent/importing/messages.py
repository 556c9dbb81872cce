"""Messages of callers, as Segment's libraries write them: identify, track, page, screen, group, alias.

Whatever else comes in (CloudEvents, signed webhooks) is brought into this form first; from there on there is one way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from agent.domain.ids import digest
from agent.domain.imports import CustomerRow, Message, Quarantined, Row
from agent.importing import fields as f
from agent.importing import people
from agent.importing.events import read_banner, segment
from agent.importing.records import Record

TYPES = ("identify", "track", "page", "screen", "group", "alias")
AHEAD = timedelta(seconds=5)
"""A sender's clock that is further ahead than this is wrong: its times are put back by as much."""
FARTHEST = timedelta(days=365)
"""A clock further ahead than this tells nothing at all."""
NAMELESS = "anon:"
_TRAITS = {
    "firstName": "first_name",
    "first_name": "first_name",
    "email": "email",
    "phone": "phone",
    "pushToken": "push_token",
    "push_token": "push_token",
    "kakaoId": "kakao_id",
    "kakao_id": "kakao_id",
    "country": "country",
    "region": "region",
    "timezone": "zone",
    "zone": "zone",
    "locale": "locale",
    "language": "locale",
    "age": "age",
}
"""What a trait is here; others are dropped at the door. A trait called age counts only in our own words."""
_AGES = frozenset({"unknown", "attested", "verified", "minor"})


def read(body: Mapping[str, Any], now: datetime, sent_at: datetime | None = None) -> Message:
    """One message as rows. `sent_at` is the sender's clock when it left. Raises BadField, which names the field."""
    fields = dict(body)
    kind = f.required(fields, "type", most=20)
    if kind not in TYPES:
        raise f.BadField(f"type: not one of {', '.join(TYPES)}")
    who = _who(fields)
    at = _when(fields, now, sent_at)
    named = f.text(fields, "messageId", most=200)
    key = digest("message", named) if named else digest("message", _content(fields))
    rows = _rows(kind, key, who, at, {**fields, "userId": who, "timestamp": at.isoformat()}, now)
    return Message(key=key, external_id=who, at=at, rows=rows, body=fields | {"timestamp": at.isoformat()})


def _who(fields: dict[str, Any]) -> str:
    """The customer's number; of somebody who has not said who they are, the visitor's."""
    if f.text(fields, "userId", most=120):
        return f.customer(fields, "userId")
    if nameless := f.text(fields, "anonymousId", most=100):
        return NAMELESS + nameless
    raise f.BadField("userId: empty, and no anonymousId either")


def _when(fields: dict[str, Any], now: datetime, sent_at: datetime | None) -> datetime:
    at = f.maybe_moment(fields, "timestamp") or f.maybe_moment(fields, "originalTimestamp") or now
    ahead = sent_at - now if sent_at is not None else timedelta()
    return at - ahead if AHEAD < ahead < FARTHEST else at


def _content(fields: Mapping[str, Any]) -> str:
    said = {name: fields[name] for name in sorted(fields) if name not in ("sentAt", "receivedAt")}
    return json.dumps(said, sort_keys=True, default=str)


def _rows(kind: str, key: str, who: str, at: datetime, fields: dict[str, Any], now: datetime) -> tuple[Row, ...]:
    if kind == "group":
        return ()
    if kind == "alias":
        before = f.required(fields, "previousId", most=120)
        return (CustomerRow(key=key, external_id=who, also=_others(who, before), stated_at=at),)
    if kind == "identify":
        return _identify(key, who, at, fields)
    record = Record(line=0, fields={**fields, "receivedAt": now.isoformat()}, raw=key)
    visitor = _visitor(who, fields)
    met = [CustomerRow(key=f"{key}.v", external_id=who, also=visitor, stated_at=at)] if visitor else []
    return (*segment(key, record), *met)


def _identify(key: str, who: str, at: datetime, fields: dict[str, Any]) -> tuple[Row, ...]:
    context = _object(fields, "context")
    traits = {**_object(context, "traits"), **_object(fields, "traits")}  # RudderStack's stand in the context
    said: dict[str, object] = {"zone": context.get("timezone"), "locale": context.get("locale")}
    if isinstance(traits.get("address"), dict):
        said["country"] = traits["address"].get("country")
    said |= {ours: traits[theirs] for theirs, ours in _TRAITS.items() if traits.get(theirs) is not None}
    if str(said.get("age")) not in _AGES:
        said.pop("age", None)
    row, faults = _readable(key, who, said)
    banner = read_banner(key, who, at, context)
    return (replace(row, stated_at=at, also=_visitor(who, fields)), *faults, *([banner] if banner else []))


def _object(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = fields.get(name)
    return found if isinstance(found, dict) else {}


def _readable(key: str, who: str, said: dict[str, object]) -> tuple[CustomerRow, list[Quarantined]]:
    """What of it can be read: one bad trait does not take the others with it."""
    faults: list[Quarantined] = []
    while True:
        try:
            record = Record(line=0, fields={"customer": who, **said}, raw=key)
            return people.customer(key, record), faults
        except f.BadField as bad:
            name = str(bad).partition(":")[0]
            if said.pop(name, None) is None:
                raise
            faults.append(Quarantined(key=f"{key}.{name}", place="identify", reason=str(bad)))


def _visitor(who: str, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Under which number they stood before they said who they are."""
    nameless = f.text(dict(fields), "anonymousId", most=100)
    return _others(who, NAMELESS + nameless) if nameless else ()


def _others(who: str, other: str) -> tuple[str, ...]:
    return (other,) if other != who else ()
