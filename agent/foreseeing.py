"""Foresight as its faces call it: fit on one's own data, look at models and their drift, and at what is foretold of
whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from agent.domain.columns import Columns
from agent.domain.customer import Purpose
from agent.domain.errors import InputError
from agent.domain.ids import ExternalId, TenantId
from agent.domain.models import Drift, Foretelling, Model, Models, Signal
from agent.domain.playbook import Playbook
from agent.domain.ports import Clock, Customers, Snapshots

if TYPE_CHECKING:
    from agent.signals.table import Table

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseeing:
    """What can be foreseen of one tenant's customers."""

    tenant: TenantId
    playbook: Playbook
    columns: Columns
    models: Models
    customers: Customers
    snapshots: Snapshots
    clock: Clock

    def fit(
        self,
        wanted: Sequence[Signal],
        as_of: datetime | None = None,
        step: Step = lambda _: None,
        *,
        replace_later: bool = False,
    ) -> list[Model]:
        """Fits these signals (all, where none is named) on what had occurred and was received by `as_of`, and keeps
        models and what they foretell. A fit as of an earlier instant than the current one is kept to be looked at, and
        foretells nothing, unless it is to replace it. `step` hears what is being done. Raises InputError for an instant
        that lies ahead."""
        from agent.signals.data import gather  # lazily: only fitting needs scipy and its like
        from agent.signals.fitting import LASTS_DAYS, OMENS, model_of
        from agent.signals.fitting import fit as fit_each
        from agent.signals.telling import foretellings

        chosen = [signal for signal in Signal if signal in wanted or not wanted]
        now = self.clock.now()
        if as_of is not None and as_of > now:
            raise InputError("lies ahead", place="--as-of", next_step="Nothing is known of then: fit as of now.")
        current = {model.card.signal: model for model in self.models.current(self.tenant)}
        before = {signal: model for signal, model in current.items() if model.card.as_of <= (as_of or now)}
        stands = {signal for signal in current if signal not in before and current[signal].card.source == "model"}
        late = set[Signal]() if replace_later else stands & {*chosen}
        data = gather(self.columns, self.tenant, self.playbook, as_of or now, before, step)
        made: list[Model] = []
        told: list[Iterator[Foretelling]] = []
        for signal, fitted in zip(chosen, fit_each(data, chosen), strict=True):
            step(signal)
            model = replace(model_of(fitted, data), fitted_at=now)
            made.append(model)
            told += [
                foretellings(one, data.customers, model.model, data.as_of, LASTS_DAYS)
                for one in fitted.told
                if len(one.who)
            ]
        step("keeping")
        newest = [model for model in made if model.card.signal not in late]
        names = {model.model for model in newest}
        omens = [omen for signal in chosen if signal not in late for omen in OMENS[signal]]
        self.models.file(self.tenant, [model for model in made if model.card.signal in late])
        foretold = (one for one in chain.from_iterable(told) if one.foreseen.model in names)
        self.models.keep(self.tenant, newest, foretold, omens)
        return made

    def count(self, models: Sequence[Model]) -> int:
        """How many things these models foretell."""
        return self.models.count(self.tenant, [model.model for model in models])

    def product_name(self, product: str) -> str:
        """What a product is called; its id where that is unknown."""
        return self.models.product_name(self.tenant, product)

    def current(self) -> list[Model]:
        """The newest model of each signal."""
        return self.models.current(self.tenant)

    def named(self, name: str) -> Model:
        """A model by its name, the beginning of it, or its signal. Raises NotFound."""
        return self.models.named(self.tenant, name)

    def drift(self, as_of: datetime | None = None) -> list[Drift]:
        """How far the inputs of each current model have moved by an instant."""
        from agent.signals.data import gather
        from agent.signals.fitting import FITS, moved

        models = self.current()
        if not models:
            return []
        before = {model.card.signal: model for model in models}
        data = gather(self.columns, self.tenant, self.playbook, as_of or self.clock.now(), before)
        found: list[Drift] = []
        tables: dict[int, Table] = {}
        for model in models:
            card = model.card
            horizon = next((int(value) for code, value in card.notes if code == "horizon"), data.horizon)
            if horizon not in tables:
                tables[horizon] = replace(data, horizon=horizon).table()
            rows = tables[horizon]
            inputs = rows.columns if set(card.baseline) <= set(rows.columns) else FITS[card.signal](data).inputs
            found.append(Drift(model=model, indices=moved(card, inputs)))
        return found

    def told(self, customer: str, as_of: datetime | None = None) -> tuple[bool, list[Foretelling]]:
        """(whether the customer agrees to be profiled, what is foretold of them): nothing without that consent.

        Raises NotFound.
        """
        who, at = self.customers.find(self.tenant, ExternalId(customer)), as_of or self.clock.now()
        snapshot = next(self.snapshots.snapshots(self.tenant, [who], at))
        if not snapshot.granted(Purpose.PROFILING, None, at):
            return False, []
        return True, self.models.told(self.tenant, who, at)
