"""A PostgreSQL server for tests and simulations: real, local, gone when its owner is.

Needs the Debian package ``postgresql``, but none of its clusters: it makes one of its own in a
temporary folder, listens on 127.0.0.1 on a free port and asks for no password.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.sim.broker import LOOPBACK, free_port

USER = "viewkeeper"
START_TIMEOUT_S = 30.0
_INITDB = ("--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C")
ROOT_BECOMES = "postgres"
"""The server refuses to run as root; the package made this user."""


def programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``; ``None``: not installed here."""
    # Debian puts each version in a folder of its own, outside of PATH.
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    candidates = [*folders, *([Path(found).parent] if found else [])]
    return next((one for one in candidates if (one / "postgres").exists()), None)


class Postgres:
    """A running server. Use ``Postgres.start`` as a context manager.

    Attributes:
        port: where it listens on the loopback address.
        durable: whether what is committed is on the disk, as it is in earnest.
    """

    def __init__(self, folder: Path, bin_folder: Path, *, durable: bool) -> None:
        self._folder, self._bin, self.durable = folder, bin_folder, durable
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self._places = 0
        atexit.register(self.stop)

    @classmethod
    def start(cls, *, durable: bool = True) -> Postgres:
        """Make a cluster and start its server.

        Args:
            durable: wait for the disk at each commit; without it a kill may lose some.

        Raises:
            SetupError: not installed here, or it does not come up.
        """
        found = programs()
        if found is None:
            raise SetupError(
                Reason.LIBRARY_MISSING, "no PostgreSQL here: install the package postgresql"
            )
        folder = Path(tempfile.mkdtemp(prefix="viewkeeper-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(folder, ROOT_BECOMES, ROOT_BECOMES)
        server = cls(folder, found, durable=durable)
        try:
            made = subprocess.run(
                [found / "initdb", "-D", folder / "data", "-U", USER, *_INITDB],
                capture_output=True,
                text=True,
                cwd=folder,
                user=_user(),
                group=_user(),
            )
            if made.returncode:
                raise SetupError(Reason.STORE_FAILED, f"initdb: {made.stderr.strip()}")
            server.restart()
        except SetupError:
            server.stop()
            raise
        return server

    def restart(self) -> None:
        """Bring it (back) up on the same port and wait until it answers.

        Raises:
            SetupError: it does not come up.
        """
        self.kill()
        options = {"listen_addresses": LOOPBACK, "unix_socket_directories": ""}
        options["fsync"] = "on" if self.durable else "off"
        settings = [text for name in options for text in ("-c", f"{name}={options[name]}")]
        command = [self._bin / "postgres", "-D", self._folder / "data", "-p", str(self.port)]
        with (self._folder / "log").open("ab") as log:
            process = self._process = subprocess.Popen(
                [*command, *settings],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=_user(),
                group=_user(),
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                told = (self._folder / "log").read_text("utf-8", "replace").splitlines()[-1:]
                raise SetupError(Reason.STORE_FAILED, f"PostgreSQL does not come up: {told}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        ready = [self._bin / "pg_isready", "-q", "-h", LOOPBACK, "-p", str(self.port)]
        return subprocess.run(ready).returncode == 0

    def new_url(self) -> str:
        """The URL of a place for tables in which there is none yet."""
        self._places += 1
        name = f"place_{self._places}"
        where = ["-h", LOOPBACK, "-p", str(self.port), "-U", USER, "-d", "postgres"]
        command = [self._bin / "psql", "-q", *where, "-c", f"CREATE SCHEMA {name}"]
        subprocess.run(command, check=True, capture_output=True)
        options = quote(f"-csearch_path={name}")
        return f"postgresql://{USER}@{LOOPBACK}:{self.port}/postgres?options={options}"

    def kill(self) -> None:
        """Let it go at once, as a power cut would: what was committed must come back."""
        if self._process is None:
            return
        self._process.kill()  # its children see it and go by themselves
        self._process.wait()
        self._process = None
        deadline = time.monotonic() + START_TIMEOUT_S
        while self._answers() and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self) -> None:
        """End it and remove its files. Safe to call twice."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once, its children with it
            self._process.wait()
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)
        atexit.unregister(self.stop)

    def __enter__(self) -> Postgres:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def _user() -> str | None:
    return ROOT_BECOMES if os.geteuid() == 0 else None
