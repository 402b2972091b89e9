"""Which backend answers for which model: the map from what clients ask for to what is there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec

from sijo.engine.models import Model, Models
from sijo.engine.turn import Backend
from sijo.errors import NotFound

UNKNOWN_WINDOW = 131_072
"""Tokens assumed for an engine's own model when the engine does not tell its window."""


class Served(msgspec.Struct, frozen=True):
    """A model as it is served here: what its name promises, who answers, and the window that there really is."""

    model: Model
    backend: Backend
    context: int
    strict: bool = False
    real: int | None = None
    """The window of the engine itself, where it is known: it may be more than is promised."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A backend, the ids that it knows itself (each with its window, or None), and how strictly it is fronted."""

    backend: Backend
    own: Mapping[str, int | None]
    strict: bool = False


class Catalog:
    """`routes` are names of models, or patterns of their ids (`claude-haiku-*`), in order, each with an engine's name;
    the first that fits wins."""

    def __init__(
        self,
        models: Models,
        engines: Mapping[str, Engine],
        routes: Sequence[tuple[str, str]],
        *,
        refuse_retired: bool = False,
    ) -> None:
        self.models = models
        self.engines = engines
        self.routes = [(known.id if (known := models.get(name)) else name, engine) for name, engine in routes]
        self.refuse_retired = refuse_retired
        self.strict = all(engine.strict for engine in engines.values())
        """How a request is treated before its model is known: strictly only where everything is."""
        self._found: dict[str, Served] = {}

    def find(self, name: str) -> Served:
        """Who serves a model. Raises the API's 404 for an id that nothing serves."""
        served = self._found.get(name)
        if served is None:
            served = self._look(name)
            if len(self._found) < 1024:  # names come from outside: what is remembered stays bounded
                self._found[name] = served
        return served

    def __iter__(self) -> Iterator[Served]:
        """All that is served, newest first; engines' own ids after the API's."""
        for model in self.models:
            if self._engine(model.id) is not None and not self._refused(model):
                yield self.find(model.id)
        for own in dict.fromkeys(own for engine in self.engines.values() for own in engine.own):
            if self.models.get(own) is None:
                yield self.find(own)

    def _look(self, name: str) -> Served:
        known = self.models.get(name)
        for engine in self.engines.values():
            if name in engine.own and known is None:
                return self._serve(self._generic(name, engine.own[name]), engine, name)
        engine_name = self._engine(known.id if known else name)
        if engine_name is None or (known is not None and self._refused(known)):
            raise NotFound(f"model: {name}")
        engine = self.engines[engine_name]
        if known is None and engine.strict:
            raise NotFound(f"model: {name}")
        return self._serve(known or self._generic(name, None), engine, None)

    def _generic(self, name: str, context: int | None) -> Model:
        window = context or UNKNOWN_WINDOW
        return self.models.generic(name, window, window)

    def _serve(self, model: Model, engine: Engine, own: str | None) -> Served:
        windows = [window for key, window in engine.own.items() if window and own in (None, key)]
        real = next(iter(windows), None)
        return Served(model, engine.backend, min(model.context, real or model.context), engine.strict, real)

    def _engine(self, name: str) -> str | None:
        return next((engine for pattern, engine in self.routes if fnmatchcase(name, pattern)), None)

    def _refused(self, model: Model) -> bool:
        return self.refuse_retired and model.lifecycle == "retired"
