"""The inner loops of the view check in plain Python: for ports without a native emitter.

``view_viper.py`` holds the same functions as machine code; a test holds their numbers equal.
``work`` is an ``array("i")`` that carries small whole numbers in and out; none is negative.
Directions of gradients are one bit of eight each, dark to bright; 0 where a picture is flat.
"""

BIAS = 1 << 29  # on what may be negative


def halve(grey, out, work):
    """Means of two by two pixels; work: width, height."""
    width, height = work[0], work[1]
    at = 0
    for y in range(0, height - 1, 2):
        row = y * width
        for x in range(row, row + width - 1, 2):
            out[at] = (grey[x] + grey[x + 1] + grey[x + width] + grey[x + width + 1]) >> 2
            at += 1


def strength(half, work):
    """Sum of |gradient across| + |down|; work: width, height; out: the sum."""
    width, height = work[0], work[1]
    total = 0
    for y in range(1, height - 1):
        for at in range(y * width + 1, (y + 1) * width - 1):
            total += abs(half[at + 1] - half[at - 1]) + abs(half[at + width] - half[at - width])
    work[2] = total


def direction(across, down):
    """The bit of a gradient's direction."""
    wide, tall = abs(across), abs(down)
    if 5 * wide > 12 * tall:
        return 1 if across > 0 else 16
    if 5 * tall > 12 * wide:
        return 4 if down > 0 else 64
    if across > 0:
        return 2 if down > 0 else 128
    return 8 if down > 0 else 32


def directions(half, out, work):
    """Directions where a gradient is at least an edge; work: width, height, edge."""
    width, height, edge = work[0], work[1], work[2]
    for at in range(width * height):
        out[at] = 0
    for y in range(1, height - 1):
        for at in range(y * width + 1, (y + 1) * width - 1):
            across, down = half[at + 1] - half[at - 1], half[at + width] - half[at - width]
            if abs(across) + abs(down) >= edge:
                out[at] = direction(across, down)


def bend(flat, out, tables, work):
    """A map of directions by angle: each place has what is near it on the sensor.

    tables: of each column tan and 1/cos, of each row tan, biased by 2**14; tan in 1/16 pixel from
    the middle, 1/cos in 1/1024. work: width, height.
    """
    width, height = work[0], work[1]
    middle_x, middle_y = (width - 1) * 8, (height - 1) * 8
    for row in range(height):
        tan = tables[2 * width + row] - 16384
        for column in range(width):
            x = (tables[column] - 16384 + middle_x + 8) >> 4
            y = ((tan * (tables[width + column] - 16384) >> 10) + middle_y + 8) >> 4
            found = 0
            if 1 <= x < width - 1 and 1 <= y < height - 1:
                at = y * width + x
                for near in (at - width, at, at + width):
                    found |= flat[near - 1] | flat[near] | flat[near + 1]
            out[row * width + column] = found


def turn(points, places, bits, work):
    """Points as a roll and a zoom would show them.

    Args:
        points: of each: across and down from the middle in 1/16 pixel, gradient across and down;
            16 bits, biased by 2**15.
        places, bits: for the result: across and down in pixels, biased by 64; directions.
        work: count, zoom * cos and zoom * sin in 1/4096 (biased by 2**14), the middle in 1/16.
    """
    count, c, s = work[0], work[1] - 16384, work[2] - 16384
    middle_x, middle_y = work[3] + 1032, work[4] + 1032
    for i in range(count):
        x, y = points[4 * i] - 32768, points[4 * i + 1] - 32768
        places[2 * i] = ((x * c + y * s >> 12) + middle_x) >> 4
        places[2 * i + 1] = ((y * c - x * s >> 12) + middle_y) >> 4
        x, y = points[4 * i + 2] - 32768, points[4 * i + 3] - 32768
        bits[i] = direction(x * c + y * s >> 8, y * c - x * s >> 8)


def seek(places, bits, bent, work):
    """The shift at which most directions agree.

    work: count, width, height, how far to look across and down, step, chance of a hit by accident
    in 1/256; out at 8: worth of the best shift (0: none), 64 + shift across, 64 + shift down.
    """
    count, width, height, far_x, far_y, step, chance = work[0:7]
    best = 0
    for dy in range(64 - far_y, 64 + far_y + 1, step):
        for dx in range(64 - far_x, 64 + far_x + 1, step):
            seen = hits = 0
            for i in range(count):
                x, y = places[2 * i] + dx - 128, places[2 * i + 1] + dy - 128
                if 0 <= x < width and 0 <= y < height:
                    seen += 1
                    if bits[i] & bent[y * width + x]:
                        hits += 1
            worth = 256 * hits - chance * seen + 1
            if worth > best and 3 * seen >= count:
                best = worth
                work[9], work[10] = dx, dy
    work[8] = best


def cut(grey, patch, way, work):
    """A tile and what is around it, drawn from a picture as a move would show it.

    Args:
        patch: (16 + 2 * fine) squared bytes for it.
        way: across, down and distance of a pixel: factors of x, of y, and 1; 2**18, biased.
        work: width, height, x and y of the tile, fine; out at 8: pixels of the tile itself that
            lie outside the picture.
    """
    width, height, left, top, fine = work[0:5]
    ax, ay, a = way[0] - BIAS, way[1] - BIAS, way[2] - BIAS
    bx, by, b = way[3] - BIAS, way[4] - BIAS, way[5] - BIAS
    cx, cy, c = way[6] - BIAS, way[7] - BIAS, way[8] - BIAS
    side = 16 + 2 * fine
    most_x, most_y = (width - 1) << 4, (height - 1) << 4
    outside = at = 0
    for j in range(side):
        y = top - fine + j
        for i in range(side):
            x = left - fine + i
            far = cx * x + cy * y + c
            u = ax * x + ay * y + a
            v = bx * x + by * y + b
            u = ((u << 4) + (far >> 1)) // far
            v = ((v << 4) + (far >> 1)) // far
            if u < -24 or v < -24 or u > most_x + 24 or v > most_y + 24:
                if fine <= i < side - fine and fine <= j < side - fine:
                    outside += 1
            u = 0 if u < 0 else most_x if u > most_x else u
            v = 0 if v < 0 else most_y if v > most_y else v
            m, n = u >> 4, v >> 4
            if m == width - 1:
                m -= 1
            if n == height - 1:
                n -= 1
            u, v = u - (m << 4), v - (n << 4)
            k = n * width + m
            upper = grey[k] * (16 - u) + grey[k + 1] * u
            lower = grey[k + width] * (16 - u) + grey[k + width + 1] * u
            patch[at] = (upper * (16 - v) + lower * v + 128) >> 8
            at += 1
    work[8] = outside


def correlate(known, grey, work):
    """Sums of a 16 x 16 tile and of its product with another.

    work: where the tile begins in ``known``, where in ``grey``, the width of each; out at 4: sum
    and sum of squares in ``grey``, sum of products.
    """
    here, there, width, stride = work[0:4]
    total = squares = cross = 0
    for _ in range(16):
        for i in range(16):
            b = grey[there + i]
            total += b
            squares += b * b
            cross += known[here + i] * b
        here += width
        there += stride
    work[4], work[5], work[6] = total, squares, cross
