"""What gravity says of the mount: tilt and roll against the day it was registered.

Angles and their signs are those of ``agent/core/view/geometry.py``; turning about gravity itself
(panning a level camera) cannot be felt. An accelerometer's zero drifts with its temperature, so
the temperature of the registration is kept and the doubt grows with the distance from it.
"""

from hashlib import sha256
from math import asin, atan2, pi, sqrt

MAGIC = b"VKT1"
DEGREE = 180 / pi
REST_G, SPREAD_G = 0.08, 0.02  # beyond these it is not gravity alone that is felt
FLOOR_DEG = 0.05  # solder, housing and hysteresis, whatever the noise says
LEAST_SAMPLES = 8
_AXES = "xyz"


class Felt:
    """One look at gravity.

    Attributes:
        tilt, roll: degrees from the registered mount; error: one standard error of each.
        cause: why nothing can be told, a word of ``ViewCause``; ``None``: it is told.
    """

    def __init__(self, cause, tilt=0.0, roll=0.0, error=0.0):
        self.cause, self.tilt, self.roll, self.error = cause, tilt, roll, error


class Mount:
    """A registered mount: its absolute tilt and roll in degrees, and the sensor's temperature."""

    def __init__(self, tilt, roll, temperature_c):
        self.tilt, self.roll, self.temperature_c = tilt, roll, temperature_c

    def to_bytes(self):
        numbers = (self.tilt * 1e4, self.roll * 1e4, self.temperature_c * 100)
        return MAGIC + b"".join((round(n) + (1 << 31)).to_bytes(4, "big") for n in numbers)

    @staticmethod
    def from_bytes(data):
        """ValueError where it is none."""
        if len(data) != 16 or data[:4] != MAGIC:
            raise ValueError("this is no registered mount")
        at = [int.from_bytes(data[i : i + 4], "big") - (1 << 31) for i in (4, 8, 12)]
        return Mount(at[0] / 1e4, at[1] / 1e4, at[2] / 100)

    @property
    def digest(self):
        return sha256(self.to_bytes()).digest()

    def compare(self, samples, temperature_c, drift_g_per_k):
        """Look at samples in the camera's axes (X right, Y down, Z forward): ``Felt``."""
        cause, mean, spread = _rest(samples)
        if cause:
            return Felt(cause)
        tilt, roll = attitude(mean)
        noise = spread / sqrt(len(samples)) * DEGREE
        drift = drift_g_per_k * abs(temperature_c - self.temperature_c) * DEGREE
        error = sqrt(noise * noise + drift * drift + FLOOR_DEG * FLOOR_DEG)
        turned = (roll - self.roll + 180) % 360 - 180
        return Felt(None, tilt - self.tilt, turned, error)


def registered(samples, temperature_c):
    """The ``Mount`` of samples; ValueError where it does not hang still."""
    cause, mean, _ = _rest(samples)
    if cause:
        raise ValueError("the mount does not hang still: register it when nothing shakes")
    tilt, roll = attitude(mean)
    return Mount(tilt, roll, temperature_c)


def attitude(up):
    """(tilt, roll) in degrees of what an accelerometer at rest measures, in camera axes."""
    x, y, z = up
    length = sqrt(x * x + y * y + z * z)
    # d = R(tilt, roll) g; down is +Y, and what is measured at rest is the opposite of gravity.
    return asin(max(-1.0, min(1.0, z / length))) * DEGREE, atan2(-x, -y) * DEGREE


def down_ug(samples):
    """Which way is down, millionths of g: the other way from what is measured at rest."""
    return [-round(1e6 * sum(s[i] for s in samples) / len(samples)) for i in range(3)]


def in_camera_axes(sample, axes):
    """A sample turned as a board says: ``axes`` like ``+x-z+y`` names the sensor's axis, and its
    direction, that lies along the camera's X, Y and Z."""
    return tuple(
        sample[_AXES.index(axes[i + 1])] * (-1 if axes[i] == "-" else 1) for i in (0, 2, 4)
    )


def judge(felt, tolerance):
    """(verdict, cause) of one look: the picture's rule, for two angles."""
    if felt.cause is not None:
        return "cannot_tell", felt.cause
    limits = tolerance["tilt_mdeg"] / 1000, tolerance["roll_mdeg"] / 1000
    excess = max(abs(felt.tilt) / limits[0], abs(felt.roll) / limits[1])
    doubt = felt.error / min(limits)
    if doubt > 1 and excess < 1 + 4 * doubt:
        return "cannot_tell", "imprecise"
    return ("moved" if excess > 1 else "same"), None


def _rest(samples):
    """(cause, mean, standard deviation in g) of samples taken within a second."""
    count = len(samples)
    if count < LEAST_SAMPLES:
        return "signal_lost", None, 0.0
    mean = tuple(sum(s[i] for s in samples) / count for i in range(3))
    squares = sum((s[i] - mean[i]) ** 2 for s in samples for i in range(3))
    spread = sqrt(squares / (3 * (count - 1)))
    length = sqrt(sum(m * m for m in mean))
    if spread > SPREAD_G or abs(length - 1) > REST_G:
        return "shake", mean, spread
    return None, mean, spread
