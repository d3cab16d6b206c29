"""The recorder's answers, as JSON. Knows no sockets: a request in, an answer out.

History is handed out as the signed messages themselves; the page verifies them as it does
live ones. Acknowledgements are the desk's own notes: ``who`` is the operator who signed in
or, at a server without sign-in, what somebody typed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs

from viewkeeper.dashboard.recorder.recording import Recording
from viewkeeper.dashboard.recorder.tables import Acknowledgement
from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.topics import ID_PATTERN

MAX_BODY_BYTES = 4096
HOUR_MS = 3_600_000
MAX_HOURS, MAX_POINTS, MAX_HAPPENINGS = 24 * 400, 1000, 300
MAX_ALARMS, MAX_ALARMS_ASKED = 2000, 10_000
_CAMERA = re.compile(f"{ID_PATTERN}/{ID_PATTERN}")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, headers by lower-case name; ``operator`` is who signed in, if anybody."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON value; ``allow`` names the methods where the one used is not one."""

    status: int
    value: object
    allow: str | None = None


class Wrong(Exception):
    """The request, not the recorder, is at fault."""


class Api:
    """Everything under ``/api/``."""

    def __init__(
        self,
        recording: Recording,
        now_ms: Callable[[], int],
        health: Callable[[], Mapping[str, object]],
    ) -> None:
        self._recording, self._now_ms, self._health = recording, now_ms, health
        self._routes: Mapping[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/api/history"): self._history,
            ("GET", "/api/alarms"): self._alarms,
            ("GET", "/api/acknowledgements"): self._acknowledgements,
            ("POST", "/api/acknowledgements"): self._acknowledge,
            ("GET", "/api/recorder"): self._recorder,
        }

    def answer(self, request: Request) -> Answer:
        """Never raises; what is wrong with a request is said in its answer."""
        method = "GET" if request.method == "HEAD" else request.method
        route = self._routes.get((method, request.path))
        if route is None:
            allowed = sorted(verb for verb, path in self._routes if path == request.path)
            if not allowed:
                return Answer(404, {"error": "not found"})
            return Answer(405, {"error": "method not allowed"}, ", ".join(allowed))
        try:
            return route(request)
        except Wrong as error:
            return Answer(400, {"error": str(error)})
        except SetupError as error:
            return Answer(500, {"error": error.hint})

    def _recorder(self, _request: Request) -> Answer:
        return Answer(200, {"records": self._recording.size(), **self._health()})

    def _history(self, request: Request) -> Answer:
        asked = parse_qs(request.query)
        camera = asked.get("camera", [""])[0]
        if _CAMERA.fullmatch(camera) is None:
            raise Wrong("camera must be SITE/CAMERA")
        until = self._now_ms()
        since = until - _number(asked, "hours", 24, MAX_HOURS) * HOUR_MS
        points = _number(asked, "points", 360, MAX_POINTS)
        keep = self._recording
        # A camera whose clock runs ahead signs times that are still to come here.
        horizon = until + 24 * HOUR_MS
        rows = [
            *keep.reports(camera, since, horizon, points),
            *keep.happenings(camera, since, horizon, MAX_HAPPENINGS),
        ]
        value = {
            "camera": camera,
            "records": [(row.rest, base64.b64encode(row.message).decode("ascii")) for row in rows],
            "notices": keep.notices(camera, since, MAX_HAPPENINGS),
            "faults": keep.faults(camera),
            "refusals": keep.refusals(camera, 50),
        }
        return Answer(200, value)

    def _alarms(self, request: Request) -> Answer:
        """Alarms of all cameras in the last ``hours``: signed beginnings and ends, newest first;
        ``more``: there are older ones in that time than ``limit`` lets through."""
        asked = parse_qs(request.query)
        until = self._now_ms()
        since = until - _number(asked, "hours", 24 * 30, MAX_HOURS) * HOUR_MS
        limit = _number(asked, "limit", MAX_ALARMS, MAX_ALARMS_ASKED)
        keep = self._recording
        rows = keep.alarms(since, until + 24 * HOUR_MS, limit + 1)
        value = {
            "alarms": [
                (camera, row.rest, base64.b64encode(row.message).decode("ascii"))
                for camera, row in rows[:limit]
            ],
            "more": len(rows) > limit,
            "cleared": keep.alarms_cleared(since, limit),
            "acknowledgements": [
                _told(one) for one in keep.acknowledgements(MAX_ALARMS_ASKED, since)
            ],
        }
        return Answer(200, value)

    def _acknowledgements(self, _request: Request) -> Answer:
        found = [_told(one) for one in self._recording.acknowledgements()]
        return Answer(200, {"acknowledgements": found})

    def _acknowledge(self, request: Request) -> Answer:
        refuse_foreign(request)
        said = json_object(request.body)
        place = re.fullmatch("([0-9a-f]{16}):([0-9]{1,16})", _text(said, "place", 1, 40))
        if place is None:
            raise Wrong("place must be BOOT:SEQUENCE")
        ack = Acknowledgement(
            camera=_text(said, "camera", 1, 80),
            boot=bytes.fromhex(place.group(1)),
            sequence=int(place.group(2)),
            at_ms=self._now_ms(),
            who=request.operator or _text(said, "who", 1, 60),
            note=_text(said, "note", 0, 500),
        )
        if not self._recording.acknowledge(ack):
            return Answer(404, {"error": "no such alarm was recorded"})
        return Answer(201, {"at": ack.at_ms})


def _told(one: Acknowledgement) -> dict[str, object]:
    return {
        "camera": one.camera,
        "place": f"{one.boot.hex()}:{one.sequence}",
        "at": one.at_ms,
        "who": one.who,
        "note": one.note,
    }


def refuse_foreign(request: Request) -> None:
    """Another site's page must not acknowledge with this operator's browser."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise Wrong("send application/json")
    origin = request.headers.get("origin")
    if origin is not None and origin.split("://", 1)[-1] != request.headers.get("host"):
        raise Wrong("asked by a page of another origin")


def _number(asked: Mapping[str, list[str]], name: str, default: int, high: int) -> int:
    text = asked.get(name, [str(default)])[0]
    if re.fullmatch("[0-9]{1,6}", text) is None or not 1 <= int(text) <= high:
        raise Wrong(f"{name} must be 1 to {high}")
    return int(text)


def json_object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Wrong("not JSON") from error
    if not isinstance(value, dict):
        raise Wrong("must be an object")
    return cast("dict[str, Any]", value)


def _text(said: Mapping[str, Any], name: str, low: int, high: int) -> str:
    value = said.get(name, "")
    shown = isinstance(value, str) and all(char.isprintable() or char == "\n" for char in value)
    if not shown or not low <= len(value.strip()) <= high:
        raise Wrong(f"{name} must be a text of {low} to {high} characters")
    return value.strip()
