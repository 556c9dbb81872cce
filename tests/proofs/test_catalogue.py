"""Every rule of the catalogue is accounted for: enforced, a timer, kept by structure, or not enforced with a reason."""

from __future__ import annotations

from pathlib import Path

import yaml

from agent.guardrails.rulebook import shipped, shipped_names

BOOK = shipped(shipped_names())
CATALOGUE: dict[str, str] = yaml.safe_load((Path(__file__).parent / "catalogue.yaml").read_text(encoding="utf-8"))
ENFORCED = {str(c.rule_id) for c in BOOK.clauses}
DUTIES = {d.id for p in BOOK.packs for d in p.duties}
KEPT = {k.id for p in BOOK.packs for k in p.kept}
NOT_ENFORCED = {n.id: n for p in BOOK.packs for n in p.not_enforced}
NOT_OURS = {
    "kr-adm-publish",
    "kr-outsourced-marketing-notice",
    "kr-ai-grace",
    "kr-dark-hidden-renewal",
    "kr-dark-preselect",
    "kr-dark-hierarchy",
    "kr-dark-sanction",
    "std-gpp",
}
"""Well-founded rules about what this product does not do: web pages, buttons, subscriptions, ad stacks, penalties."""


def test_each_rule_stands_in_exactly_one_place() -> None:
    places = [ENFORCED, DUTIES, KEPT, set(NOT_ENFORCED)]
    for rule in CATALOGUE:
        assert sum(rule in place for place in places) == 1, rule


def test_well_founded_rules_are_enforced_or_kept() -> None:
    """H, M and policy; mixed grades count by their best part."""
    strong = {r for r, grade in CATALOGUE.items() if any(word in grade for word in ("H", "M", "policy"))}
    strong -= {"kr-consent-reconfirm-silence"}  # graded L; the capital stands in KISA's name
    assert strong & set(NOT_ENFORCED) <= NOT_OURS


def test_what_is_not_enforced_says_why() -> None:
    assert all(len(entry.reason) > 9 for entry in NOT_ENFORCED.values())
