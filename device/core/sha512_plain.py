"""The compression of SHA-512 (FIPS 180-4 §6.4) in plain integers, for ports without viper."""

_M = (1 << 64) - 1


def compress(state, block, constants, work):
    """One block of 128 bytes into ``state`` (64 bytes, big-endian); ``work`` is not used."""
    w = [int.from_bytes(block[i : i + 8], "big") for i in range(0, 128, 8)]
    for t in range(16, 80):
        x, y = w[t - 15], w[t - 2]
        s0 = ((x >> 1 | x << 63) ^ (x >> 8 | x << 56)) & _M ^ x >> 7
        s1 = ((y >> 19 | y << 45) ^ (y >> 61 | y << 3)) & _M ^ y >> 6
        w.append((w[t - 16] + s0 + w[t - 7] + s1) & _M)
    start = [int.from_bytes(state[i : i + 8], "big") for i in range(0, 64, 8)]
    a, b, c, d, e, f, g, h = start
    for t in range(80):
        k = int.from_bytes(constants[8 * t : 8 * t + 8], "big")
        s1 = ((e >> 14 | e << 50) ^ (e >> 18 | e << 46) ^ (e >> 41 | e << 23)) & _M
        t1 = h + s1 + (g ^ e & (f ^ g)) + k + w[t]
        s0 = ((a >> 28 | a << 36) ^ (a >> 34 | a << 30) ^ (a >> 39 | a << 25)) & _M
        t2 = s0 + (a & b | c & (a | b))
        h, g, f, e, d, c, b, a = g, f, e, (d + t1) & _M, c, b, a, (t1 + t2) & _M
    for i, (x, y) in enumerate(zip(start, (a, b, c, d, e, f, g, h))):
        state[8 * i : 8 * i + 8] = ((x + y) & _M).to_bytes(8, "big")
