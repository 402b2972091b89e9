"""Which engine answers at an address, which models it has and how long their windows are."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sijo.backends.discover import Found, discover, look
from sijo.backends.engines import engines
from sijo.backends.upstream import Upstream
from tests.backends.raw import CLOSE, HANG, Asked, Steps, engine, plain, refusal


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    yield made
    await made.close()


def paths(**answers: Any) -> Any:
    """An engine that knows these paths, in which `/` is written `_`."""

    def reply(asked: Asked) -> Steps:
        answer = answers.get(asked.path.strip("/").replace("/", "_"))
        return plain(answer) if answer is not None else refusal(404)

    return reply


def listed(*models: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": list(models)}


ENGINES = [
    ("vllm", paths(v1_models=listed({"id": "a", "owned_by": "vllm", "max_model_len": 8192},
                                    {"id": "b", "owned_by": "vllm", "max_model_len": 4096})), {"a": 8192, "b": 4096}),
    ("sglang", paths(v1_models=listed({"id": "a", "owned_by": "sglang", "max_model_len": 8192}),
                     api_tags={"models": []}), {"a": 8192}),
    ("llamacpp", paths(v1_models=listed({"id": "a", "owned_by": "llamacpp", "meta": {"n_ctx": 4096}}),
                       props={"default_generation_settings": {"n_ctx": 2048}}), {"a": 2048}),
    ("llamacpp", paths(v1_models=listed({"id": "a", "owned_by": "llamacpp", "meta": {"n_ctx": 4096}}),
                       props={"default_generation_settings": {"n_ctx": 0}}), {"a": 4096}),
    ("ollama", paths(v1_models=listed({"id": "a", "owned_by": "library"}, {"id": "b", "owned_by": "library"}),
                     api_version={"version": "0.12"}, api_ps={"models": [{"name": "a", "context_length": 4096}]}),
     {"a": 4096, "b": None}),
    ("lmstudio", paths(v1_models=listed({"id": "a", "owned_by": "organization_owner"}),
                       api_v0_models={"data": [{"id": "a", "max_context_length": 4096}]}), {"a": 4096}),
    ("generic", paths(v1_models=listed({"id": "a"})), {"a": None}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reply", "models"), ENGINES)
async def test_an_engine_is_told_by_what_it_answers(
    upstream: Upstream, name: str, reply: Any, models: dict[str, int | None]
) -> None:
    async with engine(reply=reply) as to:
        assert await look(upstream, to.url) == Found(engines()[name], to.url, models)
        assert await look(upstream, f"http://127.0.0.1:{to.port}") == Found(engines()[name], to.url, models)


CLAUDE = {"data": [{"type": "model", "id": "claude-opus-5"}], "has_more": False}


@pytest.mark.parametrize(
    "reply",
    [
        lambda _: refusal(404),
        lambda _: refusal(401),
        lambda _: plain(b"<html>hello", kind="text/html"),
        lambda _: plain({"error": "Unexpected endpoint"}),
        lambda _: plain([1, 2, 3]),
        lambda _: plain(listed({"id": 3}, {"name": "x"})),
        lambda _: plain(listed()),
        lambda _: plain(CLAUDE),
        lambda _: [b"SSH-2.0-OpenSSH\r\n", CLOSE],
        lambda _: plain(b'{"object":"list","data":[' + b" " * 5_000_000),
    ],
)
async def test_a_stranger_is_no_engine(upstream: Upstream, reply: Any) -> None:
    async with engine(reply=reply) as to:
        assert await look(upstream, to.url) is None


async def test_a_key_is_shown_to_the_address_that_it_was_given_for(upstream: Upstream) -> None:
    async with engine(reply=paths(v1_models=listed({"id": "a"}))) as to:
        await look(upstream, to.url, key="sk-1")
        assert {asked.headers["authorization"] for asked in to.asked} == {"Bearer sk-1"}


async def test_an_address_under_a_path_has_its_models_there(upstream: Upstream) -> None:
    async with engine(reply=paths(proxy_v1_models=listed({"id": "a"}))) as to:
        url = f"http://127.0.0.1:{to.port}/proxy/v1"
        assert await look(upstream, url) == Found(engines()["generic"], url, {"a": None})


async def test_all_that_answer_are_found_and_the_silent_are_not_waited_for(upstream: Upstream) -> None:
    async with engine([HANG]) as silent, engine(reply=ENGINES[0][1]) as one, engine(reply=ENGINES[4][1]) as two:
        async with engine([CLOSE]) as closed:
            pass
        found = await discover(upstream, ports=[silent.port, one.port, closed.port, two.port], budget=1)
        assert [(each.engine.name, each.url) for each in found] == [("vllm", one.url), ("ollama", two.url)]
        assert silent.heard.is_set()


async def test_no_ports_no_engines(upstream: Upstream) -> None:
    assert await discover(upstream, ports=[]) == []
