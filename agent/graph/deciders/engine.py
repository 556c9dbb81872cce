"""The decider that needs no model: the best candidate in the brief, worded from the brand's templates."""

from __future__ import annotations

from agent.domain.bundle import Brief, Proposal, Words
from agent.domain.errors import DeciderError
from prompts.loading import SHIPPED, MissingWords, Wording


class EngineDecider:
    """Always the first line of the brief. Deterministic, without I/O beyond the templates."""

    def __init__(self, wording: Wording = SHIPPED) -> None:
        self._wording = wording

    async def propose(self, brief: Brief, deadline: float) -> Proposal:
        return word(brief, self._wording)


def word(brief: Brief, wording: Wording = SHIPPED) -> Proposal:
    """The proposal for the brief's first line, citing the passages that speak of it, else the first that holds for all.

    Raises DeciderError.
    """
    line = brief.lines[0]
    try:
        found = wording.template(brief.locale, line.treatment.action, line.because, line.treatment.channel)
    except MissingWords as missing:
        raise DeciderError("no_template", str(missing)) from missing
    body = found.short if brief.shorter_by else found.body
    if not body:
        raise DeciderError("too_long", "the template is too long for the channel and has no short form")
    of_it = [p.passage_id for p in brief.passages if line.treatment.action in p.actions][:3]
    cites = tuple(of_it or [p.passage_id for p in brief.passages[:1]])
    return Proposal(
        action=line.treatment.action,
        ref=line.ref,
        words=Words(subject=found.subject, body=body),
        cites=cites,
        chooser="engine",
    )
