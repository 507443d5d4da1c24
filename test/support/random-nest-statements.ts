// Statements of random loop nests that hold no loops.
import type { NestScope } from "./random-nest-terms.ts";
import { axisText, TermDraw, withNumber } from "./random-nest-terms.ts";

/** Draws statements, line by line. */
export class NestStatementDraw extends TermDraw {
  /** `name = name ∘ term` for the operation of a fold. */
  protected fold(scope: NestScope, name: string, kind: string): void {
    const term = this.oneIn(8) ? this.selfTerm(scope, name) : this.term(scope);
    if (kind === "+") {
      const forms = [`${name} -= ${term};`, `${name} = ${term} + ${name};`];
      this.line(this.oneIn(4) ? this.choices.of(forms) : `${name} += ${term};`);
    } else if (kind === "*") this.line(`${name} *= 1 + 0.05 * (${term});`);
    else this.line(`${name} = Math.${kind}(${name}, ${term});`);
  }

  /** A term of a fold that depends on the fold itself, so that the loop is a recurrence. */
  protected selfTerm(scope: NestScope, name: string): string {
    const forms = [
      `0.1 * ${name} * ${this.leaf(scope)}`,
      `(${name} > ${this.choices.of(["0.5", "u", "0"])} ? ${this.leaf(scope)} : ${this.leaf(scope)})`,
      `Math.sin(${name}) * ${this.leaf(scope)}`,
      `(${name} < 0.25 ? 0.5 : ${this.leaf(scope)}) * ${this.leaf(scope)}`,
    ];
    return this.choices.of(forms);
  }

  /** Uses a value: adds it to a local or an element, or stores it. */
  protected put(scope: NestScope, value: string, operators: readonly string[] = ["+=", "=", "-="]): void {
    const arrays = scope.arrays.filter(({ canBeSet }) => canBeSet);
    for (let attempt = 0; attempt < 2; attempt++) {
      if (arrays.length === 0 || this.oneIn(4)) break;
      const element = this.element(scope, this.visited(scope, arrays), this.oneIn(2) ? 0 : undefined);
      if (element === undefined) continue;
      this.line(`${element} ${this.choices.of(operators)} ${value};`);
      return;
    }
    const { name } = this.recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    this.line(`${name} += ${value};`);
  }

  protected accumulate(scope: NestScope): void {
    const { name } = this.recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    this.fold(scope, name, this.odd() ? this.choices.of(["*", "max", "min"]) : "+");
  }

  protected addToElement(scope: NestScope): void {
    const array = this.visited(
      scope,
      scope.arrays.filter(({ canBeSet }) => canBeSet),
    );
    const element = this.element(scope, array);
    if (element === undefined) return this.accumulate(scope);
    const term = this.term(scope);
    const forms = [
      `${element} += ${term};`,
      `${element} -= ${term};`,
      `${element} = ${element} + ${term};`,
      `${element} = ${term} + ${element};`,
    ];
    this.line(this.choices.of(forms));
  }

  protected store(scope: NestScope): void {
    const array = this.visited(
      scope,
      scope.arrays.filter(({ canBeSet }) => canBeSet),
    );
    const element = this.element(scope, array, this.oneIn(2) ? 0 : undefined);
    if (element === undefined) return this.accumulate(scope);
    this.line(`${element} = ${this.term(scope)};`);
  }

  /** Reads and writes elements of one array at different distances, directly or by temporaries. */
  protected shifted(scope: NestScope): void {
    const writable = scope.arrays.filter(({ canBeSet, spare }) => canBeSet && spare);
    if (writable.length === 0) return this.accumulate(scope);
    const array = this.visited(scope, writable);
    const indices = scope.indices.filter(({ extent }) => extent.text === array.extents[0]!.text);
    const index = indices.at(-1);
    if (index === undefined) return this.accumulate(scope);
    const element = (): string => {
      const { name, extent } = index;
      const place = this.oneIn(3) ? name : this.oddIndex(name, extent, indices);
      if (array.layout === "vector") return `${array.name}[${place}]`;
      const second = this.place(scope, array, array.extents[1]!)!;
      if (array.layout === "rows") return `${array.name}[${place}][${second}]`;
      return `${array.name}[(${place}) * ${axisText(array, array.extents[1]!)} + ${second}]`;
    };
    const a = element();
    const b = this.oneIn(4) ? a : element();
    const kept = this.fresh("t");
    switch (this.choices.of([0, 1, 2, 3, 2, 4, 5])) {
      case 0:
        this.line(`${a} = ${this.term(scope)};`);
        this.line(`${b} ${this.choices.of(["=", "+="])} ${this.term(scope)};`);
        return;
      case 1:
        this.line(`${a} += 0.3 * ${b} + ${this.term(scope)};`);
        return;
      case 5: {
        // an index that only this iteration knows, used twice
        const { name } = index;
        this.line(`const ${kept} = ${this.choices.of([`2 - (${name} % 3)`, `k[${name} % 7]`])};`);
        if (array.layout !== "vector") this.line(`${a} = 0.01 * ${kept} * ${this.leaf(scope)};`);
        else
          this.line(
            `${array.name}[${name} + ${kept}] ${this.choices.of(["=", "+="])} ${this.leaf(scope)} * ${kept};`,
          );
        return;
      }
      case 4:
        this.line(`${a} = 0.3 * ${b} + ${this.term(scope)};`);
        return;
      case 2:
        this.line(`const ${kept} = ${a};`);
        this.line(`${b} ${this.choices.of(["=", "+="])} ${this.term(scope)};`);
        this.line(`${a} = ${kept} + ${this.term(scope)};`);
        return;
      default:
        this.line(`${a} += ${this.term(scope)};`);
        this.line(`${b} ${this.choices.of(["=", "-=", "+="])} ${this.term(scope)};`);
    }
  }

  protected temporary(scope: NestScope): NestScope {
    const name = this.fresh("t");
    const canBeSet = this.oneIn(3);
    this.line(`${canBeSet ? "let" : "const"} ${name} = ${this.term(scope)};`);
    return withNumber(scope, { name, canBeSet, isTame: !canBeSet });
  }

  /** Draws a value that an iteration reads from the previous one. */
  protected recurrence(scope: NestScope): void {
    const arrays = scope.arrays.filter(({ canBeSet, spare }) => canBeSet && spare);
    const array = arrays.length > 0 ? this.recent(arrays) : undefined;
    const places = array && [1, 0].map((shift) => this.element(scope, array, shift));
    const [next, before] = places ?? [];
    if (next !== undefined && before !== undefined && next !== before && this.oneIn(2)) {
      const forms = [
        `${next} = 0.5 * ${before} + ${this.term(scope)};`,
        `${before} = 0.5 * ${next} + ${this.term(scope)};`,
        `${next} += 0.3 * ${before};`,
      ];
      this.line(this.choices.of(forms));
      return;
    }
    const { name } = this.recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    const forms = [
      `${name} = 0.5 * ${name} + ${this.term(scope)};`,
      `${name} = ${this.term(scope)} - 0.5 * ${name};`,
      `${name} = Math.sin(${name}) + ${this.term(scope)};`,
      `if (${this.condition(scope)}) ${name} = 0.25 * ${name};`,
    ];
    this.line(this.choices.of(forms));
  }

  /** `break`, `continue` or `return` on a condition. */
  protected exit(scope: NestScope): void {
    const ways = ["continue;", "break;"];
    for (const label of scope.labels) if (label !== "") ways.push(`break ${label};`, `continue ${label};`);
    ways.push(`return s + ${this.leaf(scope)};`);
    if (scope.labels.length === 0) return this.accumulate(scope);
    this.line(`if (${this.condition(scope)} && ${this.condition(scope)}) ${this.choices.of(ways)}`);
  }

  /** Swaps rows of a matrix, elements, or the names of two arrays. */
  protected exchange(scope: NestScope): void {
    const writable = scope.arrays.filter(({ canBeSet }) => canBeSet);
    const twin = writable.find((array) => array.twin !== undefined);
    if (twin?.twin !== undefined && this.oneIn(2)) {
      this.line(`[${twin.name}, ${twin.twin}] = [${twin.twin}, ${twin.name}];`);
      return;
    }
    const rows = writable.find(({ layout }) => layout === "rows");
    if (rows !== undefined && this.oneIn(2)) {
      const [a, b] = [0, 1].map(() => this.place(scope, rows, rows.extents[0]!));
      if (a === undefined || b === undefined) return this.accumulate(scope);
      this.line(`[${rows.name}[${a}], ${rows.name}[${b}]] = [${rows.name}[${b}], ${rows.name}[${a}]];`);
      return;
    }
    const array = this.recent(writable);
    const [a, b] = [this.element(scope, array), this.element(scope, array)];
    if (a === undefined || b === undefined) return this.accumulate(scope);
    const kept = this.fresh("t");
    this.line(`const ${kept} = ${a};`);
    this.line(`${a} = ${b};`);
    this.line(`${b} = ${kept};`);
  }

  protected block(head: string, write: () => void): void {
    this.line(head);
    this.indent++;
    write();
    this.indent--;
    this.line("}");
  }
}
