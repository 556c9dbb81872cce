"""Signed posts (Standard Webhooks 1.0) to addresses that are checked just before: what leaves over HTTP leaves here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from agent.domain.delivery import ANSWER_SECONDS
from agent.domain.errors import InputError
from agent.domain.ports import Clock

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where it goes. `secrets` begin with whsec_; all of them sign, so that a receiver can change from one to the
    other. `own_network` permits addresses that are not public; `honours_keys` and `can_look_up` say what it promises.
    """

    url: str
    secrets: tuple[str, ...]
    own_network: bool = False
    honours_keys: bool = True
    can_look_up: bool = False
    per_second: float = 20.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.fragment:
            raise InputError("not an https URL", place="TACTFUL_WEBHOOK_URL", next_step="Write https://host/path.")
        if parts.scheme == "http" and not self.own_network:
            raise InputError(
                "http is only for your own network",
                place="TACTFUL_WEBHOOK_URL",
                next_step="Use https, or set TACTFUL_WEBHOOK_OWN_NETWORK=true.",
            )
        for secret in self.secrets:
            key_of(secret)
        if not self.secrets:
            raise InputError("no secret to sign with", place="TACTFUL_WEBHOOK_SECRET", next_step="Set whsec_....")


def key_of(secret: str) -> bytes:
    """The 24 to 64 bytes behind whsec_.... Raises InputError, without repeating them."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise InputError(
            "not a secret of 24 to 64 bytes in base64",
            place="TACTFUL_WEBHOOK_SECRET",
            next_step="Make one with: echo whsec_$(openssl rand -base64 32)",
        )
    return key


def sign(secrets: tuple[str, ...], name: str, timestamp: int, body: bytes) -> str:
    """The webhook-signature header: one `v1,...` for each secret, with a space between."""
    signed = f"{name}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.new(key_of(s), signed, hashlib.sha256).digest()).decode() for s in secrets
    )


class Poster:
    """Speaks to one endpoint. Raises OSError where its name is not known, ValueError where it leads inside, and
    httpx.HTTPError."""

    def __init__(
        self, endpoint: Endpoint, clock: Clock, resolve: Resolve | None = None, client: httpx.Client | None = None
    ) -> None:
        self.endpoint = endpoint
        self._clock = clock
        self._resolve = resolve or _resolve
        self._client = client or httpx.Client(timeout=ANSWER_SECONDS, follow_redirects=False, trust_env=False)

    def post(self, name: str, body: bytes) -> httpx.Response:
        headers = {"content-type": "application/json", **self._signed(name, body)}
        return self._answer(self._request("POST", self.endpoint.url, headers, body))

    def get(self, name: str) -> httpx.Response:
        """Asks after what was posted under this name: URL/NAME."""
        url = f"{self.endpoint.url.rstrip('/')}/{name}"
        return self._answer(self._request("GET", url, self._signed(name, b""), b""))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """Status and headers. What the body says nobody asks for: it may be endless."""
        response = self._client.send(request, stream=True)
        response.close()
        return response

    def _signed(self, name: str, body: bytes) -> dict[str, str]:
        timestamp = int(self._clock.now().timestamp())
        return {
            "webhook-id": name,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self.endpoint.secrets, name, timestamp, body),
        }

    def _request(self, method: str, url: str, headers: dict[str, str], body: bytes) -> httpx.Request:
        """A request to the address that was just looked up and found public: a name cannot point elsewhere
        meanwhile."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = self._resolve(host, port)
        if not addresses:
            raise OSError("no such host")
        if not self.endpoint.own_network and not all(is_public(address) for address in addresses):
            raise ValueError("not a public address")
        address = addresses[0]
        target = httpx.URL(url).copy_with(host=address)
        headers = {"host": host if parts.port is None else f"{host}:{port}", **headers}
        return self._client.build_request(
            method, target, headers=headers, content=body, extensions={"sni_hostname": host}
        )


def retry_after(response: httpx.Response, now: datetime) -> timedelta | None:
    """What the answer asks for: seconds or a date (RFC 9110 section 10.2.3), a day at most."""
    said = response.headers.get("retry-after", "")
    try:
        if said.isdigit():
            return min(timedelta(seconds=int(said[:7])), timedelta(days=1))
        at: datetime = parsedate_to_datetime(said)
        return max(timedelta(), min(at - now, timedelta(days=1)))
    except (ValueError, TypeError, IndexError):
        return None


def is_public(address: str) -> bool:
    """True for addresses of the open internet: none of this machine, its network, or a cloud's own services."""
    try:
        found = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    inside = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if isinstance(found, ipaddress.IPv6Address) and found in _NAT64:
        inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.is_global and not found.is_multicast and (inside is None or is_public(str(inside)))


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _resolve(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
