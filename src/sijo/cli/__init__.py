"""The command line: `sijo serve` and its kin."""
