/**
 * Bytes in the making, with the number formats of WebAssembly. A class, since there are many. Modules are written once, by code that
 * the engine has not compiled yet: there every call costs, so what is called for each instruction calls little itself.
 *
 * @example
 * const out = new ByteWriter();
 * out.unsigned(624485);
 * [...out.result()]; // [ 229, 142, 38 ]
 */
export class ByteWriter {
  #buffer: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(capacity: number = 64) {
    this.#buffer = new Uint8Array(capacity);
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#buffer.length, this.#at + count));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }

  /** How many bytes there are so far. */
  length(): number {
    return this.#at;
  }

  byte(value: number): void {
    if (this.#at === this.#buffer.length) this.#reserve(1);
    this.#buffer[this.#at++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#buffer.set(values, this.#at);
    this.#at += values.length;
  }

  /** The few bytes of an opcode and, where one follows, an index. */
  opcode(values: readonly number[], index?: number): void {
    if (this.#at + 16 > this.#buffer.length) this.#reserve(16);
    const buffer = this.#buffer;
    for (let i = 0; i < values.length; i++) buffer[this.#at++] = values[i]!;
    if (index === undefined) return;
    if (index < 128) buffer[this.#at++] = index;
    else this.unsigned(index);
  }

  /** LEB128 of an integer from 0 to 2^32 − 1. */
  unsigned(value: number): void {
    if (this.#at + 5 > this.#buffer.length) this.#reserve(5);
    let rest = value >>> 0;
    while (rest >= 128) {
      this.#buffer[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#buffer[this.#at++] = rest;
  }

  /** Signed LEB128 of an int32; a uint32 is taken as the int32 of the same bits. */
  signed(value: number): void {
    if (this.#at + 5 > this.#buffer.length) this.#reserve(5);
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.#buffer[this.#at++] = (rest & 127) | 128;
      rest >>= 7;
    }
    this.#buffer[this.#at++] = rest & 127;
  }

  /** Signed LEB128 of an int64; a uint64 is taken as the int64 of the same bits. */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    for (; rest < -64n || rest > 63n; rest >>= 7n) this.byte(Number(rest & 127n) | 128);
    this.byte(Number(rest & 127n));
  }

  f32(value: number): void {
    this.bytes(littleEndian(4, (view) => view.setFloat32(0, value, true)));
  }

  f64(value: number): void {
    this.bytes(littleEndian(8, (view) => view.setFloat64(0, value, true)));
  }

  /** The length of a text in UTF-8, then the text. */
  text(value: string): void {
    const start = this.#at;
    this.unsigned(value.length);
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) {
        this.#at = start;
        return this.sized(new TextEncoder().encode(value));
      }
      this.byte(code);
    }
  }

  /** The length of some bytes, then the bytes. */
  sized(values: Uint8Array): void {
    this.unsigned(values.length);
    this.bytes(values);
  }

  /** The bytes so far: a view, good until more is written. */
  result(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#at);
  }
}

function littleEndian(bytes: number, set: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes));
  set(view);
  return new Uint8Array(view.buffer);
}
