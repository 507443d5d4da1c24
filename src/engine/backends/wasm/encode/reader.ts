/** Reads the number formats of WebAssembly from bytes, sequentially. */
export interface WasmReader {
  /** Index of the next byte. */
  readonly position: () => number;
  readonly isAtEnd: () => boolean;
  readonly byte: () => number;
  readonly take: (count: number) => Uint8Array;
  readonly unsigned: () => number;
  readonly signed: () => number;
  readonly signed64: () => bigint;
  readonly f32: () => number;
  readonly f64: () => number;
  readonly text: () => string;
}

export function makeReader(bytes: Uint8Array): WasmReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const signed64 = (): bigint => {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      shift += 7n;
      if (byte < 128) return (byte & 64) !== 0 ? value - (1n << shift) : value;
    }
  };
  const reader: WasmReader = {
    position: () => at,
    isAtEnd: () => at >= bytes.length,
    byte: () => view.getUint8(at++),
    take: (count) => bytes.subarray(at, (at += count)),
    unsigned() {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = view.getUint8(at++);
        value |= (byte & 127) << shift;
        if (byte < 128) return value >>> 0;
      }
    },
    signed: () => Number(signed64()),
    signed64,
    f32: () => view.getFloat32((at += 4) - 4, true),
    f64: () => view.getFloat64((at += 8) - 8, true),
    text: () => new TextDecoder().decode(reader.take(reader.unsigned())),
  };
  return reader;
}
