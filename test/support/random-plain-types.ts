import type { Scope } from "./random-plain-names.ts";
import { within } from "./random-plain-names.ts";
import { ValueDraw } from "./random-plain-values.ts";

/**
 * Declarations at module level: enums, a namespace, an object whose names are a type, and a generic type. Text between
 * ‹ and › is JavaScript only, in place of what TypeScript compiles.
 */
export const declarations = `«enum Tone { Low = "low", High = "high" }
enum Level { Ground, Upper = 5, Roof }
namespace Lib { export const rate = 0.375; export const half = (t: number) => rate * t; export function mix(t: number, v: number) { return half(t) - rate * v; } }
type Numbers<T> = { [K in keyof T]: number };
interface Loose { a?: number; b?: number; c?: number }
»‹const Tone = { Low: "low", High: "high" }, Level = { Ground: 0, Upper: 5, Roof: 6 };
const Lib = { rate: 0.375, half: (t) => Lib.rate * t, mix(t, v) { return Lib.half(t) - Lib.rate * v; } };
›const origin = { a: 0, b: 0 }, rates = { slow: 0.25, fast: 1.5 }« as const»;
`;

/** Functions of the namespace. */
export const namespaceCalls: readonly { readonly name: string; readonly arity: number }[] = [
  { name: "Lib.half", arity: 1 },
  { name: "Lib.mix", arity: 2 },
];

/** Draws statements with values whose types TypeScript computes or names: enums, mapped types, and null. */
export class TypeDraw extends ValueDraw {
  /** One of the statements below. */
  protected typed(scope: Scope): void {
    const draws = [this.enumMember, this.computedType, this.absent, this.part];
    this.choices.of(draws).call(this, scope);
  }

  /** A number that depends on a member of an enum. */
  protected enumMember(scope: Scope): void {
    const [kind, value] = [this.name("kind"), this.name("v")];
    const [type, ...members] = this.choices.of([
      ["Tone", "Tone.Low", "Tone.High"],
      ["Level", "Level.Ground", "Level.Upper", "Level.Roof"],
    ] as const);
    const member = (): string => this.choices.of(members);
    const first = this.oneIn(2) ? `${this.condition(scope)} ? ${member()} : ${member()}` : member();
    this.line(`let ${kind}«: ${type}» = ${first}« as ${type}»;`);
    if (this.oneIn(2)) this.line(`if (${this.condition(scope)}) ${kind} = ${member()};`);
    if (this.oneIn(2)) {
      this.line(`const ${value} = ${kind} === ${member()} ? ${this.leaf(scope)} : ${this.leaf(scope)};`);
    } else {
      this.line(`let ${value} = ${this.leaf(scope)};`);
      this.line(`switch (${kind}) {`);
      this.line(`  case ${members[0]}: ${value} += 0.5 * ${this.leaf(scope)}; break;`);
      this.line(`  default: ${value} *= ${this.leaf(scope)};`);
      this.line("}");
    }
    scope.numbers.push({ name: value, canBeSet: false });
  }

  /** An object, or a number of one, whose type is computed from another type. */
  protected computedType(scope: Scope): void {
    const name = this.name("typed");
    const number = (): string => this.tame(scope);
    const key = this.name("key");
    switch (this.choices.below(6)) {
      case 0: {
        const type = this.choices.of([
          'Required<Pick<Loose, "a" | "b">>',
          'Record<"a" | "b", number>',
          "Numbers<Pair>",
          "typeof origin",
          'Omit<Required<Loose>, "c">',
          "Readonly<Pair>",
        ]);
        this.line(`const ${name}«: ${type}» = { a: ${number()}, b: ${number()} };`);
        scope.records.push({ name, canBeSet: false });
        return;
      }
      case 1:
        this.line(`let ${name} = ${this.leaf(scope)};`);
        this.line(`for (const ${key} of ["a", "b"]« as const») ${name} += 0.5 * p[${key}];`);
        break;
      case 2: {
        const chosen = `${this.condition(scope)} ? "slow" : "fast"`;
        this.line(`const ${key}«: keyof typeof rates» = ${chosen};`);
        this.line(`const ${name} = rates[${key}] * ${this.leaf(scope)};`);
        break;
      }
      case 3: {
        const chosen = `${this.condition(scope)} ? "a" : "b"`;
        this.line(`const ${key}«: keyof Pair» = ${chosen};`);
        this.line(`const ${name}«: Pair["a"]» = p[${key}] * ${this.leaf(scope)};`);
        break;
      }
      case 4:
        this.line(`const ${name}«: typeof origin.a» = ${this.leaf(scope)} + Lib.rate;`);
        break;
      default: {
        const fields = this.choices.of(["", `a: ${number()}`, `b: ${number()}, c: ${number()}`]);
        this.line(`const ${key}«: Loose» = { ${fields} };`);
        this.line(
          `const ${name} = (${key}.a ?? 0.5) + (${key}.b ?? ${this.leaf(scope)}) * (${key}.c ?? 0.25);`,
        );
      }
    }
    scope.numbers.push({ name, canBeSet: false });
  }

  /** A local that is null until a loop or a branch assigns it. */
  protected absent(scope: Scope): void {
    const [name, item, value] = [this.name("best"), this.name("e"), this.name("v")];
    const { name: array } = this.recent(scope.arrays.filter(({ canBeSet }) => !canBeSet));
    const word = this.choices.of(["null", "undefined"]);
    this.line(`let ${name}«: number | ${word}» = ${word};`);
    const inside = within(scope);
    inside.numbers.push({ name: item, canBeSet: false });
    switch (this.choices.below(3)) {
      case 0: {
        const isBetter = `${name} === ${word} || ${item} ${this.choices.of([">", "<"])} ${name}`;
        this.line(`for (const ${item} of ${array}) if (${isBetter}) ${name} = ${item};`);
        break;
      }
      case 1: {
        const isHere = this.condition(inside);
        this.line(
          `for (const ${item} of ${array}) if (${isHere}) { ${name} = ${this.tame(inside)}; break; }`,
        );
        break;
      }
      default:
        this.line(`if (${this.condition(scope)}) ${name} = ${this.tame(scope)};`);
    }
    const fallback = this.leaf(scope);
    const forms = [
      `${name} ?? ${fallback}`,
      `${name} === ${word} ? ${fallback} : 0.5 * ${name}`,
      `${name} != null && ${name} > 0 ? ${name} * ${fallback} : 0.25`,
    ];
    this.line(`const ${value} = ${this.choices.of(forms)};`);
    scope.numbers.push({ name: value, canBeSet: false });
  }

  /** A part of a typed array. */
  protected part(scope: Scope): void {
    const name = this.name("part");
    const [range, length] = this.choices.of([
      ["1", 4],
      ["1, 4", 3],
      ["-2", 2],
      ["0, -1", 4],
      ["n - 2, n", 2],
    ] as const);
    this.line(`const ${name} = x.subarray(${range});`);
    scope.arrays.push({ name, length, bound: `${name}.length`, canBeSet: false, canMove: false });
  }
}
