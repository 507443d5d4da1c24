import { describe, expect, test } from "vitest";
import { concatenate, tensor } from "downhill";

describe("eager evaluation", () => {
  test("a primitive of any number of operands does not run the kernel of fewer or more", () => {
    const x = tensor([1, 2]);
    expect(concatenate([x, x]).tolist()).toEqual([1, 2, 1, 2]);
    expect(concatenate([x, x, x]).tolist()).toEqual([1, 2, 1, 2, 1, 2]);
    expect(concatenate([x, x]).tolist()).toEqual([1, 2, 1, 2]);
  });
});
