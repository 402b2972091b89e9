"""`python -m sijo` is `sijo`."""

import sys

from sijo.cli.main import main

sys.exit(main())
