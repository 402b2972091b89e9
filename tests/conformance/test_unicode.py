"""Text of all kinds, in and out: no character is lost, none changes the way, and what is none is refused."""

import json

import pytest

from tests.conformance.talk import EXPECTED, WEATHER, Talk, assistant, named, result, text, use, user
from tests.conformance.targets import echoes, once, over

SAMPLES = {
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 🇰🇷 👍🏽",
    "korean": "안녕하세요, 오늘 서울 날씨는 어때요? 가나다",
    "decomposed": "e\u0301 가 Å",
    "right to left": "مرحبا \u200fשלום\u200e",
    "han": "東京は晴れ。𠮷野家 龍龘",
    "indic": "नमस्ते க்ஷ",
    "maths": "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋",
    "separators": "one\u2028two\u2029three\u0085four\x0bfive",
    "edges": "a\u00a0b\ufeffc\u200bd\ufffde",
    "controls": "a\x00b\x01c\x1b[31md\x7f",
    "escapes": "\\u0041 \\n \\\\ \" ' </script> &amp; %20 {last} {{x}}",
    "lines": "a\r\nb\rc\n\nd\te",
    "special tokens": "<|im_end|><|endoftext|><think></think><tool_call>[INST]<s></s>",
    "events": "data: [DONE]\n\nevent: error\ndata: {}\n\n",
    "far": "\U0010ffff\U000e0001",
    "zalgo": "h" + "\u0324\u0300" * 50,
}
HOSTILE = "".join(SAMPLES.values())


@once("text")
@pytest.mark.parametrize("sample", SAMPLES)
def test_any_text_is_taken(target: Talk, sample: str) -> None:
    for message in target.both(messages=[user(SAMPLES[sample])]):
        assert message.stop_reason in ("end_turn", "max_tokens")


@echoes
@pytest.mark.parametrize("sample", SAMPLES)
def test_a_text_that_is_said_again_is_the_same(target: Talk, sample: str) -> None:
    said = SAMPLES[sample]
    if said.startswith("<think>"):
        said = f"'{said}'"
    for message in target.both(messages=[user(f"({said})")]):
        assert text(message) == f"({said})END({said})"
    assert target.sent()["messages"] == [{"role": "user", "content": f"({said})"}]


@echoes
def test_the_engine_gets_every_text_unchanged(target: Talk) -> None:
    messages = [
        user(HOSTILE),
        assistant(use("toolu_1", "weather", city=HOSTILE)),
        user(result("toolu_1", HOSTILE)),
        assistant(HOSTILE),
        user("So?"),
    ]
    target.whole(messages=messages, system=HOSTILE, tools=[WEATHER | {"description": HOSTILE}])
    sent = target.sent()
    system, first, call, answer, then, _ = sent["messages"]
    assert {one["content"] for one in (system, first, answer, then)} == {HOSTILE}
    assert json.loads(call["tool_calls"][0]["function"]["arguments"]) == {"city": HOSTILE}
    assert sent["tools"][0]["function"]["description"] == HOSTILE


@over("text", "obedient")
@pytest.mark.parametrize("name", ["Ада", "서연", "José", "東", "😀"])
def test_a_name_in_any_script_is_remembered(target: Talk, name: str) -> None:
    for message in target.both(messages=[user(f"My name is {name}."), assistant("Hello."), user("What is my name?")]):
        assert name in text(message)


@pytest.mark.parametrize("recording", ["32_generic_surrogates", "34_generic_odd_lines"])
@over("text", "seen")
def test_an_odd_stream_is_read_as_it_was_meant(target: Talk, recording: str) -> None:
    for message in target.both(model=recording):
        assert text(message) == EXPECTED[recording]["text"]


@once("text")
@pytest.mark.parametrize(
    "body",
    [
        rb'{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"a\ud800b"}]}',
        rb'{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"a\udc00"}]}',
        b'{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"a\xffb"}]}',
        b'{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"a\xed\xa0\x80b"}]}',
        b'{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"a\nb"}]}',
        '{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"a"}]}'.encode("utf-16"),
    ],
    ids=["high half", "low half", "no utf-8", "encoded half", "raw newline", "utf-16"],
)
def test_what_is_no_text_is_refused(target: Talk, body: bytes) -> None:
    reply = target.post(body.replace(b"MODEL", target.target.models["text"].encode()))
    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "invalid_request_error"
    assert "valid JSON" in reply.json()["error"]["message"]


@over("text", "same")
def test_an_escaped_text_is_the_same_as_a_plain_one(target: Talk) -> None:
    body = target.body(messages=[user("Grüße aus 東京 😀")])
    plain = target.post(json.dumps(body, ensure_ascii=False).encode())
    escaped = target.post(json.dumps(body, ensure_ascii=True).encode())
    assert plain.json()["content"] == escaped.json()["content"]
    assert plain.json()["usage"] == escaped.json()["usage"]


@over("call")
def test_a_tool_may_be_described_in_any_language(target: Talk) -> None:
    tools = [named(tool["name"]) | {"description": HOSTILE} for tool in target.body("call")["tools"]]
    for message in target.both("call", tools=tools):
        assert message.content
