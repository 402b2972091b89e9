"""What answers here: the simulator, and tiny models of random weights in a llama.cpp, each behind the real server."""

from collections.abc import Iterator

import pytest

from tests.conformance.servers import CALM
from tests.formats.asked import Target
from tests.serving import serving
from tests.tiny import build

WINDOW = 8192
MODELS = {"plain": "claude-haiku-4-5", "think": "claude-sonnet-4-6", "call": "claude-opus-4-5"}
"""Names that clients know something of: they ask some models for schemas in one way and some in another."""


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with serving(tmp_path_factory.mktemp("simulator"), "--model", "simulator") as running:
        yield Target(running.url, *["claude-haiku-4-5"] * 3)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("llama")
    engines = []
    for kind in ("plain", "think", "call"):
        path = build(folder / f"{kind}.gguf", template=kind, context=WINDOW, quotes=True)
        engines.append(f'[[engine]]\nname = "{kind}"\nkind = "llama"\npath = "{path}"\n')
    config = folder / "sijo.toml"
    routes = "".join(f'"{model}*" = "{kind}"\n' for kind, model in MODELS.items())
    config.write_text("\n".join([*engines, "[models]", routes]))
    with serving(folder, "--config", str(config), env=CALM) as running:
        yield Target(running.url, **MODELS)


@pytest.fixture(scope="session", params=["simulator", "llama"])
def target(request: pytest.FixtureRequest) -> Target:
    found: Target = request.getfixturevalue(request.param)
    return found
