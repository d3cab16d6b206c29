"""How well the field of view is measured from a sweep, on panoramas; docs/benchmarks/fov.md.

A virtual camera of a known lens is swung to both sides by hand, people walk through, the pictures
are compressed. What is measured is held against the lens the pictures were rendered with.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.field_of_view import MeasuredLens, SweepError, measure
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import Panorama, load_panorama, street_scene
from viewkeeper.sim.camera.pinhole import Lens
from viewkeeper.sim.camera.virtual import VirtualCamera

DOCS = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"
SEED = 20261124
MADE_ON = ("adams_place_bridge", "autoshop_01")
"""Places looked at while the measure was written; they do not count."""
LENSES = ((40.0, 0.0), (60.0, -0.1), (90.0, 0.0))
PICTURES = 16


def sweep(panorama: Panorama, hfov_deg: float, k1: float, rng: np.random.Generator) -> list[Frame]:
    """Pictures of a hand that turns the camera to both sides, unsteadily."""
    camera = VirtualCamera(panorama, panorama.home, Lens(hfov_deg, k1=k1), (640, 480), 3)
    camera.conditions = Conditions(people=4, jpeg_quality=80)
    frames: list[Frame] = []
    for turn in range(PICTURES):
        way = 2.0 * math.pi * turn / PICTURES
        camera.pose = camera.registered.moved(
            0.35 * hfov_deg * math.sin(way) + rng.normal(0, 0.3),
            0.06 * hfov_deg * math.sin(2.0 * way + 1.0) + rng.normal(0, 0.3),
            rng.normal(0, 0.5),
        )
        frames.append(camera.frame(10.0 + 0.5 * turn)[0])
    return frames


def main(data: Path | None = None, most: int = 7) -> None:
    """Measure and write the page."""
    paths = sorted(data.glob("*.hdr")) if data is not None else []
    paths = [path for path in paths if not path.name.startswith(MADE_ON)]
    paths = paths[:: max(1, len(paths) // most)][:most]
    places = [(path.stem, lambda path=path: load_panorama(path)) for path in paths] or [
        (f"street {seed}", lambda seed=seed: street_scene(seed)) for seed in (2, 3, 4)
    ]
    rng = np.random.default_rng(SEED)
    began = time.process_time()
    told: dict[tuple[float, float], list[MeasuredLens | str]] = {lens: [] for lens in LENSES}
    for _, load in places:
        panorama = load()
        for lens in LENSES:
            try:
                told[lens].append(measure(sweep(panorama, *lens, rng)))
            except SweepError as error:
                told[lens].append(error.reason)
    seconds = (time.process_time() - began) / (len(LENSES) * len(places))
    (DOCS / "fov.md").write_text(_page(told, len(places), seconds), "utf-8")


def _page(
    told: dict[tuple[float, float], list[MeasuredLens | str]], places: int, seconds: float
) -> str:
    lines = [
        "# Field of view, measured from a sweep",
        "",
        f"`make bench-fov DATA=folder` writes this page. {places} places, none of which the "
        f"measure was made on; {PICTURES} pictures of 640 × 480 each while the camera is swung "
        f"by a third of its view to both sides, with people and JPEG; seed {SEED}. The panoramas "
        "have 2.8 pixels a degree, so narrow views are blurred more than a real camera's. The "
        "virtual camera turns about its exact centre; a hand does not, and near things then cost "
        "accuracy.",
        "",
        "| true field of view | bend k1 | measured | error: median / worst | stated error, median "
        "| squared error over squared stated error, mean | k1: median error |",
        "|---|---|---|---|---|---|---|",
    ]
    for (hfov, k1), results in told.items():
        good = [one for one in results if isinstance(one, MeasuredLens)]
        if not good:
            lines.append(f"| {hfov:g}° | {k1:g} | 0 of {places} | | | | |")
            continue
        errors = np.array([one.hfov_deg - hfov for one in good])
        stated = np.array([one.hfov_error_deg for one in good])
        bend = np.median([abs(one.k1 - k1) for one in good])
        lines.append(
            f"| {hfov:g}° | {k1:g} | {len(good)} of {places} "
            f"| {np.median(np.abs(errors)):.2f}° / {np.abs(errors).max():.2f}° "
            f"| {np.median(stated):.2f}° | {np.mean((errors / stated) ** 2):.1f} | {bend:.4f} |"
        )
    whole = [(one, hfov) for (hfov, _), many in told.items() for one in many]
    measured = [(o, h) for o, h in whole if isinstance(o, MeasuredLens)]
    sure = [(o, h) for o, h in measured if o.hfov_error_deg <= 0.02 * h]
    off = [abs(o.hfov_deg / h - 1.0) for o, h in sure]
    lines += [
        "",
        f"Of {len(whole)} sweeps {len(measured)} were measured, {len(sure)} of them with a stated "
        f"error of 2 % or less; those are off by {100 * np.median(off):.2f} % in the median and "
        f"{100 * max(off):.2f} % at most. {seconds:.1f} s of one processor each.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--places", type=int, default=7, help="at most (default 7)")
    told = parser.parse_args()
    main(told.data, told.places)
