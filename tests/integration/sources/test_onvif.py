"""The ONVIF witness against a real HTTP server that behaves and misbehaves."""

import datetime as dt
import json
import logging
import threading
import time

import numpy as np
import pytest

from tests.support.http_camera import HttpCamera, dripping, endless
from tests.support.onvif_camera import USER, OnvifCamera
from tests.support.onvif_camera import whole as enveloped
from viewkeeper.agent.adapters.sources import onvif, soap
from viewkeeper.agent.adapters.sources.onvif_device import OnvifDevice
from viewkeeper.agent.adapters.sources.witnessed import WitnessedSource
from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.cli import main
from viewkeeper.agent.core.frame import Frame, PtzPosition, SensorState
from viewkeeper.agent.ports import SourceError
from viewkeeper.agent.source_settings import SourceSettings, check
from viewkeeper.protocol.errors import SetupError

GREY = np.full((48, 64), 90, np.uint8)
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>&b;</s:Body></s:Envelope>'
)
OUTSIDE = BOMB.replace(b'<!ENTITY a "aaaaaaaaaa">', b'<!ENTITY a SYSTEM "file:///etc/passwd">')

SETTINGS = """
[camera]
site = "s"
id = "c"
hfov_deg = 60
[source]
kind = "snapshot"
url = "http://127.0.0.1:9/"
onvif_url = "{onvif}"
username = "watch"
password_file = "{password}"
[broker]
host = "127.0.0.1"
port = 9
[storage]
dir = "state"
"""


@pytest.fixture
def asked(password_file):
    def make(url, **more):
        told = {"url": url, "username": USER, "password_file": password_file, "timeout_s": 5.0}
        return onvif.OnvifCamera(OnvifDevice(**told | more))

    return make


def test_it_hears_mount_exposure_and_tamper_detector(asked):
    with OnvifCamera() as camera:
        state = asked(camera.url).read()
    assert state.ptz == PtzPosition(0.25, -0.125, 0.5, moving=False)
    assert state.tampered is False
    assert state.exposure_us == 20000
    assert state.analogue_gain == pytest.approx(10.0)
    assert state.without == ()
    assert camera.refused == 0
    assert not camera.in_the_clear


def test_what_changes_is_heard_the_next_time_without_asking_everything_anew(asked):
    with OnvifCamera() as camera:
        witness = asked(camera.url)
        witness.read()
        camera.pan, camera.moving, camera.tampered = 0.75, True, True
        camera.exposure_mode = "AUTO"
        state = witness.read()
        witness.close()
    assert state.ptz == PtzPosition(0.75, -0.125, 0.5, moving=True)
    assert state.tampered is True
    assert state.exposure_us is None
    assert camera.heard.count("GetProfiles") == 1
    assert camera.heard.count("CreatePullPointSubscription") == 1
    assert camera.heard[-1] == "Unsubscribe"


def test_a_detector_that_never_spoke_is_no_detector(asked):
    with OnvifCamera() as camera:
        camera.tampered = None
        assert asked(camera.url).read().tampered is None


def test_a_camera_whose_clock_is_hours_off_is_signed_in_to_by_its_own_time(asked):
    with OnvifCamera() as camera:
        camera.clock_error = dt.timedelta(hours=-9)
        state = asked(camera.url).read()
    assert camera.refused == 0
    assert state.clock_error_s == pytest.approx(-9 * 3600, abs=5)


def test_a_camera_that_names_another_host_is_still_asked_where_it_was_set(asked):
    with OnvifCamera() as camera:
        camera.host = "attacker.invalid:81"
        assert asked(camera.url).read().ptz is not None


def test_a_camera_without_a_mount_or_events_gives_what_it_has(asked):
    with OnvifCamera() as camera:
        camera.services = ["Media", "Imaging"]
        state = asked(camera.url).read()
    assert (state.ptz, state.tampered) == (None, None)
    assert state.without == ("ptz", "events")


def test_a_subscription_that_ran_out_is_made_anew(asked):
    with OnvifCamera() as camera:
        witness = asked(camera.url)
        witness.read()
        camera.replaced["PullMessages"] = b"gone"
        assert witness.read().without == ("events",)
        del camera.replaced["PullMessages"]
        assert witness.read().tampered is False
    assert camera.heard.count("CreatePullPointSubscription") == 2


def test_a_wrong_password_is_told_without_the_password(asked, tmp_path, caplog):
    wrong = tmp_path / "wrong"
    wrong.write_text("secret-but-wrong\n")
    wrong.chmod(0o600)
    with OnvifCamera() as camera, caplog.at_level(logging.DEBUG):
        witness = asked(camera.url, password_file=str(wrong))
        with pytest.raises(SourceError) as refused:
            witness.read()
    assert "400" in refused.value.hint
    assert "secret" not in refused.value.hint + caplog.text + repr(witness)
    assert "secret" not in repr(soap.Login("watch", "secret"))


@pytest.mark.parametrize(
    "answer",
    [
        BOMB,
        OUTSIDE,
        b"",
        b"<html>hello</html>",
        b"\xff\xfe\x00garbage",
        b"<a>" * 100 + b"</a>" * 100,
        enveloped("<a/>" * (soap.MAX_ELEMENTS + 1)),
        enveloped(" " * soap.MAX_BYTES),
    ],
)
def test_what_is_no_answer_is_an_error_and_nothing_else(asked, answer):
    with OnvifCamera() as camera:
        camera.replaced["GetSystemDateAndTime"] = answer
        with pytest.raises(SourceError):
            asked(camera.url).read()


@pytest.mark.parametrize("value", ["east", "nan", "1e400", ""])
def test_a_position_that_is_no_number_is_no_position(asked, value):
    with OnvifCamera() as camera:
        camera.pan = value  # type: ignore[assignment]
        state = asked(camera.url).read()
    assert state.ptz is None
    assert "ptz" in state.without


def test_a_camera_that_drips_or_never_ends_is_left(asked):
    stop = threading.Event()
    for answer in (dripping(enveloped("<a/>"), stop), endless):
        with HttpCamera(answer) as camera, pytest.raises(SourceError):
            asked(camera.url, timeout_s=0.5).read()
    stop.set()


class Still:
    """Frames of a grey wall."""

    name = "still"

    def open(self):
        pass

    def read(self, timeout_s):
        return Frame(GREY, 0.0, sensor=SensorState(exposure_us=5.0))

    def close(self):
        pass


class Told:
    def __init__(self, state):
        self.state, self.closed, self.asked = state, False, 0

    def read(self):
        self.asked += 1
        if self.state is None:
            raise RuntimeError("bug")
        return self.state

    def close(self):
        self.closed = True


def wait_for(holds):
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_frames_carry_what_the_camera_said_and_their_own_word_comes_first():
    told = Told(onvif.OnvifState(ptz=PtzPosition(0, 0, 0, False), tampered=True, exposure_us=9.0))
    source = WitnessedSource(Still(), lambda: told, period_s=60)
    source.open()
    wait_for(lambda: source.read(1).sensor.tampered)
    assert source.read(1).sensor.exposure_us == 5.0
    source.close()
    assert told.closed


def test_frames_go_on_when_the_camera_says_nothing_or_nonsense(caplog):
    told = Told(None)
    source = WitnessedSource(Still(), lambda: told, period_s=0.01)
    source.open()
    wait_for(lambda: told.asked > 3)
    assert source.read(1).sensor == SensorState(exposure_us=5.0)
    source.close()
    assert caplog.text.count("RuntimeError") == 1


def test_what_was_said_long_ago_is_not_carried():
    now = [100.0]
    told = Told(onvif.OnvifState(tampered=True))
    source = WitnessedSource(Still(), lambda: told, period_s=60, monotonic=lambda: now[0])
    source.open()
    wait_for(lambda: source.read(1).sensor.tampered)
    now[0] += 181
    assert source.read(1).sensor.tampered is None
    source.close()


def test_settings_name_it_beside_a_network_camera_only(password_file):
    good = SourceSettings(
        kind="rtsp", url="rtsp://192.0.2.7/a", onvif_url="http://192.0.2.7/onvif/device_service"
    )
    check(good, "agent.toml")
    assert isinstance(Adapters().source(good), WitnessedSource)
    with pytest.raises(SetupError, match="kind files has no key onvif_url"):
        check(SourceSettings(kind="files", path="a", onvif_url="http://c/"), "agent.toml")
    with pytest.raises(SetupError, match="user name"):
        Adapters().source(
            SourceSettings(kind="rtsp", url="rtsp://c/", onvif_url="http://u:secret@c/")
        )


@pytest.mark.parametrize(
    ("set_off", "clock", "health", "told"),
    [
        (False, 0, "good", "mount at +0.250 -0.125, zoom 0.500; no tampering"),
        (True, 0, "warning", "its tamper detector is set off"),
        (False, 7200, "warning", "its clock is +"),
    ],
)
def test_the_doctor_says_what_it_hears(
    tmp_path, password_file, capsys, set_off, clock, health, told
):
    with OnvifCamera() as camera:
        camera.tampered, camera.clock_error = set_off, dt.timedelta(seconds=clock)
        settings = tmp_path / "agent.toml"
        settings.write_text(SETTINGS.format(onvif=camera.url, password=password_file))
        main(["doctor", "--json", "--config", str(settings)])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (finding,) = [each for each in found if each["thing"] == "onvif"]
    assert finding["health"] == health
    assert told in finding["detail"]
