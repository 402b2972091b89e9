"""Traces, as a real collector receives them over HTTP."""

import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from sijo.config import ConfigError
from sijo.log import Traces
from sijo.log.traces import traces_url, wanted
from tests.log.calls import DOCS, KEY, MODEL, SECRET, call

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector:
    """An OTLP collector that keeps what it gets."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    def spans(self) -> list[Span]:
        found = []
        for body in self.bodies:
            request = ExportTraceServiceRequest()
            request.ParseFromString(body)
            found += [span for one in request.resource_spans for scope in one.scope_spans for span in scope.spans]
        return found


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    made = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def said(span: Span) -> dict[str, object]:
    values = {}
    for one in span.attributes:
        kind = one.value.WhichOneof("value")
        value = getattr(one.value, str(kind))
        values[one.key] = [item.string_value for item in value.values] if kind == "array_value" else value
    return values


async def test_a_message_becomes_a_span_under_its_callers_and_without_content(collector: Collector) -> None:
    traces = Traces(collector.url)
    one = call()
    traces.end(one, 101.5, PARENT)
    await traces.close()
    [span] = collector.spans()
    assert (span.name, span.kind) == (f"chat {MODEL}", Span.SPAN_KIND_SERVER)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == tuple(PARENT.split("-")[1:3])
    assert span.end_time_unix_nano - span.start_time_unix_nano == 1_500_000_000
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert said(span) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "vllm",
        "gen_ai.request.model": MODEL,
        "gen_ai.request.stream": True,
        "gen_ai.response.model": MODEL,
        "gen_ai.response.finish_reasons": ["end_turn"],
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.usage.input_tokens": 22,
        "gen_ai.usage.cache_read.input_tokens": 5,
        "gen_ai.usage.cache_creation.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "http.request.method": "POST",
        "http.route": "/v1/messages",
        "http.response.status_code": 200,
        "http.response.header.request-id": [one.id],
    }
    assert all(f"`{name}`" in DOCS for name in (*said(span), "error.type"))
    assert not any(secret.encode() in body for secret in (KEY, SECRET) for body in collector.bodies)


@pytest.mark.parametrize(
    ("came", "failed", "finish"),
    [
        ({"status": 529, "error": "overloaded_error", "stop": None}, True, ["error"]),
        ({"status": 200, "error": "api_error", "stop": None}, True, ["error"]),
        ({"status": 200, "error": "client_left", "stop": None}, False, ["error"]),
        ({"status": 400, "error": "invalid_request_error", "stop": None, "model": None}, False, None),
    ],
)
async def test_an_error_is_told_by_its_type(
    collector: Collector, came: dict[str, object], failed: bool, finish: list[str] | None
) -> None:
    traces = Traces(collector.url)
    traces.end(call(**came), 101.0)
    await traces.close()
    [span] = collector.spans()
    assert said(span)["error.type"] == came["error"]
    assert said(span).get("gen_ai.response.finish_reasons") == finish
    assert (span.status.code == Status.STATUS_CODE_ERROR) is failed
    assert SECRET.encode() not in collector.bodies[0]


@pytest.mark.parametrize("header", [None, "", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "9" * 9000])
async def test_without_a_sound_traceparent_a_trace_begins_here(collector: Collector, header: str | None) -> None:
    traces = Traces(collector.url)
    traces.end(call(), 101.0, header)
    await traces.close()
    [span] = collector.spans()
    assert span.parent_span_id == b"" and any(span.trace_id)


async def test_a_caller_who_does_not_sample_gets_no_span_and_other_paths_have_none(collector: Collector) -> None:
    traces = Traces(collector.url)
    traces.end(call(), 101.0, PARENT.removesuffix("01") + "00")
    traces.end(call("/health"), 101.0)
    traces.end(call(id="req_last"), 101.0)
    await traces.close()
    assert [said(span)["http.response.header.request-id"] for span in collector.spans()] == [["req_last"]]


def test_traces_are_wanted_when_somebody_says_where_to() -> None:
    assert not wanted(None, {}) and not wanted("", {"OTEL_EXPORTER_OTLP_ENDPOINT": ""})
    assert wanted("http://localhost:4318", {})
    assert wanted(None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"})
    assert traces_url("http://h:1/") == traces_url("http://h:1/v1/traces") == "http://h:1/v1/traces"
    assert traces_url(None) is None
    with pytest.raises(ConfigError, match=r"trace\.endpoint must be"):
        traces_url("localhost:4317")


def test_a_missing_extra_is_named() -> None:
    script = (
        "import sys; sys.modules['opentelemetry'] = None\nimport sijo.log\nsijo.log.Traces('http://localhost:4318')"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.stderr.strip().splitlines()[-1].endswith("is not installed: pip install 'sijo[otel]'")
    assert "ConfigError" in ran.stderr


def test_nothing_of_it_is_imported_before_it_is_wanted() -> None:
    script = "import sys, sijo.log; print([m for m in sys.modules if m.startswith(('opentelemetry', 'prometheus'))])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout.strip() == b"[]"
