"""`python -m bench.engines --seconds 300`: engines and relays that may answer anything, made up one after the other,
behind a server. Ends with status 1 if a client was answered badly or anything was left behind."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import strategies as st
from tests.fuzz.answers import talks
from tests.fuzz.engines import stage

from bench.fuzz import Hunt, run

EXAMPLES = 20
AT_ONCE = 32
"""Talks at once: most of them wait."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="sijo-fuzz-") as folder,
        asyncio.Runner() as runner,
        stage(Path(folder)) as place,
    ):
        hunt = Hunt(
            place, time.monotonic() + args.seconds, st.lists(talks, min_size=AT_ONCE // 4, max_size=AT_ONCE), place.play
        )
        hunt.examples = EXAMPLES
        sys.exit(run(hunt, runner, args.seed, args.seconds))


if __name__ == "__main__":
    main()
