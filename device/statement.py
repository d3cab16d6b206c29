"""From what is believed to the words of the wire: report, plain mirror, alarms."""

import gc
from binascii import hexlify

from device.core.lamp import is_fault

STORAGE_LOW_PERMILLE = 50
QUIET = ("starting", "not_registered", "no_camera")  # no alarm: nothing was there to be lost


def health_of(frames, free_permille, mount, now):
    """The fields of ``Health``."""
    health = {
        "frame_rate_mhz": min(1_000_000, frames * 1_000_000 // (now.mono_ms + 1)),
        "storage_free_permille": free_permille,
        "memory_kib": gc.mem_alloc() // 1024,
        "uptime_s": now.mono_ms // 1000,
        "findings": [],
    }
    if mount and "temperature_dc" in mount:
        health["temperature_dc"] = mount["temperature_dc"]
    return health


def report_of(guard, standing, health, signage, mount):
    """The fields of ``Report`` (protocol/records.py)."""
    view = {"verdict": guard.verdict, "since_ms": guard.since_ms, "latched": False}
    if guard.cause is not None:
        view["cause"] = guard.cause
    found = guard.found
    if found is not None:
        view["lost_permille"] = 1000 - 1000 * found.agreed // found.tiles
        pan, tilt, roll, zoom = found.errors
        view["move"] = {
            "pan_mdeg": round(found.pan * 1000),
            "tilt_mdeg": round(found.tilt * 1000),
            "roll_mdeg": round(found.roll * 1000),
            "zoom_ppm": round(found.zoom * 1_000_000),
            "pan_error_mdeg": round(pan * 1000),
            "tilt_error_mdeg": round(tilt * 1000),
            "roll_error_mdeg": round(roll * 1000),
            "zoom_error_ppm": round(zoom * 1_000_000),
        }
    report = {"view": view, "signage": signage, "health": health, "mount": mount}
    for name in ("lifecycle", "config_sequence", "ledger_size", "refusals"):
        report[name] = standing[name]
    report["ledger_root"] = standing["ledger_root"][:16]
    if standing["filing_due_on"]:
        report["filing_due_on"] = standing["filing_due_on"]
    if standing["config_hash"]:
        report["config_hash"] = standing["config_hash"][:8]
    if standing["last_refusal"]:
        report["last_refusal"] = standing["last_refusal"]
    return report


def alarms_of(report, now, store_fault, lit_required, safe_mode):
    """The alarms that stand now: kind -> fields of ``Alarm``."""
    view, mount, told = report["view"], report["mount"], {}
    move = view.get("move")
    if view["verdict"] == "moved" and move:
        detail = "pan %+.2f\u00b0, tilt %+.2f\u00b0" % (
            move["pan_mdeg"] / 1000,
            move["tilt_mdeg"] / 1000,
        )
        told["view_moved"] = (detail, 5, 11)
    elif view["verdict"] == "cannot_tell" and view["cause"] not in QUIET:
        told["view_unknown"] = (view["cause"], 5, 11)
    if mount and mount["verdict"] == "moved" and "tilt_mdeg" in mount:
        detail = "gravity: tilt %+.2f\u00b0, roll %+.2f\u00b0" % (
            mount["tilt_mdeg"] / 1000,
            mount["roll_mdeg"] / 1000,
        )
        told["mount_moved"] = (detail, 2, 2)
    if mount and mount.get("case") == "open":
        told["case_open"] = ("the switch in the case says open", 2, 2)
    if is_fault(report["signage"], lit_required):
        signage = report["signage"]
        told["sign_fault"] = ("%s, %s" % (signage["state"], signage["lit"]), 5, 11)
    if safe_mode:
        told["safe_mode"] = ("the program kept crashing: orders and reports only", 2, 1)
    if not now.trusted:
        told["clock_fault"] = ("the clock is not synchronised", 6, 1)
    if report["health"]["storage_free_permille"] < STORAGE_LOW_PERMILLE:
        told["storage_fault"] = ("the storage is nearly full", 2, 3)
    if store_fault:
        told["ledger_fault"] = (store_fault[:160], 6, 1)
    return {
        name: {
            "alarm": name,
            "since_ms": _since(name, view, mount, now),
            "detail": detail,
            "alarm_method": method,
            "alarm_type": kind,
        }
        for name, (detail, method, kind) in told.items()
    }


def _since(name, view, mount, now):
    if name.startswith("view"):
        return view["since_ms"]
    return mount["since_ms"] if name == "mount_moved" else now.utc_ms


def mirror_of(device, site, report, now):
    """The plain mirror, in the form of ``agent/core/reporting.py``."""
    view, health = report["view"], report["health"]
    move, told = view.get("move") or {}, {}
    told["verdict"], told["cause"] = view["verdict"], view.get("cause")
    for name in ("pan", "tilt", "roll", "pan_error", "tilt_error", "roll_error"):
        told[name + "_deg"] = move[name + "_mdeg"] / 1000 if move else None
    for name in ("zoom", "zoom_error"):
        told[name] = move[name + "_ppm"] / 1e6 if move else None
    lost = view.get("lost_permille")
    told["lost_share"] = None if lost is None else lost / 1000
    told["since_ms"], told["latched"] = view["since_ms"], view["latched"]
    config_hash = report.get("config_hash")
    return {
        "device": device,
        "site": site,
        "utc_ms": now.utc_ms,
        "clock": now.clock,
        "view": told,
        "signage": {
            "state": report["signage"]["state"],
            "lit": report["signage"]["lit"],
            "current_ma": report["signage"].get("current_ma"),
            "source": report["signage"].get("source"),
            "photo_until": None,
        },
        "health": {
            "frame_rate_hz": health["frame_rate_mhz"] / 1000,
            "storage_free": health["storage_free_permille"] / 1000,
            "temperature_c": _tenth(health.get("temperature_dc")),
            "memory_kib": health["memory_kib"],
            "cpu": None,
            "uptime_s": health["uptime_s"],
            "findings": health["findings"],
        },
        "events": None,
        "alarms": report["alarms"],
        "mount": report["mount"],
        "program": report["program"],
        "lifecycle": report["lifecycle"],
        "filing_due_on": report.get("filing_due_on"),
        "config": {
            "sequence": report["config_sequence"],
            "hash": hexlify(config_hash).decode() if config_hash else None,
        },
        "ledger": {
            "size": report["ledger_size"],
            "root": hexlify(report["ledger_root"]).decode(),
        },
        "refusals": report["refusals"],
        "last_refusal": report.get("last_refusal"),
    }


def _tenth(value):
    return None if value is None else value / 10
