"""The sign on the pole and its lamp, as seen and as measured.

Rule: a `LampFault` says what is broken; what the lens sees of it (`SignState`) and what the wires
say of it (`SignageReading`) both follow from it here, so the two cannot contradict each other by
accident.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, unique

import numpy as np

from viewkeeper.agent.ports import SignageReading
from viewkeeper.protocol.errors import Reason, SetupError


@unique
class SignState(StrEnum):
    """How the sign appears in the picture."""

    LIT = "lit"
    UNLIT = "unlit"
    OBSCURED = "obscured"
    MISSING = "missing"


@unique
class Board(StrEnum):
    """What happened to the board itself."""

    PRESENT = "present"
    OBSCURED = "obscured"
    """Leaves or a poster over it."""
    MISSING = "missing"


@unique
class LampFault(StrEnum):
    """What is wrong with the lamp or with sensing it."""

    NONE = "none"
    DARK = "dark"
    """Open circuit: no current, no light."""
    DIM = "dim"
    """Half its diodes are dead."""
    SHORT = "short"
    """Far too much current, no light."""
    BLIND = "blind"
    """Draws its current and gives no light: painted over, or burnt out behind its driver."""
    SENSE_STUCK = "sense_stuck"
    """The current sense reads zero whatever flows."""
    SENSE_BROKEN = "sense_broken"
    """Neither sensor gives a value."""
    NO_ANSWER = "no_answer"
    """The peripheral is silent."""


@dataclass(frozen=True, slots=True)
class SignConditions:
    """The whole sign: board, lamp command, fault."""

    board: Board = Board.PRESENT
    lamp_on: bool = True
    fault: LampFault = LampFault.NONE

    @property
    def burns(self) -> bool:
        """Light comes out."""
        out = (LampFault.DARK, LampFault.SHORT, LampFault.BLIND)
        return self.lamp_on and self.fault not in out

    @property
    def appearance(self) -> SignState:
        """What the lens sees."""
        if self.board is Board.MISSING:
            return SignState.MISSING
        if self.board is Board.OBSCURED:
            return SignState.OBSCURED
        return SignState.LIT if self.burns else SignState.UNLIT


# a 24 V, 8 W LED strip; what a 1 % shunt with a 10 bit converter makes of it
_FULL_MA, _IDLE_MA, _SHORT_MA = 340.0, 0.4, 2150.0
_STEP_MA = 2.5


class SimulatedLamp:
    """Implements the agent's `SignageDriver`.

    Args:
        conditions: asked at every reading, so a stage file or a test can change its mind.
        monotonic: seconds.
        seed: of the measuring noise.
    """

    name = "simulated lamp"

    def __init__(
        self,
        conditions: Callable[[], SignConditions] | SignConditions | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        seed: int = 0,
    ) -> None:
        fixed = conditions if isinstance(conditions, SignConditions) else SignConditions()
        self._conditions = conditions if callable(conditions) else lambda: fixed
        self._monotonic = monotonic
        self._rng = np.random.default_rng((seed, 91))

    def read(self) -> SignageReading:
        """What the wires say now.

        Raises:
            SetupError: the fault is ``NO_ANSWER``.
        """
        sign = self._conditions()
        if sign.fault is LampFault.NO_ANSWER:
            raise SetupError(Reason.SOURCE_LOST, "the simulated lamp does not answer")
        current_ma, light_level = self._measured(sign)
        return SignageReading(
            lamp_commanded=sign.lamp_on,
            current_ma=current_ma,
            light_level=light_level,
            present=sign.board is not Board.MISSING,
            read_at_mono_s=self._monotonic(),
        )

    def close(self) -> None:
        """Nothing to let go."""

    def _measured(self, sign: SignConditions) -> tuple[float | None, float | None]:
        if sign.fault is LampFault.SENSE_BROKEN:
            return None, None
        flows = {
            LampFault.DARK: _IDLE_MA,
            LampFault.DIM: 0.28 * _FULL_MA,
            LampFault.SHORT: _SHORT_MA,
            LampFault.SENSE_STUCK: 0.0,
        }.get(sign.fault, _FULL_MA)
        if not sign.lamp_on and sign.fault is not LampFault.SENSE_STUCK:
            flows = _IDLE_MA
        light = 0.03
        if sign.burns:
            light = 0.22 if sign.fault is LampFault.DIM else 0.78
        noise = self._rng.standard_normal(2)
        if flows > 0:
            flows = max(0.0, flows * (1 + 0.01 * noise[0]) + 0.5 * noise[0])
        current_ma = round(flows / _STEP_MA) * _STEP_MA
        return current_ma, float(np.clip(light + 0.01 * noise[1], 0, 1))
