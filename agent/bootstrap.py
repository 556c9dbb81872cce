"""The only place where ports meet adapters."""

from __future__ import annotations

import gc
import platform
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.domain.doors import Answers, Keys
from agent.domain.errors import InputError
from agent.domain.ids import TenantId, digest
from agent.domain.playbook import Playbook
from agent.domain.ports import Clock, Decider, Ids, Provider, Rng, Switches
from agent.playbooks import guideline_folder, load_playbook, playbook_path, read_messages, read_passages
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.consenting import Consents
    from agent.deciding import Deciding, Rehearsed
    from agent.dispatch.dispatcher import Dispatcher, Route
    from agent.dispatch.judging import Judging
    from agent.domain.stores import Stores
    from agent.graph.environment import Environment
    from agent.guardrails.rulebook import RuleBook
    from agent.sending import Sending
    from agent.service import Tactful
    from agent.store.database import Database
    from agent.store.ledger import SqlLedger
    from agent.store.rows import Pseudonyms


class SystemClock:
    """The wall clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemIds:
    """Random names."""

    def new(self) -> str:
        return uuid.uuid4().hex


def load_settings() -> Settings:
    """Settings of this process. Raises InputError naming the variable or field, never its value."""
    from pydantic import ValidationError

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        raise InputError(
            first["msg"], place=f"TACTFUL_{name.upper()} or {name} in tactful.toml", next_step="Correct the setting."
        ) from None
    except (ValueError, OSError) as error:
        raise InputError(
            "not readable as TOML", place="tactful.toml", next_step="Correct the file, or remove it."
        ) from error


def open_database(settings: Settings) -> Database:
    from agent.store.database import Database

    return Database(settings.database_url or f"sqlite:///{settings.home / 'tactful.db'}")


def open_scratch(file: Path | None) -> Database:
    """A database that need not last: in this file, or in memory."""
    from agent.store.database import Database

    return Database(f"sqlite:///{file}" if file is not None else "sqlite://", lasting=False)


def open_tactful(
    settings: Settings,
    tenant: str = "default",
    *,
    locale: str = "en",
    clock: Clock | None = None,
    ids: Ids | None = None,
    database: Database | None = None,
    decider: Decider | None = None,
    routes: Sequence[Route] | None = None,
    rehearsed: Rehearsed | None = None,
) -> Tactful:
    """The product for one tenant. What is passed in replaces the default adapter. Raises InputError and StoreError."""
    from agent.service import Doors, Tactful

    name = tenant_id(tenant)
    clock = clock or SystemClock()
    ids = ids or SystemIds()
    path = playbook_path(settings, name, locale)
    playbook = load_playbook(path)
    store = database or open_database(settings)
    place = digest(platform.node(), str(guideline_folder(playbook, path).resolve()), size=6)
    books = _books(store, name, playbook, place, clock, ids)
    stores = books.stores
    if rehearsed is not None:
        stores = replace(stores, commit=rehearsed.commit(stores.commit))

    def deciding() -> Deciding:
        return _deciding(settings, name, playbook, path, stores, clock, decider, rehearsed)

    def judging() -> Judging:
        return _judging(name, playbook, path)

    sending = _sending(settings, store, name, playbook, books, clock, ids, judging, routes)
    doors = Doors(
        anchors=(settings.audit_anchors or settings.home / "anchors") / f"{name}.jsonl",
        own_network=settings.webhooks_own_network,
    )
    return Tactful(name, playbook, stores, clock, ids, books.consents, sending, judging, deciding, doors)


def open_access(database: Database, clock: Clock | None = None, ids: Ids | None = None) -> tuple[Keys, Answers]:
    """Who may call, of all tenants, and what they were answered."""
    from agent.store.answers import SqlAnswers
    from agent.store.keys import SqlKeys

    clock, ids = clock or SystemClock(), ids or SystemIds()
    return SqlKeys(database, clock, ids), SqlAnswers(database, clock, ids)


def tenant_id(name: str) -> TenantId:
    if not (0 < len(name) <= 64 and name.replace("-", "").replace("_", "").isalnum() and name.isascii()):
        raise InputError(
            "a tenant's name has 1 to 64 letters, digits, hyphens or underscores",
            place="--tenant",
            next_step="Choose another.",
        )
    return TenantId(name)


def decision_graph() -> Any:
    """The compiled decision graph for `langgraph.json`, under the process's settings."""
    return open_tactful(load_settings()).deciding.graph


@dataclass(frozen=True, slots=True)
class _Books:
    """What is kept, and what is agreed to."""

    stores: Stores
    consents: Consents
    names: Pseudonyms
    ledger: SqlLedger


def _books(store: Database, tenant: TenantId, playbook: Playbook, place: str, clock: Clock, ids: Ids) -> _Books:
    from agent.domain.stores import Stores
    from agent.guardrails.duties import Duties
    from agent.guardrails.rulebook import shipped
    from agent.store.bookings import SqlBookings, SqlCoupons
    from agent.store.chain import SqlChain
    from agent.store.columns import SqlColumns
    from agent.store.commit import SqlCommit
    from agent.store.erasure import SqlErasure
    from agent.store.exporting import SqlExport
    from agent.store.guideline_versions import SqlGuidelineVersions
    from agent.store.happenings import SqlHappenings
    from agent.store.identities import SqlIdentities
    from agent.store.inbox import SqlInbox
    from agent.store.intake import SqlIntake
    from agent.store.journeys import SqlJourneys
    from agent.store.ledger import SqlLedger
    from agent.store.models import SqlModels
    from agent.store.notices import SqlNotices
    from agent.store.outcomes import SqlOutcomes
    from agent.store.people import SqlCustomers
    from agent.store.quality import SqlDataQuality
    from agent.store.records import SqlRecords
    from agent.store.rows import Pseudonyms
    from agent.store.snapshots import SqlSnapshots

    names = Pseudonyms(store, tenant, ids, clock)
    duties = Duties(lambda: shipped(playbook.packs), playbook.brand.country)
    customers = SqlCustomers(store)
    ledger = SqlLedger(store, clock, duties, playbook.brand.name)
    consents = _consents(store, tenant, playbook, ledger, clock, ids)
    stores = Stores(
        snapshots=SqlSnapshots(store, playbook),
        commit=SqlCommit(store, tenant, names, clock),
        records=SqlRecords(store),
        customers=customers,
        intake=SqlIntake(store, names, clock, duties, playbook),
        journeys=SqlJourneys(store, clock),
        bookings=SqlBookings(store, clock),
        coupons=SqlCoupons(store, clock),
        erasure=SqlErasure(store, names, clock, duties, playbook.brand.name),
        inbox=SqlInbox(store, names, clock, duties, playbook),
        export=SqlExport(store),
        columns=SqlColumns(store),
        models=SqlModels(store, clock),
        chain=SqlChain(store, clock),
        notices=SqlNotices(store, clock, ids, seeded(tenant)),
        identities=SqlIdentities(store, clock, duties, playbook.brand.name),
        quality=SqlDataQuality(store, playbook),
        happenings=SqlHappenings(store),
        guidelines=SqlGuidelineVersions(store, clock, place),
        outcomes=SqlOutcomes(store, clock, duties, playbook.brand.name),
    )
    return _Books(stores, consents, names, ledger)


def _consents(
    store: Database, tenant: TenantId, playbook: Playbook, ledger: SqlLedger, clock: Clock, ids: Ids
) -> Consents:
    from agent.consenting import Consents
    from agent.store.people import SqlCustomers
    from agent.store.registers import SqlTokens
    from agent.store.timers import SqlTimers

    return Consents(
        tenant=tenant,
        playbook=playbook,
        ledger=ledger,
        timers=SqlTimers(store),
        tokens=SqlTokens(store, ids, clock),
        customers=SqlCustomers(store),
        clock=clock,
    )


def _judging(tenant: TenantId, playbook: Playbook, path: Path) -> Judging:
    from agent.dispatch.judging import Judging
    from agent.guardrails.judge import Guard
    from agent.guardrails.rulebook import shipped
    from tools.catalogue import Catalogue

    guard = Guard(shipped(playbook.packs), playbook, read_passages(playbook, path))
    catalogue = Catalogue()
    return Judging(tenant, playbook, guard, {action.name: action for action in catalogue.actions()}, catalogue)


def _sending(
    settings: Settings,
    store: Database,
    tenant: TenantId,
    playbook: Playbook,
    books: _Books,
    clock: Clock,
    ids: Ids,
    judging: Callable[[], Judging],
    routes: Sequence[Route] | None,
) -> Sending:
    from agent.sending import Sending
    from agent.store.approving import SqlApprovals
    from agent.store.outbox import SqlOutbox
    from agent.store.results import SqlResults
    from agent.store.switches import SqlSwitches

    switches = SqlSwitches(store, clock)
    results = SqlResults(store, tenant, clock, seeded(tenant), books.ledger)

    def dispatcher() -> Dispatcher:
        from agent.dispatch.dispatcher import Dispatcher

        outbox = SqlOutbox(store, tenant, books.names, playbook, clock, ids)
        ways = routes if routes is not None else _routes(settings, tenant, playbook, clock, switches)
        return Dispatcher(outbox, results, judging(), ways, clock, lambda: switches.off(tenant))

    return Sending(
        tenant=tenant,
        results=results,
        switches=switches,
        approvals=SqlApprovals(store, books.names, clock),
        dispatcher=dispatcher,
    )


def seeded(tenant: TenantId) -> Rng:
    from agent.decisioning.choice import HashRng

    return HashRng(f"tactful:{tenant}")


def _routes(settings: Settings, tenant: TenantId, playbook: Playbook, clock: Clock, switches: Switches) -> list[Route]:
    """Each channel to the provider that is set up for it, else to files or the terminal. Raises InputError."""
    from agent.dispatch.dispatcher import Route
    from agent.dispatch.providers.console import ConsoleProvider
    from agent.dispatch.providers.files import FileProvider
    from agent.domain.customer import Channel

    mail, others = (Channel.EMAIL,), (Channel.SMS, Channel.PUSH, Channel.KAKAO, Channel.DESK)
    plain: Provider = FileProvider(settings.home / "outbox" / tenant)
    if settings.outbox == "console":
        plain = ConsoleProvider(lambda text: print(text))  # noqa: T201 - that is what was asked for
    found = []
    if settings.smtp_url is not None:
        from agent.dispatch.providers.smtp import SmtpProvider, server_of

        server = server_of(settings.smtp_url.get_secret_value())
        found.append(
            Route(SmtpProvider(server, playbook.sending.mail_from or "", clock, settings.mail_per_second), mail)
        )
    if settings.webhook_url is not None:
        from agent.dispatch.posting import Endpoint
        from agent.dispatch.providers.webhook import WebhookProvider

        secrets = settings.webhook_secret.get_secret_value().split() if settings.webhook_secret else []
        endpoint = Endpoint(
            settings.webhook_url,
            tuple(secrets),
            own_network=settings.webhook_own_network,
            honours_keys=settings.webhook_honours_keys,
            can_look_up=settings.webhook_can_look_up,
            per_second=settings.webhook_per_second,
        )
        found.append(Route(WebhookProvider(endpoint, clock, lambda _: _switch_off(switches, tenant)), others))
    taken = {channel for route in found for channel in route.channels}
    return [*found, Route(plain, tuple(c for c in (*mail, *others) if c not in taken))]


def _switch_off(switches: Switches, tenant: TenantId) -> None:
    switches.pause(tenant, "the endpoint answered 410", "webhook")


def _deciding(
    settings: Settings,
    tenant: TenantId,
    playbook: Playbook,
    path: Path,
    stores: Stores,
    clock: Clock,
    decider: Decider | None,
    rehearsed: Rehearsed | None,
) -> Deciding:
    from agent.deciding import Deciding
    from agent.decisioning.choice import HashRng
    from agent.graph.build import Steps, build
    from agent.graph.environment import environment
    from agent.guardrails.rulebook import shipped
    from agent.guidelines.index import open_index
    from tools.catalogue import Catalogue

    toolset = Catalogue()
    passages = read_passages(playbook, path)
    index = open_index(settings, tenant, passages)
    seed = f"tactful:{tenant}"
    env = environment(
        tenant,
        playbook,
        shipped(playbook.packs),
        toolset,
        index,
        HashRng(seed),
        passages,
        read_messages(playbook, path),
    )
    if rehearsed is not None:
        env = replace(env, arbitrate=rehearsed.arbiter, keeps_inputs=False)
    if decider is None and settings.model_name:
        from agent.graph.deciders.model import ModelDecider

        decider = ModelDecider(
            toolset, playbook.brand.name, url=settings.model_url, name=settings.model_name, key=settings.model_key
        )
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector need not walk it again for every thousand decisions
    common = {
        "env": env,
        "snapshots": stores.snapshots,
        "commit_port": stores.commit,
        "deadline": settings.deadline_seconds,
        "clock": clock,
    }
    return Deciding(
        env=env,
        steps=Steps(decider=decider, **common),  # type: ignore[arg-type]
        graph=build(Steps(decider=decider, **common)),  # type: ignore[arg-type]
        plain=build(Steps(decider=None, **common)),  # type: ignore[arg-type]
        toolset=toolset,
        index=index,
        passages=passages,
        seed=seed,
    )


def environment_of(tenant: TenantId, path: Path, playbook: Playbook, book: RuleBook) -> Environment:
    """What deciding needs, without a store or an index: for whoever compares two policies."""
    from agent.decisioning.choice import HashRng
    from agent.graph.environment import environment
    from agent.guidelines.index import NoIndex
    from tools.catalogue import Catalogue

    passages, wording = read_passages(playbook, path), read_messages(playbook, path)
    return environment(tenant, playbook, book, Catalogue(), NoIndex(), HashRng(f"tactful:{tenant}"), passages, wording)
