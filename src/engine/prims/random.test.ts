import { describe, expect, test } from "vitest";
import { bits, key, split } from "downhill/random";
import { checkFamily, on, u32 } from "../../../test/support/op-table.ts";
import * as random from "./random.ts";

const { threefry } = random;
const samples = [
  { ins: [u32([1, 2]), u32([0, 1, 2, 4294967295])] },
  { ins: [u32([0, 4294967295]), u32([7], [])] },
  { ins: [u32([1, 2]), u32([])] },
];

describe("threefry", () => {
  checkFamily(random, {
    threefry: [
      on((k, c) => threefry(k, c, "first"), samples),
      on((k, c) => threefry(k, c, "second"), samples),
      on((k, c) => threefry(k, c, "xor"), samples),
      on(
        (k, c) => threefry(k, c, "xor", 1),
        [{ ins: [u32([1, 2, 3, 4], [2, 2]), u32([0, 1, 2, 5], [2, 2])] }],
      ),
    ],
  });

  test("gives the words of the streams outside of transforms", () => {
    const k = key(42);
    const counters = u32([0, 1, 2, 3]);
    expect([...threefry(u32([...k]), counters, "xor").data()]).toEqual([...bits(k, 4)]);
    const keys = split(k, 4);
    expect([...threefry(u32([...k]), counters, "first").data()]).toEqual(keys.map((words) => words[0]));
    expect([...threefry(u32([...k]), counters, "second").data()]).toEqual(keys.map((words) => words[1]));
  });

  test("names what is no key", () => {
    expect(() => threefry(u32([1]), u32([1]), "xor")).toThrow(
      "threefry: a key is two words, u32[2], and counters are u32; got u32[1] and u32[1].",
    );
  });
});
