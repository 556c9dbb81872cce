"""Errors as problem+json (RFC 9457): what happened and what to do next, never what was sent, never a trace."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from agent.domain.errors import Erased, InputError, NotFound, StoreError, TactfulError

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger("tactful.api")


class Problem(BaseModel):
    """RFC 9457. `next_step` says how to mend it; `places` name the fields that could not be read."""

    type: str = Field(examples=["urn:tactful:problem:not-found"])
    title: str
    status: int
    detail: str = ""
    next_step: str = ""
    places: list[str] = []


class Refused(Exception):
    """A request that is answered with a problem."""

    def __init__(
        self, status: int, detail: str = "", *, next_step: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.next_step = next_step
        self.headers = dict(headers or {})


def problem(
    status: int,
    detail: str = "",
    next_step: str = "",
    places: list[str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    title = HTTPStatus(status).phrase
    kind = title.lower().replace(" ", "-")
    said = Problem(
        type=f"urn:tactful:problem:{kind}",
        title=title,
        status=status,
        detail=detail,
        next_step=next_step,
        places=places or [],
    )
    return JSONResponse(said.model_dump(), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of these answers."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}}
        for status in sorted({*statuses, 400, 413, 429, 500, 503})
    }


def install(app: FastAPI) -> None:
    """Every error of the house as the problem that it is."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(TactfulError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem(error.status, error.detail, error.next_step, headers=error.headers)


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, TactfulError)
    status = 404 if isinstance(error, NotFound) else 410 if isinstance(error, Erased) else 422
    if isinstance(error, StoreError):
        report(error, "store")
        return problem(503, "the store cannot be used just now", "Try again in a moment.", headers={"retry-after": "5"})
    if not isinstance(error, InputError | NotFound | Erased):
        status = 500
    return problem(status, str(error), error.next_step if status != 404 else "")


async def _invalid(_: Request, error: Exception) -> Response:
    """Which fields and what of them; never their values."""
    assert isinstance(error, RequestValidationError)
    places = [f"{_place(e)}: {_plain(e['msg'])}"[:200] for e in error.errors()[:20]]
    unreadable = any(e["type"] == "json_invalid" or _keyless(e) for e in error.errors())
    return problem(400 if unreadable else 422, "the request does not fit its description", places=places)


def _place(error: Mapping[str, Any]) -> str:
    """Where it is. A field that is not ours goes unnamed: its name was sent too."""
    known = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    return ".".join(str(part) for part in known)


def _keyless(error: Mapping[str, Any]) -> bool:
    """A request that needs an Idempotency-Key came without one (IETF draft, section 2.7: 400)."""
    return error["type"] == "missing" and tuple(error["loc"]) == ("header", "Idempotency-Key")


def _plain(message: str) -> str:
    """Pydantic repeats what was sent in some of its messages, behind the words that say what is wanted."""
    return message.split(", got ")[0].split("input_value")[0]


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, headers=error.headers)


def report(error: BaseException, where: str) -> None:
    """Logs what kind of error it was and where; not what it says: that may hold what was sent."""
    frames = [f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-6:]]
    log.error("failed", extra={"facts": {"error": type(error).__name__, "at": frames, "where": where}})
