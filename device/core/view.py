"""The view check on small grey pictures: has the camera moved, and how sure is that.

Texture gate first; then a guess by the directions of gradients (``coarse``); then each tile of the
registered picture, sought in the present one drawn as the guess would show it, by normalised
correlation to parts of a pixel; then one move that most tiles must agree on (``pose``); and the
last two once more from there. Guesses far off, with rolls and zooms, are only made where the near
one does not hold. Signs of moves are those of ``agent/core/view/geometry.py``: pan to the right,
tilt up, roll clockwise from behind the camera, zoom narrower are positive or above 1.
"""

from array import array
from hashlib import sha256
from math import pi, sqrt, tan

from device.core import pose as geometry
from device.core.coarse import NEAR, WIDE, Coarse

try:  # the compiler refuses viper on ports without a native emitter
    from device.core.view_viper import correlate, cut
except (SyntaxError, ImportError):
    from device.core.view_plain import correlate, cut

MIN_W, MIN_H = 96, 72  # smaller pictures fail behind a large car
TILE = 16
DARK, BRIGHT = 16, 240  # mean grey values beyond which a flat picture is dark, overexposed
APART, MIN_TILES, MOST_TILES = 8, 6, 48  # tiles overlap by half: a dim view has few good ones
FLAT = 24  # variance of a tile, grey values squared: sensor noise has 9 to 20
CORNER = 196 * 4  # structure of a tile in its weaker direction: above a mean picture's noise
CORRELATED = 0.5
FINE = 4  # pixels a tile is sought around where a guess puts it
PASSES = (FINE, 2)
SHARE = 0.4  # of the tiles in sight, and more by the pixels of noise between those that agree
GUESSES = 8  # far ones that tiles are asked about
MAGIC = b"VKG1"


class ViewError(Exception):
    """A view that cannot be registered; the text names the cure."""


class Found:
    """What one picture tells.

    Attributes:
        cause: why nothing can be told, a word of ``ViewCause``; ``None``: the move is found.
        pan, tilt, roll: degrees; zoom: ratio. errors: one standard error of each.
        agreed, tiles: how many tiles agree, of how many with texture.
    """

    def __init__(self, cause, move=(0.0, 0.0, 0.0, 1.0), errors=(0.0,) * 4, agreed=0, tiles=0):
        self.cause, self.errors = cause, errors
        self.pan, self.tilt, self.roll, self.zoom = move
        self.agreed, self.tiles = agreed, tiles


class View:
    """A registered view.

    Args:
        width, height: pixels, at least 96 x 72.
        hfov_mdeg: horizontal field of view of these pixels, millidegrees.
        grey: width * height bytes, row by row.

    Raises:
        ViewError: too small, or too little texture in it.
    """

    def __init__(self, width, height, hfov_mdeg, grey):
        if width < MIN_W or height < MIN_H or len(grey) != width * height:
            raise ViewError("a view needs at least %d x %d pixels" % (MIN_W, MIN_H))
        self.width, self.height, self.hfov_mdeg, self.grey = width, height, hfov_mdeg, grey
        self.focal = width / 2 / tan(hfov_mdeg / 1000 * pi / 360)
        self._work, self._way = array("i", [0] * 16), array("i", [0] * 9)
        self.tiles = self._textured()
        if len(self.tiles) < MIN_TILES:
            raise ViewError("too little texture: light the scene, or turn to where edges are")
        self._patch = bytearray((TILE + 2 * FINE) ** 2)
        self._coarse = Coarse(width, height, self.focal, grey)

    def to_bytes(self):
        head = self.width.to_bytes(2, "big") + self.height.to_bytes(2, "big")
        return MAGIC + head + self.hfov_mdeg.to_bytes(4, "big") + bytes(self.grey)

    @staticmethod
    def from_bytes(data):
        if data[:4] != MAGIC:
            raise ViewError("this is no registered view of a device")
        size = int.from_bytes(data[4:6], "big"), int.from_bytes(data[6:8], "big")
        return View(size[0], size[1], int.from_bytes(data[8:12], "big"), memoryview(data)[12:])

    @property
    def digest(self):
        return sha256(self.to_bytes()).digest()

    def compare(self, grey):
        """Find a picture of the same size on this view: ``Found``."""
        cause = fault_of(grey, self.width, self.height)
        if cause:
            return Found(cause)
        self._coarse.look(grey)
        for tries in (NEAR, WIDE):
            for pose in self._coarse.guesses(tries, GUESSES):
                found = self._confirm(pose, grey)
                if found is not None:
                    return found
        return Found("no_match", tiles=len(self.tiles))

    def _confirm(self, pose, grey):
        """What the tiles say of a guess; ``None``: it is none of theirs."""
        for fine in PASSES:
            votes, seen = self._ask(pose, grey, fine)
            least = max(MIN_TILES, seen // 3)
            told = geometry.agree(pose, self.focal, votes, least) if len(votes) >= least else None
            if told is None:
                return None
            pose = told[0]
        pose, noise, reach, agreed = told
        if agreed < seen * (SHARE + noise):  # the fewer agree, the closer they have to
            return None
        pan, tilt, roll, zoom = pose
        degree = 180 / pi
        noise *= 2  # a pixel lies in four tiles: so many of them say the same
        angle = noise / sqrt(agreed) / self.focal * degree
        move = (pan * degree, tilt * degree, roll * degree, zoom)
        errors = (angle, angle, noise / reach * degree, noise / reach)
        return Found(None, move, errors, agreed, len(self.tiles))

    def _ask(self, pose, grey, fine):
        """(votes of tiles as ``pose.agree`` takes them, tiles in the picture)."""
        rows = geometry.rows_of(pose, self.focal)
        half_x, half_y = (self.width - 1) / 2, (self.height - 1) / 2
        geometry.whole(rows, self._way, half_x, half_y)
        work, votes, seen = self._work, [], 0
        middle_x, middle_y = (TILE - 1) / 2 - half_x, (TILE - 1) / 2 - half_y
        for tile in self.tiles:
            x, y = tile[0], tile[1]
            work[0], work[1], work[2], work[3], work[4] = self.width, self.height, x, y, fine
            cut(grey, self._patch, self._way, work)
            if work[8] > 32:
                continue
            seen += 1
            found = self._follow(tile, fine)
            if found:
                x, y = x + middle_x, y + middle_y
                there = geometry.moved(rows, x + found[0], y + found[1])
                votes.append((x, y, there[0], there[1]))
        return votes, seen

    def _textured(self):
        """(x, y, mean, norm) of the tiles that show most structure in both directions."""
        found, grey, width = [], self.grey, self.width
        for y in range(0, self.height - TILE + 1, APART):
            for x in range((width - TILE) % APART // 2, width - TILE + 1, APART):
                corner = _corner(grey, width, x, y)
                if corner > CORNER:
                    found.append((corner, x, y))
        found.sort(reverse=True)
        tiles = []
        for _, x, y in found[:MOST_TILES]:
            total, squares = _sums(grey, width, x, y)
            tiles.append((x, y, total / 256, sqrt(squares - total * total / 256)))
        return tiles

    def _follow(self, tile, fine):
        """(dx, dy): how far from the middle of the patch a tile is; ``None``: it is not there."""
        scores = {}
        if fine == FINE:  # every other place first
            best = (CORRELATED - 0.2, 0, 0)
            for dy in range(-fine + 1, fine, 2):
                for dx in range(-fine + 1, fine, 2):
                    alike = scores[(dx, dy)] = self._alike(tile, fine, dx, dy)
                    if alike > best[0]:
                        best = (alike, dx, dy)
        else:
            best = (0.0, 0, 0)
        near = (0, -1, 1)
        for _ in range(3):  # uphill
            top, at_x, at_y = best
            for dy in near:
                for dx in near:
                    x, y = at_x + dx, at_y + dy
                    if (x, y) not in scores and max(abs(x), abs(y)) <= fine:
                        alike = scores[(x, y)] = self._alike(tile, fine, x, y)
                        if alike > best[0]:
                            best = (alike, x, y)
            if best[0] == top:
                break
        top, dx, dy = best
        left, right = scores.get((dx - 1, dy)), scores.get((dx + 1, dy))
        up, down = scores.get((dx, dy - 1)), scores.get((dx, dy + 1))
        if top < CORRELATED or None in (left, right, up, down):
            return None  # a peak on the edge of the search is no peak
        return dx + _peak(left, top, right), dy + _peak(up, top, down)

    def _alike(self, tile, fine, dx, dy):
        """Normalised correlation of a tile with the patch at a place, -1 to 1."""
        x, y, mean, norm = tile
        work, stride = self._work, TILE + 2 * fine
        work[0], work[1] = y * self.width + x, (fine + dy) * stride + fine + dx
        work[2], work[3] = self.width, stride
        correlate(self.grey, self._patch, work)
        total, squares, cross = work[4], work[5], work[6]
        spread = squares - total * total / 256
        if spread < 256 * 4:
            return 0.0
        return (cross - mean * total) / (norm * sqrt(spread))


def fault_of(grey, width, height):
    """Why a picture cannot be judged: ``dark``, ``overexposed``, ``covered``; else ``None``."""
    mean = sum(grey) / len(grey)
    textured = tiles = 0
    for y in range(0, height - TILE + 1, TILE):
        for x in range(0, width - TILE + 1, TILE):
            total, squares = _sums(grey, width, x, y)
            tiles += 1
            textured += squares - total * total / 256 > 256 * FLAT
    if 10 * textured >= tiles:
        return None
    if mean > BRIGHT:
        return "overexposed"
    # A black bag and a black night look alike; the flag asks somebody to go and see.
    return "dark" if mean < DARK and not textured else "covered"


def _sums(grey, width, x, y):
    total = squares = 0
    for start in range(y * width + x, (y + TILE) * width + x, width):
        row = grey[start : start + TILE]
        total += sum(row)
        for value in row:
            squares += value * value
    return total, squares


def _corner(grey, width, x, y):
    """How much edges of both directions are in a tile: one alone slides along itself."""
    xx = yy = xy = 0
    for j in range(y + 1, y + TILE - 1):
        for at in range(j * width + x + 1, j * width + x + TILE - 1):
            across, down = grey[at + 1] - grey[at - 1], grey[at + width] - grey[at - width]
            xx += across * across
            yy += down * down
            xy += across * down
    return (xx + yy - sqrt((xx - yy) ** 2 + 4 * xy * xy)) / 2


def _peak(before, top, after):
    """Top of the parabola through three neighbours, in steps from the middle one."""
    bend = before - 2 * top + after
    return 0.0 if bend >= 0 else max(-0.5, min(0.5, (before - after) / (2 * bend)))
