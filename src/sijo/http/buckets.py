"""The time of a report: what a query asks for, cut into buckets of a minute, an hour or a day, by UTC, in pages."""

import base64
import binascii
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from starlette.datastructures import QueryParams

from sijo.errors import InvalidRequest
from sijo.http.pages import limit_of
from sijo.ids import stamp
from sijo.store.rollups import DAY, HOUR, MINUTE
from sijo.wire.explain import either


class Width(NamedTuple):
    """Seconds of a bucket, and how many of them a page has: unless asked otherwise, and at most."""

    seconds: int
    usual: int
    most: int


WIDTHS: Mapping[str, Width] = {"1m": Width(MINUTE, 60, 1440), "1h": Width(HOUR, 24, 168), "1d": Width(DAY, 7, 31)}
DAYS: Mapping[str, Width] = {"1d": WIDTHS["1d"]}
PAGE = "page_"


class Buckets(NamedTuple):
    """A page: the beginnings of its buckets in Unix seconds, oldest first, and that of the page after it, if any."""

    width: int
    starts: Sequence[int]
    next: int | None

    @property
    def end(self) -> int:
        """The end of the last one."""
        return self.starts[-1] + self.width if self.starts else 0


def buckets(query: QueryParams, widths: Mapping[str, Width] = WIDTHS) -> Buckets:
    """The page that is asked for: from the bucket with `starting_at` in it, to the last that ends by `ending_at`.

    The bucket that has now in it is the last of all. Raises `InvalidRequest`, by the names of the parameters.
    """
    begin = moment(query, "starting_at")
    if begin is None:
        raise InvalidRequest("starting_at: Field required")
    name = query.get("bucket_width", "1d")
    if name not in widths:
        raise InvalidRequest(f"bucket_width: Input should be {either(tuple(widths))}")
    seconds, usual, most = widths[name]
    limit = limit_of(query.get("limit"), usual, most)
    end = floor(time.time(), seconds) + seconds
    if (asked := moment(query, "ending_at")) is not None:
        if asked <= begin:
            raise InvalidRequest("ending_at: must be after starting_at")
        end = min(end, floor(asked, seconds))
    first = floor(begin, seconds)
    if (page := query.get("page")) is not None:
        first = max(first, floor(turned(page), seconds))
    last = first + limit * seconds
    return Buckets(seconds, range(first, min(last, end), seconds), last if last < end else None)


def floor(moment: float, seconds: int) -> int:
    return int(moment // seconds) * seconds


def moment(query: QueryParams, name: str) -> float | None:
    """An RFC 3339 moment, in Unix seconds; without a zone it is UTC."""
    text = query.get(name)
    if text is None:
        return None
    try:
        return seconds_of(text)
    except ValueError as error:
        raise InvalidRequest(f"{name}: Input should be a valid datetime") from error


def seconds_of(text: str) -> float:
    when = datetime.fromisoformat(text)
    moment = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    if moment < 0:
        raise ValueError(text)  # before all computers: nobody means it, and calendars end there
    return moment


def written(start: float) -> str:
    """A moment as the API writes it."""
    return stamp(datetime.fromtimestamp(start, UTC))


def page_of(start: int | None) -> str | None:
    """The name of a page: what is in it is nobody's business but ours."""
    return None if start is None else PAGE + base64.urlsafe_b64encode(written(start).encode()).decode()


def turned(page: str) -> float:
    """The moment at which a page begins."""
    try:
        if not page.startswith(PAGE):
            raise ValueError(page)
        return seconds_of(base64.urlsafe_b64decode(page.removeprefix(PAGE)).decode("ascii"))
    except (ValueError, binascii.Error) as error:
        raise InvalidRequest("page: Invalid page token") from error
