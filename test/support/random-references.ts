// Random programs with JavaScript's references: arrays, rows and objects with several names, reassigned variables,
// swaps, and functions with side effects in the middle of an expression. They compare values, not derivatives.
import { seeded } from "./sampling.ts";

/** Names in scope at one point of the program. */
interface Names {
  readonly numbers: readonly string[];
  readonly constants: readonly string[];
  readonly arrays: readonly string[];
  readonly arrayVariables: readonly string[];
  readonly records: readonly string[];
  readonly recordVariables: readonly string[];
  readonly functions: readonly string[];
  readonly isInLoop: boolean;
}

const helpers = `
function scaled(b: ArrayLike<number>, q: number) {
  const out = new Float64Array(3);
  for (let i = 0; i < 3; i++) out[i] = b[i] * q + i;
  if (q > 3) return out;
  out[0] += 1;
  return out;
}
function turned(p: { u: number; v: number }, q: number) {
  if (q > 1) return { u: p.v, v: q };
  p.v += 1;
  return { u: q, v: p.u };
}
function chosen(p: { u: number; v: number }, q: number) {
  const own = { u: q, v: p.u };
  if (q > 1) {
    const other = { u: p.v, v: 1 };
    return other;
  }
  own.v += 1;
  return own;
}`;

/** A marked function `f(x: number[], a: number)`, of an `x` with three elements, with types and without. */
export function randomReferences(seed: number): { readonly typescript: string; readonly javascript: string } {
  const first: Names = {
    numbers: ["w"],
    constants: [],
    arrays: ["acc", "other"],
    arrayVariables: ["acc", "other"],
    records: ["st"],
    recordVariables: ["st"],
    functions: [],
    isInLoop: false,
  };
  const typescript = `${helpers}
export function f(x: number[], a: number) {
  "use ad";
  let w = a, acc = new Float64Array(3), other = new Float64Array(3), st = { u: 1, v: a };
  ${new Draw(seeded(seed)).body(first)}
  return w + acc[0] * 3 + acc[1] * 5 + acc[2] * 7 + other[1] * 17 + st.u * 11 + st.v * 13;
}`;
  const javascript = typescript
    .replace(/: (ArrayLike<number>|number\[\]|number|\{ u: number; v: number \})(?=[,)])/g, "")
    .replace("export function f", "exports.f = function f");
  return { typescript, javascript };
}

class Draw {
  readonly #random: () => number;
  #made = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Six statements. */
  body(names: Names): string {
    return this.#block(names, 2, 6);
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }

  #fresh(): string {
    return `v${this.#made++}`;
  }

  #place(names: Names): string {
    return `(((${this.#pick([...names.numbers, "a"])} % 3 + 3) % 3) | 0)`;
  }

  #element(names: Names): string {
    return `${this.#pick(names.arrays)}[${this.#pick([String(this.#below(3)), this.#place(names)])}]`;
  }

  #field(names: Names): string {
    return `${this.#pick(names.records)}.${this.#pick(["u", "v"])}`;
  }

  /** One of several texts. Only the chosen one is computed. */
  #oneOf(...makers: readonly (() => string)[]): string {
    return this.#pick(makers)();
  }

  #number(names: Names, depth: number): string {
    const leaves = [
      () => this.#pick([...names.numbers, ...names.constants, "a"]),
      () => String(this.#below(3)),
      () => this.#element(names),
      () => this.#field(names),
    ];
    if (depth === 0) return this.#oneOf(...leaves);
    const inner = (): string => this.#number(names, depth - 1);
    const call = (): string =>
      names.functions.length > 0 ? `${this.#pick(names.functions)}(${inner()})` : inner();
    return this.#oneOf(
      ...leaves,
      () => `(${inner()} ${this.#pick(["+", "-", "*"])} ${inner()})`,
      () => `(${this.#condition(names, depth - 1)} ? ${inner()} : ${inner()})`,
      () => `(${this.#target(names)} ${this.#pick(["=", "+="])} ${inner()})`,
      () => `${this.#pick(names.numbers)}++`,
      call,
      call,
    );
  }

  #target(names: Names): string {
    return this.#oneOf(
      () => this.#pick(names.numbers),
      () => this.#element(names),
      () => this.#field(names),
    );
  }

  #condition(names: Names, depth: number): string {
    return `${this.#number(names, depth)} ${this.#pick(["<", ">", "==="])} ${this.#number(names, depth)}`;
  }

  #array(names: Names): string {
    return this.#oneOf(
      () => "x.slice()",
      () => "new Float64Array(3)",
      () => `${this.#pick(names.arrays)}.map((q) => q + ${this.#number(names, 0)})`,
      () => `scaled(${this.#pick(names.arrays)}, ${this.#number(names, 1)})`,
      () => this.#pick(names.arrays),
    );
  }

  #record(names: Names): string {
    return this.#oneOf(
      () => `{ u: ${this.#number(names, 1)}, v: ${this.#number(names, 1)} }`,
      () => `{ ...${this.#pick(names.records)}, u: ${this.#number(names, 1)} }`,
      () => `${this.#pick(["turned", "chosen"])}(${this.#pick(names.records)}, ${this.#number(names, 1)})`,
      () => this.#pick(names.records),
    );
  }

  #declaration(names: Names): readonly [string, Names] {
    const name = this.#fresh();
    switch (this.#below(6)) {
      case 0:
        return [`const ${name} = ${this.#array(names)};`, { ...names, arrays: [...names.arrays, name] }];
      case 1: {
        const arrayVariables = [...names.arrayVariables, name];
        return [
          `let ${name} = ${this.#array(names)};`,
          { ...names, arrays: [...names.arrays, name], arrayVariables },
        ];
      }
      case 2: {
        const recordVariables = [...names.recordVariables, name];
        return [
          `let ${name} = ${this.#record(names)};`,
          { ...names, records: [...names.records, name], recordVariables },
        ];
      }
      case 3:
        return [`const ${name} = ${this.#record(names)};`, { ...names, records: [...names.records, name] }];
      case 4: {
        const inner = { ...names, constants: [...names.constants, "q"], functions: [], isInLoop: false };
        const text = `const ${name} = (q: number) => { ${this.#block(inner, 0, 2)} return ${this.#number(inner, 1)}; };`;
        return [text, { ...names, functions: [...names.functions, name] }];
      }
      default:
        return [`let ${name} = ${this.#number(names, 2)};`, { ...names, numbers: [...names.numbers, name] }];
    }
  }

  #exchange(variables: readonly string[]): string {
    const [p, q, t] = [this.#pick(variables), this.#pick(variables), this.#fresh()];
    return this.#pick([`[${p}, ${q}] = [${q}, ${p}];`, `{ const ${t} = ${p}; ${p} = ${q}; ${q} = ${t}; }`]);
  }

  #effect(names: Names, depth: number): string {
    const write = (): string =>
      `${this.#target(names)} ${this.#pick(["=", "+=", "*="])} ${this.#number(names, 2)};`;
    const simple = [
      write,
      write,
      () => `${this.#pick(names.arrayVariables)} = ${this.#array(names)};`,
      () => `${this.#pick(names.recordVariables)} = ${this.#record(names)};`,
      () => this.#exchange(this.#pick([names.arrayVariables, names.recordVariables])),
      ...(names.isInLoop
        ? [() => `if (${this.#condition(names, 1)}) ${this.#pick(["break", "continue"])};`]
        : []),
    ];
    if (depth === 0) return this.#oneOf(...simple);
    const i = this.#fresh();
    const loop = { ...names, constants: [...names.constants, i], isInLoop: true };
    return this.#oneOf(
      ...simple,
      () =>
        `if (${this.#condition(names, 1)}) { ${this.#block(names, depth - 1, 3)} } else { ${this.#block(names, depth - 1, 2)} }`,
      () => `for (let ${i} = 0; ${i} < 3; ${i}++) { ${this.#block(loop, depth - 1, 3)} }`,
      () => `for (const ${i} of ${this.#pick(names.arrays)}) { ${this.#block(loop, depth - 1, 2)} }`,
    );
  }

  #block(given: Names, depth: number, length: number): string {
    let names = given;
    const lines = Array.from({ length }, () => {
      if (this.#below(3) > 0) return this.#effect(names, depth);
      const [line, more] = this.#declaration(names);
      names = more;
      return line;
    });
    return lines.join(" ");
  }
}
