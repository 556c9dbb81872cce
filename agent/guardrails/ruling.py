"""How verdicts become one ruling: which comes first, what is added."""

from __future__ import annotations

from collections.abc import Iterable

from agent.domain.verdict import Amendment, Ruling, Verdict, VerdictKind


def merged(verdicts: list[Verdict], own: frozenset[str]) -> Ruling:
    """deny > review > defer > all amendments together > allow."""
    added = needed(verdicts, own)
    verdicts.sort(key=lambda verdict: (-verdict.kind, verdict.stage))
    return Ruling(
        kind=verdicts[0].kind if verdicts else VerdictKind.ALLOW,
        verdicts=tuple(verdicts),
        amendments=added,
        too_long_by=max((v.too_long_by for v in verdicts), default=0),
    )


def needed(verdicts: Iterable[Verdict], own: frozenset[str]) -> tuple[Amendment, ...]:
    """What is added: all that the customer's own law asks for and all words that any law prescribes; of what other laws
    ask for, only needs that are not answered by then."""
    asked = [(verdict.pack, amendment) for verdict in verdicts for amendment in verdict.amendments]
    sure = [(pack, amendment) for pack, amendment in asked if amendment.exact or pack in own]
    answered = {amendment.need: pack for pack, amendment in sure}
    found = {(a.place, a.text): a for _, a in sure}
    for pack, amendment in asked:
        need = amendment.need
        if (pack, amendment) not in sure and (not need or answered.setdefault(need, pack) == pack):
            found.setdefault((amendment.place, amendment.text), amendment)
    return tuple(found.values())


def first(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict of the earliest stage that removes: deny or defer. A review comes with the text."""
    return min((v for v in verdicts if v.removes), key=lambda verdict: verdict.stage, default=None)
