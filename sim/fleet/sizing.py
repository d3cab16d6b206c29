"""What a fleet needs of broker, network and recorder: a model of plain sums. Pure.

Its constants are measured (`tests/bench/bench_sizing.py`), its sums stand here, and the same bench
holds it against fleets of three sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.agent.adapters.link.backoff import CROWDING, spread_for

DAY_S = 86_400
TCP_IP_BYTES = 52
"""Of one segment: IPv4 20, TCP 20, time stamps 12 (RFC 791, 9293, 7323)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What was measured, with mutual TLS and the site's own configuration.

    Attributes:
        report_bytes, mirror_bytes, event_bytes: payloads.
        cycle_up_bytes, cycle_down_bytes: one report, its mirror and their acknowledgements, as TCP
            carries them: TLS records, MQTT, topics.
        connect_up_bytes, connect_down_bytes: handshake, CONNECT, subscriptions, first messages.
        broker_base_kib, broker_camera_kib: resident memory of mosquitto: alone, and a connection
            more, with its session and what stands retained.
        broker_cpu_ms: processor time of mosquitto, one report with its mirror, in and out.
        recorder_cpu_ms: of the recorder, a report verified and kept.
        recorder_bytes: of its SQLite file, a report.
    """

    report_bytes: int
    mirror_bytes: int
    event_bytes: int
    cycle_up_bytes: float
    cycle_down_bytes: float
    connect_up_bytes: float
    connect_down_bytes: float
    broker_base_kib: float
    broker_camera_kib: float
    broker_cpu_ms: float
    recorder_cpu_ms: float
    recorder_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a fleet of a size needs. Rates a second; shares of one core of the measured machine."""

    cameras: int
    connections: int
    messages_in: float
    messages_out: float
    broker_mib: float
    broker_cores: float
    recorder_cores: float
    spread_s: float
    worst_attempts: float
    camera_day_up_bytes: float
    camera_day_down_bytes: float
    retained_mib: float
    recording_day_mib: float


def need(
    costs: Costs, cameras: int, period_s: float, connects_per_s: float, *, mirror: bool = True
) -> Need:
    """The sums.

    Args:
        costs: what was measured; with the mirror.
        period_s: between two reports of a camera.
        connects_per_s: the stated connect rate, of all brokers together.
        mirror: without it, its payload and half of the messages fall away.
    """
    reports = cameras / period_s
    each = 2 if mirror else 1
    # Without the mirror: its payload, and half of what is around the two.
    around = (costs.cycle_up_bytes - costs.report_bytes - costs.mirror_bytes) / 2
    up = costs.cycle_up_bytes if mirror else costs.report_bytes + around
    down = costs.cycle_down_bytes * each / 2
    cycles = DAY_S / period_s
    # Each publication and each acknowledgement is a segment and is acknowledged by one.
    segments = 2 * each * cycles
    spread_s = spread_for(cameras, connects_per_s)
    return Need(
        cameras=cameras,
        connections=cameras,
        messages_in=each * reports,
        messages_out=each * reports,
        broker_mib=(costs.broker_base_kib + cameras * costs.broker_camera_kib) / 1024,
        broker_cores=reports * costs.broker_cpu_ms * each / 2 / 1000,
        recorder_cores=reports * costs.recorder_cpu_ms / 1000,
        spread_s=spread_s,
        worst_attempts=CROWDING * cameras / spread_s,
        camera_day_up_bytes=up * cycles + segments * TCP_IP_BYTES,
        camera_day_down_bytes=down * cycles + segments * TCP_IP_BYTES,
        retained_mib=cameras * (costs.report_bytes + (costs.mirror_bytes if mirror else 0)) / 2**20,
        recording_day_mib=reports * DAY_S * costs.recorder_bytes / 2**20,
    )
