// Indices, terms and conditions of random loop nests, as texts.
import type { Choices } from "./random-choices.ts";

/** A length: the text that names it in the program, and its value in the arguments. */
export interface Extent {
  readonly text: string;
  readonly value: number;
}

/** An index of an enclosing loop, below an extent. */
export interface LoopIndex {
  readonly name: string;
  readonly extent: Extent;
}

/** A local number. `isTame` where its magnitude stays near 1. */
export interface LocalNumber {
  readonly name: string;
  readonly canBeSet: boolean;
  readonly isTame: boolean;
}

/** Storage of an array: one axis, rows of a matrix, or row-major order in one axis. */
export type Layout = "vector" | "rows" | "flat";

/**
 * An array. `spare` is true if each axis has 2 n + 3 elements for an extent n, so that shifted and scaled indices are in range.
 * Otherwise each axis is as long as its extent.
 */
export interface ArrayName {
  readonly name: string;
  readonly layout: Layout;
  readonly extents: readonly Extent[];
  readonly spare: boolean;
  readonly canBeSet: boolean;
  readonly isTame: boolean;
  /** An array of equal lengths whose name this one may swap with. */
  readonly twin?: string;
}

/** Names in scope. */
export interface NestScope {
  readonly numbers: readonly LocalNumber[];
  readonly arrays: readonly ArrayName[];
  readonly indices: readonly LoopIndex[];
  readonly helpers: readonly string[];
  /** Labels of the loops around, innermost last; `""` for a loop without one. */
  readonly labels: readonly string[];
}

/** Length of an axis of an array. */
export function axisLength({ spare }: Pick<ArrayName, "spare">, { value }: Extent): number {
  return spare ? 2 * value + 3 : value;
}

/** Length of an axis of an array, as source text. */
export function axisText({ spare }: Pick<ArrayName, "spare">, { text }: Extent): string {
  return spare ? `(2 * ${text} + 3)` : text;
}

/** A scope with an additional number. */
export function withNumber(scope: NestScope, number: LocalNumber): NestScope {
  return { ...scope, numbers: [...scope.numbers, number] };
}

/** Draws parts of statements. */
export class TermDraw {
  protected readonly choices: Choices;
  /** Number of choices in 16 that are odd. */
  protected oddness = 0;
  protected readonly lines: string[] = [];
  protected indent = 1;
  #names = 0;

  constructor(choices: Choices) {
    this.choices = choices;
  }

  /** Writes a line before the statement that is being drawn. */
  protected line(text: string): void {
    this.lines.push(`${"  ".repeat(this.indent)}${text}`);
  }

  protected oneIn(n: number): boolean {
    return this.choices.below(n) === n - 1;
  }

  /**
   * True for the rare choice: 0, 1, 2, 4 or 7 in 16 by the program. Tidy programs have what rewrites look for; one odd part breaks a
   * condition of theirs.
   */
  protected odd(): boolean {
    return this.choices.below(16) >= 16 - this.oddness;
  }

  protected fresh(hint: string): string {
    return `${hint}${this.#names++}`;
  }

  /** Picks from a list, mostly one of the last items. */
  protected recent<T>(list: readonly T[]): T {
    const n = this.choices.below(12);
    return list[n < 8 ? list.length - 1 - (n % Math.min(3, list.length)) : n % list.length]!;
  }

  /** An element of an array; `undefined` if none of the indices around fits one of its axes. */
  protected element(scope: NestScope, array: ArrayName, shift?: number): string | undefined {
    const places = array.extents.map((extent) => this.place(scope, array, extent, shift));
    const [first, second] = places;
    if (places.includes(undefined)) return undefined;
    if (array.layout === "vector") return `${array.name}[${first}]`;
    if (array.layout === "rows") return `${array.name}[${first}][${second}]`;
    return `${array.name}[(${first}) * ${axisText(array, array.extents[1]!)} + ${second}]`;
  }

  /** An index along one axis. `shift` fixes the form `i + shift`. */
  protected place(scope: NestScope, array: ArrayName, extent: Extent, shift?: number): string | undefined {
    const fitting = scope.indices.filter((index) => index.extent.text === extent.text);
    if (fitting.length === 0) {
      if (!array.spare) return undefined;
      const other = scope.indices.at(-1);
      if (other !== undefined && this.oneIn(2)) return `${other.name} % 3`;
      return String(this.choices.below(3));
    }
    const { name } = this.recent(fitting);
    if (shift !== undefined && array.spare) return shift === 0 ? name : `${name} + ${shift}`;
    if (!this.odd()) return name;
    if (!array.spare) {
      const last = `${extent.text} - 1 - ${name}`;
      return this.choices.of([
        last,
        last,
        `(${name} + 1) % ${extent.text}`,
        `${name} + ${this.choices.below(2)}`,
      ]);
    }
    const index = this.oddIndex(name, extent, fitting);
    if (!this.oneIn(4)) return index;
    const place = this.fresh("at");
    this.line(`const ${place} = ${index};`);
    return place;
  }

  /** An index of an array with spare elements, in another form than the plain one. */
  protected oddIndex(name: string, extent: Extent, fitting: readonly LoopIndex[]): string {
    switch (this.choices.below(9)) {
      case 8: {
        const step = this.fresh("at");
        this.line(`const ${step} = k[${name} % 7];`); // at most 2
        return `${name} + ${step}`;
      }
      case 0:
        return `${name} + 1`;
      case 1:
        return `${name} + 2`;
      case 2:
        return `2 * ${name} + ${this.choices.below(2)}`;
      case 3:
        return `${extent.text} - ${name}`;
      case 4:
      case 5: {
        const other = this.recent(fitting).name;
        return other === name ? `${name} + 3` : `${name} + ${other}`;
      }
      case 6:
        return `k[${name} % 7]`; // at most 2
      default:
        return String(this.choices.below(3));
    }
  }

  /** An array all of whose axes are indexed by enclosing loops, if there is one; preferably by the innermost loop. */
  protected visited(scope: NestScope, arrays: readonly ArrayName[]): ArrayName {
    const around = new Set(scope.indices.map(({ extent }) => extent.text));
    const innermost = scope.indices.at(-1)?.extent.text;
    const visited = arrays.filter(({ extents }) => extents.every(({ text }) => around.has(text)));
    const moving = visited.filter(({ extents }) => extents.some(({ text }) => text === innermost));
    if (this.odd() || visited.length === 0) return this.recent(arrays);
    return this.choices.of(moving.length > 0 && !this.oneIn(4) ? moving : visited);
  }

  /** A number that a loop reads, of a magnitude near 1. */
  protected leaf(scope: NestScope): string {
    const kind = this.choices.below(12);
    if (kind < 9 && scope.arrays.length > 0) {
      const given = scope.arrays.filter(({ canBeSet }) => !canBeSet);
      const array = this.visited(scope, kind < 6 && given.length > 0 ? given : scope.arrays);
      const element = this.element(scope, array);
      if (element !== undefined) return array.isTame ? element : this.tamed(element);
    }
    const index = scope.indices.at(-1);
    if (kind === 9 && index !== undefined) return `0.01 * ${index.name}`;
    if (kind === 10) return String((this.choices.below(9) + 1) / 8);
    const { name, isTame } = this.recent(scope.numbers);
    return isTame ? name : this.tamed(name);
  }

  /** A term of a magnitude near 1. */
  protected term(scope: NestScope, depth = 1): string {
    const x = this.leaf(scope);
    const y = (): string => this.leaf(scope);
    if (this.odd()) return this.#oddTerm(scope, x, depth);
    switch (this.choices.below(10)) {
      case 0:
      case 1:
      case 2:
        return `${x} * ${y()}`;
      case 3:
        return `${x} * ${x}`;
      case 4:
        return `0.5 * (${x} - ${y()})`;
      case 5:
        return `${x} * ${y()} * ${y()}`;
      case 6:
        return `Math.sin(${x})`;
      default:
        return x;
    }
  }

  #oddTerm(scope: NestScope, x: string, depth: number): string {
    const y = (): string => (depth > 0 ? `(${this.term(scope, depth - 1)})` : this.leaf(scope));
    switch (this.choices.below(11)) {
      case 0:
        return `Math.sin(${x} + ${y()})`;
      case 1:
        return `Math.tanh(${x} * ${y()})`;
      case 2:
        return `${x} / (1.5 + ${y()} * ${this.leaf(scope)} + 2 * ${x} * ${x})`;
      case 3:
      case 4:
        return `(${this.condition(scope)} ? ${x} : ${y()})`;
      case 5:
        return `Math.${this.choices.of(["max", "min"])}(${x}, ${y()})`;
      case 6:
        return `Math.exp(-(${x} * ${x}))`;
      case 7:
        return `Math.sqrt(1 + ${x} * ${x}) * ${y()}`;
      case 8:
      case 9: {
        const helper = scope.helpers.at(-1);
        return helper === undefined ? `Math.cos(${x})` : `${this.recent(scope.helpers)}(${x}, ${y()})`;
      }
      default:
        return `Math.abs(${x}) * ${y()}`;
    }
  }

  /** A value whose magnitude may be large, made small. */
  protected tamed(x: string): string {
    if (!this.odd()) return `${this.choices.of(["0.125", "0.01", "0.03"])} * ${x}`;
    return this.oneIn(2) ? `Math.sin(${x})` : `${x} / (1 + ${x} * ${x})`;
  }

  /** A condition on data, on indices, or on both. */
  protected condition(scope: NestScope): string {
    const index = scope.indices.length > 0 ? this.recent(scope.indices) : undefined;
    switch (this.choices.below(8)) {
      case 0:
        return `${this.leaf(scope)} > ${this.leaf(scope)}`;
      case 1:
      case 7:
        return `${this.recent(scope.numbers).name} ${this.choices.of(["<", ">"])} ${this.choices.of(["0.5", "u", "0"])}`;
      case 2:
        return `${this.leaf(scope)} < 0.25`;
      case 3:
        if (index !== undefined) return `${index.name} % 3 === ${this.choices.below(3)}`;
        return `${this.leaf(scope)} >= 0.125`;
      case 4: {
        const other = scope.indices[0];
        if (index !== undefined && other !== undefined && other !== index)
          return `${other.name} ${this.choices.of(["<", "<=", "!==", "==="])} ${index.name}`;
        return `u > ${this.leaf(scope)}`;
      }
      case 5:
        return `${this.leaf(scope)} > -0.5 && ${this.leaf(scope)} < 0.5`;
      default:
        return `!(${this.leaf(scope)} > 0.25) || ${this.leaf(scope)} > 0.75`;
    }
  }
}
