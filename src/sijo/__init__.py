"""Sijo: the Claude platform's Messages API, self-hosted, over any model."""

__version__ = "0.1.0"
