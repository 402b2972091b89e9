"""Command-line clients that are not ours, run for real against the server."""
