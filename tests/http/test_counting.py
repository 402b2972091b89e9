"""Tokens are counted by the engine where it can, by a configured tokenizer where it cannot, and usage says the same."""

import threading
from collections.abc import Iterator

import anthropic
import pytest
from anthropic.types import MessageParam
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from tests.cli.engine import Engine
from tests.serving import Running, serving

CONFIG = """
[[engine]]
name = "words"
kind = "generic"
url = "{url}"
model = "m"
tokenizer = "{tokenizer}"
"""


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over an engine that counts nothing, with a tokenizer for which each word is a token."""
    folder = tmp_path_factory.mktemp("words")
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    with Engine() as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        config = folder / "sijo.toml"
        config.write_text(CONFIG.format(url=f"{engine.url}", tokenizer=folder / "tokenizer.json"))
        with serving(folder, "--config", str(config)) as running:
            yield running
        engine.shutdown()


def test_a_configured_tokenizer_counts(words: Running) -> None:
    client = anthropic.Anthropic(base_url=words.url, api_key="any", max_retries=0)

    def count(text: str) -> int:
        message: MessageParam = {"role": "user", "content": text}
        return client.messages.count_tokens(model="claude-haiku-4-5", messages=[message]).input_tokens

    assert count("one two three four five") - count("one two") == 3
    assert count("안녕 세계 " * 50) - count("안녕 세계") == 98
