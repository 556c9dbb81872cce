"""Decisions on the terminal: what happened, and why, in the reader's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agent.console.foretold import movers
from agent.console.labels import LABELS, REASONS
from agent.console.phrases import drawn, moment, part, removed, standing, summary
from agent.domain.action import Candidate, Fate, Stage
from agent.domain.bundle import Delivery, Effect
from agent.domain.decision import Decision
from prompts.loading import words

if TYPE_CHECKING:
    from agent.service import Tactful

SHOWN_SCORES = 4
WIDE = 118
"""Columns of a terminal from which on every part of the score is shown."""
PARTS = ("p_act", "p_hold", "value", "weight", "lever", "cost", "fatigue", "shadow", "total")
MAIN_PARTS = ("p_act", "p_hold", "value", "total")


def plain(tactful: Tactful, found: Decision) -> dict[str, Any]:
    """The decision and its effects for programs. The words are as stored: names are filled in at sending."""
    effects = [
        {**asdict(effect), "state": effect.state, "address_ref": effect.address_ref}
        for effect in tactful.effects(found)
    ]
    return {**asdict(found), "summary": summary(found), "effects": effects}


def decision(
    tactful: Tactful, found: Decision, lang: str, *, full: bool = False, console: Console | None = None, title: str = ""
) -> None:
    """Prints one decision. `full` adds every removed candidate, versions and draws."""
    console = console or Console(highlight=False)
    zone = tactful.where(found.customer)[1]
    parts: list[Any] = [_headline(found, lang, zone), _pairs(found, tactful, lang, full)]
    scores = _scores(found, lang, tactful.playbook.brand.currency, wide=console.width >= WIDE)
    if scores is not None:
        parts.append(scores)
    for effect in tactful.effects(found):
        parts.append(_message(tactful, effect, lang, zone))
    caption = f"{found.decision_id}  {moment(found.as_of, zone, lang)}"
    console.print(
        Panel(
            Group(*parts),
            title=title or None,
            title_align="left",
            subtitle=caption,
            subtitle_align="left",
            box=box.ROUNDED,
        )
    )


def matrix(decisions: Iterable[Decision]) -> dict[str, dict[str, int]]:
    """Candidates by action and by what became of them: won, lost, out of scope, or `stage: rule`. None is left out."""
    table: dict[str, Counter[str]] = {}
    for found in decisions:
        for candidate in found.candidates:
            table.setdefault(candidate.treatment.action, Counter())[_fate(candidate)] += 1
        table.setdefault("hold", Counter())[found.hold.fate.value] += 1
    return {action: dict(counts) for action, counts in sorted(table.items())}


def print_matrix(table: dict[str, dict[str, int]]) -> None:
    """A line for each thing that became of candidates, with the actions it concerns."""
    fates = sorted({fate for counts in table.values() for fate in counts}, key=_fate_order)
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=False)
    grid.add_column("", no_wrap=True)
    grid.add_column("", justify="right", no_wrap=True)
    grid.add_column("", overflow="fold", style="dim")
    for fate in fates:
        concerned = sorted(((counts[fate], action) for action, counts in table.items() if fate in counts), reverse=True)
        said = ", ".join(f"{action} {number:,}" for number, action in concerned)
        grid.add_row(fate, f"{sum(number for number, _ in concerned):,}", said)
    grid.add_section()
    grid.add_row("all", f"{sum(sum(counts.values()) for counts in table.values()):,}", "")
    Console(highlight=False).print(grid)


def _fate(candidate: Candidate) -> str:
    if candidate.fate is Fate.REMOVED:
        return f"{candidate.stage.name.lower()}: {candidate.rule}"
    return candidate.fate.value.replace("_", " ")


def _fate_order(fate: str) -> tuple[int, str]:
    first = {"won": -3, "lost": -2, "out of scope": -1}.get(fate)
    if first is not None:
        return first, fate
    return Stage[fate.split(":")[0].upper()], fate


def _headline(found: Decision, lang: str, zone: str) -> Text:
    if found.chosen is None:
        reason = found.hold.reason or "ineligible"
        return Text.assemble(
            ("● " + LABELS[lang]["hold"], "bold yellow"),
            f"  {found.hold.reason}",
            (f"  {REASONS[lang][reason]}", "dim"),
        )
    chosen = found.chosen
    line = Text.assemble(("▶ " + chosen.action, "bold green"), f"  {chosen.channel}  {chosen.when}")
    if chosen.at > found.as_of:
        line.append(f"  {moment(chosen.at, zone, lang)}", "bold cyan")
    return line


def _pairs(found: Decision, tactful: Tactful, lang: str, full: bool) -> Table:
    said = LABELS[lang]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(said["known"], Text("; ".join(found.findings)))
    if found.passages:
        grid.add_row(said["passages"], Text(", ".join(found.passages)))
    if found.chosen is not None:
        verdicts = ", ".join(f"{v.rule} ({v.kind.name.lower()})" for v in found.verdicts) or said["allow"]
        grid.add_row(said["verdicts"], Text(verdicts))
    for line in removed(found, tactful, lang, full):
        grid.add_row(said["removed"], Text(line))
    grid.add_row(said["drawn"], Text(drawn(found, lang)))
    if found.degraded:
        grid.add_row(said["degraded"], Text(found.cause, style="yellow"))
    if full:
        for line in movers(tactful, found, lang):
            grid.add_row(words("foresee", lang)["moved.title"], Text(line))
        v = found.versions
        grid.add_row(
            said["versions"],
            f"packs {v.packs}  playbook {v.playbook}  guidelines {v.guidelines}  tools {v.tools}  signals {v.signals}"
            + (f"  model {v.model}  prompt {v.prompt}" if v.model else ""),
        )
    return grid


def _scores(found: Decision, lang: str, currency: str, *, wide: bool) -> Table | None:
    ranked = sorted(
        (c for c in found.candidates if c.score is not None), key=lambda c: -(c.score.total if c.score else 0)
    )
    if not ranked:
        return None
    parts = PARTS if wide else MAIN_PARTS
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column(LABELS[lang]["treatment"], no_wrap=True)
    for name in parts:
        grid.add_column(LABELS[lang][name], justify="right", no_wrap=True)
    for c in ranked[:SHOWN_SCORES]:
        shown = [part(getattr(c.score, name), name, currency, lang) for name in parts]
        grid.add_row(c.treatment.key, *shown, style="bold" if c.fate is Fate.WON else "dim")
    return grid


def _message(tactful: Tactful, effect: Effect, lang: str, zone: str) -> Panel:
    """The words as they would leave, with what becomes of them."""
    said = LABELS[lang]
    subject, body = tactful.rendered(effect)
    text = Text()
    if subject:
        text.append(subject + "\n", "bold")
    text.append(body)
    state = said["expired"] if tactful.is_expired(effect) else standing(effect.state, lang)
    how = said["delivery_caller"] if effect.delivery is Delivery.CALLER else effect.channel.value
    text.append(f"\n\n{said['due']} {moment(effect.due_at, zone, lang)}", "dim")
    text.append(f"\n{said['expires']} {moment(effect.expires_at, zone, lang)}", "dim")
    return Panel(
        text,
        title=f"{state}: {how}",
        title_align="left",
        subtitle=effect.effect_id,
        subtitle_align="left",
        box=box.SQUARE,
        style="cyan",
    )
