"""The benchmarks of what is foretold of customers, each beside its peers; loaded only when one of them is run."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

MODULES = {
    "value": "valuing",
    "churn": "tables",
    "texts": "texting",
    "replenishment": "replenishing",
    "affinity": "affinities",
    "scoring": "scoring",
}


def figures(name: str, folder: Path, data: Path) -> Iterator[tuple[str, str, str]]:
    """What is measured, the figure and the figure to beat. `folder` is empty and may be written to."""
    module: Any = import_module(f"evals.benchmarks.{MODULES[name]}")
    missing = [file for file in module.FILES if not (data / file).exists()]
    if missing:
        yield ", ".join(missing), "not here", "set TACTFUL_DATA to the folder that holds it"
        return
    if name == "scoring":
        yield from module.figures(data, folder)
    else:
        yield from module.figures(data)
