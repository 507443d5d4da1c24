// Computes the statements of the chapter.
import * as downhill from "downhill";
import * as data from "downhill/data";
import * as nn from "downhill/nn";
import * as optim from "downhill/optim";
import * as random from "downhill/random";
import * as train from "downhill/train";
import { expect, test } from "vitest";
import { runProgram } from "../../../test/support/run-program.ts";
import { firstParams, plain } from "./network.ts";
import { printed, program } from "./program.ts";
import { inkOf, samples, textOf } from "./samples.ts";

test("the ten lines print the output on the page", async () => {
  const modules = {
    downhill,
    "downhill/data": data,
    "downhill/nn": nn,
    "downhill/optim": optim,
    "downhill/random": random,
    "downhill/train": train,
  };
  expect(await runProgram(program, modules)).toBe(printed);
});

test("the network has 2,410 parameters", () => {
  const counts = plain(firstParams(0)).map(({ weight, bias }) => weight.length + bias.length);
  expect(counts.reduce((a, b) => a + b)).toBe(2410);
});

test("images in the address are restored exactly; a damaged one is rejected", () => {
  for (const text of samples) expect(textOf(inkOf(text))).toBe(text);
  expect(() => inkOf("00")).toThrow("64 letters");
  expect(() => inkOf("z".repeat(64))).toThrow("64 letters");
});
