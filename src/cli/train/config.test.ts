import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfig, withConfig } from "./config.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-config-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string): string => {
  const file = join(folder, "train.json");
  writeFileSync(file, text);
  return file;
};
const read = (config: unknown) => readConfig(write(JSON.stringify(config)));

test("options have their names and values of the command line", () => {
  expect(
    read({
      data: "x.csv",
      header: false,
      features: ["a", "b"],
      optimizer: "adam(beta1=0.8)",
      lr: 0.01,
      hidden: [64, 32],
      resume: true,
      json: false,
    }),
  ).toEqual({
    data: "x.csv",
    header: false,
    features: "a,b",
    optimizer: "adam(beta1=0.8)",
    lr: "0.01",
    hidden: "64,32",
    resume: true,
    json: false,
  });
});

test("the command line takes precedence, also for the data", () => {
  const config = { data: "x.csv", target: "y", header: false, lr: "0.1", epochs: "5" };
  expect(withConfig({ lr: "0.2", momentum: undefined, header: true, json: false }, config)).toEqual({
    ...config,
    lr: "0.2",
  });
  expect(withConfig({ dataset: "digits", resume: true }, config)).toEqual({
    dataset: "digits",
    resume: true,
    lr: "0.1",
    epochs: "5",
  });
  expect(withConfig({ target: "z" }, config)).toEqual({ ...config, target: "z" });
});

describe("misuse", () => {
  test.each<[unknown, string]>([
    [{ epoch: 3 }, 'there is no option "epoch". Did you mean "epochs"?'],
    [{ zzzzzz: 3 }, 'there is no option "zzzzzz". There are dataset, data,'],
    [{ config: "other.json" }, 'there is no option "config".'],
    [{ epochs: true }, "epochs must be a number, a text or a list of them."],
    [{ hidden: [] }, "hidden must be a number, a text or a list of them."],
    [{ lr: null }, "lr must be a number, a text or a list of them."],
    [{ resume: "yes" }, "resume must be true or false."],
    [[1], "it must hold an object, as in"],
    [3, "it must hold an object"],
  ])("%j", (config, message) => {
    expect(() => read(config)).toThrow(message);
    expect(() => read(config)).toThrow(`--config ${join(folder, "train.json")}: `);
  });

  test("invalid JSON, and a missing file", () => {
    expect(() => readConfig(write("{"))).toThrow("it is not JSON: ");
    expect(() => readConfig(join(folder, "none.json"))).toThrow("there is no such file.");
    expect(() => readConfig(folder)).toThrow(`--config ${folder}: this is a folder, not a file.`);
  });
});
