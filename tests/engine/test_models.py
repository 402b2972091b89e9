"""The catalogue says for each model what the API says, under each name that clients use for it."""

from datetime import date
from importlib import resources
from typing import get_args

import pytest
from anthropic.types import Model as SdkModel
from anthropic.types import ModelInfo
from anthropic.types.beta import BetaModelInfo

from sijo.engine.models import Model, Models, info, models, read

ALL = ("low", "medium", "high", "xhigh", "max")
TO_HIGH = ("low", "medium", "high")
NO_XHIGH = ("low", "medium", "high", "max")
IDS = [row.id for row in models()]


def row(name: str) -> Model:
    found = models().get(name)
    assert found is not None, f"nobody answers to {name}"
    return found


def always_thinks(model: Model) -> bool:
    """No request can turn its thinking off."""
    return {"disabled", "between_tools"}.isdisjoint(model.thinking)


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("claude-opus-5", "claude-opus-5"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
        ("claude-opus-4-5", "claude-opus-4-5-20251101"),
        ("claude-opus-4-1", "claude-opus-4-1-20250805"),
        ("claude-opus-4-0", "claude-opus-4-20250514"),
        ("claude-sonnet-4-0", "claude-sonnet-4-20250514"),
        ("claude-4-opus-20250514", "claude-opus-4-20250514"),
        ("claude-3-7-sonnet-latest", "claude-3-7-sonnet-20250219"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku-20241022"),
        ("claude-sonnet-4-5-latest", "claude-sonnet-4-5-20250929"),
        ("claude-sonnet-4-5[1m]", "claude-sonnet-4-5-20250929"),
        ("claude-opus-4-6[1M]", "claude-opus-4-6"),
        ("anthropic.claude-opus-5", "claude-opus-5"),
        ("anthropic/claude-opus-5", "claude-opus-5"),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5-20251001"),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1-20250805"),
        ("us-gov.anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-3-7-sonnet-20250219"),
        ("global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0[1m]", "claude-sonnet-4-5-20250929"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5-20251001"),
        ("claude-opus-4@20250514", "claude-opus-4-20250514"),
        ("claude-opus-5@default", "claude-opus-5"),
    ],
)
def test_a_model_answers_to(name: str, id: str) -> None:
    assert row(name).id == id


STRANGERS = [
    "", "generic", "claude", "claude-sonet-4-5", "claude-opus-latest", "claude-opus-5-20250101", "gpt-4o",
    "CLAUDE-OPUS-5", "claude-haiku-4-5@20250101", " claude-opus-5", "claude-opus-5\n", "evil.claude-opus-5",
    "claude-opus-5[2m]", pytest.param("claude-" + "-v1" * 1_000_000, id="3 MB"),
]  # fmt: skip


@pytest.mark.parametrize("name", STRANGERS)
def test_nobody_answers_to(name: str) -> None:
    assert models().get(name) is None


def test_each_id_answers_to_itself() -> None:
    assert [row(id).id for id in IDS] == IDS


def test_every_model_that_the_sdk_names_is_here() -> None:
    named = get_args(get_args(SdkModel)[0])
    assert named
    assert [name for name in named if models().get(name) is None] == []


def test_the_newest_comes_first() -> None:
    days = [date.fromisoformat(model.created) for model in models()]
    assert days == sorted(days, reverse=True)
    assert len(models()) == len(days) == 25
    assert models() is models()


@pytest.mark.parametrize(
    ("name", "context", "output", "in_batches"),
    [
        ("claude-fable-5-2", 1_000_000, 128_000, 128_000),
        ("claude-opus-5-5", 1_000_000, 128_000, 300_000),
        ("claude-haiku-5-5", 1_000_000, 128_000, 300_000),
        ("claude-sonnet-4-6", 1_000_000, 128_000, 300_000),
        ("claude-opus-4-5", 200_000, 64_000, 64_000),
        ("claude-sonnet-4-5", 200_000, 64_000, 64_000),
        ("claude-opus-4-1", 200_000, 32_000, 32_000),
        ("claude-sonnet-4-0", 200_000, 64_000, 64_000),
        ("claude-3-5-haiku-latest", 200_000, 8_192, 8_192),
        ("claude-3-haiku-20240307", 200_000, 4_096, 4_096),
    ],
)
def test_window_and_output(name: str, context: int, output: int, in_batches: int) -> None:
    model, long = row(name), {"output-300k-2026-03-24"}
    assert (model.window(), model.limit(), model.limit(batch=True)) == (context, output, output)
    assert model.limit(long) == output, "the longer output is for batches"
    assert model.limit(long, batch=True) == in_batches


def test_sonnet_3_7_writes_128k_with_its_beta() -> None:
    model = row("claude-3-7-sonnet-20250219")
    assert (model.limit(), model.limit({"output-128k-2025-02-19"})) == (64_000, 128_000)
    assert row("claude-sonnet-4-0").limit({"output-128k-2025-02-19"}) == 64_000


def test_the_million_beta_widens_two_models_and_no_other() -> None:
    wider = {model.id for model in models() if model.window({"context-1m-2025-08-07"}) > model.window()}
    assert wider == {"claude-sonnet-4-20250514", "claude-sonnet-4-5-20250929"}


@pytest.mark.parametrize(
    ("name", "types", "default", "always", "display"),
    [
        ("claude-fable-5-2", {"adaptive"}, "on", True, "omitted"),
        ("claude-mythos-5-2", {"adaptive"}, "on", True, "omitted"),
        ("claude-fable-5-1", {"adaptive"}, "on", True, "omitted"),
        ("claude-mythos-5-1", {"adaptive"}, "on", True, "omitted"),
        ("claude-fable-5", {"adaptive"}, "on", True, "omitted"),
        ("claude-mythos-5", {"adaptive"}, "on", True, "omitted"),
        ("claude-mythos-preview", {"adaptive", "enabled"}, "on", True, "omitted"),
        ("claude-opus-5-5", {"adaptive"}, "on", True, "omitted"),
        ("claude-opus-5", {"adaptive", "disabled"}, "on", False, "omitted"),
        ("claude-opus-4-8", {"adaptive", "disabled"}, "off", False, "omitted"),
        ("claude-opus-4-7", {"adaptive", "disabled"}, "off", False, "omitted"),
        ("claude-opus-4-6", {"adaptive", "enabled", "disabled"}, "off", False, "summarized"),
        ("claude-sonnet-5-5", {"adaptive", "between_tools"}, "on", False, "omitted"),
        ("claude-sonnet-5", {"adaptive", "disabled"}, "on", False, "omitted"),
        ("claude-sonnet-4-6", {"adaptive", "enabled", "disabled"}, "off", False, "summarized"),
        ("claude-haiku-5-5", {"adaptive", "disabled"}, "on", False, "omitted"),
        ("claude-opus-4-5", {"enabled", "disabled"}, "off", False, "summarized"),
        ("claude-sonnet-4-5", {"enabled", "disabled"}, "off", False, "summarized"),
        ("claude-haiku-4-5", {"enabled", "disabled"}, "off", False, "summarized"),
        ("claude-opus-4-1", {"enabled", "disabled"}, "off", False, "summarized"),
        ("claude-3-7-sonnet-20250219", {"enabled", "disabled"}, "off", False, "full"),
    ],
)
def test_thinking(name: str, types: set[str], default: str, always: bool, display: str) -> None:
    model = row(name)
    assert model.thinks
    assert (set(model.thinking), model.thinking_default, always_thinks(model)) == (types, default, always)
    assert model.display == display


def test_haiku_3_does_not_think_and_may_be_told_not_to() -> None:
    for name in ("claude-3-haiku-20240307", "claude-3-5-haiku-20241022"):
        assert not row(name).thinks
        assert row(name).thinking == ("disabled",)


@pytest.mark.parametrize(
    ("name", "levels", "default", "disabled"),
    [
        ("claude-fable-5-2", ALL, "high", ()),
        ("claude-opus-5-5", ALL, "medium", ()),
        ("claude-opus-5", ALL, "high", TO_HIGH),
        ("claude-opus-4-8", ALL, "high", ALL),
        ("claude-opus-4-7", ALL, "high", ALL),
        ("claude-opus-4-6", NO_XHIGH, "high", NO_XHIGH),
        ("claude-sonnet-5-5", ALL, "high", TO_HIGH),
        ("claude-sonnet-5", ALL, "high", ALL),
        ("claude-sonnet-4-6", NO_XHIGH, "high", NO_XHIGH),
        ("claude-haiku-5-5", ALL, "medium", TO_HIGH),
        ("claude-mythos-preview", NO_XHIGH, "high", ()),
        ("claude-opus-4-5", TO_HIGH, "high", TO_HIGH),
        ("claude-sonnet-4-5", (), None, ()),
        ("claude-haiku-4-5", (), None, ()),
        ("claude-opus-4-1", (), None, ()),
    ],
)
def test_effort(name: str, levels: tuple[str, ...], default: str | None, disabled: tuple[str, ...]) -> None:
    model = row(name)
    assert (model.effort, model.effort_default, model.effort_disabled) == (levels, default, disabled)


def having(fact: str, value: object) -> set[str]:
    return {model.id for model in models() if getattr(model, fact) == value}


def of(*names: str) -> set[str]:
    return {row(name).id for name in names}


FABLES = {"claude-fable-5", "claude-fable-5-1", "claude-fable-5-2"}
FABLES_MYTHOS = FABLES | {name.replace("fable", "mythos") for name in FABLES}
OLDEST = of("claude-3-haiku-20240307", "claude-3-5-haiku-20241022")
GEN_3 = OLDEST | of("claude-3-7-sonnet-20250219")
GEN_4_0 = of("claude-sonnet-4-0", "claude-opus-4-0")
UP_TO_4_1 = GEN_3 | GEN_4_0 | of("claude-opus-4-1")
GEN_4_5 = of("claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5")
UP_TO_4_5 = UP_TO_4_1 | GEN_4_5
GEN_4_6 = of("claude-opus-4-6", "claude-sonnet-4-6")
AT_5 = {"claude-opus-5-5", "claude-opus-5", "claude-opus-4-8"}
SMALL_5 = {"claude-sonnet-5-5", "claude-haiku-5-5"}
SINCE_5_1 = FABLES_MYTHOS - {"claude-fable-5", "claude-mythos-5"} | {"claude-opus-5-5", "claude-sonnet-5-5"}
FACTS: list[tuple[str, object, set[str]]] = [
    ("prefill", True, UP_TO_4_5),
    ("sampling", "free", GEN_3 | GEN_4_0),
    ("sampling", "either", GEN_4_6 | GEN_4_5 | of("claude-opus-4-1")),
    ("forced_tools", False, SINCE_5_1 | {"claude-mythos-preview"}),
    ("high_res", False, UP_TO_4_5 | GEN_4_6),
    ("tokenizer", "classic", UP_TO_4_5 | GEN_4_6),
    ("overflow", "shrink", OLDEST),
    ("overflow", "error", UP_TO_4_1 - OLDEST),
    ("interleaved", "never", GEN_3),
    ("interleaved", "header", UP_TO_4_5 - GEN_3),
    ("interleaved", "both", {"claude-sonnet-4-6"}),
    ("keeps_thinking", "last", UP_TO_4_5 - of("claude-opus-4-5")),
    ("context_aware", True, of("claude-sonnet-4-5", "claude-haiku-4-5", "claude-sonnet-4-6", "claude-sonnet-5")),
    ("task_budget", True, FABLES_MYTHOS | AT_5 | {"claude-opus-4-7"}),
    ("system_messages", True, FABLES_MYTHOS | AT_5 | SMALL_5 | {"claude-sonnet-5"}),
    ("message_effort", True, SINCE_5_1 | {"claude-opus-5"}),
    ("progress", True, SINCE_5_1),
    ("binding", "prefix", {"claude-fable-5-1", "claude-opus-5-5"} | SMALL_5),
    ("binding", "model", {"claude-mythos-5-1"}),
    ("binding", "strict", {"claude-fable-5-2", "claude-mythos-5-2"}),
    ("cache_minimum", 4096, of("claude-opus-4-6", "claude-opus-4-5", "claude-haiku-4-5")),
    ("cache_minimum", 2048, OLDEST | {"claude-opus-4-7", "claude-mythos-preview"}),
    ("cache_minimum", 512, FABLES_MYTHOS | SMALL_5 | {"claude-opus-5", "claude-opus-5-5"}),
    ("structured_outputs", False, GEN_3 | GEN_4_0),
    ("tool_search", False, UP_TO_4_1),
    ("programmatic", False, UP_TO_4_1 | of("claude-haiku-4-5")),
    ("compact", False, UP_TO_4_5),
    ("web_search", False, {"claude-3-haiku-20240307"}),
    ("code_execution", False, {"claude-3-haiku-20240307"}),
    ("citations", False, {"claude-3-haiku-20240307"}),
    ("context_edits", False, GEN_3),
    ("geo", False, UP_TO_4_5),
    ("pdf_pages", 100, UP_TO_4_5),
    ("image_count", 100, UP_TO_4_5),
    ("fast_mode", "yes", AT_5),
    ("fast_mode", "ignored", {"claude-opus-4-6"}),
    ("opens", ("speed",), {"claude-opus-5-5"}),
    ("lifecycle", "deprecated", of("claude-sonnet-4-5")),
    ("lifecycle", "retired", UP_TO_4_1 | {"claude-mythos-preview"}),
]


@pytest.mark.parametrize(("fact", "value", "ids"), FACTS)
def test_the_models_with_this_fact_are(fact: str, value: object, ids: set[str]) -> None:
    assert having(fact, value) == ids


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("claude-opus-5", (286, 406)),
        ("claude-opus-4-8", (290, 410)),
        ("claude-opus-4-7", (675, 804)),
        ("claude-sonnet-4-6", (497, 589)),
        ("claude-haiku-4-5", (496, 588)),
        ("claude-opus-4-1", (346, 313)),
        ("claude-sonnet-5", (354, 474)),
        ("claude-3-5-haiku-20241022", (264, 340)),
    ],
)
def test_hidden_tool_prompt(name: str, tokens: tuple[int, int]) -> None:
    assert row(name).tool_prompt == tokens


@pytest.mark.parametrize(
    ("kind", "yes", "no"),
    [
        ("computer_20241022", [], IDS),
        ("computer_20250124", ["claude-3-7-sonnet-latest", "claude-haiku-4-5"], ["claude-opus-4-5", "claude-opus-5"]),
        (
            "computer_20251124",
            ["claude-opus-4-5", "claude-sonnet-5", "claude-fable-5-1"],
            ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-2", "claude-sonnet-4-5"],
        ),
        (
            "computer_toolset_20260801",
            ["claude-opus-4-8", "claude-haiku-5-5", "claude-fable-5"],
            ["claude-opus-4-7", "claude-sonnet-4-6"],
        ),
        ("text_editor_20250124", ["claude-3-7-sonnet-latest"], ["claude-sonnet-4-0"]),
        ("text_editor_20250429", ["claude-sonnet-4-0", "claude-opus-4-8"], ["claude-opus-5"]),
        ("text_editor_20250728", ["claude-opus-5-5", "claude-haiku-4-5"], ["claude-3-7-sonnet-latest"]),
        ("memory_20250818", ["claude-opus-4-0"], ["claude-3-7-sonnet-latest"]),
        ("bash_20250124", ["claude-fable-5-2"], ["claude-3-5-haiku-latest"]),
        ("custom", IDS, []),
    ],
)
def test_client_tools(kind: str, yes: list[str], no: list[str]) -> None:
    assert [name for name in yes if kind in row(name).unsupported_tools] == []
    assert [name for name in no if kind not in row(name).unsupported_tools] == []


@pytest.mark.parametrize("id", IDS)
def test_a_row_does_not_contradict_itself(id: str) -> None:
    model = row(id)
    assert set(model.effort_disabled) <= set(model.effort)
    assert (model.effort_default is None) is (not model.effort)
    assert model.effort_default is None or model.effort_default in model.effort
    assert bool(model.effort_disabled) is (bool(model.effort) and not always_thinks(model))
    assert model.limit() <= model.window()
    assert (model.raised_output == 0) or (model.raised_by != "" and model.raised_output > model.max_output)
    assert not set(model.tools) & set(model.unsupported_tools)
    assert (model.retires_at is None) is (model.lifecycle == "active")
    assert model.thinking_default == "off" or model.thinks
    assert model.line is not None and model.line in model.id and model.line.title() in model.name


def test_an_engines_own_model_takes_everything() -> None:
    model = models().generic("qwen3", 32_768, 8_192)
    assert (model.id, model.name, model.context, model.max_output) == ("qwen3", "qwen3", 32_768, 8_192)
    assert set(model.thinking) == {"adaptive", "enabled", "disabled", "between_tools"}
    assert model.effort == model.effort_disabled == ALL
    assert (model.prefill, model.sampling, model.forced_tools, model.system_messages) == (True, "free", True, True)
    assert model.unsupported_tools == ()
    assert model.window({"context-1m-2025-08-07"}) == 32_768


@pytest.mark.parametrize("id", IDS)
def test_the_sdk_reads_the_models_api_object(id: str) -> None:
    model = row(id)
    for betas, kind in (((), ModelInfo), (("compact-2026-09-04",), BetaModelInfo)):
        said = info(model, betas=betas)
        parsed = kind.model_validate(said)
        assert parsed.to_dict(mode="json", exclude_unset=True) == said
        assert (parsed.model_extra, parsed.lifecycle) == ({}, model.lifecycle)
        assert parsed.created_at.date() == date.fromisoformat(model.created)


def test_the_models_api_object_of_opus_4_8() -> None:
    yes, no = {"supported": True}, {"supported": False}
    assert info(row("claude-opus-4-8")) == {
        "type": "model",
        "id": "claude-opus-4-8",
        "display_name": "Claude Opus 4.8",
        "created_at": "2026-05-28T00:00:00Z",
        "max_input_tokens": 1_000_000,
        "max_tokens": 128_000,
        "capabilities": {
            "batch": yes,
            "citations": yes,
            "code_execution": yes,
            "image_input": yes,
            "pdf_input": yes,
            "structured_outputs": yes,
            "context_management": {
                "supported": True,
                "clear_tool_uses_20250919": yes,
                "clear_thinking_20251015": yes,
                "compact_20260112": yes,
            },
            "effort": {"supported": True, "low": yes, "medium": yes, "high": yes, "xhigh": yes, "max": yes},
            "thinking": {
                "supported": True,
                "types": {"adaptive": yes, "enabled": no, "disabled": yes, "between_tools": no},
            },
            "server_tools": {"supported": True, "web_search": yes, "code_execution": yes},
        },
        "lifecycle": "active",
        "line": "opus",
        "deprecated_at": None,
        "retires_at": None,
    }


def test_what_the_engine_holds_is_told_in_place_of_what_is_promised() -> None:
    assert info(row("claude-opus-5"), context=32_768)["max_input_tokens"] == 32_768


def test_capabilities_of_haiku_4_5_as_the_hosted_api_tells_them() -> None:
    said = ModelInfo.model_validate(info(row("claude-haiku-4-5"))).capabilities
    assert said is not None
    assert (said.code_execution.supported, said.server_tools.code_execution.supported) == (False, True)
    assert (said.effort.supported, said.effort.high.supported) == (False, False)
    assert said.context_management.compact_20260112 is not None
    assert said.context_management.compact_20260112.supported is False


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('like = "claude-3-haiku-20240307"', 'like = "claude-opus-5"', "does not stand above it"),
        ("cache_minimum = 2048", "cache_minimun = 2048", "keys that .defaults. lacks: cache_minimun"),
        ('overflow = "shrink"', 'overflow = "shrimp"', "Invalid enum value 'shrimp'"),
        ('aliases = ["claude-opus-4-0"', 'aliases = ["claude-sonnet-4-0"', "two models answer to claude-sonnet-4-0"),
    ],
)
def test_a_mistake_in_the_catalogue_is_told(old: str, new: str, complaint: str) -> None:
    text = (resources.files("sijo") / "data/models.toml").read_text("utf-8")
    assert old in text
    with pytest.raises(ValueError, match=complaint):
        Models(*read(text.replace(old, new, 1)))
