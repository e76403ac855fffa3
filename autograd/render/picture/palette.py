"""Colours, light and dark: one diverging scale for gradients, neutral ink for everything else.

Blue and orange stay apart for every kind of colour blindness, and the shades differ in lightness too, so
that print in grey keeps the strength. Zero and not-a-number have a mark beside the colour.
"""

from __future__ import annotations

from typing import Final

__all__ = ["DARK", "LIGHT"]

LIGHT: Final[dict[str, str]] = {
    "paper": "#ffffff", "ink": "#1b2733", "quiet": "#5b6875", "line": "#8a97a5", "rule": "#d5dce3",
    "card": "#ffffff", "head": "#eef2f6", "leaf": "#fdf8ec", "cluster": "#f7f9fb", "edge": "#7c8a98",
    "n1": "#e3eef9", "n2": "#bad6f0", "n3": "#86b8e4", "n4": "#4e97d6", "p1": "#fdebd8", "p2": "#fbcf9f",
    "p3": "#f7ac5f", "p4": "#ec8a2a", "zero": "#ffffff", "none": "#ffffff", "nan": "#f5e03c",
    "seed": "#ffffff",
    "saved": "#8c4fb5", "on": "#12181f",
}  # fmt: skip
DARK: Final[dict[str, str]] = {
    "paper": "#12181f", "ink": "#e8edf2", "quiet": "#a3b0bd", "line": "#62707e", "rule": "#38434e",
    "card": "#1b232c", "head": "#27313c", "leaf": "#2b2a22", "cluster": "#161d25", "edge": "#8391a0",
    "n1": "#1d3347", "n2": "#1f4a72", "n3": "#255a8f", "n4": "#306dab", "p1": "#3b2c1c", "p2": "#5b3d1c",
    "p3": "#754817", "p4": "#975914", "zero": "#1b232c", "none": "#1b232c", "nan": "#e2cc2c",
    "seed": "#1b232c",
    "saved": "#c79be6", "on": "#12181f",
}  # fmt: skip


