import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { didYouMean, suggest } from "./suggest.ts";

describe("suggest", () => {
  test.each([
    ["droplast", ["size", "dropLast"], "dropLast"],
    ["drop_last", ["size", "dropLast"], "dropLast"],
    ["lr", ["momentum", "learningRate"], "learningRate"],
    ["wd", ["learningRate", "weight_decay"], "weight_decay"],
    ["momentm", ["momentum", "maximize"], "momentum"],
    ["momnetum", ["maximize", "momentum"], "momentum"],
    ["neste", ["dampening", "nesterov"], "nesterov"],
    ["specis", ["length", "species"], "species"],
    ["__proto", ["constructor", "__proto__"], "__proto__"],
  ])("finds what %j was meant to be", (name, candidates, expected) => {
    expect(suggest(name, candidates)).toBe(expected);
  });

  test.each([
    ["colour", ["size"]],
    ["x", ["y", "z"]],
    ["", ["size"]],
    ["size", []],
    ["size", [""]],
  ])("is silent where nothing is near %j", (name, candidates) => {
    expect(suggest(name, candidates)).toBeUndefined();
    expect(didYouMean(name, candidates)).toBe("");
  });

  test("prefers the nearest, whatever the order", () => {
    expect(suggest("digit", ["digest", "digits"])).toBe("digits");
    expect(suggest("digit", ["digits", "digest"])).toBe("digits");
  });

  test("finds a name of four letters or more after one letter was dropped", () => {
    const word = fc.stringMatching(/^[a-z]{4,12}$/);
    fc.assert(
      fc.property(word, fc.nat(), (name, at) => {
        const i = at % name.length;
        expect(suggest(name.slice(0, i) + name.slice(i + 1), [name])).toBe(name);
      }),
    );
  });

  test("is the end of a message", () => {
    expect(didYouMean("droplast", ["dropLast"])).toBe(' Did you mean "dropLast"?');
  });
});
