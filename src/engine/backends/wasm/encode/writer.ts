/** Growing byte buffer with the number formats of WebAssembly. */
export interface ByteWriter {
  /** Number of bytes so far. */
  readonly length: () => number;
  readonly byte: (value: number) => void;
  readonly bytes: (values: ArrayLike<number>) => void;
  /** Writes an opcode (`Opcode.code`) and optionally an index. */
  readonly opcode: (code: number, index?: number) => void;
  /** Writes an integer from 0 to 2^32 − 1 as LEB128. */
  readonly unsigned: (value: number) => void;
  /** Writes an int32 as signed LEB128; a uint32 is written as the int32 with the same bits. */
  readonly signed: (value: number) => void;
  /** Writes an int64 as signed LEB128; a uint64 is written as the int64 with the same bits. */
  readonly signed64: (value: bigint) => void;
  readonly f32: (value: number) => void;
  readonly f64: (value: number) => void;
  /** Writes the length of a text in UTF-8, then the text. */
  readonly text: (value: string) => void;
  /** Writes the length of some bytes, then the bytes. */
  readonly sized: (values: Uint8Array) => void;
  /** View of the bytes so far, valid until more is written. */
  readonly result: () => Uint8Array;
}

/**
 * Creates an empty writer. Modules are mostly written before the JavaScript engine has compiled this code, when every
 * call is expensive, so methods that are called for each instruction make few calls themselves.
 * @example
 * const out = makeWriter();
 * out.unsigned(624485);
 * [...out.result()]; // [ 229, 142, 38 ]
 */
export function makeWriter(capacity: number = 64): ByteWriter {
  let buffer = new Uint8Array(capacity);
  let at = 0;

  function reserve(count: number): void {
    if (at + count <= buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * buffer.length, at + count));
    larger.set(buffer);
    buffer = larger;
  }

  const writer: ByteWriter = {
    length: () => at,
    byte(value) {
      if (at === buffer.length) reserve(1);
      buffer[at++] = value;
    },
    bytes(values) {
      reserve(values.length);
      buffer.set(values, at);
      at += values.length;
    },
    opcode(code, index) {
      if (at + 16 > buffer.length) reserve(16);
      if (code >= 65_536) {
        buffer[at++] = code >> 16;
        const rest = code & 65_535;
        if (rest >= 128) buffer[at++] = rest | 128;
        buffer[at++] = rest < 128 ? rest : rest >> 7;
      } else buffer[at++] = code;
      if (index === undefined) return;
      if (index < 128) buffer[at++] = index;
      else writer.unsigned(index);
    },
    unsigned(value) {
      if (at + 5 > buffer.length) reserve(5);
      let rest = value >>> 0;
      while (rest >= 128) {
        buffer[at++] = (rest & 127) | 128;
        rest >>>= 7;
      }
      buffer[at++] = rest;
    },
    signed(value) {
      if (at + 5 > buffer.length) reserve(5);
      let rest = value | 0;
      while (rest < -64 || rest > 63) {
        buffer[at++] = (rest & 127) | 128;
        rest >>= 7;
      }
      buffer[at++] = rest & 127;
    },
    signed64(value) {
      reserve(10);
      let rest = BigInt.asIntN(64, value);
      while (rest < -64n || rest > 63n) {
        buffer[at++] = Number(rest & 127n) | 128;
        rest >>= 7n;
      }
      buffer[at++] = Number(rest & 127n);
    },
    f32(value) {
      reserve(4);
      new DataView(buffer.buffer).setFloat32(at, value, true);
      at += 4;
    },
    f64(value) {
      reserve(8);
      new DataView(buffer.buffer).setFloat64(at, value, true);
      at += 8;
    },
    text(value) {
      const start = at;
      writer.unsigned(value.length);
      reserve(value.length);
      for (let i = 0; i < value.length; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) {
          at = start;
          return writer.sized(new TextEncoder().encode(value));
        }
        buffer[at++] = code;
      }
    },
    sized(values) {
      writer.unsigned(values.length);
      writer.bytes(values);
    },
    result: () => buffer.subarray(0, at),
  };
  return writer;
}
