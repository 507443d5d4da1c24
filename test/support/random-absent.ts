// Random functions with locals that are `null` or `undefined` until a loop or branch assigns them: numbers, pairs,
// objects and arrays.
import type { Choices } from "./random-choices.ts";

const words = ["null", "undefined"] as const;

/** The text of a function `f` of numbers `xs`, a number `t`, and a number `w` that may be null. */
export function randomAbsent(choices: Choices): string {
  const draw = new AbsentDraw(choices);
  return `type P = { x: number; y: number };
export function f(xs: number[], t: number, w: number | null): number {
  "use ad";
  let s = w === null ? 0 : w * t;
  ${draw.locals()}
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i]!;
    ${draw.statements(3)}
  }
  const x = t;
  ${draw.statements(2)}
  return s;
}`;
}

class AbsentDraw {
  readonly #choices: Choices;
  readonly #word: (typeof words)[number];
  #names: { readonly name: string; readonly kind: "number" | "pair" | "object" | "array" }[] = [];

  constructor(choices: Choices) {
    this.#choices = choices;
    this.#word = choices.of(words);
  }

  locals(): string {
    const kinds = ["number", "number", "pair", "object", "array"] as const;
    const types = { number: "number", pair: "[number, number]", object: "P", array: "number[]" };
    const count = 1 + this.#choices.below(4);
    this.#names = Array.from({ length: count }, (_, k) => ({
      name: `v${k}`,
      kind: this.#choices.of(kinds),
    }));
    return this.#names
      .map(({ name, kind }) => `let ${name}: ${types[kind]} | ${this.#word} = ${this.#word};`)
      .join("\n  ");
  }

  statements(depth: number): string {
    return Array.from({ length: 1 + this.#choices.below(3) }, () => this.#statement(depth)).join("\n    ");
  }

  #statement(depth: number): string {
    const c = this.#choices;
    const { name, kind } = c.of(this.#names);
    const value = { number: "x * 0.5", pair: "[x, t]", object: "{ x, y: t }", array: "xs.map((q) => q * x)" };
    const read = {
      number: `${name}!`,
      pair: `${name}![0] * ${name}![1]`,
      object: `${name}!.x - ${name}!.y`,
      array: `${name}![0]! + ${name}!.length`,
    };
    const assign = `${name} = ${value[kind]};`;
    const add = `s += ${read[kind]};`;
    const isThere = c.of([`${name} !== ${this.#word}`, `${name} != null`, `!(${name} === ${this.#word})`]);
    const isAbsent = c.of([`${name} === ${this.#word}`, `${name} == null`]);
    switch (c.below(depth === 0 ? 6 : 9)) {
      case 0:
        return `if (${isAbsent}) ${assign} else ${add}`;
      case 1:
        return `if (${isThere}) { ${add} ${c.of(["", `${name} = ${this.#word};`])} } else { ${assign} }`;
      case 2:
        return kind === "number" ? `${name} ??= x; s += ${name} * 2;` : `if (${isThere}) { ${add} }`;
      case 3:
        return kind === "number" ? `s += (${name} ?? 0.5) * x;` : `if (x > t) ${assign}`;
      case 4:
        return kind === "number"
          ? `if (${isAbsent} || x > ${name}) { ${name} = x; }`
          : `s += ${isThere} ? ${read[kind]} : t;`;
      case 5:
        return kind === "object" ? `s += ${name}?.y ?? 3;` : `if (${isAbsent}) s += 1; else { ${add} }`;
      case 6:
        return `if (x > ${c.of(["t", "0", "1"])}) { ${this.#statement(depth - 1)} } else { ${this.#statement(depth - 1)} }`;
      case 7:
        return `for (let k = 0; k < 2; k++) { ${this.#statement(depth - 1)} }`;
      default:
        return `if (${isThere} && x < 1) { ${this.#statement(depth - 1)} ${this.#statement(0)} }`;
    }
  }
}
