const polynomial = 0x82f63b78; // of Castagnoli, bits reversed

/** What a byte does to the checksum, and how the checksum goes on after it: eight tables, for eight bytes at a time. */
let tables: readonly Uint32Array[] | undefined;

function makeTables(): readonly Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
  const all = [first];
  for (let k = 1; k < 8; k++) all.push(all[k - 1]!.map((crc) => (crc >>> 8) ^ first[crc & 0xff]!));
  return all;
}

/**
 * The CRC-32C checksum of bytes: every change of up to 32 neighbouring bits changes it, any other with all but a chance of
 * 2⁻³².
 *
 * @see Castagnoli, Bräuer, Herrmann, Optimization of cyclic redundancy-check codes, IEEE Transactions on Communications
 * 41, 1993; RFC 3720, appendix B.4 for test values.
 * @example
 * crc32c(new TextEncoder().encode("123456789")).toString(16); // e3069283
 */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = (tables ??= makeTables()) as Uint32Array[];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = 0xffffffff;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    const low = crc ^ view.getUint32(i, true);
    const high = view.getUint32(i + 4, true);
    crc =
      t7![low & 0xff]! ^
      t6![(low >>> 8) & 0xff]! ^
      t5![(low >>> 16) & 0xff]! ^
      t4![low >>> 24]! ^
      t3![high & 0xff]! ^
      t2![(high >>> 8) & 0xff]! ^
      t1![(high >>> 16) & 0xff]! ^
      t0![high >>> 24]!;
  }
  for (; i < bytes.length; i++) crc = t0![(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * A checksum of which text may hold checksums in turn: rotated right by 15 bits, plus a constant.
 *
 * @see TensorFlow, tensorflow/core/lib/hash/crc32c.h, `Mask`.
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
