"""Words by family, in Korean and English: data in `lexicons/`, resolved when a pack is read.

An entry is a word or phrase, or a pattern between slashes. Korean words match inside a word, never across two; English
ones match whole words, or the beginning of one where they end with a star. Letters set apart by spaces or signs are
read together, figures that stand for letters as letters. Phrases of the family `harmless` are taken out first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated

from annotated_types import Len

Lexicon = Mapping[str, tuple[str, ...]]
HARMLESS = "harmless"
_SPELLED = re.compile(r"(?<!\S)(?:[a-z] ){2,}[a-z](?!\S)")
_SIGNS = re.compile(r"[^\w\s'\u2019^]")
_APART = re.compile(r"(?<!\S)([가-힣]) (?=[가-힣])")
_LOOKALIKES = str.maketrans("0134578@$", "oieastbas")


@dataclass(frozen=True, slots=True)
class Families:
    """Families of words; `words` is what the lexicon holds under these names, `harmless` what is taken out first."""

    families: Annotated[tuple[str, ...], Len(1)]
    words: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()

    def resolved(self, lexicon: Lexicon) -> Families:
        """With the lexicon's words. Raises ValueError for a family that it does not know."""
        for family in self.families:
            if family not in lexicon:
                raise ValueError(f"no family {family!r} in the lexicons; known: {', '.join(sorted(lexicon))}")
        words = tuple(word for family in self.families for word in lexicon[family])
        return replace(self, words=words, harmless=lexicon.get(HARMLESS, ()))

    def found_in(self, text: str) -> str:
        """What the text says of these families, else ''. No words at all would be a broken rule."""
        if not self.words:
            raise ValueError("the families were never resolved")
        return said(text, self.words, self.harmless)


@lru_cache(maxsize=4096)
def said(text: str, words: tuple[str, ...], harmless: tuple[str, ...] = ()) -> str:
    """The first that the text says of the words, as it stands there, else ''."""
    literals, patterns = _ready(words)
    for reading in readings(text, harmless):
        for needle, literal in literals:
            found = literal.search(reading) if needle in reading else None
            if found:
                return found.group(0).strip()
        found = patterns.search(reading) if patterns else None
        if found:
            return found.group(0).strip()
    return ""


@lru_cache(maxsize=512)
def readings(text: str, harmless: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The text in small letters with single spaces, and the other ways in which a reader may take it."""
    lowered = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text)).lower().replace("\u2019", "'")
    lowered = lowered.replace("'", "")
    plain = " ".join(re.sub(r"[\W_]+", " ", lowered).split())
    if harmless:
        plain = _pattern(harmless).sub(" ", plain)
    found = [plain]
    joined = _SPELLED.sub(lambda match: match.group(0).replace(" ", ""), plain)
    joined = _APART.sub(r"\1", joined)
    if joined != plain:
        found.append(joined)
    if any(ch in lowered for ch in "0134578@$"):
        found.append(" ".join(re.sub(r"[^\w@$]+", " ", lowered).translate(_LOOKALIKES).split()))
    return tuple(found)


@lru_cache(maxsize=256)
def _ready(words: tuple[str, ...]) -> tuple[list[tuple[str, re.Pattern[str]]], re.Pattern[str] | None]:
    """The words with a piece that must stand in the text for them to match, and all patterns as one."""
    plain = [word.replace("'", "") for word in words]
    literals = [(word.strip("^*").split(" ")[0], re.compile(_one(word))) for word in plain if not _is_pattern(word)]
    patterns = "|".join(_one(word) for word in plain if _is_pattern(word))
    return literals, re.compile(patterns) if patterns else None


@lru_cache(maxsize=16)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all of them."""
    return re.compile("|".join(_one(word.replace("'", "")) for word in words))


def _is_pattern(word: str) -> bool:
    return word.startswith("/") and word.endswith("/")


def _one(word: str) -> str:
    if _is_pattern(word):
        return f"(?:{word[1:-1]})"
    if not word.isascii():
        start = "(?<![가-힣])" if word.startswith("^") or " " in word else ""
        return start + re.escape(word.removeprefix("^")).replace("\\ ", " ?")
    end = "" if word.endswith("*") else r"(?![a-z0-9])"
    return r"(?<![a-z0-9])" + re.escape(word.removesuffix("*")).replace("\\ ", " ") + end


def said_of_brand(text: str, words: Iterable[str]) -> str:
    """The first of a brand's own words that the text says, else ''.

    Marketers write them, so none is a pattern; those with signs in them (1+1, A/S, 100%) are looked for as they stand.
    """
    plain, literal = _of_brand(tuple(words))
    if plain and (found := said(text, plain)):
        return found
    if not literal:
        return ""
    whole = " ".join(unicodedata.normalize("NFKC", text).lower().replace("-", " ").split())
    return next((word for word in literal if word in whole), "")


@lru_cache(maxsize=512)
def _of_brand(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that are looked for as words, and those that are looked for as they stand."""
    plain: list[str] = []
    literal: list[str] = []
    for word in words:
        lowered = " ".join(unicodedata.normalize("NFKC", word).lower().replace("-", " ").split())
        (literal if _SIGNS.search(lowered.removesuffix("*")) else plain).append(lowered)
    return tuple(plain), tuple(literal)
