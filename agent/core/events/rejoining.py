"""Tracks that are one: who was lost and comes out again, who parted from what he left.

Rule: as of `tracks`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from viewkeeper.agent.core.events.track import STANDING, STEADY_SIZE, Track, Tracks, apart, born

BESIDE = 0.03
"""How far from a thing, beside its width, its bringer's new track may begin."""
FOUND_HITS, FOUND_SEEN, FOUND_SIZE = 3, 0.75, 0.6
"""What such a track has: looks, share of frames, and most difference of the logarithms of size."""


def found_again(tracks: list[Track]) -> list[Track]:
    """Join who was lost with the steady young track that began where he may have come out."""
    lost = [t for t in tracks if t.real and t.seen_s < max(o.seen_s for o in tracks)]
    for young in [t for t in tracks if not t.real and t.hits >= FOUND_HITS]:
        if young.restless > STEADY_SIZE or young.hits < FOUND_SEEN * young.looks:
            continue
        near = [
            (distance, t.number, t) for t in lost
            if t.seen_s < young.born_s
            and abs(math.log(young.size / t.size)) <= FOUND_SIZE
            and (distance := apart(t, young.first, young.born_s)) <= 1
        ]  # fmt: skip
        if not near:
            continue
        _, _, old = min(near)
        lost.remove(old)
        tracks.remove(old)
        tracks[tracks.index(young)] = replace(
            young, number=old.number, born_s=old.born_s, first=old.first,
            path=old.path + math.dist(old.place, young.place), hits=old.hits + young.hits,
            looks=old.looks, before=old.place, real=True,
        )  # fmt: skip
    return tracks


def parted(before: Tracks, after: Tracks, stays: Callable[[Track], bool]) -> Tracks:
    """Give a walker back the track that stuck to what he left.

    Where two part, the nearer one keeps the track, and that may be the thing. A track that first
    counts as somebody, and was born beside somebody who stands there without stirring, is he.

    Args:
        before, after: a frame ago and now.
        stays: whether what a track stands on does not stir as a person does.
    """
    were_real = {track.number for track in before.all if track.real}
    tracks = {track.number: track for track in after.all}
    for walker in after.all:
        if not walker.real or walker.number in were_real:
            continue
        beside = [
            t for t in tracks.values()
            if t.number in were_real and t.pace <= STANDING and t.born_s < walker.born_s
            and math.dist(t.place, walker.first) <= BESIDE + (t.box.right - t.box.left)
        ]  # fmt: skip
        if not beside:
            continue
        thing = min(beside, key=lambda t: math.dist(t.place, walker.first))
        if not stays(thing):
            continue
        tracks[thing.number] = replace(
            walker, number=thing.number, born_s=thing.born_s, first=thing.first,
            path=thing.path + walker.path, hits=thing.hits + walker.hits,
            looks=thing.looks + walker.looks,
        )  # fmt: skip
        tracks[walker.number] = replace(
            born(walker.number, walker.born_s, thing.seen_s, thing.box),
            hits=walker.hits,
            looks=walker.looks,
        )
    return replace(after, all=tuple(tracks.values()))
