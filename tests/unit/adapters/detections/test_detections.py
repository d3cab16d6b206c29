"""Messages as the programs' own documentation shows them."""

import copy
import json
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.agent.adapters.detections.frigate import FORGET_S, FrigateFeed, FrigateObjects
from viewkeeper.agent.adapters.detections.onvif import NotMetadataError, parse_frames
from viewkeeper.agent.adapters.detections.onvif_metadata import feed_of
from viewkeeper.agent.settings import DetectionSettings
from viewkeeper.agent.source_settings import SourceSettings
from viewkeeper.protocol.errors import SetupError

SETTINGS = DetectionSettings(kind="frigate", camera="front_door", width=1280, height=720)
# The fields and types of docs.frigate.video/integrations/mqtt, topic frigate/events.
OBJECT = {
    "id": "1607123955.475377-mxklsc", "camera": "front_door", "frame_time": 1607123962.082975,
    "label": "person", "sub_label": None, "top_score": 0.958984375, "false_positive": False,
    "start_time": 1607123955.475377, "end_time": None, "score": 0.87890625,
    "box": [432, 496, 544, 854], "area": 40096, "ratio": 1.251397, "region": [218, 440, 693, 915],
    "current_zones": ["yard", "driveway"], "entered_zones": ["yard", "driveway"],
    "has_snapshot": True, "has_clip": False, "active": True, "stationary": False,
    "motionless_count": 0, "position_changes": 2, "attributes": {}, "current_attributes": [],
}  # fmt: skip


def event(kind="update", **changes):
    after = {**copy.deepcopy(OBJECT), **changes}
    return json.dumps({"type": kind, "before": OBJECT, "after": after}).encode()


def test_a_tracked_object_is_a_box_in_shares_of_the_detect_stream():
    objects = FrigateObjects(SETTINGS)
    assert objects.take(event("new", box=[320, 180, 640, 540]), 0.0)
    (box,) = objects.now(1.0)
    assert (box.left, box.top, box.right, box.bottom) == (0.25, 0.25, 0.5, 0.75)
    assert box.confidence == pytest.approx(0.959, abs=0.001)


@pytest.mark.parametrize(
    "last",
    [
        event("end", box=[1, 1, 9, 9], end_time=1607123990.0),
        event(box=[1, 1, 9, 9], false_positive=True),
        event(box=[1, 1, 9, 9], top_score=0.2),
    ],
)
def test_an_object_that_ended_or_was_none_is_gone(last):
    objects = FrigateObjects(SETTINGS)
    objects.take(event("new", box=[320, 180, 640, 540]), 0.0)
    assert objects.take(last, 1.0)
    assert objects.now(1.0) == ()


def test_other_cameras_and_labels_change_nothing_and_silence_forgets():
    objects = FrigateObjects(SETTINGS)
    assert objects.take(event(camera="back", box=[1, 1, 9, 9]), 0.0)
    assert objects.take(event(label="cat", box=[1, 1, 9, 9]), 0.0)
    assert objects.now(0.0) == ()
    objects.take(event(box=[1, 1, 9, 9]), 0.0)
    assert len(objects.now(FORGET_S)) == 1
    assert objects.now(FORGET_S + 1) == ()


@given(st.one_of(st.binary(max_size=60), st.builds(event, box=st.lists(st.integers(), max_size=5))))
def test_no_bytes_break_the_reader(payload):
    objects = FrigateObjects(SETTINGS)
    objects.take(payload, 0.0)
    for box in objects.now(0.0):
        assert 0 <= box.left < box.right <= 1


def test_frigates_events_come_over_a_real_broker():
    import paho.mqtt.publish as publish

    from viewkeeper.sim.broker import Broker

    with Broker.start() as broker:
        settings = DetectionSettings(
            kind="frigate", camera="front_door", width=1280, height=720,
            host=broker.host, port=broker.tcp_port,
        )  # fmt: skip
        feed = FrigateFeed(settings)
        try:
            payload, found = event("new", box=[320, 180, 640, 540]), None
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                publish.single(
                    "frigate/events", payload, hostname=broker.host, port=broker.tcp_port
                )
                found = feed.newest()
                if found is not None and found.boxes:
                    break
                time.sleep(0.1)
            assert found is not None
            assert found.detector == "frigate"
            assert found.boxes[0].left == 0.25
        finally:
            feed.close()


HEAD = '<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"><tt:VideoAnalytics>'
TAIL = "</tt:VideoAnalytics></tt:MetadataStream>"


def onvif(objects, transformation=""):
    frame = f'<tt:Frame UtcTime="2026-11-24T09:00:00Z">{transformation}{objects}</tt:Frame>'
    return (HEAD + frame + TAIL).encode()


def shape(left, top, right, bottom, kind='<tt:Type Likelihood="0.94">Human</tt:Type>'):
    return (
        '<tt:Object ObjectId="142"><tt:Appearance><tt:Shape>'
        f'<tt:BoundingBox left="{left}" top="{top}" right="{right}" bottom="{bottom}"/>'
        f'<tt:CenterOfGravity x="0" y="0"/></tt:Shape><tt:Class>{kind}</tt:Class>'
        "</tt:Appearance></tt:Object>"
    )


PEOPLE = frozenset({"person"})


def test_onvifs_normalised_coordinates_run_right_and_up():
    (box,) = parse_frames(onvif(shape(-0.5, 0.5, 0.0, -0.5)), PEOPLE, 0.5)
    assert (box.left, box.top, box.right, box.bottom) == (0.25, 0.25, 0.5, 0.75)
    assert box.confidence == 0.94


def test_a_camera_that_gives_pixels_gives_their_transformation():
    change = (
        '<tt:Transformation><tt:Translate x="-1.0" y="1.0"/>'
        '<tt:Scale x="0.0015625" y="-0.0027777777"/></tt:Transformation>'
    )
    (box,) = parse_frames(onvif(shape(320, 180, 640, 540), change), PEOPLE, 0.5)
    assert (box.left, box.top) == pytest.approx((0.25, 0.25), abs=1e-6)
    assert (box.right, box.bottom) == pytest.approx((0.5, 0.75), abs=1e-6)


def test_both_ways_of_naming_a_class_are_read_and_others_left_out():
    old = (
        "<tt:ClassCandidate><tt:Type>Human</tt:Type><tt:Likelihood>0.92</tt:Likelihood>"
        "</tt:ClassCandidate>"
    )
    car = '<tt:Type Likelihood="0.99">Car</tt:Type>'
    doubt = '<tt:Type Likelihood="0.3">Human</tt:Type>'
    found = parse_frames(
        onvif("".join(shape(-0.1, 0.1, 0.1, -0.1, kind) for kind in (old, car, doubt))),
        PEOPLE,
        0.5,
    )
    assert [box.confidence for box in found] == [0.92]


def test_an_empty_frame_is_nobody_and_a_document_without_frame_says_nothing():
    assert parse_frames(onvif(""), PEOPLE, 0.5) == ()
    assert parse_frames((HEAD + TAIL).encode(), PEOPLE, 0.5) is None


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        b"<tt:MetadataStream>",
        onvif(shape("x", 0, 1, 1)),
        b"",
        b"<x>" + b" " * 300_000 + b"</x>",
    ],
)
def test_entities_and_nonsense_are_refused(document):
    with pytest.raises(NotMetadataError):
        parse_frames(document, PEOPLE, 0.5)


def test_a_pipe_carries_documents_in_any_pieces(tmp_path):
    pipe = tmp_path / "metadata"
    os.mkfifo(pipe)
    feed = feed_of(DetectionSettings(kind="onvif", path=str(pipe)), SourceSettings(kind="files"))
    try:
        assert feed.newest() is None
        stream = b"noise</a>" + onvif(shape(-0.5, 0.5, 0.0, -0.5)) * 2
        stream += onvif(shape(0.0, 0.5, 0.5, -0.5))
        with pipe.open("wb", buffering=0) as writer:
            for at in range(0, len(stream), 97):
                writer.write(stream[at : at + 97])
        deadline, found = time.monotonic() + 10, None
        while time.monotonic() < deadline:
            found = feed.newest()
            if found is not None and found.boxes[0].left == 0.5:
                break
            time.sleep(0.02)
        assert found is not None
        assert [box.left for box in found.boxes] == [0.5]
    finally:
        feed.close()


def test_what_the_settings_lack_is_named():
    files = SourceSettings(kind="files")
    with pytest.raises(SetupError, match="mkfifo"):
        feed_of(DetectionSettings(kind="onvif", path="/no/pipe"), files)
    with pytest.raises(SetupError, match=r"\[source\] kind 'rtsp'"):
        feed_of(DetectionSettings(kind="onvif"), files)
    with pytest.raises(SetupError, match="host"):
        FrigateFeed(SETTINGS)
