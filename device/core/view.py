"""The view check on small grey pictures: has the camera moved, and how sure is that.

Texture gate first; then the shift of the whole picture by the signs of its gradients; then each
tile by normalised correlation to parts of a pixel; then one move that most tiles must agree on.
Signs of moves are those of ``agent/core/view/geometry.py``: pan to the right, tilt up, roll
clockwise from behind the camera, zoom narrower are positive or above 1.
"""

from array import array
from hashlib import sha256
from math import atan, cos, pi, sin, sqrt, tan

try:  # the compiler refuses viper on ports without a native emitter
    from device.core.view_viper import correlate, halve, score, signs
except (SyntaxError, ImportError):
    from device.core.view_plain import correlate, halve, score, signs

MIN_W, MIN_H = 96, 72  # smaller pictures fail behind a large car
TILE = 16
DARK, BRIGHT = 16, 240  # mean grey values beyond which a flat picture is dark, overexposed
FLAT = 36  # variance of a tile, grey values squared: sensor noise has 9 to 20
EDGE = 12  # grey values over two pixels that count as a gradient
AGREED_PX = 0.8
CORRELATED = 0.6
WIDE_X, WIDE_Y = 14, 10  # of the coarse search, in pixels of the half-size picture
FINE = 3
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
        self._work = array("i", [0] * 8)
        self.tiles = self._textured()
        if len(self.tiles) < 6:
            raise ViewError("too little texture: light the scene, or turn to where edges are")
        # Taken once: a comparison leaves the heap as it was.
        self._half = bytearray((width // 2) * (height // 2))
        self._signs = bytearray(len(self._half))
        self._map(grey)
        self._points, self._known = _edges(self._signs, width // 2, height // 2)

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
        width, height = self.width, self.height
        self._map(grey)
        far_x, far_y = self._shift(width // 2, height // 2)
        votes = []
        for tile in self.tiles:
            vote = self._follow(tile, grey, 2 * far_x, 2 * far_y)
            if vote:
                votes.append(vote)
        return self._agree(votes)

    def _map(self, grey):
        """The signs of a picture's gradients, at half its size."""
        work = self._work
        work[0], work[1] = self.width, self.height
        halve(grey, self._half, work)
        work[0], work[1], work[2] = self.width // 2, len(self._half), EDGE
        signs(self._half, self._signs, work)

    def _shift(self, width, height):
        """Whole-picture shift, pixels of the half-size picture, by the signs of gradients."""
        work, best, count = self._work, (-1.0, 0, 0), len(self._known)
        work[0], work[1], work[2] = count, width, height
        for dy in range(-WIDE_Y, WIDE_Y + 1):
            work[4] = 64 + dy
            for dx in range(-WIDE_X, WIDE_X + 1):
                work[3] = 64 + dx
                score(self._points, self._known, self._signs, work)
                seen = work[5]
                if 3 * seen > count and work[6] / seen - 2 > best[0]:
                    best = (work[6] / seen - 2, dx, dy)
        return best[1], best[2]

    def _textured(self):
        """(x, y, mean, norm) of the tiles that show structure in both directions."""
        found, grey, width = [], self.grey, self.width
        for y in range(0, self.height - TILE + 1, TILE):
            for x in range((self.width % TILE) // 2, width - TILE + 1, TILE):
                total, squares = _sums(grey, width, x, y)
                spread = squares - total * total / 256
                if spread > 256 * FLAT and _cornered(grey, width, x, y):
                    found.append((x, y, total / 256, sqrt(spread)))
        return found

    def _follow(self, tile, grey, near_x, near_y):
        """(x, y, dx, dy): where a tile went, in pixels; ``None`` where it is not seen."""
        x, y, mean, norm = tile
        width, work, scores, best = self.width, self._work, {}, (CORRELATED, 0, 0)
        work[0], work[2] = y * width + x, width
        for dy in range(near_y - FINE, near_y + FINE + 1):
            if not 0 <= y + dy <= self.height - TILE:
                continue
            for dx in range(near_x - FINE, near_x + FINE + 1):
                if 0 <= x + dx <= width - TILE:
                    work[1] = (y + dy) * width + x + dx
                    correlate(self.grey, grey, work)
                    alike = _alike(work, mean, norm)
                    scores[(dx, dy)] = alike
                    if alike > best[0]:
                        best = (alike, dx, dy)
        top, dx, dy = best
        left, right = scores.get((dx - 1, dy)), scores.get((dx + 1, dy))
        up, down = scores.get((dx, dy - 1)), scores.get((dx, dy + 1))
        if top == CORRELATED or None in (left, right, up, down):
            return None  # a peak on the edge of the search is no peak
        return (x, y, dx + _peak(left, top, right), dy + _peak(up, top, down))

    def _agree(self, votes):
        """One similarity that most tiles follow, least squares over those that do."""
        tiles, least = len(self.tiles), max(5, len(self.tiles) // 3)
        if len(votes) < least:
            return Found("no_match", tiles=tiles)
        half_x, half_y = (self.width - 1) / 2, (self.height - 1) / 2
        middle = (TILE - 1) / 2
        rows = [(x + middle - half_x, y + middle - half_y, dx, dy) for x, y, dx, dy in votes]
        focal, degree = self.focal, 180 / pi
        shift_x, shift_y = _median([r[2] for r in rows]), _median([r[3] for r in rows])
        pose = [-atan(shift_x / focal), atan(shift_y / focal), 0.0, 1.0]
        for bound in (2.5, 1.5, AGREED_PX, AGREED_PX, AGREED_PX):
            left = [_left(pose, focal, row) for row in rows]
            kept = [r for r in left if max(abs(r[2]), abs(r[3])) <= bound]
            if len(kept) < least or 2 * len(kept) < len(rows):
                return Found("no_match", agreed=len(kept), tiles=tiles)
            shift_x, shift_y, grown, turned = _similarity(kept)
            pose[0] -= shift_x / focal
            pose[1] += shift_y / focal
            pose[2] -= turned
            pose[3] *= 1 + grown
        # One pixel in twenty is what the parabola and the grid leave, whatever the residuals say.
        squares = sum(r[2] ** 2 + r[3] ** 2 for r in kept)
        noise = sqrt(squares / (2 * len(kept) - 4) + 0.05**2)
        reach = sqrt(sum(r[0] ** 2 + r[1] ** 2 for r in kept))
        angle = noise / sqrt(len(kept)) / focal * degree
        move = (pose[0] * degree, pose[1] * degree, pose[2] * degree, pose[3])
        errors = (angle, angle, noise / reach * degree, noise / reach)
        return Found(None, move, errors, len(kept), tiles)


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


def _edges(mapped, width, height, most=320):
    """(x and y of points with a gradient, spread over the picture; its signs)."""
    found = []
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if mapped[y * width + x] != 5:  # flat both ways
                found.append(y * width + x)
    found = found[:: max(1, len(found) // most)]
    points = array("H")
    for at in found:
        points.append(at % width)
        points.append(at // width)
    return points, bytes(mapped[at] for at in found)


def _sums(grey, width, x, y):
    total = squares = 0
    for start in range(y * width + x, (y + TILE) * width + x, width):
        row = grey[start : start + TILE]
        total += sum(row)
        for value in row:
            squares += value * value
    return total, squares


def _cornered(grey, width, x, y):
    """Whether edges of both directions are in a tile: one alone slides along itself."""
    xx = yy = xy = 0
    for j in range(y + 1, y + TILE - 1):
        for at in range(j * width + x + 1, j * width + x + TILE - 1):
            across, down = grey[at + 1] - grey[at - 1], grey[at + width] - grey[at - width]
            xx += across * across
            yy += down * down
            xy += across * down
    return (xx + yy - sqrt((xx - yy) ** 2 + 4 * xy * xy)) / 2 > 196 * 20


def _alike(work, mean, norm):
    """Normalised correlation of a tile with the picture at a place, -1 to 1, of the sums."""
    total, squares, cross = work[3], work[4], work[5]
    spread = squares - total * total / 256
    if spread < 256 * 4:
        return 0.0
    return (cross - mean * total) / (norm * sqrt(spread))


def _peak(before, top, after):
    """Top of the parabola through three neighbours, in steps from the middle one."""
    bend = before - 2 * top + after
    return 0.0 if bend >= 0 else max(-0.5, min(0.5, (before - after) / (2 * bend)))


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


def _left(pose, focal, row):
    """(x, y, dx, dy): where a move takes a point, and what of the tile's way it leaves unsaid."""
    pan, tilt, roll, zoom = pose
    x, y, dx, dy = row
    # R transposed, one turn after the other: p ~ K R K'^-1 p' the other way round.
    u, v, w = x * cos(pan) - focal * sin(pan), y, x * sin(pan) + focal * cos(pan)
    v, w = v * cos(tilt) + w * sin(tilt), w * cos(tilt) - v * sin(tilt)
    u, v = u * cos(roll) + v * sin(roll), v * cos(roll) - u * sin(roll)
    u, v = focal * zoom * u / w, focal * zoom * v / w
    return u, v, x + dx - u, y + dy - v
