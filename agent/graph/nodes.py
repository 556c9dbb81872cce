"""The steps of a decision as plain functions: `build.py` strings them into a graph, `bulk.py` calls them in a loop.

A node decides and returns; only the commit port writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.decisioning.arbitration import score
from agent.domain.action import HOLD, WAIT, Candidate, HoldReason
from agent.domain.bundle import Brief, Bundle, Delivery, Draft, Effect, EffectState, Line, Proposal, Wait, Words
from agent.domain.customer import IN_SESSION, Channel, Snapshot
from agent.domain.decision import Decision, Versions
from agent.domain.errors import DeciderError
from agent.domain.guideline import Passage
from agent.domain.ids import CustomerId, EffectId, RuleId, TriggerKey, decision_id, digest
from agent.domain.journey import Course
from agent.domain.signals import Situation
from agent.domain.timers import WAITED_FOR, Timer, TimerKind
from agent.domain.verdict import Ruling, Verdict, VerdictKind
from agent.graph import inputs
from agent.graph.environment import Environment
from agent.graph.weigh import Weighing, dispositions, hold_of, settle, survey
from agent.journeys.course import course
from agent.journeys.waiting import still_filling
from agent.signals.read import read
from agent.signals.words import findings

SHORTEST_WAIT, LONGEST_WAIT = 0.25, 168.0
"""Hours for which a decision may be put off."""
WAITING = RuleId("tactful-wait")
MOST_LINES = 8
MOST_PASSAGES = 6
SHORT_NAME = 6

Passages = Mapping[str, tuple[Passage, ...]]


def sense(env: Environment, snapshot: Snapshot, now: datetime) -> Situation:
    """The signals of one snapshot."""
    return read(snapshot, now, env.playbook.brand.currency)


def recall(env: Environment, situation: Situation) -> Passages:
    """What the brand says about each action, in the customer's language, valid on the customer's day."""
    snapshot = situation.snapshot
    day = situation.now.astimezone(ZoneInfo(snapshot.zone or env.playbook.brand.zone)).date()
    return env.recalled(snapshot.locale, day)


def weigh(env: Environment, situation: Situation, taken_back: Mapping[str, Verdict]) -> Weighing:
    """Dispositions, scores and draws of one customer."""
    found = survey(env, situation)
    return settle(env, found, score(found.rows), taken_back)


def brief(env: Environment, weighing: Weighing, passages: Passages, shorter_by: int = 0) -> Brief:
    """The least a decider needs. A drawn candidate, an owed reply: that one alone, to be worded."""
    situation = weighing.survey.situation
    assert weighing.chosen is not None
    shown = [weighing.chosen] if weighing.fixed else _allowed(weighing)
    lines = tuple(
        Line(
            ref=f"c{number}",
            treatment=candidate.treatment,
            because=weighing.survey.aims[candidate.treatment.action].because,
            slots=env.toolset.slots(candidate, situation, env.playbook),
        )
        for number, candidate in enumerate(shown, start=1)
    )
    wanted = dict.fromkeys(p for line in lines for p in passages.get(line.treatment.action, ()))
    return Brief(
        locale=situation.snapshot.locale,
        lines=lines,
        findings=findings(situation),
        passages=tuple(wanted)[:MOST_PASSAGES],
        fixed=weighing.fixed,
        shorter_by=shorter_by,
    )


def checked(brief_: Brief, proposal: Proposal) -> Proposal:
    """The proposal of an outside decider, if it keeps to the brief. Raises DeciderError.

    Whoever decides outside is the model on the record; what code has drawn may be worded, not held.
    """
    if not _is_proposal(proposal):
        raise DeciderError("bad_type", "the decider answered with something else than a proposal")
    if model_held(proposal):
        if brief_.fixed:
            raise DeciderError("held_fixed", "the candidate was drawn: only words were wanted")
        if proposal.action == WAIT and not _is_wait(proposal.wait):
            raise DeciderError("bad_arguments", "a wait needs its hours and, if any, a known event")
    elif not any(line.ref == proposal.ref and line.treatment.action == proposal.action for line in brief_.lines):
        raise DeciderError("not_offered", "the candidate was not offered")
    known = {p.passage_id for p in brief_.passages}
    cites = tuple(c for c in proposal.cites if c in known)
    return replace(proposal, chooser="model", cites=cites, degraded=False, cause="")


def _is_proposal(found: object) -> bool:
    """Outside deciders may be anybody's code: nothing but text gets in where text belongs."""
    if not isinstance(found, Proposal) or not isinstance(found.words, Words) or not isinstance(found.cites, tuple):
        return False
    texts = (found.action, found.ref, found.words.body, found.words.subject, found.model, found.prompt, *found.cites)
    return all(isinstance(text, str) for text in texts)


def _is_wait(wait: object) -> bool:
    return (
        isinstance(wait, Wait)
        and isinstance(wait.hours, int | float)
        and SHORTEST_WAIT <= wait.hours <= LONGEST_WAIT
        and wait.unless in ("", *WAITED_FOR)
    )


def candidate_of(weighing: Weighing, brief_: Brief, proposal: Proposal) -> Candidate:
    """The candidate that a proposal names."""
    line = next(line for line in brief_.lines if line.ref == proposal.ref)
    return next(c for c in weighing.ranked if c.treatment.key == line.treatment.key)


def act(env: Environment, weighing: Weighing, brief_: Brief, proposal: Proposal) -> Draft:
    """Runs the proposed tool: pure, nothing has happened yet."""
    candidate = candidate_of(weighing, brief_, proposal)
    draft = env.toolset.run(proposal, candidate, weighing.survey.situation, env.playbook)
    return replace(draft, generated=proposal.chooser == "model")


def guard(env: Environment, weighing: Weighing, draft: Draft) -> Ruling:
    """Judges the finished words and arguments."""
    action = env.action(draft.treatment.action)
    return env.guard.judge(weighing.survey.screen, action, draft, weighing.survey.aims.get(action.name))


def bundle(
    env: Environment,
    trigger: TriggerKey,
    weighing: Weighing,
    passages: Passages,
    proposal: Proposal | None,
    draft: Draft | None,
    ruling: Ruling | None,
    *,
    gave_up: HoldReason | None = None,
) -> Bundle:
    """Everything one commit writes: the decision, its inputs, and the effect if there is one.

    `gave_up` records a hold whatever the version is by now: nothing is done, so nothing can be done on stale facts.
    """
    situation = weighing.survey.situation
    snapshot = situation.snapshot
    chosen = _chosen(weighing, draft)
    if gave_up is not None:
        chosen, draft, ruling = None, None, None
    body = _inputs(situation, passages) if env.keeps_inputs else b""
    input_hash = digest(body.decode()) if body else ""
    decision = _decision(env, trigger, weighing, chosen, proposal, ruling, input_hash, gave_up)
    effects: tuple[Effect, ...] = ()
    path: Course | None = None
    if draft is not None and ruling is not None:
        path = course(env.action(draft.treatment.action), draft.treatment, snapshot, env.playbook, situation.now)
        effects = _effects(decision, draft, ruling, snapshot, path)
    return Bundle(
        decision=replace(decision, effects=tuple(e.effect_id for e in effects)),
        inputs=body,
        policy=env.policy,
        version=None if gave_up else snapshot.version,
        effects=effects,
        reservations=draft.reservations if draft is not None else (),
        course=path,
        opens=draft.opens if draft is not None else "",
        settles=draft.settles if draft is not None else (),
        timers=_waits(decision, proposal, situation),
    )


def _inputs(situation: Situation, passages: Passages) -> bytes:
    return inputs.to_bytes(
        inputs.Inputs(
            snapshot=situation.snapshot,
            now=situation.now,
            passages={name: tuple(p.passage_id for p in found) for name, found in passages.items()},
            specific=tuple(sorted({p.passage_id for found in passages.values() for p in found if p.actions})),
        )
    )


def _waits(decision: Decision, proposal: Proposal | None, situation: Situation) -> tuple[Timer, ...]:
    """When to look again: as the model wants it, or by a rule of thumb (a cart that is still being filled)."""
    if decision.chosen is not None:
        return ()
    wait = proposal.wait if proposal is not None and proposal.action == WAIT else still_filling(situation)
    if wait is None:
        return ()
    return (
        Timer(
            kind=TimerKind.WAIT,
            customer=decision.customer,
            subject=decision.decision_id,
            rule=WAITING,
            due_at=situation.now + timedelta(hours=wait.hours),
            unless=wait.unless,
        ),
    )


def _allowed(weighing: Weighing) -> Sequence[Candidate]:
    return [c for c in weighing.ranked if c.score is not None and c.score.total > 0][:MOST_LINES]


def _chosen(weighing: Weighing, draft: Draft | None) -> Candidate | None:
    if draft is None:
        return None
    return next(c for c in weighing.ranked if c.treatment.key == draft.treatment.key)


def _decision(
    env: Environment,
    trigger: TriggerKey,
    weighing: Weighing,
    chosen: Candidate | None,
    proposal: Proposal | None,
    ruling: Ruling | None,
    input_hash: str,
    gave_up: HoldReason | None,
) -> Decision:
    situation = weighing.survey.situation
    snapshot = situation.snapshot
    by_model = proposal is not None and proposal.chooser == "model"
    free = by_model and not weighing.fixed
    reason = gave_up or weighing.reason or (HoldReason.LOW_VALUE if chosen is None else None)
    return Decision(
        decision_id=decision_id(snapshot.tenant, snapshot.customer, trigger),
        tenant=snapshot.tenant,
        customer=CustomerId(snapshot.customer),
        trigger=trigger,
        as_of=situation.now,
        chosen=chosen.treatment if chosen else None,
        hold=hold_of(weighing, chosen, reason),
        chooser="code" if gave_up or proposal is None else "model" if free else "engine",
        degraded=proposal.degraded if proposal else False,
        cause=proposal.cause if proposal else "",
        draws=replace(weighing.draws, propensity=None) if free or gave_up else weighing.draws,
        candidates=dispositions(weighing, chosen),
        verdicts=ruling.verdicts if ruling else (),
        passages=proposal.cites if proposal else (),
        findings=findings(situation),
        versions=_versions(env.versions, snapshot, proposal),
        proposal=inputs.proposal_text(proposal) if proposal is not None and by_model else "",
        inputs=input_hash,
        policy=env.policy_hash,
        because=weighing.survey.aims[chosen.treatment.action].because if chosen else "",
    )


def _versions(versions: Versions, snapshot: Snapshot, proposal: Proposal | None) -> Versions:
    """Of the signals: that of the code, and which fitted models foretold anything here, by the beginning of their
    names."""
    models = sorted({omen.model[:SHORT_NAME] for omen in snapshot.foreseen if omen.model})
    if models:
        versions = replace(versions, signals=f"{versions.signals}:{'+'.join(models)}")
    if proposal is None or proposal.chooser != "model":
        return versions
    return replace(versions, model=proposal.model, prompt=proposal.prompt)


def _effects(
    decision: Decision, draft: Draft, ruling: Ruling, snapshot: Snapshot, path: Course | None
) -> tuple[Effect, ...]:
    """The message, and beside a hand-over the packet for the colleague."""
    said = _effect(decision, draft, ruling, snapshot, path)
    if draft.packet is None:
        return (said,)
    key = digest(said.key, Channel.DESK)
    note = replace(
        said,
        effect_id=EffectId("e_" + digest(decision.decision_id, key)),
        key=key,
        channel=Channel.DESK,
        address_ref=None,
        payload=draft.packet,
        delivery=Delivery.TACTFUL,
        state=EffectState.PENDING,
        journey="",
    )
    return (said, note)


def _effect(decision: Decision, draft: Draft, ruling: Ruling, snapshot: Snapshot, path: Course | None) -> Effect:
    treatment = draft.treatment
    key = digest(decision.tenant, decision.customer, treatment.action, treatment.entity, draft.window)
    address = next((r.address_ref for r in snapshot.reach if r.channel is treatment.channel), None)
    return Effect(
        effect_id=EffectId("e_" + digest(decision.decision_id, key)),
        key=key,
        customer=decision.customer,
        decision=decision.decision_id,
        kind=draft.kind,
        action=treatment.action,
        channel=treatment.channel,
        address_ref=None if treatment.channel in IN_SESSION else address,
        entity=treatment.entity,
        payload=replace(draft.payload, amendments=ruling.amendments, generated=draft.generated),
        due_at=treatment.at,
        expires_at=draft.expires_at,
        delivery=Delivery.CALLER if treatment.channel in IN_SESSION else Delivery.TACTFUL,
        state=EffectState.HELD if ruling.kind is VerdictKind.REVIEW else EffectState.PENDING,
        journey=path.journey.journey_id if path else "",
    )


def model_held(proposal: Proposal) -> bool:
    """Silence, for good or for a while."""
    return proposal.action in (HOLD, WAIT)
