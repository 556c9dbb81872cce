"""Customers and their consents, one per row."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from agent.domain.consent import UNDATED, Entry, Proof, everything
from agent.domain.customer import PER_CHANNEL, AgeAssurance, Basis, Channel, Condition, Consent, ConsentStatus, Purpose
from agent.domain.identity import PLACEHOLDERS
from agent.domain.imports import ConsentRow, CustomerRow, SuppressionRow
from agent.importing import fields as f
from agent.importing.area_codes import state_of
from agent.importing.records import Record
from agent.importing.transactions import country
from agent.importing.values import phone

CUSTOMER_COLUMNS = ("customer",)
MORE_OF_CUSTOMERS = "also first_name email phone push_token kakao_id country region zone locale age"
MORE_OF_CONSENTS = (
    "channel basis conditions deal_ended_at expires_at evidence wording wording_hash wording_language method ui_version"
)
CONSENT_COLUMNS = ("customer", "purpose", "status", "given_at")

SUPPRESSION_COLUMNS = ("address", "register", "copied_at")


def customer(key: str, record: Record) -> CustomerRow:
    """Columns: customer, also (other numbers of theirs, with ; between), first_name, email, phone, push_token,
    kakao_id, country, region, zone, locale, age."""
    fields = record.fields
    addresses = _addresses(fields)
    state = state_of(addresses.get(Channel.SMS, ""))
    return CustomerRow(
        key=key,
        external_id=f.customer(fields),
        also=_also(fields),
        first_name=f.person(fields),
        addresses=addresses,
        regions={Channel.SMS: state} if state else {},
        region=_region(fields),
        country=country(fields),
        zone=_zone(fields),
        locale=_locale(fields),
        age=AgeAssurance(f.one_of(fields, "age", AgeAssurance)) if f.text(fields, "age") else None,
    )


def consents(key: str, record: Record) -> list[ConsentRow]:
    """One row of the ledger. A refusal counts however it is spelt: without a channel or with an unknown one it reaches
    all of them, without a purpose all purposes, without a readable time from now on. Raises BadField for the others.
    """
    fields = record.fields
    status = f.text(fields, "status", most=40).lower()
    if status not in f.REFUSALS:
        return [consent(key, record)]
    try:
        return [consent(key, Record(line=record.line, raw=record.raw, fields={**fields, "status": "withdrawn"}))]
    except f.BadField:
        return _refusal(key, fields)


def _refusal(key: str, fields: dict[str, object]) -> list[ConsentRow]:
    who = f.customer(fields)
    named = f.text(fields, "purpose").lower()
    channel = f.text(fields, "channel").lower().replace("-", "")
    reached = [pair for pair in everything() if pair[0] == named] or everything()
    reached = [pair for pair in reached if pair[1] == channel] or reached
    try:
        at = f.moment(fields, "given_at")
    except f.BadField:
        at = UNDATED
    return [
        ConsentRow(
            key=f"{key}.{number}",
            external_id=who,
            entry=Entry(consent=Consent(purpose=p, channel=c, status=ConsentStatus.WITHDRAWN, given_at=at)),
        )
        for number, (p, c) in enumerate(reached)
    ]


def consent(key: str, record: Record) -> ConsentRow:
    """Columns: customer, purpose, channel, status, given_at, basis, conditions, deal_ended_at, expires_at; and the
    proof: evidence, wording, wording_hash, wording_language, method, ui_version. Raises BadField.
    """
    fields = record.fields
    purpose = Purpose(f.one_of(fields, "purpose", Purpose))
    named = bool(f.text(fields, "channel"))
    if named != (purpose in PER_CHANNEL):
        raise f.BadField(f"channel: {'needed' if purpose in PER_CHANNEL else 'not used'} for {purpose}")
    return ConsentRow(
        key=key,
        external_id=f.customer(fields),
        entry=Entry(
            consent=Consent(
                purpose=purpose,
                channel=Channel(f.one_of(fields, "channel", Channel)) if named else None,
                status=ConsentStatus(f.one_of(fields, "status", ConsentStatus)),
                given_at=f.moment(fields, "given_at"),
                basis=Basis(f.one_of(fields, "basis", Basis)) if f.text(fields, "basis") else Basis.CONSENT,
                expires_at=f.maybe_moment(fields, "expires_at"),
                conditions=_conditions(fields),
                deal_ended_at=f.maybe_moment(fields, "deal_ended_at"),
            ),
            proof=Proof(
                evidence=f.text(fields, "evidence"),
                wording=f.text(fields, "wording", most=80),
                wording_hash=f.text(fields, "wording_hash", most=64),
                wording_language=f.text(fields, "wording_language", most=8),
                method=f.text(fields, "method", most=40),
                ui_version=f.text(fields, "ui_version", most=40),
            ),
        ),
    )


def suppression(key: str, record: Record) -> SuppressionRow:
    """Columns: address (e-mail or international number), register (us-dnc, ...), copied_at. Raises BadField."""
    fields = record.fields
    given = f.required(fields, "address", most=320)
    found = _addresses({"email": given} if "@" in given else {"phone": given})
    return SuppressionRow(
        key=key,
        register=f.required(fields, "register", most=40).lower(),
        address=next(iter(found.values())),
        copied_at=f.moment(fields, "copied_at"),
    )


def _conditions(fields: dict[str, object]) -> tuple[Condition, ...]:
    """Names with spaces between them."""
    named = f.text(fields, "conditions", most=200).lower().split()
    known = {condition.value: condition for condition in Condition}
    unknown = [name for name in named if name not in known]
    if unknown:
        raise f.BadField(f"conditions: not among {', '.join(known)}")
    return tuple(known[name] for name in sorted(set(named)))


def _region(fields: dict[str, object]) -> str | None:
    found = f.text(fields, "region", most=8).upper()
    if found and not re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", found):
        raise f.BadField("region: not an ISO 3166-2 code such as US-FL")
    return found or None


def _also(fields: dict[str, object]) -> tuple[str, ...]:
    own = f.customer(fields)
    named = (f.customer({"also": part}, "also") for part in f.text(fields, "also").split(";") if part.strip())
    return tuple(dict.fromkeys(name for name in named if name != own and name.casefold() not in PLACEHOLDERS))


def _addresses(fields: dict[str, object]) -> dict[Channel, str]:
    found: dict[Channel, str] = {}
    if f.text(fields, "email", most=320):
        found[Channel.EMAIL] = f.email(fields)
    if given := f.text(fields, "phone", most=40):
        found[Channel.SMS] = phone("phone", given, country(fields))
    for column, channel in (("push_token", Channel.PUSH), ("kakao_id", Channel.KAKAO)):
        value = f.text(fields, column)
        if value:
            found[channel] = value
    return found


def _zone(fields: dict[str, object]) -> str | None:
    found = f.text(fields, "zone", most=64)
    if not found:
        return None
    try:
        ZoneInfo(found)
    except (KeyError, ValueError, OSError) as error:
        raise f.BadField("zone: not an IANA zone such as Asia/Seoul") from error
    return found


def _locale(fields: dict[str, object]) -> str | None:
    found = f.text(fields, "locale", most=20).lower().replace("_", "-").split("-")[0]
    if found and found not in ("ko", "en"):
        raise f.BadField("locale: ko or en")
    return found or None
