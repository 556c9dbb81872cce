"""Say nothing: silence is an action."""

from __future__ import annotations

from langchain_core.tools import tool

from agent.domain.action import HOLD


@tool(HOLD, parse_docstring=True)
def hold(reason: str) -> str:
    """Stay silent for now, because no candidate helps this customer.

    Args:
        reason: One short sentence on why silence serves the customer best.
    """
    return reason
