"""All signals of one customer, as far as the consent to use the data goes."""

from __future__ import annotations

from datetime import datetime

from agent.domain.customer import Purpose, Snapshot
from agent.domain.signals import Signals, Situation
from agent.signals import history, live


def read(snapshot: Snapshot, now: datetime, currency: str) -> Situation:
    """Without consent to profiling only what every seller must know is read: open cases and contacts made."""
    permitted = snapshot.granted(Purpose.PROFILING, None, now)
    return Situation(
        snapshot=snapshot,
        now=now,
        signals=Signals(
            live=live.read(snapshot, now, currency) if permitted else None,
            value=history.value(snapshot, now) if permitted else None,
            case=history.open_case(snapshot, now),
            pressure=history.pressure(snapshot, now),
        ),
    )
