"""Runs all samples: `python -m tests.http.samples URL KEY`. Prints for each its name, and its traceback or null."""

import json
import sys
import traceback
import warnings

import anthropic

from tests.http.samples import Sample, collected


def outcome(sample: Sample, client: anthropic.Anthropic) -> str | None:
    try:
        sample(client)
    except (AssertionError, LookupError, TypeError, ValueError, AttributeError, anthropic.AnthropicError):
        return traceback.format_exc()
    return None


def main(url: str, key: str) -> None:
    warnings.simplefilter("error")
    with anthropic.Anthropic(base_url=url, api_key=key, max_retries=0) as client:
        for name, sample in collected().items():
            print(json.dumps({"name": name, "failure": outcome(sample, client)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
