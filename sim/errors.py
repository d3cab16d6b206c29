"""What can go wrong in the harness, as one small tree.

    SimError
    ├── PanoramaError    a panorama that cannot be read
    ├── StageError       a stage file that says something it may not say
    └── SourceError      the virtual camera gives no picture (see source.py)

Rule: every error says what is wrong (`reason`, for machines) and what to do (`hint`, for people).
"""

from __future__ import annotations


class SimError(Exception):
    """Base of all; ``reason`` is a stable code, ``hint`` one sentence for a person."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"{hint} [{reason}]")
        self.reason = reason
        self.hint = hint


class PanoramaError(SimError):
    """A panorama file that is missing, damaged, or not equirectangular."""


class StageError(SimError):
    """A stage file or a condition out of its range."""
