"""A tiny Llama with random weights, written as a GGUF file that llama.cpp loads.

What it says means nothing, but it says it the way a real model does: byte-level BPE, special tokens, a chat template
with tools, an end of turn. A test that needs sense in the answer uses the simulator instead.
"""

from __future__ import annotations

import math
import string
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

SPACE = "\u0120"  # how a byte-level BPE writes it


@dataclass(frozen=True)
class Shape:
    """How large a model is. Some engines take no heads as narrow as those of the default."""

    width: int = 64
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    feed: int = 128


TINY = Shape()
SEED = 20
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>")
CONTROL = 3  # how many of SPECIAL are never shown; the rest are tokens of their own that show as text
WORDS = """
the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not
what all were we when your can said there use an each which she do how their if will up other about out many then
them these so some her would make like him into time has look two more write go see number no way could people my
than first water been call who oil its now find long down day did get come made may part weather paris file hello
sunny name value city location code error answer model token text café naïve Zürich 東京 😀
"""

# How likely a token is, as a logarithm; 0 is an even chance with every other token. Control bytes and halves of letters
# are rare, so that a reply is mostly words. The end is likely enough that most replies end by themselves.
LIKELY = {
    "word": 1.0, "byte": -6.0, "end": 1.8, "never": -30.0, "think": 2.5, "call": 4.5, "called": -2.0, "close": 5.0,
    "mark": 3.0,
}  # fmt: skip
# What is much likelier after one token than elsewhere, where the model calls tools.
THEN = {"}": "</tool_call>", "</tool_call>": "<|im_end|>"}
LIFT = 5.0

_HEAD = """\
{%- if messages[0].role == 'system' %}{% set first = messages[0].content %}{% set rest = messages[1:] %}
{%- else %}{% set first = '' %}{% set rest = messages %}{% endif %}
{%- if tools or first %}
    {{- '<|im_start|>system\\n' + first }}
    {%- if tools %}
        {{- '\\n\\n# Tools\\n\\nThese functions may be called:\\n<tools>' }}
        {%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}
        {{- '\\n</tools>\\n\\nA call is a JSON object with the name and the arguments, within tags:\\n<tool_call>' }}
        {{- '{"name": <the name>, "arguments": <an object>}</tool_call>' }}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in rest %}
    {%- if message.role == 'tool' %}
        {{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' }}
"""
_THOUGHT = """\
        {%- if message.reasoning_content %}
            {{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}
        {%- endif %}
"""
_TAIL = """\
        {%- if message.content %}{{- message.content }}{% endif %}
        {%- for call in message.tool_calls or [] %}
            {%- if not loop.first or message.content %}{{- '\\n' }}{% endif %}
            {{- '<tool_call>{"name": "' + call.function.name + '", "arguments": ' }}
            {%- if call.function.arguments is string %}{{- call.function.arguments }}
            {%- else %}{{- call.function.arguments | tojson }}{% endif %}
            {{- '}</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"""
_OPEN = """
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}
{%- else %}{{- '<think>\\n' }}{% endif %}"""
_END = "{%- endif %}"

TEMPLATES = {
    "plain": _HEAD + _TAIL + _END,
    "think": _HEAD + _THOUGHT + _TAIL + _OPEN + _END,
    "ponder": _HEAD + _THOUGHT + _TAIL + _OPEN + _END,
    "call": _HEAD + _TAIL + _END,
}


def build(path: Path, *, template: str = "plain", context: int = 4096, quotes: bool = False) -> Path:
    """Write the model to `path` and give it back; the same arguments write the same bytes.

    `template` is "plain", "think" (the turn opens with `<think>`, which the model closes sooner or later), "ponder"
    (the same, but it never ends) or "call" (the model is fond of `<tool_call>`). `context` is the window in tokens that
    the file declares. With `quotes` the model is fond of marks, most of those that close: what it writes as JSON ends.
    """
    tokens, merges = vocabulary()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(f"tiny-{template}")
    writer.add_context_length(context)
    writer.add_embedding_length(TINY.width)
    writer.add_block_count(TINY.layers)
    writer.add_feed_forward_length(TINY.feed)
    writer.add_head_count(TINY.heads)
    writer.add_head_count_kv(TINY.kv_heads)
    writer.add_rope_dimension_count(TINY.width // TINY.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(_kinds(tokens))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATES[template])
    for name, tensor in weights(tokens, template, quotes=quotes).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _alphabet() -> list[str]:
    """The letter for each byte in a byte-level BPE: printable bytes stand for themselves, others begin at U+0100."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(spare)) for byte in range(256)]


def vocabulary() -> tuple[list[str], list[str]]:
    """The tokens (bytes, every beginning of a common word, the word after a space, the special ones) and the merges."""
    tokens, merges = _alphabet(), []
    for word in _words():
        pairs = [(word[:end], word[end]) for end in range(1, len(word))] + [(SPACE, word)]
        for left, right in pairs:
            if left + right not in tokens:
                tokens.append(left + right)
                merges.append(f"{left} {right}")
    return [*tokens, *SPECIAL], merges


def _words() -> list[str]:
    alphabet = _alphabet()
    return ["".join(alphabet[byte] for byte in word.encode()) for word in WORDS.split()]


def _kinds(tokens: list[str]) -> list[int]:
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - len(SPECIAL))
    kinds += [gguf.TokenType.CONTROL] * CONTROL
    kinds += [gguf.TokenType.USER_DEFINED] * (len(SPECIAL) - CONTROL)
    return [int(kind) for kind in kinds]


def _bias(tokens: list[str], template: str, quotes: bool) -> npt.NDArray[np.float32]:
    bias = np.zeros(len(tokens), np.float32)
    whole = {SPACE + word for word in _words()}
    for index, token in enumerate(tokens):
        if token in whole:
            bias[index] = LIKELY["word"]
        elif token in SPECIAL:
            bias[index] = LIKELY["never"]
        elif not (token.isascii() and token.isprintable()):
            bias[index] = LIKELY["byte"]
    bias[tokens.index("<|im_end|>")] = LIKELY["end"]
    if template == "think":
        bias[tokens.index("</think>")] = LIKELY["think"]
    if template in ("ponder", "endless"):
        bias[tokens.index("</think>")] = bias[tokens.index("<|im_end|>")] = LIKELY["never"]
    if quotes:
        for token in string.punctuation:
            bias[tokens.index(token)] = LIKELY["close" if token in '"]}\\' else "mark"]
    if template == "call":
        bias[tokens.index("<tool_call>")] = LIKELY["call"]
        bias[tokens.index("</tool_call>")] = LIKELY["called"]
    return bias


def weights(
    tokens: list[str], template: str, shape: Shape = TINY, *, quotes: bool = False
) -> dict[str, npt.NDArray[np.float32]]:
    """Every tensor of the model, by its name in the file.

    A Llama has no bias on its output. Column 0 stands in for one: it is the same in every embedding and no layer writes
    to it, so it leaves the last norm at about 1 whatever was said, and column 0 of the output is added to each logit.
    The next columns are 0 but for one token each: with them the output lifts what comes THEN.
    """
    random = np.random.default_rng(SEED)
    width, feed = shape.width, shape.feed

    def dense(rows: int, columns: int) -> npt.NDArray[np.float32]:
        return (random.standard_normal((rows, columns)) / math.sqrt(columns)).astype(np.float32)

    embedding, output = dense(len(tokens), width) * math.sqrt(width), dense(len(tokens), width)
    kept = 1 + len(THEN)
    embedding[:, :kept] = output[:, :kept] = 0.0
    embedding[:, 0], output[:, 0] = 1.0, _bias(tokens, template, quotes)
    for column, (before, after) in enumerate(THEN.items() if template == "call" else (), 1):
        embedding[tokens.index(before), column] = 1.0
        output[tokens.index(after), column] = LIFT
    tensors = {"token_embd.weight": embedding}
    for layer in range(shape.layers):
        kv = width // shape.heads * shape.kv_heads
        sizes = {
            "attn_q": (width, width),
            "attn_k": (kv, width),
            "attn_v": (kv, width),
            "attn_output": (width, width),
            "ffn_gate": (feed, width),
            "ffn_up": (feed, width),
            "ffn_down": (width, feed),
        }
        for name, size in sizes.items():
            tensors[f"blk.{layer}.{name}.weight"] = dense(*size)
        tensors[f"blk.{layer}.attn_output.weight"][:kept] = 0.0
        tensors[f"blk.{layer}.ffn_down.weight"][:kept] = 0.0
        for name in ("attn_norm", "ffn_norm"):
            tensors[f"blk.{layer}.{name}.weight"] = np.ones(width, np.float32)
    return tensors | {"output_norm.weight": np.ones(width, np.float32), "output.weight": output}
