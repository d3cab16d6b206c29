"""Where a picture roughly lies on the registered one, found by the directions of its gradients.

Both are drawn by angle instead of by pixel, so that a pan or tilt is a shift everywhere in the
picture; rolls and zooms are tried one by one. A direction counts where it is seen within a pixel
of its place. What is found here is a guess, for tiles to confirm.
"""

from array import array
from math import atan, cos, sin, sqrt, tan

try:  # the compiler refuses viper on ports without a native emitter
    from device.core.view_viper import bend, directions, halve, seek, strength, turn
except (SyntaxError, ImportError):
    from device.core.view_plain import bend, directions, halve, seek, strength, turn

NEAR = ((0.0, 1.0),)  # (roll in degrees, zoom)
WIDE = tuple(
    (roll, zoom)
    for roll in (0.0, -4.0, 4.0, -8.0, 8.0)
    for zoom in (1.0, 0.9, 1.11, 0.81, 1.23)
    if (roll, zoom) != (0.0, 1.0)
)
CELL = 3  # the strongest gradient of each three by three pixels is a point
FAR_X, FAR_Y, STEP = 14, 12, 2  # pixels of the half-size picture
LEAST_EDGE = 5  # grey values, across and down together, over two pixels: above sensor noise
DEGREE = 0.017453292519943295


class Coarse:
    """A registered picture, ready to be looked for.

    Args:
        width, height, focal: of the whole picture, pixels.
        grey: the picture.
    """

    def __init__(self, width, height, focal, grey):
        self._whole = (width, height)
        width, height, focal = width // 2, height // 2, focal / 2
        self._size, self._focal = (width, height), focal
        size = width * height
        # Taken once: a search leaves the heap as it was.
        self._half, self._flat, self._bent = bytearray(size), bytearray(size), bytearray(size)
        self._work = array("i", [0] * 16)
        self._tables = array("H", [0] * (2 * width + height))
        for at in range(width):
            angle = (at - (width - 1) / 2) / focal
            self._tables[at] = 16384 + round(16 * focal * tan(angle))
            self._tables[width + at] = 16384 + round(1024 / cos(angle))
        for at in range(height):
            angle = (at - (height - 1) / 2) / focal
            self._tables[2 * width + at] = 16384 + round(16 * focal * tan(angle))
        self._points = self._strongest(self._edge(grey))
        count = len(self._points) // 4
        self._places, self._bits = array("H", [0] * (2 * count)), bytearray(count)

    def look(self, grey):
        """Take a picture in: draw its directions by angle."""
        work, (width, height) = self._work, self._size
        work[2] = self._edge(grey)
        work[0], work[1] = width, height
        directions(self._half, self._flat, work)
        bend(self._flat, self._bent, self._tables, work)
        self._shares = [0] * 8
        for at in range(0, len(self._bent), 7):  # a sample says how common each direction is
            found = self._bent[at]
            bit = 0
            while found:
                self._shares[bit] += found & 1
                found >>= 1
                bit += 1

    def guesses(self, tries, most):
        """The ``most`` best poses ([pan, tilt, roll, zoom], radians) among (roll, zoom) to try."""
        best = []
        for roll, zoom in tries:
            worth, shift_x, shift_y = self._seek(roll * DEGREE, zoom)
            if worth > 0:
                focal = self._focal
                best.append((worth, [-shift_x / focal, shift_y / focal, roll * DEGREE, zoom]))
        best.sort(key=lambda one: -one[0])
        return [pose for _, pose in best[:most]]

    def _edge(self, grey):
        """Halve a picture; from which strength on a gradient counts."""
        work, (width, height) = self._work, self._size
        work[0], work[1] = self._whole
        halve(grey, self._half, work)
        work[0], work[1] = width, height
        strength(self._half, work)
        return max(LEAST_EDGE, 5 * work[2] // (4 * (width - 2) * (height - 2)))

    def _strongest(self, edge):
        found, half, (width, height), focal = array("H"), self._half, self._size, self._focal
        for top in range(1, height - CELL, CELL):
            for left in range(1, width - CELL, CELL):
                best = (edge - 1, 0, 0, 0, 0)
                for y in range(top, top + CELL):
                    for x in range(left, left + CELL):
                        at = y * width + x
                        across = half[at + 1] - half[at - 1]
                        down = half[at + width] - half[at - width]
                        if abs(across) + abs(down) > best[0]:
                            best = (abs(across) + abs(down), x, y, across, down)
                if best[1]:
                    x, y = best[1] - (width - 1) / 2, best[2] - (height - 1) / 2
                    by_angle = atan(x / focal), atan(y / sqrt(x * x + focal * focal))
                    for angle in by_angle:
                        found.append(32768 + round(16 * focal * angle))
                    found.append(32768 + best[3])
                    found.append(32768 + best[4])
        return found

    def _seek(self, roll, zoom):
        """(worth, shift across, shift down) of one roll and zoom."""
        work, (width, height) = self._work, self._size
        count = len(self._bits)
        work[0] = count
        work[1], work[2] = (
            16384 + round(4096 * zoom * cos(roll)),
            16384 + round(4096 * zoom * sin(roll)),
        )
        work[3], work[4] = (width - 1) * 8, (height - 1) * 8
        turn(self._points, self._places, self._bits, work)
        hits = 0
        for bits in self._bits:
            bit = 0
            while bits > 1:
                bits >>= 1
                bit += 1
            hits += self._shares[bit]
        chance = 256 * hits * 7 // (max(1, count) * len(self._bent))
        work[0], work[1], work[2] = count, width, height
        work[3], work[4], work[5], work[6] = FAR_X, FAR_Y, STEP, chance
        seek(self._places, self._bits, self._bent, work)
        return work[8], work[9] - 64, work[10] - 64
