import { describe, expect, test } from "vitest";
import { DownhillError } from "./index.ts";
import { checkChoice, checkOptions } from "./options.ts";

function messageOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    expect((error as DownhillError).code).toBe("option");
    return (error as DownhillError).message;
  }
  return "no error";
}

describe("checkOptions", () => {
  test("lets known options and their absence pass", () => {
    expect(messageOf(() => checkOptions("batch", undefined, ["dropLast"]))).toBe("no error");
    expect(messageOf(() => checkOptions("batch", {}, ["dropLast"]))).toBe("no error");
    expect(messageOf(() => checkOptions("batch", { dropLast: undefined }, ["dropLast"]))).toBe("no error");
  });

  test.each<[unknown, readonly string[], string]>([
    [{ droplast: true }, ["dropLast"], 'batch: unknown option "droplast". Did you mean "dropLast"?'],
    [{ colour: 1 }, ["dropLast", "size"], 'batch: unknown option "colour". It takes dropLast, size.'],
    [{ epsilon: 1 }, ["beta1", "eps"], 'batch: unknown option "epsilon". Did you mean "eps"?'],
    [{ lr: 1 }, ["lower", "learningRate"], 'batch: unknown option "lr". Did you mean "learningRate"?'],
    [
      { weight_decay: 1 },
      ["weightDecay"],
      'batch: unknown option "weight_decay". Did you mean "weightDecay"?',
    ],
    [{ betas: [] }, ["beta1", "beta2"], 'batch: unknown option "betas". Did you mean "beta1" and "beta2"?'],
    [{ betas: [] }, ["size", "beta1"], 'batch: unknown option "betas". Did you mean "beta1"?'],
    [{ colour: 1 }, [], 'batch: unknown option "colour". It takes no options.'],
    [{ constructor: 1 }, ["dropLast"], 'batch: unknown option "constructor". It takes dropLast.'],
    [JSON.parse('{"__proto__": 1}'), ["dropLast"], 'batch: unknown option "__proto__". It takes dropLast.'],
    [3, ["dropLast"], "batch: the options must be an object, as in { dropLast: … }; got 3."],
    [null, ["dropLast"], "batch: the options must be an object, as in { dropLast: … }; got null."],
    [[], [], "batch: the options must be an object, as in {}; got an array."],
  ])("refuses %j", (given, allowed, message) => {
    expect(messageOf(() => checkOptions("batch", given, allowed))).toBe(message);
  });
});

describe("checkChoice", () => {
  test("lets a known word pass", () => {
    expect(messageOf(() => checkChoice("shuffle", "when", "once", ["each-epoch", "once"]))).toBe("no error");
  });

  test("names the words and the nearest", () => {
    expect(messageOf(() => checkChoice("shuffle", "when", "each-epochs", ["each-epoch", "once"]))).toBe(
      'shuffle: when must be "each-epoch" or "once", got "each-epochs". Did you mean "each-epoch"?',
    );
    expect(messageOf(() => checkChoice("shuffle", "when", 3, ["each-epoch", "once"]))).toBe(
      'shuffle: when must be "each-epoch" or "once", got 3.',
    );
  });
});
