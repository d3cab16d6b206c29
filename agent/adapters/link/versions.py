"""Which MQTT to try next. Pure.

MQTT 5 first. A broker that refuses it by name is asked for 3.1.1 at once; one that hangs up
without a word, only after it did so twice (it may just be starting). What was accepted last is
tried first from then on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, unique

from viewkeeper.agent.adapters.link.settings import LinkSettings

HINTS_NEEDED = 2


@unique
class Version(Enum):
    """MQTT versions we speak; the text is what people call them."""

    V5 = "5"
    V311 = "3.1.1"


@dataclass(frozen=True, slots=True)
class Versions:
    """The version to try now, and how often the broker hinted that it is the wrong one."""

    allow_v311: bool = True
    present: Version = Version.V5
    hints: int = 0

    @classmethod
    def first(cls, settings: LinkSettings) -> Versions:
        """Where to begin."""
        return cls(settings.allow_v311, Version.V311 if settings.prefer_v311 else Version.V5)

    def accepted(self) -> Versions:
        """The broker took it."""
        return replace(self, hints=0)

    def failed(self, *, refused_version: bool, unanswered: bool) -> Versions:
        """An attempt failed.

        Args:
            refused_version: the broker said that it does not speak this version.
            unanswered: it took the connection and hung up without a word.
        """
        if not self.allow_v311 or not (refused_version or unanswered):
            return self
        hints = self.hints + 1
        if not refused_version and hints < HINTS_NEEDED:
            return replace(self, hints=hints)
        other = Version.V311 if self.present is Version.V5 else Version.V5
        return Versions(self.allow_v311, other)
