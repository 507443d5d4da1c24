// Computes the statements of the chapter.
import * as downhill from "downhill";
import * as data from "downhill/data";
import * as nn from "downhill/nn";
import * as optim from "downhill/optim";
import * as random from "downhill/random";
import * as train from "downhill/train";
import { expect, test } from "vitest";
import { runProgram } from "../../../test/support/run-program.ts";
import { printed, program } from "./program.ts";
import { stepsByCondition } from "./state.ts";

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

test("four times the condition: four times the steps without momentum, about twice with it", () => {
  stepsByCondition.slice(1).forEach(({ plain, heavy }, i) => {
    const before = stepsByCondition[i]!;
    expect(plain / before.plain).toBeGreaterThan(3.8);
    expect(plain / before.plain).toBeLessThan(4.4);
    expect(heavy / before.heavy).toBeGreaterThan(1.8);
    expect(heavy / before.heavy).toBeLessThan(2.4);
  });
  const { plain, heavy } = stepsByCondition.find(({ condition }) => condition === 100)!;
  expect(plain / heavy).toBeGreaterThan(7);
  expect(plain / heavy).toBeLessThan(9);
});
