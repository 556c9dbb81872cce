"""Companion files for imported transactions: what such a file does not hold, drawn by seed from the imported ids.

    python scripts/companion.py OUT_DIR [--tenant default] [--seed 7]

Writes OUT_DIR/customers.csv (address, zone from the country, adult attestation) and OUT_DIR/consents.csv (for half of
the customers: profiling, marketing and e-mail, some SMS; a few withdrew later), all before 2011-12-09. Addresses end in
.example and the numbers are reserved for fiction: nobody can be reached by them.
"""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from agent.bootstrap import load_settings, open_tactful
from agent.store.zones import zone_of

FIRST = datetime(2010, 12, 1, tzinfo=UTC)
DAYS = 360
NAMES = ("Alex", "Sam", "Jo", "Robin", "Kim", "Charlie", "Noor", "Maya", "Ira", "Lee")
SEVERAL_ZONES = {
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "PT": "Europe/Lisbon",
    "AU": "Australia/Sydney",
    "US": "America/New_York",
    "CA": "America/Toronto",
    "BR": "America/Sao_Paulo",
    "CY": "Asia/Nicosia",
}


def main(
    out: Path, tenant: str = "default", seed: Annotated[int, typer.Option(help="Another seed, another half.")] = 7
) -> None:
    """Writes customers.csv and consents.csv for the customers imported so far."""
    draw = random.Random(seed)
    product = open_tactful(load_settings(), tenant)
    people = product.stores.customers.everyone(product.tenant)
    out.mkdir(parents=True, exist_ok=True)
    with (out / "customers.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["customer", "first_name", "email", "phone", "country", "zone", "locale", "age"])
        for number, known in enumerate(people):
            name, country = known.external_id, known.country
            zone = zone_of(country) or SEVERAL_ZONES.get(country or "", "")
            phone = f"+4477009{number % 100_000:05d}"
            rows.writerow(
                [name, draw.choice(NAMES), f"c{name}@shop.example", phone, country or "", zone, "en", "attested"]
            )
    with (out / "consents.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["customer", "purpose", "channel", "status", "given_at", "basis", "evidence"])
        for known in people:
            if draw.random() < 0.5:
                rows.writerows(_consents(draw, known.external_id))
    typer.echo(f"{len(people):,} customers written to {out}")


def _consents(draw: random.Random, name: str) -> list[list[str]]:
    given = FIRST + timedelta(days=draw.randrange(DAYS), minutes=draw.randrange(1440))
    channels = ["email"] + (["sms"] if draw.random() < 0.3 else [])
    purposes = [("profiling", ""), ("marketing_processing", "")] + [("ad_sending", channel) for channel in channels]
    rows = [[name, purpose, channel, "granted", given.isoformat(), "consent", "drawn"] for purpose, channel in purposes]
    if draw.random() < 0.05:
        later = given + timedelta(days=draw.randrange(1, 7))
        rows.append([name, "ad_sending", "email", "withdrawn", later.isoformat(), "consent", "drawn"])
    return rows


if __name__ == "__main__":
    typer.run(main)
