"""How much of the view is hidden by one thing that stands before it: a lorry, a scaffold, a tree.

Rule: one frame's tiles in, a share out. Whether it lasts is the guard's to say.

Night and fog weaken agreement everywhere and hide nothing; an obstacle kills it in one place and
leaves it elsewhere. So only a connected patch of dead tiles counts, and only beside good ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from viewkeeper.agent.core.view.estimate import Tile

DEAD, ALIVE = 0.3, 0.5
"""Agreement below which a tile shows something else, and above which it surely shows the view."""
LEAST_ALIVE = 1.0 / 3.0
"""Share of the visible tiles that must be alive for the dead ones to mean anything."""


def hidden_share(tiles: Sequence[Tile]) -> float | None:
    """Share, 0..1, of the visible structured tiles in the largest connected dead patch.

    Returns: ``None`` where too few tiles agree to tell an obstacle from a poor picture.
    """
    visible = [tile for tile in tiles if tile.visible]
    alive = sum(1 for tile in visible if tile.agreement > ALIVE)
    if not visible or alive < LEAST_ALIVE * len(visible):
        return None
    dead = {(tile.x0, tile.y0): tile for tile in visible if tile.agreement < DEAD}
    largest = 0
    ends_x = {(tile.x1, tile.y0): corner for corner, tile in dead.items()}
    ends_y = {(tile.x0, tile.y1): corner for corner, tile in dead.items()}
    unseen = set(dead)
    while unseen:
        patch = [unseen.pop()]
        for corner in patch:  # grows while it is walked
            tile = dead[corner]
            beside = (
                (tile.x1, tile.y0),
                (tile.x0, tile.y1),
                ends_x.get(corner),
                ends_y.get(corner),
            )
            for other in beside:
                if other in unseen:
                    unseen.remove(other)
                    patch.append(other)
        largest = max(largest, len(patch))
    return largest / len(visible)
