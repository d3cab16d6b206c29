"""A process that does nothing but obey orders, to be killed. Prints what it acknowledged."""

import sys
from pathlib import Path

from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.agent.enrolling import open_desk
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import OrderKind

NOW = Now(w.START_S + 7200, True)


def main() -> None:
    desk = open_desk(Path(sys.argv[1]))
    print("open", desk.config_sequence, desk.ledger.size, flush=True)
    while True:
        sequence = desk.config_sequence + 1
        body = w.config(pan_mdeg=100 + sequence % 900)
        order = w.order(body, sequence, previous=desk.config_hash)
        verdict = desk.receive(
            w.signed(order, w.CONFIG_LI), OrderKind.CONFIG, retained=True, now=NOW
        )
        assert verdict.accepted, verdict
        print("kept", sequence, desk.ledger.size, flush=True)


if __name__ == "__main__":
    main()
