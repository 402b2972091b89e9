"""Thinking on a real engine, a llama.cpp with tiny models: budgets hold, prefixes are used again, and a model that
cannot think is led to. `ponder` thinks without end, `think` stops by itself, `plain` does not think at all."""

import re
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from sijo.engine.estimate import tokens
from tests.serving import Running, serving
from tests.thinking.ask import INTERLEAVED, WEATHER, Json, ask, kinds, request, said, text, thinking_tokens, thoughts
from tests.tiny import build

THINKS = {"ponder": True, "think": True, "plain": False}
BUDGET = 1024
SHORT: Json = {"thinking": {"type": "enabled", "budget_tokens": BUDGET}, "max_tokens": BUDGET + 200}
LONG = "the people of paris look for water and oil " * 260
SEAM = 2
"""Tokens at the end of a prompt that may be cut otherwise once a thought follows them."""
CONTINUED = re.compile(r"continued after thinking: (\d+) of (\d+) tokens from the engine's cache")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("engine")
    sections = []
    for name, thinks in THINKS.items():
        path = build(folder / f"{name}.gguf", template=name, context=8192)
        lines = (
            "[[engine]]",
            f'name = "{name}"',
            'kind = "llama"',
            f'path = "{path}"',
            f"thinks = {str(thinks).lower()}",
        )
        sections.append("\n".join((*lines, 'extra = { "cpuparams.n_threads" = 1 }')))
    routes = "\n".join(f"{name} = {name!r}" for name in THINKS)
    config = folder / "sijo.toml"
    config.write_text("\n\n".join([*sections, f"[models]\n{routes}"]))
    with serving(folder, "--config", str(config)) as running:
        yield running


@pytest.fixture
def client(engine: Running) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=engine.url, api_key="any", max_retries=0) as made:
        yield made


def pieces(client: anthropic.Anthropic, asked: str, **fields: Any) -> tuple[list[str], Any]:
    """The thinking chunk by chunk as the engine gave it, and the whole message."""
    with client.messages.stream(**request(asked, **fields)) as stream:
        chunks = [event.thinking for event in stream if event.type == "thinking"]
        return chunks, stream.get_final_message()


@pytest.mark.parametrize("tools", [False, True])
def test_a_thought_without_end_is_cut_at_its_budget(client: anthropic.Anthropic, tools: bool) -> None:
    fields: Json = {**SHORT, "tools": [WEATHER]} if tools else SHORT
    chunks, message = pieces(client, "Tell me of the weather", model="ponder", **fields)
    assert len(chunks) > BUDGET // 4
    assert sum(map(tokens, chunks[:-1])) < BUDGET
    assert kinds(message) == ["thinking", "text"]
    assert text(message)
    assert 0 < thinking_tokens(message) <= message.usage.output_tokens <= BUDGET + 200


def test_the_answer_is_continued_from_the_prefix_that_the_engine_has(
    client: anthropic.Anthropic, engine: Running
) -> None:
    asked = request(LONG, model="ponder", thinking=SHORT["thinking"])
    asked.pop("max_tokens")
    prompt = client.messages.count_tokens(**asked).input_tokens
    assert prompt > 2300
    ask(client, LONG, model="ponder", **SHORT)
    cached, whole = map(int, CONTINUED.findall(engine.log.read_text())[-1])
    assert prompt - SEAM <= cached <= whole


@pytest.mark.parametrize("model", THINKS)
@pytest.mark.parametrize("fields", [{}, {"thinking": {"type": "disabled"}}], ids=["absent", "disabled"])
def test_standard_mode_gives_no_thinking(client: anthropic.Anthropic, model: str, fields: Json) -> None:
    message = ask(client, "Why is the sky so?", model=model, max_tokens=60, **fields)
    assert kinds(message) == ["text"]
    assert thinking_tokens(message) == 0


def test_a_thought_that_ends_by_itself_is_left_alone(client: anthropic.Anthropic, engine: Running) -> None:
    before = len(CONTINUED.findall(engine.log.read_text()))
    message = ask(client, "Why is the sky so?", model="think", **SHORT)
    assert kinds(message)[0] == "thinking"
    assert thinking_tokens(message) < BUDGET
    assert len(CONTINUED.findall(engine.log.read_text())) == before


def test_a_model_that_cannot_think_is_led_through_draft_review_and_revision(client: anthropic.Anthropic) -> None:
    message = ask(client, "Why is the sky so?", model="plain", **SHORT)
    assert kinds(message) == ["thinking", "text"]
    thought = thoughts(message)[0]
    heads = [line for line in thought.thinking.splitlines() if line in ("Draft:", "Review:", "Revision:")]
    assert heads == ["Draft:", "Review:", "Revision:"]
    assert thought.signature
    assert 0 < thinking_tokens(message) <= BUDGET
    assert thinking_tokens(message) <= message.usage.output_tokens <= BUDGET + 200
    assert not any(head in text(message) for head in heads)


def test_an_adaptive_model_on_an_engine_does_not_think_about_a_greeting(client: anthropic.Anthropic) -> None:
    for model in THINKS:
        message = ask(client, "Hello!", model=model, max_tokens=60, thinking={"type": "adaptive"})
        assert kinds(message) == ["text"]


@pytest.mark.parametrize("model", THINKS)
def test_what_an_engine_thought_goes_back_to_it(client: anthropic.Anthropic, model: str) -> None:
    first = ask(client, "Why is the sky so?", model=model, betas=[INTERLEAVED], **SHORT)
    assert kinds(first)[0] == "thinking"
    then = ask(client, "Why is the sky so?", said(first), "Go on", model=model, max_tokens=20)
    assert kinds(then) == ["text"]
    words = request("Why is the sky so?", said(first), "Go on", model=model, **SHORT)
    words["messages"][1]["content"][0]["thinking"] += "!"
    with pytest.raises(anthropic.BadRequestError, match="cannot be modified"):
        client.messages.create(**words)
