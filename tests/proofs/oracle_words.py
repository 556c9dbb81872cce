"""What an author may write in free text: no figures, no links, nothing hidden, no pressure, no pretence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.proofs.oracle_law import LAW, Case


def plain(text: str) -> str:
    """The text as a reader sees it: no accents, no look-alike forms, nothing invisible, small letters."""
    parts = unicodedata.normalize("NFKD", text)
    kept = "".join(sign for sign in parts if unicodedata.category(sign) not in ("Mn", "Cf"))
    return unicodedata.normalize("NFKC", kept).casefold().replace("’", "'").replace("‘", "'")


@cache
def korean(word: str) -> re.Pattern[str]:
    """The word as it stands, or with its letters apart where it starts a word."""
    low = word.casefold()
    apart = r"[\W_]{0,3}".join(re.escape(letter) for letter in low)
    return re.compile(rf"{re.escape(low)}|(?<![가-힣]){apart}")


@cache
def english(pattern: str) -> re.Pattern[str]:
    """The pattern from the start of a word."""
    return re.compile(rf"(?<![a-z])(?:{pattern})")


def says(text: str, words: dict[str, Any]) -> bool:
    """Does a plain text say one of these words, in either language?"""
    blank = " ".join(text.split())
    return any(korean(word).search(blank) for word in words["ko"]) or any(
        english(pattern).search(blank) for pattern in words["en"]
    )


def is_hidden(sign: str) -> bool:
    """Signs nobody sees, or that turn the direction of others."""
    category = unicodedata.category(sign)
    if sign == "\n":
        return False
    return category[0] in "CM" or category in ("Zl", "Zp") or ord(sign) in LAW["free_text"]["invisible"]


def is_foreign(sign: str) -> bool:
    """A letter of a script other than Latin and Hangul."""
    scripts = ("LATIN", "HANGUL", "FULLWIDTH LATIN", "HALFWIDTH HANGUL")
    return unicodedata.category(sign)[0] == "L" and not unicodedata.name(sign, "").startswith(scripts)


def is_figure(sign: str) -> bool:
    """A digit or number of any script, a currency sign, a percent sign."""
    category = unicodedata.category(sign)
    return category[0] == "N" or sign.isnumeric() or category == "Sc" or sign in LAW["free_text"]["percent"]


def is_malformed(text: str) -> bool:
    """Figures, links, addresses, placeholders, hidden signs, foreign letters."""
    law = LAW["free_text"]
    whole = unicodedata.normalize("NFC", text)
    if any(is_hidden(sign) or is_foreign(sign) or is_figure(sign) for sign in whole):
        return True
    usual = unicodedata.normalize("NFKC", whole).replace("。", ".").replace("．", ".")
    if any(is_figure(sign) or sign == "@" or sign in law["braces"] for sign in usual):
        return True
    return re.search(law["link"], usual) is not None


def is_other_language(text: str, locale: str) -> bool:
    """Korean readers get Korean, English readers no Korean."""
    letters = [sign for sign in unicodedata.normalize("NFC", text) if sign.isalpha()]
    hangul = sum("HANGUL" in unicodedata.name(sign, "") for sign in letters)
    if locale.lower().startswith("ko"):
        return bool(hangul < LAW["free_text"]["hangul_share"] * len(letters))
    return locale.lower().startswith("en") and hangul > 0


def free_text(case: Case) -> Iterator[str]:
    """Judge what the author wrote outside typed slots, in offers and owed messages alike."""
    law, text = LAW["free_text"], case.message.free_text
    if not text.strip():
        if any(is_hidden(sign) for sign in text):
            yield law["form"]
        return
    if is_malformed(text):
        yield law["form"]
    if is_other_language(text, case.person.locale):
        yield law["language"]
    read = plain(text)
    for words in law["words"].values():
        given = words.get("unless_given", False) and bool(case.message.coupon)
        if not given and says(read, words):
            yield words["rule"]
