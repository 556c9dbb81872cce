"""Commands on what is given: demos, coupons, outcomes; and on what is taken away: erase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.options import Json, Tenant, done, print_json, product

if TYPE_CHECKING:
    from decimal import Decimal

demos = typer.Typer(help="Demos agreed on: list, book, move, cancel.", no_args_is_help=True)
coupons = typer.Typer(help="Coupons that come back: redeem.", no_args_is_help=True)

Booking = Annotated[str, typer.Argument(help="b_..., as `tactful demos list` shows it")]


@demos.command("list")
def list_(tenant: Tenant = "default", as_json: Json = False) -> None:
    """Demos that are still ahead, soonest first, in the brand's zone."""
    from zoneinfo import ZoneInfo

    tactful = product(tenant)
    found = tactful.stores.bookings.all(tactful.tenant)
    if as_json:
        print_json([{"customer": customer, "booking": booking} for customer, booking in found])
        return
    zone = ZoneInfo(tactful.playbook.brand.zone)
    for customer, booking in found:
        when = f"{booking.starts_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
        typer.echo(f"{booking.booking_id}  {when}  {booking.host:<12} {booking.state:<10} {customer}")
    if not found:
        typer.echo("No demo is ahead.")


@demos.command("book")
def book(
    effect: Annotated[str, typer.Argument(help="The offer that holds the place: e_...")],
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """The customer takes the place that an offer held; the invitation leaves with the next decision on them."""
    name = product(tenant).reserving.book(effect)
    done(f"Booked: {name}. The invitation leaves after the next decision on this customer.", as_json, booking=name)


@demos.command("move")
def move(
    booking: Booking,
    to: Annotated[str, typer.Argument(help="When it begins now: 2026-11-23T14:00+00:00")],
    host: Annotated[str | None, typer.Option(help="Another host; the same where none is named.")] = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Another time of a host's calendar; the new place is taken before the old one is given up."""
    from agent.domain.instants import instant

    product(tenant).reserving.move(booking, instant(to, "TO"), host)
    done("Moved.", as_json, booking=booking)


@demos.command("cancel")
def cancel(booking: Booking, tenant: Tenant = "default", as_json: Json = False) -> None:
    """Call it off: the place is free again."""
    product(tenant).reserving.cancel(booking)
    done("Called off.", as_json, booking=booking)


@coupons.command("redeem")
def redeem(
    code: Annotated[str, typer.Argument(help="As the customer's message shows it.")],
    order: Annotated[str, typer.Option("--order", help="The order it is used for.")],
    amount: Annotated[str, typer.Option("--amount", help="The order's value, in the brand's currency.")],
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Use a code, once."""
    tactful = product(tenant)
    off = tactful.reserving.redeem(code, order, _amount(amount, "--amount"))
    done(f"{off} off this order.", as_json, off=off)


def outcome(
    effect: Annotated[str, typer.Argument(help="The message: e_...")],
    kind: Annotated[
        str,
        typer.Argument(
            help="viewed, clicked, accepted, declined, converted, complained, unsubscribed, bounced or ignored"
        ),
    ],
    value: Annotated[str | None, typer.Option("--value", help="What it was worth, in the brand's currency.")] = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Record what came of a message: it moves what the playbook believes, and ends journeys."""
    from agent.domain.money import Money

    tactful = product(tenant)
    worth = Money(_amount(value, "--value"), tactful.playbook.brand.currency) if value else None
    try:
        new = tactful.outcome(effect, kind, worth)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="KIND") from error
    done("Noted." if new else "Known already.", as_json, new=new)


def erase(
    customer: Annotated[str, typer.Argument(help="The customer's id as imported, or the pseudonym c_...")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Erase a person and all they did; what was still to be sent to them is not."""
    tactful = product(tenant)
    who = tactful.find(customer)
    if not yes:
        typer.confirm("This cannot be undone. Erase?", abort=True)
    under_way = tactful.erase(who)
    if as_json:
        print_json({"erased": who, "handed_over": under_way})
        return
    typer.echo(f"Erased. {under_way} already handed over." if under_way else "Erased.")


def _amount(text: str, option: str) -> Decimal:
    from decimal import Decimal, InvalidOperation

    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite() or found < 0:
        raise typer.BadParameter("a plain number such as 45.00", param_hint=option)
    return found


def export(
    customer: Annotated[str, typer.Argument(help="The customer's id as imported, or the pseudonym c_...")],
    tenant: Tenant = "default",
    as_json: Json = True,
) -> None:
    """All that is held about a person, table by table, as JSON: personal data, for the person."""
    tactful = product(tenant)
    print_json(tactful.stores.export.of(tactful.tenant, tactful.find(customer)))
