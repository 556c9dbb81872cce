"""Many customers at once: the same steps as the graph, in a loop, scored in one sweep and committed in one transaction.

No model takes part. What cannot be settled in the sweep (a refusal of the guard, a conflict, an empty budget) is left
to the caller, who runs the graph for it: there is one logic, not two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from agent.decisioning.arbitration import score
from agent.domain.action import HoldReason, Score
from agent.domain.bundle import Bundle, Committed, Draft
from agent.domain.customer import Snapshot
from agent.domain.errors import DeciderError
from agent.domain.ids import CustomerId, TriggerKey
from agent.domain.ports import Commit, Snapshots
from agent.domain.signals import Situation
from agent.domain.verdict import Verdict
from agent.graph import nodes
from agent.graph.deciders.engine import word
from agent.graph.environment import Environment
from agent.graph.refusals import NO_WORDS, own_verdict
from agent.graph.weigh import Survey, Weighing, settle, survey

BATCH = 250


def decide_many(
    env: Environment,
    snapshots: Snapshots,
    commit: Commit,
    asked: Mapping[CustomerId, TriggerKey],
    now: datetime,
) -> Iterator[tuple[CustomerId, Committed | None]]:
    """(customer, result) in order, as batches commit; None where the graph has to decide. Unknown ids are skipped."""
    customers = list(asked)
    for start in range(0, len(customers), BATCH):
        found = list(snapshots.snapshots(env.tenant, customers[start : start + BATCH], now))
        bundles = bundles_of(env, found, asked, now)
        ready = [bundle for bundle in bundles if bundle is not None]
        outcomes = iter(commit.commit(ready))
        for snapshot, bundle in zip(found, bundles, strict=True):
            outcome = next(outcomes) if bundle is not None else None
            yield snapshot.customer, outcome if isinstance(outcome, Committed) else None


def bundles_of(
    env: Environment, found: Sequence[Snapshot], asked: Mapping[CustomerId, TriggerKey], now: datetime
) -> list[Bundle | None]:
    """What each customer's decision would write; None where the guard refused the first choice. Pure."""
    surveys = [survey(env, nodes.sense(env, snapshot, now)) for snapshot in found]
    scores = score([row for each in surveys for row in each.rows])
    bundles, at = [], 0
    for each in surveys:
        mine = scores[at : at + len(each.rows)]
        at += len(each.rows)
        bundles.append(_bundle(env, each, mine, asked[each.situation.snapshot.customer]))
    return bundles


def _bundle(env: Environment, each: Survey, scores: Sequence[Score], trigger: TriggerKey) -> Bundle | None:
    weighing = settle(env, each, scores, {})
    passages = nodes.recall(env, each.situation)
    if weighing.chosen is None:
        return nodes.bundle(env, trigger, weighing, passages, None, None, None)
    brief = nodes.brief(env, weighing, passages)
    try:
        proposal = word(brief, env.wording)
    except DeciderError:
        return None
    draft = nodes.act(env, weighing, brief, proposal)
    ruling = nodes.guard(env, weighing, draft)
    if ruling.forbidding is not None:
        return None
    return nodes.bundle(env, trigger, weighing, passages, proposal, draft, ruling)


def lawful_best(env: Environment, situation: Situation) -> tuple[Weighing, Draft | None]:
    """What the engine would do for one customer, down to the first candidate that the guard lets pass; nothing is
    reserved or written. For whoever compares two policies."""
    taken_back: dict[str, Verdict] = {}
    while True:
        weighing = nodes.weigh(env, situation, taken_back)
        if weighing.chosen is None:
            return weighing, None
        brief = nodes.brief(env, weighing, {})
        key = brief.lines[0].treatment.key
        try:
            draft = nodes.act(env, weighing, brief, word(brief, env.wording))
        except DeciderError as error:
            taken_back[key] = own_verdict(NO_WORDS, HoldReason.INELIGIBLE, str(error))
            continue
        verdict = nodes.guard(env, weighing, draft).forbidding
        if verdict is None:
            return weighing, draft
        taken_back[draft.treatment.key] = verdict
