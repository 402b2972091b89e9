"""Which thoughts an engine is given again: those of an open turn always, earlier ones as the model has it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import anthropic
import pytest

from tests.cli.engine import TEXT, Engine, called
from tests.serving import Running, serving
from tests.thinking.ask import KEEPS, MANUAL, OLD, WEATHER, Json, ask, brought, kinds, said

THOUGHT = "It must be the weather."
PARIS = "What is the weather in Paris?"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("sent")
    config = folder / "sijo.toml"
    config.write_text(f'[[engine]]\nname = "local"\nkind = "vllm"\nurl = "{engine.url}"\n')
    with serving(folder, "--config", str(config)) as running:
        yield running


@pytest.mark.parametrize(
    ("model", "thinking", "kept"), [(OLD, MANUAL, False), (KEEPS, MANUAL, True), (KEEPS, {"type": "disabled"}, False)]
)
def test_an_engine_is_given_the_thoughts_that_its_model_keeps(
    server: Running, engine: Engine, model: str, thinking: Json, kept: bool
) -> None:
    engine.reset()
    engine.answers = [[{"reasoning": THOUGHT}, called("get_weather", location="Paris")], TEXT]
    with anthropic.Anthropic(base_url=server.url, api_key="any", max_retries=0) as client:
        first = ask(client, PARIS, model=model, thinking=MANUAL, tools=[WEATHER])
        assert kinds(first) == ["thinking", "tool_use"]
        turns: list[Json | str] = [PARIS, said(first), brought(first)]
        ask(client, *turns, model=model, thinking=MANUAL, tools=[WEATHER])
        talk = [one for one in engine.last["messages"] if one["role"] != "system"]
        assert [one.get("reasoning") for one in talk] == [None, THOUGHT, None]
        ask(client, *turns, "And tomorrow?", model=model, thinking=thinking, tools=[WEATHER])
        assert (THOUGHT in str(engine.last)) is kept
