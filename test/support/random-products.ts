// Random nests of loops that sum products. Operands are plain, transposed, computed or chained, with other loops around
// and other statements between. Sums are in locals and in array elements. Some nests are matrix products; others only
// look similar.
import type { Choices } from "./random-choices.ts";
import type { PlainProgram } from "./random-plain.ts";

const head = `export function f(a«: Float64Array», b«: Float64Array», c«: Float64Array», n«: number», m«: number», k«: number») {
  "use ad";
  const t = new Float64Array(1024);
  const w = new Float64Array(1024);
  for (let i = 0; i < a.length; i++) w[i] = a[i] * b[i];
  let s = 0;
`;

/** Elements of each operand: more than any index of a loop. */
const room = 600;

/** Draws a program of one or two such nests. Types are between « and » until the end. */
export function randomProducts(choices: Choices): PlainProgram {
  const oneIn = (n: number): boolean => choices.below(n) === n - 1;
  const size = (): number => choices.of([4, 3, 5, 1, 6, 0, 2]);
  const sizes = [oneIn(6) ? 70 : size(), size(), size()]; // more than a strip of rows, if many
  const nests = Array.from({ length: oneIn(3) ? 2 : 1 }, (_, i) =>
    new Nest(choices, oneIn, i).lines().map((line) => `  ${line}\n`),
  );
  const close = `  for (let i = 0; i < t.length; i++) s += t[i] * Math.sin(i + 1) + 0.3 * w[i] * t[i];
  return s;
}
`;
  const text = (head + nests.flat().join("") + close).replaceAll(/\]/g, "]«!»");
  const salt = choices.below(1000);
  const numbers = (from: number): Float64Array =>
    Float64Array.from({ length: room }, (_, i) => Math.sin(1 + 2.39 * (i + from) + 0.017 * salt));
  return {
    typescript: text.replaceAll(/[«»]/g, ""),
    javascript: text.replaceAll(/«[^»]*»/g, ""),
    args: [numbers(0), numbers(500), numbers(900), ...sizes],
    wrt: [0, 1, 2],
    outside: {},
  };
}

type OneIn = (n: number) => boolean;

/** Draws a nest: loops over `i`, `j` and `q`, maybe in one over `o`, around a sum of products. */
class Nest {
  readonly #choices: Choices;
  readonly #oneIn: OneIn;
  /** Upper and lower bound of each index. */
  readonly #ends: ReadonlyMap<string, string>;
  readonly #firsts: ReadonlyMap<string, string>;
  readonly #indices: readonly [i: string, j: string, q: string, o: string];
  readonly #lines: string[] = [];

  constructor(choices: Choices, oneIn: OneIn, number: number) {
    this.#choices = choices;
    this.#oneIn = oneIn;
    const [i, j, q, o] = [`i${number}`, `j${number}`, `q${number}`, `o${number}`] as const;
    this.#indices = [i, j, q, o];
    this.#ends = new Map([
      [i, "n"],
      [j, "m"],
      [q, "k"],
      [o, "3"],
    ]);
    this.#firsts = new Map(this.#indices.map((name) => [name, oneIn(5) ? "1" : "0"]));
  }

  lines(): readonly string[] {
    const [i, j, q, o] = this.#indices;
    const left = this.#operand(this.#choices.of(["a", "b", "a", "b", "w"]), i, q);
    const right = this.#operand(this.#choices.of(["b", "a", "c", "t"]), q, j);
    const product = this.#oneIn(8) ? `${left} * ${right} * c[${q}]` : `${left} * ${right}`;
    const sign = this.#oneIn(4) ? "-" : "+";
    const around = this.#oneIn(5) ? o : undefined;
    const out = this.#oneIn(2) ? `t[${i} * m + ${j}]` : `t[${this.#place(i, j)}]`;
    if (around !== undefined) this.#lines.push(this.#loop(around));
    if (this.#oneIn(2)) this.#elements(out, `${sign}= ${product}`);
    else this.#local(out, `${sign}= ${product}`);
    if (around !== undefined) this.#lines.push("}");
    return this.#lines;
  }

  #loop(name: string): string {
    const [from, to] = [this.#firsts.get(name)!, this.#ends.get(name)!];
    if (this.#oneIn(6)) return `for (let ${name} = ${to} - 1; ${name} >= ${from}; ${name}--) {`;
    return `for (let ${name} = ${from}; ${name} < ${to}; ${name}++) {`;
  }

  /** An offset along two indices. Either index is the fastest-running one. */
  #place(x: string, y: string): string {
    const [outer, within] = this.#oneIn(2) ? [y, x] : [x, y];
    const offset = this.#choices.of(["", "", " + 2", " + n"]);
    switch (this.#choices.below(7)) {
      case 5:
        return `${outer} + ${within}${offset}`; // overlapping
      case 6:
        return `${outer} * 7 + 2 * ${within}${offset}`;
      default: {
        const end = this.#ends.get(within)!;
        return `${outer} * ${this.#choices.of([end, end, "6"])} + ${within}${offset}`;
      }
    }
  }

  #operand(array: string, x: string, y: string): string {
    const element = `${array}[${this.#place(x, y)}]`;
    return this.#choices.of([
      element,
      element,
      element,
      `(${element} * c[${x}])`,
      `Math.tanh(${element})`,
      `(c[${y}] - ${element})`,
      `c[${x}]`,
    ]);
  }

  /** Maybe another statement, in a loop over `index`. */
  #more(index: string): void {
    if (!this.#oneIn(5)) return;
    const others = [
      `s += c[${index}];`,
      `w[${index} + 3] += s * 0.01;`,
      `t[${index} + 400] = c[${index}];`,
      `if (c[${index}] > 0.9) s += 0.5;`,
    ];
    this.#lines.push(this.#choices.of(others));
  }

  /** `t[…] += a · b`, its loops in any order. */
  #elements(out: string, adds: string): void {
    const [i, j, q] = this.#indices;
    const order = this.#choices.of([
      [i, j, q],
      [i, q, j],
      [q, i, j],
      [q, j, i],
      [j, q, i],
      [j, i, q],
    ] as const);
    order.forEach((name, depth) => {
      this.#lines.push(this.#loop(name));
      if (depth < 2) this.#more(name);
    });
    const [first, second, third] = order;
    this.#lines.push(`${out} ${adds};`);
    if (this.#oneIn(4)) {
      const other = `${this.#operand("b", first, third)} * ${this.#operand("a", second, third)}`;
      this.#lines.push(`w[${first} * 6 + ${second}] += ${other};`);
    }
    this.#more(third);
    this.#lines.push("}", "}", "}");
  }

  /** A sum in a local that is then stored. */
  #local(out: string, adds: string): void {
    const [i, j, q] = this.#indices;
    const [first, second] = this.#oneIn(3) ? [j, i] : [i, j];
    const lines = this.#lines;
    lines.push(this.#loop(first));
    this.#more(first);
    lines.push(this.#loop(second));
    lines.push(`let sum = ${this.#choices.of(["0", "0", "0", `c[${first}]`])};`);
    this.#more(second);
    const isTwice = this.#oneIn(5);
    if (isTwice) lines.push("let other = 0;");
    lines.push(this.#loop(q), `sum ${adds};`);
    if (isTwice) lines.push(`other += ${this.#operand("c", first, q)} * ${this.#operand("b", second, q)};`);
    if (this.#oneIn(8)) lines.push(`s += 0.1 * sum;`);
    lines.push("}");
    const value = this.#choices.of(["sum", "sum", "Math.tanh(sum)", "sum * sum"]);
    lines.push(`${out} ${this.#choices.of(["=", "=", "+="])} ${isTwice ? `${value} + other` : value};`);
    this.#more(second);
    if (this.#oneIn(6)) lines.push("s += sum;");
    lines.push("}", "}");
  }
}
