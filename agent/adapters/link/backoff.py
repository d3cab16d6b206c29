"""When to try again. Pure: chance is an argument, time is the caller's.

Full jitter: the wait is uniform between nothing and a ceiling that doubles. A fleet that lost
its broker at one moment then comes back spread out, not as a herd.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Uniform = Callable[[float, float], float]
"""Like ``random.uniform``: a number between its two arguments."""
MOST_SPREAD_S = 3600.0
DOUBLINGS = 2
"""How often a spread ceiling doubles while the broker stays away."""
CROWDING = 1.5625
"""Attempts a second of a fleet that meets no broker, at their worst, over cameras/spread.

First waits are uniform over S, the second over 2 S, the third over 4 S: the density of
attempts at S after the start is (1 + 1/2 + 1/16 + ...)/S. Later ones only thin it out.
"""
_SIGMAS = 5.0


def spread_for(cameras: int, connects_per_s: float) -> float:
    """The ``spread_s`` with which a fleet stays within a broker's stated connect rate.

    Attempts come as chance wills, so that a second holds about ``x ± sqrt(x)`` of them: ``x`` is
    chosen so that ``x + 5 sqrt(x)`` is the stated rate, and the worst second has ``x``.

    Args:
        cameras: of the whole fleet.
        connects_per_s: what the broker was measured to take, at least 30.
    """
    if cameras < 1 or connects_per_s < 30:
        raise ValueError("at least one camera and 30 connects a second")
    root = (-_SIGMAS + math.sqrt(_SIGMAS**2 + 4 * connects_per_s)) / 2
    return CROWDING * cameras / root**2


@dataclass(frozen=True, slots=True)
class Backoff:
    """How many attempts failed in a row, and what that means for the next wait.

    Attributes:
        first_s: ceiling of the first wait.
        most_s: no ceiling is higher.
        failures: attempts in a row that failed, or connections that did not last.
    """

    first_s: float
    most_s: float
    failures: int = 0

    @classmethod
    def over(cls, spread_s: float, first_s: float, most_s: float) -> Backoff:
        """No ceiling below the fleet's spread."""
        return cls(max(first_s, spread_s), max(most_s, spread_s * 2**DOUBLINGS))

    @property
    def ceiling_s(self) -> float:
        """The longest the next wait can be."""
        doublings = min(self.failures, 60)  # 2**60 s is long past any most_s
        return min(self.most_s, self.first_s * 2**doublings)

    def wait_s(self, uniform: Uniform) -> float:
        """The next wait."""
        return uniform(0.0, self.ceiling_s)

    def failed(self) -> Backoff:
        """After one more failure."""
        return Backoff(self.first_s, self.most_s, self.failures + 1)

    def lasted(self) -> Backoff:
        """After a connection that lasted."""
        return Backoff(self.first_s, self.most_s)
