"""A whole product on a given database, with people in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from agent.bootstrap import open_tactful
from agent.domain.consent import Entry, Proof
from agent.domain.customer import AgeAssurance, Channel, Consent, ConsentStatus, Purpose
from agent.domain.imports import ConsentRow, CustomerRow, EventRow, Line, Row, RowOutcome
from agent.domain.money import Money
from agent.domain.ports import Clock, Ids
from agent.service import Tactful
from agent.settings import Settings
from agent.store.database import Database
from agent.store.records import SqlRecords
from tests.support.people import NOON

LONG_AGO = NOON - timedelta(days=200)
AGREED = ((Purpose.PROFILING, None), (Purpose.MARKETING_PROCESSING, None), (Purpose.AD_SENDING, Channel.EMAIL))


def product(
    home: Path,
    database: Database,
    clock: Clock,
    ids: Ids,
    tenant: str = "acme",
    playbook: Path | None = None,
    locale: str = "en",
) -> Tactful:
    settings = Settings(home=home, playbook=str(playbook) if playbook else None, model_name=None)
    return open_tactful(settings, tenant, locale=locale, clock=clock, ids=ids, database=database)


def person(name: str, country: str = "GB", zone: str = "Europe/London", first_name: str = "Ann") -> CustomerRow:
    return CustomerRow(
        key=f"person-{name}",
        external_id=name,
        first_name=first_name,
        country=country,
        zone=zone,
        locale="en",
        age=AgeAssurance.ATTESTED,
        addresses={Channel.EMAIL: f"{name}@mail.example", Channel.SMS: "+447700900000"},
    )


def consent(
    name: str,
    purpose: Purpose,
    channel: Channel | None,
    status: ConsentStatus = ConsentStatus.GRANTED,
    at: datetime = LONG_AGO,
) -> ConsentRow:
    return ConsentRow(
        key=f"consent-{name}-{purpose}-{channel}-{status}-{at}",
        external_id=name,
        entry=Entry(
            consent=Consent(purpose=purpose, channel=channel, status=status, given_at=at),
            proof=Proof(evidence="test"),
        ),
    )


def agreed(name: str) -> list[Row]:
    return [consent(name, purpose, channel) for purpose, channel in AGREED]


def order(
    name: str | None, number: str, at: datetime, price: str = "30.00", quantity: int = 2, product_id: str = "lamp"
) -> Line:
    return Line(
        key=f"line-{number}",
        order=number,
        external_id=name,
        country="GB",
        occurred_at=at,
        received_at=at,
        product_id=product_id,
        product_name=f"The {product_id}",
        quantity=quantity,
        price=Money(Decimal(price), "GBP"),
        outcome=RowOutcome.TAKEN if name else RowOutcome.WITHOUT_CUSTOMER,
    )


def event(name: str, kind: str, at: datetime, entity: str = "", **properties: str | int | float) -> EventRow:
    return EventRow(
        key=f"event-{name}-{kind}-{at.isoformat()}-{entity}",
        external_id=name,
        kind=kind,
        occurred_at=at,
        received_at=at,
        entity=entity,
        properties=properties,
    )


def regular(name: str) -> Sequence[Row]:
    """A customer who agreed to e-mail and bought the lamp half a year ago: someone to recommend it to."""
    return [person(name), *agreed(name), order(name, f"o-{name}", NOON - timedelta(days=60))]


def database_of(tactful: Tactful) -> Database:
    """The database behind a product, to look at what was written."""
    records = tactful.stores.records
    assert isinstance(records, SqlRecords)
    return records._database
