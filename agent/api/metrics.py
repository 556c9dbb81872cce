"""Figures for Prometheus: requests by route, decisions by action, what waits. No customer, no key, no free text."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Of one process."""

    def __init__(self) -> None:
        self._registry = found = CollectorRegistry()
        named = ("method", "route", "status")
        self._requests = Counter("tactful_requests", "Requests answered", named, registry=found)
        self._seconds = Histogram(
            "tactful_request_seconds", "Time to answer", ("route",), buckets=BUCKETS, registry=found
        )
        decided = ("action", "degraded")
        self._decisions = Counter("tactful_decisions", "Decisions made over the API", decided, registry=found)
        self._events = Counter("tactful_messages", "Messages received", ("outcome",), registry=found)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        known = method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def decision(self, action: str, degraded: bool) -> None:
        self._decisions.labels(action, str(degraded).lower()).inc()

    def messages(self, outcome: str, count: int) -> None:
        if count:
            self._events.labels(outcome).inc(count)

    def text(self, tenant: str, effects: Iterable[tuple[str, int]]) -> bytes:
        """The process's figures, and a tenant's own effects by state: nobody sees another's."""
        own = CollectorRegistry()
        outbox = Gauge("tactful_effects", "Effects by state", ("tenant", "state"), registry=own)
        for state, count in effects:
            outbox.labels(tenant, state).set(count)
        return generate_latest(self._registry) + generate_latest(own)
