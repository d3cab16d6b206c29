"""A frame source whose frames also carry which way is down, as an accelerometer feels it.

Reads the kernel's industrial I/O files (Documentation/ABI/testing/sysfs-bus-iio):
``in_accel_x_raw`` times ``in_accel_scale`` is metres per second squared along the chip's axes. At
rest an accelerometer feels the force that holds it up, so down is the other way. Never run on a
real chip: the files were made by hand for the tests.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.ports import FrameSource
from viewkeeper.protocol.errors import Reason, SetupError

log = logging.getLogger("viewkeeper.agent.sources")

_AXES = "xyz"


class Accelerometer:
    """An accelerometer fixed to the camera.

    Args:
        device: its folder, /sys/bus/iio/devices/iio:device0.
        axes: which of the chip's axes point right, down and forward in the camera, with signs:
            ``x,y,z`` where they agree, ``-y,x,z`` on a chip a quarter turn round.

    Raises:
        SetupError: no such device, or axes that no rotation makes.
    """

    def __init__(self, device: Path, axes: str = "x,y,z") -> None:
        self._device = device
        self._axes = axes_of(axes)
        for name in _AXES:
            if not (device / f"in_accel_{name}_raw").exists():
                raise SetupError(
                    Reason.FILE_MISSING,
                    f"[accelerometer] {device} is no accelerometer: it has no in_accel_{name}_raw; "
                    "ls /sys/bus/iio/devices/*/name shows what there is",
                )

    def gravity(self) -> tuple[float, float, float]:
        """Down in the camera's frame, m/s².

        Raises:
            SetupError: it does not answer, or with nonsense.
        """
        try:
            felt = {name: self._raw(name) * self._scale(name) for name in _AXES}
        except (OSError, ValueError) as error:
            raise SetupError(Reason.SOURCE_LOST, f"{self._device}: {error}") from None
        right, down, forward = (-sign * felt[name] for name, sign in self._axes)
        return right, down, forward

    def _raw(self, axis: str) -> float:
        return float((self._device / f"in_accel_{axis}_raw").read_text("ascii"))

    def _scale(self, axis: str) -> float:
        for name in (f"in_accel_{axis}_scale", "in_accel_scale"):
            path = self._device / name
            if path.exists():
                return float(path.read_text("ascii"))
        return 1.0


def axes_of(text: str) -> tuple[tuple[str, int], ...]:
    """Axis and sign for right, down and forward.

    Raises:
        SetupError: not three different axes, or a mirror image of what is possible.
    """
    parts = [part.strip() for part in text.split(",")]
    axes = tuple((part[-1:], -1 if part.startswith("-") else 1) for part in parts)
    names = [name for name, _ in axes]
    plain = all(part.lstrip("+-") in tuple(_AXES) and len(part) <= 2 for part in parts)
    if not plain or sorted(names) != list(_AXES):
        raise SetupError(
            Reason.SETTING,
            f"[accelerometer] axes must name x, y and z once each, like -y,x,z, is {text!r}",
        )
    order = [_AXES.index(name) for name in names]
    even = order in ([0, 1, 2], [1, 2, 0], [2, 0, 1])
    sign = axes[0][1] * axes[1][1] * axes[2][1]
    if (sign == 1) != even:
        raise SetupError(
            Reason.SETTING,
            f"[accelerometer] axes {text!r} is a mirror image: no way of fixing the chip makes it",
        )
    return axes


class FeelsGravity(Protocol):
    """An accelerometer, here or on the board beside the camera."""

    def gravity(self) -> tuple[float, float, float]:
        """Down in the camera's frame; raises SetupError where it is silent."""
        ...


class FeltSource:
    """A ``FrameSource`` around another; an accelerometer that falls silent stops no frame."""

    def __init__(self, source: FrameSource, accelerometer: FeelsGravity) -> None:
        self._source, self._accelerometer = source, accelerometer
        self._silent = False

    @property
    def name(self) -> str:
        return self._source.name

    def open(self) -> None:
        self._source.open()

    def read(self, timeout_s: float) -> Frame:
        frame = self._source.read(timeout_s)
        try:
            gravity = self._accelerometer.gravity()
        except SetupError as error:
            if not self._silent:
                log.warning("no gravity: %s", error.hint)
            self._silent = True
            return frame
        self._silent = False
        return replace(frame, sensor=replace(frame.sensor, gravity=gravity))

    def close(self) -> None:
        self._source.close()
