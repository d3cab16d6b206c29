"""Conditions a picture is taken under. (First form: exposure, noise.)

Rule: one frozen value, every field in its documented range; what is random takes a generator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.sim.camera import light


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that is not pose. The default is a clear day and a healthy camera."""

    exposure_ev: float = 0.0
    """Stops brighter (+) or darker (-) than metered."""
    noise: float = 0.004
    """Standard deviation of the sensor's noise at mid grey, linear light."""


def develop(
    linear: NDArray[np.float32], conditions: Conditions, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Expose, add noise, apply the tone curve: uint8 (h, w, 3)."""
    exposed = linear * np.float32(2.0**conditions.exposure_ev)
    if conditions.noise:
        exposed += rng.standard_normal(exposed.shape, dtype=np.float32) * conditions.noise
    return light.quantise(light.to_codes(exposed))
