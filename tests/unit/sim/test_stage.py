"""The stage file: what is written is read, and nothing else is let in."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.errors import StageError
from viewkeeper.sim.signage import Board, LampFault, SignConditions, SignState
from viewkeeper.sim.stage import Scene, Stage, StageHand, read_stage, write_stage

stages = st.builds(
    Stage,
    scene=st.builds(
        Scene,
        panorama=st.sampled_from(["street", "站前/yard.hdr"]),
        seed=st.integers(0, 2**40),
        width_px=st.integers(16, 2000),
        hfov_deg=st.floats(5, 140),
        azimuth_deg=st.none() | st.floats(-180, 180),
    ),
    pan_deg=st.floats(-90, 90),
    tilt_deg=st.floats(-60, 60),
    zoom=st.floats(0.2, 8),
    conditions=st.builds(
        Conditions,
        night=st.floats(0, 1),
        people=st.integers(0, 60),
        frozen=st.booleans(),
        jpeg_quality=st.integers(0, 100),
    ),
    sign=st.builds(
        SignConditions,
        board=st.sampled_from(Board),
        lamp_on=st.booleans(),
        fault=st.sampled_from(LampFault),
    ),
    strikes=st.integers(0, 1000),
    signal=st.booleans(),
)


@given(stages)
def test_every_stage_survives_its_json(stage):
    assert Stage.from_json(stage.to_json()) == stage


def test_a_written_stage_is_read_back_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "cam-1.stage.json"
    write_stage(path, Stage(pan_deg=3.0))
    write_stage(path, Stage(pan_deg=4.0))
    assert read_stage(path).pan_deg == 4.0
    assert [p.name for p in tmp_path.iterdir()] == ["cam-1.stage.json"]


def test_an_empty_object_is_a_clear_day_on_the_street():
    assert Stage.from_json("{}") == Stage()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "stage_json"),
        ("[" * 5000, "stage_json"),
        ("[]", "stage_type"),
        ('{"pan": 3}', "stage_unknown"),
        ('{"pan_deg": "3"}', "stage_type"),
        ('{"pan_deg": true}', "stage_type"),
        ('{"pan_deg": NaN}', "stage_range"),
        ('{"pan_deg": 1e9}', "stage_range"),
        ('{"zoom": 0}', "stage_range"),
        ('{"strikes": -1}', "stage_range"),
        ('{"strikes": 1.5}', "stage_type"),
        ('{"signal": 1}', "stage_type"),
        ('{"scene": {"width_px": 4}}', "stage_range"),
        ('{"scene": {"width": 320}}', "stage_unknown"),
        ('{"scene": 7}', "stage_type"),
        ('{"sign": {"fault": "sad"}}', "stage_word"),
        ('{"sign": {"board": "gone"}}', "stage_word"),
        ('{"conditions": {"fog": 2}}', "condition_range"),
        ('{"conditions": {"frozen": 1}}', "condition_range"),
        ('{"conditions": {"snow": 1}}', "condition_unknown"),
        ('{"conditions": []}', "stage_type"),
    ],
)
def test_a_stage_that_says_what_it_may_not_is_refused_by_name(text, reason):
    with pytest.raises(StageError) as caught:
        Stage.from_json(text)
    assert caught.value.reason == reason


def test_an_impossible_stage_is_not_even_written(tmp_path):
    with pytest.raises(StageError):
        write_stage(tmp_path / "s.json", replace(Stage(), zoom=0.0001))
    assert not list(tmp_path.iterdir())


def test_a_missing_and_an_oversized_file_are_told_apart(tmp_path):
    with pytest.raises(StageError) as caught:
        read_stage(tmp_path / "none.json")
    assert caught.value.reason == "stage_unreadable"
    (tmp_path / "big.json").write_text(" " * 70_000)
    with pytest.raises(StageError) as caught:
        read_stage(tmp_path / "big.json")
    assert caught.value.reason == "stage_too_large"


def test_knocks_add_up_in_the_camera_s_own_frame_and_each_rings_once(tmp_path):
    hand = StageHand(tmp_path / "s.json", Stage())
    hand.knock(pan_deg=3)
    hand.knock(pan_deg=-1, zoom=1.1)
    stage = read_stage(tmp_path / "s.json")
    assert (stage.pan_deg, stage.tilt_deg) == pytest.approx((2, 0), abs=1e-6)
    assert stage.zoom == pytest.approx(1.1)
    assert stage.strikes == 2
    assert hand.straighten().move == Stage().move


def test_every_verb_of_the_stagehand_reaches_the_file(tmp_path):
    path = tmp_path / "s.json"
    hand = StageHand(path, Stage())
    hand.cover()
    assert read_stage(path).conditions.covered > 0.9
    hand.uncover()
    hand.conditions(night=1.0, people=5)
    assert read_stage(path).conditions == Conditions(night=1.0, people=5)
    hand.clear()
    hand.lamp("dark")
    assert read_stage(path).sign.appearance is SignState.UNLIT
    hand.board("missing")
    assert read_stage(path).sign.appearance is SignState.MISSING
    hand.signal(False)
    hand.strike()
    stage = read_stage(path)
    assert (stage.signal, stage.strikes, stage.conditions) == (False, 1, Conditions())


def test_a_second_stagehand_takes_up_what_the_file_holds(tmp_path):
    StageHand(tmp_path / "s.json", Stage()).knock(tilt_deg=1)
    assert StageHand(tmp_path / "s.json").knock(tilt_deg=1).tilt_deg == pytest.approx(2)


def test_the_file_reads_like_a_sentence_for_a_person():
    values = json.loads(Stage(conditions=Conditions(fog=0.5)).to_json())
    assert values["conditions"] == {"fog": 0.5}
    assert values["sign"] == {"board": "present", "lamp_on": True, "fault": "none"}
