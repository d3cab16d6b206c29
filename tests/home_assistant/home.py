"""A real Home Assistant in a folder, on the loopback address, set up as a person would."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from viewkeeper.sim.broker import free_port

_CONFIGURATION = """\
homeassistant:
  name: Duty room
  country: CN
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
websocket_api:
config:
logger:
  default: warning
"""
PATIENCE_S = 180.0


class Home:
    """Home Assistant from the environment ``python`` belongs to, with one MQTT broker.

    Args:
        python: of the environment that holds it.
        folder: for its configuration.
        broker_port: of an MQTT broker on this machine.
    """

    def __init__(self, python: Path, folder: Path, broker_port: int) -> None:
        self._hass, self._folder, self._broker_port = python.parent / "hass", folder, broker_port
        self._port = free_port()
        self._url = f"http://127.0.0.1:{self._port}"
        self._token = ""
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        configuration = _CONFIGURATION.format(port=self._port)
        (folder / "configuration.yaml").write_text(configuration, "utf-8")

    @property
    def version(self) -> str:
        """Its own word for it."""
        return str(self._ask("/api/config")["version"])

    def start(self) -> None:
        """Start it; at the first time a user and the MQTT broker are set up."""
        path = f"{self._hass.parent}:{os.environ.get('PATH', '')}"
        with (self._folder / "hass.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._hass), "-c", str(self._folder), "--skip-pip"],
                env={**os.environ, "PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait(lambda: self._ask("/api/onboarding") is not None)
        if not self._token:
            self._sign_in()
            self._add_broker()
        self._wait(lambda: self._ask("/api/config")["state"] == "RUNNING")

    def stop(self) -> None:
        """End it as a person would."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def states(self) -> dict[str, dict[str, Any]]:
        """Every entity of the MQTT broker's devices: its state and attributes, by entity id."""
        found = self._ask("/api/states")
        return {one["entity_id"]: one for one in found if ".camera_" in one["entity_id"]}

    def _sign_in(self) -> None:
        about = {"client_id": f"{self._url}/", "name": "Duty", "username": "duty"}
        told = self._ask(
            "/api/onboarding/users", {**about, "password": "not-a-secret", "language": "en"}
        )
        form = {
            "grant_type": "authorization_code",
            "code": told["auth_code"],
            "client_id": f"{self._url}/",
        }
        data = urllib.parse.urlencode(form).encode("ascii")
        with urllib.request.urlopen(f"{self._url}/auth/token", data, 20) as answer:
            first = json.load(answer)
        self._refresh = str(first["refresh_token"])
        self._token = str(first["access_token"])

    def _add_broker(self) -> None:
        flow = self._ask("/api/config/config_entries/flow", {"handler": "mqtt"})
        answers = {"broker": "127.0.0.1", "port": self._broker_port}
        done = self._ask(f"/api/config/config_entries/flow/{flow['flow_id']}", answers)
        assert done["type"] == "create_entry", done

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode("utf-8")
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(f"{self._url}{path}", data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def _wait(self, holds: Any) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self._process is not None
            assert self._process.poll() is None, (self._folder / "hass.log").read_text("utf-8")
            with contextlib.suppress(OSError, urllib.error.URLError, ValueError, KeyError):
                if holds():
                    return
            time.sleep(0.5)
        raise AssertionError((self._folder / "hass.log").read_text("utf-8")[-3000:])
