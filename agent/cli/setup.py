"""Commands around the work: init and doctor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import Json, Tenant, print_json

if TYPE_CHECKING:
    from agent.domain.ids import TenantId
    from agent.settings import Settings

_TOML = """# Settings of Tactful in this folder; TACTFUL_* variables override them.
playbook = "playbook.yaml"
home = ".tactful"
# database_url = "postgresql://user@host/name"
# model_url = "http://localhost:8000/v1"   # any OpenAI-compatible endpoint
# model_name = "your-model"                # the key belongs in TACTFUL_MODEL_KEY, never in a file
"""


def init(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder")],
    lang: Annotated[str, typer.Option(help="The starter brand to copy: ko or en.")] = "en",
    as_json: Json = False,
) -> None:
    """Write a brand's files to start from.

    A commented playbook, guidelines, the brand's own templates, a catalogue (data/), files as customers bring them
    (samples/) and tactful.toml, in a new folder.
    """
    from agent.cli.options import language
    from agent.domain.errors import InputError

    chosen = language(lang, "en")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "the folder is not empty", place=str(folder), next_step="Name a new folder; nothing was changed."
        )
    written = copy_starter(folder, chosen)
    if as_json:
        print_json({"folder": str(folder), "written": written})
        return
    typer.echo(f"{len(written)} files written to {folder}.")
    typer.echo(f"Next: cd {folder}, edit playbook.yaml, then `tactful doctor` and `tactful import customers FILE`.")


def copy_starter(folder: Path, lang: str) -> list[str]:
    """Copies the starter brand of a language and writes tactful.toml; the names of the files written.

    Raises OSError where the folder cannot be made.
    """
    from prompts.loading import STARTER

    source = STARTER / lang
    written = ["tactful.toml"]
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        name = path.relative_to(source)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(path.read_bytes())
        written.append(name.as_posix())
    (folder / "tactful.toml").write_text(_TOML, encoding="utf-8")
    return written


def doctor(tenant: Tenant = "default", as_json: Json = False) -> None:
    """Check that everything is in order.

    Settings, playbook, packs, store, do-not-call registers, duties, sending, guidelines, and whether a model is
    configured. Exit code 1 if something is not.
    """
    from agent.bootstrap import load_settings, tenant_id
    from agent.domain.errors import TactfulError

    settings = load_settings()
    name = tenant_id(tenant)
    results: list[dict[str, Any]] = []
    for check, run in _CHECKS.items():
        if results and not results[0]["ok"] and check != "model":
            results.append({"check": check, "ok": False, "found": "not checked: the playbook comes first", "next": ""})
            continue
        try:
            results.append({"check": check, "ok": True, "found": run(settings, name), "next": ""})
        except TactfulError as error:
            results.append({"check": check, "ok": False, "found": str(error), "next": error.next_step})
    if as_json:
        print_json(results)
    else:
        for result in results:
            typer.echo(f"{'ok  ' if result['ok'] else 'FAIL'}  {result['check']:<11} {result['found']}")
            if result["next"]:
                typer.echo(f"                  {result['next']}")
    if not all(result["ok"] for result in results):
        raise typer.Exit(1)


def _playbook(settings: Settings, tenant: TenantId) -> str:
    from agent.playbooks import load_playbook, playbook_path

    brand = load_playbook(playbook_path(settings, tenant)).brand
    return f"{brand.name} ({brand.country}, {brand.currency})" + ("" if settings.playbook else ", the starter brand")


def _packs(settings: Settings, tenant: TenantId) -> str:
    from agent.guardrails.rulebook import shipped
    from agent.playbooks import load_playbook, playbook_path

    book = shipped(load_playbook(playbook_path(settings, tenant)).packs)
    return f"{', '.join(book.texts)}: {len(book.clauses)} rules, version {book.version}"


def _store(settings: Settings, tenant: TenantId) -> str:
    from agent.bootstrap import open_database, open_tactful

    database = open_database(settings)
    people = open_tactful(settings, tenant, database=database).stores.customers.count(tenant)
    return f"{database.dialect}, {people:,} customers"


def _registers(settings: Settings, tenant: TenantId) -> str:
    from agent.bootstrap import open_tactful
    from agent.domain.errors import InputError

    late = open_tactful(settings, tenant).consents.registers_due()
    if late:
        said = ", ".join(f"{timer.subject} since {timer.due_at.date()}" for timer in late)
        raise InputError(
            f"the copy is too old: {said}", next_step="Import a fresh one: tactful import suppressions FILE."
        )
    return "no copy is too old"


def _duties(settings: Settings, tenant: TenantId) -> str:
    from agent.bootstrap import open_tactful
    from agent.domain.errors import InputError

    missed = open_tactful(settings, tenant).consents.missed()
    if missed:
        raise InputError(
            f"{len(missed)} notices that the law asks for did not leave in time",
            next_step="See whose: tactful consent missed.",
        )
    return "no notice was missed"


def _sending(settings: Settings, tenant: TenantId) -> str:
    from agent.bootstrap import open_tactful
    from agent.domain.errors import InputError

    sending = open_tactful(settings, tenant).sending
    ways = sending.dispatcher().routes
    if sending.is_paused():
        raise InputError("it stands still", next_step="Let it go on: tactful dispatch resume --by YOU.")
    unknown = len(sending.unknown())
    if unknown:
        raise InputError(
            f"of {unknown} messages nobody knows whether they arrived", next_step="See them: tactful dispatch unknown."
        )
    return ", ".join(f"{way.provider.abilities.name} for {'/'.join(way.channels)}" for way in ways)


def _guidelines(settings: Settings, tenant: TenantId) -> str:
    from agent.bootstrap import open_tactful

    deciding = open_tactful(settings, tenant).deciding
    return f"{len(deciding.passages)} passages, version {deciding.index.version}"


def _model(settings: Settings, _: TenantId) -> str:
    from agent.domain.errors import InputError

    if settings.model_name:
        return f"{settings.model_name} is asked, the engine stands by"
    if settings.model_url:
        raise InputError("TACTFUL_MODEL_URL is set, but no model is named", next_step="Set TACTFUL_MODEL_NAME.")
    return "none: the engine decides"


_CHECKS: dict[str, Callable[[Settings, TenantId], str]] = {
    "playbook": _playbook,
    "packs": _packs,
    "store": _store,
    "registers": _registers,
    "duties": _duties,
    "sending": _sending,
    "guidelines": _guidelines,
    "model": _model,
}
