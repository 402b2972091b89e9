"""What is wrong is said in the API's way: its envelope, type, status and words, and nothing of what is inside."""

import re
import tomllib
from typing import Any

import anthropic
import pytest

from tests.conformance.engine import REFUSALS
from tests.conformance.talk import Talk, said, user
from tests.conformance.targets import Target, once, over

CASES = tomllib.loads(REFUSALS.read_text("utf-8"))
NOBODY = Target("nobody", "recorded", {"text": "nobody"}, frozenset(), {}, {})
INVALID = "invalid_request_error"


def refusing(case: str) -> Target:
    return Target(f"refuse {case}", "recorded", {"text": f"refuse_{case}"}, frozenset({"seen"}), {}, {})


@once("text")
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "The request body is not valid JSON"),
        (b"{", "The request body is not valid JSON"),
        (b'{"model": "x",}', "The request body is not valid JSON"),
        (b"[]", "The request body must be a JSON object"),
        (b'"text"', "The request body must be a JSON object"),
        (b"null", "The request body must be a JSON object"),
        (b"{}", "model: Field required"),
    ],
    ids=range(7),
)
def test_a_body_that_is_no_request_is_refused(target: Talk, body: bytes, why: str) -> None:
    reply = target.post(body)
    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == INVALID
    assert reply.json()["error"]["message"].startswith(why)


@once("text")
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model": None}, "model: Input should be a valid string"),
        ({"model": ""}, "model: String should have at least 1 character"),
        ({"messages": None}, "messages: Input should be a valid array"),
        ({"messages": "Hello"}, "messages: Input should be a valid array"),
        ({"messages": ["Hello"]}, "messages.0: Input should be an object"),
        ({"messages": [{"content": "a"}]}, "messages.0.role: Field required"),
        ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        ({"messages": [{"role": "king", "content": "a"}]}, 'messages: Unexpected role "king". Allowed roles are'),
        ({"messages": [user({"text": "a"})]}, "messages.0.content.0.type: Field required"),
        ({"messages": [user({"type": "song"})]}, "messages.0.content.0: Input tag 'song' found using 'type' does not"),
        ({"messages": [user({"type": "text"})]}, "messages.0.content.0.text.text: Field required"),
        (
            {"messages": [user({"type": "text", "text": 1})]},
            "messages.0.content.0.text.text: Input should be a valid s",
        ),
        ({"messages": [user("a") | {"bogus": 1}]}, "messages.0.bogus: Extra inputs are not permitted"),
        ({"zzz": 1}, "zzz: Extra inputs are not permitted"),
        ({"stream": "yes"}, "stream: Input should be a valid boolean"),
        ({"temperature": 1.5}, "temperature: range: 0..1"),
        ({"temperature": "hot"}, "temperature: Input should be a valid number"),
        ({"top_p": -0.1}, "top_p: range: 0..1"),
        ({"metadata": {"bogus": 1}}, "metadata.bogus: Extra inputs are not permitted"),
        ({"system": 1}, "system: Input should be a valid "),
        ({"service_tier": "best"}, "service_tier: Input should be 'auto' or 'standard_only'"),
    ],
    ids=range(21),
)
def test_the_first_fault_is_named_with_its_place(target: Talk, changes: dict[str, Any], why: str) -> None:
    reply = target.post(target.body() | changes)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert error["type"] == INVALID
    assert error["message"].startswith(why), error


@once("text")
def test_an_error_has_the_apis_envelope(target: Talk) -> None:
    reply = target.post({})
    body = reply.json()
    assert body.keys() == {"type", "error", "request_id"}
    assert body["error"].keys() == {"type", "message"}
    assert body["request_id"] == reply.headers["request-id"]
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-should-retry"] == "false"


@once("text")
@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/messages/", "/v2/messages", "/v1//messages", "/v1/messages/x/y"])
def test_a_path_that_is_not_there_is_not_found(target: Talk, path: str) -> None:
    reply = target.post(target.body(), path)
    assert reply.status_code == 404
    assert reply.json()["error"]["type"] == "not_found_error"


@once("text")
def test_a_method_that_is_not_there_is_refused(target: Talk) -> None:
    reply = target.http.get("/v1/messages", headers={"x-api-key": "any", "anthropic-version": "2023-06-01"})
    assert reply.status_code == 405
    assert reply.json()["type"] == "error"


@over("text", "strict")
def test_what_the_hosted_api_wants_in_headers_is_wanted_here(target: Talk) -> None:
    bare = {"content-type": "application/json"}
    no_key = target.http.post("/v1/messages", json=target.body(), headers=bare | {"anthropic-version": "2023-06-01"})
    assert (no_key.status_code, no_key.json()["error"]["type"]) == (401, "authentication_error")
    no_version = target.http.post("/v1/messages", json=target.body(), headers=bare | {"x-api-key": "any"})
    assert (no_version.status_code, no_version.json()["error"]["message"]) == (
        400, "anthropic-version: header is required",
    )  # fmt: skip
    odd = target.post(target.body(), anthropic_version="1999-01-01")
    assert odd.status_code == 400
    beta = target.post(target.body(), anthropic_beta="no-such-thing-2020-01-01")
    assert beta.status_code == 400
    assert "`no-such-thing-2020-01-01`" in beta.json()["error"]["message"]
    model = target.post(target.body(model="claude-nonsense-9"))
    assert (model.status_code, model.json()["error"]["message"]) == (404, "model: claude-nonsense-9")


@over("text", "lenient")
def test_what_clients_leave_out_or_bring_is_tolerated_before_an_engine(target: Talk) -> None:
    bare = {"content-type": "application/json"}
    assert target.http.post("/v1/messages", json=target.body(), headers=bare).status_code == 200
    assert target.post(target.body(), anthropic_version="1999-01-01").status_code == 200
    assert target.post(target.body(), anthropic_beta="no-such-thing-2020-01-01").status_code == 200
    new = target.body() | {"brand_new_field": {"a": 1}}
    assert target.post(new, anthropic_beta="no-such-thing-2020-01-01").status_code == 200


@over("text")
def test_the_sdk_raises_the_error_that_it_has_for_it(target: Talk) -> None:
    with pytest.raises(anthropic.BadRequestError):
        target.whole(messages=[])
    with pytest.raises(anthropic.NotFoundError):
        target.client.post("/v1/nothing", cast_to=object)


@over("fails")
def test_a_failure_in_the_middle_of_a_stream_is_an_error_of_the_sdk(target: Talk) -> None:
    with pytest.raises(anthropic.APIStatusError) as failed:
        target.streamed("fails")
    assert failed.value.type in ("api_error", "overloaded_error")


@over("fails")
def test_a_failure_in_the_middle_is_no_answer(target: Talk) -> None:
    with pytest.raises(anthropic.APIStatusError) as failed:
        target.whole("fails")
    assert failed.value.status_code in (500, 529)
    assert failed.value.response.headers["request-id"]


@pytest.mark.parametrize("target", list(map(refusing, CASES)), ids=list(CASES), indirect=True)
def test_what_an_engine_refuses_keeps_its_meaning(target: Talk) -> None:
    case = CASES[target.target.name.split()[1]]
    before = len(target.seen())
    error = target.refused()
    assert (error.status_code, error.type) == (case["is"], case["type"])
    words, more = case["says"].rstrip("*"), case["says"].endswith("*")
    assert said(error).startswith(words) if more else said(error) == words
    assert error.response.headers.get("retry-after") == case.get("retry")
    assert len(target.seen()) - before == 2 * case.get("tries", 1)
    assert "secret" not in said(error)


@pytest.mark.parametrize("target", [NOBODY], ids=["nobody"], indirect=True)
def test_an_engine_that_is_away_is_overloaded(target: Talk) -> None:
    with pytest.raises(anthropic.APIStatusError) as failed:
        target.whole()
    assert failed.value.status_code == 529
    assert failed.value.type == "overloaded_error"
    assert not re.search(r"127\.0\.0\.1|Errno|Traceback", said(failed.value))
