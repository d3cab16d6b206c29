"""Several lenses in one process: each is a camera of its own, with its key, state and topics.

A multi-lens camera saves memory this way: Python and numpy are there once. Nothing is shared
that is signed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from viewkeeper.agent import app
from viewkeeper.agent.adapters.system.memory import give_back
from viewkeeper.agent.adapters.system.notify import Notifier
from viewkeeper.agent.catalogue import Adapters
from viewkeeper.agent.settings import Settings
from viewkeeper.protocol.errors import Reason, SetupError

log = logging.getLogger("viewkeeper.agent")


def run_all(lenses: Sequence[Settings], adapters: Adapters, stopping: threading.Event) -> None:
    """Run every lens until ``stopping`` is set or all recorded sources have ended.

    Raises:
        SetupError: two lenses share an id or a folder; or what one of them raised, after
            all others were stopped.
    """
    _check_apart(lenses)
    names = [f"{lens.camera.site}/{lens.camera.id}" for lens in lenses]
    notifier = Notifier(names, up=give_back)
    if len(lenses) == 1:
        _run_one(lenses[0], names[0], adapters, stopping, notifier)
        notifier.stopping()
        return
    errors: list[Exception] = []

    def guarded(lens: Settings, name: str) -> None:
        try:
            _run_one(lens, name, adapters, stopping, notifier)
        except Exception as error:  # noqa: BLE001 - told by the thread that waits below
            errors.append(error)
            stopping.set()

    threads = [
        threading.Thread(target=guarded, args=(lens, name), name=name)
        for lens, name in zip(lenses, names, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():  # short waits, so that signals are heard
            thread.join(0.5)
    notifier.stopping()
    if errors:
        raise errors[0]


def _run_one(
    lens: Settings, name: str, adapters: Adapters, stopping: threading.Event, notifier: Notifier
) -> None:
    app.run(lens, adapters, stopping, turned=lambda: notifier.turned(name))
    notifier.ended(name)


def _check_apart(lenses: Sequence[Settings]) -> None:
    for told, values in (
        ("[camera] site and id", [(lens.camera.site, lens.camera.id) for lens in lenses]),
        ("[storage] dir", [lens.storage.dir for lens in lenses]),
    ):
        if len(set(values)) < len(values):
            raise SetupError(
                Reason.SETTING, f"two lenses have the same {told}: each is a camera of its own"
            )
