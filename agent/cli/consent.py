"""Commands on the consent ledger: show, grant, withdraw, receipt, hear, duties, missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import Json, Tenant, print_json, product

if TYPE_CHECKING:
    from agent.domain.consent import Receipt
    from agent.domain.timers import Timer

consent = typer.Typer(help="The consent ledger: what was stated, and what follows from it.", no_args_is_help=True)

Customer = Annotated[str, typer.Argument(help="The customer's id as imported, or the pseudonym c_...")]
PurposeName = Annotated[str, typer.Option("--purpose", help="profiling, marketing_processing, ad_sending, night, ...")]
ChannelName = Annotated[
    str | None, typer.Option("--channel", help="For ad_sending and night: email, sms, push, kakao.")
]


@consent.command("show")
def show_consents(customer: Customer, tenant: Tenant = "default", as_json: Json = False) -> None:
    """All entries of a customer's ledger, oldest first, each with its receipt."""
    entries = product(tenant).consents.history(customer)
    if as_json:
        print_json(entries)
        return
    for e in entries:
        said = e.consent
        what = f"{said.purpose} {said.channel or ''}".rstrip()
        typer.echo(f"{said.given_at:%Y-%m-%d %H:%M} UTC  {said.status:<11} {what:<26} {said.basis:<13} {e.receipt_id}")
    if not entries:
        typer.echo("No entry: nothing was ever agreed to, so no offer will be made.")


@consent.command("grant")
def grant(
    customer: Customer,
    purpose: PurposeName,
    channel: ChannelName = None,
    basis: Annotated[str, typer.Option(help="consent, existing_deal, soft_opt_in, inquiry, contract.")] = "consent",
    condition: Annotated[list[str] | None, typer.Option(help="What you vouch for; may be given again.")] = None,
    deal_ended: Annotated[str | None, typer.Option(help="When the deal or inquiry ended, ISO 8601.")] = None,
    wording: Annotated[str, typer.Option(help="The id of the wording that was shown.")] = "",
    evidence: Annotated[str, typer.Option(help="Where the proof is kept.")] = "",
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Record a consent, from this moment on."""
    from agent.consenting import Terms
    from agent.domain.consent import Proof
    from agent.domain.customer import Basis, Condition, ConsentStatus
    from agent.domain.instants import instant

    terms = Terms(
        basis=_one_of(Basis, basis, "--basis"),
        conditions=tuple(_one_of(Condition, name, "--condition") for name in condition or ()),
        deal_ended_at=instant(deal_ended, "--deal-ended") if deal_ended else None,
    )
    proof = Proof(method="cli", wording=wording, evidence=evidence)
    book = product(tenant).consents
    receipts = book.record(customer, ConsentStatus.GRANTED, [_entry(purpose, channel)], "cli", terms, proof)
    _print(receipts, as_json)


@consent.command("withdraw")
def withdraw(
    customer: Customer,
    purpose: PurposeName = "all",
    channel: ChannelName = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Record a withdrawal, at once. Without --purpose: everything; with --channel alone: all messages by it."""
    from agent.domain.customer import PER_CHANNEL, ConsentStatus

    book = product(tenant).consents
    if purpose == "all" and channel is not None:
        entries = [_entry(each, channel) for each in sorted(PER_CHANNEL)]
        receipts = book.record(customer, ConsentStatus.WITHDRAWN, entries, "cli")
    elif purpose == "all":
        receipts = book.withdraw_all(customer, "cli")
    else:
        receipts = book.record(customer, ConsentStatus.WITHDRAWN, [_entry(purpose, channel)], "cli")
    _print(receipts, as_json)


@consent.command("receipt")
def receipt(
    receipt_id: Annotated[str, typer.Argument(help="r_...")], tenant: Tenant = "default", as_json: Json = False
) -> None:
    """The receipt of one statement, as the person may have it."""
    found = product(tenant).consents.receipt(receipt_id)
    if as_json:
        print_json(found)
        return
    for name, value in _lines(found):
        if value:
            typer.echo(f"{name:<22}{value}")


@consent.command("hear")
def hear(
    customer: Customer,
    channel: Annotated[str, typer.Argument(help="Where it was said: sms, chat, email, kakao, ...")],
    text: Annotated[str, typer.Argument(help="What the customer wrote; not kept.")],
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Take in what a customer wrote: STOP, 수신거부 and their like withdraw at once, also inside a sentence."""
    from agent.domain.customer import Channel

    answer = product(tenant).consents.hear(customer, _one_of(Channel, channel, "CHANNEL"), text)
    if as_json:
        print_json(answer)
        return
    typer.echo(f"understood: {answer.hearing.heard}" + (f" ({answer.hearing.word})" if answer.hearing.word else ""))
    if answer.reply:
        typer.echo(f"answer: {answer.reply}")
    if answer.receipts:
        _print(answer.receipts, as_json=False)


@consent.command("duties")
def duties(customer: Customer, tenant: Tenant = "default", as_json: Json = False) -> None:
    """What the law has you do for this customer, and by when: notices, reconfirmations."""
    found = product(tenant).consents.duties(customer)
    if as_json:
        print_json(found)
        return
    for timer in found:
        typer.echo(_due(timer))
    if not found:
        typer.echo("Nothing is due.")


@consent.command("missed")
def missed(tenant: Tenant = "default", as_json: Json = False) -> None:
    """Notices that the law asks for and that did not leave in time: give them yourself."""
    found = product(tenant).consents.missed()
    if as_json:
        print_json(found)
        return
    for timer in found:
        typer.echo(f"{_due(timer):<60} {timer.customer}")
    if not found:
        typer.echo("Nothing was missed.")


def _due(timer: Timer) -> str:
    return f"{timer.due_at:%Y-%m-%d %H:%M} UTC  {timer.kind:<22} {timer.rule}"


def _print(receipts: Any, as_json: bool) -> None:
    if as_json:
        print_json({"recorded": len(receipts), "receipts": receipts})
        return
    typer.echo(f"{len(receipts)} {'entry' if len(receipts) == 1 else 'entries'} recorded.")
    for found in receipts:
        said = found.consent
        typer.echo(f"  {said.status:<11} {said.purpose} {said.channel or ''}".rstrip() + f"  {found.receipt_id}")


def _lines(found: Receipt) -> list[tuple[str, str]]:
    said, proof = found.consent, found.proof
    times = {
        "given": said.given_at,
        "recorded": found.recorded_at,
        "ends": said.expires_at,
        "result told by": found.result_notice_due,
        "reconfirmed by": found.reconfirm_due,
    }
    return [
        ("receipt", found.receipt_id),
        ("controller", found.controller),
        ("purpose", f"{said.purpose} {said.channel or ''}".rstrip()),
        ("status", said.status),
        ("basis", said.basis),
        ("conditions", ", ".join(said.conditions)),
        ("method", proof.method),
        ("wording", f"{proof.wording} {proof.wording_language} {proof.wording_hash}".strip()),
        ("evidence", proof.evidence),
        *((name, f"{at:%Y-%m-%d %H:%M} UTC" if at else "") for name, at in times.items()),
    ]


def _entry(purpose: str, channel: str | None) -> Any:
    from agent.domain.customer import PER_CHANNEL, Channel, Purpose

    wanted = _one_of(Purpose, purpose, "--purpose")
    if (wanted in PER_CHANNEL) != (channel is not None):
        raise typer.BadParameter(
            f"{'needed' if wanted in PER_CHANNEL else 'not used'} for {wanted}", param_hint="--channel"
        )
    return wanted, _one_of(Channel, channel, "--channel") if channel else None


def _one_of(kind: Any, value: str, hint: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise typer.BadParameter(f"one of {', '.join(kind)}", param_hint=hint) from None
