"""A brand's folder: its playbook, and the guidelines beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.domain.errors import PlaybookError
from agent.domain.ids import TenantId
from agent.domain.playbook import Playbook
from agent.settings import Settings
from agent.strict_yaml import YamlFault, read
from prompts.loading import STARTER, Wording, read_wording

if TYPE_CHECKING:
    from agent.domain.guideline import Passage


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


def read_messages(playbook: Playbook, path: Path) -> Wording:
    """The brand's own templates; none where it has no folder of them. Raises PlaybookError."""
    folder = (path if path.is_dir() else path.parent) / (playbook.messages or "messages")
    try:
        return read_wording(folder)
    except YamlFault as fault:
        raise PlaybookError(
            f"{fault.field}: {fault.what}", place=f"{folder.name}:{fault.line}", next_step="Mend the template."
        ) from fault


def read_passages(playbook: Playbook, path: Path) -> tuple[Passage, ...]:
    """The brand's guideline passages. Raises GuidelineError; a missing folder means none."""
    from agent.guidelines.reading import read_folder

    folder = guideline_folder(playbook, path)
    return read_folder(folder) if folder.is_dir() else ()


def _check(playbook: Playbook, path: Path) -> None:
    """What the playbook names must exist: actions, the currency, the guidelines' folder. Raises PlaybookError.

    Actions are read off the file names: importing the tools would cost a second.
    """
    from babel.numbers import list_currencies

    import tools
    from agent.journeys.calendars import has_holidays

    known = {p.stem for p in Path(next(iter(tools.__path__))).glob("*.py")}
    known -= {"__init__", "contract", "catalogue", "hold", "wait_until"}
    for where, names in (("actions", playbook.actions), ("limits.review", playbook.limits.review)):
        for name in names:
            if name not in known:
                choose = f"Choose from: {', '.join(sorted(known))}."
                raise PlaybookError(f"{where}.{name}: no such action", place=str(path), next_step=choose)
    if playbook.brand.currency not in list_currencies():
        raise PlaybookError("brand.currency: no such currency", place=str(path), next_step="Use a code such as GBP.")
    for calendar in playbook.calendars:
        if calendar.holidays is not None and not has_holidays(calendar.holidays):
            what = f"calendars: no public holidays are known for {calendar.holidays}"
            raise PlaybookError(what, place=str(path), next_step="Write a country or a part of one: KR, GB-ENG.")
    folder = guideline_folder(playbook, path)
    if playbook.guidelines and not folder.is_dir():
        raise PlaybookError("guidelines: no such folder", place=str(path), next_step=f"Make {folder}, or name another.")
