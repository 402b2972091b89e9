"""The tools under the SDK's own runners, end to end: the model is a script, all else is real."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from sijo.toolbox import Async, Bash, Editor, Memory
from tests.serving import Running, serving

SCRIPT = Path(__file__).parent / "script.toml"
DONE = "Done: Error: The path /memories/../answer.md is not inside of /memories"


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("scripted")
    with serving(folder, "--model", "simulator", "--scripts", str(SCRIPT)) as running:
        yield running


@pytest.fixture
def client(scripted: Running) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=scripted.url, api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
async def later(scripted: Running) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=scripted.url, api_key="any", max_retries=0) as client:
        yield client


def asked(words: str) -> dict[str, Any]:
    return {
        "model": "claude-opus-5",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": words}],
        "thinking": {"type": "disabled"},
    }


def noted(folder: Path) -> None:
    assert (folder / "answer.txt").read_text() == "43\n"
    assert (folder / "memories/answer.md").read_text() == "It is 42."
    assert not (folder / "answer.md").exists()


def text(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_the_runner_does_it_all(client: anthropic.Anthropic, tmp_path: Path) -> None:
    with Bash(cwd=tmp_path) as bash:
        tools = [bash, Editor(tmp_path), Memory(tmp_path / "memories")]
        runner = client.beta.messages.tool_runner(tools=tools, **asked("Note the answer"))
        messages = list(runner)
    assert [text(message) for message in messages] == ["I look.", "", "", DONE]
    noted(tmp_path)


def test_the_streaming_runner_does_it_all(client: anthropic.Anthropic, tmp_path: Path) -> None:
    with Bash(cwd=tmp_path) as bash:
        tools = [bash, Editor(tmp_path), Memory(tmp_path / "memories")]
        runner = client.beta.messages.tool_runner(tools=tools, stream=True, **asked("Note the answer"))
        inputs, last = [], None
        for stream in runner:
            inputs += [event.partial_json for event in stream if event.type == "input_json"]
            last = stream.get_final_message()
    assert text(last) == DONE
    assert "/memories/answer.md" in "".join(inputs)
    noted(tmp_path)


async def test_the_asynchronous_runner_does_it_all(later: anthropic.AsyncAnthropic, tmp_path: Path) -> None:
    async with Async(Bash(cwd=tmp_path)) as bash:
        tools = [bash, Async(Editor(tmp_path)), Async(Memory(tmp_path / "memories"))]
        runner = later.beta.messages.tool_runner(tools=tools, **asked("Note the answer"))
        assert text(await runner.until_done()) == DONE
    noted(tmp_path)


async def test_the_asynchronous_streaming_runner_does_it_all(later: anthropic.AsyncAnthropic, tmp_path: Path) -> None:
    async with Async(Bash(cwd=tmp_path)) as bash:
        tools = [bash, Async(Editor(tmp_path)), Async(Memory(tmp_path / "memories"))]
        runner = later.beta.messages.tool_runner(tools=tools, stream=True, **asked("Note the answer"))
        last = None
        async for stream in runner:
            last = await stream.get_final_message()
    assert text(last) == DONE
    noted(tmp_path)


def test_a_command_that_hangs_is_told_to_the_model(client: anthropic.Anthropic) -> None:
    with Bash(timeout=0.3) as bash:
        runner = client.beta.messages.tool_runner(tools=[bash], **asked("Hang"))
        assert text(runner.until_done()) == "It hangs."


async def test_who_gives_up_stops_the_command(tmp_path: Path) -> None:
    bash, pipe = Async(Bash(cwd=tmp_path)), tmp_path / "pipe"
    os.mkfifo(pipe)
    running = asyncio.create_task(bash.call({"command": "echo > pipe; sleep 60"}))
    await asyncio.to_thread(pipe.read_text)  # which ends when it has begun
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await bash.call({"command": "echo on"}) == "on"
    await bash.close()
