// An accepted method or function of plain TypeScript is tested against JavaScript, drawn by random programs, and documented.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { arrayMethodForms } from "../../../test/support/random-plain-expressions.ts";
import { root } from "../../../test/support/snippets.ts";
import { arrayMethods } from "./operations/arrays.ts";
import { mathFunctions } from "./operations/math.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const language = read("src/numeric/plain/language.test.ts");
const page = read("docs/plain.md").split("## What is accepted")[1]!.split("## What is refused")[0]!;

/** Methods that random programs do not draw as expressions, with the reason. */
const notDrawn: Readonly<Record<string, string>> = {
  fill: "new Array<number>(n).fill(v) is drawn as a declaration",
  set: "only typed arrays have it",
  forEach: "its callback is a statement: for … of is drawn",
};

test.each(arrayMethods)(
  "the method %s has a row in language.test.ts and is named in docs/plain.md",
  (name) => {
    expect(language).toContain(`.${name}(`);
    expect(page).toContain(`\`${name}\``);
  },
);

test("random programs draw each method (test/support/random-plain-expressions.ts), or there is a reason", () => {
  const drawn = [...Object.keys(arrayMethodForms), ...Object.keys(notDrawn)];
  expect(drawn.toSorted()).toEqual(arrayMethods.toSorted());
});

test.each(mathFunctions)("%s has a row in language.test.ts and is named in docs/plain.md", (name) => {
  const word = new RegExp(`\\b${name.replace("Math.", "")}\\b`);
  expect(language).toMatch(word);
  expect(page).toMatch(word);
});
