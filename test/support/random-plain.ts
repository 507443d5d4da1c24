// Random programs in the style of users: TypeScript over numbers, arrays, matrices, records and tuples, with every
// loop, branch and early exit that plain functions may have, helpers, arrow functions, and outer values. Numbers stay
// small, because assigned values are bounded.
import type { Choices } from "./random-choices.ts";
import { onlyNumbers, type Scope } from "./random-plain-names.ts";
import { StatementDraw } from "./random-plain-statements.ts";
import { declarations, namespaceCalls } from "./random-plain-types.ts";

/** A program whose marked function is `f`, and arguments for it. */
export interface PlainProgram {
  readonly typescript: string;
  /** The program without types. */
  readonly javascript: string;
  readonly args: readonly unknown[];
  /** Indices of the differentiated arguments. */
  readonly wrt: readonly number[];
  /** Values of the outer names that the program reads. */
  readonly outside: Readonly<Record<string, number>>;
}

/** Draws a program. Until the end, types are between « and », and JavaScript only between ‹ and ›. */
export function randomPlain(choices: Choices): PlainProgram {
  const text = new ProgramDraw(choices).program();
  const salt = choices.below(1000);
  const number = (i: number): number => Math.sin(1 + 2.39 * i + 0.017 * salt);
  const numbers = (n: number, from: number): number[] =>
    Array.from({ length: n }, (_, i) => number(from + i));
  return {
    typescript: text.replaceAll(/‹[^›]*›|[«»]/g, ""),
    javascript: text.replaceAll(/«[^»]*»|[‹›]/g, ""),
    args: [
      number(1),
      Float64Array.from(numbers(5, 2)),
      [numbers(4, 7), numbers(4, 11), numbers(4, 15)],
      { a: number(19), b: number(20) },
      [0, 1, 2].map((i) => ({ a: number(21 + 2 * i), b: number(22 + 2 * i) })),
      0,
      4,
      [2, 0, 3, 1],
      Uint8Array.from([3, 250, 64, 1 + (salt % 255)]),
      ["up", "down", "level"][salt % 3],
      salt % 2 === 0 ? { kind: "disc", r: number(30) } : { kind: "box", w: number(31), h: number(32) },
    ],
    wrt: [0, 1, 2, 3, 4, 5],
    outside: { gain: 0.75, offset: 0.3 },
  };
}

const head = `«interface Pair { a: number; b: number }
type Shape = { kind: "disc"; r: number } | { kind: "box"; w: number; h: number };
»class TooFarError extends Error {}
const gain = 0.75;
let offset = 0.3;
class Shared {
  static half(t«: number») { return 0.5 * t; }
  mean(t«: number», v«: number») { return Shared.half(t + v); }
}
const shared = new Shared();
const named = { tame(t«: number») { return Math.tanh(t); }, less: (t«: number», v«: number») => t - v };
`;
/** Methods of the class and of the object in `head`. */
const methods = [
  { name: "Shared.half", arity: 1 },
  { name: "shared.mean", arity: 2 },
  { name: "named.tame", arity: 1 },
  { name: "named.less", arity: 2 },
];
const signature = `function f(u«: number», x«: Float64Array», m«: number[][]», p«: Pair», ps«: Pair[]», zero«: number», n«: number», k«: readonly number[]», bytes«: Uint8Array», way«: "up" | "down" | "level"», shape«: Shape») {
  "use ad";
`;

class ProgramDraw extends StatementDraw {
  program(): string {
    const calls: Scope["calls"] = [];
    const helpers = this.choices.below(3);
    const start = this.oneIn(8) ? "export «default »" : "export ";
    let text = head + declarations;
    for (let i = 0; i < helpers; i++) text += this.#helper(calls);
    for (const method of [...methods, ...namespaceCalls]) if (this.oneIn(4)) calls.push(method);
    const makers: Scope["makers"] = [];
    for (const gives of ["record", "pair"] as const)
      if (this.oneIn(2)) text += this.#maker(makers, gives, calls);
    if (this.oneIn(2)) text += this.#rowHelper();
    const hasRow = text.includes("function weigh");
    this.result = this.choices.of([
      "number",
      "number",
      "number",
      "number",
      "tuple",
      "record",
      "array",
      "moved",
    ]);
    const scope: Scope = {
      numbers: [
        { name: "u", canBeSet: false },
        { name: "p.a", canBeSet: false },
        { name: "p.b", canBeSet: false },
      ],
      arrays: [{ name: "x", length: 5, bound: "x.length", canBeSet: false, canMove: false }],
      matrices: [{ name: "m", rows: 3, columns: 4, canBeSet: false }],
      records: [{ name: "p", canBeSet: false }],
      tuples: [],
      lists: [],
      makers,
      indices: [],
      calls,
      loops: [],
    };
    this.lines = [];
    this.line(`let s = ${this.expression(scope, 1)};`);
    this.line(`const z = new Float64Array(5);`);
    this.line(`for (let q = 0; q < 5; q++) z[q] = x[q]! * ${this.leaf(scope)};`);
    scope.numbers.push({ name: "s", canBeSet: true });
    scope.arrays.push({ name: "z", length: 5, bound: "z.length", canBeSet: true, canMove: false });
    if (this.result === "moved") {
      // two arrays that are swapped; one of them is returned
      for (const name of ["front", "back"]) {
        this.line(`let ${name} = new Float64Array(3);`);
        scope.arrays.push({ name, length: 3, bound: `${name}.length`, canBeSet: true, canMove: true });
      }
      this.line(`back[2] = ${this.tame(scope)};`);
      this.moveArrays(scope);
    }
    if (hasRow) this.line(`s += weigh(${this.oneIn(2) ? "x" : "m[1]!"}, ${this.leaf(scope)});`);
    if (this.oneIn(40)) this.checks(scope);
    if (this.oneIn(3)) this.typed(scope);
    this.statements(scope, 2 + this.choices.below(6));
    this.line(`for (let q = 0; q < 5; q++) s += z[q]! * (q + 0.7);`);
    for (const { name, canBeSet } of scope.numbers)
      if (canBeSet && name !== "s" && this.oneIn(2)) this.line(`s += 0.5 * ${name};`);
    this.line(this.ending("s"));
    return `${text}${start}${signature}${this.lines.join("\n")}\n}\n`.replaceAll("]!", "]«!»");
  }

  /** A function of two or three numbers, with several returns. */
  #helper(calls: Scope["calls"]): string {
    const name = this.name("h");
    const params = this.oneIn(2) ? ["a", "b"] : ["a", "b", "c"];
    const scope = onlyNumbers(
      params.map((param) => ({ name: param, canBeSet: false })),
      calls,
    );
    const list = params.map((param) => `${param}«: number»`).join(", ");
    const lines = [`function ${name}(${list})«: number» {`, `  let t = ${this.tame(scope)};`];
    scope.numbers.push({ name: "t", canBeSet: true });
    if (this.oneIn(2)) lines.push(`  if (${this.condition(scope)}) return ${this.tame(scope)};`);
    if (this.oneIn(2))
      lines.push(
        `  for (let i = 0; i < 3; i++) {`,
        `    if (${this.condition(scope)}) return t * ${this.leaf(scope)};`,
        `    t = ${this.tame(scope)};`,
        `  }`,
      );
    lines.push(`  return t + ${this.leaf(scope)};`, "}", "");
    calls.push({ name, arity: params.length });
    return lines.join("\n");
  }

  /** A function that returns a record or a pair, in one of two ways. */
  #maker(makers: Scope["makers"], gives: "record" | "pair", calls: Scope["calls"]): string {
    const name = this.name(gives);
    const scope = onlyNumbers(
      ["a", "b"].map((param) => ({ name: param, canBeSet: false })),
      calls,
    );
    const value = (): string => {
      const [x, y] = [this.tame(scope), this.leaf(scope)];
      return gives === "record" ? `{ a: ${x}, b: ${y} }` : `[${x}, ${y}]`;
    };
    const type = gives === "record" ? "Pair" : "[number, number]";
    const lines = [`function ${name}(a«: number», b«: number»)«: ${type}» {`];
    if (this.oneIn(2)) lines.push(`  if (${this.condition(scope)}) return ${value()};`);
    if (this.oneIn(3)) lines.push(`  const made«: ${type}» = ${value()};`, "  return made;");
    else lines.push(`  return ${value()};`);
    makers.push({ name, arity: 2, gives });
    return [...lines, "}", ""].join("\n");
  }

  /** A function of a row. */
  #rowHelper(): string {
    return `function weigh(row«: readonly number[] | Float64Array», by«: number»)«: number» {
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    if (row[i]! > 0.9) return sum;
    sum += Math.tanh(row[i]! * by);
  }
  return sum;
}
`;
  }
}
