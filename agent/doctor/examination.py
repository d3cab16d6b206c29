"""One look after another, in the order in which each needs the last."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.doctor import camera, machine
from viewkeeper.agent.doctor.findings import Finding, Health, Seen
from viewkeeper.agent.settings import Settings
from viewkeeper.protocol.errors import RefusalError, SetupError


def examine(settings: Settings, adapters: Adapters) -> Iterator[Finding]:
    """Look at one thing after another; nothing stops the rest from being looked at."""
    seen = Seen()
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("libraries", machine.libraries),
        ("storage", lambda: machine.storage(settings, seen)),
        ("device key", lambda: machine.key(settings)),
        ("enrolment", lambda: camera.enrolment(settings, seen)),
        ("registered view", lambda: camera.view(settings, seen)),
        ("camera", lambda: camera.picture(settings, adapters, seen)),
        ("onvif", lambda: camera.onvif(settings)),
        ("board", lambda: camera.board(settings, seen)),
        ("sign", lambda: camera.sign(settings, adapters)),
        ("clock", lambda: machine.clock(settings, seen)),
        ("certificate", lambda: machine.certificate(settings)),
        ("broker", lambda: machine.broker(settings, seen)),
    )
    for thing, check in checks:
        try:
            yield from check()
        except (SetupError, RefusalError) as error:
            yield Finding(thing, Health.BAD, error.hint + _cure(error.__cause__))
        except OSError as error:
            told = f"{error.filename or thing}: {error.strerror}"
            yield Finding(thing, Health.BAD, told + _cure(error))


def _cure(error: BaseException | None) -> str:
    """What helps where the operating system refused."""
    number = error.errno if isinstance(error, OSError) else None
    return f": {CURES[number]}" if number in CURES else ""


CURES = {
    errno.EACCES: "ask as the service's user (sudo -u viewkeeper …); what root made there: chown",
    errno.EPERM: "ask as the service's user (sudo -u viewkeeper …)",
    errno.EROFS: "mount it writable; a card that fails makes itself read-only (dmesg): replace it",
    errno.ENOSPC: "the card is full: take off it what is not the camera's",
    errno.EIO: "the card fails (dmesg): replace it, and enrol the camera anew",
}
