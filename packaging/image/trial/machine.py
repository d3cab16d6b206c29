"""A virtual machine that starts from a disk image, and its plug.

KVM for this machine's own architecture where there is /dev/kvm, emulation for the other. A plug
pulled kills QEMU: what the machine had not yet written to its disk is lost, what a disk itself
would lose of its cache is not.
"""

from __future__ import annotations

import base64
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

FIRMWARE = {
    "amd64": ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    "arm64": ("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"),
}
QEMU = {"amd64": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}
EMULATED = {"amd64": "qemu64", "arm64": "cortex-a72"}
NATIVE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")


def kvm_works(arch: str) -> bool:
    """Whether firmware runs under KVM here; a nested one may offer itself and give up at once."""
    if not Path("/dev/kvm").exists():
        return False
    words = [QEMU[arch], "-nodefaults", "-display", "none", "-accel", "kvm", "-cpu", "host"]
    words += ["-machine", "q35" if arch == "amd64" else "virt", "-bios", FIRMWARE[arch][0]]
    try:
        done = subprocess.run(
            words, capture_output=True, timeout=5, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired as error:
        return b"KVM internal error" not in (error.stderr or b"")
    return done.returncode == 0


class Machine:
    """One machine with one disk.

    Args:
        arch: amd64 or arm64.
        disk: the image; written to.
        log: everything its console says is appended here.
    """

    def __init__(self, arch: str, disk: Path, log: Path) -> None:
        self.arch, self.disk, self._log = arch, disk, log
        self.accelerated = arch == NATIVE and kvm_works(arch)
        self._processor = "host" if self.accelerated else EMULATED[arch]
        # Emulated, everything takes many times as long.
        self.patience = 1 if self.accelerated else 8
        self._units: dict[str, str] = {}
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        for tool in (QEMU[arch], *FIRMWARE[arch]):
            if shutil.which(tool) is None and not Path(tool).exists():
                sys.exit(f"error: {tool} is missing: make boot-image installs what it needs")
        if not self.accelerated:  # a disk is late there, and systemd would start the machine anew
            name = "dev-disk-by\\x2dpartlabel-data.device"
            self.add_unit("late", "[Unit]\nJobRunningTimeoutSec=infinity\n", dropin_of=name)
        self._variables = disk.with_suffix(".vars")
        shutil.copy(FIRMWARE[arch][1], self._variables)

    def described(self) -> str:
        """What it is, in a few words."""
        told = subprocess.run(
            [QEMU[self.arch], "--version"], capture_output=True, text=True, check=True
        )
        (version,) = re.findall(r"version (\S+)", told.stdout)
        return f"QEMU {version}, {self._processor}, {'KVM' if self.accelerated else 'emulated'}"

    def add_unit(self, name: str, text: str, *, dropin_of: str = "") -> None:
        """Give systemd a unit of ours through the firmware tables; the image stays as it is.

        It counts from the next start.
        """
        key = (
            f"systemd.unit-dropin.{dropin_of}~{name}" if dropin_of else f"systemd.extra-unit.{name}"
        )
        self._units[key] = base64.b64encode(text.encode()).decode()

    def forget_unit(self, key: str) -> None:
        """Give it no longer."""
        self._units.pop(key, None)

    def on(self) -> None:
        """See that it is switched on."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    def start(self) -> None:
        """Switch it on."""
        code, _ = FIRMWARE[self.arch]
        words = [QEMU[self.arch], "-nodefaults", "-display", "none", "-serial", "stdio"]
        if self.arch == "amd64":
            words += ["-machine", "q35", "-m", "512", "-device", "i6300esb"]
        else:
            words += ["-machine", "virt", "-m", "768"]
        # Of QEMU 7.2's emulated x86 processors two, side by side, trip over a kernel that patches
        # itself; taking turns, they hung once in the firmware of a restart. One serves.
        words += ["-smp", "1" if self.arch == "amd64" and not self.accelerated else "2"]
        words += ["-cpu", self._processor, "-accel", "kvm" if self.accelerated else "tcg"]
        for number, (path, extra) in enumerate(((code, ",readonly=on"), (self._variables, ""))):
            words += ["-drive", f"if=pflash,unit={number},format=raw,file={path}{extra}"]
        words += ["-drive", f"file={self.disk},format=raw,if=none,id=card,cache=writeback"]
        words += ["-device", "virtio-blk-pci,drive=card,bootindex=0"]
        words += ["-device", "virtio-rng-pci", "-nic", "user,model=virtio-net-pci"]
        for key, value in self._units.items():
            words += ["-smbios", f"type=11,value=io.systemd.credential.binary:{key}={value}"]
        self._lines = []
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def pull_the_plug(self) -> None:
        """No goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def wait_for(self, pattern: str, seconds: float) -> re.Match[str]:
        """A line of the console since the start; it is taken away with all before it.

        Args:
            seconds: on an accelerated machine; an emulated one gets more.
        """
        deadline = time.monotonic() + seconds * self.patience
        with self._changed:
            while True:
                for number, line in enumerate(self._lines):
                    found = re.search(pattern, line)
                    if found:
                        del self._lines[: number + 1]
                        return found
                left = deadline - time.monotonic()
                if left <= 0 or (self._process is not None and self._process.poll() is not None):
                    last = " / ".join(self._lines[-5:])
                    sys.exit(f"error: the console never said {pattern!r}; last: {last}")
                self._changed.wait(min(left, 1.0))

    def has_said(self, pattern: str) -> bool:
        """Whether such a line came since the last one that was waited for."""
        with self._changed:
            return any(re.search(pattern, line) for line in self._lines)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with self._log.open("ab") as log:
            log.write(b"\n== power on\n")
            for raw in process.stdout:
                log.write(raw)
                log.flush()
                line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw.decode("utf-8", "replace"))
                with self._changed:
                    self._lines.append(line.strip())
                    self._changed.notify_all()
