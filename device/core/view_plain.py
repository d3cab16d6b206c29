"""The inner loops of the view check in plain Python: for ports without a native emitter.

``view_viper.py`` holds the same functions as machine code; a test holds their numbers equal.
``work`` is an ``array("i")`` that carries small whole numbers in and out; none is negative.
"""


def halve(grey, out, work):
    """Means of two by two pixels; work: width, height."""
    width, height = work[0], work[1]
    at = 0
    for y in range(0, height - 1, 2):
        row = y * width
        for x in range(row, row + width - 1, 2):
            out[at] = (grey[x] + grey[x + 1] + grey[x + width] + grey[x + width + 1]) >> 2
            at += 1


def signs(half, out, work):
    """1 + sign of the gradients across and down, in two bits each; work: width, size, edge."""
    width, size, edge = work[0], work[1], work[2]
    for at in range(width, size - width):
        across, down = half[at + 1] - half[at - 1], half[at + width] - half[at - width]
        out[at] = (across > edge) - (across < -edge) + 1 | (down > edge) - (down < -edge) + 1 << 2


def score(points, known, present, work):
    """How far gradients agree at one shift.

    Args:
        points: x and y of each, unsigned 16 bits.
        known, present: signs of the points, and of the picture.
        work: count, width, height, 64 + shift across, 64 + shift down; out: points that are in the
            picture, and twice their number + score.
    """
    count, width, height, dx, dy = work[0], work[1], work[2], work[3] - 64, work[4] - 64
    seen = total = 0
    for i in range(count):
        x, y = points[2 * i] + dx, points[2 * i + 1] + dy
        if 1 <= x < width - 1 and 1 <= y < height - 1:
            a, b = known[i], present[y * width + x]
            seen += 1
            total += ((a & 3) - 1) * ((b & 3) - 1) + ((a >> 2) - 1) * ((b >> 2) - 1)
    work[5], work[6] = seen, 2 * seen + total


def correlate(known, grey, work):
    """Sums of a 16 x 16 tile and of its product with another.

    work: where the tile begins in ``known``, where in ``grey``, width; out: sum and sum of squares
    in ``grey``, sum of products.
    """
    here, there, width = work[0], work[1], work[2]
    total = squares = cross = 0
    for _ in range(16):
        for i in range(16):
            b = grey[there + i]
            total += b
            squares += b * b
            cross += known[here + i] * b
        here += width
        there += width
    work[3], work[4], work[5] = total, squares, cross
