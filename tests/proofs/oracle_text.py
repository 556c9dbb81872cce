"""What the bytes of a message show: labels, sender, way out, disclosure, coupons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from tests.proofs.facts import Coupon
from tests.proofs.oracle_law import LAW, Case
from tests.proofs.oracle_words import plain, says


def shows(text: str, part: str | None) -> bool:
    """Is this part in the text, however the lines are broken? Nothing is never shown."""
    return bool(part and part.strip()) and " ".join(str(part).split()) in " ".join(text.split())


def without_names(case: Case, text: str) -> str:
    """The text without the names of brand and goods, which may contain any word."""
    for name in sorted({case.house.name, *case.house.names.values()} - {""}, key=len, reverse=True):
        text = text.replace(name, " ")
    return text


def korean_label(case: Case) -> Iterator[str]:
    """Korea: the label as the very first characters, in exactly this form."""
    law, channel = LAW["label"], case.message.channel
    if "kr" not in case.laws:
        return
    first = case.message.subject if channel in law["in_subject"] else case.message.body
    opening = rf"{re.escape(law['mark'])}\s*[\[<(【]?\s*{re.escape(case.house.name)}"
    if not first.startswith(law["mark"]) or (channel == "sms" and not re.match(opening, first)):
        yield law["rules"][channel]
    if any(re.search(variant, case.text) for variant in law["exact"]["variants"]):
        yield law["exact"]["rule"]


def sender(case: Case) -> Iterator[str]:
    """Every pushed offer names its sender; in Korea also a contact."""
    text = case.message.body if case.message.channel in LAW["way_out"]["last_line"]["channels"] else case.text
    named, reachable = shows(text, case.house.name), shows(text, case.house.contact)
    for law in case.laws:
        if not named or (law == "kr" and not reachable):
            yield LAW["sender"][law]


def has_way_out(case: Case) -> bool:
    """An address to click in an e-mail; a number, a word to answer or a setting elsewhere."""
    law, body = LAW["way_out"], case.message.body
    if case.message.channel == "email":
        return shows(body, case.house.optout_url)
    words = any(re.search(rf"(?<![A-Za-z]){word}(?![A-Za-z])", body) for word in law["words"])
    settings = any(word in body.casefold() for word in law["settings"])
    return words or settings or shows(body, case.house.optout_phone)


def ends_with_free_number(case: Case) -> bool:
    """Korea, texts and Kakao: the last line is the free number to refuse by."""
    last = (case.message.body.rstrip().splitlines() or [""])[-1]
    return last.startswith(LAW["way_out"]["last_line"]["words"]) and shows(last, case.house.optout_phone)


def way_out(case: Case) -> Iterator[str]:
    """Every pushed offer says how to stop it."""
    law = LAW["way_out"]
    for name in case.laws:
        strict = name == "kr" and case.message.channel in law["last_line"]["channels"]
        if not (ends_with_free_number(case) if strict else has_way_out(case)):
            yield law["rules"][name]


def us_email(case: Case) -> Iterator[str]:
    """US e-mail: a postal address, and that it is an ad."""
    law = LAW["us_email"]
    if "us" not in case.laws or case.message.channel != "email":
        return
    if not shows(case.text, case.house.postal_address):
        yield law["address"]
    korean = case.person.locale.startswith("ko") and law["says_ad_ko"] in case.text
    if not korean and not re.search(law["says_ad"], case.text, re.IGNORECASE):
        yield law["ad"]


def one_click(case: Case) -> Iterator[str]:
    """Marketing mail carries the headers of RFC 8058, with a token nobody guesses."""
    law = LAW["one_click"]
    if case.message.channel != "email":
        return
    headers = {name.casefold(): value for name, value in case.message.headers.items()}
    targets = [urlsplit(uri.strip()) for uri in re.findall(r"<([^<>]*)>", headers.get("list-unsubscribe", ""))]
    secure = [uri for uri in targets if uri.scheme.lower() == "https" and uri.hostname]
    opaque = any(re.search(law["token"], f"{uri.path}?{uri.query}") for uri in secure)
    broken = any("\n" in value or "\r" in value for value in headers.values())
    if broken or not opaque or headers.get("list-unsubscribe-post") != law["post"]:
        yield law["rule"]


def is_in_force(case: Case, rule: dict[str, Any]) -> bool:
    """Has the rule started? Judged on the UTC date."""
    since: date | None = rule.get("since")
    return since is None or case.at.astimezone(ZoneInfo("UTC")).date() >= since


def disclosure(case: Case) -> Iterator[str]:
    """A chat says at its start that an AI speaks; elsewhere a generated message says that AI wrote it."""
    law, message = LAW["ai"], case.message
    if message.channel == "chat":
        rules, text = law["chat"], without_names(case, message.body.lstrip())[: law["start"]]
    elif message.generated:
        rules, text = law["written"], without_names(case, case.text)
    else:
        return
    places = [*case.laws, *(sorted(case.states) if "us" in case.laws else ())]
    for rule in (rules[place] for place in places if place in rules):
        if is_in_force(case, rule) and not re.search(law["word"], text):
            yield rule["rule"]


def promised(case: Case) -> list[int]:
    """The percentages the text promises off."""
    return [int(found) for found in re.findall(LAW["promised"], without_names(case, case.text), re.IGNORECASE)]


def owed_is_no_ad(case: Case) -> Iterator[str]:
    """A message that is owed holds no promotion, or it is an ad as a whole."""
    message = case.message
    if case.is_offer:
        return
    words = says(plain(without_names(case, case.text)), LAW["promotion"])
    if message.coupon or message.discount is not None or words or promised(case):
        yield LAW["owed"]["rule"]


def numbers_in(text: str) -> set[Decimal]:
    """Every amount a text states, with 12,000, 12.000 and 3만 read as people read them."""
    found: set[Decimal] = set()
    for digits, unit in re.findall(r"(\d[\d.,]*)\s*([만천]?)", text):
        times = {"만": 10000, "천": 1000}.get(unit, 1)
        trimmed = digits.rstrip(".,")
        for form in (trimmed.replace(",", ""), trimmed.replace(".", "").replace(",", ".")):
            try:
                found.add(Decimal(form) * times)
            except InvalidOperation:
                continue
    return found


def shows_day(text: str, day: date) -> bool:
    """Is the day in the text, as Koreans, Britons, Americans or machines write it?"""
    month, number = rf"(?<!\d)0?{day.month}", rf"(?<!\d)0?{day.day}(?!\d)"
    name = LAW["months"].split()[day.month - 1]
    forms = (
        rf"{month}\s*월\s*0?{day.day}\s*일",
        rf"{month}\s*[-./]\s*{number}",
        rf"{number}\s*[-./]\s*0?{day.month}(?!\d)",
        rf"(?<!\d)0?{day.day}(?:st|nd|rd|th)?\s+(?:of\s+)?{name}",
        rf"{name}[a-z]*\.?\s+{number}",
        rf"{name}[a-z]*\.?\s+0?{day.day}(?:st|nd|rd|th)",
    )
    return any(re.search(form, text) for form in forms)


def states_conditions(text: str, campaign: Coupon) -> bool:
    """The least to spend, the most to gain and the last day stand in the message itself."""
    amounts = {amount for amount in (campaign.minimum, campaign.greatest) if amount > 0}
    return amounts <= numbers_in(text) and shows_day(text, campaign.ends_on)


def coupon_is_true(case: Case) -> Iterator[str]:
    """A promised discount is one of the house's campaigns, still running, no larger, and with its conditions."""
    message, house, law = case.message, case.house, LAW["coupon"]
    campaign = next((one for one in house.coupons if one.name == message.coupon), None)
    gives = message.discount if message.discount is not None else campaign.percent if campaign else 0
    if any(percent > gives for percent in promised(case)):
        yield law["rule"]
    if gives > min(law["limit"], house.coupon_percent):
        yield law["limit_rule"]
    if not message.coupon and message.discount is None:
        return
    today = case.at.astimezone(ZoneInfo(house.zone)).date()
    runs = campaign is not None and gives <= campaign.percent and today <= campaign.ends_on
    if campaign is None or not runs or not states_conditions(case.text, campaign):
        yield law["rule"]
