"""A year lived through: what is counted is what happened."""

from __future__ import annotations

import json

import pytest

from viewkeeper.sim import cli
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import Panorama, street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.weather import Weather
from viewkeeper.sim.year import Life, Plan, registered_view


@pytest.fixture(scope="module")
def street() -> Panorama:
    return street_scene(1, 1024)


@pytest.fixture
def camera(street) -> VirtualCamera:
    return VirtualCamera(street, size=(160, 120), seed=2)


def test_a_standing_camera_in_honest_weather_raises_no_alarm(camera):
    life = Life(camera, registered_view(camera), Plan(frames=3))
    done = []
    tally = life.through(Weather(2).sample(8), done.append)
    assert (tally.hours, tally.frames) == (8, 24)
    assert sum(tally.said.values()) == 24
    assert tally.false_alarms == 0
    assert done == list(range(1, 9))


def test_knocks_are_reported_and_their_end_is_seen(camera):
    life = Life(camera, registered_view(camera), Plan(frames=8, knock_every=1, knock_deg=(3, 5)))
    life.hour(12.0, Conditions())
    life.hour(36.0, Conditions(people=3))
    tally = life.tally
    assert (tally.knocks, tally.found, tally.back, tally.missed) == (2, 2, 2, 0)
    assert len(tally.waited) == 2
    assert tally.false_alarms == 0
    assert camera.pose == camera.registered


def test_a_knock_in_the_dark_is_blindness_and_not_a_miss(camera):
    life = Life(camera, registered_view(camera), Plan(frames=12, knock_every=1))
    life.hour(12.0, Conditions(exposure_ev=-10, noise=0.002))
    assert (life.tally.knocks, life.tally.found, life.tally.blind) == (1, 0, 1)
    assert life.tally.causes["dark"] >= 12


def test_an_alarm_about_a_standing_camera_is_counted_once_and_can_be_made_again(camera):
    view = registered_view(camera)
    camera.registered = camera.registered.moved(pan_deg=4)  # the truth is told a lie
    life = Life(camera, view, Plan(frames=12))
    life.hour(12.0, Conditions())
    assert life.tally.false_alarms == 1
    assert life.tally.worst_error_deg == pytest.approx(4, abs=0.3)
    assert {w.what for w in life.tally.wrong} == {"false_alarm", "gross_error"}
    assert life.tally.wrong[0].conditions == Conditions()


def test_a_flag_counts_when_it_is_raised_and_not_again_when_it_is_over(camera):
    life = Life(camera, registered_view(camera), Plan(frames=6))
    life.hour(12.0, Conditions())
    # ten seconds later, since what goes dark slowly is the evening
    life.hour(12.0 + 60 / 3600, Conditions(covered=0.995))
    life.hour(12.0 + 120 / 3600, Conditions())
    assert life.tally.false_flags == 1
    assert "camera_covered" in [w.what for w in life.tally.wrong]


def test_the_count_is_plain_json(camera):
    life = Life(camera, registered_view(camera), Plan(frames=2))
    life.hour(12.0, Conditions())
    told = json.loads(json.dumps(life.tally.to_dict()))
    assert told["hours"] == 1
    assert told["frames_to_report_median"] is None


def test_the_command_counts_and_says_by_its_exit_code_whether_it_was_wrong(
    monkeypatch, street, capsys
):
    monkeypatch.setattr("viewkeeper.sim.source.street_scene", lambda _seed: street)
    words = "year --hours 3 --frames 2 --size 160x120 --seed 2"
    code = cli.main([*words.split(), "--json", "--quiet"])
    told = json.loads(capsys.readouterr().out)
    assert told["frames"] == 6
    assert code == (1 if told["wrong"] else 0)
    cli.main(words.split())
    captured = capsys.readouterr()
    assert "false alarms" in captured.out
    assert "3 of 3 hours" in captured.err


@pytest.mark.parametrize("words", ["--hours 0", "--frames 0", "--knock-every -1"])
def test_an_impossible_year_is_one_line(capsys, words):
    assert cli.main(["year", *words.split()]) == 2
    assert capsys.readouterr().err.count("\n") == 1
