"""The street has a sign 45 pixels wide; every state of it under every weather."""

from dataclasses import replace

import numpy as np
import pytest

from viewkeeper.agent.core.signage import watch
from viewkeeper.agent.core.signage.printed import Region, agreement, look, template_of
from viewkeeper.agent.core.view.geometry import Lens, Move
from viewkeeper.agent.core.view.registered import register
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.vocabulary import SignageState
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.signage import SignState

REGION = Region(55 / 320, 133 / 240, 100 / 320, 187 / 240)
CONDITIONS = {
    "day": Conditions(),
    "night": Conditions(night=1.0),
    "dusk": Conditions(night=0.6),
    "rain": Conditions(rain=0.7),
    "fog": Conditions(fog=0.5),
    "shadow": Conditions(shadow=0.8, shadow_position=0.1),
    "crowd": Conditions(people=30),
    "compressed": Conditions(jpeg_quality=15),
    "underexposed": Conditions(exposure_ev=-2),
    "overexposed": Conditions(exposure_ev=1.5),
    "coarse": Conditions(downscale=2),
    "wind": Conditions(sway_deg=0.15),
}
EXPECTED = {
    SignState.LIT: SignageState.PRESENT,
    SignState.UNLIT: SignageState.PRESENT,
    SignState.OBSCURED: SignageState.OBSCURED,
    SignState.MISSING: SignageState.MISSING,
}


@pytest.fixture(scope="module")
def camera():
    return VirtualCamera(street_scene(1, 2048), size=(320, 240), seed=1)


@pytest.fixture(scope="module")
def view(camera):
    camera.sign = SignState.UNLIT
    return register([camera.frame(t)[0] for t in range(7)], Lens(60))


@pytest.fixture(scope="module")
def template(view):
    return template_of(view, REGION)


def move_of(truth):
    move = truth.move
    return Move(move.pan_deg, move.tilt_deg, move.roll_deg, move.zoom)


def watched(camera, template, checks=16, state=None, start_s=100):
    state = state or watch.PrintedState()
    for t in range(start_s, start_s + checks):
        frame, truth = camera.frame(t)
        state = watch.step(state, template, frame, move_of(truth), float(t))
    return state


@pytest.mark.parametrize("sign", EXPECTED)
@pytest.mark.parametrize("name", CONDITIONS)
def test_every_state_is_told_in_every_weather(camera, template, name, sign):
    camera.conditions, camera.sign = CONDITIONS[name], sign
    camera.pose = camera.registered
    assert watched(camera, template).state is EXPECTED[sign]


@pytest.mark.parametrize(
    "knock", [(3, 0, 0, 1), (0, -2, 0, 1), (0, 0, 12, 1), (1, 1, -5, 1.15), (0, 0, 0, 0.85)]
)
@pytest.mark.parametrize("sign", EXPECTED)
def test_the_camera_s_own_move_is_undone(camera, template, knock, sign):
    camera.conditions, camera.sign = Conditions(), sign
    camera.pose = camera.registered
    camera.knock(*knock)
    try:
        assert watched(camera, template, 8).state is EXPECTED[sign]
    finally:
        camera.pose = camera.registered


def test_another_board_in_the_same_frame_is_replaced(camera, template):
    camera.conditions, camera.sign = Conditions(), SignState.UNLIT
    state = watch.PrintedState()
    rng = np.random.default_rng(3)
    poster = np.repeat(np.repeat(rng.integers(20, 235, (8, 6)), 5, 0), 5, 1)
    for t in range(16):
        frame, truth = camera.frame(t)
        luma = frame.luma.copy()
        luma[140:180, 62:92] = poster
        state = watch.step(state, template, replace(frame, luma=luma), move_of(truth), float(t))
    assert state.state is SignageState.REPLACED


def test_a_lorry_before_sign_and_surroundings_does_not_make_it_missing(camera, template):
    camera.conditions, camera.sign = Conditions(), SignState.UNLIT
    rng = np.random.default_rng(4)
    wall = rng.integers(0, 255, (20, 20))
    state = watched(camera, template, 3)
    for t in range(200, 220):
        frame, truth = camera.frame(t)
        luma = frame.luma.copy()
        luma[100:230, 30:140] = np.kron(wall, np.ones((7, 6)))[:130, :110]
        state = watch.step(state, template, replace(frame, luma=luma), move_of(truth), float(t))
    assert state.state is SignageState.OBSCURED


def test_a_passer_by_changes_nothing_and_the_return_is_said_at_once(camera, template):
    camera.conditions, camera.sign = Conditions(), SignState.UNLIT
    state = watched(camera, template, 6)
    camera.sign = SignState.MISSING
    state = watched(camera, template, 5, state, 106)
    assert state.state is SignageState.PRESENT
    state = watched(camera, template, 20, state, 111)
    assert state.state is SignageState.MISSING
    camera.sign = SignState.UNLIT
    assert watched(camera, template, 1, state, 131).state is SignageState.PRESENT


def test_a_view_that_cannot_be_told_tells_no_sign(camera, template):
    state = watched(camera, template, 6)
    frame, _ = camera.frame(0)
    for t in range(106, 120):
        state = watch.step(state, template, frame, None, float(t))
    assert state.state is SignageState.UNKNOWN


def test_a_sign_out_of_the_picture_is_unknown(camera, template):
    frame, _ = camera.frame(0)
    seen = look(template, frame, Move(pan_deg=50))
    assert seen is not None
    assert watch.judge(agreement(template, seen)) is SignageState.UNKNOWN


def test_a_sign_too_small_or_too_plain_is_refused_with_the_cure(view):
    with pytest.raises(SetupError, match="larger"):
        template_of(view, Region(0.2, 0.5, 0.21, 0.52))
