"""What a search looks through: the deferred tools of a request, ranked by BM25 or as lines for a pattern.

Each is made once for a list of tools and kept, while there is room, for the requests after it that bring the same list.
Both are made and asked in threads.
"""

from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Any, Generic, TypeVar

from sijo.errors import ApiError
from sijo.tools.words import analyzer, asked, spaced
from sijo.wire.tools import Custom

T = TypeVar("T")
WEIGHTS: Mapping[str, float] = {"service": 2.0, "name": 1.0, "body": 0.5, "whole": 1.0}
"""What a word counts in the first word of a name that other names begin with too (the service, as in `slack_...`), in
the name, in the description, and in all that is said of a tool, its arguments included."""
HEAP = 50_000_000
"""Bytes that an index may take while it is written: all of it is one segment then."""
DEEP = 3
"""Levels of arguments within arguments that are looked at."""
FIELD = 10_000
"""Characters of a description that are looked at."""
GAP = b"\n\xff\n"
"""Between lines: no pattern goes across a byte that is no UTF-8."""


def arguments(schema: Any, deep: int = DEEP) -> Iterator[str]:
    """The names and descriptions of a schema's properties, and of those within them."""
    if not isinstance(schema, dict) or not deep:
        return
    properties = schema.get("properties")
    for name, inner in properties.items() if isinstance(properties, dict) else ():
        yield name
        if isinstance(inner, dict):
            if isinstance(words := inner.get("description"), str):
                yield words[:FIELD]
            yield from arguments(inner, deep - 1)
    yield from arguments(schema.get("items"), deep)


class Ranking:
    """Ranks tools for a question."""

    def __init__(self, tools: Sequence[Custom]) -> None:
        import tantivy  # slow to import, and few servers are asked for it

        self._query = tantivy.Query
        self._occur = tantivy.Occur.Should
        self.names = [tool.name for tool in tools]
        builder = tantivy.SchemaBuilder().add_unsigned_field("at", stored=True)
        for field in WEIGHTS:
            builder.add_text_field(field, tokenizer_name="words", index_option="freq")
        self._schema = builder.build()
        index = tantivy.Index(self._schema)
        index.register_tokenizer("words", analyzer())
        writer = index.writer(heap_size=HEAP, num_threads=1)
        names = [spaced(tool.name).replace("_", " ").replace("-", " ") for tool in tools]
        shared = Counter(name.partition(" ")[0] for name in names)
        for at, (tool, name) in enumerate(zip(tools, names, strict=True)):
            service, body = name.partition(" ")[0], spaced(tool.description[:FIELD])
            document = tantivy.Document(at=at, name=name, body=body)
            document.add_text("service", service if shared[service] > 1 else "")
            document.add_text("whole", " ".join((name, body, *map(spaced, arguments(tool.input_schema)))))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def best(self, query: str, limit: int) -> list[str]:
        """The names of the tools that fit, best first. Of a word and what else will do for it, the best counts."""
        best = self._query.disjunction_max_query
        clauses = [
            (self._occur, best([self._term(field, *each, weight) for each in word.items()]))
            for word in asked(query)
            for field, weight in WEIGHTS.items()
        ]
        if not clauses:
            return []
        found = self._searcher.search(self._query.boolean_query(clauses), limit, count=False)
        return [self.names[self._searcher.doc(address)["at"][0]] for _, address in found.hits]

    def _term(self, field: str, word: str, much: float, weight: float) -> Any:
        term = self._query.term_query(self._schema, field, word, index_option="freq")
        return self._query.boost_query(term, weight * much)


class Lines:
    """The texts of tools one after the other, for patterns: all names first, then what else is said of each."""

    def __init__(self, tools: Sequence[Custom]) -> None:
        self.names = [tool.name for tool in tools]
        self.fields = [[tool.name, tool.description[:FIELD], *arguments(tool.input_schema)] for tool in tools]
        self.ascii = all(text.isascii() for texts in self.fields for text in texts)
        titles = [name.encode() for name in self.names]
        bodies = [GAP.join(text.encode("utf-8", "replace") for text in texts[1:]) for texts in self.fields]
        self.text = GAP.join([*titles, *bodies])
        self.starts = []
        at = 0
        for part in (*titles, *bodies):
            self.starts.append(at)
            at += len(part) + len(GAP)

    def owner(self, at: int) -> tuple[int, int]:
        """Which tool the text at a byte belongs to, and where the next tool's begins."""
        part = bisect_right(self.starts, at) - 1
        after = self.starts[part + 1] if part + 1 < len(self.starts) else len(self.text)
        return part % len(self.names), after


class Shelf(Generic[T]):
    """Keeps what was made, up to `most` bytes of what it was made from; the longest unused goes first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._made: OrderedDict[bytes, tuple[int, Future[T]]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes, weight: int, make: Callable[[], T]) -> T:
        """What is kept under a key, made now if it is not there: once, whoever asks for it at the same time."""
        with self._lock:
            _, future = self._made.get(key, (0, None))
            first = future is None
            if future is None:
                future = Future()
                self._made[key] = weight, future
            self._made.move_to_end(key)
            while len(self._made) > 1 and sum(each for each, _ in self._made.values()) > self.most:
                self._made.popitem(last=False)
        if first:
            try:
                future.set_result(make())
            finally:
                if not future.done():  # whoever waits for it must not wait forever
                    with self._lock:
                        self._made.pop(key, None)
                    future.set_exception(ApiError("An index could not be made."))
        return future.result()
