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
STIRRING, STIRRING_TAIL = 0.03, 1.3
"""Change of texture from frame to frame that a person who stands has and a thing has not: so
much, and so many times what the busiest tenth of the picture has, with rain, sway and noise."""
TELLING = 0.1
"""Where the busiest tenth changes so much, a person who stands is not told from a thing."""
MOST_SHARE = 0.12
"""Of the picture: larger is a vehicle that parked, or light."""
LEAST_CELLS = 16
"""Pixels of the reduced picture."""
GONE = 1.0
"""Outline of the background over the present one from which on the thing is gone."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """What is remembered of where somebody was and what stirred; float32, (h, w)."""

    visited_s: NDArray[np.float32]
    """Seconds since somebody was here."""
    stirring: NDArray[np.float32]
    """Mean change over the last seconds."""
    usual: float = 0.0
    """What the busiest tenth of the picture has of it."""

    @property
    def limit(self) -> float:
        """Stirring from which on something moves in itself."""
        return STIRRING + STIRRING_TAIL * self.usual


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
    standing: tuple[Detection, ...],
    dt_s: float,
) -> tuple[Still, tuple[Thing, ...]]:
    """One frame further; ``walkers`` are the boxes, in the present picture, of who moves, and
    ``standing`` those of people who stand: what is in these is no thing."""
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
    stirring = found.change - state.stirring
    stirring *= np.float32(min(1.0, dt_s / STIR_MEMORY_S))
    stirring += state.stirring
    few = stirring[1::4, 1::3].ravel()
    at = few.size * 9 // 10
    after = Still(visited, stirring, float(np.partition(few, at)[at]))
    still = background.age >= LEAST_STILL_S
    if not still.any():
        return after, ()
    return after, tuple(_things(background, after, still, standing))


def stirs(state: Still, box: Detection) -> bool:
    """Whether what is in a box, in the present picture, clearly moves in itself as a person does;
    under rain and noise nothing is clear."""
    if state.usual > TELLING:
        return False
    height, width = state.stirring.shape
    part = state.stirring[
        int(box.top * height) : max(1, int(box.bottom * height)),
        int(box.left * width) : max(1, int(box.right * width)),
    ].ravel()
    return part.size > 0 and _stirring(part) > state.limit


def _stirring(values: NDArray[np.float32]) -> float:
    """Mean of the busiest quarter: who stands shifts his feet and not his shoulders."""
    at = values.size * 3 // 4
    return float(np.partition(values, at)[at:].mean())


def _things(
    background: Background, state: Still, still: Mask, standing: tuple[Detection, ...]
) -> list[Thing]:
    height, width = still.shape
    things: list[Thing] = []
    for left, top, right, bottom, area, _ in pieces_of(still):
        if area < LEAST_CELLS or (right - left) * (bottom - top) > MOST_SHARE * height * width:
            continue
        part = (slice(top, bottom), slice(left, right))
        inside = still[part]
        still_s = float(np.median(background.age[part][inside]))
        since_visit_s = float(state.visited_s[part].min())
        brought = float(np.median(state.visited_s[part][inside])) <= still_s + BROUGHT_S
        if since_visit_s < 1.0 or not brought:
            continue  # somebody stands before it just now; or nobody ever did
        box = Detection(left / width, top / height, right / width, bottom / height)
        if _stirring(state.stirring[part][inside]) > state.limit or any(
            _within(box, person) for person in standing
        ):
            continue
        was = _outline(background.mean[part], inside, 0.0)
        gone = was > GONE * _outline(background.present[part], inside, background.noise)
        things.append(Thing(box, still_s, gone))
    return things


def _outline(luma: NDArray[np.float32], inside: Mask, noise: float) -> float:
    """Mean square of the difference of neighbours within the piece, less what noise adds."""
    down = np.diff(luma, axis=0)[inside[1:]]
    across = np.diff(luma, axis=1)[inside[:, 1:]]
    values = np.concatenate([down, across])
    return (
        max(0.0, float((values * values).mean()) - 2 * noise * noise) + 1.0 if values.size else 1.0
    )


def _within(box: Detection, person: Detection) -> bool:
    """Whether a box's middle lies in a person's."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return person.left <= x <= person.right and person.top <= y <= person.bottom
