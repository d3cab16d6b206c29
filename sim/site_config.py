"""The checkout's ``broker_config`` for whoever starts a site's broker of their own.

Its tools are scripts that import one another by plain names, not parts of the package.
"""

from __future__ import annotations

import getpass
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from viewkeeper.sim.errors import SimError

CONFIG = Path(__file__).resolve().parents[1] / "broker_config"


def tool(name: str) -> ModuleType:
    """One of the tools, such as ``certs``.

    Raises:
        SimError: this is no checkout.
    """
    if not (CONFIG / f"{name}.py").is_file():
        raise SimError("no_broker_config", f"TLS needs {CONFIG / name}.py: run from a checkout")
    if str(CONFIG) not in sys.path:
        sys.path.insert(0, str(CONFIG))
    return importlib.import_module(name)


def acl_head() -> str:
    """What stands before the cameras' own lines in every ACL."""
    return (CONFIG / "acl.conf").read_text("utf-8")


def mosquitto_conf(
    files: Path,
    state: Path,
    log: Path,
    *,
    port: int,
    web_port: int | None = None,
    more: Sequence[tuple[str, str]] = (),
) -> str:
    """The shipped configuration, moved to other folders and ports of this machine.

    Args:
        files: certificates and ACL.
        state: the broker's memory.
        log: written instead of the system's.
        port, web_port: of mutual TLS and of the dashboards; ``None``: no dashboards.
        more: further texts and what stands in their place.
    """
    conf = (CONFIG / "mosquitto.conf").read_text("utf-8")
    moved = [
        ("/etc/mosquitto/viewkeeper", str(files)),
        ("/var/lib/mosquitto/", f"{state}/"),
        ("listener 8883", f"listener {port} 127.0.0.1"),
        ("log_dest syslog", f"log_dest file {log}\nuser {getpass.getuser()}"),
    ]
    if web_port is None:
        conf = conf.split("# Dashboards:")[0]
    else:
        moved.append(("listener 8884", f"listener {web_port} 127.0.0.1"))
    for old, new in [*moved, *more]:
        assert old in conf, old
        conf = conf.replace(old, new)
    return conf
