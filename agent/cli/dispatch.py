"""Commands on what leaves the house: dispatch, pause, resume, what is unknown; approvals."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.options import Json, Lang, Tenant, done, language, print_json, product

dispatch = typer.Typer(help="Send what is due: run, pause, resume, unknown, resolve.", invoke_without_command=True)
approve = typer.Typer(help="Messages that wait for a person: list, show, yes, no.", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", help="Who you are; it goes into the audit.")]
All = Annotated[bool, typer.Option("--all-tenants", help="For every brand in this database.")]
EffectId = Annotated[str, typer.Argument(help="e_..., or its beginning")]
SECONDS = 1.0
"""How long an idle dispatcher rests before it looks again."""
NAMES = {
    "en": {
        "fired": "timers fired",
        "acted": "decisions to act",
        "held": "held for approval",
        "stayed silent": "decisions to stay silent",
        "duties put off": "duties to be tried again",
        "duties missed": "DUTIES MISSED: their last lawful moment is over",
        "sent": "sent",
        "deferred": "waiting for a lawful hour",
        "blocked": "kept back by the guard",
        "cancelled": "cancelled, their reason gone",
        "expired": "expired unsent",
        "refused": "refused by the provider",
        "pending": "to be tried again",
        "unknown": "unknown whether they arrived",
        "dead": "given up after all tries",
        "given back": "given back, the facts having moved",
        "recovered": "taken over from a stopped dispatcher",
        "asked": "asked after, no answer yet",
        "found out": "found out",
        "journeys over": "journeys over",
        "not approved": "never approved",
        "places freed": "places in calendars freed",
        "nothing": "Nothing was due.",
        "waiting": "waiting for approval: tactful approve list",
        "paused": "Sending stands still. `tactful dispatch resume` lets it go on.",
    },
    "ko": {
        "fired": "타이머 실행",
        "acted": "후속 결정: 행동",
        "held": "승인 대기",
        "stayed silent": "후속 결정: 침묵",
        "duties put off": "다시 시도할 법정 안내",
        "duties missed": "놓친 법정 안내: 기한이 지남",
        "sent": "보냄",
        "deferred": "보낼 수 있는 시각을 기다림",
        "blocked": "가드가 막음",
        "cancelled": "사유 소멸로 취소",
        "expired": "보내기 전에 기한이 지남",
        "refused": "발송사가 거절",
        "pending": "다시 시도할 예정",
        "unknown": "도착 여부를 알 수 없음",
        "dead": "끝내 보내지 못함",
        "given back": "사실 변경으로 보류",
        "recovered": "중단된 발송기에서 인계",
        "asked": "확인 요청 중",
        "found out": "확인됨",
        "journeys over": "끝난 여정",
        "not approved": "승인받지 못함",
        "places freed": "다시 비운 시연 시간",
        "nothing": "보낼 것이 없습니다.",
        "waiting": "승인 대기: tactful approve list",
        "paused": "발송이 멈춰 있습니다. `tactful dispatch resume`으로 다시 시작합니다.",
    },
}


@dispatch.callback()
def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then stop.")] = False,
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Fire timers and send what is due, until interrupted. Each message is judged once more before it leaves."""
    if context.invoked_subcommand is not None:
        return
    import time

    tactful = product(tenant)
    words = NAMES[language(lang, tactful.playbook.brand.locale)]
    while True:
        counts = {str(name): number for name, number in tactful.dispatch(time.sleep).counts.items()}
        paused = tactful.sending.is_paused()
        if as_json and (counts or once):
            print_json({"counts": counts, "paused": paused})
        elif not as_json:
            _print_counts(counts, words, paused, quiet=not once)
            waiting = len(tactful.sending.requests()) if once or counts else 0
            if waiting:
                typer.echo(f"{waiting:>8,}  {words['waiting']}")
        if once:
            return
        time.sleep(SECONDS)


def _print_counts(counts: dict[str, int], words: dict[str, str], paused: bool, quiet: bool) -> None:
    for name, number in counts.items():
        typer.echo(f"{number:>8,}  {words.get(name, name)}")
    if paused and not quiet:
        typer.echo(words["paused"])
    elif not counts and not quiet:
        typer.echo(words["nothing"])


@dispatch.command("pause")
def pause(by: By, everyone: All = False, tenant: Tenant = "default", as_json: Json = False) -> None:
    """Stop sending: after this command nothing new is claimed."""
    new = product(tenant).sending.pause(by, everyone)
    done("Sending stands still." if new else "Sending stood still already.", as_json, changed=new)


@dispatch.command("resume")
def resume(
    by: By,
    everyone: All = False,
    provider: Annotated[
        str, typer.Option("--provider", help="Only this provider, switched off by its 410: webhook.")
    ] = "dispatch",
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Let sending go on: what has expired meanwhile is not sent, and nothing leaves in a burst."""
    new = product(tenant).sending.resume(by, everyone, provider)
    done("Sending goes on." if new else "Nothing was switched off.", as_json, changed=new)


@dispatch.command("unknown")
def unknown(tenant: Tenant = "default", as_json: Json = False) -> None:
    """Messages that may or may not have arrived: find out at the provider, then tell with `resolve`."""
    found = product(tenant).sending.unknown()
    if as_json:
        print_json(found)
        return
    for one in found:
        typer.echo(f"{one.effect_id}  {one.since:%Y-%m-%d %H:%M} UTC  {one.channel:<6} {one.action:<18} {one.reason}")
        typer.echo(f"    key {one.key}  provider {one.provider}")
    if not found:
        typer.echo("Nothing is unknown.")


@dispatch.command("resolve")
def resolve(
    effect: EffectId,
    answer: Annotated[str, typer.Argument(help="arrived, or lost (it is not sent again).")],
    by: By,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Tell what you found out about an unknown message."""
    if answer not in ("arrived", "lost"):
        raise typer.BadParameter("arrived or lost", param_hint="ANSWER")
    product(tenant).sending.resolve(effect, answer == "arrived", by)
    done("Noted.", as_json, changed=True)


@approve.command("list")
def list_(tenant: Tenant = "default", as_json: Json = False) -> None:
    """What waits for a person, soonest to expire first."""
    found = product(tenant).sending.requests()
    if as_json:
        print_json(found)
        return
    for request in found:
        effect = request.effect
        until = f"{request.expires_at:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"{effect.effect_id}  until {until}  {effect.channel:<6} {effect.action:<18} {effect.customer}")
    if not found:
        typer.echo("Nothing waits for approval.")


@approve.command("show")
def show(effect: EffectId, tenant: Tenant = "default", as_json: Json = False) -> None:
    """Exactly what would be sent, and the hash that stands for it."""
    tactful = product(tenant)
    request = tactful.sending.request(effect)
    subject, body = tactful.rendered(request.effect)
    if as_json:
        print_json({"approval": request, "subject": subject, "body": body})
        return
    said = request.effect
    for name, value in (
        ("message", said.effect_id),
        ("state", request.state),
        ("action", f"{said.action} by {said.channel}, about {said.entity}"),
        ("due", f"{said.due_at:%Y-%m-%d %H:%M} UTC, until {said.expires_at:%Y-%m-%d %H:%M}"),
        ("answered by", request.by),
        ("hash", request.hash),
    ):
        if value:
            typer.echo(f"{name:<12}{value}")
    typer.echo("")
    typer.echo("\n".join([*([subject, ""] if subject else []), body]))


@approve.command("yes")
def yes(
    effect: EffectId,
    by: By,
    hash_: Annotated[str, typer.Option("--hash", help="The hash that `show` printed, or its first 12 letters.")],
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Let it go: exactly what was shown, once."""
    _answer(tenant, effect, hash_, True, by, as_json)


@approve.command("no")
def no(
    effect: EffectId,
    by: By,
    hash_: Annotated[str, typer.Option("--hash", help="The hash that `show` printed, or its first 12 letters.")],
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Do not send it, and give back what it had reserved."""
    _answer(tenant, effect, hash_, False, by, as_json)


def _answer(tenant: str, effect: str, seen: str, yes_: bool, by: str, as_json: bool) -> None:
    found = product(tenant).sending.answer(effect, seen, yes_, by)
    name = found.effect.effect_id
    done(f"{name}: {found.state} by {found.by}.", as_json, effect=name, state=found.state, by=found.by)
