"""Logs as JSON lines, free of personal data: only what we put there ourselves is written out."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import orjson


class JsonLines(logging.Formatter):
    """Our own records with their facts; of other people's libraries only who spoke and how loudly: their words may
    hold what customers wrote."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name.startswith("tactful"):
            said |= {"event": record.getMessage(), **getattr(record, "facts", {})}
        elif record.exc_info and record.exc_info[0]:
            said["error"] = record.exc_info[0].__name__
        return orjson.dumps(said, default=str).decode()


def install() -> None:
    """All logging of this process goes to stderr in this form."""
    found = logging.StreamHandler()
    found.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [found]
    root.setLevel(logging.WARNING)
    logging.getLogger("tactful").setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        theirs = logging.getLogger(name)
        theirs.handlers.clear()
        theirs.propagate = True
