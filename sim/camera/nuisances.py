"""Nuisances for benchmarks: what happens to a picture while the camera stands still.

Rule: each name is one family; how strong is drawn from the generator that is passed in, so a
benchmark's pairs can be made again. `draw` gives conditions for a `VirtualCamera`; `apply` works
on any lone picture in linear light, where only distances have to be guessed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from viewkeeper.sim.camera import atmosphere, objects, sensor, sprites
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.light import Image
from viewkeeper.sim.camera.pinhole import Lens, LensLike
from viewkeeper.sim.camera.pose import Pose
from viewkeeper.sim.camera.scenery import LonePicture

MOST_OCCLUSION = 0.4


def _exposure(rng: np.random.Generator) -> Conditions:
    return Conditions(
        exposure_ev=float(rng.uniform(-2.5, 1.8)), warmth=float(rng.uniform(-0.5, 0.5))
    )


def _night(rng: np.random.Generator) -> Conditions:
    return Conditions(night=float(rng.uniform(0.85, 1.0)), exposure_ev=float(rng.uniform(0, 1.5)))


def _shadow(rng: np.random.Generator) -> Conditions:
    depth, where = float(rng.uniform(0.4, 0.85)), float(rng.uniform(0, 1))
    return Conditions(shadow=depth, shadow_position=where)


def _fog(rng: np.random.Generator) -> Conditions:
    return Conditions(fog=float(rng.uniform(0.30, 0.66)))


def _rain(rng: np.random.Generator) -> Conditions:
    return Conditions(rain=float(rng.uniform(0.3, 1.0)))


def _jpeg(rng: np.random.Generator) -> Conditions:
    return Conditions(jpeg_quality=int(rng.integers(6, 35)))


def _occlusion(rng: np.random.Generator) -> Conditions:
    return Conditions(occluder=float(rng.uniform(0.1, MOST_OCCLUSION)))


def _low_resolution(rng: np.random.Generator) -> Conditions:
    return Conditions(downscale=int(rng.integers(2, 5)))


def _noise(rng: np.random.Generator) -> Conditions:
    return Conditions(noise=float(rng.uniform(0.02, 0.08)))


def _defocus(rng: np.random.Generator) -> Conditions:
    return Conditions(defocus_px=float(rng.uniform(1.0, 3.5)))


_FAMILIES: dict[str, Callable[[np.random.Generator], Conditions]] = {
    "exposure": _exposure,
    "night": _night,
    "shadow": _shadow,
    "fog": _fog,
    "rain": _rain,
    "jpeg": _jpeg,
    "occlusion": _occlusion,
    "low_resolution": _low_resolution,
    "noise": _noise,
    "defocus": _defocus,
}
# these two together leave nothing that anybody could recognise
_NEVER_TOGETHER = ({"night", "fog"}, {"low_resolution", "defocus"})

NAMES = ("clear", *_FAMILIES, "mix")
"""Every name that `draw` and `apply` know."""


def draw(name: str, rng: np.random.Generator) -> Conditions:
    """Random conditions of that family; ``mix`` is two or three of the others at once.

    Raises:
        ValueError: no such name.
    """
    if name == "clear":
        return Conditions()
    if name == "mix":
        return _mix(rng)
    if name not in _FAMILIES:
        raise ValueError(f"no nuisance {name!r}; known: {', '.join(NAMES)}")
    return _FAMILIES[name](rng)


def _mix(rng: np.random.Generator) -> Conditions:
    names = list(_FAMILIES)
    while True:
        count = int(rng.integers(2, 4))
        chosen = {names[i] for i in rng.choice(len(names), count, replace=False)}
        if not any(pair <= chosen for pair in _NEVER_TOGETHER):
            break
    values: dict[str, float | bool] = {}
    for name in sorted(chosen):
        values |= _FAMILIES[name](rng).to_dict()
    return Conditions.from_dict(values)


def apply(
    name: str, image_linear: Image, rng: np.random.Generator, lens: LensLike | None = None
) -> NDArray[np.uint8]:
    """A lone picture under a random nuisance of that family.

    Args:
        name: one of ``NAMES``.
        image_linear: float32 (h, w, 3), linear light, 1 = white, as `pinhole.render` times the
            panorama's gain or `VirtualCamera.linear` gives it. Not changed.
        rng: decides how strong, where, and the noise.
        lens: for angles across the picture; 60° wide by default.

    Returns:
        uint8 (h, w, 3), sRGB.
    """
    return develop(image_linear, draw(name, rng), rng, lens)


def develop(
    image_linear: Image,
    conditions: Conditions,
    rng: np.random.Generator,
    lens: LensLike | None = None,
) -> NDArray[np.uint8]:
    """A lone picture under stated conditions, in the order light meets them.

    ``occluder`` is a lorry or a crowd; ``people``, ``sway_deg`` and ``frozen`` need a camera in a
    world and are left out.
    """
    picture = LonePicture(np.asarray(image_linear, dtype=np.float32), lens or Lens())
    seed = int(rng.integers(2**31))
    linear = atmosphere.illuminate(picture, conditions)
    linear = atmosphere.cast_shadow(linear, picture, conditions, Pose())
    if conditions.occluder > 0:
        linear = _occlude(linear, picture, conditions.occluder, rng)
    linear = atmosphere.add_fog(linear, picture, conditions)
    linear = atmosphere.add_rain(linear, conditions, rng)
    linear = atmosphere.wet_glass(linear, conditions, seed)
    linear = sensor.defocus(linear, conditions)
    linear = sensor.cover(linear, conditions, seed)
    return sensor.finish(sensor.expose(linear, conditions, rng), conditions)


def _occlude(linear: Image, picture: LonePicture, share: float, rng: np.random.Generator) -> Image:
    """A lorry, or people close to the camera, until that share is hidden."""
    height, width = linear.shape[:2]
    hidden = np.zeros((height, width), dtype=np.bool_)
    if rng.random() < 0.5:
        seed = int(rng.integers(2**31))
        return objects.add_lorry(linear, hidden, picture, Pose(), share, seed)
    brightness = objects.ambient(linear)
    for _ in range(60):
        if hidden.mean() >= share:
            break
        tall = float(rng.uniform(0.5, 1.0)) * height
        wide = tall * 0.5
        x0, y0 = rng.uniform(-wide / 2, width - wide / 2), height - tall * rng.uniform(0.7, 1.0)
        rows = slice(max(0, int(y0)), min(height, int(y0 + tall) + 1))
        columns = slice(max(0, int(x0)), min(width, int(x0 + wide) + 1))
        y, x = np.mgrid[rows, columns].astype(np.float32)
        sprite = sprites.walker(int(rng.integers(sprites.WALK_PHASES)), int(rng.integers(1000)))
        rgba = objects.sample_sprite(sprite, (x - x0) / wide, (y - y0) / tall, tall)
        objects.paste(linear, hidden, (rows, columns), rgba, brightness)
    return linear
