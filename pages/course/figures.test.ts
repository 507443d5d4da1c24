// The figures of the first four chapters accept every program that `downhill explain` accepts, and show the numbers of
// the library.
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { beforeAll, expect, test } from "vitest";
import { extent } from "../../test/support/extent.ts";
import { randomText } from "../../test/support/random-texts.ts";
import { loadPlain, type Program, readProgram } from "../live/program.ts";
import type { ProgramState } from "../live/program-state.ts";
import { choicesOf, randomPlainProgram } from "../live/random-programs.ts";
import type { LivePage } from "../live/page.tsx";
import { page as derivativeOfCode } from "./derivative-of-code/page.tsx";
import { own as codeProgram } from "./derivative-of-code/state.ts";
import { page as dependencyGraph } from "./dependency-graph/page.tsx";
import { from, own as graphProgram } from "./dependency-graph/state.ts";
import { page as forwardMode } from "./forward-mode/page.tsx";
import { along, own as forwardProgram } from "./forward-mode/state.ts";
import { page as reverseMode } from "./reverse-mode/page.tsx";
import { looped, own as reverseProgram } from "./reverse-mode/state.ts";
import { examples } from "./programs.ts";

/** The chapters, with the state of their programs. */
const chapters: readonly (readonly [name: string, page: LivePage, own: ProgramState])[] = [
  ["derivative-of-code", derivativeOfCode, codeProgram],
  ["forward-mode", forwardMode, forwardProgram],
  ["dependency-graph", dependencyGraph, graphProgram],
  ["reverse-mode", reverseMode, reverseProgram],
];

beforeAll(async () => {
  await loadPlain();
  await reverseMode.prepare?.();
});

const mostGradients = 6; // maximum number of derivatives shown by a page

/** A program with texts for its inputs. */
interface Given {
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Random programs: every fourth is TypeScript, the others are formulas or statements. */
function randomPrograms(count: number, from: number): Given[] {
  const found: Given[] = [];
  for (let seed = from; found.length < count; seed++) {
    const given = found.length % 4 === 3 ? plainGiven(seed) : textGiven(seed);
    if (given !== undefined) found.push(given);
  }
  return found;
}

function textGiven(seed: number): Given {
  const { text, values } = randomText(choicesOf(seed));
  const names = readProgram(text)!.inputs.map(({ name }) => name);
  return { text, values: Object.fromEntries(values.map((value, i) => [names[i]!, String(value)])) };
}

function plainGiven(seed: number): Given | undefined {
  const found = randomPlainProgram(seed);
  if (found === undefined) return undefined;
  const { program, args } = found;
  if (program.text.includes("undefined")) return undefined; // the test looks for this word on pages
  const asText = (value: unknown): string =>
    JSON.stringify(value, (_, part: unknown) =>
      ArrayBuffer.isView(part) ? [...(part as Float64Array)] : part,
    );
  return {
    text: program.text,
    values: Object.fromEntries(program.inputs.map(({ name }, i) => [name, asText(args[i])])),
  };
}

/** Numbers of one kind on a page, in order. */
function shown(html: string, of: string): number[] {
  return [...html.matchAll(new RegExp(`<data class="${of}" value="([^"]*)"`, "g"))].map(([, text]) =>
    Number(text),
  );
}

function expectNear(found: readonly number[], wanted: readonly number[], about: string): void {
  const scale = Math.max(1, ...wanted.map(Math.abs));
  expect(found.length, about).toBe(wanted.length);
  found.forEach((x, i) => {
    if (Object.is(x, wanted[i])) return; // also NaN and ∞
    expect(Math.abs(x - wanted[i]!) / scale, about).toBeLessThan(1e-11);
  });
}

/** For each chapter, a check that its numbers, apart from the value, equal those of the library. */
const holds: Readonly<Record<string, (html: string, program: Program, args: readonly unknown[]) => void>> = {
  "derivative-of-code": (html, program, args) => {
    expectNear(shown(html, "gradient"), program.gradient(args).slice(0, mostGradients), program.text);
  },
  "forward-mode": (html, program, args) => {
    const direction = program.numbers(args).map((_, i) => along.value[i] ?? 0);
    expectNear(shown(html, "tangent"), [program.tangent(args, direction)], program.text);
  },
  "dependency-graph": (html, program, args) => {
    const derivative = program.gradient(args)[0]!; // the first number is chosen
    if (shown(html, "path").length > 0) expectNear(shown(html, "derivative"), [derivative], program.text);
    else expect(Math.abs(derivative), program.text).toBe(0); // positive or negative
  },
  "reverse-mode": (html, program, args) => {
    const gradient = program.gradient(args).slice(0, mostGradients);
    expectNear(shown(html, "gradient"), gradient, program.text);
    expectNear(shown(html, "loop-gradient"), gradient, program.text);
  },
};

/** The programs are split into parts, one test each: 4 programs in total, or 200 if CI is set. */
const [parts, each] = [extent(1, 25, 5), extent(4, 40, 40)];
const runs = chapters.flatMap((chapter) =>
  Array.from({ length: parts }, (_, part) => [...chapter, part] as const),
);

test.each(runs)("%s shows the numbers of the library, of random programs", (name, page, own, part) => {
  along.value = [1, -0.5, 0.25, 2];
  from.value = 0;
  for (const { text, values } of [...examples, ...randomPrograms(each, 1 + 1000 * part)]) {
    own.choose(text, values ?? {});
    if (own === reverseProgram) looped.choose(text, values ?? {});
    expect(own.problem.value, text).toBeUndefined();
    expect([...own.valueProblems.value], text).toEqual([]);
    const { program, args } = own.run.value;
    expect(program.text).toBe(text);
    const html = renderToString(h(page.Body, {}));
    expect(html, text).not.toMatch(/undefined|\[object/);
    expectNear(shown(html, "result").slice(0, 1), [program.value(args)], text);
    holds[name]!(html, program, args);
  }
});
