import { crcBy } from "./crc.ts";

const castagnoli = /* @__PURE__ */ crcBy(0x82f63b78);

/**
 * Computes the CRC-32C checksum. It detects every change within 32 consecutive bits, and other changes except with
 * probability 2⁻³².
 *
 * @see Castagnoli, Bräuer, Herrmann, Optimization of cyclic redundancy-check codes, IEEE Transactions on Communications
 *   41, 1993; RFC 3720, appendix B.4 for test values.
 * @example
 * crc32c(new TextEncoder().encode("123456789")).toString(16); // e3069283
 */
export function crc32c(bytes: Uint8Array): number {
  return castagnoli(bytes);
}

/**
 * Computes a CRC-32C that is safe for data that contain checksums: rotated right by 15 bits, plus a constant.
 *
 * @see TensorFlow, tensorflow/core/lib/hash/crc32c.h, `Mask`.
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
