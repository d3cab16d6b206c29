"""One look after another, in the order in which each needs the last."""

from __future__ import annotations

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
            yield Finding(thing, Health.BAD, error.hint)
        except OSError as error:
            yield Finding(thing, Health.BAD, f"{error.filename or thing}: {error.strerror}")
