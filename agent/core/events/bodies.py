"""Bodies within a blob: people side by side, between whom the ground can be seen.

The windows of `foreground` reach three pixels beyond a body, so that two who are small and close
together are one blob. Brightness, which says nothing about whether somebody is there, says
sharply where: a blob falls apart where columns of pixels are the background's own from top to
bottom, between two bodies of about the same height. In rain, noise and sway no column is, and blobs
are left as they are.

Rule: one blob in, the parts of it out; in pixels of the reduced picture.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from viewkeeper.agent.core.events.foreground import Background, Mask

GROUND, GROUNDS = 0.95, 3.0
"""A pixel of a body differs from the background by more than so many times what all but a
twentieth of the ground does: rain, noise and sway tell of nobody."""
SHARE = 0.3
"""And by so much of what the blob's most different pixels, less a twentieth, differ by."""
CLEAR = 0.4
"""Where the first of the two limits is more of that, bodies are not clear of their weather."""
SOLID = 0.2
"""Share of the blob's height that bodies fill in a column of theirs."""
LEAST_GAP, LEAST_WIDE = 2, 2
"""Columns of ground between two bodies, and columns of a body."""
ALIKE = 0.6
"""Height of a body over the tallest one's: a bag beside a walker is no second walker."""
REACH = 3
"""By how many pixels a window reaches beyond a body: parts are as large as blobs are."""


class Part(NamedTuple):
    """Pixels of the reduced picture; the right and lower ends are beyond it."""

    left: int
    top: int
    right: int
    bottom: int


def ground_of(background: Background, mask: Mask) -> float:
    """What the ground differs by from the background in all but a twentieth, grey levels."""
    few = (slice(1, None, 4), slice(1, None, 3))
    came = np.abs(background.present[few] - background.mean[few])[~mask[few]]
    if not came.size:
        return 255.0
    at = int(came.size * GROUND)
    return float(np.partition(came, at)[at])


def bodies_of(background: Background, blob: Part, ground: float) -> tuple[Part, ...]:
    """The bodies of a blob, left to right; the blob itself where there is one, or none is told.

    Args:
        background: with the present picture.
        blob: where bodies are looked for.
        ground: of `ground_of`.
    """
    left, top, right, bottom = blob
    part = (slice(top, bottom), slice(left, right))
    came = np.abs(background.present[part] - background.mean[part])
    flat = came.ravel()
    at = flat.size * 19 // 20
    most = float(np.partition(flat, at)[at])
    if GROUNDS * ground > CLEAR * most:
        return (blob,)
    found = _runs(came > max(GROUNDS * ground, SHARE * most))
    if len(found) < 2:
        return (blob,)
    tallest = max(each.bottom - each.top for each in found)
    people = [
        each
        for each in found
        if each.bottom - each.top >= ALIKE * tallest and each.right - each.left >= LEAST_WIDE
    ]
    if len(people) < 2:
        return (blob,)
    for each in found:
        if each not in people:  # a hand or a bag belongs to whom it is nearest
            i = min(range(len(people)), key=lambda i: _gap(people[i], each))
            people[i] = _joined(people[i], each)
    return tuple(
        Part(
            left + max(0, each.left - REACH),
            top + max(0, each.top - REACH),
            min(right, left + each.right + REACH),
            min(bottom, top + each.bottom + REACH),
        )
        for each in people
    )


def _runs(body: Mask) -> list[Part]:
    """Columns that bodies fill, next to each other."""
    height, width = body.shape
    solid = np.zeros(width + 2, np.int8)
    solid[1:-1] = np.count_nonzero(body, axis=0) >= max(2.0, SOLID * height)
    turns = np.flatnonzero(solid[1:] != solid[:-1]).tolist()
    runs: list[tuple[int, int]] = []
    for left, right in zip(turns[0::2], turns[1::2], strict=True):
        if runs and left - runs[-1][1] < LEAST_GAP:
            runs[-1] = (runs[-1][0], right)
        else:
            runs.append((left, right))
    if len(runs) < 2:
        return []
    found: list[Part] = []
    for left, right in runs:
        rows = np.flatnonzero(body[:, left:right].any(axis=1))
        found.append(Part(left, int(rows[0]), right, int(rows[-1]) + 1))
    return found


def _gap(one: Part, other: Part) -> int:
    return max(one.left - other.right, other.left - one.right)


def _joined(one: Part, other: Part) -> Part:
    return Part(
        min(one.left, other.left), min(one.top, other.top),
        max(one.right, other.right), max(one.bottom, other.bottom),
    )  # fmt: skip
