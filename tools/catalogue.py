"""The catalogue: every tool, in the constant order in which models see them (the `Toolset` port)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from inspect import getdoc
from typing import Any, cast

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ValidationError

from agent.domain.action import HOLD, WAIT, Action, Candidate
from agent.domain.bundle import Draft, Proposal
from agent.domain.ids import digest
from agent.domain.playbook import Playbook
from agent.domain.signals import Situation
from tools import (
    apologise,
    ask_consent,
    book_demo,
    confirm_choice,
    confirm_demo,
    early_access,
    hand_off,
    invite_event,
    invite_experience,
    nearest_store,
    note_stock,
    offer_chat,
    offer_coupon,
    recommend_product,
    reconfirm_consent,
    remind_cart,
    remind_reorder,
    remind_replacement,
    show_variant,
    tell_back_in_stock,
    tell_order_status,
    tell_price_drop,
    win_back,
)
from tools.contract import Task, Tool
from tools.hold import hold
from tools.wait_until import wait_until

TOOLS: tuple[Tool, ...] = tuple(
    m.TOOL
    for m in (
        offer_chat,
        book_demo,
        offer_coupon,
        recommend_product,
        remind_cart,
        tell_price_drop,
        tell_back_in_stock,
        remind_reorder,
        remind_replacement,
        win_back,
        early_access,
        invite_event,
        invite_experience,
        show_variant,
        nearest_store,
        ask_consent,
        hand_off,
        apologise,
        tell_order_status,
        confirm_demo,
        confirm_choice,
        reconfirm_consent,
        note_stock,
    )
)


class Catalogue:
    """All tools of the product. Each must describe every argument; the schema is read off its signature."""

    def __init__(self, tools: tuple[Tool, ...] = TOOLS) -> None:
        self._tools = {tool.action.name: tool for tool in tools}
        self._calls: dict[str, BaseTool] = {HOLD: hold, WAIT: wait_until} | {
            name: tool.call for name, tool in self._tools.items()
        }

    @cached_property
    def version(self) -> str:
        return digest(repr(self.schemas()), size=6)

    def actions(self) -> tuple[Action, ...]:
        return tuple(tool.action for tool in self._tools.values())

    def called_for(self, name: str) -> tuple[str, str]:
        tool = self._tools[name]
        return getdoc(tool.action.aim) or "", getdoc(tool.window) or ""

    def slots(self, candidate: Candidate, situation: Situation, playbook: Playbook) -> tuple[str, ...]:
        """The typed slots that the candidate's words may use."""
        return tuple(self._tools[candidate.treatment.action].facts(Task(candidate, situation, playbook)))

    def schemas(self) -> list[dict[str, Any]]:
        """OpenAI tool schemas, constant over customers, so that the prompt's prefix stays the same."""
        found = [convert_to_openai_tool(call) for call in self._calls.values()]
        for schema in found:
            schema["function"]["parameters"]["additionalProperties"] = False
        return found

    def check(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments as the tool's schema reads them. Raises ValueError for an unknown tool or bad arguments."""
        call = self._calls.get(name)
        if call is None:
            raise ValueError("unknown tool")
        shape = cast("type[BaseModel]", call.tool_call_schema)
        unknown = set(arguments) - set(shape.model_fields)
        if unknown:
            raise ValueError("unknown argument")
        try:
            return shape.model_validate(dict(arguments), strict=True).model_dump()
        except ValidationError as error:
            raise ValueError("bad argument: " + ".".join(map(str, error.errors()[0]["loc"]))) from error

    def run(self, proposal: Proposal, candidate: Candidate, situation: Situation, playbook: Playbook) -> Draft:
        """Runs the proposed tool as the plain function it is: LangChain's run loop adds nothing here."""
        function = getattr(self._tools[candidate.treatment.action].call, "func")  # noqa: B009 - not on BaseTool's type
        return cast(
            Draft,
            function(
                candidate=proposal.ref,
                body=proposal.words.body,
                subject=proposal.words.subject,
                cites=list(proposal.cites),
                task=Task(candidate, situation, playbook),
            ),
        )
