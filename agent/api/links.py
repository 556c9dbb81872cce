"""Where an answer leads: OpenAPI links from what was made to what can be asked of it."""

from __future__ import annotations

from typing import Any

from fastapi.routing import APIRoute


def operation_id(route: APIRoute) -> str:
    """`decisions_show`: the room and what is done there."""
    return f"{route.tags[0]}_{route.name}" if route.tags else route.name


def links(name: str, value: str, *operations: str) -> dict[str, Any]:
    """The parameter `name` of these operations is found in the answer (or the request) at `value`."""
    return {"links": {operation: {"operationId": operation, "parameters": {name: value}} for operation in operations}}
