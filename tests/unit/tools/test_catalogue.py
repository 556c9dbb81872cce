"""The catalogue as a model sees it, and that tools are pure."""

from __future__ import annotations

import pytest
from langchain_core.tools import BaseTool

from agent.domain.timers import WAITED_FOR
from tools.catalogue import TOOLS, Catalogue


def test_every_tool_is_a_langchain_tool_with_every_argument_described() -> None:
    for schema in Catalogue().schemas():
        parameters = schema["function"]["parameters"]
        assert schema["function"]["description"]
        assert parameters["additionalProperties"] is False
        assert all(p.get("description") for p in parameters["properties"].values()), schema["function"]["name"]
        assert "task" not in parameters["properties"]
    assert all(isinstance(tool.call, BaseTool) for tool in TOOLS)


def test_the_tool_list_is_constant() -> None:
    assert Catalogue().schemas() == Catalogue().schemas()
    assert Catalogue().version == Catalogue().version
    assert next(s["function"]["name"] for s in Catalogue().schemas()) == "hold"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("send_money", {}),
        ("offer_chat", {}),
        ("offer_chat", {"candidate": "c1"}),
        ("offer_chat", {"candidate": 1, "body": "x"}),
        ("offer_chat", {"candidate": "c1", "body": "x", "percent": 50}),
        ("offer_chat", {"candidate": "c1", "body": "x", "task": {}}),
        ("offer_chat", {"candidate": "c1", "body": "x", "cites": "one"}),
        ("hold", {"reason": None}),
    ],
)
def test_a_call_that_does_not_fit_its_schema_is_refused(name: str, arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"unknown|bad argument"):
        Catalogue().check(name, arguments)


def test_a_refusal_names_the_argument_and_never_its_value() -> None:
    with pytest.raises(ValueError, match="bad argument: candidate") as error:
        Catalogue().check("offer_chat", {"candidate": {"secret": "canary"}, "body": "x"})
    assert "canary" not in str(error.value)


def test_a_model_may_wait_for_the_events_that_end_a_wait() -> None:
    (schema,) = [s["function"] for s in Catalogue().schemas() if s["function"]["name"] == "wait_until"]
    assert schema["parameters"]["properties"]["unless"]["enum"] == ["", *WAITED_FOR]
