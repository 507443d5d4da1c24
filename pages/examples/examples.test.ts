// Every program shown by an example prints the output shown on its page.
import { readdirSync } from "node:fs";
import { expect } from "vitest";
import { testInCi } from "../../test/support/extent.ts";
import * as downhill from "downhill";
import * as data from "downhill/data";
import * as distributions from "downhill/distributions";
import * as linalg from "downhill/linalg";
import * as nn from "downhill/nn";
import * as optim from "downhill/optim";
import * as random from "downhill/random";
import { runProgram } from "../../test/support/run-program.ts";
import { section } from "./contents.ts";

const modules = {
  downhill,
  "downhill/data": data,
  "downhill/distributions": distributions,
  "downhill/linalg": linalg,
  "downhill/nn": nn,
  "downhill/optim": optim,
  "downhill/random": random,
};

testInCi.each(section.pages.map(({ slug }) => slug))("the program of %s", async (slug) => {
  expect(readdirSync(new URL(slug, import.meta.url))).toContain("page.tsx");
  // A URL, not a glob pattern: for a pattern, the current list of files would be cached with the transformed test.
  const { href } = new URL(`${slug}/program.ts`, import.meta.url);
  const { program, printed } = (await import(/* @vite-ignore */ href)) as Record<
    "program" | "printed",
    string
  >;
  expect(await runProgram(program, modules)).toBe(printed);
});
