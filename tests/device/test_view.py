"""The device's view check against the virtual camera's truth, and the guard over time."""

import functools
import json
import time

import numpy as np
import pytest

from device.core import flags, shrink, view
from tests.device.runner import ARCHITECTURE, needs_micropython, run
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.source import set_scene
from viewkeeper.sim.stage import Scene

TOLERANCE = {"pan_mdeg": 1000, "tilt_mdeg": 1000, "roll_mdeg": 1000, "zoom_ppm": 20_000}
SIZE = (106, 80)


@functools.cache
def camera(seed=1):
    return set_scene(Scene(seed=seed))


@functools.cache
def picture(seed, pan=0.0, tilt=0.0, roll=0.0, zoom=1.0, covered=0.0, gain=1.0):
    virtual = camera(seed)
    virtual.pose = virtual.registered.moved(pan, tilt, roll, zoom)
    virtual.conditions = Conditions(covered=covered)
    luma = virtual.frame(1.0)[0].luma
    luma = np.clip(luma * gain, 0, 255).astype(np.uint8)
    return shrunk(luma)


def shrunk(luma):
    height, width = luma.shape
    factor = shrink.shrink_factor(width, height)
    rows = range(0, height // factor * factor, factor)
    return b"".join(
        bytes(shrink.shrink_rows(luma[y : y + factor].tobytes(), width, factor)) for y in rows
    )


def registered(seed=1):
    return view.View(*SIZE, 60_000, picture(seed))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "move",
    [(0, 0, 0, 1), (3, 0, 0, 1), (-5, 1, 0, 1), (0, -4, 0, 1), (2, 2, 2, 1), (0, 0, 0, 1.03)],
)
def test_a_move_is_measured_in_degrees(seed, move):
    found = registered(seed).compare(picture(seed, *move))
    assert found.cause is None
    got = (found.pan, found.tilt, found.roll, found.zoom)
    assert got[:2] == pytest.approx(move[:2], abs=0.15)
    assert got[2] == pytest.approx(move[2], abs=0.25)
    assert got[3] == pytest.approx(move[3], abs=0.01)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "move", [(12, 5, 0, 1), (-13, -6, 6, 1), (6, -12, -7, 1.2), (4, 8, 5, 0.82), (-10, 3, 8, 1.1)]
)
def test_a_fall_is_measured_too(seed, move):
    found = registered(seed).compare(picture(seed, *move))
    assert found.cause is None
    got = (found.pan, found.tilt, found.roll, found.zoom)
    assert got[:3] == pytest.approx(move[:3], abs=0.5)
    assert got[3] == pytest.approx(move[3], abs=0.015)


def test_light_that_changes_is_not_a_move():
    found = registered().compare(picture(1, gain=0.6))
    assert found.cause is None
    assert abs(found.pan) + abs(found.tilt) < 0.3


def test_another_place_is_no_match_and_never_a_move():
    # Streets of other seeds have the same kerbs and houses: other directions are other places.
    for seed, pan in ((1, 60.0), (1, 120.0), (1, 180.0), (2, -90.0), (2, 150.0)):
        assert registered(seed).compare(picture(seed, pan)).cause is not None


@pytest.mark.parametrize(("grey", "cause"), [(0, "dark"), (255, "overexposed"), (60, "covered")])
def test_the_texture_gate_comes_before_any_match(grey, cause):
    noise = np.random.default_rng(1).normal(0, 2, SIZE[0] * SIZE[1])
    flat = np.clip(grey + noise, 0, 255).astype(np.uint8).tobytes()
    assert registered().compare(flat).cause == cause


def test_a_bag_over_the_lens_is_told_as_that():
    assert registered().compare(picture(1, covered=0.985)).cause in ("covered", "dark")


def test_half_the_picture_behind_a_lorry_leaves_the_view_the_same():
    behind = np.frombuffer(picture(1), np.uint8).reshape(SIZE[::-1]).copy()
    behind[:, :48] = 90
    found = registered().compare(behind.tobytes())
    assert found.cause is None
    assert abs(found.pan) < 0.2


def test_tiles_that_disagree_tell_nothing():
    torn = np.frombuffer(picture(1), np.uint8).reshape(SIZE[::-1]).copy()
    for at, by in enumerate((6, -6, 1, 9, -3, 3, -9)):  # no band has a third of the structure
        torn[12 * at : 12 * at + 12] = np.roll(torn[12 * at : 12 * at + 12], by, axis=1)
    assert registered().compare(torn.tobytes()).cause == "no_match"


def test_a_view_without_texture_is_not_registered():
    with pytest.raises(view.ViewError, match="texture"):
        view.View(*SIZE, 60_000, bytes([90]) * (SIZE[0] * SIZE[1]))


def test_a_view_comes_back_from_its_bytes():
    known = registered()
    assert view.View.from_bytes(known.to_bytes()).digest == known.digest


def found(pan=0.0, cause=None):
    return view.Found(cause, (pan, 0.0, 0.0, 1.0), (0.05, 0.05, 0.05, 0.001))


def test_one_odd_picture_changes_nothing_and_three_do():
    guard = flags.Guard()
    for at in range(3):
        guard.step(found(), TOLERANCE, at)
    assert (guard.verdict, guard.since_ms) == ("same", 0)
    assert guard.step(found(5.0), TOLERANCE, 10) == []
    guard.step(found(), TOLERANCE, 11)
    assert guard.step(found(5.0), TOLERANCE, 12) == []
    assert guard.step(found(5.0), TOLERANCE, 13) == []
    (flag,) = guard.step(found(5.0), TOLERANCE, 14)
    assert (flag["event"], flag["started_ms"]) == ("camera_moved", 12)
    assert guard.verdict == "moved"


def test_a_covered_camera_that_was_moved_has_not_been_put_back():
    guard = flags.Guard()
    told = []
    steps = [found(5.0)] * 3 + [found(cause="covered")] * 3 + [found()] * 3
    for at, one in enumerate(steps):
        told += [(f["event"], "ended_ms" in f) for f in guard.step(one, TOLERANCE, at)]
    assert told == [
        ("camera_moved", False),
        ("camera_covered", False),
        ("camera_covered", True),
        ("camera_moved", True),
    ]


ON_MICROPYTHON = """
import json, time
from device.core.view import View
known = View(106, 80, 60000, open("registered", "rb").read())
start = time.ticks_us()
found = known.compare(open("present", "rb").read())
print(json.dumps([found.cause, found.pan, found.tilt, found.roll, found.zoom,
                  time.ticks_diff(time.ticks_us(), start)]))
"""


@needs_micropython
def test_micropython_measures_what_cpython_does(tmp_path):
    files = {"registered": picture(1), "present": picture(1, 2, 2, 2, 1)}
    cause, *numbers, taken_us = run(ON_MICROPYTHON, tmp_path, files=files, heap="320K")
    here = registered().compare(picture(1, 2, 2, 2, 1))
    assert cause is None
    assert numbers == pytest.approx([here.pan, here.tilt, here.roll, here.zoom], abs=1e-6)
    print(json.dumps({"compare_us": taken_us}), time.strftime("%Y"))


KERNELS = """
import json, os
from array import array
from hashlib import sha256
from binascii import hexlify
{before}
from device.core import coarse, view
grey = open("grey", "rb").read()
known = open("known", "rb").read()
told = []
def tell(data):
    told.append(hexlify(sha256(data).digest()).decode())
work = array("i", [0] * 16)
search = coarse.Coarse(106, 80, 91.8, known)
tell(search._points)
search.look(grey)
for part in (search._half, search._flat, search._bent):
    tell(part)
tell(bytes(search._tables))
for roll, zoom in ((0.0, 1.0), (-0.14, 1.23), (0.07, 0.81)):
    told.append(search._seek(roll, zoom))
    tell(search._places)
    tell(search._bits)
patch, way = bytearray(24 * 24), array("i", [0] * 9)
for pose in ([0.0, 0.0, 0.0, 1.0], [0.2, -0.15, 0.13, 1.24], [-0.2, 0.1, -0.1, 0.82]):
    view.geometry.whole(view.geometry.rows_of(pose, 91.8), way, 52.5, 39.5)
    for x, y in ((0, 0), (90, 64), (45, 32)):
        work[0], work[1], work[2], work[3], work[4] = 106, 80, x, y, 4
        view.cut(grey, patch, way, work)
        tell(patch)
        told.append(work[8])
for here, there in ((0, 0), (106 * 64 + 90, 8 * 24 + 8), (107, 25)):
    work[0], work[1], work[2], work[3] = here, there, 106, 24
    view.correlate(known, patch, work)
    told.append([work[4], work[5], work[6]])
from device.core import view_plain
print(json.dumps([told, view.cut is view_plain.cut, coarse.seek is view_plain.seek]))
"""
WITHOUT_VIPER = """
import sys
import device.core.view_plain
sys.modules["device.core.view_viper"] = device.core.view_plain
"""


@needs_micropython
@pytest.mark.parametrize("extremes", [False, True], ids=["noise", "black and white"])
def test_the_machine_code_has_the_numbers_of_plain_python(tmp_path, extremes):
    drawn = np.random.default_rng(7).integers(0, 256, (2, 106 * 80)).astype(np.uint8)
    if extremes:
        drawn = np.where(drawn > 127, 255, 0).astype(np.uint8)
    files = {"grey": drawn[0].tobytes(), "known": drawn[1].tobytes()}
    viper, plain = (
        run(KERNELS.format(before=before), tmp_path, files=files, heap="320K")
        for before in ("", WITHOUT_VIPER)
    )
    assert viper[0] == plain[0]
    # Two implementations were compared, not one with itself.
    assert viper[1:] == [ARCHITECTURE == "plain"] * 2
    assert plain[1:] == [True, True]
