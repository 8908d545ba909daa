"""What this room needs of a platform's own API. ``lti_tool.platforms`` has the implementations; tests have theirs."""

from lti_tool.platforms.native import (
    Ability,
    Capability,
    FoundOut,
    Lacking,
    NativeCompletion,
    NativeConnector,
    NativeContents,
    NativeGap,
    NativeGroup,
    NativeItem,
    NativeOutcomes,
    NativePerson,
    NativeRating,
    NativeResult,
    NativeResults,
    NativeTrouble,
    NoResult,
    Window,
    WindowGiven,
)

__all__ = [
    "Ability",
    "Capability",
    "Connector",
    "FoundOut",
    "Lacking",
    "NativeCompletion",
    "NativeContents",
    "NativeGap",
    "NativeGroup",
    "NativeItem",
    "NativeOutcomes",
    "NativePerson",
    "NativeRating",
    "NativeResult",
    "NativeResults",
    "NativeTrouble",
    "NoResult",
    "Window",
    "WindowGiven",
]

Connector = NativeConnector
