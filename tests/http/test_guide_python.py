"""A guide's samples under the newest Python SDK. `test_old_sdk.py` runs the same ones under the last 0.x release."""

import anthropic
import pytest

from tests.http.samples import collected
from tests.serving import Running

SAMPLES = collected()


@pytest.mark.parametrize("name", SAMPLES)
def test_sample(name: str, locked: Running, key: str) -> None:
    with anthropic.Anthropic(base_url=locked.url, api_key=key, max_retries=0) as client:
        SAMPLES[name](client)
