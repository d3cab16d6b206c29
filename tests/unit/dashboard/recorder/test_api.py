"""The recorder's answers: signed messages out, acknowledgements in, mistakes named."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.unit.dashboard.recorder.voice import BOOT, NAME, SIGNER, alarm, event, kept, report
from viewkeeper.dashboard.recorder.api import Answer, Api, Request
from viewkeeper.dashboard.recorder.intake import Notice
from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.protocol import cose, records

NOW = 1_100_000
JSON = {"content-type": "application/json", "host": "desk:8080", "origin": "http://desk:8080"}
PLACE = f"{BOOT.hex()}:3"


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    opened = Recording(tmp_path / "desk.sqlite")
    opened.add([kept(report(), 1), kept(event(), 2), kept(alarm(), 3), Notice(NAME, "online")], NOW)
    yield opened
    opened.close()


@pytest.fixture
def api(recording: Recording) -> Api:
    return Api(recording, lambda: NOW, lambda: {"connected": True, "dropped": 0})


def get(api: Api, path: str, query: str = "") -> Answer:
    return api.answer(Request("GET", path, query, {}))


def post(api: Api, said: object, headers: Mapping[str, str] = JSON) -> Answer:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return api.answer(Request("POST", "/api/acknowledgements", "", headers, body))


def value(answer: Answer) -> Any:
    return json.loads(json.dumps(answer.value))


def test_history_is_the_signed_messages_themselves(api: Api) -> None:
    found = value(get(api, "/api/history", f"camera={NAME}&hours=1"))
    read = [
        records.unseal(base64.b64decode(text), cose.lookup_in([SIGNER.verify_key]))
        for _, text in found["records"]
    ]
    assert {rest for rest, _ in found["records"]} == {"history"}
    assert [one.header.sequence for one in read] == [1, 2, 3]
    assert found["notices"] == [[NOW, "online", ""]]
    assert found["faults"] == found["refusals"] == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "camera=x",
        "camera=../x/y",
        f"camera={NAME}&hours=0",
        f"camera={NAME}&hours=-1",
        f"camera={NAME}&hours=99999999",
        f"camera={NAME}&points=x",
        f"camera={NAME}&hours=%D9%A1",
    ],
)
def test_a_question_out_of_range_is_refused(api: Api, query: str) -> None:
    assert get(api, "/api/history", query).status == 400


def test_an_acknowledgement_says_who_when_and_why(api: Api) -> None:
    said = {"camera": NAME, "place": PLACE, "who": " 李明 ", "note": "ladder seen, called"}
    assert post(api, said).status == 201
    (found,) = value(get(api, "/api/acknowledgements"))["acknowledgements"]
    assert found == {
        "camera": NAME,
        "place": PLACE,
        "at": NOW,
        "who": "李明",
        "note": "ladder seen, called",
    }


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"who": ""}, 400),
        ({"who": "  "}, 400),
        ({"who": 3}, 400),
        ({"who": "a\u202eb"}, 400),
        ({"who": "\ud800"}, 400),
        ({"note": "x" * 501}, 400),
        ({"place": "3"}, 400),
        ({"place": f"{BOOT.hex()}:2"}, 404),
        ({"camera": "old-town/none"}, 404),
    ],
)
def test_an_acknowledgement_that_fits_no_alarm_is_refused(
    api: Api, changes: dict[str, object], status: int
) -> None:
    said = {"camera": NAME, "place": PLACE, "who": "Li", "note": ""}
    assert post(api, said | changes).status == status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 4000])
def test_a_body_that_is_no_object_is_refused(api: Api, body: bytes) -> None:
    assert post(api, body).status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {**JSON, "content-type": "text/plain"},
        {**JSON, "origin": "http://evil.example"},
        {**JSON, "origin": "null"},
    ],
)
def test_another_sites_page_cannot_acknowledge(api: Api, headers: dict[str, str]) -> None:
    said = {"camera": NAME, "place": PLACE, "who": "Li", "note": ""}
    assert post(api, said, headers).status == 400


def test_other_paths_and_methods_are_named(api: Api) -> None:
    assert get(api, "/api/none").status == 404
    answer = api.answer(Request("POST", "/api/history", "", JSON))
    assert (answer.status, answer.allow) == (405, "GET")
    assert api.answer(Request("HEAD", "/api/recorder", "", {})).status == 200


def test_the_recorder_tells_its_own_health(api: Api, recording: Recording) -> None:
    assert value(get(api, "/api/recorder")) == {"records": 3, "connected": True, "dropped": 0}
    recording.close()
    assert get(api, "/api/recorder").status == 500


def test_alarms_of_all_cameras_come_signed_with_who_acknowledged_them(
    api: Api, recording: Recording
) -> None:
    recording.add([Notice(NAME, "alarm_ended", "view_moved")], NOW)
    assert post(api, {"camera": NAME, "place": PLACE, "who": "Li Ming", "note": ""}).status == 201
    found = value(get(api, "/api/alarms", "hours=1"))
    ((camera, rest, text),) = found["alarms"]
    record = records.unseal(base64.b64decode(text), cose.lookup_in([SIGNER.verify_key]))
    assert (camera, rest, record.header.sequence) == (NAME, "history", 3)
    assert isinstance(record.body, records.Alarm)
    assert found["cleared"] == [[NOW, NAME, "view_moved"]]
    (told,) = found["acknowledgements"]
    assert (told["place"], told["who"]) == (PLACE, "Li Ming")
    assert found["more"] is False


def test_more_alarms_than_asked_for_are_said_to_be_there(api: Api, recording: Recording) -> None:
    recording.add([kept(alarm(), 4), kept(alarm(), 5)], NOW)
    found = value(get(api, "/api/alarms", "hours=1&limit=2"))
    assert (len(found["alarms"]), found["more"]) == (2, True)
    assert get(api, "/api/alarms", "hours=0").status == 400
