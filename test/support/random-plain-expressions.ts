import type { Choices } from "./random-choices.ts";
import type { Scope } from "./random-plain-names.ts";

/** Expressions with methods of an array of numbers, each a number: of the array `a` and the number `x`. */
export const arrayMethodForms: Readonly<Record<string, (a: string, x: string) => string>> = {
  at: (a) => `${a}.at(-1)«!»`,
  concat: (a, x) => `[...${a}].concat(${x}, [...${a}]).reduce((total, item) => 0.5 * total + item)`,
  every: (a, x) => `(${a}.every((item) => item < 2 + ${x}) ? 0.5 : 0.25)`,
  filter: (a, x) => `${a}.filter((item) => item > ${x}).reduce((total, item) => 0.5 * total + item, 0.125)`,
  find: (a, x) => `(${a}.find((item) => item > ${x}) ?? ${x})`,
  findIndex: (a, x) => `(0.125 * ${a}.findIndex((item) => item > ${x}))`,
  findLast: (a, x) => `(${a}.findLast((item) => item < ${x}) ?? 0.25)`,
  findLastIndex: (a, x) => `(0.125 * ${a}.findLastIndex((item) => item > ${x}))`,
  flat: (a, x) => `[[...${a}], [...${a}].map((item) => item * ${x})].flat().at(-2)«!»`,
  flatMap: (a, x) => `[...${a}].flatMap((item) => [item, item * ${x}]).at(-2)«!»`,
  includes: (a, x) => `(${a}.includes(${x}) ? ${x} : 0.25)`,
  indexOf: (a, x) => `(0.125 * ${a}.indexOf(${x}))`,
  lastIndexOf: (a) => `(0.125 * ${a}.lastIndexOf(${a}[1]!))`,
  map: (a, x) => `${a}.map((item) => Math.sin(item) * ${x})[1]!`,
  reduce: (a, x) => `${a}.reduce((total, item) => 0.5 * total + item, ${x})`,
  reduceRight: (a, x) => `${a}.reduceRight((total, item) => 0.5 * total + item * item, ${x})`,
  reverse: (a, x) => `[...${a}].reverse()[1]! * ${x}`,
  slice: (a) => `${a}.slice(1)[0]!`,
  some: (a, x) => `(${a}.some((item) => item > ${x}) ? 0.5 : 0.25)`,
  sort: (a, x) => `[...${a}].sort((p, q) => p - q)[1]! * ${x}`,
  subarray: (a, x) => `Float64Array.from(${a}).subarray(-2)[0]! * ${x}`,
  toReversed: (a) => `Float64Array.from(${a}).toReversed()[0]!`,
  toSorted: (a, x) => `[...${a}, ${x}].toSorted((p, q) => q - p)[0]!`,
};

/** Draws expressions of random programs: texts with types between « and ». */
export class ExpressionDraw {
  protected readonly choices: Choices;
  #made = 0;

  constructor(choices: Choices) {
    this.choices = choices;
  }

  /** A number of magnitude at most 1. */
  protected tame(scope: Scope): string {
    const x = this.expression(scope, 2);
    return this.choices.of([`Math.sin(${x})`, `Math.tanh(${x})`, `Math.cos(${x})`, `0.6 * Math.atan(${x})`]);
  }

  protected expression(scope: Scope, depth: number): string {
    if (depth === 0 || this.oneIn(6)) return this.leaf(scope);
    const x = this.expression(scope, depth - 1);
    const y = (): string => this.expression(scope, depth - 1);
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
      () => `Math.${this.choices.of(["max", "min"])}(${x}, ${y()})`,
      () => `Math.abs(${x})`,
      () => `Math.hypot(1, ${x}, ${y()})`,
      () => `(Math.${this.choices.of(["floor", "round", "ceil", "trunc", "sign"])}(3 * ${x}) * ${y()})`,
      () => `(${this.condition(scope)} ? ${x} : ${y()})`,
      () => this.call(scope, x),
      () => `(-${x})`,
      () => `(${x} % (1.5 + ${y()} ** 2))`,
      () =>
        `(0.125 * ((${this.whole(scope, 4)} ${this.choices.of(["&", "|", "^", "<<", ">>", ">>>"])} ${this.choices.below(4)}) & 7))`,
      () => this.#arrayMethod(scope, x),
      () => this.#mathCallback(scope, x),
    ];
    return this.choices.of(forms)();
  }

  #arrayMethod(scope: Scope, x: string): string {
    if (scope.arrays.length === 0) return x;
    return this.choices.of(Object.values(arrayMethodForms))(this.recent(scope.arrays).name, x);
  }

  /** A function of `Math` as the callback of `map`. */
  #mathCallback(scope: Scope, x: string): string {
    if (scope.arrays.length === 0) return x;
    const { name } = this.recent(scope.arrays);
    return `${name}.map(Math.${this.choices.of(["tanh", "sin", "cos", "atan"])})[1]! * ${x}`;
  }

  protected call(scope: Scope, x: string): string {
    if (scope.calls.length === 0) return x;
    const { name, arity } = this.recent(scope.calls);
    const args = Array.from({ length: arity }, (_, i) => (i === 0 ? x : this.leaf(scope)));
    return `${name}(${args.join(", ")})`;
  }

  /** A call of a function that returns records or pairs; `undefined` if none is in scope. */
  protected made(scope: Scope, gives: "record" | "pair"): string | undefined {
    const makers = scope.makers.filter((maker) => maker.gives === gives);
    if (makers.length === 0) return undefined;
    const { name, arity } = this.recent(makers);
    return `${name}(${Array.from({ length: arity }, () => this.leaf(scope)).join(", ")})`;
  }

  protected leaf(scope: Scope): string {
    switch (this.choices.below(9)) {
      case 0:
      case 1:
        return this.recent(scope.numbers).name;
      case 2:
      case 3: {
        if (scope.arrays.length === 0) return this.recent(scope.numbers).name;
        const { name, length } = this.recent(scope.arrays);
        return `${name}[${this.place(scope, length)}]!`;
      }
      case 4: {
        if (scope.matrices.length === 0) return "gain";
        const { name, rows, columns } = this.recent(scope.matrices);
        return `${name}[${this.place(scope, rows)}]![${this.place(scope, columns)}]!`;
      }
      case 5:
        if (scope.records.length === 0) return "0.25";
        return this.oneIn(2)
          ? `${this.recent(scope.records).name}.${this.choices.of(["a", "b"])}`
          : `ps[${this.place(scope, 3)}]!.${this.choices.of(["a", "b"])}`;
      case 6: {
        const items = [...scope.tuples, ...scope.lists];
        if (items.length === 0) return "0.75";
        const list = this.recent(items);
        const field = scope.tuples.includes(list) ? "" : `.${this.choices.of(["a", "b"])}`;
        return `${list.name}[${this.place(scope, list.length)}]!${field}`;
      }
      default:
        return this.oneIn(2)
          ? this.choices.of(["gain", "offset", String((this.choices.below(40) + 0.5) / 16)])
          : `(0.125 * ${this.whole(scope, 4)})`;
    }
  }

  /** An integer from 0 to below `below`. */
  protected whole(scope: Scope, below: number): string {
    const fitting = scope.indices.filter((index) => index.below <= below);
    const indices = fitting.length > 0 ? fitting : scope.indices;
    if (indices.length > 0 && !this.oneIn(3)) {
      const { name, below: most } = this.recent(indices);
      return most <= below ? name : `${name} % ${below}`;
    }
    const isPlain = scope.arrays.length === 0; // in a helper, which has number parameters only
    if (!isPlain && this.oneIn(4)) return `k[${this.choices.below(4)}]! % ${below}`;
    return String(this.choices.below(below));
  }

  protected place(scope: Scope, length: number): string {
    const fitting = scope.indices.filter(({ below }) => below <= length);
    if (fitting.length > 0 && !this.oneIn(4)) {
      const { name, below } = this.recent(fitting);
      return this.oneIn(5) ? `${below - 1} - ${name}` : name;
    }
    const place = this.whole(scope, length);
    return this.oneIn(5) ? `(${place} + 1) % ${length}` : place;
  }

  protected condition(scope: Scope): string {
    const [x, y] = [this.leaf(scope), this.leaf(scope)];
    switch (this.choices.below(6)) {
      case 0:
        return `${x} > ${y}`;
      case 1:
        return `${x} < 0.25`;
      case 2:
        return `${x} > ${y} && ${this.leaf(scope)} < 0.5`;
      case 3:
        return `${this.whole(scope, 4)} === ${this.choices.below(3)}`;
      case 4:
        return `!(${x} <= ${y}) || ${this.leaf(scope)} > 0.75`;
      default:
        return `${this.whole(scope, 4)} !== 1`;
    }
  }

  protected recent<T>(list: readonly T[]): T {
    const n = this.choices.below(1000);
    const near = Math.min(2, list.length);
    return list[
      n % 2 === 0 ? list.length - 1 - (Math.floor(n / 2) % near) : Math.floor(n / 2) % list.length
    ]!;
  }

  protected oneIn(n: number): boolean {
    return this.choices.below(n) === n - 1;
  }

  protected name(prefix: string): string {
    return `${prefix}${this.#made++}`;
  }
}
