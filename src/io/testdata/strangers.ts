/** The header of an IDX file. */
export function idxHeader(kind: number, shape: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  view.setUint8(2, kind);
  view.setUint8(3, shape.length);
  shape.forEach((n, axis) => view.setUint32(4 + 4 * axis, n));
  return new Uint8Array(view.buffer);
}
