"""Thirty minutes of decisions and events, on both stores: memory does not grow by more than a twentieth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from evals.benchmarks import serving

MINUTES = 30
WARM = 5
RATE = 10.0
"""Decisions a second; with each a batch of ten events."""


@pytest.mark.soak
def test_memory_stays_level_for_half_an_hour(new_database: Callable[[], str], tmp_path: Path) -> None:
    url = new_database()
    key = serving.crowd(tmp_path, url)
    with serving.tactful_serve(tmp_path, TACTFUL_DATABASE_URL=url) as (place, process, _):
        seen = asyncio.run(_load(place, key, lambda: serving.memory(process)))
    settled = [megabytes for minute, megabytes in seen if minute >= WARM]
    first, last = sum(settled[:3]) / 3, sum(settled[-3:]) / 3
    print(f"megabytes by the minute: {seen}")  # noqa: T201 - for whoever writes the figure down
    assert last <= first * 1.05, seen


async def _load(url: str, key: str, memory: Callable[[], float]) -> list[tuple[int, float]]:
    """(minute, megabytes) at the end of each minute."""
    seen, number = [], 0
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        ask = serving.asker(client)
        began = time.monotonic()
        for minute in range(1, MINUTES + 1):
            while time.monotonic() < began + 60 * minute:
                due = began + number / RATE
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await ask(number)
                await serving.post_events(client, number, 10)
                number += 1
            seen.append((minute, memory()))
    return seen
