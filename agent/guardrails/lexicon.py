"""Words by family, in Korean and English: data in `lexicons/`, resolved when a pack is read.

Korean words match anywhere, whatever stands between their letters; English ones at the start of a word, also where the
letters are spaced out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated

from annotated_types import Len

Lexicon = Mapping[str, tuple[str, ...]]
_SPELLED = re.compile(r"\b(?:[a-z] ){2,}[a-z]\b")
_LATIN = re.compile("[a-z]")
_LOOKALIKES = str.maketrans("0134578@$", "oieastbas")


@dataclass(frozen=True, slots=True)
class Families:
    """Families of words; `words` is what the lexicon holds under these names."""

    families: Annotated[tuple[str, ...], Len(1)]
    words: tuple[str, ...] = ()

    def resolved(self, lexicon: Lexicon) -> Families:
        """With the lexicon's words. Raises ValueError for a family that it does not know."""
        for family in self.families:
            if family not in lexicon:
                raise ValueError(f"no family {family!r} in the lexicons; known: {', '.join(sorted(lexicon))}")
        return replace(self, words=tuple(word for family in self.families for word in lexicon[family]))

    def found_in(self, text: str) -> str:
        """The first word of these families that the text says, else ''. No words at all would be a broken rule."""
        if not self.words:
            raise ValueError("the families were never resolved")
        return said(text, self.words)


def said(text: str, words: tuple[str, ...]) -> str:
    """The first of the words that the text says, else ''. Words of a script that the text lacks are not looked for."""
    packed, spaced = _flat(text)
    english, korean = _ready(words)
    found = ""
    if not packed.isascii():
        found = next((word for word, needle in korean if needle in packed), "")
    if not found and _LATIN.search(spaced):
        found = next((word for word, needle in english if needle in spaced), "")
    return found


@lru_cache(maxsize=256)
def _ready(words: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(word, what to look for) of the English and of the Korean words."""
    english = [(word, f" {word}") for word in words if word.isascii()]
    return english, [(word, word.replace(" ", "")) for word in words if not word.isascii()]


@lru_cache(maxsize=512)
def _flat(text: str) -> tuple[str, str]:
    """The text without anything between letters, and as words with single spaces, figures read as letters as well."""
    lowered = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text)).lower()
    packed = re.sub(r"[\W_]+", "", lowered)
    spaced = " " + re.sub(r"[\W_]+", " ", lowered) + " "
    spaced = _SPELLED.sub(lambda match: match.group(0).replace(" ", ""), spaced)
    figured = re.sub(r"[^\w@$]+", " ", lowered).translate(_LOOKALIKES)
    return packed, f"{spaced} {figured} "
