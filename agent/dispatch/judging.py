"""The last look at an effect that is being claimed: facts read in that transaction, the bytes that would leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agent.dispatch.calendar import invitation
from agent.domain.action import Action, Kind
from agent.domain.customer import Channel
from agent.domain.delivery import Judged, Parcel
from agent.domain.ids import TenantId
from agent.domain.playbook import Playbook
from agent.domain.ports import Toolset
from agent.guardrails.judge import Guard
from agent.guardrails.words import one_click_headers, seal
from agent.signals.read import read


@dataclass(frozen=True, slots=True)
class Judging:
    """Calls the guard; pure."""

    tenant: TenantId
    playbook: Playbook
    guard: Guard
    actions: Mapping[str, Action]
    toolset: Toolset

    def __call__(self, parcel: Parcel, now: datetime) -> Judged:
        effect, snapshot = parcel.effect, parcel.snapshot
        headers: dict[str, str] = {}
        if effect.channel is Channel.EMAIL and effect.kind is Kind.OFFER:
            headers = one_click_headers(self.playbook.brand.optout_url, parcel.token)
        late = {"customer.name": parcel.first_name} if parcel.first_name else {}
        envelope = seal(effect, self.tenant, snapshot.locale, late, headers, self.playbook.brand.home)
        screen = self.guard.screen(read(snapshot, now, self.playbook.brand.currency))
        ruling = self.guard.claim(screen, self.actions[effect.action], envelope)
        guest = parcel.address if effect.channel is Channel.EMAIL else ""
        attached = invitation(effect, self.playbook, now, snapshot.locale, guest)
        return Judged(envelope=envelope, ruling=ruling, attachments=attached)
