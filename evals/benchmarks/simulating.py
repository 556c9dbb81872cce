"""How long a simulated month takes, what it needs, and how far its result rests on the law that people answer by."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIRST_DAY = "2026-11-30"
LAWS = 20


@dataclass(frozen=True, slots=True)
class Run:
    """One `tactful simulate`: its JSON, seconds of wall clock, and the greatest memory of all its processes (MB)."""

    found: dict[str, Any]
    seconds: float
    memory: float


def simulate(folder: Path, *options: str) -> Run:
    command = [sys.executable, "-m", "agent.cli.app", "simulate", "--from", FIRST_DAY, "--json", *options]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, stdout=subprocess.PIPE
    )
    most = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, most), daemon=True)
    watcher.start()
    out, _ = process.communicate()
    watcher.join()
    if process.returncode:
        raise RuntimeError("the simulation failed")
    return Run(json.loads(out), time.perf_counter() - started, most[0])


def _watch(process: subprocess.Popen[bytes], most: list[float]) -> None:
    """Adds up the resident memory of the process and its children, twice a second."""
    while process.poll() is None:
        pids = [process.pid, *_children(process.pid)]
        most[0] = max(most[0], sum(_resident(pid) for pid in pids))
        time.sleep(0.5)


def _children(pid: int) -> list[int]:
    try:
        return [int(name) for name in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def month(folder: Path, customers: int) -> Run:
    """Agent against rules, one seed."""
    return simulate(folder, "--customers", str(customers), "--days", "30", "--against", "rules")


@dataclass(frozen=True, slots=True)
class Bent:
    """The agent held against rules under one law: the share by which more customers buy, what a purchase costs more,
    the return on what is spent (beyond silence), and what became of the margin."""

    conversion: float
    cost: float
    returned: float
    margin: str


def bent(folder: Path, customers: int = 1_500) -> Iterator[Bent]:
    """Under twenty other laws."""
    for law in range(1, LAWS + 1):
        options = ("--customers", str(customers), "--days", "30", "--bend", str(law))
        found = simulate(folder, *options, "--against", "rules,nobody").found
        beside = found["beside"]
        margin = next(d for d in found["differences"] if d["measure"] == "margin" and d["against"] == "rules")
        yield Bent(beside["conversion"] or 0.0, beside["cost"] or 0.0, beside["returned"] or 0.0, margin["found"])
