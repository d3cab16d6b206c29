"""Hypothesis strategies for everything that travels, drawn from the declarations."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from hypothesis import strategies as st

from viewkeeper.protocol import cbor, orders, records
from viewkeeper.protocol import fields as declared

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
        case declared.Choice(vocabulary) | declared.NumberOf(vocabulary):
            return st.sampled_from(list(vocabulary))
        case declared.ListOf(item, low, high):
            return st.lists(of_kind(item), min_size=low, max_size=min(high, low + 2)).map(tuple)
        case declared.Nested(message):
            return message_of(message)
        case _:
            raise AssertionError(kind)


def message_of(message: type[Any]) -> st.SearchStrategy[Any]:
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
