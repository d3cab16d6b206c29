"""Whatever arrives in whatever order: nothing raises, nothing goes back."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.support.camera import Camera
from viewkeeper.protocol.orders import keyset_hash
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vectors.stages import GOOD
from viewkeeper.protocol.vocabulary import OrderKind

KINDS = st.sampled_from(OrderKind)
GRANT = w.signed(w.order(w.grant(nonce=bytes(16))), w.APPROVER_GAO, w.OFFICER_HE, w.OFFICER_XU)


@given(st.binary(max_size=300), KINDS, st.booleans(), st.integers(0, 2**41), st.booleans())
def test_no_bytes_raise(data, kind, retained, utc_s, trusted):
    assert (
        not Camera().receive(data, kind, retained=retained, utc_s=utc_s, trusted=trusted).accepted
    )


@given(st.sampled_from([GOOD, GRANT]), st.data(), KINDS)
@settings(max_examples=300)
def test_no_spliced_message_raises_or_is_obeyed(message, data, kind):
    start = data.draw(st.integers(0, len(message) - 1))
    end = data.draw(st.integers(start, len(message)))
    spliced = message[:start] + data.draw(st.binary(max_size=12)) + message[end:]
    if spliced != message:
        assert not Camera().receive(spliced, kind).accepted


class Rows(RuleBasedStateMachine):
    """Orders in any sequence, honest and not, on one camera."""

    def __init__(self):
        super().__init__()
        self.camera = Camera()
        self.seen = []
        self.before = self.camera.state

    def _send(self, message, kind, **how):
        self.before = self.camera.state
        if self.camera.receive(message, kind, **how).accepted:
            self.seen.append((message, kind))

    @rule(step=st.integers(-3, 4), follow=st.booleans(), issued=st.integers(0, 7000))
    def config(self, step, follow, issued):
        sequence = self.camera.state.trust.row(OrderKind.CONFIG).sequence + step
        order = w.order(
            w.config(pan_mdeg=500 + issued % 100),
            max(1, sequence),
            previous=self.camera.head() if follow else bytes(32),
            epoch=self.camera.state.trust.keyset.epoch,
            issued_at=w.START_S + issued,
        )
        self._send(w.signed(order, w.CONFIG_LI), OrderKind.CONFIG)

    @rule(pick=st.integers(0, 50), trusted=st.booleans())
    def come_again(self, pick, trusted):
        if self.seen:
            self._send(*self.seen[pick % len(self.seen)], trusted=trusted)

    @rule(new_epoch=st.booleans())
    def rotate(self, new_epoch):
        present = self.camera.state.trust.keyset
        successor = w.keyset(present.version + 1, epoch=present.epoch + new_epoch)
        order = w.order(
            successor, successor.version, previous=keyset_hash(present), epoch=present.epoch
        )
        self._send(w.signed(order, w.ROOT_WANG, w.ROOT_ZHAO), OrderKind.KEYSET)

    @invariant()
    def nothing_goes_back(self):
        old, new = self.before.trust, self.camera.state.trust
        assert new.keyset.version >= old.keyset.version
        assert new.keyset.epoch >= old.keyset.epoch
        if new.keyset.epoch == old.keyset.epoch:
            assert new.clock_floor_s >= old.clock_floor_s
            for kind in OrderKind:
                assert new.row(kind).sequence >= old.row(kind).sequence


TestRows = Rows.TestCase
TestRows.settings = settings(max_examples=40, stateful_step_count=20)
