// Random programs as people write them: TypeScript over numbers, arrays, matrices, records and tuples, with every loop, branch and
// early end that plain functions may have, helpers, arrows, and values from outside. Numbers stay small, since what is assigned
// went through a bounded function.
import { assertNever } from "../../src/engine/util/assert-never.ts";
import type { Choices } from "./random-choices.ts";

/** A program, the name of whose marked function is `f`, and arguments for it. */
export interface PlainProgram {
  readonly typescript: string;
  /** The same without types. */
  readonly javascript: string;
  readonly args: readonly unknown[];
  /** Places of the arguments that have derivatives. */
  readonly wrt: readonly number[];
  /** What the program reads from outside of its functions. */
  readonly outside: Readonly<Record<string, number>>;
}

interface Name {
  readonly name: string;
  readonly canBeSet: boolean;
}

interface ArrayName extends Name {
  readonly length: number;
  /** A text for its length, such as a program would have it as a bound. */
  readonly bound: string;
  /** Whether its name may be given to another array of its length. */
  readonly canMove: boolean;
}

/** An integer that is at least 0 and below `below`. */
interface Index {
  readonly name: string;
  readonly below: number;
}

interface Scope {
  readonly numbers: Name[];
  readonly arrays: ArrayName[];
  readonly matrices: {
    readonly name: string;
    readonly rows: number;
    readonly columns: number;
    readonly canBeSet: boolean;
  }[];
  readonly records: Name[];
  readonly indices: Index[];
  /** Calls of helpers and arrows of so many numbers that give a number. */
  readonly calls: { readonly name: string; readonly arity: number }[];
  /** Loops that `continue` and `break` may name, innermost last. */
  readonly loops: readonly { readonly label: string | undefined; readonly isSwitch?: true }[];
}

const within = (scope: Scope, more: Partial<Pick<Scope, "loops">> = {}): Scope => ({
  numbers: [...scope.numbers],
  arrays: [...scope.arrays],
  matrices: [...scope.matrices],
  records: [...scope.records],
  indices: [...scope.indices],
  calls: [...scope.calls],
  loops: more.loops ?? scope.loops,
});

/** Draws a program. Types stand between « and » until the end. */
export function randomPlain(choices: Choices): PlainProgram {
  const text = new Draw(choices).program();
  const salt = choices.below(1000);
  const number = (i: number): number => Math.sin(1 + 2.39 * i + 0.017 * salt);
  const numbers = (n: number, from: number): number[] =>
    Array.from({ length: n }, (_, i) => number(from + i));
  return {
    typescript: text.replaceAll(/[«»]/g, ""),
    javascript: text.replaceAll(/«[^»]*»/g, ""),
    args: [
      number(1),
      Float64Array.from(numbers(5, 2)),
      [numbers(4, 7), numbers(4, 11), numbers(4, 15)],
      { a: number(19), b: number(20) },
      [0, 1, 2].map((i) => ({ a: number(21 + 2 * i), b: number(22 + 2 * i) })),
      0,
      4,
      [2, 0, 3, 1],
    ],
    wrt: [0, 1, 2, 3, 4, 5],
    outside: { gain: 0.75, offset: 0.3 },
  };
}

const head = `«interface Pair { a: number; b: number }
»const gain = 0.75;
let offset = 0.3;
`;
const signature = `export function f(u«: number», x«: Float64Array», m«: number[][]», p«: Pair», ps«: Pair[]», zero«: number», n«: number», k«: readonly number[]») {
  "use ad";
`;

class Draw {
  readonly #choices: Choices;
  #names = 0;
  #depth = 3;
  /** Whether the statement before ended its block. */
  #isOver = false;
  #lines: string[] = [];
  #indent = 1;
  /** What the function returns. */
  #result: "number" | "tuple" | "record" | "array" = "number";

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  program(): string {
    const calls: Scope["calls"] = [];
    const helpers = this.#choices.below(3);
    let text = head;
    for (let i = 0; i < helpers; i++) text += this.#helper(calls);
    if (this.#oneIn(2)) text += this.#rowHelper();
    const hasRow = text.includes("function weigh");
    this.#result = this.#choices.of(["number", "number", "number", "number", "tuple", "record", "array"]);
    const scope: Scope = {
      numbers: [
        { name: "u", canBeSet: false },
        { name: "p.a", canBeSet: false },
        { name: "p.b", canBeSet: false },
      ],
      arrays: [{ name: "x", length: 5, bound: "x.length", canBeSet: false, canMove: false }],
      matrices: [{ name: "m", rows: 3, columns: 4, canBeSet: false }],
      records: [{ name: "p", canBeSet: false }],
      indices: [],
      calls,
      loops: [],
    };
    this.#lines = [];
    this.#line(`let s = ${this.#expression(scope, 1)};`);
    this.#line(`const z = new Float64Array(5);`);
    this.#line(`for (let q = 0; q < 5; q++) z[q] = x[q]! * ${this.#leaf(scope)};`);
    scope.numbers.push({ name: "s", canBeSet: true });
    scope.arrays.push({ name: "z", length: 5, bound: "z.length", canBeSet: true, canMove: false });
    if (hasRow) this.#line(`s += weigh(${this.#oneIn(2) ? "x" : "m[1]!"}, ${this.#leaf(scope)});`);
    this.#statements(scope, 2 + this.#choices.below(6));
    this.#line(`for (let q = 0; q < 5; q++) s += z[q]! * (q + 0.7);`);
    for (const { name, canBeSet } of scope.numbers)
      if (canBeSet && name !== "s" && this.#oneIn(2)) this.#line(`s += 0.5 * ${name};`);
    this.#line(this.#return("s"));
    return `${text}${signature}${this.#lines.join("\n")}\n}\n`.replaceAll("]!", "]«!»");
  }

  #return(value: string): string {
    switch (this.#result) {
      case "tuple":
        return `return [${value}, z[1]! * u] «as [number, number]»;`;
      case "record":
        return `return { first: ${value}, second: z[2]! };`;
      case "array":
        return `return [${value}, z[0]!, u * u];`;
      case "number":
        return `return ${value};`;
      default:
        return assertNever(this.#result, "randomPlain");
    }
  }

  /** A function of two or three numbers, with several returns. */
  #helper(calls: Scope["calls"]): string {
    const name = this.#name("h");
    const params = this.#oneIn(2) ? ["a", "b"] : ["a", "b", "c"];
    const numbers = params.map((param) => ({ name: param, canBeSet: false }));
    const scope: Scope = {
      numbers,
      arrays: [],
      matrices: [],
      records: [],
      indices: [],
      calls: [...calls],
      loops: [],
    };
    const list = params.map((param) => `${param}«: number»`).join(", ");
    const lines = [`function ${name}(${list})«: number» {`, `  let t = ${this.#tame(scope)};`];
    scope.numbers.push({ name: "t", canBeSet: true });
    if (this.#oneIn(2)) lines.push(`  if (${this.#condition(scope)}) return ${this.#tame(scope)};`);
    if (this.#oneIn(2))
      lines.push(
        `  for (let i = 0; i < 3; i++) {`,
        `    if (${this.#condition(scope)}) return t * ${this.#leaf(scope)};`,
        `    t = ${this.#tame(scope)};`,
        `  }`,
      );
    lines.push(`  return t + ${this.#leaf(scope)};`, "}", "");
    calls.push({ name, arity: params.length });
    return lines.join("\n");
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

  #line(text: string): void {
    this.#lines.push(`${"  ".repeat(this.#indent)}${text}`);
  }

  #statements(scope: Scope, count: number): void {
    this.#isOver = false;
    for (let i = 0; i < count && !this.#isOver; i++) this.#statement(scope);
    this.#isOver = false;
  }

  #block(head_: string, scope: Scope, tail = "}", most = 3): void {
    this.#line(head_);
    this.#indent++;
    this.#depth--;
    this.#statements(scope, 1 + this.#choices.below(most));
    this.#depth++;
    this.#indent--;
    this.#line(tail);
  }

  #statement(scope: Scope): void {
    const plain: readonly (() => void)[] = [
      () => this.#assign(scope),
      () => this.#store(scope),
      () => this.#declare(scope),
      () => this.#assign(scope),
      () => this.#store(scope),
      () => this.#declareArray(scope),
      () => this.#tuple(scope),
      () => this.#record(scope),
      () => this.#moveArrays(scope),
      () => this.#arrow(scope),
      () => this.#steep(scope),
      () => this.#matrix(scope),
      () => this.#leave(scope),
    ];
    const nested: readonly (() => void)[] = [
      () => this.#if(scope),
      () => this.#for(scope),
      () => this.#forOf(scope),
      () => this.#while(scope),
      () => this.#switch(scope),
      () => this.#for(scope),
      () => this.#triangle(scope),
    ];
    this.#choices.of(this.#depth > 0 ? [...plain, ...nested] : plain)();
  }

  /** A triangle of elements that an array filled anew for each row is multiplied with, at places that move along. */
  #triangle(scope: Scope): void {
    const [row, i, j, k, place] = ["row", "i", "i", "i", "at"].map((hint) => this.#name(hint));
    const outer = within(scope);
    outer.indices.push({ name: i!, below: 3 });
    const inner = within(outer);
    inner.indices.push({ name: j!, below: 3 });
    const { name: sum } = this.#recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    const { name: array, canBeSet } = this.#recent(scope.arrays.filter(({ length }) => length === 5));
    this.#line(`const ${row} = new Float64Array(3);`);
    this.#line(`for (let ${i} = 0; ${i} < 3; ${i}++) {`);
    this.#line(`  for (let ${j} = 0; ${j} < ${row}.length; ${j}++) ${row}[${j}] = ${this.#tame(inner)};`);
    this.#line(`  let ${place} = ${this.#choices.of(["0", "1", `${i}`, `n - ${i} - 2`])};`);
    const bound = this.#choices.of([`${i}`, `3 - ${i}`, `Math.min(2, ${i} + 1)`]);
    this.#line(`  for (let ${k} = 0; ${k} < ${bound}; ${k}++) {`);
    const product = `${array}[${place}]! * ${row}[${k}]!`;
    this.#line(`    ${sum} = 0.5 * ${sum} + ${product};`);
    if (canBeSet && this.#oneIn(2)) this.#line(`    ${array}[${place}]! -= 0.3 * ${row}[${i}]!;`);
    this.#line(`    ${place} += ${this.#choices.of(["1", `1 - ${k}`, `x.length - ${k} - 4`])};`);
    this.#line(`  }`);
    this.#line(`}`);
    if (this.#oneIn(3)) this.#line(`${sum} += ${row}[1]!;`);
  }

  #assign(scope: Scope): void {
    const { name } = this.#recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    const operator = this.#choices.of(["=", "+=", "*=", "-="]);
    const value = this.#tame(scope);
    this.#line(
      operator === "=" && this.#oneIn(2)
        ? `${name} = 0.7 * ${name} + ${value};`
        : `${name} ${operator} ${value};`,
    );
  }

  #store(scope: Scope): void {
    const { name, length } = this.#recent(scope.arrays.filter(({ canBeSet }) => canBeSet));
    const place = this.#place(scope, length);
    const operator = this.#choices.of(["=", "+=", "*=", "-="]);
    this.#line(`${name}[${place}]${operator === "=" ? "" : "!"} ${operator} ${this.#tame(scope)};`);
  }

  #declare(scope: Scope): void {
    const name = this.#name("v");
    const canBeSet = !this.#oneIn(4);
    this.#line(`${canBeSet ? "let" : "const"} ${name} = ${this.#expression(scope, 2)};`);
    scope.numbers.push({ name, canBeSet });
  }

  #declareArray(scope: Scope): void {
    const name = this.#name("t");
    const length = 2 + this.#choices.below(3);
    const tame = (): string => this.#tame(scope);
    const [value, item] = [this.#name("w"), this.#name("i")];
    const [inArrow, placed] = [within(scope), within(scope)];
    placed.indices.push({ name: item, below: length });
    inArrow.indices.push({ name: item, below: 5 });
    inArrow.numbers.push({ name: value, canBeSet: false });
    const forms: readonly (readonly [text: string, length: number])[] = [
      [`new Float64Array(${length})`, length],
      [`[${tame()}, ${tame()}, ${tame()}]`, 3],
      [`x.slice()`, 5],
      [`Array.from({ length: ${length} }, (_, ${item}) => ${this.#tame(placed)})`, length],
      [`Array.from(x, (${value}, ${item}) => ${this.#tame(inArrow)})`, 5],
      [`new Array«<number>»(n).fill(${this.#choices.below(2)})`, 4],
      [`m[${this.#choices.below(3)}]!.slice()`, 4],
    ];
    const [text, size] = this.#choices.of(forms);
    const canMove = this.#oneIn(2);
    this.#line(`${canMove ? "let" : "const"} ${name} = ${text};`);
    scope.arrays.push({ name, length: size, bound: `${name}.length`, canBeSet: true, canMove });
    if (canMove && size !== 3) {
      const twin = this.#name("t");
      this.#line(`let ${twin} = ${text};`);
      scope.arrays.push({ name: twin, length: size, bound: `${twin}.length`, canBeSet: true, canMove });
    }
  }

  /** Arrays of one length that were declared in one block exchange their names. */
  #moveArrays(scope: Scope): void {
    const movable = scope.arrays.filter(({ canMove }) => canMove);
    const last = movable.at(-1);
    const twin = movable.at(-2);
    if (last === undefined || twin === undefined || last.length !== twin.length)
      return this.#declareArray(scope);
    if (this.#oneIn(2)) this.#line(`[${twin.name}, ${last.name}] = [${last.name}, ${twin.name}];`);
    else {
      const kept = this.#name("kept");
      this.#line(`const ${kept} = ${twin.name};`);
      this.#line(`${twin.name} = ${last.name};`);
      this.#line(`${last.name} = ${kept};`);
    }
  }

  #tuple(scope: Scope): void {
    const settable = scope.numbers.filter(({ canBeSet }) => canBeSet);
    if (settable.length > 1 && this.#oneIn(2)) {
      const [a, b] = settable.slice(-2) as [Name, Name];
      const values = this.#oneIn(2) ? [b.name, a.name] : [this.#tame(scope), a.name];
      this.#line(`[${a.name}, ${b.name}] = [${values.join(", ")}];`);
      return;
    }
    const [a, b] = [this.#name("v"), this.#name("v")];
    this.#line(`let [${a}, ${b}] = [${this.#expression(scope, 1)}, ${this.#tame(scope)}];`);
    scope.numbers.push({ name: a, canBeSet: true }, { name: b, canBeSet: true });
  }

  #record(scope: Scope): void {
    const known = scope.records.filter(({ canBeSet }) => canBeSet);
    if (known.length > 0 && this.#oneIn(2)) {
      const { name } = this.#recent(known);
      const update = this.#choices.below(3);
      if (update === 0) this.#line(`${name}.a = ${this.#tame(scope)};`);
      else if (update === 1) this.#line(`${name} = { ...${name}, b: ${this.#tame(scope)} };`);
      else this.#line(`${name} = { a: ${name}.b, b: ${this.#tame(scope)} };`);
      return;
    }
    const name = this.#name("r");
    const value = this.#oneIn(2)
      ? `{ a: ${this.#expression(scope, 1)}, b: ${this.#tame(scope)} }`
      : `{ ...${this.#recent(scope.records).name}, a: ${this.#tame(scope)} }`;
    this.#line(`let ${name} = ${value};`);
    scope.records.push({ name, canBeSet: true });
    if (this.#oneIn(2)) {
      const [a, b] = [this.#name("v"), this.#name("v")];
      this.#line(`const { a: ${a}, b: ${b} } = ${name};`);
      scope.numbers.push({ name: a, canBeSet: false }, { name: b, canBeSet: false });
    } else scope.numbers.push({ name: `${name}.a`, canBeSet: false }, { name: `${name}.b`, canBeSet: true });
  }

  #arrow(scope: Scope): void {
    const name = this.#name("g");
    const inside = within(scope);
    const param = this.#name("w");
    inside.numbers.push({ name: param, canBeSet: false });
    this.#line(`const ${name} = (${param}«: number»)«: number» => ${this.#tame(inside)};`);
    scope.calls.push({ name, arity: 1 });
  }

  /** A function with an infinite slope where it is, in a value that is not chosen. */
  #steep(scope: Scope): void {
    const name = this.#name("steep");
    const zero = `zero * (1.5 + ${this.#leaf(scope)} ** 2)`;
    const { name: target } = this.#recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    const kept = this.#tame(scope);
    switch (this.#choices.below(4)) {
      case 0:
        this.#line(`const ${name} = Math.sqrt(${zero});`);
        this.#line(`${target} = ${this.#leaf(scope)} < 99 ? ${kept} : ${name};`);
        return;
      case 1:
        this.#line(`const ${name} = Math.log(${zero});`);
        this.#line(`${target} = Math.max(${name}, ${kept});`);
        return;
      case 2:
        this.#line(`const ${name} = 1 / (${zero});`);
        this.#line(`if (${this.#leaf(scope)} > 99) ${target} *= ${name};`);
        this.#line(`else ${target} = ${kept};`);
        return;
      default:
        this.#line(`const ${name} = [Math.sqrt(${zero}), ${kept}];`);
        if (this.#oneIn(2)) this.#line(`${name}[0] = ${this.#tame(scope)};`);
        else this.#line(`${name}[0] = 1;`);
        this.#line(`${target} = ${name}[0]! * ${name}[1]!;`);
    }
  }

  #matrix(scope: Scope): void {
    const known = scope.matrices.filter(({ canBeSet }) => canBeSet);
    if (known.length === 0) {
      const name = this.#name("d");
      const tame = (): string => this.#tame(scope);
      this.#line(`const ${name} = [[${tame()}, ${tame()}], [${tame()}, ${tame()}], [${tame()}, 1]];`);
      scope.matrices.push({ name, rows: 3, columns: 2, canBeSet: true });
      return;
    }
    const { name, rows, columns } = this.#recent(known);
    const [i, j] = [this.#place(scope, rows), this.#place(scope, columns)];
    if (this.#oneIn(2)) {
      const row = this.#name("row");
      this.#line(`const ${row} = ${name}[${i}]!;`);
      this.#line(`${row}[${j}] = ${row}[${this.#place(scope, columns)}]! * 0.5 + ${this.#tame(scope)};`);
    } else this.#line(`${name}[${i}]![${j}]! += ${this.#tame(scope)};`);
  }

  /** `break`, `continue`, `return` or an error, on a condition. */
  #leave(scope: Scope): void {
    const target = scope.loops.at(-1);
    const loop = scope.loops.findLast(({ isSwitch }) => isSwitch !== true);
    const condition = this.#condition(scope);
    const ways = [`throw new Error("too far");`];
    if (target !== undefined) ways.push("break;");
    if (loop !== undefined) ways.push("continue;");
    for (const { label, isSwitch } of scope.loops)
      if (label !== undefined)
        ways.push(`break ${label};`, ...(isSwitch === true ? [] : [`continue ${label};`]));
    const place = this.#choices.below(ways.length + 1);
    const way = ways[place] ?? this.#return(this.#tame(scope));
    if (place === 0) this.#line(`if (${this.#leaf(scope)} > 999) ${way}`);
    else this.#line(`if (${condition}) ${way}`);
  }

  #if(scope: Scope): void {
    const condition = this.#condition(scope);
    const tail = this.#choices.below(3);
    this.#block(`if (${condition}) {`, within(scope), tail === 0 ? "}" : "} else {");
    if (tail === 0) return;
    this.#lines.pop();
    if (tail === 2) {
      this.#block(`} else if (${this.#condition(scope)}) {`, within(scope));
      return;
    }
    this.#block("} else {", within(scope));
  }

  #label(): string | undefined {
    return this.#oneIn(5) ? this.#name("loop") : undefined;
  }

  #for(scope: Scope): void {
    const index = this.#name("i");
    const label = this.#label();
    const around = scope.indices.at(-1);
    const array = this.#recent(scope.arrays);
    const from = this.#choices.below(2);
    const heads: readonly (readonly [text: string, below: number])[] = [
      [`let ${index} = ${from}; ${index} < ${3 + from}; ${index}++`, 3 + from],
      [`let ${index} = 0; ${index} < ${array.bound}; ${index}++`, array.length],
      [`let ${index} = 0; ${index} < n; ${index} += 2`, 4],
      [`let ${index} = n - 1; ${index} >= ${from}; ${index}--`, 4],
      [`let ${index} = 0; ${index} < n && ${this.#recent(scope.numbers).name} < 0.9; ${index}++`, 4],
      ...(around === undefined
        ? []
        : ([
            [`let ${index} = 0; ${index} <= ${around.name}; ${index}++`, around.below],
            [`let ${index} = ${around.name} + 1; ${index} < n; ${index}++`, 4],
          ] as const)),
    ];
    const [text, below] = this.#choices.of(heads);
    const inside = within(scope, { loops: [...scope.loops, { label }] });
    inside.indices.push({ name: index, below });
    this.#block(`${label === undefined ? "" : `${label}: `}for (${text}) {`, inside);
  }

  #forOf(scope: Scope): void {
    const label = this.#label();
    const inside = within(scope, { loops: [...scope.loops, { label }] });
    const name = this.#name("e");
    const before = label === undefined ? "" : `${label}: `;
    if (this.#oneIn(3)) {
      const [a, b] = [this.#name("v"), this.#name("v")];
      inside.numbers.push({ name: a, canBeSet: false }, { name: b, canBeSet: false });
      this.#block(`${before}for (const { a: ${a}, b: ${b} } of ps) {`, inside);
      return;
    }
    if (this.#oneIn(3)) {
      inside.indices.push({ name, below: 4 });
      this.#block(`${before}for (const ${name} of k) {`, inside);
      return;
    }
    inside.numbers.push({ name, canBeSet: false });
    // an array that the body may write to would give what was written
    const { name: array } = this.#recent(scope.arrays.filter(({ canBeSet }) => !canBeSet));
    this.#block(`${before}for (const ${name} of ${array}) {`, inside);
  }

  #while(scope: Scope): void {
    const count = this.#name("c");
    const label = this.#label();
    const below = 1 + this.#choices.below(4);
    this.#line(`let ${count} = 0;`);
    const inside = within(scope, { loops: [...scope.loops, { label }] });
    const condition = this.#oneIn(2)
      ? `${count} < ${below}`
      : `${count} < ${below} && (${this.#condition(scope)})`;
    const before = label === undefined ? "" : `${label}: `;
    const isDo = this.#oneIn(2);
    this.#line(isDo ? `${before}do {` : `${before}while (${condition}) {`);
    this.#indent++;
    this.#line(this.#oneIn(2) ? `${count}++;` : `${count} += 1;`); // first, so that `continue` ends too
    this.#depth--;
    this.#statements(inside, 1 + this.#choices.below(3));
    this.#depth++;
    this.#indent--;
    this.#line(isDo ? `} while (${condition});` : "}");
  }

  #switch(scope: Scope): void {
    const label = this.#oneIn(6) ? this.#name("loop") : undefined;
    const inside = (): Scope => within(scope, { loops: [...scope.loops, { label, isSwitch: true }] });
    this.#line(`${label === undefined ? "" : `${label}: `}switch (${this.#whole(scope, 4)}) {`);
    this.#indent++;
    this.#depth--;
    const cases = 1 + this.#choices.below(3);
    const last = this.#choices.below(2);
    for (let i = 0; i <= cases; i++) {
      const isDefault = i === cases;
      if (isDefault && last === 0) break;
      this.#line(isDefault ? "default: {" : `case ${i}: {`);
      this.#indent++;
      this.#statements(inside(), 1 + this.#choices.below(2));
      if (!this.#oneIn(3)) this.#line("break;");
      this.#indent--;
      this.#line("}");
    }
    this.#depth++;
    this.#indent--;
    this.#line("}");
  }

  /** A number of at most 1. */
  #tame(scope: Scope): string {
    const x = this.#expression(scope, 2);
    return this.#choices.of([`Math.sin(${x})`, `Math.tanh(${x})`, `Math.cos(${x})`, `0.6 * Math.atan(${x})`]);
  }

  #expression(scope: Scope, depth: number): string {
    if (depth === 0 || this.#oneIn(6)) return this.#leaf(scope);
    const x = this.#expression(scope, depth - 1);
    const y = (): string => this.#expression(scope, depth - 1);
    const forms: readonly (() => string)[] = [
      () => `(${x} * ${y()})`,
      () => `(${x} + ${y()})`,
      () => `(${x} - ${y()})`,
      () => `(${x} / (1.5 + ${y()} ** 2))`,
      () => `Math.exp(-(${x} ** 2))`,
      () => `Math.sqrt(1 + ${x} * ${x})`,
      () => `Math.log1p(${x} ** 2)`,
      () => `((1.5 + ${x} ** 2) ** Math.tanh(${y()}))`,
      () => `Math.atan2(${x}, 1.5 + ${y()} ** 2)`,
      () => `Math.${this.#choices.of(["max", "min"])}(${x}, ${y()})`,
      () => `Math.abs(${x})`,
      () => `Math.hypot(1, ${x}, ${y()})`,
      () => `(Math.${this.#choices.of(["floor", "round", "ceil", "trunc", "sign"])}(3 * ${x}) * ${y()})`,
      () => `(${this.#condition(scope)} ? ${x} : ${y()})`,
      () => this.#call(scope, x),
      () => `(-${x})`,
      () => `(${x} % (1.5 + ${y()} ** 2))`,
    ];
    return this.#choices.of(forms)();
  }

  #call(scope: Scope, x: string): string {
    if (scope.calls.length === 0) return x;
    const { name, arity } = this.#recent(scope.calls);
    const args = Array.from({ length: arity }, (_, i) => (i === 0 ? x : this.#leaf(scope)));
    return `${name}(${args.join(", ")})`;
  }

  #leaf(scope: Scope): string {
    switch (this.#choices.below(7)) {
      case 0:
      case 1:
        return this.#recent(scope.numbers).name;
      case 2:
      case 3: {
        if (scope.arrays.length === 0) return this.#recent(scope.numbers).name;
        const { name, length } = this.#recent(scope.arrays);
        return `${name}[${this.#place(scope, length)}]!`;
      }
      case 4: {
        if (scope.matrices.length === 0) return "gain";
        const { name, rows, columns } = this.#recent(scope.matrices);
        return `${name}[${this.#place(scope, rows)}]![${this.#place(scope, columns)}]!`;
      }
      case 5:
        if (scope.records.length === 0) return "0.25";
        return this.#oneIn(2)
          ? `${this.#recent(scope.records).name}.${this.#choices.of(["a", "b"])}`
          : `ps[${this.#place(scope, 3)}]!.${this.#choices.of(["a", "b"])}`;
      default:
        return this.#oneIn(2)
          ? this.#choices.of(["gain", "offset", String((this.#choices.below(40) + 0.5) / 16)])
          : `(0.125 * ${this.#whole(scope, 4)})`;
    }
  }

  /** A whole number from 0 to below `below`. */
  #whole(scope: Scope, below: number): string {
    const fitting = scope.indices.filter((index) => index.below <= below);
    const indices = fitting.length > 0 ? fitting : scope.indices;
    if (indices.length > 0 && !this.#oneIn(3)) {
      const { name, below: most } = this.#recent(indices);
      return most <= below ? name : `${name} % ${below}`;
    }
    const isPlain = scope.arrays.length === 0; // in a helper, which has no parameters but numbers
    if (!isPlain && this.#oneIn(4)) return `k[${this.#choices.below(4)}]! % ${below}`;
    return String(this.#choices.below(below));
  }

  #place(scope: Scope, length: number): string {
    const fitting = scope.indices.filter(({ below }) => below <= length);
    if (fitting.length > 0 && !this.#oneIn(4)) {
      const { name, below } = this.#recent(fitting);
      return this.#oneIn(5) ? `${below - 1} - ${name}` : name;
    }
    const place = this.#whole(scope, length);
    return this.#oneIn(5) ? `(${place} + 1) % ${length}` : place;
  }

  #condition(scope: Scope): string {
    const [x, y] = [this.#leaf(scope), this.#leaf(scope)];
    switch (this.#choices.below(6)) {
      case 0:
        return `${x} > ${y}`;
      case 1:
        return `${x} < 0.25`;
      case 2:
        return `${x} > ${y} && ${this.#leaf(scope)} < 0.5`;
      case 3:
        return `${this.#whole(scope, 4)} === ${this.#choices.below(3)}`;
      case 4:
        return `!(${x} <= ${y}) || ${this.#leaf(scope)} > 0.75`;
      default:
        return `${this.#whole(scope, 4)} !== 1`;
    }
  }

  #recent<T>(list: readonly T[]): T {
    const n = this.#choices.below(1000);
    const near = Math.min(2, list.length);
    return list[
      n % 2 === 0 ? list.length - 1 - (Math.floor(n / 2) % near) : Math.floor(n / 2) % list.length
    ]!;
  }

  #oneIn(n: number): boolean {
    return this.#choices.below(n) === n - 1;
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }
}
