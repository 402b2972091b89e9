"""A span for each message, with OpenTelemetry's names for generative AI, sent over OTLP/HTTP. Never what was said.

The packages are an extra, `sijo[otel]`, and are imported only when traces are wanted. How often to sample, how large a
batch is and with which headers to send it is read from the usual `OTEL_*` variables by the packages themselves.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Mapping
from importlib.metadata import version

from sijo.config import ConfigError
from sijo.log.lines import plain
from sijo.log.seen import Seen

MESSAGES = "/v1/messages"
LEFT = "client_left"
GRACE = 5.0
"""Seconds for the last spans to leave."""
LONGEST = 200
VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

logger = logging.getLogger("sijo.traces")


def wanted(endpoint: str | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the settings or the environment say where spans should go."""
    return bool(endpoint) or any(environ.get(name) for name in VARIABLES)


class Traces:
    """Spans to a collector: `endpoint` is its base URL; None for what the environment says.

    Raises ConfigError where the packages are missing, or the endpoint is no URL.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        try:
            from opentelemetry import trace
            from opentelemetry.context import Context
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ImportError as error:
            raise ConfigError(
                "traces are configured (trace.endpoint or OTEL_EXPORTER_OTLP_ENDPOINT), "
                f"but {error.name} is not installed: pip install 'sijo[otel]'"
            ) from error
        name, number = os.environ.get("OTEL_SERVICE_NAME", "sijo"), version("sijo")
        resource = Resource.create({"service.name": name, "service.version": number})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(traces_url(endpoint))))
        self._tracer = self._provider.get_tracer("sijo", number)
        self._extract = TraceContextTextMapPropagator().extract
        self._kind, self._failed = trace.SpanKind.SERVER, trace.Status(trace.StatusCode.ERROR)
        self._nothing = Context()

    def end(self, seen: Seen, ended: float, traceparent: str | None = None) -> None:
        """Makes the span of a message that is over now. Other requests have none."""
        if seen.path != MESSAGES:
            return
        now = time.time_ns()
        model = None if seen.model is None else plain(seen.model, LONGEST)
        span = self._tracer.start_span(
            "chat" if model is None else f"chat {model}",
            self._extract({"traceparent": traceparent}, self._nothing) if traceparent else self._nothing,
            kind=self._kind,
            attributes=attributes(seen, model),
            start_time=now - int((ended - seen.began) * 1e9),
        )
        if failed(seen):
            span.set_status(self._failed)
        span.end(now)

    async def close(self) -> None:
        """Sends what still waits, if it can be sent in time."""
        # A collector that is away holds the packages up for longer; a daemon thread does not hold up the exit.
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, GRACE)
        if sending.is_alive():
            logger.warning("the last spans were not taken by the collector within %g seconds", GRACE)


def attributes(seen: Seen, model: str | None) -> dict[str, str | int | float | bool | list[str]]:
    """What the span says, under the names of the GenAI and HTTP conventions."""
    known: dict[str, str | int | float | bool | list[str] | None] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": seen.backend or "sijo",
        "gen_ai.request.model": model,
        "gen_ai.request.stream": True if seen.stream else None,
        "gen_ai.response.model": model if seen.stop is not None else None,
        "gen_ai.response.finish_reasons": finish(seen),
        "gen_ai.response.time_to_first_chunk": (seen.first - seen.began) if seen.stream and seen.first else None,
        "gen_ai.usage.input_tokens": whole_input(seen),
        "gen_ai.usage.cache_read.input_tokens": seen.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": seen.cache_written,
        "gen_ai.usage.output_tokens": seen.output_tokens,
        "error.type": seen.error,
        "http.request.method": seen.method,
        "http.route": MESSAGES,
        "http.response.status_code": seen.status,
        "http.response.header.request-id": [seen.id],
    }
    return {name: value for name, value in known.items() if value is not None}


def whole_input(seen: Seen) -> int | None:
    """As the conventions want it: with what the cache gave and took."""
    if seen.input_tokens is None:
        return None
    return seen.input_tokens + (seen.cache_read or 0) + (seen.cache_written or 0)


def failed(seen: Seen) -> bool:
    """Whether the server is to blame: not for a wrong request, nor for a client who left."""
    return seen.status >= 500 or (seen.status == 200 and seen.error not in (None, LEFT))


def finish(seen: Seen) -> list[str] | None:
    """Why the model stopped; `error` where it began, or should have, and did not end."""
    if seen.stop is not None:
        return [seen.stop]
    return None if 400 <= seen.status < 499 else ["error"]


def traces_url(endpoint: str | None) -> str | None:
    """Where to post spans, from a collector's base URL. None leaves it to the environment."""
    if not endpoint:
        return None
    if not endpoint.startswith(("http://", "https://")):
        raise ConfigError("trace.endpoint must be an http:// or https:// URL, as http://localhost:4318")
    base = endpoint.rstrip("/")
    return base if base.endswith("/v1/traces") else f"{base}/v1/traces"
