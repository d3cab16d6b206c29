"""Ed25519 (RFC 8032 §5.1) on MicroPython's big integers.

Not constant time: the interpreter's integers take longer for larger ones, so whoever can
measure the time or the current of a signature learns something of the key. A board that
strangers can touch needs a secure element; this module is for boards that hang on a pole.

Verifying refuses what OpenSSL refuses: S not below L, R compared byte by byte (so no
other encoding of it holds), keys that are no point. Limbs in viper were tried and are
slower than the interpreter's own.
"""

from device.core.sha512 import sha512

P = (1 << 255) - 19
_M = (1 << 255) - 1
L = (1 << 252) + 27742317777372353535851937790883648493
_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555
_ROOT = 19681161376707505956807079304988542015446066515923890162744021073123829784752
_BASE = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)
_WINDOW = 5


def public_key(seed):
    """The 32-byte public key of a 32-byte seed."""
    return _encode(_sum(((_scalar(seed)[0], _BASE),)))


def sign(seed, message, public=None):
    """The 64-byte signature; ``public`` saves computing the key again."""
    a, prefix = _scalar(seed)
    if public is None:
        public = public_key(seed)
    r = int.from_bytes(sha512(prefix, message), "little") % L
    R = _encode(_sum(((r, _BASE),)))
    k = int.from_bytes(sha512(R, public, message), "little") % L
    return R + ((r + k * a) % L).to_bytes(32, "little")


def verify(public, signature, *message):
    """Whether a signature is of this key over the parts of ``message`` put end to end."""
    if len(public) != 32 or len(signature) != 64:
        return False
    R = bytes(signature[:32])
    s = int.from_bytes(bytes(signature[32:]), "little")
    if s >= L:
        return False
    point = _decode(public)
    if point is None:
        return False
    k = int.from_bytes(sha512(R, public, *message), "little") % L
    minus = (P - point[0], point[1])
    return _encode(_sum(((s, _BASE), (k, minus)))) == R


def _scalar(seed):
    """The secret scalar and the prefix of a seed (RFC 8032 §5.1.5)."""
    digest = sha512(seed)
    a = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return a, digest[32:]


def _decode(raw):
    """The affine point of 32 bytes; None where they encode none (RFC 8032 §5.1.3)."""
    y = int.from_bytes(bytes(raw), "little")
    odd = y >> 255
    y &= _M
    if y >= P:
        return None
    yy = y * y % P
    u, v = yy - 1, (_D * yy + 1) % P
    v3 = v * v % P * v % P
    x = u * v3 % P * _power(u * v3 % P * v3 % P * v % P) % P
    check = v * x % P * x % P
    if check != u % P:
        if check != -u % P:
            return None
        x = x * _ROOT % P
    if x == 0 and odd:
        return None
    return (P - x if x & 1 != odd else x), y


def _encode(point):
    """The one encoding of a point in projective coordinates."""
    X, Y, Z = point
    z3 = Z * Z % P * Z % P
    inverse = _power(Z)
    for _ in range(3):
        inverse = inverse * inverse % P
    inverse = inverse * z3 % P  # Z^(p-2), by Fermat
    y = Y * inverse % P
    return (y | (X * inverse % P & 1) << 255).to_bytes(32, "little")


def _power(z):
    """z^(2^252 - 3): what both the square root and the inverse are made of."""
    z2 = z * z % P
    z9 = _squared(z2, 2) * z % P
    z11 = z9 * z2 % P
    a5 = _squared(z11, 1) * z9 % P  # 2^5 - 1
    a10 = _squared(a5, 5) * a5 % P
    a20 = _squared(a10, 10) * a10 % P
    a40 = _squared(a20, 20) * a20 % P
    a50 = _squared(a40, 10) * a10 % P
    a100 = _squared(a50, 50) * a50 % P
    a200 = _squared(a100, 100) * a100 % P
    a250 = _squared(a200, 50) * a50 % P
    return _squared(a250, 2) * z % P


def _squared(z, times):
    for _ in range(times):
        z = z * z % P
    return z


def _sum(terms):
    """The sum of scalar times affine point, as (X, Y, Z): Straus's way, signed windows.

    Curve arithmetic of Hisil, Wong, Carter and Dawson (2008), §3.1 and §3.3 with a = -1.
    ``(v & _M) + 19 * (v >> 255)`` is v modulo p again, some bits longer than p.
    """
    rows = [(_digits(scalar), _multiples(point)) for scalar, point in terms]
    X, Y, Z, m = 0, 1, 1, _M
    for i in range(256, -1, -1):
        # double
        A = X * X
        B = Y * Y
        E = X * (Y + Y)
        E = (E & m) + 19 * (E >> 255)
        G = B - A
        G = (G & m) + 19 * (G >> 255)
        H = A + B
        H = (H & m) + 19 * (H >> 255)
        F = Z * (Z + Z)
        F = (F & m) + 19 * (F >> 255) - G
        X = E * F % P
        Y = G * H % P
        Z = F * G % P
        for digits, multiples in rows:
            digit = digits[i]
            if not digit:
                continue
            T = E * H % P
            if digit < 128:
                low, high, t, z = multiples[digit >> 1]
            else:
                high, low, t, z = multiples[(256 - digit) >> 1]
                t = -t
            A = (Y - X) * low
            B = (Y + X) * high
            C = T * t
            F = Z * z
            E = B - A
            E = (E & m) + 19 * (E >> 255)
            H = B + A
            H = (H & m) + 19 * (H >> 255)
            G = F + C
            G = (G & m) + 19 * (G >> 255)
            F = F - C
            F = (F & m) + 19 * (F >> 255)
            X = E * F % P
            Y = G * H % P
            Z = F * G % P
    return X, Y, Z


def _digits(scalar):
    """Signed digits, odd and below 2^(window-1) or zero, lowest first; one byte each."""
    digits, i = bytearray(257), 0
    half, mask = 1 << (_WINDOW - 1), (1 << _WINDOW) - 1
    while scalar:
        low = scalar & 0xFFFFFF
        if not low:
            scalar >>= 24
            i += 24
            continue
        while not low & 1:
            low >>= 1
            scalar >>= 1
            i += 1
        digit = scalar & mask
        if digit >= half:
            scalar += (mask + 1) - digit
            digits[i] = 256 + digit - (mask + 1)
        else:
            scalar -= digit
            digits[i] = digit
    return digits


def _multiples(point):
    """1, 3, 5 ... times a point, each as (Y-X, Y+X, 2dT, 2Z), ready to be added."""
    x, y = point
    X, Y, Z, T = x, y, 1, x * y % P
    # twice the point, as the addend
    A, B, F = x * x % P, y * y % P, 2
    E, G, H = 2 * T, B - A, A + B
    F -= G
    X2, Y2, Z2, T2 = E * F % P, G * H % P, F * G % P, E * H % P
    low, high, t, z = Y2 - X2, Y2 + X2, 2 * _D * T2 % P, Z2 + Z2
    rows = []
    for _ in range(1 << (_WINDOW - 2)):
        rows.append((Y - X, Y + X, 2 * _D * T % P, Z + Z))
        A, B, C, D = (Y - X) * low, (Y + X) * high, T * t, Z * z
        E, F, G, H = (B - A) % P, (D - C) % P, (D + C) % P, (B + A) % P
        X, Y, Z, T = E * F % P, G * H % P, F * G % P, E * H % P
    return rows
