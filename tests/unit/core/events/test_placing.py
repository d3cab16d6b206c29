"""Boxes between the present picture and the registered one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.placing import Placing
from viewkeeper.agent.core.view.geometry import Camera, Lens, Move

SIZE = (320, 240)
ANGLE = st.floats(-4, 4)
SHARE = st.floats(0.2, 0.8)
LENSES = st.sampled_from([Lens(60), Lens(90, -0.12, 0.02)])


@given(pan=ANGLE, tilt=ANGLE, roll=ANGLE, zoom=st.floats(0.9, 1.2), x=SHARE, y=SHARE, lens=LENSES)
def test_a_place_is_where_the_camera_model_says(pan, tilt, roll, zoom, x, y, lens):
    move = Move(pan, tilt, roll, zoom)
    camera = Camera.of_picture(lens, SIZE)
    rays = camera.zoomed(zoom).rays(np.array([x * 320 - 0.5]), np.array([y * 240 - 0.5]))
    px, py = camera.project(move.rotation() @ rays)
    place = Placing.of(lens, SIZE, move).point((x, y))
    assert place == pytest.approx(((px[0] + 0.5) / 320, (py[0] + 0.5) / 240), abs=1e-6)


@given(pan=ANGLE, tilt=ANGLE, roll=ANGLE, zoom=st.floats(0.9, 1.2), x=SHARE, y=SHARE, lens=LENSES)
def test_a_box_carried_there_and_back_stands_where_it_stood(pan, tilt, roll, zoom, x, y, lens):
    place = Placing.of(lens, SIZE, Move(pan, tilt, roll, zoom))
    box = Detection(x - 0.05, y - 0.2, x + 0.05, y)
    there = place.registered(box)
    assert there is not None
    back = place.present(there)
    assert back.foot == pytest.approx(box.foot, abs=1e-4)
    assert back.right - back.left == pytest.approx(0.1)


def test_what_lies_behind_the_view_has_no_place():
    place = Placing.of(Lens(60), SIZE, Move(pan_deg=170))
    assert place.registered(Detection(0.4, 0.4, 0.6, 0.6)) is None
