"""Zones, the sign's region and its inspection photo in a configuration; flags closed by order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import Reason
from viewkeeper.protocol.fields import pack
from viewkeeper.protocol.orders import Config
from viewkeeper.protocol.signage import SignPhoto, SignRegion
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.cases import Case
from viewkeeper.protocol.vectors.stages import deliver, signed_value
from viewkeeper.protocol.vocabulary import EventKind, LineDirection, OrderKind, ZoneKind
from viewkeeper.protocol.zones import Zone

AREA = Zone(
    name="前院",
    kind=ZoneKind.AREA,
    points=((1000, 6000), (9000, 6000), (9000, 9500), (1000, 9500)),
    watch=(EventKind.INTRUSION, EventKind.LOITERING, EventKind.CROWD_DENSITY),
    dwell_s=60,
    crowd=8,
)
LINE = Zone(
    name="exit",
    kind=ZoneKind.LINE,
    points=((5000, 9000), (5000, 5000)),
    watch=(EventKind.WRONG_WAY,),
    direction=LineDirection.BACKWARD,
)
REGION = SignRegion(left=6200, top=3100, right=7100, bottom=5200, template_hash=bytes(range(32)))
PHOTO = SignPhoto(
    photo_hash=bytes(32),
    taken_on="2026-11-18",
    inspector="Li Wei",
    valid_days=90,
    operator="合肥市公安局示范支队",
    phone="0551-0000-0000",
    lit=True,
)


def whole() -> Config:
    """A configuration with everything that may stand in one."""
    return dataclasses.replace(
        w.config(view_hash=w.VIEW), zones=(AREA, LINE), sign_region=REGION, sign_photo=PHOTO
    )


def zones() -> Iterator[Case]:
    """Zones that are in order, and such that are not."""
    yield Case(
        id="zones-whole",
        why="an area, a line, the sign's region and its photo",
        delivery=deliver(w.signed(w.order(whole()), w.CONFIG_LI)),
        reason=Reason.ACCEPTED,
    )
    area, line = pack(AREA), pack(LINE)
    rows: list[tuple[str, str, list[cbor.Value]]] = [
        ("none", "an empty list of zones", []),
        ("many", "seventeen zones", [{**area, 1: f"z{n}"} for n in range(17)]),
        ("twice", "two of one name", [area, area]),
        ("outside", "a corner outside the picture", [{**area, 3: [[0, 0], [10_001, 0], [0, 1]]}]),
        ("flat", "an area of two corners", [{**area, 3: [[0, 0], [9000, 9000]]}]),
        ("bent", "a line of three points", [{**line, 3: [[0, 0], [1, 1], [2, 0]]}]),
        ("point", "a line without length", [{**line, 3: [[7, 7], [7, 7]]}]),
        ("triple", "a point of three numbers", [{**line, 3: [[0, 0, 0], [1, 1, 1]]}]),
        ("idle", "nothing watched", [{**line, 4: []}]),
        ("watch-twice", "one flag twice", [{**line, 4: ["wrong_way", "wrong_way"]}]),
        ("watch-unknown", "a flag nobody knows", [{**line, 4: ["running"]}]),
        ("watch-camera", "a flag that is no zone's", [{**line, 4: ["camera_moved"]}]),
        ("line-area", "a line watched for loitering", [{**line, 4: ["loitering"], 6: 9}]),
        ("area-line", "an area watched for crossing", [{**area, 4: ["line_crossed"]}]),
        ("area-direction", "an area with a direction", [{**area, 5: "forward"}]),
        ("wrong-both", "both ways wrong", [{**line, 5: "both"}]),
        ("wrong-none", "wrong way without a direction", [{k: line[k] for k in (1, 2, 3, 4)}]),
        ("no-dwell", "loitering from no time on", [{k: v for k, v in area.items() if k != 6}]),
        ("no-crowd", "a crowd of nobody knows", [{k: v for k, v in area.items() if k != 7}]),
        ("speed-idle", "a speed that nothing asks for", [{**area, 8: 3000}]),
    ]
    for name, why, value in rows:
        yield _refused(f"zones-{name}", why, {8: value})
    region, photo = pack(REGION), pack(PHOTO)
    for name, why, change in (
        ("region-inverted", "a sign's region from right to left", {9: {**region, 1: 7100}}),
        ("region-hash", "a template hash of 31 bytes", {9: {**region, 5: bytes(31)}}),
        ("photo-forever", "a photo that counts for 367 days", {10: {**photo, 4: 367}}),
        ("photo-day", "a day written otherwise", {10: {**photo, 2: "18.11.2026"}}),
    ):
        yield _refused(f"sign-{name}", why, change)
    plain = pack(w.config())
    yield _refused("zones-no-view", "zones in no registered view", {8: [area]}, plain)


def closing() -> Iterator[Case]:
    """The operator's clock: which flag, and what became of it."""
    for number, (name, argument, reason) in enumerate(
        (
            ("reported", "0123456789abcdef 皖公接 2026-1118", Reason.ACCEPTED),
            ("dismissed", "0123456789abcdef gardener at work", Reason.ACCEPTED),
            ("reported", None, Reason.FIELD_RANGE),
            ("reported", "0123456789abcdef", Reason.FIELD_RANGE),
            ("reported", "0123456789abcdef  ", Reason.FIELD_RANGE),
            ("reported", "0123456789ABCDEF 7", Reason.FIELD_RANGE),
            ("dismissed", "gardener at work", Reason.FIELD_RANGE),
        ),
        1,
    ):
        message = w.signed(w.order(w.command(name, argument)), w.CONFIG_LI)
        yield Case(
            id=f"flag-{number}-{name}",
            why=f"{name}: {argument}",
            delivery=deliver(message, OrderKind.COMMAND),
            reason=reason,
        )


def _refused(
    name: str,
    why: str,
    change: Mapping[int, cbor.Value],
    body: dict[int | str, cbor.Value] | None = None,
) -> Case:
    order = cbor.decode(w.order(w.config(view_hash=w.VIEW)).encode())
    assert isinstance(order, dict)
    order[9] = {**(body or pack(w.config(view_hash=w.VIEW))), **change}
    return Case(id=name, why=why, delivery=deliver(signed_value(order)), reason=Reason.FIELD_RANGE)
