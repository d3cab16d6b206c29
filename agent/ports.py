"""What the agent asks of the world: a few small verb lists.

Adapters implement them, the simulator too; a test may as well. Nothing here decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.signage.standing import ShownText
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.orders import SignText
from viewkeeper.protocol.vocabulary import ClockTrust


class SourceError(SetupError):
    """A frame source gives nothing now; the next read may."""


class SourceEndedError(SourceError):
    """A recorded source has no more frames."""


class FrameSource(Protocol):
    """Something that gives frames: a camera, a stream, a folder."""

    @property
    def name(self) -> str:
        """For people: what this source is, without secrets."""
        ...

    def open(self) -> None:
        """Make ready.

        Raises:
            SourceError: with what is missing and the cure.
        """
        ...

    def read(self, timeout_s: float) -> Frame:
        """The newest frame.

        Raises:
            SourceError: nothing came within ``timeout_s``.
            SourceEndedError: nothing will come any more.
        """
        ...

    def close(self) -> None:
        """Let go. Safe to call twice."""
        ...


@dataclass(frozen=True, slots=True)
class SignageReading:
    """What a sign's lamp and sensors say at a moment.

    Attributes:
        lamp_commanded: the lamp is switched on.
        current_ma: through the lamp, in milliamperes; ``None`` without a sense resistor.
        light_level: at a photodiode before the sign, 0..1; ``None`` without one.
        present: the sign itself was sensed; ``None`` where nothing senses it.
        read_at_mono_s: when.
        shown: what a display shows, read back where it can be; ``None`` where it is no display.
    """

    lamp_commanded: bool
    current_ma: float | None
    light_level: float | None
    present: bool | None
    read_at_mono_s: float
    shown: ShownText | None = None


class SignageDriver(Protocol):
    """The sign on the pole: its lamp and what can be sensed of it."""

    @property
    def name(self) -> str: ...

    def read(self) -> SignageReading:
        """Raises SetupError where the peripheral does not answer."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class SignageDisplay(Protocol):
    """A sign that the agent draws itself."""

    def show(self, text: SignText, retention_days: int) -> None:
        """What it must say from the next reading on."""
        ...


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Both clocks at one moment, and what the wall clock rests on."""

    utc_s: float
    mono_s: float
    trust: ClockTrust


class Clock(Protocol):
    """The only place time comes from."""

    def read(self) -> ClockReading: ...

    def wait(self, seconds: float) -> bool:
        """Sleep; returns early, and true, when there is something to do at once."""
        ...


@dataclass(frozen=True, slots=True)
class MachineHealth:
    """How the device is doing; ``None`` where it cannot be measured."""

    storage_free_share: float | None
    temperature_c: float | None
    memory_kib: int | None
    cpu_share: float | None
    uptime_s: float


class HealthProbe(Protocol):
    """Reads the machine's own state."""

    def read(self) -> MachineHealth: ...
