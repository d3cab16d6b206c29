import pytest

from viewkeeper.agent.adapters.link.messages import (
    COSE,
    ReplyTo,
    dress,
    is_own_reply,
    order_kind,
    verdict_topic,
)
from viewkeeper.agent.adapters.link.rows import add_loss, identity_of
from viewkeeper.protocol import cose
from viewkeeper.protocol.records import Gap, Header, Record, seal
from viewkeeper.protocol.topics import Topics
from viewkeeper.protocol.vocabulary import ClockTrust, OrderKind

MINE = Topics("s1", "c1")
BASE = "viewkeeper/v1/s1/c1"


@pytest.mark.parametrize(
    ("rest", "kind"),
    [
        ("config/desired", OrderKind.CONFIG),
        ("keyset", OrderKind.KEYSET),
        ("lifecycle", OrderKind.LIFECYCLE),
        ("grant", OrderKind.GRANT),
        ("command/new_nonce", OrderKind.COMMAND),
        ("config/applied", None),
        ("report", None),
    ],
)
def test_a_topic_says_which_kind_of_order_it_carries(rest: str, kind: OrderKind | None):
    assert order_kind(MINE, f"{BASE}/{rest}") is kind


def test_another_cameras_topic_carries_no_order_for_us():
    assert order_kind(MINE, "viewkeeper/v1/s1/c2/grant") is None


@pytest.mark.parametrize(
    ("topic", "own"),
    [
        (f"{BASE}/reply", True),
        (f"{BASE}/reply/desk-7", True),
        (f"{BASE}/reply/a/b", True),
        (f"{BASE}/replying", False),
        (f"{BASE}/status", False),
        (f"{BASE}/reply/+", False),
        (f"{BASE}/reply/#", False),
        (f"{BASE}/reply/\0", False),
        (f"{BASE}/reply/" + "x" * 300, False),
        ("viewkeeper/v1/s1/c2/reply", False),
    ],
)
def test_an_answer_goes_below_the_own_reply_or_nowhere_else(topic: str, own: bool):
    assert is_own_reply(MINE, topic) is own
    expected = topic if own else MINE.reply
    assert verdict_topic(MINE, OrderKind.GRANT, ReplyTo(topic)) == expected


def test_the_verdict_on_a_configuration_stands_on_its_topic_whatever_was_asked():
    reply = ReplyTo(f"{BASE}/reply/desk")
    assert verdict_topic(MINE, OrderKind.CONFIG, reply) == MINE.config_applied


def test_each_publication_says_what_it_is_and_how_long_it_holds():
    dressed = dress(MINE, 60, 600)
    report = dressed(MINE.report, b"r", True)
    assert (report.content_type, report.expiry_s, report.is_text) == (COSE, 60, False)
    state = dressed(MINE.state, b"{}", True)
    assert (state.content_type, state.expiry_s, state.is_text) == ("application/json", 60, True)
    assert dressed(MINE.event("camera_covered"), b"e", False).expiry_s == 600
    assert dressed(MINE.alarm("view_moved"), b"a", True).expiry_s is None
    assert dressed(MINE.config_applied, b"v", True).expiry_s is None
    assert dressed(MINE.checkpoint, b"c", True).expiry_s is None
    status = dressed(MINE.status, b"online", True)
    assert (status.content_type, status.expiry_s) == ("text/plain", None)
    foreign = dressed("homeassistant/sensor/s1_c1/pan/config", b"{}", True)
    assert (foreign.content_type, foreign.expiry_s) == ("application/json", None)


def test_what_clears_a_topic_carries_no_properties():
    clearing = dress(MINE, 60, 600)(MINE.alarm("x"), b"", True)
    assert clearing.content_type is None
    assert clearing.retain


def sealed(sequence: int, boot: bytes = b"bootboot") -> bytes:
    header = Header(
        device="c1", boot=boot, sequence=sequence, utc_ms=1, mono_ms=1, clock=ClockTrust.FLOOR
    )
    signer = cose.SoftwareSigner.from_seed(bytes(range(32)))
    return seal(Record(header, Gap(first_sequence=1, last_sequence=2, lost=2)), signer)


def test_a_sealed_record_is_known_by_boot_and_sequence():
    assert identity_of(sealed(77)) == (b"bootboot", 77)


@pytest.mark.parametrize("payload", [b"", b"\xd2", b"\xd2\x80", b"\xd2\x84\x00\x00\x00\x00", b"x"])
def test_other_bytes_have_no_identity(payload: bytes):
    assert identity_of(payload) is None


def test_losses_are_counted_a_boot_at_a_time():
    losses = {}
    for payload in (sealed(5), sealed(3), sealed(9), sealed(1, b"elsewhen"), b"?", b"?"):
        add_loss(losses, identity_of(payload))
    assert (losses[b"bootboot"].first_sequence, losses[b"bootboot"].last_sequence) == (3, 9)
    assert losses[b"bootboot"].count == 3
    assert losses[b"elsewhen"].count == 1
    assert losses[b""].count == 2
