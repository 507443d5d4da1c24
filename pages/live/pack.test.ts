import { expect, test } from "vitest";
import { pack, unpack } from "./pack.ts";

const program = Array.from({ length: 40 }, (_, i) => `v${i} = sin(x) * ${i} − y²`).join("\n");
const long = `#${new URLSearchParams({ text: program, at: '{"x":"0.5"}' }).toString()}`;

test("packing is reversible, and shortens the address", async () => {
  const packed = await pack(long);
  expect(packed.length).toBeLessThan(long.length / 3);
  expect(packed).toMatch(/^#~[\w-]+$/);
  expect(await unpack(packed)).toBe(long);
});

test("an address that compression would lengthen stays uncompressed", async () => {
  for (const short of ["", "#text=x*y", "#x=2&y=3"]) {
    expect(await pack(short)).toBe(short);
    expect(await unpack(short)).toBe(short);
  }
});

test("a truncated link, or one with a changed character at any position, is rejected", async () => {
  const packed = await pack(long);
  for (let i = 3; i < packed.length; i += 7) {
    await expect(unpack(packed.slice(0, i)), `first ${i}`).rejects.toThrow("missing or was changed");
    const other = packed[i] === "A" ? "B" : "A";
    const changed = `${packed.slice(0, i)}${other}${packed.slice(i + 1)}`;
    // The last characters may contain unused bits.
    const result = await unpack(changed).catch((error: Error) => error.message);
    expect([long, "a part of it is missing or was changed"], `character ${i}`).toContain(result);
  }
});

test("without compression in the browser the address is unchanged", async () => {
  const { CompressionStream: kept } = globalThis;
  try {
    Reflect.deleteProperty(globalThis, "CompressionStream");
    expect(await pack(long)).toBe(long);
  } finally {
    globalThis.CompressionStream = kept;
  }
});
