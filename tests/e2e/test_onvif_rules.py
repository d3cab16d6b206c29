"""The whole agent hears a real ONVIF server's rules and reports signed flags over the broker."""

import pytest

from tests.e2e.conftest import plays_in
from tests.support.onvif_camera import PASSWORD, USER, OnvifCamera, rule_event
from viewkeeper.protocol.vocabulary import EventKind
from viewkeeper.sim.demo import guarding

pytestmark = pytest.mark.e2e


def test_what_the_cameras_own_rule_tells_arrives_as_a_signed_flag_of_the_signed_zone(tmp_path):
    made = plays_in(tmp_path)
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n", "utf-8")
    password.chmod(0o600)
    with made.world, OnvifCamera() as onvif:
        onvif.rules = {"forecourt": "FieldDetector"}
        camera = made.camera
        camera.stop()
        text = camera.config.read_text("utf-8").replace(
            'kind = "virtual"',
            f'kind = "virtual"\nonvif_url = "{onvif.url}"\nusername = "{USER}"\n'
            f'password_file = "{password}"',
        )
        camera.config.write_text(text + '\n[detections]\nkind = "onvif_rules"\n', "utf-8")
        camera.start()
        guarding.watch(made)
        onvif.tell(
            rule_event("FieldDetector/ObjectsInside", "forecourt", "IsInside=true"),
            rule_event("FieldDetector/ObjectsInside", "not signed", "IsInside=true"),
        )
        assert made.sees(lambda seen: seen.events)
        onvif.tell(rule_event("FieldDetector/ObjectsInside", "forecourt", "IsInside=false"))
        assert made.sees(lambda seen: any(event.ended_ms for event in seen.events))
        events = made.world.observer.seen(camera.name).events
        assert {(e.event, e.zone, e.detector) for e in events} == {
            (EventKind.INTRUSION, "forecourt", "onvif")
        }
        assert events[0].ended_ms is None
        assert events[0].event_id == events[1].event_id
        assert made.sees(lambda seen: seen.report.events.unreported == 1)
