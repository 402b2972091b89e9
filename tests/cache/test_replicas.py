"""Several engines behind one model, through the real server: a conversation keeps to one while that can be reached."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anthropic
import msgspec
import pytest

from sijo.app.engines import Pools, catalog_of
from sijo.config import ConfigError, EngineSection, Settings
from tests.serving import Running, serving

TALKS = 12


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    """Two servers over the simulator, each of which says who it is."""
    with ExitStack() as stack:
        found = []
        for name in ("one", "two"):
            folder = tmp_path_factory.mktemp(name)
            script = folder / "script.toml"
            script.write_text(f'[[rules]]\nanswers = "{name}"\n')
            found.append(stack.enter_context(serving(folder, "--model", "simulator", "--scripts", str(script))))
        yield found


@pytest.fixture
def server(engines: list[Running], tmp_path: Path) -> Iterator[Running]:
    sections = [
        f'[[engine]]\nname = "{name}"\nkind = "anthropic"\nurl = "{running.url}"\nkey = "any"\nsigns = false\n'
        for name, running in zip("ab", engines, strict=True)
    ]
    config = tmp_path / "sijo.toml"
    config.write_text("\n".join([*sections, '[models]\n"claude-*" = ["a", "b"]\n']))
    with serving(tmp_path, "--config", str(config)) as running:
        yield running


def said(client: anthropic.Anthropic, messages: list[Any]) -> str:
    message = client.messages.create(model="claude-opus-4-8", max_tokens=5, messages=messages)
    [block] = message.content
    assert block.type == "text"
    return block.text


def test_conversations_keep_to_their_engine_until_it_is_away(server: Running, engines: list[Running]) -> None:
    with anthropic.Anthropic(base_url=server.url, api_key="any", max_retries=0) as client:
        talks: list[list[Any]] = [[{"role": "user", "content": f"Question {n}"}] for n in range(TALKS)]
        first = [said(client, talk) for talk in talks]
        assert set(first) == {"one", "two"}
        for talk in talks:
            talk += [{"role": "assistant", "content": "Answer"}, {"role": "user", "content": "And?"}]
        assert [said(client, talk) for talk in talks] == first
        engines[0].stop()
        assert {said(client, talk) for talk in talks} == {"two"}
    server.stop()
    lines = [msgspec.json.decode(line) for line in server.lines() if '"/v1/messages"' in line]
    assert {line["backend"] for line in lines} == {"a+b"}
    assert {line["status"] for line in lines} == {200}


WRONG: dict[str, tuple[dict[str, str | tuple[str, ...]], str]] = {
    "an engine that is not there": ({"*": ("a", "c")}, "models.*: no engine is named c"),
    "none": ({"*": ()}, "models.*: must name one engine, or several different ones"),
    "one twice": ({"*": ("a", "a")}, "models.*: must name one engine, or several different ones"),
    "engines that differ": ({"*": ("a", "sim")}, "models.*: a and sim differ in what they can do"),
}


@pytest.mark.parametrize(("routes", "words"), WRONG.values(), ids=list(WRONG))
def test_what_cannot_be_replicas_is_refused_at_the_start(routes: dict[str, str | tuple[str, ...]], words: str) -> None:
    sections = [EngineSection(name=name, kind="vllm", url="http://127.0.0.1:9/v1", model="m") for name in "ab"]
    settings = Settings(engine=(*sections, EngineSection(name="sim", kind="simulator")), models=routes)
    with pytest.raises(ConfigError) as refused:
        catalog_of(settings, Pools())
    assert str(refused.value) == words


def test_the_engines_own_model_is_served_by_all_of_them() -> None:
    sections = [
        EngineSection(name=name, kind="vllm", url="http://127.0.0.1:9/v1", model="qwen3", context=context)
        for name, context in (("a", 9000), ("b", 8000))
    ]
    catalog = catalog_of(Settings(engine=tuple(sections), models={"claude-*": ("a", "b")}), Pools())
    served = catalog.find("qwen3")
    assert (served.backend.name, served.context) == ("a+b", 8000)
    assert [one.model.id for one in catalog].count("qwen3") == 1
    assert catalog.find("claude-opus-4-8").context == 8000
