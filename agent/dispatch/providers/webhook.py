"""Signed HTTP webhooks (Standard Webhooks 1.0): text messages, push, Kakao, tasks of a CRM leave through here.

The receiver tells repetitions by `webhook-id`, which is the same at every try.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx
import orjson

from agent.dispatch.payload import message
from agent.dispatch.posting import Endpoint, Poster, Resolve, retry_after
from agent.domain.delivery import Abilities, Claim, Refused, Result, Sent, Unknown
from agent.domain.ports import Clock

GONE = 410
NEVER = frozenset({400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 421, 422, 426, 428, 431, 451, 501, 505})
"""Answers that say it was not taken. The specification tries these again too, so they are temporary."""


class WebhookProvider:
    """Posts to one endpoint. `disabled` is told when it answers 410: it wants nothing any more."""

    def __init__(
        self,
        endpoint: Endpoint,
        clock: Clock,
        disabled: Callable[[str], None] = lambda _: None,
        resolve: Resolve | None = None,
        client: httpx.Client | None = None,
    ) -> None:
        self._poster = Poster(endpoint, clock, resolve, client)
        self._clock = clock
        self._disabled = disabled
        self.abilities = Abilities(
            name="webhook",
            honours_keys=endpoint.honours_keys,
            can_look_up=endpoint.can_look_up,
            per_second=endpoint.per_second,
            concurrency=8,
        )

    def send(self, claim: Claim) -> Result:
        try:
            return self._read(self._poster.post(claim.key, orjson.dumps(message(claim))))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Refused(reason=f"no connection ({type(error).__name__})", temporary=True)
        except httpx.HTTPError as error:
            return Unknown(reason=f"no answer ({type(error).__name__})")
        except (OSError, ValueError) as error:
            return Refused(reason=f"the address cannot be used ({error})", temporary=isinstance(error, OSError))

    def look_up(self, key: str) -> bool | None:
        """GET url/key: 200 means taken, 404 not taken; anything else tells nothing."""
        try:
            response = self._poster.get(key)
        except (OSError, ValueError, httpx.HTTPError):
            return None
        return {200: True, 404: False}.get(response.status_code)

    def _read(self, response: httpx.Response) -> Result:
        code = response.status_code
        if 200 <= code < 300:
            return Sent(receipt=response.headers.get("x-request-id", "")[:120])
        if code == GONE:
            self._disabled(self._poster.endpoint.url)
            return Refused(reason="410: the endpoint wants nothing any more")
        if code in (429, 503) or code in NEVER or 300 <= code < 400:
            again = retry_after(response, self._clock.now())
            return Refused(reason=str(code), temporary=True, retry_after=again)
        return Unknown(reason=str(code))
