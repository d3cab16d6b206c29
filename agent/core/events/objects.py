"""Things that were left, or are gone: foreground that came, stayed, and does not stir.

Whether it was put there or taken away is told by its outline: a thing has one in the picture
where it is, so what is outlined more strongly in the background than now is gone.

Rule: masks in, boxes out; zones and times of dwelling are `areas`'.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.events.blobs import Detection, pieces_of
from viewkeeper.agent.core.events.foreground import Background, Foreground, Mask

LEAST_STILL_S = 3.0
BROUGHT_S = 8.0
"""Somebody must have been there within so long before it: things do not come by themselves."""
STIR_MEMORY_S = 5.0
MOST_STIRRING = 0.02
"""Share of its pixels that change from frame to frame; a person who stands has more."""
MOST_SHARE = 0.12
"""Of the picture: larger is a vehicle that parked, or light."""
LEAST_CELLS = 16
"""Pixels of the reduced picture."""
GONE = 1.25
"""Outline of the background over the present one from which on the thing is gone."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """What is remembered of where somebody was and what stirred; float32, (h, w)."""

    visited_s: NDArray[np.float32]
    """Seconds since somebody was here."""
    stirring: NDArray[np.float32]
    """Mean over the last seconds."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A still thing: its box in the present picture, for how long by now, there or gone."""

    box: Detection
    still_s: float
    gone: bool


def step(
    state: Still | None,
    background: Background,
    found: Foreground,
    walkers: tuple[Detection, ...],
    dt_s: float,
) -> tuple[Still, tuple[Thing, ...]]:
    """One frame further; ``walkers`` are the boxes, in the present picture, of who moves."""
    shape = background.mean.shape
    if state is None or state.visited_s.shape != shape or not found.settled:
        far = np.full(shape, 1e6, np.float32)
        return Still(far, np.zeros(shape, np.float32)), ()
    height, width = shape
    visited = state.visited_s + np.float32(dt_s)
    for box in walkers:
        margin_x, margin_y = 0.3 * (box.right - box.left), 0.1 * (box.bottom - box.top)
        rows = slice(
            max(0, int((box.top - margin_y) * height)),
            max(0, int((box.bottom + margin_y) * height) + 1),
        )
        columns = slice(
            max(0, int((box.left - margin_x) * width)),
            max(0, int((box.right + margin_x) * width) + 1),
        )
        visited[rows, columns] = 0
    share = np.float32(min(1.0, dt_s / STIR_MEMORY_S))
    stirring = state.stirring + (found.stirring - state.stirring) * share
    after = Still(visited, stirring.astype(np.float32))
    still = background.age >= LEAST_STILL_S
    if not still.any():
        return after, ()
    return after, tuple(_things(background, after, still))


def stirs(state: Still, box: Detection) -> bool:
    """Whether what is in a box, in the present picture, moves in itself as a person does."""
    height, width = state.stirring.shape
    part = state.stirring[
        int(box.top * height) : max(1, int(box.bottom * height)),
        int(box.left * width) : max(1, int(box.right * width)),
    ]
    return part.size == 0 or float(part.mean()) > MOST_STIRRING


def _things(background: Background, state: Still, still: Mask) -> list[Thing]:
    height, width = still.shape
    things: list[Thing] = []
    for left, top, right, bottom, area in pieces_of(still):
        if area < LEAST_CELLS or (right - left) * (bottom - top) > MOST_SHARE * height * width:
            continue
        part = (slice(top, bottom), slice(left, right))
        inside = still[part]
        still_s = float(np.median(background.age[part][inside]))
        since_visit_s = float(state.visited_s[part].min())
        brought = float(np.median(state.visited_s[part][inside])) <= still_s + BROUGHT_S
        if since_visit_s < 1.0 or not brought:
            continue  # somebody stands before it just now; or nobody ever did
        if float(state.stirring[part][inside].mean()) > MOST_STIRRING:
            continue
        box = Detection(left / width, top / height, right / width, bottom / height)
        gone = _outline(background.mean[part], inside) > GONE * _outline(
            background.present[part], inside
        )
        things.append(Thing(box, still_s, gone))
    return things


def _outline(luma: NDArray[np.float32], inside: Mask) -> float:
    """Mean contrast of neighbours within the piece, grey levels."""
    down = np.abs(np.diff(luma, axis=0))[inside[1:]]
    across = np.abs(np.diff(luma, axis=1))[inside[:, 1:]]
    values = np.concatenate([down, across])
    return float(values.mean()) + 0.5 if values.size else 0.5
