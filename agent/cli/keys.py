"""Commands on API keys: create, list, rotate, revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import Json, Tenant, done, print_json

if TYPE_CHECKING:
    from agent.domain.access import Key
    from agent.domain.doors import Keys
    from agent.domain.ids import TenantId
    from agent.domain.ports import Clock

keys = typer.Typer(help="API keys: who may call, and what for.", no_args_is_help=True)
SETS = {
    "events": "events:write",
    "crm": "events:write decisions:write decisions:read customers:read customers:write catalogue:write approvals:write"
    " webhooks:write",
    "reader": "decisions:read customers:read",
    "admin": "",
}
KeyId = Annotated[str, typer.Argument(help="The id of the key, as `tactful keys list` shows it.")]


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for: web shop, CRM, Prometheus.")],
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="events, crm, reader, admin (all), or one scope; repeatable.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How long it holds. Default: until it is revoked.")] = None,
    signing: Annotated[bool, typer.Option("--signing", help="A secret that signs webhooks which you send us.")] = False,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Make a key. It is shown once: only its hash is kept."""
    book, name_, clock = _book(tenant)
    wanted = _scopes(scope or (["events"] if signing else ["crm"]))
    ends = clock.now() + timedelta(days=days) if days else None
    key, secret = book.make(name_, _named(name), wanted, ends, signing)
    if as_json:
        print_json({"key": secret, **_plain(key)})
        return
    typer.echo(secret)
    typer.echo(f"Key {key.key_id} for {tenant}: {', '.join(sorted(key.scopes))}. It is not shown again.", err=True)
    if signing:
        typer.echo(f"Sign what you post to /v1/hooks/{key.key_id} with it (Standard Webhooks).", err=True)


@keys.command("list")
def list_(tenant: Tenant = "default", as_json: Json = False) -> None:
    """All keys of a tenant, also those that hold no more."""
    book, name, clock = _book(tenant)
    found = book.all(name)
    if as_json:
        print_json([_plain(key) for key in found])
        return
    for key in found:
        over = key.ends_at is not None and key.ends_at <= clock.now()
        until = f"{'over since' if over else 'until'} {key.ends_at:%Y-%m-%d %H:%M} UTC" if key.ends_at else "holds"
        typer.echo(f"{key.key_id}  {key.name:<20.20}  {until:<29}  {', '.join(sorted(key.scopes))}")
    if not found:
        typer.echo("No key yet: tactful keys create NAME.")


@keys.command("rotate")
def rotate(
    key_id: KeyId,
    grace: Annotated[float, typer.Option(min=0, max=720, help="Hours for which the old one still holds.")] = 24,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Make a key like this one, and let this one end."""
    book, name, clock = _book(tenant)
    old = book.end(name, key_id, clock.now() + timedelta(hours=grace))
    key, secret = book.make(name, old.name, sorted(old.scopes), None, old.signing)
    if as_json:
        print_json({"key": secret, **_plain(key), "old_ends_at": old.ends_at})
        return
    typer.echo(secret)
    typer.echo(f"Key {key.key_id}. The old one, {key_id}, holds until {old.ends_at:%Y-%m-%d %H:%M} UTC.", err=True)


@keys.command("revoke")
def revoke(key_id: KeyId, tenant: Tenant = "default", as_json: Json = False) -> None:
    """End a key at once."""
    book, name, clock = _book(tenant)
    book.end(name, key_id, clock.now())
    done(f"Key {key_id} holds no more.", as_json, key=key_id, revoked=True)


def _book(tenant: str) -> tuple[Keys, TenantId, Clock]:
    from agent.bootstrap import SystemClock, load_settings, open_access, open_database, tenant_id

    name = tenant_id(tenant)
    return open_access(open_database(load_settings()))[0], name, SystemClock()


def _scopes(asked: list[str]) -> list[Any]:
    from agent.domain.access import Scope
    from agent.domain.errors import InputError

    found: list[Scope] = []
    for word in asked:
        if word == "admin":
            found += list(Scope)
            continue
        try:
            found += [Scope(name) for name in SETS.get(word, word).split()]
        except ValueError:
            known = ", ".join([*SETS, *Scope])
            raise InputError("no such scope", place="--scope", next_step=f"Known: {known}.") from None
    return sorted(set(found))


def _named(name: str) -> str:
    from agent.domain.errors import InputError

    if not name.strip() or len(name) > 120 or not name.isprintable():
        raise InputError("a name has 1 to 120 printable characters", place="NAME", next_step="Shorten it.")
    return name.strip()


def _plain(key: Key) -> dict[str, Any]:
    return {
        "id": key.key_id,
        "tenant": key.tenant,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "made_at": key.made_at,
        "ends_at": key.ends_at,
        "signing": key.signing,
    }
