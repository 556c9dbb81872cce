"""Hours, caps and rests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.proofs.facts import Touch
from tests.proofs.oracle_consent import last_word
from tests.proofs.oracle_law import CLOCKED, LAW, Case


def is_within(clock: datetime, window: list[str]) -> bool:
    """From inclusive, to exclusive."""
    start, end = (time.fromisoformat(edge) for edge in window)
    return start <= clock.time() < end


def korean_night(case: Case) -> Iterator[str]:
    """Korea: no ad at night, in Seoul or where the person is, unless the night was consented to on this channel."""
    law = LAW["night"]
    channel = case.message.channel
    if "kr" not in case.laws or channel not in CLOCKED or last_word(case, "night", channel).consent:
        return
    seoul = case.at.astimezone(ZoneInfo(law["zone"]))
    for clock, rule in ((seoul, law["rule"]), (case.own_time, law["rule_own_zone"])):
        if clock is None or not is_within(clock, law["day"]):
            yield rule
        elif not is_within(clock, law["margin"]):
            yield law["rule_margin"]


def house_night(case: Case) -> Iterator[str]:
    """House policy everywhere: what rings leaves by day on the person's clock, and no consent lifts that."""
    if case.message.channel not in CLOCKED:
        return
    if case.own_time is None or not is_within(case.own_time, LAW["house_day"]["day"]):
        yield LAW["house_day"]["rule"]


def kakao_hours(case: Case) -> Iterator[str]:
    """Kakao refuses ads at night whatever the person agreed to."""
    if case.message.channel != "kakao":
        return
    hours = LAW["kakao_hours"]
    product = hours.get(case.house.kakao_product, hours["friend_talk"])
    if not is_within(case.at.astimezone(ZoneInfo(hours["zone"])), product["day"]):
        yield product["rule"]


def us_rules(case: Case) -> Iterator[dict[str, Any]]:
    """The sms rules of the states the person may be in."""
    if "us" not in case.laws or case.message.channel != "sms":
        return
    for rule in LAW["us_sms"]:
        where = rule["states"]
        if where == "every" or (not case.states if where == "unknown" else case.states & set(where)):
            yield rule


def us_hours(case: Case) -> Iterator[str]:
    """US texts by day, on the clock of whoever is called."""
    for rule in us_rules(case):
        day = "sunday" if case.own_time and case.own_time.isoweekday() == 7 else "week"
        if case.own_time is None or not is_within(case.own_time, rule[day]):
            yield rule["rule"]


def offers_since(case: Case, span: timedelta) -> list[Touch]:
    """Earlier offers of the span before the message, its far edge left out."""
    return [one for one in case.person.touches if one.kind == "offer" and case.at - span < one.at <= case.at]


def us_daily(case: Case) -> Iterator[str]:
    """Some states allow so many texts in 24 hours."""
    sent = sum(one.channel == "sms" for one in offers_since(case, timedelta(hours=24)))
    for rule in us_rules(case):
        if sent >= rule.get("daily", sent + 1):
            yield rule["rule"]


def weekly_caps(case: Case) -> Iterator[str]:
    """So many offers a week over all surfaces, and so many by e-mail and sms."""
    law, house, channel = LAW["cap"], case.house, case.message.channel
    recent = offers_since(case, timedelta(days=law["days"]))
    if len(recent) >= min(law["most"], house.weekly_contacts):
        yield law["rule"]
    each = law["by_channel"]
    most = min(house.weekly_by_channel.get(channel, each["usual"]), each["most"])
    if channel in each["channels"] and sum(one.channel == channel for one in recent) >= most:
        yield law["rule"]


def ignored_at(case: Case, touch: Touch) -> datetime | None:
    """When an offer came to count as ignored, if by now it has."""
    heard = touch.outcome and (touch.outcome_at or touch.at) <= case.at
    if heard and touch.outcome != "ignored":
        return None
    silence = touch.at + timedelta(days=LAW["ignore"]["answer_days"])
    moment = (touch.outcome_at or touch.at) if heard else silence
    return moment if moment <= case.at else None


def ignore_rest(case: Case) -> Iterator[str]:
    """An offer ignored twice in a month rests for two."""
    law, message = LAW["ignore"], case.message
    moments = sorted(
        moment
        for touch in case.person.touches
        if (touch.kind, touch.action, touch.entity) == ("offer", message.action, message.entity)
        and (moment := ignored_at(case, touch)) is not None
    )
    within, rest = timedelta(days=law["within_days"]), timedelta(days=law["rest_days"])
    if any(later - earlier < within and case.at < later + rest for earlier, later in pairwise(moments)):
        yield law["rule"]


def reject_rest(case: Case) -> Iterator[str]:
    """After a no to an action, that action rests."""
    law, message = LAW["reject"], case.message
    said = [
        one.outcome_at or one.at
        for one in case.person.touches
        if one.outcome == "declined" and one.action == message.action
    ]
    if message.action == law["chat_action"] and case.person.declined_chat_at:
        said.append(case.person.declined_chat_at)
    if any(no <= case.at < no + timedelta(days=law["rest_days"]) for no in said):
        yield law["rule"]


def same_offer(case: Case) -> Iterator[str]:
    """Not the same offer twice in a week."""
    recent = offers_since(case, timedelta(days=LAW["same_offer"]["days"]))
    if any((one.action, one.entity) == (case.message.action, case.message.entity) for one in recent):
        yield LAW["same_offer"]["rule"]


def open_cases(case: Case) -> Iterator[str]:
    """No offer while something is wrong, nor for two weeks after."""
    law = LAW["open_case"]
    for trouble in case.person.troubles:
        over = trouble.closed and trouble.closed + timedelta(days=law["days"]) <= case.at
        if trouble.opened <= case.at and not over:
            yield law["rule"]
            if trouble.kind == "vulnerability":
                yield law["vulnerability"]
