"""Duties that a law sets a time for: rows written with what causes them, fired when they are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.domain.ids import CustomerId, RuleId


class TimerKind(StrEnum):
    """`result_notice`: tell the person what came of their consent or refusal. `reconfirm`: say again what they agreed
    to. `opt_out_confirmation`: the one text that may follow STOP. `register_refresh`: copy a do-not-call list anew.
    `follow_up`: look at a journey again. `wait`: decide again, unless something happens first.
    `arrival`: somebody did something just now."""

    RESULT_NOTICE = "result_notice"
    RECONFIRM = "reconfirm"
    OPT_OUT_CONFIRMATION = "opt_out_confirmation"
    REGISTER_REFRESH = "register_refresh"
    FOLLOW_UP = "follow_up"
    WAIT = "wait"
    ARRIVAL = "arrival"


DUTIES = (TimerKind.RESULT_NOTICE, TimerKind.RECONFIRM, TimerKind.OPT_OUT_CONFIRMATION)
"""What a customer has to be told by a day that the law sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """`subject` is what it is about (an entry of the ledger, a register); `rule` the duty that sets it.

    `due_at` is the last lawful moment; after `expires_at` nothing may be sent any more. `unless` names the event that
    makes it needless. `timer_id` is '' until it is armed; it fires at `fires_at`, early enough for its last moment.
    """

    kind: TimerKind
    customer: CustomerId | None
    subject: str
    rule: RuleId
    due_at: datetime
    expires_at: datetime | None = None
    unless: str = ""
    timer_id: str = ""
    fires_at: datetime | None = None


WAITED_FOR = (
    "purchased",
    "cart_cleared",
    "chat_accepted",
    "chat_declined",
    "demo_booked",
    "case_opened",
)
"""Events that can make a wait needless."""


def months_after(at: datetime, months: int) -> datetime:
    """The same day and hour so many months later, or that month's last day where it has no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    for day in range(at.day, at.day - 4, -1):
        try:
            return at.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError("no month has fewer than 28 days")
