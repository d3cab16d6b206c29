"""The geometry of the view check: where a move takes a point, and the move that most points share.

A pose is [pan, tilt, roll, zoom], radians and a ratio, with the signs of
``agent/core/view/geometry.py``; points are pixels from the middle, x right, y down.
"""

from math import cos, sin, sqrt

BIAS = 1 << 29
_UNIT = 1 << 18
BOUNDS = (4.0, 2.5, 1.5, 0.8, 0.8, 0.8)  # pixels: the last is what counts as agreeing


def rows_of(pose, focal):
    """Nine factors: u, v and w of x, y and 1, with ``u / w`` and ``v / w`` where a point goes.

    R transposed, one turn after the other: p ~ K R K'^-1 p' the other way round.
    """
    pan, tilt, roll, zoom = pose
    cp, sp, ct, st, cr, sr = cos(pan), sin(pan), cos(tilt), sin(tilt), cos(roll), sin(roll)
    return (
        zoom * (cp * cr + sp * st * sr), zoom * ct * sr, zoom * focal * (cp * st * sr - sp * cr),
        zoom * (sp * st * cr - cp * sr), zoom * ct * cr, zoom * focal * (cp * st * cr + sp * sr),
        sp * ct / focal, -st / focal, cp * ct,
    )  # fmt: skip


def moved(rows, x, y):
    """Where a move takes a point."""
    w = rows[6] * x + rows[7] * y + rows[8]
    return (
        (rows[0] * x + rows[1] * y + rows[2]) / w,
        (rows[3] * x + rows[4] * y + rows[5]) / w,
    )


def whole(rows, way, middle_x, middle_y):
    """Lay the factors into ``way`` as ``view_plain.cut`` takes them, from the first pixel on."""
    for axis, middle in ((0, middle_x), (1, middle_y)):
        a, b, c = (rows[3 * axis + i] + middle * rows[6 + i] for i in range(3))
        way[3 * axis] = BIAS + round(_UNIT * a)
        way[3 * axis + 1] = BIAS + round(_UNIT * b)
        way[3 * axis + 2] = BIAS + round(_UNIT * (c - a * middle_x - b * middle_y))
    a, b, c = rows[6:9]
    way[6], way[7] = BIAS + round(_UNIT * a), BIAS + round(_UNIT * b)
    way[8] = BIAS + round(_UNIT * (c - a * middle_x - b * middle_y))


def agree(pose, focal, votes, least):
    """The one move that most votes share, by least squares over those that do.

    Args:
        pose: to begin with.
        votes: (x, y, x', y'): a point, and where it is seen.
        least: as few may agree.

    Returns:
        (pose, noise in pixels, reach in pixels, number that agree); ``None`` where too few do.
    """
    pose = list(pose)
    for turn, bound in enumerate(BOUNDS):
        rows = rows_of(pose, focal)
        left = []
        for x, y, seen_x, seen_y in votes:
            u, v = moved(rows, x, y)
            left.append((u, v, seen_x - u, seen_y - v))
        if not turn:  # most of a coarse pose's fault is a shift
            shift_x, shift_y = _median([r[2] for r in left]), _median([r[3] for r in left])
            left = [(u, v, dx - shift_x, dy - shift_y) for u, v, dx, dy in left]
            pose[0] -= shift_x / focal
            pose[1] += shift_y / focal
        kept = [r for r in left if max(abs(r[2]), abs(r[3])) <= bound]
        if len(kept) < least or 2 * len(kept) < len(votes):
            return None
        shift_x, shift_y, grown, turned = _similarity(kept)
        pose[0] -= shift_x / focal
        pose[1] += shift_y / focal
        pose[2] -= turned
        pose[3] *= 1 + grown
    squares = sum(r[2] ** 2 + r[3] ** 2 for r in kept)
    # One pixel in twenty is what the parabola and the grid leave, whatever the residuals say.
    noise = sqrt(squares / (2 * len(kept) - 4) + 0.05**2)
    return pose, noise, sqrt(sum(r[0] ** 2 + r[1] ** 2 for r in kept)), len(kept)


def _median(values):
    return sorted(values)[len(values) // 2]


def _similarity(rows):
    """(shift x, shift y, growth, turn) with dx = sx + g x - t y, dy = sy + g y + t x."""
    n = len(rows)
    mx, my = sum(r[0] for r in rows) / n, sum(r[1] for r in rows) / n
    mdx, mdy = sum(r[2] for r in rows) / n, sum(r[3] for r in rows) / n
    norm = grown = turned = 0.0
    for x, y, dx, dy in rows:
        x, y, dx, dy = x - mx, y - my, dx - mdx, dy - mdy
        norm += x * x + y * y
        grown += x * dx + y * dy
        turned += x * dy - y * dx
    grown, turned = (grown / norm, turned / norm) if norm else (0.0, 0.0)
    return mdx - grown * mx + turned * my, mdy - grown * my - turned * mx, grown, turned
