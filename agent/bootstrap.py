"""The only place where ports meet adapters."""

from __future__ import annotations

import gc
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.domain.errors import InputError, PlaybookError
from agent.domain.ids import TenantId
from agent.domain.playbook import Playbook
from agent.domain.ports import Clock, Decider, Ids
from agent.settings import Settings
from agent.strict_yaml import YamlFault, read
from prompts.loading import STARTER

if TYPE_CHECKING:
    from agent.consenting import Consents
    from agent.domain.guideline import Passage
    from agent.service import Deciding, Stores, Tactful
    from agent.store.database import Database


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


def playbook_path(settings: Settings, tenant: TenantId, locale: str = "en") -> Path:
    """The tenant's playbook file: the configured one, else the starter brand's."""
    if settings.playbook:
        return Path(settings.playbook.replace("{tenant}", tenant))
    return STARTER / locale / "playbook.yaml"


def load_playbook(path: Path) -> Playbook:
    """Raises PlaybookError with file, line and field."""
    if path.is_dir():
        path = path / "playbook.yaml"
    try:
        playbook = read(path, Playbook)
    except OSError as error:
        raise PlaybookError(
            (error.strerror or "cannot be read").lower(),
            place=str(path),
            next_step="Write one with `tactful init DIR`.",
        ) from error
    except YamlFault as fault:
        what = f"{fault.field}: {fault.what}" if fault.field else fault.what
        raise PlaybookError(what, place=f"{path}:{fault.line}", next_step="Mend the playbook and try again.") from fault
    _check(playbook, path)
    return playbook


def guideline_folder(playbook: Playbook, path: Path) -> Path:
    base = path if path.is_dir() else path.parent
    return base / (playbook.guidelines or "guidelines")


def open_database(settings: Settings) -> Database:
    from agent.store.database import Database

    return Database(settings.database_url or f"sqlite:///{settings.home / 'tactful.db'}")


def open_tactful(
    settings: Settings,
    tenant: str = "default",
    *,
    locale: str = "en",
    clock: Clock | None = None,
    ids: Ids | None = None,
    database: Database | None = None,
    decider: Decider | None = None,
) -> Tactful:
    """The product for one tenant. What is passed in replaces the default adapter. Raises InputError and StoreError."""
    from agent.service import Tactful

    name = tenant_id(tenant)
    clock = clock or SystemClock()
    ids = ids or SystemIds()
    path = playbook_path(settings, name, locale)
    playbook = load_playbook(path)
    store = database or open_database(settings)
    stores, consents = _stores(store, name, playbook, clock, ids)

    def deciding() -> Deciding:
        return _deciding(settings, name, playbook, path, stores, store, clock, decider)

    return Tactful(name, playbook, stores, clock, ids, consents, deciding)


def tenant_id(name: str) -> TenantId:
    if not (0 < len(name) <= 64 and name.replace("-", "").replace("_", "").isalnum() and name.isascii()):
        raise InputError(
            "a tenant's name has 1 to 64 letters, digits, hyphens or underscores",
            place="--tenant",
            next_step="Choose another.",
        )
    return TenantId(name)


def read_passages(playbook: Playbook, path: Path) -> tuple[Passage, ...]:
    """The brand's guideline passages. Raises GuidelineError; a missing folder means none."""
    from agent.guidelines.reading import read_folder

    folder = guideline_folder(playbook, path)
    return read_folder(folder) if folder.is_dir() else ()


def decision_graph() -> Any:
    """The compiled decision graph for `langgraph.json`, under the process's settings."""
    return open_tactful(load_settings()).deciding.graph


def _stores(store: Database, tenant: TenantId, playbook: Playbook, clock: Clock, ids: Ids) -> tuple[Stores, Consents]:
    from agent.consenting import Consents
    from agent.guardrails.duties import Duties
    from agent.guardrails.rulebook import shipped
    from agent.service import Stores
    from agent.store.commit import SqlCommit
    from agent.store.intake import SqlIntake
    from agent.store.ledger import SqlLedger
    from agent.store.outcomes import SqlOutcomes
    from agent.store.people import SqlCustomers
    from agent.store.records import SqlRecords
    from agent.store.registers import SqlTokens
    from agent.store.rows import Pseudonyms
    from agent.store.snapshots import SqlSnapshots
    from agent.store.timers import SqlTimers

    names = Pseudonyms(store, tenant, ids, clock)
    duties = Duties(lambda: shipped(playbook.packs), playbook.brand.country)
    customers = SqlCustomers(store)
    consents = Consents(
        tenant=tenant,
        playbook=playbook,
        ledger=SqlLedger(store, clock, duties, playbook.brand.name),
        timers=SqlTimers(store),
        tokens=SqlTokens(store, ids, clock),
        customers=customers,
        clock=clock,
    )
    stores = Stores(
        snapshots=SqlSnapshots(store, playbook),
        commit=SqlCommit(store, tenant, names, clock),
        records=SqlRecords(store),
        customers=customers,
        intake=SqlIntake(store, names, clock, duties, playbook),
        outcomes=SqlOutcomes(store, clock),
    )
    return stores, consents


def _deciding(
    settings: Settings,
    tenant: TenantId,
    playbook: Playbook,
    path: Path,
    stores: Stores,
    store: Database,
    clock: Clock,
    decider: Decider | None,
) -> Deciding:
    from agent.decisioning.choice import HashRng
    from agent.graph.build import Steps, build
    from agent.graph.environment import environment
    from agent.guardrails.rulebook import shipped
    from agent.guidelines.index import ChromaIndex, connect
    from agent.service import Deciding
    from agent.store.guideline_versions import SqlGuidelineVersions
    from tools.catalogue import Catalogue

    toolset = Catalogue()
    passages = read_passages(playbook, path)
    index = ChromaIndex(connect(settings.home / "chroma"), tenant, passages)
    SqlGuidelineVersions(store, clock).put(tenant, index.version, len(passages))
    seed = f"tactful:{tenant}"
    env = environment(tenant, playbook, shipped(playbook.packs), toolset, index, HashRng(seed), passages)
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
        graph=build(Steps(decider=decider, **common)),  # type: ignore[arg-type]
        plain=build(Steps(decider=None, **common)),  # type: ignore[arg-type]
        toolset=toolset,
        index=index,
        passages=passages,
        seed=seed,
    )


def _check(playbook: Playbook, path: Path) -> None:
    """What the playbook names must exist: actions, the currency, the guidelines' folder. Raises PlaybookError.

    Actions are read off the file names: importing the tools would cost a second.
    """
    from babel.numbers import list_currencies

    import tools

    known = {p.stem for p in Path(next(iter(tools.__path__))).glob("*.py")}
    known -= {"__init__", "contract", "catalogue", "hold"}
    for name in playbook.actions:
        if name not in known:
            choose = f"Choose from: {', '.join(sorted(known))}."
            raise PlaybookError(f"actions.{name}: no such action", place=str(path), next_step=choose)
    if playbook.brand.currency not in list_currencies():
        raise PlaybookError("brand.currency: no such currency", place=str(path), next_step="Use a code such as GBP.")
    folder = guideline_folder(playbook, path)
    if playbook.guidelines and not folder.is_dir():
        raise PlaybookError("guidelines: no such folder", place=str(path), next_step=f"Make {folder}, or name another.")
