// Random nests of loops that sum products: operands as they are and transposed, computed, behind one another, with other loops around and
// other statements between; sums in locals and in elements of arrays; some are products of matrices, and some only look like them.
import type { Choices } from "./random-choices.ts";
import type { PlainProgram } from "./random-plain.ts";

const head = `export function f(a«: Float64Array», b«: Float64Array», c«: Float64Array», n«: number», m«: number», k«: number») {
  "use ad";
  const t = new Float64Array(1024);
  const w = new Float64Array(1024);
  for (let i = 0; i < a.length; i++) w[i] = a[i] * b[i];
  let s = 0;
`;

/** Elements of each operand: more than any place of a loop. */
const room = 600;

/** Draws a program of one or two such nests. Types stand between « and » until the end. */
export function randomProducts(choices: Choices): PlainProgram {
  const oneIn = (n: number): boolean => choices.below(n) === n - 1;
  const size = (): number => choices.of([4, 3, 5, 1, 6, 0, 2]);
  const sizes = [oneIn(6) ? 70 : size(), size(), size()]; // more than a strip of rows, if many
  const nests = Array.from({ length: oneIn(3) ? 2 : 1 }, (_, i) => nest(choices, oneIn, i));
  const close = `  for (let i = 0; i < t.length; i++) s += t[i] * Math.sin(i + 1) + 0.3 * w[i] * t[i];
  return s;
}
`;
  const text = (head + nests.join("") + close).replaceAll(/\]/g, "]«!»");
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

function nest(choices: Choices, oneIn: OneIn, number: number): string {
  const [i, j, q, o] = ["i", "j", "q", "o"].map((name) => `${name}${number}`) as [
    string,
    string,
    string,
    string,
  ];
  const ends = new Map([
    [i, "n"],
    [j, "m"],
    [q, "k"],
    [o, "3"],
  ]);
  const firsts = new Map([i, j, q, o].map((name) => [name, oneIn(5) ? "1" : "0"]));
  const loop = (name: string): string => {
    const [from, to] = [firsts.get(name)!, ends.get(name)!];
    if (oneIn(6)) return `for (let ${name} = ${to} - 1; ${name} >= ${from}; ${name}--) {`;
    return `for (let ${name} = ${from}; ${name} < ${to}; ${name}++) {`;
  };
  /** A place along two indices, the second of which runs quickest or the first. */
  const place = (x: string, y: string): string => {
    const [outer, within] = oneIn(2) ? [y, x] : [x, y];
    const offset = choices.of(["", "", " + 2", " + n"]);
    switch (choices.below(7)) {
      case 5:
        return `${outer} + ${within}${offset}`; // overlapping
      case 6:
        return `${outer} * 7 + 2 * ${within}${offset}`;
      default:
        return `${outer} * ${choices.of([ends.get(within)!, ends.get(within)!, "6"])} + ${within}${offset}`;
    }
  };
  const operand = (array: string, x: string, y: string): string => {
    const element = `${array}[${place(x, y)}]`;
    return choices.of([
      element,
      element,
      element,
      `(${element} * c[${x}])`,
      `Math.tanh(${element})`,
      `(c[${y}] - ${element})`,
      `c[${x}]`,
    ]);
  };
  const [left, right] = [
    operand(choices.of(["a", "b", "a", "b", "w"]), i, q),
    operand(choices.of(["b", "a", "c", "t"]), q, j),
  ];
  const product = oneIn(8) ? `${left} * ${right} * c[${q}]` : `${left} * ${right}`;
  const sign = oneIn(4) ? "-" : "+";
  const around = oneIn(5) ? o : undefined;
  const out = oneIn(2) ? `t[${i} * m + ${j}]` : `t[${place(i, j)}]`;
  const lines: string[] = [];
  const more = (where: string): void => {
    if (!oneIn(5)) return;
    const others = [
      `s += c[${where}];`,
      `w[${where} + 3] += s * 0.01;`,
      `t[${where} + 400] = c[${where}];`,
      `if (c[${where}] > 0.9) s += 0.5;`,
    ];
    lines.push(choices.of(others));
  };
  if (around !== undefined) lines.push(loop(around));
  if (oneIn(2)) elements();
  else local();
  if (around !== undefined) lines.push("}");
  return `${lines.map((line) => `  ${line}`).join("\n")}\n`;

  /** \`t[…] += a · b\`, its loops in any order. */
  function elements(): void {
    const order = choices.of([
      [i, j, q],
      [i, q, j],
      [q, i, j],
      [q, j, i],
      [j, q, i],
      [j, i, q],
    ]);
    order.forEach((name, depth) => {
      lines.push(loop(name));
      if (depth < 2) more(name);
    });
    lines.push(`${out} ${sign}= ${product};`);
    if (oneIn(4))
      lines.push(
        `w[${order[0]!} * 6 + ${order[1]!}] += ${operand("b", order[0]!, order[2]!)} * ${operand("a", order[1]!, order[2]!)};`,
      );
    more(order[2]!);
    lines.push("}", "}", "}");
  }

  /** A sum in a local that goes somewhere. */
  function local(): void {
    const [first, second] = oneIn(3) ? [j, i] : [i, j];
    lines.push(loop(first));
    more(first);
    lines.push(loop(second));
    lines.push(`let sum = ${choices.of(["0", "0", "0", `c[${first}]`])};`);
    more(second);
    const isTwice = oneIn(5);
    if (isTwice) lines.push("let other = 0;");
    lines.push(loop(q), `sum ${sign}= ${product};`);
    if (isTwice) lines.push(`other += ${operand("c", first, q)} * ${operand("b", second, q)};`);
    if (oneIn(8)) lines.push(`s += 0.1 * sum;`);
    lines.push("}");
    const value = choices.of(["sum", "sum", "Math.tanh(sum)", "sum * sum"]);
    lines.push(`${out} ${choices.of(["=", "=", "+="])} ${isTwice ? `${value} + other` : value};`);
    more(second);
    if (oneIn(6)) lines.push("s += sum;");
    lines.push("}", "}");
  }
}
