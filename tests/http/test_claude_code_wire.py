"""What Claude Code sends, posted without it, in front of an engine that keeps what it is asked."""

import base64
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from tests.cli.engine import TEXT, WINDOW, Engine
from tests.cli.shapes import BETAS, MARK, Json, asked, attribution, call, events, post, result, text, tool, used, user
from tests.serving import Running, serving

FONT = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica"}


@pytest.fixture(scope="module")
def served() -> Iterator[Engine]:
    with Engine() as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        yield engine
        engine.shutdown()


@pytest.fixture(scope="module")
def fronted(served: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("wire"), "--model", f"vllm+{served.url}#local") as running:
        yield running


@pytest.fixture
def engine(served: Engine) -> Engine:
    served.reset()
    return served


def said(engine: Engine) -> list[tuple[str, str]]:
    """What the engine was last sent: role and text of each message."""
    return [(message["role"], spoken(message.get("content"))) for message in engine.last["messages"]]


def spoken(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if part["type"] == "text")
    return str(content or "")


def picture() -> str:
    """A PNG, in base64."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def paper(words: str) -> str:
    """A PDF with one page that says something, in base64."""
    writer, font, stream, out = PdfWriter(), DictionaryObject(), DecodedStreamObject(), io.BytesIO()
    page = writer.add_blank_page(200, 200)
    font.update({NameObject(f"/{key}"): NameObject(f"/{name}") for key, name in FONT.items()})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F"): font})})
    stream.set_data(f"BT /F 12 Tf 20 100 Td ({words}) Tj ET".encode())
    page[NameObject("/Contents")] = stream
    writer.write(out)
    return base64.b64encode(out.getvalue()).decode()


# ---- what reaches the engine ----


def test_the_attribution_changes_nothing(fronted: Running, engine: Engine) -> None:
    """Its first system block names the client and the conversation: the engine must read the same prompt without it."""
    rest = asked()["system"][1:]
    for system in ([attribution("0a1"), *rest], [attribution("ffe"), *rest], rest):
        assert events(post(fronted, asked(system=system)), "message_stop")
    first, second, without = engine.bodies
    assert first == second == without
    assert b"x-anthropic-billing-header" not in first and b"Work in the repository." in first


def test_only_the_first_system_block_is_attribution(fronted: Running, engine: Engine) -> None:
    """The same words elsewhere are the user's own."""
    line = attribution("0a1")["text"]
    post(fronted, asked(user(text(line)), system=[text("Work."), text(line)]))
    assert engine.bodies[-1].count(b"x-anthropic-billing-header") == 2


def test_system_messages_inside_stay_where_they_stand(fronted: Running, engine: Engine) -> None:
    """As a string, as it sends old ones, or as blocks with a cache mark, as it sends the last one."""
    reply = post(
        fronted,
        asked(
            {"role": "system", "content": "# Environment"},
            {"role": "assistant", "content": [used("Read", file_path="a.py")]},
            user(result(text("1\tx = 1"))),
            {"role": "system", "content": [text("9000 tokens left", cache_control=MARK)]},
        ),
    )
    assert events(reply, "message_stop")
    roles = [role for role, _ in said(engine)]
    assert roles.count("system") == 1 and roles[:3] == ["system", "user", "assistant"]
    whole = json.dumps(engine.last["messages"])
    places = [whole.index(words) for words in ("Fix the typo.", "# Environment", "a.py", "x = 1", "9000 tokens left")]
    assert places == sorted(places)
    assert "# Environment" in said(engine)[1][1] and "<system-reminder>" in said(engine)[1][1]


def test_deferred_tools_are_shown_once_found(fronted: Running, engine: Engine) -> None:
    found = [
        {"role": "assistant", "content": [used("ToolSearch", query="select:WebFetch", max_results=5)]},
        user(result({"type": "tool_reference", "tool_name": "WebFetch"}), text("Tool loaded.")),
    ]
    bodies = []
    for more in ([], found):
        assert events(post(fronted, asked(*more)), "message_stop")
        bodies.append(engine.last)
    before, after = bodies
    assert [entry["function"]["name"] for entry in before["tools"]] == ["Bash", "Read", "ToolSearch", "call_found_tool"]
    assert after["tools"] == before["tools"]
    assert after["messages"][: len(before["messages"])] == before["messages"]
    assert '"name":"WebFetch"' in after["messages"][-2]["content"]


def test_pictures_and_documents_in_results(fronted: Running, engine: Engine) -> None:
    """Read brings an image alone, and a PDF after a line of text."""
    image = {"type": "image", "source": {"type": "base64", "data": picture(), "media_type": "image/png"}}
    source = {"type": "base64", "media_type": "application/pdf", "data": paper("Page of words")}
    reply = post(
        fronted,
        asked(
            {"role": "assistant", "content": [used("Read", "toolu_01"), used("Read", "toolu_02")]},
            user(
                {"tool_use_id": "toolu_01", "type": "tool_result", "content": [image]},
                result(text("PDF file read: one.pdf"), {"type": "document", "source": source}, id="toolu_02"),
            ),
        ),
    )
    assert events(reply, "message_stop")
    whole = json.dumps(engine.last["messages"])
    assert f"data:image/png;base64,{picture()}" in whole and source["data"] not in whole
    assert 0 < whole.index("PDF file read: one.pdf") < whole.index("Page of words")
    answers = [message["tool_call_id"] for message in engine.last["messages"] if message["role"] == "tool"]
    assert answers == ["toolu_01", "toolu_02"]


def test_a_failed_tool_is_told(fronted: Running, engine: Engine) -> None:
    failed = {"type": "tool_result", "content": "No such file.", "is_error": True, "tool_use_id": "toolu_01"}
    assert events(post(fronted, asked({"role": "assistant", "content": [used("Read")]}, user(failed))), "message_stop")
    assert any(role == "tool" and "No such file." in words for role, words in said(engine))


def test_only_what_an_engine_knows_is_sent_on(fronted: Running, engine: Engine) -> None:
    post(fronted, asked(safeguards=[{"type": "dangerous_tool_use", "classifier_context": {"v": 1}}]))
    assert not engine.last.keys() & {"safeguards", "context_management", "output_config", "metadata", "system"}
    assert "classifier_context" not in engine.bodies[-1].decode()


def test_the_answer_is_cut_to_the_window(fronted: Running, engine: Engine) -> None:
    """It asks for 128,000 tokens of its newest models, whatever the window of the engine behind them is."""
    reply = post(fronted, asked(model="claude-opus-5-5", max_tokens=128_000))
    assert events(reply, "message_stop")
    assert 0 < engine.last["max_tokens"] < WINDOW


# ---- thinking ----

THOUGHT = [{"reasoning_content": "Look at "}, {"reasoning_content": "the file."}, *TEXT]


@pytest.mark.parametrize(
    ("model", "thinking", "shown"),
    [
        ("my-local-model", {"type": "adaptive", "display": "omitted"}, ""),
        ("my-local-model", {"type": "adaptive", "display": "updates"}, ""),
        ("my-local-model", {"type": "adaptive", "display": "summarized"}, "Look at the file."),
        ("claude-sonnet-4-5", {"type": "enabled", "budget_tokens": 31999, "display": "updates"}, ""),
        ("claude-sonnet-4-5", {"type": "enabled", "budget_tokens": 31999, "display": "omitted"}, ""),
        ("claude-sonnet-4-5", {"type": "adaptive", "display": "summarized"}, "Look at the file."),
    ],
)
def test_thinking_is_shown_as_asked(fronted: Running, engine: Engine, model: str, thinking: Json, shown: str) -> None:
    engine.answers = [THOUGHT]
    reply = post(fronted, asked(model=model, thinking=thinking))
    assert [event["content_block"]["type"] for event in events(reply, "content_block_start")] == ["thinking", "text"]
    deltas = [event["delta"] for event in events(reply, "content_block_delta")]
    assert "".join(delta.get("thinking", "") for delta in deltas) == shown
    assert [bool(delta["signature"]) for delta in deltas if delta["type"] == "signature_delta"] == [True]
    assert "".join(delta.get("text", "") for delta in deltas) == "All done."


def test_thinking_comes_back(fronted: Running, engine: Engine) -> None:
    """Ours, signed by another server, and with the empty signature that it gives a block that came without one."""
    engine.answers = [THOUGHT]
    deltas = [event["delta"] for event in events(post(fronted, asked()), "content_block_delta")]
    signature = next(delta["signature"] for delta in deltas if delta["type"] == "signature_delta")
    for thinking, signed in (("", signature), ("Elsewhere.", "c2lnbmVkIGJ5IGFub3RoZXI="), ("Unsigned.", "")):
        block = {"type": "thinking", "thinking": thinking, "signature": signed}
        reply = post(fronted, asked({"role": "assistant", "content": [block, used("Read")]}, user(result(text("x")))))
        assert events(reply, "message_stop")
        assert b"Elsewhere." not in engine.bodies[-1] and b"Unsigned." not in engine.bodies[-1]


# ---- what comes back ----


def test_a_call_streams_as_json_pieces(fronted: Running, engine: Engine) -> None:
    """It reads a tool's input from `input_json_delta` alone, never from where the block starts."""
    given = '{"command": "ls", "description": "Look"}'
    first = {"index": 0, "id": "c1", "type": "function", "function": {"name": "Bash", "arguments": given[:9]}}
    rest = {"index": 0, "function": {"arguments": given[9:]}}
    engine.answers = [[{"tool_calls": [first]}, {"tool_calls": [rest]}]]
    reply = post(fronted, asked())
    (start,) = events(reply, "content_block_start")
    assert start["content_block"] == {"type": "tool_use", "name": "Bash", "input": {}} | {
        "id": start["content_block"]["id"], **({"caller": c} if (c := start["content_block"].get("caller")) else {})
    }  # fmt: skip
    pieces = [event["delta"]["partial_json"] for event in events(reply, "content_block_delta")]
    assert json.loads("".join(pieces)) == json.loads(given)
    assert events(reply, "message_delta")[0]["delta"]["stop_reason"] == "tool_use"


def test_no_verdict_is_made_up(fronted: Running, engine: Engine) -> None:
    """It asks for a check of risky tool calls. Without a classifier there is none to give, not even `not_flagged`."""
    safeguards = [{"type": "dangerous_tool_use", "classifier_context": {"v": 1, "permission_mode": "auto"}}]
    betas = f"{BETAS},dangerous-tool-use-2026-09-03,afk-mode-2026-01-31"
    reply = post(fronted, asked(safeguards=safeguards), anthropic_beta=betas)
    (end,) = events(reply, "message_delta")
    assert set(end["delta"]) <= {"stop_reason", "stop_sequence", "stop_details", "container"}
    assert b"safeguard" not in reply.body and b"flagged" not in reply.body


def test_nothing_was_cleared(fronted: Running, engine: Engine) -> None:
    (end,) = events(post(fronted, asked()), "message_delta")
    assert end.get("context_management", {"applied_edits": []}) == {"applied_edits": []}


@pytest.mark.parametrize("stream", [True, False])
def test_a_prompt_that_is_too_long(fronted: Running, engine: Engine, stream: bool) -> None:
    """These words make it compact the conversation, whatever words the engine used."""
    engine.refusal = (
        400,
        f"This model's maximum context length is {WINDOW} tokens. However, your request has 52000 input tokens. "
        "Please reduce the length of the input messages.",
    )
    reply = post(fronted, asked(stream=stream))
    assert reply.status == 400 and reply.json["error"]["type"] == "invalid_request_error"
    assert reply.json["error"]["message"].startswith("prompt is too long: ")
    assert f"> {WINDOW} maximum" in reply.json["error"]["message"]


def test_a_picture_that_nobody_can_see(served: Engine, tmp_path: Path) -> None:
    """These words make it take the picture out and go on; others end the session, for the picture stays in it."""
    image = {"type": "image", "source": {"type": "base64", "data": picture(), "media_type": "image/png"}}
    body = asked({"role": "assistant", "content": [used("Read")]}, user(result(image)))
    with serving(tmp_path, "--model", f"deepseek+{served.url}#local") as blind:
        reply = post(blind, body)
    assert reply.status == 400 and "Could not process image" in reply.json["error"]["message"]


# ---- around it ----


def test_counting_is_as_for_its_context_view(fronted: Running, engine: Engine) -> None:
    """A word, with no tools and then with one: the difference is what it shows as the tool's price. Tools that are
    deferred have none, but for the one that calls them all."""
    counts = []
    deferred = [tool(name, defer_loading=True) for name in ("WebFetch", "WebSearch")]
    for tools in ([], [tool("Bash")], [tool("Bash"), *deferred[:1]], [tool("Bash"), *deferred]):
        body = {"model": "claude-opus-5-5", "messages": [{"role": "user", "content": "foo"}], "tools": tools}
        betas = "claude-code-20250219,interleaved-thinking-2025-05-14,token-counting-2024-11-01"
        reply = call(fronted.url, "/v1/messages/count_tokens?beta=true", body, anthropic_beta=betas)
        assert reply.status == 200, reply.body
        counts.append(reply.json["input_tokens"])
    assert 0 < counts[0] < counts[1] < counts[2] == counts[3] < counts[1] + 80
    assert engine.bodies == []


def test_it_finds_the_server(fronted: Running) -> None:
    reply = call(fronted.url, "/api/hello", None, "HEAD", x_api_key=None, anthropic_version=None)
    assert (reply.status, reply.body) == (200, b"")


def test_models_fit_on_a_page(fronted: Running) -> None:
    """It offers those with `claude` in their names; an engine's own model is there too."""
    reply = call(fronted.url, "/v1/models?limit=1000", None, "GET", authorization="Bearer any", anthropic_beta=None)
    assert reply.status == 200 and reply.json["has_more"] is False
    names = [model["id"] for model in reply.json["data"]]
    assert "claude-opus-5-5" in names and "local" in names
    assert all(isinstance(model["display_name"], str) for model in reply.json["data"])


def test_a_beta_of_tomorrow_is_logged_once(fronted: Running, engine: Engine) -> None:
    for _ in range(3):
        assert events(post(fronted, asked(), anthropic_beta=f"{BETAS},never-heard-of-2027-01-01"), "message_stop")
    assert sum("never-heard-of-2027-01-01" in line for line in fronted.lines()) == 1


def test_a_field_of_tomorrow_is_left_out(fronted: Running, engine: Engine) -> None:
    assert events(post(fronted, asked(never_heard_of={"a": 1})), "message_stop")
    assert b"never_heard_of" not in engine.bodies[-1]


def test_either_credential_opens(tmp_path: Path) -> None:
    """With a key and a token in its environment it sends both; one of them is enough."""
    with serving(tmp_path, "--model", "simulator", "--lenient", env={"SIJO_KEYS": "right"}) as running:
        assert post(running, asked(), x_api_key="right", authorization="Bearer other").status == 200
        assert post(running, asked(), x_api_key="other", authorization="Bearer right").status == 200
        assert post(running, asked(), x_api_key="other", authorization="Bearer none").status == 401


def test_strictly_it_is_told_what_to_leave_out(simulator: Running) -> None:
    """In these words it finds what to drop, and tries again."""
    betas = f"{BETAS},never-heard-of-2027-01-01"
    reply = post(simulator, asked(model="claude-opus-5"), anthropic_beta=betas)
    assert reply.status == 400
    expected = "Unexpected value(s) `never-heard-of-2027-01-01` for the `anthropic-beta` header"
    assert reply.json["error"]["message"].startswith(expected)
    inside = asked({"role": "system", "content": "# Environment"}, model="claude-sonnet-4-5")
    inside["thinking"] = {"type": "enabled", "budget_tokens": 31999}
    reply = post(simulator, inside)
    assert reply.status == 400
    assert reply.json["error"]["message"] == "messages.1.role: Input should be 'user' or 'assistant'"
