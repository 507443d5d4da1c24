import { DownhillError } from "../../engine/errors/index.ts";

/** A struct: values of fields by number. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = boolean | number | bigint | Uint8Array | readonly ThriftValue[] | ThriftStruct;

const deepest = 32; // nesting depth of structs and lists; Parquet metadata reach 8

/**
 * Reads the struct that begins at byte `start`, in Thrift's compact protocol. Returns the struct and the offset after
 * it. Sizes in the data are checked against the available bytes before anything is allocated.
 *
 * @throws DownhillError `data`, naming the byte, if it is not such a struct.
 * @see Apache Thrift, doc/specs/thrift-compact-protocol.md.
 */
export function readThrift(
  bytes: Uint8Array,
  start: number,
  name: string,
): { readonly struct: ThriftStruct; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  let depth = 0;

  const fail = (what: string): DownhillError =>
    new DownhillError("data", `${name}: damaged: ${what} (byte ${at}). Fetch or copy it again.`);
  const byte = (): number => {
    if (at >= bytes.length) throw fail("a description is cut short");
    return bytes[at++]!;
  };
  const varint = (longest: 5 | 10): bigint => {
    let value = 0n;
    for (let i = 0; i < longest; i++) {
      const next = byte();
      value |= BigInt(next & 0x7f) << BigInt(7 * i);
      if (next < 0x80) return value;
    }
    throw fail("a number is too long");
  };
  const zigzag = (longest: 5 | 10): bigint => {
    const value = varint(longest);
    return (value >> 1n) ^ -(value & 1n);
  };
  const take = (size: number): number => {
    if (at + size > bytes.length) throw fail(`${size} bytes are not all there`);
    at += size;
    return at - size;
  };
  const element = (type: number): ThriftValue => {
    switch (type) {
      case 1:
      case 2:
        return type === 1;
      case 3:
        return view.getInt8(take(1));
      case 4:
      case 5:
        return Number(zigzag(5));
      case 6:
        return zigzag(10);
      case 7:
        return view.getFloat64(take(8), true);
      case 8: {
        const size = Number(varint(5));
        const from = take(size);
        return bytes.subarray(from, from + size);
      }
      case 9:
      case 10:
        return list();
      case 12:
        return struct();
      default:
        throw fail(`there is no type ${type}`);
    }
  };
  const list = (): readonly ThriftValue[] => {
    if (++depth > deepest) throw fail("lists are nested too deeply");
    const head = byte();
    const type = head & 15;
    const count = head >> 4 === 15 ? Number(varint(5)) : head >> 4;
    if (count > bytes.length - at) throw fail(`a list of ${count} is not all there`); // an element takes at least one byte
    const values: ThriftValue[] = [];
    for (let i = 0; i < count; i++) values.push(type === 1 || type === 2 ? byte() === 1 : element(type));
    depth--;
    return values;
  };
  const struct = (): ThriftStruct => {
    if (++depth > deepest) throw fail("structs are nested too deeply");
    const fields = new Map<number, ThriftValue>();
    let field = 0;
    for (let head = byte(); (head & 15) !== 0; head = byte()) {
      field = head >> 4 === 0 ? Number(zigzag(5)) : field + (head >> 4);
      fields.set(field, element(head & 15));
    }
    depth--;
    return fields;
  };
  return { struct: struct(), end: at };
}
