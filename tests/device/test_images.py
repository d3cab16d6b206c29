"""Whole images in an ESP32's partitions, against a fake after ports/esp32/esp32_partition.c."""

from tests.device.runner import needs_micropython, run

pytestmark = needs_micropython

SCRIPT = """
import json, os
from hashlib import sha256
from device.core.errors import Refusal
from device.store.files import Files
from device.store.images import Images
class Partition:
    # info(): type, subtype, address, size, label, encrypted; writeblocks with two arguments erases
    # the blocks, readblocks and writeblocks refuse what lies outside (ESP_ERR_INVALID_SIZE);
    # get_next_update is ENOENT where there is no other; set_boot checks the image's first byte.
    BOOT, RUNNING = 0, 1
    flash = {"ota_0": bytearray(b"\\xe9" + bytes(262143)), "ota_1": bytearray(262144)}
    running, boot, pending = "ota_0", "ota_0", None
    def __init__(self, which):
        if which in (0, 1):
            which = Partition.running if which else Partition.boot
        self.label = which
    def info(self):
        return (0, 16, 0x10000, len(self.flash[self.label]), self.label, False)
    def get_next_update(self):
        if len(self.flash) < 2:
            raise OSError(2)
        return Partition("ota_1" if Partition.running == "ota_0" else "ota_0")
    def _span(self, block, data):
        start = 4096 * block
        if start + len(data) > len(self.flash[self.label]):
            raise OSError(-260, "ESP_ERR_INVALID_SIZE")
        return start
    def readblocks(self, block, data):
        start = self._span(block, data)
        data[:] = self.flash[self.label][start:start + len(data)]
    def writeblocks(self, block, data):
        assert self.label != Partition.running and len(data) % 4096 == 0
        start = self._span(block, data)
        self.flash[self.label][start:start + len(data)] = data
    def set_boot(self):
        if self.flash[self.label][0] != 0xE9:
            raise OSError(-5379, "ESP_ERR_OTA_VALIDATE_FAILED")
        Partition.boot = Partition.pending = self.label
    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        cls.pending = None
def start():
    # The bootloader: one start for a new image, then back.
    if Partition.pending and Partition.running == Partition.pending:
        Partition.boot = "ota_0" if Partition.pending == "ota_1" else "ota_1"
        Partition.pending = None
    Partition.running = Partition.boot
    return Images(files, Partition, "esp32_cam")
os.mkdir("store")
files = Files("store")
def bundle(counter, image, **more):
    entry = {"path": "firmware.bin", "size": len(image), "digest": sha256(image).digest()}
    update = {"target": "esp32_cam", "version": "2.%d" % counter, "counter": counter,
              "files": [entry]}
    update.update(more)
    return lambda envelope, counter: update
def feed(images, image, most=9999, spoil=False):
    given = 0
    wanted = images.wanted()
    while wanted is not None and given < most:
        part = image[wanted[0]:wanted[0] + wanted[1]]
        images.take(wanted[0], bytes(len(part)) if spoil else part)
        given += len(part)
        wanted = images.wanted()
    return given
def refused(what):
    try:
        what()
    except Refusal as refusal:
        return refusal.reason
good = b"\\xe9" + bytes(range(256)) * 800
told = {}
images = start()
told["fresh"] = images.running()
told["large"] = refused(lambda: images.begin(b"e", bundle(1, bytes(262145))))
told["other"] = refused(lambda: images.begin(b"e", bundle(1, good, target="plain")))
images.begin(b"e1", bundle(1, good))
given = feed(images, good, 100000)
images = start()  # the power went: at most 64 KB come again
images.begin(images.staged, bundle(1, good))
given += feed(images, good, 999999)
told["again"] = given - len(good)
images.finish()
told["still"] = (images.running(), Partition.running)
images = start()
told["trial"] = (images.running(), Partition.running, images.given_up())
told["busy"] = refused(lambda: images.begin(b"e2", bundle(2, good)))
told["proved"] = images.prove()
images = start()
told["stays"] = (images.running(), Partition.running, images.prove(), images.given_up())
images.begin(b"e3", bundle(3, good))
told["spoilt"] = refused(lambda: feed(images, good, 999999, True))
feed(images, good, 999999)
images.finish()
images = start()  # on trial, and it crashes
images = start()
told["back"] = (images.given_up(), images.given_up(), images.running(), Partition.running)
bad = b"no image" * 100
images.begin(b"e4", bundle(4, bad))
feed(images, bad, 999999)
told["no_image"] = refused(images.finish)
told["none_left"] = [images.staged, images.boot["trying"]]
from io import BytesIO
from device.store.programs import install
stream = BytesIO(b"VKU1" + (2).to_bytes(4, "big") + b"e5" + good)
told["console"] = install(start(), stream, bundle(5, good))["version"]
files.remove("image.json")
del Partition.flash["ota_0"]
told["single"] = refused(lambda: images.begin(b"e5", bundle(5, good)))
print(json.dumps(told))
"""


def test_an_image_is_fetched_tried_proved_or_taken_back(tmp_path):
    told = run(SCRIPT, tmp_path, heap="4M")
    assert told["fresh"] is None
    assert (told["large"], told["other"]) == ("too_large", "not_supported")
    assert 0 <= told["again"] <= 64 * 1024
    assert told["still"] == [None, "ota_0"]
    assert told["trial"] == ["2.1", "ota_1", False]
    assert told["busy"] == "not_yet_valid"
    assert told["proved"] == "2.1"
    assert told["stays"] == ["2.1", "ota_1", None, False]
    assert told["spoilt"] == "bad_signature"
    assert told["back"] == [True, False, "2.1", "ota_1"]
    assert told["no_image"] == "not_supported"
    assert told["none_left"] == [None, None]
    assert told["console"] == "2.5"
    assert told["single"] == "not_supported"
