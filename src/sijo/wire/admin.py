"""Bodies of the Admin API."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

WRITTEN = "^[^\\x00]*$"
"""Databases take no NUL."""
Name = Annotated[str, Meta(min_length=1, max_length=40, pattern=WRITTEN)]
Color = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]
Geo = Literal["global", "us"]
LimitType = Literal[
    "fast_itpmca",
    "fast_otpm",
    "input_tokens_per_minute",
    "input_tokens_per_minute_cache_aware",
    "output_tokens_per_minute",
    "requests_per_minute",
    "tokens_per_day",
    "tokens_per_minute",
    "tool_uses_per_second",
]


class Asked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What somebody sends."""


class Residency(Asked):
    """Where data may be worked on: told, and not acted upon."""

    allowed_inference_geos: list[Geo] | Literal["unrestricted"] | None = None
    default_inference_geo: Geo | None = None
    workspace_geo: Literal["us"] | None = None


class NewWorkspace(Asked):
    name: Name
    data_residency: Residency | None = None
    display_color: Color | None = None
    external_key_id: str | None = None
    tags: dict[str, str] | None = None
    user_profile_id: str | None = None


class ChangedWorkspace(Asked):
    """What is not there stays; a tag that is null goes."""

    data_residency: Residency | None = None
    display_color: Color | UnsetType = UNSET
    external_key_id: str | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    tags: dict[str, str | None] | None = None
    user_profile_id: str | UnsetType = UNSET


class ChangedKey(Asked):
    name: Annotated[str, Meta(min_length=1, max_length=500, pattern=WRITTEN)] | None = None
    status: Literal["active", "inactive", "archived"] | None = None


class LimitValue(Asked):
    """A null value clears the limit."""

    type: LimitType
    value: Annotated[int, Meta(ge=0, le=10**12)] | None


class ChangedLimits(Asked):
    limits: list[LimitValue]
