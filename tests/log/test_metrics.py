"""Metrics: the right figures under labels that stay few, and the same from any worker."""

import os
import time
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from sijo.log import Metrics
from sijo.log.metrics import ALIVE, BUCKETS, STALE, Snapshot
from tests.log.calls import DOCS, MODEL, call, samples

KNOWN = {MODEL}
SPENT = ("input", "output", "cache_read", "cache_write")


def files(folder: Path) -> list[Path]:
    """What workers have written."""
    return list(folder.glob("*/*.json"))


def test_a_request_is_counted_under_its_labels() -> None:
    metrics = Metrics(KNOWN)
    for _ in range(3):
        metrics.begin()
    metrics.end(call(), 101.5)
    metrics.end(call(status=529, error="overloaded_error", stream=False, output_tokens=None), 100.01)
    text, kind = metrics.render()
    found = samples(text)
    assert kind.startswith("text/plain")
    assert found["sijo_open_requests",] == 1
    assert found["sijo_requests_total", "vllm", MODEL, "200", "true"] == 1
    assert found["sijo_requests_total", "vllm", MODEL, "529", "false"] == 1
    assert found["sijo_errors_total", "vllm", MODEL, "overloaded_error"] == 1
    tokens = {kind: found["sijo_tokens_total", "vllm", kind, MODEL] for kind in SPENT}
    assert tokens == {"input": 10, "output": 3, "cache_read": 5, "cache_write": 7}
    assert found["sijo_engine_cached_tokens_total", "vllm", MODEL] == 12
    assert found["sijo_first_event_seconds_count", "vllm", MODEL] == 1
    assert found["sijo_first_event_seconds_sum", "vllm", MODEL] == pytest.approx(0.25)
    assert found["sijo_request_duration_seconds_sum", "vllm", MODEL, "true"] == pytest.approx(1.5)
    names = {family.name for family in text_string_to_metric_families(text.decode())}
    assert all(f"`{name}" in DOCS for name in names)


def test_what_was_mended_is_counted_by_kind_and_outcome() -> None:
    metrics = Metrics(KNOWN)
    for mended in ({"call repaired": 2, "call asked again": 1}, {"call repaired": 1, "document refused": 1}, {}):
        metrics.end(call(mended=mended), 101.5)
    found = samples(metrics.render()[0])
    counted = {key[2:]: value for key, value in found.items() if key[0] == "sijo_mended_total"}
    assert counted == {
        ("call", MODEL, "repaired"): 3,
        ("call", MODEL, "asked_again"): 1,
        ("document", MODEL, "refused"): 1,
    }


def test_buckets_hold_what_is_at_most_their_bound() -> None:
    metrics = Metrics(KNOWN)
    for seconds in (0.0, BUCKETS[1], BUCKETS[1] * 1.01, BUCKETS[-1] * 2):
        metrics.end(call(began=0.0, first=None), seconds)
    found = samples(metrics.render()[0])
    cumulated = {key[2]: value for key, value in found.items() if key[0] == "sijo_request_duration_seconds_bucket"}
    assert [cumulated[bound] for bound in ("0.005", "0.01", "0.02", f"{BUCKETS[-1]:g}", "+Inf")] == [1, 2, 3, 3, 4]
    assert ("sijo_first_event_seconds_count", "vllm", MODEL) in found
    assert found["sijo_first_event_seconds_count", "vllm", MODEL] == 0


def test_names_that_clients_make_up_share_one_label() -> None:
    metrics = Metrics(KNOWN)
    for number in range(50):
        metrics.end(call(model=f'x"\n{number}'), 101.0)
    metrics.end(call(model=None, backend=None), 101.0)
    found = samples(metrics.render()[0])
    assert found["sijo_requests_total", "vllm", "other", "200", "true"] == 50
    assert found["sijo_requests_total", "none", "none", "200", "true"] == 1
    assert sum(key[0] == "sijo_requests_total" for key in found) == 2


def test_errors_that_an_upstream_makes_up_share_one_label() -> None:
    metrics = Metrics(KNOWN)
    for number in range(100):
        metrics.end(call(error="overloaded_error"), 101.0)
        metrics.end(call(error=f"made_up_{number}"), 101.0)
    errors = {key[-1]: count for key, count in samples(metrics.render()[0]).items() if key[0] == "sijo_errors_total"}
    assert len(errors) < 40 and sum(errors.values()) == 200
    assert errors["overloaded_error"] == 100 and errors["other"] > 50


def test_counting_tokens_spends_none() -> None:
    metrics = Metrics(KNOWN)
    metrics.end(call("/v1/messages/count_tokens", output_tokens=None, cache_read=None, stream=False), 101.0)
    assert samples(metrics.render()[0])["sijo_tokens_total", "vllm", "input", MODEL] == 0


def test_servers_in_one_process_do_not_share_figures() -> None:
    one, two = Metrics(KNOWN), Metrics(KNOWN)
    one.end(call(), 101.0)
    assert ("sijo_requests_total", "vllm", MODEL, "200", "true") in samples(one.render()[0])
    assert ("sijo_requests_total", "vllm", MODEL, "200", "true") not in samples(two.render()[0])


async def test_any_worker_tells_the_sum_and_it_never_goes_back(tmp_path: Path) -> None:
    one, two = Metrics(KNOWN, tmp_path / "metrics"), Metrics(KNOWN, tmp_path / "metrics")
    one.start()
    two.start()
    told = []
    for asked in (one, two, two, one):
        one.begin()
        one.end(call(), 101.0)
        told.append(samples(asked.render()[0])["sijo_requests_total", "vllm", MODEL, "200", "true"])
    assert told[0] == 1 and told == sorted(told) and told[-1] == 4
    two.begin()
    two.close()
    assert samples(one.render()[0])["sijo_open_requests",] == 1
    one.close()


async def test_a_dead_worker_leaves_its_counts_but_no_open_requests(tmp_path: Path) -> None:
    dead, alive = Metrics(KNOWN, tmp_path), Metrics(KNOWN, tmp_path)
    dead.start()
    dead.begin()
    dead.end(call(), 101.0)
    dead.begin()
    dead.close()
    [file] = files(tmp_path)
    left = msgspec.json.decode(file.read_bytes(), type=Snapshot)
    left.written -= ALIVE + 1
    file.write_bytes(msgspec.json.encode(left))
    found = samples(alive.render()[0])
    assert found["sijo_requests_total", "vllm", MODEL, "200", "true"] == 1
    assert found["sijo_open_requests",] == 0


async def test_earlier_runs_do_not_count_and_are_removed_once_they_are_over(tmp_path: Path) -> None:
    old, other = tmp_path / "old", tmp_path / "other"
    for run in (old, other):
        run.mkdir()
        (run / "1-ab.json").write_bytes(msgspec.json.encode(Snapshot(time.time(), 7, [])))
    for path in (old / "1-ab.json", old):
        os.utime(path, (time.time() - STALE - 1,) * 2)
    metrics = Metrics(KNOWN, tmp_path)
    metrics.start()
    assert samples(metrics.render()[0])["sijo_open_requests",] == 0
    metrics.close()
    assert not old.exists() and other.exists()


async def test_a_run_keeps_its_dead_however_long_ago_they_died(tmp_path: Path) -> None:
    dead = Metrics(KNOWN, tmp_path)
    dead.start()
    dead.end(call(), 101.0)
    dead.close()
    [file] = files(tmp_path)
    for path in (file, file.parent):
        os.utime(path, (time.time() - STALE - 1,) * 2)
    late = Metrics(KNOWN, tmp_path)
    late.start()
    assert samples(late.render()[0])["sijo_requests_total", "vllm", MODEL, "200", "true"] == 1
    late.close()


async def test_figures_that_cannot_be_written_stop_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics(KNOWN, tmp_path)
    metrics.start()
    [file] = files(tmp_path)
    file.unlink()
    file.parent.rmdir()
    metrics.end(call(), 101.0)
    for _ in range(2):
        assert samples(metrics.render()[0])["sijo_requests_total", "vllm", MODEL, "200", "true"] == 1
    metrics.close()
    assert caplog.text.count("cannot be written") == 1
