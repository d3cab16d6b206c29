"""An ONVIF camera's own analytics rules become flags of signed zones, over real HTTP."""

import datetime as dt
import json
import time

import numpy as np
import pytest

from tests.support.onvif_camera import USER, OnvifCamera, rule_event
from tests.support.staging import LENS, area, line
from viewkeeper.agent.adapters.detections.onvif_rules import OnvifRulesFeed, Rules
from viewkeeper.agent.adapters.sources.onvif_device import OnvifDevice
from viewkeeper.agent.adapters.sources.onvif_events import Message
from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.cli import main
from viewkeeper.agent.core.events.zones import ZonesState, step
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.settings import DetectionSettings
from viewkeeper.agent.settings_file import load
from viewkeeper.agent.source_settings import SourceSettings
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.vocabulary import EventKind, ViewVerdict

E = EventKind
GREY = np.full((48, 64), 90, np.uint8)
ZONES = (
    area("yard", watch=(E.INTRUSION, E.LOITERING), dwell_s=30),
    line("gate", watch=(E.LINE_CROSSED,)),
)


@pytest.fixture
def heard(password_file):
    """A real camera that speaks SOAP, the feed of the agent's own catalogue, and zones."""
    with OnvifCamera() as camera:
        camera.rules = {"yard": "FieldDetector", "gate": "LineDetector", "x": "CellMotionDetector"}
        source = SourceSettings(
            kind="rtsp", url="rtsp://192.0.2.1/", onvif_url=camera.url, username=USER,
            password_file=password_file,
        )  # fmt: skip
        feed = Adapters().feed(DetectionSettings(kind="onvif_rules"), source)
        try:
            yield Heard(camera, feed)
        finally:
            feed.close()


class Heard:
    def __init__(self, camera, feed):
        self.camera, self.feed, self.state, self.flags = camera, feed, ZonesState(), []

    def until(self, holds):
        """Frames pass until something holds."""
        end = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < end
            self.state, now = step(
                self.state, ZONES, GREY, LENS, verdict=ViewVerdict.SAME, move=Move(),
                at_s=time.time(), outside=self.feed.newest(),
            )  # fmt: skip
            self.flags += now
            time.sleep(0.02)

    @property
    def kinds(self):
        return [(f.kind, f.zone, f.ended_s is None) for f in self.flags]


def test_rules_become_flags_of_the_signed_zones_of_their_names(heard):
    heard.until(lambda: heard.feed.newest() is not None)
    now = dt.datetime.now(dt.UTC)
    heard.camera.tell(
        rule_event("LineDetector/Crossed", "gate", at=now - dt.timedelta(seconds=5)),
        rule_event("FieldDetector/ObjectsInside", "yard", "IsInside=true"),
        rule_event("FieldDetector/ObjectsInside", "attic", "IsInside=true"),
        rule_event("CellMotionDetector/Motion", "x", "IsMotion=true"),
    )
    heard.until(lambda: len(heard.flags) >= 2)
    assert set(heard.kinds) == {(E.LINE_CROSSED, "gate", False), (E.INTRUSION, "yard", True)}
    crossed = next(f for f in heard.flags if f.kind is E.LINE_CROSSED)
    # The camera tells its clock in whole seconds.
    assert crossed.started_s == pytest.approx(now.timestamp() - 5, abs=1.1)
    assert {f.detector for f in heard.flags} == {"onvif"}
    heard.camera.tell(rule_event("FieldDetector/ObjectsInside", "yard", "IsInside=false"))
    heard.until(lambda: len(heard.flags) == 3)
    assert heard.kinds[-1] == (E.INTRUSION, "yard", False)
    assert not heard.camera.in_the_clear


def test_the_camera_speaks_for_the_zones_whose_rules_it_has_from_the_beginning(heard):
    heard.until(lambda: heard.feed.newest() is not None)
    assert heard.feed.newest().speaks_for == {
        ("yard", E.INTRUSION), ("gate", E.LINE_CROSSED), ("gate", E.WRONG_WAY),
    }  # fmt: skip
    assert heard.feed.newest().boxes is None
    assert "GetRules" in heard.camera.heard


def test_who_stays_inside_while_a_subscription_runs_out_is_one_flag(heard):
    inside = ("FieldDetector/ObjectsInside", "yard")
    heard.until(lambda: heard.feed.newest() is not None)
    heard.camera.tell(rule_event(*inside, "IsInside=true"))
    heard.until(lambda: heard.flags)
    heard.camera.standing = [rule_event(*inside, "IsInside=true", operation="Initialized")]
    heard.camera.forget()
    heard.until(lambda: heard.camera.heard.count("CreatePullPointSubscription") == 2)
    heard.until(lambda: heard.camera.heard[-2:] == ["PullMessages"] * 2)
    assert heard.kinds == [(E.INTRUSION, "yard", True)]
    heard.camera.tell(rule_event(*inside, "IsInside=false"))
    heard.until(lambda: len(heard.flags) == 2)
    assert heard.kinds[-1] == (E.INTRUSION, "yard", False)


def test_a_camera_that_never_answers_leaves_the_zones_to_our_own_eyes(password_file):
    device = OnvifDevice("http://127.0.0.1:9/", USER, password_file, timeout_s=0.2)
    feed = OnvifRulesFeed(device)
    time.sleep(0.3)
    assert feed.newest() is None
    feed.close()


def message(topic, operation="Changed", **data):
    source = {"Rule": data.pop("rule", "yard")}
    return Message(tuple(topic.split("/")), None, operation, source, data)


def test_an_area_is_left_when_the_last_of_several_has_left_it():
    rules = Rules()
    inside = "RuleEngine/FieldDetector/ObjectsInside"
    rules.hear(message(inside, IsInside="true", ObjectId="1"), 1.0)
    rules.hear(message(inside, IsInside="true", ObjectId="2"), 2.0)
    rules.hear(message(inside, IsInside="false", ObjectId="1"), 3.0)
    assert [told.since_s for told in rules.told(4.0)] == [2.0]
    rules.hear(message(inside, "Deleted", ObjectId="2"), 4.0)
    assert rules.told(5.0) == ()


def test_a_crossing_is_told_once_and_not_when_it_is_old():
    rules = Rules()
    for at_s in (1.0, 100.0):
        rules.hear(message("RuleEngine/LineDetector/Crossed", ObjectId="1"), at_s)
    assert {told.since_s for told in rules.told(101.0)} == {100.0}
    assert rules.told(101.0) == ()


def test_a_flood_of_objects_is_bounded():
    rules = Rules()
    for n in range(2000):
        inside = message("a/FieldDetector/ObjectsInside", IsInside="true", ObjectId=str(n))
        rules.hear(inside, float(n))
        rules.hear(message("a/LineDetector/Crossed", rule="gate"), float(n))
    assert len(rules.told(2000.0)) < 400


SETTINGS = """
[camera]
site = "s"
id = "c"
hfov_deg = 60
[source]
kind = "snapshot"
url = "http://127.0.0.1:9/"
{onvif}
[broker]
host = "127.0.0.1"
port = 9
[storage]
dir = "state"
[detections]
kind = "onvif_rules"
"""


def test_the_doctor_names_the_rules_and_settings_without_a_camera_are_refused(
    tmp_path, password_file, capsys
):
    settings = tmp_path / "agent.toml"
    settings.write_text(SETTINGS.format(onvif=""))
    with pytest.raises(SetupError, match="set onvif_url"):
        load(settings)
    with OnvifCamera() as camera:
        camera.rules = {"gate": "LineDetector", "x": "CellMotionDetector"}
        onvif = f'onvif_url = "{camera.url}"\nusername = "watch"\npassword_file = "{password_file}"'
        settings.write_text(SETTINGS.format(onvif=onvif))
        main(["doctor", "--json", "--config", str(settings)])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (finding,) = [each for each in found if each["thing"] == "onvif"]
    assert "its rules: gate (LineDetector)" in finding["detail"]
