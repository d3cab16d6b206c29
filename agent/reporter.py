"""Report, plain mirror and checkpoint: said when they are due, each once."""

from __future__ import annotations

import json
from collections.abc import Callable

from viewkeeper.agent.core import cadence
from viewkeeper.agent.core.reporting import mirror_of
from viewkeeper.agent.loop_ports import Outlet, Standing
from viewkeeper.agent.ports import ClockReading
from viewkeeper.agent.sealing import Sealer
from viewkeeper.protocol.checkpoints import Checkpoint
from viewkeeper.protocol.records import Report

DEFAULT_REPORT_PERIOD_S = 60.0


class Reporter:
    """Says how the camera stands.

    Args:
        site, device: for the plain mirror and the checkpoint.
        outlet: the link.
        sealer: signs the report.
        seal_checkpoint: signs a checkpoint with the device key.
    """

    def __init__(
        self,
        *,
        site: str,
        device: str,
        outlet: Outlet,
        sealer: Sealer,
        seal_checkpoint: Callable[[Checkpoint], bytes],
    ) -> None:
        self._site, self._device = site, device
        self._outlet, self._sealer, self._seal_checkpoint = outlet, sealer, seal_checkpoint
        self._said: cadence.Said | None = None
        self._checkpoint_size = -1

    def say(self, report: Report, standing: Standing, now: ClockReading) -> None:
        """Publish the report if it is due, and with it a checkpoint of a ledger that grew."""
        config = standing.config
        period_s = DEFAULT_REPORT_PERIOD_S if config is None else float(config.report_period_s)
        if not cadence.is_due(self._said, report, now.mono_s, period_s):
            return
        header, message = self._sealer.seal(report)
        self._outlet.publish_report(message)
        mirror = mirror_of(self._site, header, report)
        plain = json.dumps(mirror, separators=(",", ":")).encode("utf-8")
        new = self._said is None or cadence.differs(self._said.report, report)
        self._outlet.publish_state(plain, changed=new)
        self._said = cadence.Said(report, now.mono_s)
        if standing.ledger_size != self._checkpoint_size:
            checkpoint = Checkpoint(
                device=self._device,
                size=standing.ledger_size,
                root=standing.ledger_root,
                utc_ms=header.utc_ms,
            )
            self._outlet.publish_checkpoint(self._seal_checkpoint(checkpoint))
            self._checkpoint_size = standing.ledger_size
