"""The audit copy of protected attributes: read for one comparison, never stored."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from agent.domain.errors import ImportFileError
from agent.domain.ids import CustomerId, ExternalId

LONGEST_VALUE = 80


def read_attributes(path: Path, known: Mapping[ExternalId, CustomerId]) -> dict[str, dict[str, str]]:
    """Each attribute's values by pseudonym; customers that are not known are left out. Raises ImportFileError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = [c for c in reader.fieldnames or () if c and c != "customer"]
            if "customer" not in (reader.fieldnames or ()) or not columns:
                raise ImportFileError(
                    "needs the column customer and at least one attribute", place=f"{path.name}:1", next_step="Add it."
                )
            found: dict[str, dict[str, str]] = {column: {} for column in columns}
            for row in reader:
                customer = known.get(ExternalId((row["customer"] or "").strip()))
                if customer is not None:
                    _keep(found, customer, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ImportFileError(
            "cannot be read as CSV in UTF-8", place=path.name, next_step="Export it again."
        ) from error
    return found


def _keep(found: dict[str, dict[str, str]], customer: str, row: dict[str, str | None]) -> None:
    for column, values in found.items():
        values[customer] = (row.get(column) or "").strip()[:LONGEST_VALUE]
