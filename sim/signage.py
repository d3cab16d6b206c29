"""The sign on the pole and its lamp, as seen and as measured.

Rule: what the lamp's driver would read comes from here, what the lens sees of it from the scene;
a fault set here shows in both only when the harness sets both.
"""

from __future__ import annotations

from enum import StrEnum


class SignState(StrEnum):
    """How the sign appears in the picture."""

    LIT = "lit"
    UNLIT = "unlit"
    OBSCURED = "obscured"
    MISSING = "missing"
