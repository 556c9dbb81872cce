"""Traces over OTLP when an endpoint is configured: one span a request, named by its route, without what was sent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any


class Spans:
    """Exports in the background; what cannot be delivered is dropped."""

    def __init__(self, endpoint: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._provider = TracerProvider(resource=Resource.create({"service.name": "tactful"}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
        self._tracer = self._provider.get_tracer("tactful.api")

    def request(self, facts: Mapping[str, Any], seconds: float) -> None:
        ends = time.time_ns()
        span = self._tracer.start_span(f"{facts['method']} {facts['route']}", start_time=ends - int(seconds * 1e9))
        span.set_attribute("http.request.method", facts["method"])
        span.set_attribute("http.route", facts["route"])
        span.set_attribute("http.response.status_code", facts["status"])
        span.set_attribute("tactful.tenant", facts["tenant"])
        span.end(ends)

    def close(self) -> None:
        self._provider.shutdown()
