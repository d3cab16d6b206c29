"""Pictures of what the view check did not recover: a reader sees what was asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from tests.bench.view_pairs import Pair

_WIDTH_PX = 200
_IN_A_ROW = 4


@dataclass(frozen=True, slots=True)
class Missed:
    """A pair that was not recovered, small; both uint8 (h, w)."""

    label: str
    registered: NDArray[np.uint8]
    present: NDArray[np.uint8]


def missed_of(pair: Pair) -> Missed:
    """The pair, reduced by whole pixels."""
    step = max(1, pair.present.luma.shape[1] // _WIDTH_PX)
    first, second = (each.luma[::step, ::step].copy() for each in (pair.registered, pair.present))
    return Missed(f"{pair.nuisance}, {pair.place}".replace("_", " "), first, second)


def sheet(missed: Sequence[Missed], folder: Path, file: str, what: str) -> list[str]:
    """Markdown with a sheet of them, drawn into ``folder``; old sheets are removed where there is
    nothing to show."""
    path = folder / file
    if not missed:
        path.unlink(missing_ok=True)
        return []
    rows = -(-len(missed) // _IN_A_ROW)
    figure, axes = plt.subplots(rows, _IN_A_ROW, figsize=(13.0, 1.55 * rows), squeeze=False)
    for place in axes.flat:
        place.axis("off")
    for place, one in zip(axes.flat, missed, strict=False):
        gap = np.full((one.present.shape[0], 3), 255, np.uint8)
        both = np.hstack([one.registered, gap, one.present])
        place.imshow(both, cmap="gray", vmin=0, vmax=255)
        place.set_title(one.label, fontsize=7, pad=2)
    figure.tight_layout(pad=0.3)
    figure.savefig(path, dpi=100)
    plt.close(figure)
    return [f"{what}: registered view on the left, present one on the right.", "",
            f"![What was missed]({file})", ""]  # fmt: skip
