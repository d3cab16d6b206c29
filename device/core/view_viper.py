"""The inner loops of the view check in viper: what ``view_plain.py`` holds, as machine code.

viper's int is the machine's word and ``ptr32`` reads without a sign on 64 bits, so nothing kept in
``work`` is negative and nothing needs more than 30 bits.
"""

import micropython


@micropython.viper
def halve(grey, out, work):
    g = ptr8(grey)
    o = ptr8(out)
    w = ptr32(work)
    width = w[0]
    height = w[1]
    at = 0
    y = 0
    while y < height - 1:
        x = y * width
        end = x + width - 1
        while x < end:
            o[at] = (g[x] + g[x + 1] + g[x + width] + g[x + width + 1]) >> 2
            at += 1
            x += 2
        y += 2


@micropython.viper
def strength(half, work):
    h = ptr8(half)
    w = ptr32(work)
    width = w[0]
    height = w[1]
    total = 0
    y = 1
    while y < height - 1:
        at = y * width + 1
        end = at + width - 2
        while at < end:
            d = h[at + 1] - h[at - 1]
            if d < 0:
                d = 0 - d
            total += d
            d = h[at + width] - h[at - width]
            if d < 0:
                d = 0 - d
            total += d
            at += 1
        y += 1
    w[2] = total


@micropython.viper
def direction(across: int, down: int) -> int:
    wide = across
    if wide < 0:
        wide = 0 - wide
    tall = down
    if tall < 0:
        tall = 0 - tall
    if 5 * wide > 12 * tall:
        if across > 0:
            return 1
        return 16
    if 5 * tall > 12 * wide:
        if down > 0:
            return 4
        return 64
    if across > 0:
        if down > 0:
            return 2
        return 128
    if down > 0:
        return 8
    return 32


@micropython.viper
def directions(half, out, work):
    h = ptr8(half)
    o = ptr8(out)
    w = ptr32(work)
    width = w[0]
    height = w[1]
    edge = w[2]
    at = 0
    while at < width * height:
        o[at] = 0
        at += 1
    y = 1
    while y < height - 1:
        at = y * width + 1
        end = at + width - 2
        while at < end:
            across = h[at + 1] - h[at - 1]
            down = h[at + width] - h[at - width]
            much = across
            if much < 0:
                much = 0 - much
            if down < 0:
                much -= down
            else:
                much += down
            if much >= edge:
                o[at] = int(direction(across, down))
            at += 1
        y += 1


@micropython.viper
def bend(flat, out, tables, work):
    f = ptr8(flat)
    o = ptr8(out)
    t = ptr16(tables)
    w = ptr32(work)
    width = w[0]
    height = w[1]
    middle_x = (width - 1) * 8 + 8
    middle_y = (height - 1) * 8 + 8
    to = 0
    row = 0
    while row < height:
        tan = t[2 * width + row] - 16384
        column = 0
        while column < width:
            x = (t[column] - 16384 + middle_x) >> 4
            y = ((tan * (t[width + column] - 16384) >> 10) + middle_y) >> 4
            found = 0
            if x >= 1:
                if x < width - 1:
                    if y >= 1:
                        if y < height - 1:
                            at = (y - 1) * width + x
                            found = f[at - 1] | f[at] | f[at + 1]
                            at += width
                            found = found | f[at - 1] | f[at] | f[at + 1]
                            at += width
                            found = found | f[at - 1] | f[at] | f[at + 1]
            o[to] = found
            to += 1
            column += 1
        row += 1


@micropython.viper
def turn(points, places, bits, work):
    p = ptr16(points)
    q = ptr16(places)
    b = ptr8(bits)
    w = ptr32(work)
    count = w[0]
    c = w[1] - 16384
    s = w[2] - 16384
    middle_x = w[3] + 1032
    middle_y = w[4] + 1032
    i = 0
    while i < count:
        x = p[4 * i] - 32768
        y = p[4 * i + 1] - 32768
        q[2 * i] = ((x * c + y * s >> 12) + middle_x) >> 4
        q[2 * i + 1] = ((y * c - x * s >> 12) + middle_y) >> 4
        x = p[4 * i + 2] - 32768
        y = p[4 * i + 3] - 32768
        b[i] = int(direction(x * c + y * s >> 8, y * c - x * s >> 8))
        i += 1


@micropython.viper
def seek(places, bits, bent, work):
    p = ptr16(places)
    b = ptr8(bits)
    m = ptr8(bent)
    w = ptr32(work)
    count = w[0]
    width = w[1]
    height = w[2]
    far_x = w[3]
    far_y = w[4]
    step = w[5]
    chance = w[6]
    best = 0
    w[8] = 0
    dy = 0 - far_y
    while dy <= far_y:
        dx = 0 - far_x
        while dx <= far_x:
            seen = 0
            hits = 0
            i = 0
            while i < count:
                x = p[2 * i] + dx - 64
                y = p[2 * i + 1] + dy - 64
                if x >= 0:
                    if x < width:
                        if y >= 0:
                            if y < height:
                                seen += 1
                                if b[i] & m[y * width + x]:
                                    hits += 1
                i += 1
            worth = 256 * hits - chance * seen + 1
            if worth > best:
                if 3 * seen >= count:
                    best = worth
                    w[9] = dx + 64
                    w[10] = dy + 64
            dx += step
        dy += step
    w[8] = best


@micropython.viper
def cut(grey, patch, way, work):
    g = ptr8(grey)
    o = ptr8(patch)
    h = ptr32(way)
    w = ptr32(work)
    bias = 1 << 29
    width = w[0]
    height = w[1]
    left = w[2]
    top = w[3]
    fine = w[4]
    ax = h[0] - bias
    bx = h[3] - bias
    cx = h[6] - bias
    side = 16 + 2 * fine
    most_x = (width - 1) << 4
    most_y = (height - 1) << 4
    outside = 0
    at = 0
    j = 0
    while j < side:
        y = top - fine + j
        x = left - fine
        u0 = ax * x + (h[1] - bias) * y + h[2] - bias
        v0 = bx * x + (h[4] - bias) * y + h[5] - bias
        far = cx * x + (h[7] - bias) * y + h[8] - bias
        i = 0
        while i < side:
            u = ((u0 << 4) + (far >> 1)) // far
            v = ((v0 << 4) + (far >> 1)) // far
            gone = 0
            if u < 0:
                if u < -24:
                    gone = 1
                u = 0
            elif u > most_x:
                if u > most_x + 24:
                    gone = 1
                u = most_x
            if v < 0:
                if v < -24:
                    gone = 1
                v = 0
            elif v > most_y:
                if v > most_y + 24:
                    gone = 1
                v = most_y
            if gone:
                if i >= fine:
                    if i < side - fine:
                        if j >= fine:
                            if j < side - fine:
                                outside += 1
            m = u >> 4
            n = v >> 4
            if m == width - 1:
                m -= 1
            if n == height - 1:
                n -= 1
            u -= m << 4
            v -= n << 4
            k = n * width + m
            upper = g[k] * (16 - u) + g[k + 1] * u
            lower = g[k + width] * (16 - u) + g[k + width + 1] * u
            o[at] = (upper * (16 - v) + lower * v + 128) >> 8
            at += 1
            u0 += ax
            v0 += bx
            far += cx
            i += 1
        j += 1
    w[8] = outside


@micropython.viper
def correlate(known, grey, work):
    k = ptr8(known)
    g = ptr8(grey)
    w = ptr32(work)
    here = w[0]
    there = w[1]
    width = w[2]
    stride = w[3]
    total = 0
    squares = 0
    cross = 0
    row = 0
    while row < 16:
        i = 0
        while i < 16:
            b = g[there + i]
            total += b
            squares += b * b
            cross += k[here + i] * b
            i += 1
        here += width
        there += stride
        row += 1
    w[4] = total
    w[5] = squares
    w[6] = cross
