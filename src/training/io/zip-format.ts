import { crcBy } from "./crc.ts";

// The parts of a zip archive that begin with a signature: a local header before the data of each entry; after all data
// the directory, with one header per entry; and the end record, which contains the offset of the directory. Numbers are
// little-endian.
// PKWARE, APPNOTE.TXT, .ZIP File Format Specification, 4.3 and 4.5.3 (zip64).
export const localHeader = { signature: 0x04034b50, size: 30 };
export const directoryHeader = { signature: 0x02014b50, size: 46 };
export const wideEnd = { signature: 0x06064b50, size: 56 }; // sizes and counts of eight bytes (zip64)
export const wideLocator = { signature: 0x07064b50, size: 20 };
export const end = { signature: 0x06054b50, size: 22 };

export const wideField = 1; // the extra field for numbers that exceed four bytes
export const all32 = 0xffffffff; // indicates that the number is in the wide field
export const all16 = 0xffff;

export const method = { stored: 0, deflated: 8 };

/** Computes the CRC-32 checksum of the unpacked content of an entry. */
export const crc32: (bytes: Uint8Array) => number = /* @__PURE__ */ crcBy(0xedb88320);
