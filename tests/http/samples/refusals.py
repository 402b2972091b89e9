"""How a client learns that it was refused, checked once for all samples."""

from collections.abc import Iterator
from contextlib import contextmanager

import anthropic


@contextmanager
def refused(kind: type[anthropic.APIStatusError], status: int, words: str) -> Iterator[None]:
    """What happens inside must raise `kind`, with `words` in its message and an envelope that is whole."""
    caught = None
    try:
        yield
    except kind as error:
        caught = error
    assert caught is not None, f"nothing was refused: {words}"
    envelope = caught.body
    assert isinstance(envelope, dict) and envelope["type"] == "error" and caught.status_code == status
    assert words in envelope["error"]["message"], envelope["error"]["message"]
    expected = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error"}
    assert envelope["error"]["type"] == expected[status]
    assert envelope["request_id"] == caught.response.headers["request-id"] == caught.request_id
