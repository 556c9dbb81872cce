"""Customers and their consents, one per row."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from agent.domain.customer import AgeAssurance, Channel, ConsentStatus, Purpose
from agent.domain.imports import ConsentRow, CustomerRow
from agent.importing import fields as f
from agent.importing.files import Record
from agent.importing.transactions import country

CUSTOMER_COLUMNS = ("customer",)
CONSENT_COLUMNS = ("customer", "purpose", "status", "given_at")

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}\.[^@\s]{2,63}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_PER_CHANNEL = (Purpose.AD_SENDING, Purpose.NIGHT)
_BASES = ("consent", "existing_deal", "soft_opt_in", "contract")


def customer(key: str, record: Record) -> CustomerRow:
    """Columns: customer, first_name, email, phone, push_token, kakao_id, country, zone, locale, age."""
    fields = record.fields
    return CustomerRow(
        key=key,
        external_id=f.customer(fields),
        first_name=_name(fields),
        addresses=_addresses(fields),
        country=country(fields),
        zone=_zone(fields),
        locale=_locale(fields),
        age=AgeAssurance(f.one_of(fields, "age", AgeAssurance)) if f.text(fields, "age") else None,
    )


def consent(key: str, record: Record) -> ConsentRow:
    """Columns: customer, purpose, channel, status, given_at, basis, evidence, expires_at. Raises BadField."""
    fields = record.fields
    purpose = Purpose(f.one_of(fields, "purpose", Purpose))
    named = bool(f.text(fields, "channel"))
    if named != (purpose in _PER_CHANNEL):
        raise f.BadField(f"channel: {'needed' if purpose in _PER_CHANNEL else 'not used'} for {purpose}")
    basis = f.text(fields, "basis") or "consent"
    if basis not in _BASES:
        raise f.BadField(f"basis: not one of {', '.join(_BASES)}")
    return ConsentRow(
        key=key,
        external_id=f.customer(fields),
        purpose=purpose,
        channel=Channel(f.one_of(fields, "channel", Channel)) if named else None,
        status=ConsentStatus(f.one_of(fields, "status", ConsentStatus)),
        given_at=f.moment(fields, "given_at"),
        basis=basis,
        evidence=f.text(fields, "evidence"),
        expires_at=f.maybe_moment(fields, "expires_at"),
    )


def _name(fields: dict[str, object]) -> str:
    """A name as a person would write it: no figures, links or hidden characters, which would be words of another."""
    found = f.text(fields, "first_name", most=60)
    if any(not (ch.isalpha() or ch in " .'’-·") for ch in found) or not _is_name(found):
        raise f.BadField("first_name: only letters, spaces, hyphens and apostrophes")
    return found


def _is_name(found: str) -> bool:
    """A point only at the end of an initial: between letters it would make a link."""
    return re.search(r"\.(?=\S)", found) is None


def _addresses(fields: dict[str, object]) -> dict[Channel, str]:
    found: dict[Channel, str] = {}
    email = f.text(fields, "email", most=320).lower()
    if email:
        if not _EMAIL.fullmatch(email):
            raise f.BadField("email: not an address")
        found[Channel.EMAIL] = email
    phone = re.sub(r"[\s().-]", "", f.text(fields, "phone", most=40))
    if phone:
        if not _PHONE.fullmatch(phone):
            raise f.BadField("phone: not an international number such as +821012345678")
        found[Channel.SMS] = phone
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
