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
def signs(half, out, work):
    h = ptr8(half)
    o = ptr8(out)
    w = ptr32(work)
    width = w[0]
    end = w[1] - width
    edge = w[2]
    at = width
    while at < end:
        code = 5
        d = h[at + 1] - h[at - 1]
        if d > edge:
            code += 1
        elif d < 0 - edge:
            code -= 1
        d = h[at + width] - h[at - width]
        if d > edge:
            code += 4
        elif d < 0 - edge:
            code -= 4
        o[at] = code
        at += 1


@micropython.viper
def score(points, known, present, work):
    p = ptr16(points)
    k = ptr8(known)
    m = ptr8(present)
    w = ptr32(work)
    count = w[0]
    width = w[1]
    right = width - 1
    bottom = w[2] - 1
    dx = w[3] - 64
    dy = w[4] - 64
    seen = 0
    total = 0
    i = 0
    while i < count:
        x = p[2 * i] + dx
        y = p[2 * i + 1] + dy
        if x >= 1:
            if x < right:
                if y >= 1:
                    if y < bottom:
                        a = k[i]
                        b = m[y * width + x]
                        seen += 1
                        total += ((a & 3) - 1) * ((b & 3) - 1)
                        total += ((a >> 2) - 1) * ((b >> 2) - 1)
        i += 1
    w[5] = seen
    w[6] = 2 * seen + total


@micropython.viper
def correlate(known, grey, work):
    k = ptr8(known)
    g = ptr8(grey)
    w = ptr32(work)
    here = w[0]
    there = w[1]
    width = w[2]
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
        there += width
        row += 1
    w[3] = total
    w[4] = squares
    w[5] = cross
