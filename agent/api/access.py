"""Who calls: a key as Bearer token, or as the user of HTTP Basic (as Segment's libraries send their write key)."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBasic, HTTPBearer

from agent.api.house import House
from agent.api.problems import Refused
from agent.domain.access import Key, Scope
from agent.service import Tactful

BEARER = HTTPBearer(auto_error=False, description="A key made by `tactful keys create`.")
BASIC = HTTPBasic(auto_error=False, description="The key as user, no password: what Segment's libraries send.")
BURST = 10.0
"""Seconds' worth of requests that may come at once."""
MOST_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """A key that holds, and the product of its tenant."""

    key: Key
    tactful: Tactful

    def may(self, scope: Scope) -> bool:
        return scope in self.key.scopes


class Pace:
    """Token buckets, one for each key and, for those without one, each address."""

    def __init__(self, per_second: float) -> None:
        self._rate = per_second
        self._full = per_second * BURST
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, who: str, cost: float = 1.0) -> float:
        """Seconds to wait, 0 where the request may go on."""
        now = time.monotonic()
        left, at = self._left.get(who, (self._full, now))
        left = min(self._full, left + (now - at) * self._rate)
        if len(self._left) > MOST_CALLERS:  # those who came last stay
            newest = sorted(self._left.items(), key=lambda item: item[1][1])[MOST_CALLERS // 2 :]
            self._left = dict(newest)
        if left < cost:
            self._left[who] = (left, now)
            return (cost - left) / self._rate
        self._left[who] = (left - cost, now)
        return 0.0

    def check(self, who: str) -> None:
        """Raises Refused: 429."""
        if seconds := self.wait(who):
            again = {"retry-after": str(int(seconds) + 1)}
            raise Refused(429, "too many requests", next_step="Wait, then go on.", headers=again)


def address_of(request: Request) -> str:
    """Who calls without a key."""
    return f"address:{request.client.host}" if request.client else "address:"


def house_of(request: Request) -> House:
    found: House = request.app.state.house
    return found


def secret_of(header: str) -> str:
    """The key in an Authorization header, '' where there is none."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode("ascii").partition(":")[0]
        except (binascii.Error, ValueError):
            return ""
    return ""


def identify(request: Request) -> Key:
    """The key of this request, within its pace. Raises Refused: 401, 429."""
    house, pace = house_of(request), request.app.state.pace
    key = house.keys.find(secret_of(request.headers.get("authorization", "")))
    pace.check(key.key_id if key else address_of(request))
    if key is None:
        raise Refused(
            401,
            "no key that holds",
            next_step="Make one: tactful keys create.",
            headers={"www-authenticate": 'Bearer realm="tactful", Basic realm="tactful"'},
        )
    request.state.tenant = key.tenant
    return key


def needs(*scopes: Scope) -> Any:
    """A dependency: the caller, whose key has all these scopes. Raises Refused."""

    async def caller(request: Request) -> Caller:
        key = identify(request)
        if not key.scopes.issuperset(scopes):
            raise Refused(403, f"the key lacks {', '.join(sorted(set(scopes) - key.scopes))}")
        return Caller(key, house_of(request).tactful(key.tenant))

    made: Callable[[Request], Awaitable[Caller]] = caller
    return Depends(made)


SCHEMES = [Security(BEARER), Security(BASIC)]
EventsCaller = Annotated[Caller, needs(Scope.EVENTS)]
DecidingCaller = Annotated[Caller, needs(Scope.DECIDE)]
ReadingCaller = Annotated[Caller, needs(Scope.READ)]
CustomersReader = Annotated[Caller, needs(Scope.CUSTOMERS_READ)]
CustomersWriter = Annotated[Caller, needs(Scope.CUSTOMERS_WRITE)]
PersonalReader = Annotated[Caller, needs(Scope.CUSTOMERS_READ, Scope.PERSONAL)]
CatalogueWriter = Annotated[Caller, needs(Scope.CATALOGUE)]
Approver = Annotated[Caller, needs(Scope.APPROVE)]
WebhooksWriter = Annotated[Caller, needs(Scope.WEBHOOKS)]
Operator = Annotated[Caller, needs(Scope.OPERATE)]
