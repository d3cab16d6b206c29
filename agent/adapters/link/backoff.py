"""When to try again. Pure: chance is an argument, time is the caller's.

Full jitter: the wait is uniform between nothing and a ceiling that doubles. A fleet that lost
its broker at one moment then comes back spread out, not as a herd.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Uniform = Callable[[float, float], float]
"""Like ``random.uniform``: a number between its two arguments."""


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
