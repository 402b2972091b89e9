"""`python -m tests.live FOLDER`: the tiny models as vLLM and transformers load them, to run the suite over an engine.

No engine of that size is installed for the tests. Who has one starts it on these models and runs the conformance suite
over it, as this program says when it is done; the servers are those of the user, and stay as they are.
"""

import json
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.conformance.servers import LIVE, WINDOWS
from tests.tiny import CONTROL, SPECIAL, TEMPLATES, Shape, vocabulary, weights

SHAPE = Shape(width=256, feed=512)
PORT = 18001
NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
"""The tensors of a GGUF file, as these programs call them."""
SAYS = """
Start an engine for each, at its port:

{engines}

Then, over what is in {config}:

    {variable}={config} pytest tests/conformance -k "llama and not llamacpp"
"""
ENGINE = "    vllm serve {path} --served-model-name {kind} --port {port} --dtype float32 --enforce-eager"
SECTION = """
[[engine]]
name = "{kind}"
kind = "vllm"
url = "http://127.0.0.1:{port}/v1"
model = "{kind}"
"""


def main(folder: Path) -> None:
    engines, sections = [], []
    for port, (kind, window) in enumerate(WINDOWS.items(), PORT):
        path = folder / kind
        path.mkdir(parents=True, exist_ok=True)
        write(path, kind, window)
        engines.append(ENGINE.format(path=path, kind=kind, port=port))
        sections.append(SECTION.format(kind=kind, port=port))
    config = folder / "sijo.toml"
    config.write_text("".join(sections))
    print(SAYS.format(engines="\n".join(engines), config=config, variable=LIVE))


def write(path: Path, kind: str, window: int) -> None:
    """One model: its weights, its tokens, its template. The plain one never ends by itself."""
    tokens, merges = vocabulary()
    made = weights(tokens, "endless" if kind == "plain" else kind, SHAPE)
    save(path / "model.safetensors", {renamed(name): tensor for name, tensor in made.items()})
    end, start = tokens.index("<|im_end|>"), tokens.index("<|endoftext|>")
    texts: dict[str, Any] = {
        "config.json": {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_size": SHAPE.width,
            "num_hidden_layers": SHAPE.layers,
            "num_attention_heads": SHAPE.heads,
            "num_key_value_heads": SHAPE.kv_heads,
            "head_dim": SHAPE.width // SHAPE.heads,
            "intermediate_size": SHAPE.feed,
            "vocab_size": len(tokens),
            "max_position_embeddings": window,
            "rms_norm_eps": 1e-5,
            "hidden_act": "silu",
            "tie_word_embeddings": False,
            "dtype": "float32",
            "bos_token_id": start,
            "eos_token_id": end,
        },
        "generation_config.json": {"eos_token_id": end},
        "tokenizer.json": tokenizer(tokens, merges),
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<|endoftext|>",
            "eos_token": "<|im_end|>",
            "model_max_length": window,
            "chat_template": TEMPLATES[kind],
        },
    }
    for name, content in texts.items():
        (path / name).write_text(json.dumps(content))


def renamed(name: str) -> str:
    """`blk.0.attn_q.weight`, as these programs call it."""
    *layer, part, suffix = name.split(".")
    return f"model.layers.{layer[1]}.{NAMES[part]}.{suffix}" if layer else f"{NAMES[part]}.{suffix}"


def tokenizer(tokens: list[str], merges: list[str]) -> dict[str, Any]:
    """Byte-level BPE, with the special tokens beside it."""
    added = [
        {"id": tokens.index(token), "content": token, "special": at < CONTROL, "normalized": False}
        | dict.fromkeys(("single_word", "lstrip", "rstrip"), False)
        for at, token in enumerate(SPECIAL)
    ]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    plain = {token: at for at, token in enumerate(tokens) if token not in SPECIAL}
    model = {"type": "BPE", "vocab": plain, "merges": merges}
    return {"version": "1.0", "added_tokens": added, "pre_tokenizer": level, "decoder": level, "model": model}


def save(path: Path, tensors: dict[str, npt.NDArray[np.float32]]) -> None:
    """In the format of safetensors: the length of the head, the head as JSON, the numbers."""
    head, at = dict[str, Any](), 0
    for name, tensor in tensors.items():
        head[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": (at, at + tensor.nbytes)}
        at += tensor.nbytes
    text = json.dumps(head).encode()
    path.write_bytes(b"".join((struct.pack("<Q", len(text)), text, *(one.tobytes() for one in tensors.values()))))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
