"""A frame shrunk to what the view check looks at, a few rows at a time."""

from device.core.view import MIN_H, MIN_W


def shrink_factor(width, height):
    """By how much a frame is shrunk: the largest whole number that leaves 96 x 72."""
    return max(1, min(width // MIN_W, height // MIN_H))


def shrink_rows(rows, width, factor, out=None):
    """One row of means of ``factor`` rows given one after the other; into ``out`` where given."""
    if out is None:
        out = bytearray(width // factor)
    area, half = factor * factor, factor * factor // 2
    for index in range(len(out)):
        total = half
        for start in range(index * factor, width * factor, width):
            total += sum(rows[start : start + factor])
        out[index] = total // area
    return out
