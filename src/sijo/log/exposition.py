"""Figures in Prometheus' text form, in a registry made for each answer: several servers in a process cannot clash."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from sijo.log.metrics import BUCKETS, Histogram, Row, Snapshot

BOUNDS = [*(f"{bound:g}" for bound in BUCKETS), "+Inf"]


class Exposition(Collector):
    """One snapshot as families of metrics."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        rows = self.snapshot.rows
        yield GaugeMetricFamily("sijo_open_requests", "Requests being answered now.", value=self.snapshot.open)
        yield from counters(rows)
        yield from histograms(rows)


Sums = dict[tuple[str, ...], int]


def counters(rows: list[Row]) -> Iterator[Metric]:
    labels = ["model", "backend"]
    requests = CounterMetricFamily("sijo_requests", "Requests answered.", labels=[*labels, "status", "stream"])
    tokens = CounterMetricFamily("sijo_tokens", "Tokens of messages, by kind.", labels=[*labels, "kind"])
    errors = CounterMetricFamily("sijo_errors", "Errors, in a stream too, by type.", labels=[*labels, "type"])
    engine = CounterMetricFamily(
        "sijo_engine_cached_tokens", "Input that engines had in their own caches.", labels=labels
    )
    mended = CounterMetricFamily(
        "sijo_mended", "Calls and documents repaired, asked again or refused.", labels=[*labels, "kind", "outcome"]
    )
    spent, failed, reused, done = Sums(), Sums(), Sums(), Sums()
    for row in rows:
        requests.add_metric([row.model, row.backend, str(row.status), str(row.stream).lower()], row.requests)
        key: tuple[str, ...] = (row.model, row.backend)
        reused[key] = reused.get(key, 0) + row.reused
        for kind in ("input", "output", "cache_read", "cache_write"):
            key = (row.model, row.backend, kind)
            spent[key] = spent.get(key, 0) + getattr(row, kind)
        for kind, count in row.errors.items():
            key = (row.model, row.backend, kind)
            failed[key] = failed.get(key, 0) + count
        for what, count in row.mended.items():
            kind, _, outcome = what.partition(" ")
            key = (row.model, row.backend, kind, outcome.replace(" ", "_"))
            done[key] = done.get(key, 0) + count
    for family, sums in ((tokens, spent), (engine, reused), (errors, failed), (mended, done)):
        for key, count in sums.items():
            family.add_metric(key, count)
    yield from (requests, tokens, engine, errors, mended)


def histograms(rows: list[Row]) -> Iterator[Metric]:
    first, duration = dict[tuple[str, ...], Histogram](), dict[tuple[str, ...], Histogram]()
    for row in rows:
        key = (row.model, row.backend)
        duration.setdefault((*key, str(row.stream).lower()), Histogram()).add(row.duration)
        if row.stream:
            first.setdefault(key, Histogram()).add(row.first)
    yield family("sijo_first_event_seconds", "Until a stream's first event.", ["model", "backend"], first)
    labels = ["model", "backend", "stream"]
    yield family("sijo_request_duration_seconds", "Until the last byte.", labels, duration)


def family(name: str, text: str, labels: list[str], values: dict[tuple[str, ...], Histogram]) -> Metric:
    made = HistogramMetricFamily(name, text, labels=labels)
    for key, histogram in values.items():
        made.add_metric(key, list(zip(BOUNDS, accumulate(histogram.counts), strict=True)), histogram.sum)
    return made


def expose(snapshot: Snapshot) -> tuple[bytes, str]:
    """The text, and its content type."""
    registry = CollectorRegistry()
    registry.register(Exposition(snapshot))
    return generate_latest(registry), CONTENT_TYPE_LATEST
