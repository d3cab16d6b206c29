"""The compression of SHA-512 (FIPS 180-4 §6.4) in viper: 64-bit words as two 32-bit halves.

viper's int is the machine's word: 32 bits on a microcontroller, 64 on the unix port. So no
line here trusts the bits above 31: every shift to the right is masked, sums are made of
16-bit pieces, and no constant needs more than 30 bits (``1 << 31`` is an object there).
``work`` is 16 words of schedule, 8 of a..h and 8 of the result, each a high and a low half.
"""

import micropython


@micropython.viper
def compress(state, block, constants, work):
    """One block of 128 bytes into ``state`` (64 bytes, big-endian)."""
    m = ptr8(block)
    s = ptr8(state)
    k = ptr8(constants)
    w = ptr32(work)
    i = 0
    while i < 32:
        w[i] = m[4 * i] << 24 | m[4 * i + 1] << 16 | m[4 * i + 2] << 8 | m[4 * i + 3]
        i += 1
    i = 0
    while i < 16:
        w[32 + i] = s[4 * i] << 24 | s[4 * i + 1] << 16 | s[4 * i + 2] << 8 | s[4 * i + 3]
        i += 1
    t = 0
    while t < 80:
        j = 2 * (t & 15)
        if t >= 16:
            # w[t] += sigma0(w[t-15]) + w[t-7] + sigma1(w[t-2])
            p = 2 * ((t - 15) & 15)
            h = w[p]
            n = w[p + 1]
            h1 = (((h >> 2) & 0x3FFFFFFF) << 1 | (h >> 1) & 1) | n << 31
            n1 = (((n >> 2) & 0x3FFFFFFF) << 1 | (n >> 1) & 1) | h << 31
            h1 = h1 ^ ((h >> 8) & 0xFFFFFF | n << 24) ^ (h >> 7) & 0x1FFFFFF
            n1 = n1 ^ ((n >> 8) & 0xFFFFFF | h << 24) ^ ((n >> 7) & 0x1FFFFFF | h << 25)
            p = 2 * ((t - 2) & 15)
            h = w[p]
            n = w[p + 1]
            # rotr 61 is rotl 3
            h2 = ((h >> 19) & 0x1FFF | n << 13) ^ (h << 3 | (n >> 29) & 7) ^ (h >> 6) & 0x3FFFFFF
            n2 = (
                ((n >> 19) & 0x1FFF | h << 13)
                ^ (n << 3 | (h >> 29) & 7)
                ^ ((n >> 6) & 0x3FFFFFF | h << 26)
            )
            p = 2 * ((t - 7) & 15)
            q = w[j + 1]
            r = w[p + 1]
            lo = (n1 & 0xFFFF) + (n2 & 0xFFFF) + (q & 0xFFFF) + (r & 0xFFFF)
            mid = (
                ((n1 >> 16) & 0xFFFF)
                + ((n2 >> 16) & 0xFFFF)
                + ((q >> 16) & 0xFFFF)
                + ((r >> 16) & 0xFFFF)
                + (lo >> 16)
            )
            w[j + 1] = (mid & 0xFFFF) << 16 | lo & 0xFFFF
            w[j] = w[j] + w[p] + h1 + h2 + (mid >> 16)
        # T1 = h + Sigma1(e) + Ch(e,f,g) + K + W
        h = w[40]
        n = w[41]
        h1 = (
            ((h >> 14) & 0x3FFFF | n << 18)
            ^ ((h >> 18) & 0x3FFF | n << 14)
            ^ ((n >> 9) & 0x7FFFFF | h << 23)
        )
        n1 = (
            ((n >> 14) & 0x3FFFF | h << 18)
            ^ ((n >> 18) & 0x3FFF | h << 14)
            ^ ((h >> 9) & 0x7FFFFF | n << 23)
        )
        h2 = w[44] ^ h & (w[42] ^ w[44])
        n2 = w[45] ^ n & (w[43] ^ w[45])
        p = 8 * t
        kh = k[p] << 24 | k[p + 1] << 16 | k[p + 2] << 8 | k[p + 3]
        kn = k[p + 4] << 24 | k[p + 5] << 16 | k[p + 6] << 8 | k[p + 7]
        q = w[j + 1]
        r = w[47]
        lo = (n1 & 0xFFFF) + (n2 & 0xFFFF) + (kn & 0xFFFF) + (q & 0xFFFF) + (r & 0xFFFF)
        mid = (
            ((n1 >> 16) & 0xFFFF)
            + ((n2 >> 16) & 0xFFFF)
            + ((kn >> 16) & 0xFFFF)
            + ((q >> 16) & 0xFFFF)
            + ((r >> 16) & 0xFFFF)
            + (lo >> 16)
        )
        t1n = (mid & 0xFFFF) << 16 | lo & 0xFFFF
        t1h = w[46] + h1 + h2 + kh + w[j] + (mid >> 16)
        # T2 = Sigma0(a) + Maj(a,b,c)
        h = w[32]
        n = w[33]
        h1 = (
            ((h >> 28) & 0xF | n << 4)
            ^ ((n >> 2) & 0x3FFFFFFF | h << 30)
            ^ ((n >> 7) & 0x1FFFFFF | h << 25)
        )
        n1 = (
            ((n >> 28) & 0xF | h << 4)
            ^ ((h >> 2) & 0x3FFFFFFF | n << 30)
            ^ ((h >> 7) & 0x1FFFFFF | n << 25)
        )
        h2 = h & w[34] | w[36] & (h | w[34])
        n2 = n & w[35] | w[37] & (n | w[35])
        # h..a move up by one word
        p = 47
        while p > 33:
            w[p] = w[p - 2]
            p -= 1
        # e = d + T1: d now stands where e was, at 40
        q = w[41]
        lo = (q & 0xFFFF) + (t1n & 0xFFFF)
        mid = ((q >> 16) & 0xFFFF) + ((t1n >> 16) & 0xFFFF) + (lo >> 16)
        w[41] = (mid & 0xFFFF) << 16 | lo & 0xFFFF
        w[40] = w[40] + t1h + (mid >> 16)
        lo = (n1 & 0xFFFF) + (n2 & 0xFFFF) + (t1n & 0xFFFF)
        mid = ((n1 >> 16) & 0xFFFF) + ((n2 >> 16) & 0xFFFF) + ((t1n >> 16) & 0xFFFF) + (lo >> 16)
        w[33] = (mid & 0xFFFF) << 16 | lo & 0xFFFF
        w[32] = h1 + h2 + t1h + (mid >> 16)
        t += 1
    i = 7
    while i >= 0:
        p = 8 * i
        h = s[p] << 24 | s[p + 1] << 16 | s[p + 2] << 8 | s[p + 3]
        n = s[p + 4] << 24 | s[p + 5] << 16 | s[p + 6] << 8 | s[p + 7]
        q = w[33 + 2 * i]
        lo = (n & 0xFFFF) + (q & 0xFFFF)
        mid = ((n >> 16) & 0xFFFF) + ((q >> 16) & 0xFFFF) + (lo >> 16)
        h = h + w[32 + 2 * i] + (mid >> 16)
        s[p] = h >> 24
        s[p + 1] = h >> 16
        s[p + 2] = h >> 8
        s[p + 3] = h
        s[p + 4] = mid >> 8
        s[p + 5] = mid
        s[p + 6] = lo >> 8
        s[p + 7] = lo
        i -= 1
