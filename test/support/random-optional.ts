// Random functions with optional parameters, optional fields and defaults, and all forms of access to a possibly absent
// value.
import type { Choices } from "./random-choices.ts";

/** Names of locals by kind. */
interface Names {
  readonly numbers: readonly string[];
  readonly optional: readonly string[];
  readonly objects: readonly string[];
}

const atFirst: Names = { numbers: ["x", "s"], optional: ["k", "j"], objects: [] };
const members = [
  "o?.a",
  "o?.b?.c",
  "o?.b?.d",
  "o?.w?.[0]",
  "o?.w?.length",
  "p.a",
  "p.b?.c",
  "p.b?.d",
] as const;

/** The text of a function `f` of `x`, of an object `p`, and of optional `k`, `o` and `j`. */
export function randomOptional(choices: Choices): string {
  const draw = new OptionalDraw(choices);
  const fallback = choices.of(["x * 2", "k", "undefined", "p.a ?? 3"]);
  return `type P = { a?: number; b?: { c: number; d?: number }; w?: number[] };
export function f(x: number, p: P, k?: number, o?: P, j: number | undefined = ${fallback}): number {
  "use ad";
  const h = (y: number, z = y * 2) => y - z;
  const g = (y?: number) => { if (y === undefined) return undefined; if (y > 1) return y * 2; return y; };
  let s = 0;
  ${draw.statements(atFirst, 2, 6)}
  return s;
}`;
}

/** Arguments of such a function. */
export function optionalArguments(choices: Choices): unknown[] {
  const maybe = <T>(make: () => T): T | undefined => (choices.below(2) === 0 ? undefined : make());
  const object = (): object => {
    const entries: readonly (readonly [string, unknown])[] = [
      ["a", maybe(() => choices.of([0, 1, -2, 3.5]))],
      [
        "b",
        maybe(() => ({
          c: choices.of([0, 2, -1]),
          ...(choices.below(2) === 0 && { d: choices.of([1, 0]) }),
        })),
      ],
      ["w", maybe(() => choices.of([[1], [2, 3]]))],
    ];
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  };
  return [
    choices.of([0, 1, -1, 0.5, 2]),
    object(),
    maybe(() => choices.of([0, 1, -3])),
    maybe(object),
    maybe(() => 2),
  ];
}

class OptionalDraw {
  readonly #choices: Choices;
  #count = 0;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  statements(names: Names, depth: number, most: number): string {
    let known = names;
    const lines: string[] = [];
    for (let n = 1 + this.#choices.below(most); n > 0; n--) {
      const [line, next] = this.#statement(known, depth);
      lines.push(line);
      known = next;
    }
    return lines.join("\n  ");
  }

  /** Draws a statement, and returns it with the names in scope after it. */
  #statement(names: Names, depth: number): readonly [string, Names] {
    const { numbers, optional, objects } = names;
    const fresh = `v${this.#count++}`;
    const add = (): readonly [string, Names] => [`s += ${this.#number(names, 3)};`, names];
    switch (this.#choices.below(9)) {
      case 0:
        return [`const ${fresh} = ${this.#number(names, 2)};`, { ...names, numbers: [...numbers, fresh] }];
      case 1:
        return [
          `const ${fresh} = ${this.#optional(names, 2)};`,
          { ...names, optional: [...optional, fresh] },
        ];
      case 2: {
        const [c, a, b] = [this.#condition(names, 1), ...[0, 1].map(() => this.#inner(names, depth))];
        return depth === 0 ? add() : [`if (${c}) { ${a!} } else { ${b!} }`, names];
      }
      case 3:
        return [`k ??= ${this.#number(names, 1)};`, names];
      case 4:
        return [`if (j === undefined) j = ${this.#number(names, 1)};`, names];
      case 5: {
        const [x, y] = [this.#number(names, 1), this.#optional(names, 1)];
        const object = this.#choices.of([
          `{ a: ${x}, ...p }`,
          `{ a: ${y}, c: ${x} }`,
          `{ a: ${x}, ...o }`,
          `o ?? { a: ${x} }`,
        ]);
        return [`const ${fresh} = ${object};`, { ...names, objects: [...objects, fresh] }];
      }
      case 6: {
        const first = this.#choices.of(["undefined", "x", "k"]);
        const loop = `for (let i = 0; i < 3; i++) if (${fresh} === undefined || i * x > ${fresh}) ${fresh} = i * x;`;
        return [
          `let ${fresh}: number | undefined = ${first}; ${loop}`,
          { ...names, optional: [...optional, fresh] },
        ];
      }
      case 7:
        return depth === 0
          ? add()
          : [`if (${this.#condition(names, 1)}) return ${this.#number(names, 1)};`, names];
      default:
        return add();
    }
  }

  #inner(names: Names, depth: number): string {
    return depth === 0 ? "" : this.statements(names, depth - 1, 2);
  }

  #number(names: Names, depth: number): string {
    if (depth === 0) return this.#choices.of(["1", "2.5", "-1", ...names.numbers]);
    const x = (): string => this.#number(names, depth - 1);
    const y = (): string => this.#optional(names, depth - 1);
    switch (this.#choices.below(10)) {
      case 0:
        return `(${x()} + ${x()})`;
      case 1:
        return `(${x()} * ${x()})`;
      case 2:
        return `(${y()} ?? ${x()})`;
      case 3:
        return `(${this.#condition(names, depth - 1)} ? ${x()} : ${x()})`;
      case 4: {
        const name = this.#choices.of(names.optional);
        return `(${name} !== undefined ? ${name} * 2 : ${x()})`;
      }
      case 5:
        return `h(${x()}, ${y()})`;
      case 6:
        return `(g(${y()}) ?? ${x()})`;
      case 7:
        return `(${y()} || ${x()})`;
      case 8:
        return `(${this.#choices.of([...members, ...names.optional])}! - 1)`;
      default:
        return this.#number(names, 0);
    }
  }

  #optional(names: Names, depth: number): string {
    const own = [...members, ...names.optional, ...names.objects.map((name) => `${name}.a`)];
    if (depth === 0 || this.#choices.below(4) > 0) return this.#choices.of(own);
    return `(${this.#condition(names, depth - 1)} ? ${this.#choices.of(own)} : ${this.#choices.of(["undefined", "x", "j"])})`;
  }

  #condition(names: Names, depth: number): string {
    const x = (): string => this.#optional(names, 0);
    switch (this.#choices.below(depth === 0 ? 7 : 9)) {
      case 0:
        return `${x()} === undefined`;
      case 1:
        return `${x()} !== undefined`;
      case 2:
        return `${this.#number(names, 0)} > 0`;
      case 3:
        return `${x()} != null`;
      case 4:
        return `!(${x()})`;
      case 5:
        return `${this.#choices.of(["k", "j", "p.a"])} === ${this.#choices.of(["k", "j", "x"])}`;
      case 6:
        return `typeof ${this.#choices.of(names.optional)} === "number"`;
      case 7:
        return `(${this.#condition(names, depth - 1)} && ${this.#condition(names, depth - 1)})`;
      default:
        return `(${this.#condition(names, depth - 1)} || ${this.#condition(names, depth - 1)})`;
    }
  }
}
