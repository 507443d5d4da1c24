import { expect, test } from "vitest";
import { makeWriter } from "./writer.ts";

/** Decodes a LEB128 to an integer of any size. */
function decode(bytes: Uint8Array, signed: boolean): bigint {
  let value = 0n;
  let shift = 0n;
  for (const [i, byte] of bytes.entries()) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    expect(byte >= 128).toBe(i < bytes.length - 1);
  }
  const last = bytes.at(-1) ?? 0;
  return signed && (last & 64) !== 0 ? value - (1n << shift) : value;
}

const powers = Array.from({ length: 64 }, (_, i) => 1n << BigInt(i));
const around = [0n, ...powers.flatMap((p) => [p - 1n, p, p + 1n, -p - 1n, -p, -p + 1n])];

test("LEB128 of every value near a power of two reads back, with the fewest possible bytes", () => {
  for (const value of around) {
    if (value >= 0n && value < 1n << 32n) {
      const out = makeWriter(1);
      out.unsigned(Number(value));
      expect(decode(out.result(), false)).toBe(value);
      expect(out.length()).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
    }
    if (value >= -(1n << 31n) && value < 1n << 31n) {
      const out = makeWriter(1);
      out.signed(Number(value));
      expect(decode(out.result(), true)).toBe(value);
    }
    if (value >= -(1n << 63n) && value < 1n << 63n) {
      const out = makeWriter(1);
      out.signed64(value);
      expect(decode(out.result(), true)).toBe(value);
      const bits = (value < 0n ? -value - 1n : value).toString(2).replace(/^0$/, "").length + 1; // including the sign
      expect(out.length()).toBe(Math.ceil(bits / 7));
    }
  }
});

test("a uint32 is written as the int32 with the same bits", () => {
  const out = makeWriter();
  out.signed(4294967295);
  expect([...out.result()]).toEqual([0x7f]);
});

test("strings are UTF-8 after their length in bytes", () => {
  const out = makeWriter(1);
  out.text("π²");
  expect([...out.result()]).toEqual([4, 0xcf, 0x80, 0xc2, 0xb2]);
});

test("a writer grows and keeps its content", () => {
  const out = makeWriter(1);
  for (let i = 0; i < 1000; i++) out.byte(i & 255);
  out.f64(0.5);
  expect([...out.result().subarray(250, 260)]).toEqual([250, 251, 252, 253, 254, 255, 0, 1, 2, 3]);
  expect(out.length()).toBe(1008);
});
