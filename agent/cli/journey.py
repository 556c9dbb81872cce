"""The timeline of one customer: journeys, what was sent and what came of it, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import Html, Json, Lang, Out, Tenant, language, print_json, product, write_page
from agent.console.labels import STATES

if TYPE_CHECKING:
    from agent.domain.delivery import Sendout
    from agent.domain.journey import Chapter

WORDS = {
    "en": {
        "lang": "en",
        "purchase": "a purchase",
        "demo_held": "a demo held",
        "churn_averted": "staying with us",
        "complaint_solved": "a complaint solved",
        "reorder": "a re-order",
        "active": "under way",
        "converted": "reached",
        "declined": "declined",
        "opted_out": "ended: the customer said no",
        "complained": "ended: a complaint",
        "expired": "ended: no answer",
        "next": "next look",
        "alone": "outside a journey",
        "none": "Nothing was sent and nothing is planned.",
        "timers": "ahead",
        "by": "by",
        "about": "about",
        "until": "until",
        "outcomes": {},
        "kinds": {
            "follow_up": "look again at the journey",
            "wait": "decide again",
            "result_notice": "tell the result of a consent",
            "reconfirm": "reconfirm a consent",
            "opt_out_confirmation": "confirm the opt-out",
        },
    },
    "ko": {
        "lang": "ko",
        "purchase": "구매",
        "demo_held": "시연 진행",
        "churn_averted": "이탈 방지",
        "complaint_solved": "불만 해결",
        "reorder": "재주문",
        "active": "진행 중",
        "converted": "목표 달성",
        "declined": "고객이 사양함",
        "opted_out": "종료: 고객이 거절함",
        "complained": "종료: 불만 접수",
        "expired": "종료: 답 없음",
        "next": "다음 확인",
        "alone": "여정 밖",
        "none": "보낸 것도 예정된 것도 없습니다.",
        "timers": "앞으로",
        "by": "·",
        "about": "대상",
        "until": "까지",
        "outcomes": {
            "viewed": "열어 봄",
            "clicked": "눌러 봄",
            "accepted": "수락",
            "declined": "사양",
            "converted": "구매",
            "complained": "불만",
            "unsubscribed": "수신거부",
            "bounced": "반송",
            "ignored": "답 없음",
        },
        "kinds": {
            "follow_up": "여정 다시 확인",
            "wait": "다시 결정",
            "result_notice": "동의 처리 결과 안내",
            "reconfirm": "동의 재확인 안내",
            "opt_out_confirmation": "수신 중단 확인",
        },
    },
}


def journey(
    customer: Annotated[str, typer.Argument(help="The customer's id as imported, or the pseudonym c_...")],
    html: Html = False,
    out: Out = None,
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """The timeline of a customer: what was tried towards which goal, what came of it, what comes next.

    As a page also what happened, what was foreseen, considered and left out, and which rule spoke.
    """
    tactful = product(tenant)
    who = tactful.find(customer)
    if html or out:
        from agent.console import pages, timeline

        chosen = language(lang, tactful.playbook.brand.locale)
        told = timeline.story(tactful, customer, chosen)
        write_page(
            pages.render("journey", chosen, brand=tactful.playbook.brand.name, story=told), out, f"journey-{who}"
        )
        return
    chapters = tactful.stores.journeys.chapters(tactful.tenant, who)
    sent = tactful.stores.journeys.effects(tactful.tenant, who)
    timers = tactful.consents.timers.of(tactful.tenant, who)
    if as_json:
        rests_on = tactful.stores.records.recorded(tactful.tenant, [item.effect.decision for item in sent])
        passages = {item.effect.effect_id: rests_on[item.effect.decision].passages for item in sent}
        print_json({"customer": who, "journeys": chapters, "effects": sent, "passages": passages, "timers": timers})
        return
    words = WORDS[language(lang, tactful.playbook.brand.locale)]
    print_timeline(chapters, sent, timers, words, tactful.where(who)[1])


def print_timeline(chapters: list[Chapter], sent: list[Sendout], timers: Any, words: dict[str, Any], zone: str) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.tree import Tree

    console = Console(highlight=False)
    if not chapters and not sent and not timers:
        console.print(words["none"])
        return
    for chapter in chapters:
        journey_ = chapter.journey
        state = words[chapter.exit or "active"]
        entity = escape(journey_.entity)
        tree = Tree(f"[bold]{words[journey_.goal]}[/]  {words['about']} {entity}  [dim]{state}[/]")
        for item in [s for s in sent if s.effect.journey == journey_.journey_id]:
            tree.add(_line(item, words, zone))
        if chapter.exit is None and journey_.next_at is not None:
            tree.add(f"[cyan]{_moment(journey_.next_at, zone)}  {words['next']}[/]")
        elif chapter.ended_at is not None:
            tree.add(f"[dim]{_moment(chapter.ended_at, zone)}  {state}[/]")
        console.print(tree)
    alone = [s for s in sent if not s.effect.journey]
    if alone:
        tree = Tree(f"[bold]{words['alone']}[/]")
        for item in alone:
            tree.add(_line(item, words, zone))
        console.print(tree)
    ahead = [timer for timer in timers if timer.kind != "follow_up"]
    if ahead:
        tree = Tree(f"[bold]{words['timers']}[/]")
        said = (f"{_moment(timer.due_at, zone)}  {words['kinds'].get(timer.kind, timer.kind)}" for timer in ahead)
        for line in dict.fromkeys(said):  # what was stated in one go comes due in one go
            tree.add(line)
        console.print(tree)


def _line(item: Sendout, words: dict[str, Any], zone: str) -> str:
    from rich.markup import escape

    effect = item.effect
    state = STATES[words["lang"]].get(effect.state, str(effect.state))
    why = f"  [dim]{escape(item.why)}[/]" if item.why else ""
    came = "".join(f"  [green]{words['outcomes'].get(kind, kind)}[/]" for kind, _ in item.outcomes)
    name = f"  [dim]{effect.effect_id}[/]"
    return f"{_moment(effect.due_at, zone)}  {effect.action} {words['by']} {effect.channel}  {state}{why}{came}{name}"


def _moment(at: Any, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def why(
    effect: Annotated[str, typer.Argument(help="The message: an effect's id, or the beginning of it.")],
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """The customer's answer to "why do I get this?": reasons, the data used, and how to end it."""
    found = product(tenant).telling.why(effect, language(lang, "") or None)
    if as_json:
        print_json(found)
        return
    typer.echo(found.title)
    for reason in found.reasons:
        typer.echo(f"- {reason}")
    if found.reads:
        typer.echo(f"{found.reads_title}: {', '.join(found.reads)}")
    typer.echo(f"{found.off}: {found.off_url}")
