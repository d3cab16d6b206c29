// Ed25519 and SHA-256 for pages without WebCrypto (plain http on a LAN address).
import { hashes, verify } from "@noble/ed25519";
import { sha256, sha512 } from "@noble/hashes/sha2.js";

hashes.sha512 = sha512;

// zip215: false asks for the checks of RFC 8032 §5.1.7 and FIPS 186-5.
export const verifyEd25519 = (signature, message, publicKey) =>
  verify(signature, message, publicKey, { zip215: false });
export { sha256 };
