"""Hypothesis strategies for everything that travels, drawn from the declarations."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from hypothesis import strategies as st

from viewkeeper.protocol import cbor, orders, records
from viewkeeper.protocol import fields as declared
from viewkeeper.protocol.signage import SignRegion
from viewkeeper.protocol.vocabulary import EventKind, LineDirection, ZoneKind
from viewkeeper.protocol.zones import (
    OF_AREAS,
    OF_LINES,
    WITH_CROWD,
    WITH_DWELL,
    WITH_SPEED,
    Zone,
)

values: st.SearchStrategy[cbor.Value] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.integers(-1000, 1000) | st.text("abcdef", max_size=30), inner, max_size=5
        )
    ),
    max_leaves=20,
)


def of_kind(kind: declared.Kind) -> st.SearchStrategy[Any]:
    match kind:
        case declared.Int(low, high):
            return st.integers(low, high)
        case declared.Bool():
            return st.booleans()
        case declared.Bytes(low, high):
            return st.binary(min_size=low, max_size=min(high, low + 8))
        case declared.Text(low, high, None):
            alphabet = "abc XYZ 0-9 安徽省公共安全视频"
            return st.text(alphabet, min_size=low, max_size=min(high, low + 12))
        case declared.Text(low, high, pattern):
            matching = st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
            return matching.filter(lambda text: low <= len(text) <= high)
        case declared.SetOf(vocabulary):
            # In the vocabulary's order, as it is read.
            chosen = st.sets(st.sampled_from(list(vocabulary)))
            return chosen.map(lambda some: tuple(one for one in vocabulary if one in some))
        case (
            declared.Choice(vocabulary) | declared.NumberOf(vocabulary) | declared.Code(vocabulary)
        ):
            return st.sampled_from(list(vocabulary))
        case declared.ListOf(item, low, high):
            return st.lists(of_kind(item), min_size=low, max_size=min(high, low + 2)).map(tuple)
        case declared.Nested(message):
            return message_of(message)
        case _:
            raise AssertionError(kind)


@st.composite
def zones(draw: st.DrawFn) -> Zone:
    """Zones whose parts fit each other."""
    kind = draw(st.sampled_from(list(ZoneKind)))
    line = kind is ZoneKind.LINE
    watched = draw(st.sets(st.sampled_from(sorted(OF_LINES if line else OF_AREAS)), min_size=1))
    ways = list(LineDirection)[:2] if EventKind.WRONG_WAY in watched else list(LineDirection)
    point = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000))
    corners = st.lists(point, min_size=2 if line else 3, max_size=2 if line else 6, unique=True)
    return Zone(
        name=draw(of_kind(declared.Text(1, 40))),
        kind=kind,
        points=tuple(draw(corners)),
        watch=tuple(sorted(watched)),
        direction=draw(st.sampled_from(ways)) if line else None,
        dwell_s=draw(st.integers(1, 86_400)) if watched & WITH_DWELL else None,
        crowd=draw(st.integers(2, 500)) if watched & WITH_CROWD else None,
        speed=draw(st.integers(100, 100_000)) if watched & WITH_SPEED else None,
    )


@st.composite
def sign_regions(draw: st.DrawFn) -> SignRegion:
    left, right, top, bottom = (
        *sorted(draw(st.lists(st.integers(0, 10_000), min_size=2, max_size=2, unique=True))),
        *sorted(draw(st.lists(st.integers(0, 10_000), min_size=2, max_size=2, unique=True))),
    )
    digest = draw(st.none() | st.binary(min_size=32, max_size=32))
    return SignRegion(left=left, right=right, top=top, bottom=bottom, template_hash=digest)


@st.composite
def configs(draw: st.DrawFn) -> orders.Config:
    parts = {spec.name: spec.metadata["kind"] for spec in fields(orders.Config)}
    photo = draw(st.none() | of_kind(parts.pop("sign_photo")))
    view = draw(st.none() | of_kind(parts.pop("view_hash")))
    del parts["zones"], parts["sign_region"]
    unique = st.lists(zones(), min_size=1, max_size=3, unique_by=lambda zone: zone.name)
    return orders.Config(
        **{name: draw(of_kind(kind)) for name, kind in parts.items()},
        view_hash=view,
        sign_photo=photo,
        zones=None if view is None else draw(st.none() | unique.map(tuple)),
        sign_region=None if view is None else draw(st.none() | sign_regions()),
    )


def message_of(message: type[Any]) -> st.SearchStrategy[Any]:
    fitting = {Zone: zones, SignRegion: sign_regions, orders.Config: configs}
    if message in fitting:
        return fitting[message]()
    drawn = {}
    for spec in fields(message):
        strategy = of_kind(spec.metadata["kind"])
        drawn[spec.name] = st.none() | strategy if spec.metadata["optional"] else strategy
    return st.builds(message, **drawn)


any_record = st.builds(
    records.Record,
    message_of(records.Header),
    st.one_of([message_of(body) for body in records.BODIES.values()]),
)
any_order = st.builds(
    orders.Order,
    message_of(orders.OrderHeader),
    st.one_of([message_of(body) for body in orders.ORDER_BODIES.values()]),
)
