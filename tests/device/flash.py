"""A flash for MicroPython scripts, whose power goes after so many writes or erases."""

FLASH = """
import vfs
class Flash:
    size, count = 512, 160
    def __init__(self):
        self.data, self.left = bytearray(self.size * self.count), None
    def readblocks(self, block, buffer, offset=0):
        start = block * self.size + offset
        buffer[:] = memoryview(self.data)[start:start + len(buffer)]
    def _use(self):
        if self.left is not None:
            if self.left == 0:
                raise OSError(5)
            self.left -= 1
    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        start = block * self.size + offset
        if self.left == 0:
            raise OSError(5)
        if self.left == 1:  # the write in whose midst the power goes
            half = len(buffer) // 2
            self.data[start:start + half] = memoryview(buffer)[:half]
        else:
            self.data[start:start + len(buffer)] = buffer
        self._use()
    def ioctl(self, what, block):
        if what == 4:
            return self.count
        if what == 5:
            return self.size
        if what == 6:
            self._use()
            start = block * self.size
            self.data[start:start + self.size] = b"\\xff" * self.size
            return 0
        return 0
"""
