// COSE_Sign1 (RFC 9052), the profile of protocol/cose.py: tagged, alg and kid protected,
// nothing unprotected, nothing after it, one registered key, one domain.
//
// Rule: this module decides whether bytes are what a key signed; what they mean is not known
// here. The arithmetic is the browser's, or noble-ed25519's where the browser has none.

import { ALGORITHMS, KID_BYTES, MAX_SIGNERS, REASONS } from "../schema.js";
import { byteString, concat, decode, Refusal, textString } from "./cbor.js";
import { sha256, verifyEd25519 } from "../vendor/noble.js";

const TAG_SIGN1 = [0xd2]; // tag 18 in its shortest head
const TAG_SIGN = [0xd8, 0x62]; // tag 98
const SIGN1_ARRAY = 0x84, SIGN_ARRAY = 0x85;
const HEADER_ALG = 1, HEADER_CRIT = 2, HEADER_KID = 4;
const SIGNATURE_BYTES = 64;
const P256_HALF_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n;

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function fromHex(text) {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new Error("not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/**
 * A camera's public key: its kid is computed here, never taken from elsewhere. Ed25519 and
 * ES256 are checked; what this page cannot check it says so of, and never shows as verified.
 */
export class VerifyKey {
  #imported = null;

  constructor(raw, algorithm = ALGORITHMS.ED25519) {
    if (!Object.values(ALGORITHMS).includes(algorithm)) throw new Error(`no algorithm ${algorithm}`);
    const size = algorithm === ALGORITHMS.ED25519 ? 32 : 65;
    if (raw.length !== size) throw new Error(`a public key of algorithm ${algorithm} has ${size} bytes`);
    this.raw = raw;
    this.algorithm = algorithm;
    const named = concat([new TextEncoder().encode(`${algorithm}:`), raw]);
    this.kid = hex(sha256(named).slice(0, KID_BYTES));
  }

  get name() {
    const name = Object.keys(ALGORITHMS).find((each) => ALGORITHMS[each] === this.algorithm);
    return name === "ED25519" ? "Ed25519" : name;
  }

  async holds(signature, message) {
    if (this.algorithm === ALGORITHMS.ED25519) return this.#ed25519Holds(signature, message);
    if (this.algorithm === ALGORITHMS.ES256) return this.#es256Holds(signature, message);
    throw new Refusal(REASONS.NOT_SUPPORTED, `this page cannot check ${this.name} signatures`);
  }

  async #es256Holds(signature, message) {
    const subtle = globalThis.crypto?.subtle;
    if (!subtle) {
      throw new Refusal(REASONS.NOT_SUPPORTED, "ES256 needs a page served by https or from localhost");
    }
    // protocol/p256.py: of ECDSA's two forms only the one with s at most n/2 is read.
    if (BigInt(`0x${hex(signature.slice(32))}`) > P256_HALF_ORDER) return false;
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    this.#imported ??= subtle.importKey("raw", this.raw, curve, false, ["verify"]);
    try {
      return await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, await this.#imported, signature, message);
    } catch {
      return false; // a key that is no point of the curve verifies nothing
    }
  }

  async #ed25519Holds(signature, message) {
    const subtle = globalThis.crypto?.subtle;
    if (subtle && VerifyKey.native !== false) {
      try {
        this.#imported ??= subtle.importKey("raw", this.raw, { name: "Ed25519" }, false, ["verify"]);
        const held = await subtle.verify({ name: "Ed25519" }, await this.#imported, signature, message);
        VerifyKey.native = true;
        return held;
      } catch (error) {
        // Older browsers know no Ed25519; a key that is no point of the curve fails alike and
        // is then refused by noble.
        this.#imported = null;
        if (error?.name === "NotSupportedError") VerifyKey.native = false;
      }
    }
    try {
      return verifyEd25519(signature, message, this.raw);
    } catch {
      return false;
    }
  }
}

/** Which implementation verifies on this page: for the curious and for tests. */
export const verifier = (key) => {
  const native = globalThis.crypto?.subtle && VerifyKey.native !== false;
  return native || key?.algorithm === ALGORITHMS.ES256 ? "WebCrypto" : "noble-ed25519";
};

/** The bytes one signature of a COSE_Sign is over; the body's protected header is empty. */
export function signStructure(signerHeader, domain, payload) {
  return concat([
    Uint8Array.of(SIGN_ARRAY),
    textString("Signature"),
    byteString(new Uint8Array()),
    byteString(signerHeader),
    byteString(new TextEncoder().encode(domain)),
    byteString(payload),
  ]);
}

/** The bytes a COSE_Sign1 signature is over (Sig_structure, RFC 9052 §4.4). */
export function sign1Structure(protectedHeader, domain, payload) {
  return concat([
    Uint8Array.of(SIGN1_ARRAY),
    textString("Signature1"),
    byteString(protectedHeader),
    byteString(new TextEncoder().encode(domain)),
    byteString(payload),
  ]);
}

/**
 * Verify a COSE_Sign1 with the one key that may have made it.
 * Resolves to {payload, signature}; rejects with a Refusal that has a reason.
 */
export async function openSign1(message, key, domain, maxBytes) {
  const [protectedHeader, payload, signature] = envelope(message, TAG_SIGN1, maxBytes);
  if (!(signature instanceof Uint8Array)) throw new Refusal(REASONS.NOT_COSE, "the signature is not a byte string");
  keyOf(protectedHeader, new Map([[key.kid, key]]));
  await checkSignature(key, signature, sign1Structure(protectedHeader, domain, payload));
  return { payload, signature };
}

/**
 * Verify a COSE_Sign1 or COSE_Sign made with keys of `keys` (by kid), every signature of it.
 * Of a kind that always takes several signers, `manyOnly`. Resolves to {payload, kids}; rejects with a Refusal that has a reason.
 */
export async function openSigned(message, keys, domain, maxBytes, manyOnly = false) {
  const many = startsWith(message, TAG_SIGN);
  if (!many && !startsWith(message, TAG_SIGN1)) throw new Refusal(REASONS.UNSIGNED, "no signed envelope");
  if (manyOnly && !many) throw new Refusal(REASONS.NOT_COSE, "not the envelope for several signers");
  const [body, payload, last] = envelope(message, many ? TAG_SIGN : TAG_SIGN1, maxBytes);
  if (many && body.length) throw new Refusal(REASONS.UNKNOWN_HEADER, "the body's protected header must be empty");
  const rows = many ? last : [[body, new Map(), last]];
  if (!Array.isArray(rows)) throw new Refusal(REASONS.NOT_COSE, "the signatures are not an array");
  if (!rows.length) throw new Refusal(REASONS.UNSIGNED, "no signature at all");
  if (rows.length > MAX_SIGNERS) throw new Refusal(REASONS.TOO_LARGE, `more than ${MAX_SIGNERS} signatures`);
  const kids = [];
  for (const row of rows) {
    if (!Array.isArray(row) || row.length !== 3) throw new Refusal(REASONS.NOT_COSE, "a COSE_Signature has three elements");
    const [protectedHeader, unprotected, signature] = row;
    if (!(protectedHeader instanceof Uint8Array && signature instanceof Uint8Array)) {
      throw new Refusal(REASONS.NOT_COSE, "a COSE_Signature holds byte strings");
    }
    refuseUnprotected(unprotected);
    const key = keyOf(protectedHeader, keys);
    if (kids.includes(key.kid)) throw new Refusal(REASONS.DUPLICATE_SIGNER, "one key signed twice");
    const signed = many ? signStructure(protectedHeader, domain, payload) : sign1Structure(protectedHeader, domain, payload);
    await checkSignature(key, signature, signed);
    kids.push(key.kid);
  }
  return { payload, kids };
}

const startsWith = (message, tag) => tag.every((byte, at) => message[at] === byte);

/** Protected header, payload and what stands last, of a tagged array of four. */
function envelope(message, tag, maxBytes) {
  if (message.length > maxBytes) {
    throw new Refusal(REASONS.TOO_LARGE, `${message.length} bytes where at most ${maxBytes} are read`);
  }
  if (!startsWith(message, tag)) throw new Refusal(REASONS.NOT_COSE, "not the tagged COSE message that belongs here");
  const body = decode(message.subarray(tag.length), maxBytes);
  if (!Array.isArray(body) || body.length !== 4) {
    throw new Refusal(REASONS.NOT_COSE, "a COSE message is an array of four");
  }
  const [protectedHeader, unprotected, payload, last] = body;
  if (!(protectedHeader instanceof Uint8Array && payload instanceof Uint8Array)) {
    throw new Refusal(REASONS.NOT_COSE, "header and payload must be byte strings");
  }
  refuseUnprotected(unprotected);
  return [protectedHeader, payload, last];
}

function refuseUnprotected(unprotected) {
  if (!(unprotected instanceof Map)) throw new Refusal(REASONS.NOT_COSE, "the unprotected header is not a map");
  if (unprotected.size) {
    throw new Refusal(REASONS.UNPROTECTED_HEADER, "nothing may stand in the unprotected header");
  }
}

async function checkSignature(key, signature, message) {
  if (signature.length === 0) throw new Refusal(REASONS.UNSIGNED, "the signature is empty");
  const held = signature.length === SIGNATURE_BYTES && (await key.holds(signature, message));
  if (!held) throw new Refusal(REASONS.BAD_SIGNATURE, `the signature of ${key.kid} fails`);
}

/** The key that a protected header names, which must be one of `keys` and of its algorithm. */
function keyOf(protectedHeader, keys) {
  const header = protectedHeader.length ? decode(protectedHeader) : new Map();
  if (!(header instanceof Map)) throw new Refusal(REASONS.NOT_COSE, "the protected header is not a map");
  if (header.has(HEADER_CRIT)) {
    throw new Refusal(REASONS.UNKNOWN_CRIT, "a critical header that is not understood");
  }
  const algorithm = header.get(HEADER_ALG);
  const kid = header.get(HEADER_KID);
  if (algorithm === undefined || algorithm === null) {
    throw new Refusal(REASONS.ALG_MISSING, "alg is not in the protected header");
  }
  if (!(kid instanceof Uint8Array)) throw new Refusal(REASONS.KID_MISSING, "kid is not in the protected header");
  if (header.size !== 2) throw new Refusal(REASONS.UNKNOWN_HEADER, "a header beside alg and kid");
  const key = keys.get(hex(kid));
  if (!key) throw new Refusal(REASONS.UNKNOWN_KEY, `signed with key ${hex(kid)}, which the register does not name`);
  if (algorithm !== key.algorithm) {
    throw new Refusal(REASONS.ALG_NOT_ALLOWED, `key ${key.kid} is not for algorithm ${algorithm}`);
  }
  return key;
}
