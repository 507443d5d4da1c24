/**
 * Creates a function that computes a 32-bit CRC for a bit-reversed polynomial, with initial value and final complement
 * as in RFC 1952 and RFC 3720. Its tables, for eight bytes at a time, are built at the first call.
 */
export function crcBy(polynomial: number): (bytes: Uint8Array) => number {
  let tables: readonly Uint32Array[] | undefined;
  return (bytes) => {
    tables ??= makeTables(polynomial);
    return checksum(bytes, tables);
  };
}

/** Builds eight tables. Table k holds the effect on the CRC of a byte that is followed by k more bytes. */
function makeTables(polynomial: number): readonly Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
  const all = [first];
  for (let k = 1; k < 8; k++) all.push(all[k - 1]!.map((crc) => (crc >>> 8) ^ first[crc & 0xff]!));
  return all;
}

function checksum(bytes: Uint8Array, tables: readonly Uint32Array[]): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as Uint32Array[];
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
