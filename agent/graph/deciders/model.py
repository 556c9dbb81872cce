"""The decider that asks a language model: one prompt, the constant tool set, one call, within a deadline.

The model sees no identifier, no score and no address, and may only choose among candidates that code found allowed.
Whatever it answers is checked here for shape and by the guard for content.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from typing import Any
from weakref import WeakKeyDictionary

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI
from openai import APIConnectionError, APIStatusError, APITimeoutError, DefaultAsyncHttpxClient, OpenAIError
from pydantic import SecretStr

from agent.domain.action import HOLD, WAIT
from agent.domain.bundle import Brief, Line, Proposal, Wait, Words
from agent.domain.errors import DeciderError
from agent.domain.ids import digest
from agent.domain.ports import Toolset
from prompts.loading import prompt

MOST_TOKENS = 800


class ModelDecider:
    """Speaks to one OpenAI-compatible endpoint. `brand` is the name the model speaks for."""

    def __init__(self, toolset: Toolset, brand: str, *, url: str | None, name: str, key: SecretStr) -> None:
        self._toolset = toolset
        self._brand = brand
        self._url = url
        self._name = name
        self._key = key
        self._chats: WeakKeyDictionary[AbstractEventLoop, Runnable[Any, Any]] = WeakKeyDictionary()

    async def propose(self, brief: Brief, deadline: float) -> Proposal:
        """One call. Raises DeciderError with its cause: timeout, rate_limit, http_500, refusal, bad_json, ..."""
        system = prompt("decide", brief.locale, brand=self._brand)
        human = prompt(
            "situation",
            brief.locale,
            lines=brief.lines,
            findings=brief.findings,
            passages=brief.passages,
            fixed=brief.fixed,
            shorter_by=brief.shorter_by,
        )
        messages = [SystemMessage(system.text), HumanMessage(human.text)]
        try:
            answer = await self._chat().ainvoke(messages, timeout=deadline)
        except OpenAIError as error:
            raise DeciderError(_cause(error), "the model's endpoint failed") from error
        return self._read(answer, brief, digest(system.hash, human.hash, size=6))

    def _chat(self) -> Runnable[Any, Any]:
        """The client of the running event loop: open connections cannot move from one loop to the next."""
        loop = asyncio.get_running_loop()
        chat = self._chats.get(loop)
        if chat is None:
            model = ChatOpenAI(
                model=self._name,
                base_url=self._url,
                api_key=self._key,
                temperature=0,
                max_retries=0,
                max_completion_tokens=MOST_TOKENS,
                http_async_client=DefaultAsyncHttpxClient(),
            )
            chat = model.bind_tools(self._toolset.schemas(), tool_choice="required", parallel_tool_calls=False)
            self._chats[loop] = chat
        return chat

    def _read(self, answer: AIMessage, brief: Brief, prompt_hash: str) -> Proposal:
        if answer.invalid_tool_calls:
            raise DeciderError("bad_json", "the model's arguments were not JSON")
        if not answer.tool_calls:
            refused = (
                answer.additional_kwargs.get("refusal")
                or answer.response_metadata.get("finish_reason") == "content_filter"
            )
            raise DeciderError("refusal" if refused or answer.content else "no_call", "the model called no tool")
        if len(answer.tool_calls) > 1:
            raise DeciderError("two_calls", "the model called more than one tool")
        call = answer.tool_calls[0]
        try:
            arguments = self._toolset.check(call["name"], call["args"])
        except ValueError as error:
            cause = "unknown_tool" if str(error) == "unknown tool" else "bad_arguments"
            raise DeciderError(cause, str(error)) from error
        model = str(answer.response_metadata.get("model_name") or self._name)
        if call["name"] in (HOLD, WAIT):
            wait = Wait(hours=arguments["hours"], unless=arguments["unless"]) if call["name"] == WAIT else None
            silence = Words(body="")
            return Proposal(
                action=call["name"], ref="", words=silence, chooser="model", model=model, prompt=prompt_hash, wait=wait
            )
        line = _line(brief, call["name"], arguments)
        cites = tuple(c for c in arguments["cites"] or () if any(c == p.passage_id for p in brief.passages))
        words = Words(subject=arguments["subject"], body=arguments["body"])
        return Proposal(
            action=call["name"],
            ref=line.ref,
            words=words,
            cites=cites,
            chooser="model",
            model=model,
            prompt=prompt_hash,
        )


def _line(brief: Brief, tool: str, arguments: Any) -> Line:
    """The offered candidate that the call names. Raises DeciderError for one that was not offered."""
    for line in brief.lines:
        if line.ref == arguments["candidate"] and line.treatment.action == tool:
            return line
    raise DeciderError("not_offered", "the model chose a candidate that was not offered")


def _cause(error: OpenAIError) -> str:
    if isinstance(error, APITimeoutError):
        return "timeout"
    if isinstance(error, APIStatusError):
        return "rate_limit" if error.status_code == 429 else f"http_{error.status_code}"
    return "connection" if isinstance(error, APIConnectionError) else "endpoint"
