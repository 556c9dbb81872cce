"""What customers themselves may open: their preferences, and unsubscribing with one click (RFC 8058)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from agent.api.access import address_of, house_of
from agent.api.problems import documented
from agent.consenting import OFFERED, ONE_CLICK, Choices
from agent.console import pages
from agent.domain.errors import InputError, NotFound
from agent.domain.ids import TenantId
from agent.service import Tactful
from prompts.loading import words

router = APIRouter(prefix="/u", tags=["preferences"], include_in_schema=False)
Tenant = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Token = Annotated[str, Path(pattern=r"^[0-9a-zA-Z]{1,64}$")]


@router.get("/{tenant}/{token}", response_class=HTMLResponse, responses=documented(404))
def show(request: Request, tenant: Tenant, token: Token) -> Response:
    """The page. Looking at it changes nothing: mail scanners do that."""
    tactful = _of(request, tenant)
    return _page(tactful, token, "")


@router.post("/{tenant}/{token}", responses=documented(404))
async def change(request: Request, tenant: Tenant, token: Token) -> Response:
    """One click from a mailbox, or the form of the page."""
    from starlette.concurrency import run_in_threadpool

    tactful = _of(request, tenant)
    form = {name: str(value) for name, value in (await request.form(max_files=0, max_fields=50)).items()}
    return await run_in_threadpool(_change, tactful, token, form)


def _change(tactful: Tactful, token: str, form: dict[str, str]) -> Response:
    if form.items() >= ONE_CLICK.items():
        tactful.consents.unsubscribe("POST", token, form)
        return Response(status_code=200)
    if form.get("do") == "stop":
        tactful.consents.choose(token, Choices(frozenset()))
        return _page(tactful, token, "stopped")
    wanted = frozenset(name for name, value in form.items() if value == "yes" and name in OFFERED)
    tactful.consents.choose(token, Choices(wanted))
    return _page(tactful, token, "saved")


def _page(tactful: Tactful, token: str, done: str) -> Response:
    customer, standing = tactful.consents.choices(token)
    lang = tactful.where(customer)[0]
    said = words("preferences", lang)
    lines = [(name, said[name], said[f"{name}.more"], name in standing.agreed) for name in OFFERED]
    page = pages.render(
        "preferences", lang, brand=tactful.playbook.brand.name, own=said, lines=lines, done=said.get(done, "")
    )
    return HTMLResponse(page, headers={"content-security-policy": _POLICY, "referrer-policy": "no-referrer"})


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


def _of(request: Request, tenant: str) -> Tactful:
    """The brand of the link. A wrong one is told as a wrong token is."""
    house = house_of(request)
    request.app.state.pace.check(address_of(request))
    if TenantId(tenant) not in house.keys.tenants():
        raise NotFound("this link is not one of ours")
    try:
        return house.tactful(TenantId(tenant))
    except InputError:
        raise NotFound("this link is not one of ours") from None
