"""Messages on the terminal: to look at, not to reach anybody. Personal data, so only where a person asked for it."""

from __future__ import annotations

from collections.abc import Callable

from agent.domain.delivery import Abilities, Claim, Result, Sent


class ConsoleProvider:
    abilities = Abilities(name="console", per_second=1_000.0, concurrency=1)

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show

    def send(self, claim: Claim) -> Result:
        envelope = claim.envelope
        head = f"{claim.effect.channel}  {claim.address}"
        headers = [f"{name}: {value}" for name, value in envelope.headers.items()]
        self._show("\n".join([head, *headers, *([envelope.subject] if envelope.subject else []), envelope.body, ""]))
        return Sent(receipt="shown")

    def look_up(self, key: str) -> bool | None:
        return None
