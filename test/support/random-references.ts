// Random programs about what JavaScript's references do: arrays, rows and objects with several names, variables that are given others,
// exchanges, functions with effects in the midst of an expression. Values count here, not derivatives.
import { seeded } from "./sampling.ts";

/** Names that may be used at a place of the program. */
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
}`;

/** A marked function `f(x: number[], a: number)`, of an `x` with three elements, with types and without. */
export function randomReferences(seed: number): { readonly typescript: string; readonly javascript: string } {
  const random = seeded(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  let made = 0;
  const fresh = (): string => `v${made++}`;

  const place = (names: Names): string => `(((${pick([...names.numbers, "a"])} % 3 + 3) % 3) | 0)`;
  const element = (names: Names): string =>
    `${pick(names.arrays)}[${pick([String(below(3)), place(names)])}]`;
  const field = (names: Names): string => `${pick(names.records)}.${pick(["u", "v"])}`;
  /** One of several texts; the others are not made. */
  const oneOf = (...makers: readonly (() => string)[]): string => pick(makers)();
  const number = (names: Names, depth: number): string => {
    const leaves = [
      () => pick([...names.numbers, ...names.constants, "a"]),
      () => String(below(3)),
      () => element(names),
      () => field(names),
    ];
    if (depth === 0) return oneOf(...leaves);
    const inner = (): string => number(names, depth - 1);
    const call = (): string =>
      names.functions.length > 0 ? `${pick(names.functions)}(${inner()})` : inner();
    return oneOf(
      ...leaves,
      () => `(${inner()} ${pick(["+", "-", "*"])} ${inner()})`,
      () => `(${condition(names, depth - 1)} ? ${inner()} : ${inner()})`,
      () => `(${target(names)} ${pick(["=", "+="])} ${inner()})`,
      () => `${pick(names.numbers)}++`,
      call,
      call,
    );
  };
  const target = (names: Names): string =>
    oneOf(
      () => pick(names.numbers),
      () => element(names),
      () => field(names),
    );
  const condition = (names: Names, depth: number): string =>
    `${number(names, depth)} ${pick(["<", ">", "==="])} ${number(names, depth)}`;
  const array = (names: Names): string =>
    oneOf(
      () => "x.slice()",
      () => "new Float64Array(3)",
      () => `${pick(names.arrays)}.map((q) => q + ${number(names, 0)})`,
      () => `scaled(${pick(names.arrays)}, ${number(names, 1)})`,
      () => pick(names.arrays),
    );
  const record = (names: Names): string =>
    oneOf(
      () => `{ u: ${number(names, 1)}, v: ${number(names, 1)} }`,
      () => `{ ...${pick(names.records)}, u: ${number(names, 1)} }`,
      () => `turned(${pick(names.records)}, ${number(names, 1)})`,
      () => pick(names.records),
    );

  const declaration = (names: Names): readonly [string, Names] => {
    const name = fresh();
    switch (below(6)) {
      case 0:
        return [`const ${name} = ${array(names)};`, { ...names, arrays: [...names.arrays, name] }];
      case 1: {
        const arrayVariables = [...names.arrayVariables, name];
        return [
          `let ${name} = ${array(names)};`,
          { ...names, arrays: [...names.arrays, name], arrayVariables },
        ];
      }
      case 2: {
        const recordVariables = [...names.recordVariables, name];
        return [
          `let ${name} = ${record(names)};`,
          { ...names, records: [...names.records, name], recordVariables },
        ];
      }
      case 3:
        return [`const ${name} = ${record(names)};`, { ...names, records: [...names.records, name] }];
      case 4: {
        const inner = { ...names, constants: [...names.constants, "q"], functions: [], isInLoop: false };
        const text = `const ${name} = (q: number) => { ${block(inner, 0, 2)} return ${number(inner, 1)}; };`;
        return [text, { ...names, functions: [...names.functions, name] }];
      }
      default:
        return [`let ${name} = ${number(names, 2)};`, { ...names, numbers: [...names.numbers, name] }];
    }
  };
  const exchange = (variables: readonly string[]): string => {
    const [p, q, t] = [pick(variables), pick(variables), fresh()];
    return pick([`[${p}, ${q}] = [${q}, ${p}];`, `{ const ${t} = ${p}; ${p} = ${q}; ${q} = ${t}; }`]);
  };
  const effect = (names: Names, depth: number): string => {
    const write = (): string => `${target(names)} ${pick(["=", "+=", "*="])} ${number(names, 2)};`;
    const simple = [
      write,
      write,
      () => `${pick(names.arrayVariables)} = ${array(names)};`,
      () => `${pick(names.recordVariables)} = ${record(names)};`,
      () => exchange(pick([names.arrayVariables, names.recordVariables])),
      ...(names.isInLoop ? [() => `if (${condition(names, 1)}) ${pick(["break", "continue"])};`] : []),
    ];
    if (depth === 0) return oneOf(...simple);
    const i = fresh();
    const loop = { ...names, constants: [...names.constants, i], isInLoop: true };
    return oneOf(
      ...simple,
      () =>
        `if (${condition(names, 1)}) { ${block(names, depth - 1, 3)} } else { ${block(names, depth - 1, 2)} }`,
      () => `for (let ${i} = 0; ${i} < 3; ${i}++) { ${block(loop, depth - 1, 3)} }`,
      () => `for (const ${i} of ${pick(names.arrays)}) { ${block(loop, depth - 1, 2)} }`,
    );
  };
  const block = (given: Names, depth: number, length: number): string => {
    let names = given;
    const lines = Array.from({ length }, () => {
      if (below(3) > 0) return effect(names, depth);
      const [line, more] = declaration(names);
      names = more;
      return line;
    });
    return lines.join(" ");
  };

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
  ${block(first, 2, 6)}
  return w + acc[0] * 3 + acc[1] * 5 + acc[2] * 7 + other[1] * 17 + st.u * 11 + st.v * 13;
}`;
  const javascript = typescript
    .replace(/: (ArrayLike<number>|number\[\]|number|\{ u: number; v: number \})(?=[,)])/g, "")
    .replace("export function f", "exports.f = function f");
  return { typescript, javascript };
}
