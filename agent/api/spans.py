"""Traces over OTLP when an endpoint is configured: one span a request, named by its route, without what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agent.domain.ports import Clock

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor


class Spans:
    """Hands spans to a processor, which exports them in the background."""

    def __init__(self, processor: SpanProcessor, clock: Clock) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        self._provider = TracerProvider(resource=Resource.create({"service.name": "tactful"}))
        self._provider.add_span_processor(processor)
        self._clock = clock
        self._tracer = self._provider.get_tracer("tactful.api")

    def request(self, facts: Mapping[str, Any], seconds: float) -> None:
        ends = int(self._clock.now().timestamp() * 1_000_000) * 1_000
        span = self._tracer.start_span(f"{facts['method']} {facts['route']}", start_time=ends - int(seconds * 1e9))
        span.set_attribute("http.request.method", facts["method"])
        span.set_attribute("http.route", facts["route"])
        span.set_attribute("http.response.status_code", facts["status"])
        span.set_attribute("tactful.tenant", facts["tenant"])
        span.end(ends)

    @classmethod
    def to(cls, endpoint: str, clock: Clock) -> Spans:
        """Spans that leave for an OTLP endpoint; what cannot be delivered is dropped."""
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        return cls(BatchSpanProcessor(OTLPSpanExporter(endpoint)), clock)

    def close(self) -> None:
        self._provider.shutdown()
