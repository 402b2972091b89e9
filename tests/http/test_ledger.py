"""Turns that end badly, and servers that do: what of them is in the ledger."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from pathlib import Path

import anthropic
import asyncpg
import pytest

from tests.databases import fresh
from tests.http.turns import COST, SCRIPT, USAGE, results, rows, say, settled
from tests.http.waiting import until
from tests.replies import text
from tests.serving import Running, serving, sijo

SERVER = ("--model", "simulator", "--scripts", str(SCRIPT))


def client_of(running: Running) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=running.url, api_key="any", max_retries=0)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with serving(tmp_path, *SERVER) as running:
        yield running


def test_what_clients_are_told_is_what_reports_say(tmp_path: Path) -> None:
    """Not scripted: a conversation that grows, and is cached each second time."""
    told: dict[str, int] = dict.fromkeys(("input_tokens", "output_tokens", "cache_read_input_tokens", "5m", "1h"), 0)
    messages: list[anthropic.types.MessageParam] = []
    system: list[anthropic.types.TextBlockParam] = [
        {"type": "text", "text": "Be brief. " * 2000, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    ]
    with serving(tmp_path, "--model", "simulator") as running, client_of(running) as client:
        for number in range(6):
            messages.append({"role": "user", "content": f"What is {number} + 7? " + "And think of the weather. " * 50})
            with client.messages.stream(
                model="claude-opus-4-8",
                max_tokens=300,
                system=system,
                messages=messages,
                cache_control={"type": "ephemeral"} if number % 2 else None,
            ) as stream:
                message = stream.get_final_message()
            messages.append({"role": "assistant", "content": text(message)})
            usage = message.usage
            assert usage.cache_creation is not None
            told["5m"] += usage.cache_creation.ephemeral_5m_input_tokens
            told["1h"] += usage.cache_creation.ephemeral_1h_input_tokens
            for name in ("input_tokens", "output_tokens", "cache_read_input_tokens"):
                told[name] += getattr(usage, name)
        settled(running, 6)
        found = results(running, USAGE)
        cents = sum(Decimal(one["amount"]) for one in results(running, COST))
    assert min(told.values()) > 0
    assert sum(one["uncached_input_tokens"] for one in found) == told["input_tokens"]
    assert sum(one["output_tokens"] for one in found) == told["output_tokens"]
    assert sum(one["cache_read_input_tokens"] for one in found) == told["cache_read_input_tokens"]
    assert sum(one["cache_creation"]["ephemeral_5m_input_tokens"] for one in found) == told["5m"]
    assert sum(one["cache_creation"]["ephemeral_1h_input_tokens"] for one in found) == told["1h"]
    million = {"input_tokens": 5, "output_tokens": 25, "cache_read_input_tokens": 0.5, "5m": 6.25, "1h": 10}
    assert cents == sum(told[name] * Decimal(price) for name, price in million.items()) / 10_000


@pytest.mark.parametrize(
    ("model", "asked", "told", "cents"),
    [
        ("claude-opus-4-8", "fast", "fast", "3.5"),
        ("claude-opus-4-8", "standard", "standard", "1.75"),
        ("claude-opus-4-8", None, "standard", "1.75"),
        ("claude-opus-4-6", "fast", "standard", "1.75"),  # which ignores it
    ],
)
def test_a_turn_has_the_price_of_its_speed(
    running: Running, model: str, asked: str | None, told: str, cents: str
) -> None:
    """1,000 tokens read, 500 written: for 5 and 25 dollars a million, or for twice as much."""
    beta = {"anthropic-beta": "fast-mode-2026-02-01"}
    with client_of(running) as client:
        usage = say(client, "plain", model, extra_body={"speed": asked} if asked else {}, extra_headers=beta).usage
        begun = next(iter(say(client, "plain", model, stream=True, extra_body={"speed": asked}, extra_headers=beta)))
    assert [getattr(one, "speed", None) for one in (usage, begun.message.usage)] == [told, told]
    settled(running, 2)
    amounts = sum(Decimal(one["amount"]) for one in results(running, COST))
    assert amounts == 2 * Decimal(cents)
    [usage] = results(running, USAGE, beta, group_by=["speed"])
    assert (usage["speed"], usage["output_tokens"]) == (told, 1000)


def test_a_client_who_left_in_the_middle_pays_for_what_was_said(running: Running) -> None:
    with client_of(running) as client:
        stream = say(client, "slow", stream=True)
        for event in stream:
            if event.type == "content_block_delta":
                break
        stream.close()
        settled(running, 1)
    (row,) = rows(running)
    assert (row["stop"], row["error"], row["status"]) == (None, "client_left", 200)
    assert 0 < row["output"] < 10
    assert row["input"] > 0
    assert row["cost"] == row["input"] * 5_000_000 + row["output"] * 25_000_000


def test_a_client_who_did_not_wait_for_the_whole_pays_too(running: Running) -> None:
    with client_of(running) as client, pytest.raises(anthropic.APITimeoutError):
        say(client, "slow", timeout=1.5)
    settled(running, 1)
    (row,) = rows(running)
    assert (row["stop"], row["error"], row["status"]) == (None, "client_left", 499)
    assert 0 < row["output"] < 10


def test_a_stream_that_broke_is_in_it_and_a_turn_that_failed_at_once_is_not(running: Running) -> None:
    with client_of(running) as client:
        with pytest.raises(anthropic.APIStatusError):
            say(client, "refused")
        with pytest.raises(anthropic.APIStatusError):
            list(say(client, "broken", stream=True))
        with pytest.raises(anthropic.APIStatusError):
            say(client, "broken")
        say(client, "plain")
        settled(running, 3)
    found = [(row["error"], row["status"], row["stop"]) for row in rows(running)]
    assert found == [
        ("overloaded_error", 200, None),
        ("overloaded_error", 529, None),
        (None, 200, "end_turn"),
    ]
    assert all(row["output"] > 0 and row["input"] > 0 for row in rows(running))


def test_sigterm_loses_no_turn(running: Running) -> None:
    with client_of(running) as client, ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: say(client, "plain"), range(100)))
        assert running.stop() == 0
    assert {row["message"] for row in rows(running)} == {reply.id for reply in replies}


def test_sigterm_loses_no_turn_of_several_workers(tmp_path: Path) -> None:
    with serving(tmp_path, *SERVER, "--workers", "2") as running:
        with client_of(running) as client, ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: say(client, "plain"), range(100)))
            running.stop()
        assert {row["message"] for row in rows(running)} == {reply.id for reply in replies}


def test_a_stream_that_sigterm_cuts_is_in_it(tmp_path: Path) -> None:
    with serving(tmp_path, *SERVER, env={"SIJO_GRACE": "1"}) as running:
        with client_of(running) as client:
            stream = iter(say(client, "slow", stream=True))
            next(event for event in stream if event.type == "content_block_delta")
            running.stop()
        (row,) = rows(running)
        assert row["output"] > 0
        assert row["stop"] is None


def test_kill_9_loses_the_last_second_at_most(running: Running) -> None:
    with client_of(running) as client:
        replies = [say(client, "plain") for _ in range(50)]
        time.sleep(1.0)
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
    assert {row["message"] for row in rows(running)} == {reply.id for reply in replies}


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        with serving(tmp_path, *SERVER) as running:
            with client_of(running) as client:
                say(client, "plain")
            running.stop()
    with serving(tmp_path, *SERVER) as running:
        assert sum(one["output_tokens"] for one in results(running, USAGE)) == 1000
        assert sum(float(one["amount"]) for one in results(running, COST)) == 3.5


def test_two_replicas_on_one_database_report_the_same(address: str, tmp_path: Path) -> None:
    flags = (*SERVER, "--database", address)
    with serving(tmp_path / "one", *flags) as one, serving(tmp_path / "two", *flags) as two:
        for running in (one, two, two):
            with client_of(running) as client:
                say(client, "cached")
        total = {1500: "output_tokens", 150_000: "cache_read_input_tokens"}
        for running in (one, two):
            for amount, name in total.items():
                until(partial(reported, running, name, amount), f"{amount} {name}")


def reported(running: Running, name: str, amount: int) -> bool | None:
    return True if sum(one[name] for one in results(running, USAGE)) == amount else None


def test_a_database_that_is_held_up_holds_nobody_up_and_loses_nothing(running: Running) -> None:
    with sqlite3.connect(running.log.parent / "data" / "sijo.db") as link, client_of(running) as client:
        link.execute("BEGIN IMMEDIATE")
        replies = [say(client, "plain") for _ in range(30)]
        assert rows(running) == []
        link.rollback()
        settled(running, 30)
    link.close()
    assert {row["message"] for row in rows(running)} == {reply.id for reply in replies}


async def test_connections_that_break_lose_nothing_and_count_nothing_twice(postgres: str, tmp_path: Path) -> None:
    address, other = await fresh(postgres), await asyncpg.connect(postgres)
    name = address.rpartition("/")[2]
    with serving(tmp_path, *SERVER, "--database", address) as running, client_of(running) as client:
        for _ in range(40):
            await asyncio.to_thread(say, client, "plain")
            await other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        assert await asyncio.to_thread(running.stop) == 0
    await other.close()
    link = await asyncpg.connect(address)
    assert await link.fetchval("SELECT COUNT(*) FROM turns") == 40
    assert await link.fetchval("SELECT SUM(output) FROM rollups WHERE width = 3600") == 40 * 500
    await link.close()


def test_the_ledger_can_be_switched_off(tmp_path: Path) -> None:
    with serving(tmp_path, *SERVER, env={"SIJO_LEDGER": "false"}) as running:
        with client_of(running) as client:
            say(client, "plain")
        running.stop()
        assert rows(running) == []


def test_a_wrong_price_stops_the_server_with_its_name(tmp_path: Path) -> None:
    settings = tmp_path / "sijo.toml"
    settings.write_text('[prices."qwen3"]\ninput = -1\noutput = 1\n')
    command = ["serve", "--model", "simulator", "--config", str(settings), "--data-dir", str(tmp_path), "--port", "0"]
    done = sijo(*command)
    assert done.returncode == 1
    assert "sijo: prices.qwen3: a price is between 0 and 1000" in done.stderr
