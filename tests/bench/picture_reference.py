"""What can be seen in a registered view's file; writes docs/pictures/reference.jpg.

Four panels: a picture it was made from; the bytes of the file on the card drawn as a picture, as
whoever has the file sees it; the strength of the lines in it, as whoever has the camera's key as
well may draw them; and an attack by the latter, the best picture that could be integrated from it.
A view holds the direction of each line but not which side is the bright one, so the attack guesses
the signs, integrates (Poisson, by cosine transform), flips the signs that contradict the result,
and repeats.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from viewkeeper.agent.adapters.store.views import ViewStore
from viewkeeper.agent.core.view.geometry import Lens
from viewkeeper.agent.core.view.registered import RegisteredView, register
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import load_panorama, street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
ROUNDS = 200
Floats = NDArray[np.float64]


def integrated(gx: Floats, gy: Floats) -> Floats:
    """The picture whose gradients come nearest to these (even borders)."""
    height, width = gx.shape
    divergence = gx.copy()
    divergence[:, 1:] -= gx[:, :-1]
    divergence[1:] += gy[1:] - gy[:-1]
    divergence[0] += gy[0]
    y, x = np.mgrid[:height, :width]
    # Of the discrete Laplacian with even borders.
    scale = 2 * np.cos(np.pi * y / height) + 2 * np.cos(np.pi * x / width) - 4
    scale[0, 0] = 1.0
    spectrum = cv2.dct(np.ascontiguousarray(divergence)) / scale
    spectrum[0, 0] = 0.0
    return cv2.idct(spectrum)


def attacked(view: RegisteredView, seed: int) -> Floats:
    """The best guess at the picture from a random start."""
    field = view.fine()[0]
    height, width = (side // 2 * 2 for side in field.shape)
    field = field[:height, :width]
    strength, angle = np.abs(field), np.angle(field) / 2.0
    gx, gy = strength * np.cos(angle), strength * np.sin(angle)
    sign = np.sign(np.random.default_rng(seed).standard_normal(gx.shape))
    sign = np.sign(cv2.GaussianBlur(sign, (0, 0), 3.0))
    guess = np.zeros_like(gx)
    for _ in range(ROUNDS):
        guess = integrated(sign * gx, sign * gy)
        dx, dy = (
            np.diff(guess, axis=1, append=guess[:, -1:]),
            np.diff(guess, axis=0, append=guess[-1:]),
        )
        sign = np.where(dx * gx + dy * gy >= 0, 1.0, -1.0)
    return guess


def likeness(guess: Floats, truth: Floats) -> float:
    """Correlation, whichever way round."""
    return float(abs(np.corrcoef(guess.ravel(), truth.ravel())[0, 1]))


def on_the_card(view: RegisteredView) -> bytes:
    """The view's file as the agent keeps it."""
    with tempfile.TemporaryDirectory() as folder:
        digest = ViewStore(Path(folder) / "views").add(view.to_bytes())
        return (Path(folder) / "views" / f"{digest.hex()}.view").read_bytes()


def grey(values: Floats) -> Image.Image:
    low, high = np.percentile(values, (1, 99))
    scaled = np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255
    return Image.fromarray(scaled.astype(np.uint8))


def main(data: Path | None = None) -> None:
    """Render, register, attack, draw."""
    world = load_panorama(data) if data is not None else street_scene(1)
    camera = VirtualCamera(world, size=(640, 480), seed=3)
    camera.conditions = Conditions(people=12)
    frames = [camera.frame(7.0 * turn)[0] for turn in range(12)]
    view = register(frames, Lens(camera.lens.hfov_deg))
    shape = view.codes.shape
    truth = cv2.resize(frames[0].luma, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float64)
    guesses = [attacked(view, seed) for seed in range(5)]
    height, width = guesses[0].shape
    found = [likeness(guess, truth[:height, :width]) for guess in guesses]
    best = guesses[int(np.argmax(found))]
    lines = np.abs(view.fine()[0]).astype(float)
    sealed = on_the_card(view)
    drawn = np.frombuffer(sealed, np.uint8)[-view.codes.size :].reshape(shape).astype(float)
    panels = (
        ("one of twelve pictures of the street", grey(truth)),
        (
            f"the view's file, {len(sealed):,} bytes, drawn: correlation "
            f"{likeness(drawn, truth):.2f}",
            grey(drawn),
        ),
        (
            f"opened with the camera's key, its lines: correlation {likeness(lines, truth):.2f}",
            grey(lines),
        ),
        (
            f"opened and integrated, best of {len(found)} attempts: correlation {max(found):.2f}",
            grey(best),
        ),
    )
    cell, line = (480, 360), 26
    canvas = Image.new("RGB", (2 * cell[0], 2 * (cell[1] + line)), (24, 27, 32))
    draw = ImageDraw.Draw(canvas)
    for place, (title, picture) in enumerate(panels):
        x, y = place % 2 * cell[0], place // 2 * (cell[1] + line)
        canvas.paste(picture.resize(cell, Image.Resampling.NEAREST).convert("RGB"), (x, y + line))
        draw.text((x + 8, y + 6), title, fill=(230, 230, 230), font_size=15)
    canvas.save(PICTURES / "reference.jpg", quality=65)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="a panorama; else the drawn street")
    main(parser.parse_args().data)
