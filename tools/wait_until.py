"""Wait: decide again later, unless something happens first."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le
from langchain_core.tools import tool

from agent.domain.action import WAIT


@tool(WAIT, parse_docstring=True)
def wait_until(
    hours: Annotated[float, Ge(0.25), Le(168)],
    unless: Literal["", "purchased", "cart_cleared", "chat_accepted", "chat_declined", "demo_booked", "case_opened"],
    reason: str,
) -> str:
    """Say nothing now and look again later: use it when time will tell, not to put off what would not help anyway.

    Args:
        hours: After how many hours to look again.
        unless: The event that makes it needless, or an empty text.
        reason: One short sentence on why waiting serves the customer best.
    """
    return reason
