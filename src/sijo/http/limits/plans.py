"""Which buckets a request has to pass: found from the rules once for a caller and a model, and remembered."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from sijo.engine.caller import Caller
from sijo.engine.catalog import Served
from sijo.http.access import Access
from sijo.http.limits.buckets import MINUTE, Bucket
from sijo.http.limits.groups import Group, Groups

EACH = "*"
REMEMBERED = 4096
REQUESTS, OUTPUT = "requests_per_minute", "output_tokens_per_minute"
AWARE, WHOLE = "input_tokens_per_minute_cache_aware", "input_tokens_per_minute"
KINDS: Mapping[str, str] = {
    REQUESTS: "requests", AWARE: "input tokens", WHOLE: "input tokens", OUTPUT: "output tokens",
}  # fmt: skip
"""The limiters of the API, and what they count."""
WORDS = (
    "This request would exceed the rate limit for your {whose} of {limit:,} {what} per minute. For details, refer to: "
    "https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce the "
    "prompt length or the maximum tokens requested, or try again later. You may also contact sales at "
    "https://claude.com/contact-sales to discuss your options for a rate limit increase."
)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Limits a minute, for models whose id fits a pattern, of the whole organization or of a workspace or a key.

    Those two are ids or names; `*` gives each one its own. Within each of the three scopes the first rule that fits a
    model counts, and a request has to pass all three.
    """

    models: str = EACH
    workspace: str | None = None
    key: str | None = None
    requests: int | None = None
    input: int | None = None
    output: int | None = None
    count: int | None = None
    """Requests to count tokens."""
    burst: float = MINUTE
    """Seconds' worth of requests that may come at once."""
    reserve: bool = False
    """Take `max_tokens` at the start, and give back what was not used."""

    def limits(self, group: Group) -> dict[str, int]:
        """By the names that the API has for them."""
        if group.type != "model_group":
            return {REQUESTS: self.count} if self.count else {}
        named = {REQUESTS: self.requests, WHOLE if group.cache_reads else AWARE: self.input, OUTPUT: self.output}
        return {kind: limit for kind, limit in named.items() if limit}


class Meter(msgspec.Struct, frozen=True):
    """A bucket, what it counts, and whose it is."""

    bucket: Bucket
    kind: str
    whose: str

    def refusal(self) -> str:
        return WORDS.format(whose=self.whose, limit=self.bucket.limit, what=KINDS[self.kind])


Want = tuple[Meter, float]
"""So much is to be taken."""


class Plan:
    """What a request has to pass, and the one of each bucket that is its `place` among the requests."""

    __slots__ = ("input", "output", "place", "requests", "reserve", "told")

    def __init__(self, meters: Sequence[Meter], reserve: bool) -> None:
        self.requests = tuple(meter for meter in meters if meter.kind == REQUESTS)
        self.input = tuple(meter for meter in meters if meter.kind in (AWARE, WHOLE))
        self.output = tuple(meter for meter in meters if meter.kind == OUTPUT)
        self.place: list[Want] = [(meter, 1) for meter in self.requests]
        self.reserve = reserve
        groups = enumerate((self.requests, self.input, self.output))
        self.told = [(at, [meter.bucket for meter in group]) for at, group in groups if group]
        """The buckets of which clients are told: of requests (0), input (1) and output (2)."""


class Plans:
    """Makes them. `bucket` makes a bucket: one in memory, or a share of one in the database."""

    def __init__(
        self,
        rules: Sequence[Rule],
        groups: Groups,
        access: Access,
        *,
        bucket: Callable[[str, int, float, float], Bucket],
        clock: Callable[[], float],
    ) -> None:
        self.groups, self.access = groups, access
        self._make, self._clock = bucket, clock
        rules = [msgspec.structs.replace(rule, models=groups.id(rule.models)) for rule in rules]
        self._whole = [rule for rule in rules if rule.workspace is None and rule.key is None]
        self._spaces = [rule for rule in rules if rule.workspace is not None and rule.key is None]
        self._keys = [rule for rule in rules if rule.key is not None]
        self._plans: dict[tuple[str | None, str | None, str], Plan] = {}
        self._buckets: dict[str, Bucket] = {}
        access.watchers.append(self._plans.clear)

    def of(self, caller: Caller, served: Served) -> Plan:
        """For a message of this model."""
        key = (caller.workspace, caller.key, served.model.id)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._remember(key, self._plan(caller, served.model.id, self.groups.of(served)))
        return plan

    def counting(self, caller: Caller) -> Plan:
        """For `count_tokens`."""
        key = (caller.workspace, caller.key, "")
        return self._plans.get(key) or self._remember(key, self._plan(caller, None, self.groups.counting))

    def limits(self, model: str | None, group: Group) -> dict[str, int]:
        """What the organization as a whole may do with a model, or count (None)."""
        rule = first(self._whole, model, lambda _: True)
        return {} if rule is None else rule.limits(group)

    def own(self, workspace: str | None, model: str | None, group: Group) -> dict[str, int]:
        """What a workspace may do by a limit of its own."""
        caller = Caller(workspace)
        rule = first(self._spaces, model, lambda rule: self._within(rule, caller))
        return {**(rule.limits(group) if rule is not None else {}), **self._set(caller, group)}

    def _remember(self, key: tuple[str | None, str | None, str], plan: Plan) -> Plan:
        if len(self._plans) >= REMEMBERED:  # names of models come from outside
            self._plans.clear()
        self._plans[key] = plan
        return plan

    def _plan(self, caller: Caller, model: str | None, group: Group) -> Plan:
        whole = first(self._whole, model, lambda _: True)
        space = first(self._spaces, model, lambda rule: self._within(rule, caller))
        key = first(self._keys, model, lambda rule: self._within(rule, caller) and self._of(rule, caller))
        workspace = self.access.id_of(caller)
        own = f"API key ({caller.key or 'of the settings'})"
        meters = [
            *self._meters(whole, group, "organization", f"organization ({self.access.organization})"),
            *self._meters(space, group, f"workspace {workspace}", f"workspace ({workspace})", self._set(caller, group)),
            *self._meters(key, group, f"key {caller.key} {workspace}", own),
        ]
        return Plan(meters, any(rule.reserve for rule in (whole, space, key) if rule is not None))

    def _meters(
        self, rule: Rule | None, group: Group, scope: str, whose: str, other: Mapping[str, int] | None = None
    ) -> Iterable[Meter]:
        """`other` limits stand in the place of those of the rule."""
        limits = {**(rule.limits(group) if rule is not None else {}), **(other or {})}
        for kind, limit in limits.items():
            pattern, burst = (rule.models, rule.burst) if rule is not None else (EACH, MINUTE)
            name = f"{scope}: {pattern} {group.slug} {kind}"
            yield Meter(self._bucket(name, limit, burst if kind == REQUESTS else MINUTE), kind, whose)

    def _bucket(self, name: str, limit: int, burst: float) -> Bucket:
        found = self._buckets.get(name)
        if found is None:
            found = self._buckets[name] = self._make(name, limit, self._clock(), burst)
        elif found.limit != limit:
            found.resize(limit, burst)
        return found

    def _set(self, caller: Caller, group: Group) -> dict[str, int]:
        """What was set for the caller's workspace by the Admin API."""
        return {
            one.kind: one.value
            for one in self.access.overrides
            if one.workspace == caller.workspace and one.group == group.slug
        }

    def _within(self, rule: Rule, caller: Caller) -> bool:
        return rule.workspace in (None, EACH, *self.access.called(caller.workspace))

    def _of(self, rule: Rule, caller: Caller) -> bool:
        return rule.key == EACH or (
            caller.key is not None and rule.key in (caller.key, self.access.names.get(caller.key))
        )


def first(rules: Sequence[Rule], model: str | None, applies: Callable[[Rule], bool]) -> Rule | None:
    """The first rule that applies to the caller and has something to say about the model, or about counting (None)."""
    for rule in rules:
        if applies(rule) and (rule.count if model is None else fnmatchcase(model, rule.models)):
            return rule
    return None
