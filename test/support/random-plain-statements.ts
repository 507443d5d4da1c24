import { assertNever } from "../../src/engine/util/assert-never.ts";
import { type Scope, within } from "./random-plain-names.ts";
import { TypeDraw } from "./random-plain-types.ts";

/** Draws statements, line by line. */
export class StatementDraw extends TypeDraw {
  /** Kind of the function's result. */
  protected result: "number" | "tuple" | "record" | "array" | "moved" = "number";
  #depth = 3;
  /** Whether the statement before ended its block. */
  #isOver = false;

  protected ending(value: string): string {
    switch (this.result) {
      case "tuple":
        return `return [${value}, z[1]! * u] «as [number, number]»;`;
      case "record":
        return `return { first: ${value}, second: z[2]! };`;
      case "array":
        return `return [${value}, z[0]!, u * u];`;
      case "moved":
        return `front[0] = ${value}; return front;`;
      case "number":
        return `return ${value};`;
      default:
        return assertNever(this.result, "randomPlain");
    }
  }

  protected statements(scope: Scope, count: number): void {
    this.#isOver = false;
    for (let i = 0; i < count && !this.#isOver; i++) this.#statement(scope);
    this.#isOver = false;
  }

  protected block(head_: string, scope: Scope, tail = "}", most = 3): void {
    this.line(head_);
    this.indent++;
    this.#depth--;
    this.statements(scope, 1 + this.choices.below(most));
    this.#depth++;
    this.indent--;
    this.line(tail);
  }

  #statement(scope: Scope): void {
    const plain: readonly (() => void)[] = [
      () => this.assign(scope),
      () => this.store(scope),
      () => this.declare(scope),
      () => this.assign(scope),
      () => this.store(scope),
      () => this.declareArray(scope),
      () => this.tuple(scope),
      () => this.record(scope),
      () => this.moveArrays(scope),
      () => this.arrow(scope),
      () => this.steep(scope),
      () => this.matrix(scope),
      () => this.#leave(scope),
      () => this.places(scope),
      () => this.list(scope),
      () => this.total(scope),
      () => this.grow(scope),
      () => this.factory(scope),
      () => this.mode(scope),
      () => this.rest(scope),
      () => this.bytes(scope),
      () => this.union(scope),
      () => this.enumMember(scope),
      () => this.computedType(scope),
      () => this.absent(scope),
      () => this.part(scope),
    ];
    const nested: readonly (() => void)[] = [
      () => this.#if(scope),
      () => this.#for(scope),
      () => this.#forOf(scope),
      () => this.#while(scope),
      () => this.#switch(scope),
      () => this.#for(scope),
      () => this.#triangle(scope),
      () => this.#labelled(scope),
    ];
    this.choices.of(this.#depth > 0 ? [...plain, ...nested] : plain)();
  }

  /** A triangle of elements that multiplies an array refilled for each row, at indices that shift with the row. */
  #triangle(scope: Scope): void {
    const [row, i, j, k, place] = ["row", "i", "i", "i", "at"].map((hint) => this.name(hint));
    const outer = within(scope);
    outer.indices.push({ name: i!, below: 3 });
    const inner = within(outer);
    inner.indices.push({ name: j!, below: 3 });
    const { name: sum } = this.recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    const { name: array, canBeSet } = this.recent(scope.arrays.filter(({ length }) => length === 5));
    this.line(`const ${row} = new Float64Array(${this.choices.of(["3", "n - 1", "x.length - 2"])});`);
    const first = this.choices.of([`${i} < 3`, `${i} < ${row}.length`, `${i} < 3 && ${row}[1]! < 0.9`]);
    this.line(`for (let ${i} = 0; ${first}; ${i}++) {`);
    const item = `${row}[${j}]!`;
    const after = this.choices.of([
      "",
      `${sum} += 0.1 * ${item};`,
      `if (${this.condition(inner)}) ${sum} -= 0.2 * ${item};`,
      `${row}[0]! += 0.1 * ${item};`,
      `${sum} += 0.1 * ${row}[(${j} + 1) % 3]!;`,
      `for (let again = 0; again < 2; again++) ${sum} = 0.5 * ${sum} + ${item};`,
    ]);
    const end = this.choices.of([`${row}.length`, `${row}.length`, "3", "n - 1"]);
    this.line(`  for (let ${j} = 0; ${j} < ${end}; ${j}++) {`);
    this.line(`    ${row}[${j}] = ${this.tame(inner)};`);
    if (after !== "") this.line(`    ${after}`);
    this.line(`  }`);
    this.line(`  let ${place} = ${this.choices.of(["0", "1", `${i}`, `n - ${i} - 2`])};`);
    const bound = this.choices.of([`${i}`, `3 - ${i}`, `Math.min(2, ${i} + 1)`]);
    this.line(`  for (let ${k} = 0; ${k} < ${bound}; ${k}++) {`);
    const product = `${array}[${place}]! * ${row}[${k}]!`;
    this.line(`    ${sum} = 0.5 * ${sum} + ${product};`);
    if (canBeSet && this.oneIn(2)) this.line(`    ${array}[${place}]! -= 0.3 * ${row}[${i}]!;`);
    this.line(`    ${place} += ${this.choices.of(["1", `1 - ${k}`, `x.length - ${k} - 4`])};`);
    this.line(`  }`);
    this.line(`}`);
    if (this.oneIn(3)) this.line(`${sum} += ${row}[1]!;`);
  }

  /** `break`, `continue`, `return` or an error, on a condition. */
  #leave(scope: Scope): void {
    const condition = this.condition(scope);
    const ways = [this.#thrown(scope)];
    if (scope.loops.some(({ kind }) => kind !== "block")) ways.push("break;");
    if (scope.loops.some(({ kind }) => kind === "loop")) ways.push("continue;");
    for (const { label, kind } of scope.loops)
      if (label !== undefined)
        ways.push(`break ${label};`, ...(kind === "loop" ? [`continue ${label};`] : []));
    const place = this.choices.below(ways.length + 1);
    const way = ways[place] ?? this.ending(this.tame(scope));
    // `front[0] = …; return front;` are two statements
    const block = way.includes("; ") ? `{ ${way} }` : way;
    if (place === 0 && !this.oneIn(3)) this.line(`if (${this.leaf(scope)} > 999) ${block}`);
    else this.line(`if (${condition}) ${block}`);
  }

  /** A `throw`. The message holds only integers, booleans and rounded numbers, so that the last bits of a value do not change it. */
  #thrown(scope: Scope): string {
    const name = this.choices.of(["Error", "RangeError", "TypeError", "TooFarError"]);
    const texts: readonly (() => string)[] = [
      () => `"too far"`,
      () => `\`at \${${this.whole(scope, 4)}} of \${n}\``,
      () => `\`\\\`\${(${this.leaf(scope)}).toFixed(2)}\\\` is too large: \${${this.leaf(scope)} > 0.5}\``,
      () =>
        `"it is " + (${this.leaf(scope)}).toPrecision(3) + ", not " + (${this.leaf(scope)}).toExponential(1)`,
    ];
    const isPlain = scope.arrays.length === 0; // in a helper, which has number parameters only
    return `throw new ${name}(${this.choices.of(isPlain ? texts.slice(0, 1) : texts)()});`;
  }

  /** More consecutive checks than the compiler nests branches (200). Locals declared between the checks are read after them. */
  protected checks(scope: Scope): void {
    const { name: array, length } = this.recent(scope.arrays.filter(({ canBeSet }) => !canBeSet));
    for (let i = 0; i < 210; i++) {
      if (i % 50 === 20) this.declare(scope);
      const way = i % 3 === 0 ? this.ending("u") : `throw new RangeError("check ${i}");`;
      this.line(`if (${array}[${i % length}]! > ${99 + i}) { ${way} }`);
    }
  }

  #if(scope: Scope): void {
    const condition = this.condition(scope);
    const tail = this.choices.below(3);
    this.block(`if (${condition}) {`, within(scope), tail === 0 ? "}" : "} else {");
    if (tail === 0) return;
    this.lines.pop();
    if (tail === 2) {
      this.block(`} else if (${this.condition(scope)}) {`, within(scope));
      return;
    }
    this.block("} else {", within(scope));
  }

  /** A labelled block with a `break` out of it. */
  #labelled(scope: Scope): void {
    const label = this.name("block");
    this.block(`${label}: {`, within(scope, { loops: [...scope.loops, { label, kind: "block" }] }));
  }

  #label(): string | undefined {
    return this.oneIn(5) ? this.name("loop") : undefined;
  }

  #for(scope: Scope): void {
    const index = this.name("i");
    const label = this.#label();
    const around = scope.indices.at(-1);
    const array = this.recent(scope.arrays);
    const from = this.choices.below(2);
    const heads: readonly (readonly [text: string, below: number])[] = [
      [`let ${index} = ${from}; ${index} < ${3 + from}; ${index}++`, 3 + from],
      [`let ${index} = 0; ${index} < ${array.bound}; ${index}++`, array.length],
      [`let ${index} = 0; ${index} < n; ${index} += 2`, 4],
      [`let ${index} = n - 1; ${index} >= ${from}; ${index}--`, 4],
      [`let ${index} = 0; ${index} < n && ${this.recent(scope.numbers).name} < 0.9; ${index}++`, 4],
      ...(around === undefined
        ? []
        : ([
            [`let ${index} = 0; ${index} <= ${around.name}; ${index}++`, around.below],
            [`let ${index} = ${around.name} + 1; ${index} < n; ${index}++`, 4],
          ] as const)),
    ];
    const [text, below] = this.choices.of(heads);
    const inside = within(scope, { loops: [...scope.loops, { label, kind: "loop" }] });
    inside.indices.push({ name: index, below });
    this.block(`${label === undefined ? "" : `${label}: `}for (${text}) {`, inside);
  }

  #forOf(scope: Scope): void {
    const label = this.#label();
    const inside = within(scope, { loops: [...scope.loops, { label, kind: "loop" }] });
    const name = this.name("e");
    const before = label === undefined ? "" : `${label}: `;
    if (this.oneIn(3)) {
      const [a, b] = [this.name("v"), this.name("v")];
      inside.numbers.push({ name: a, canBeSet: false }, { name: b, canBeSet: false });
      this.block(`${before}for (const { a: ${a}, b: ${b} } of ps) {`, inside);
      return;
    }
    if (this.oneIn(3)) {
      inside.indices.push({ name, below: 4 });
      this.block(`${before}for (const ${name} of k) {`, inside);
      return;
    }
    inside.numbers.push({ name, canBeSet: false });
    // an array that the body may write to would return the written value
    const { name: array } = this.recent(scope.arrays.filter(({ canBeSet }) => !canBeSet));
    this.block(`${before}for (const ${name} of ${array}) {`, inside);
  }

  #while(scope: Scope): void {
    const count = this.name("c");
    const label = this.#label();
    const below = 1 + this.choices.below(4);
    this.line(`let ${count} = 0;`);
    const inside = within(scope, { loops: [...scope.loops, { label, kind: "loop" }] });
    const condition = this.oneIn(2)
      ? `${count} < ${below}`
      : `${count} < ${below} && (${this.condition(scope)})`;
    const before = label === undefined ? "" : `${label}: `;
    const isDo = this.oneIn(2);
    this.line(isDo ? `${before}do {` : `${before}while (${condition}) {`);
    this.indent++;
    this.line(this.oneIn(2) ? `${count}++;` : `${count} += 1;`); // first, so that `continue` ends too
    this.#depth--;
    this.statements(inside, 1 + this.choices.below(3));
    this.#depth++;
    this.indent--;
    this.line(isDo ? `} while (${condition});` : "}");
  }

  #switch(scope: Scope): void {
    const label = this.oneIn(6) ? this.name("loop") : undefined;
    const inside = (): Scope => within(scope, { loops: [...scope.loops, { label, kind: "switch" }] });
    this.line(`${label === undefined ? "" : `${label}: `}switch (${this.whole(scope, 4)}) {`);
    this.indent++;
    this.#depth--;
    const cases = 1 + this.choices.below(3);
    const last = this.choices.below(2);
    for (let i = 0; i <= cases; i++) {
      const isDefault = i === cases;
      if (isDefault && last === 0) break;
      this.line(isDefault ? "default: {" : `case ${i}: {`);
      this.indent++;
      this.statements(inside(), 1 + this.choices.below(2));
      if (!this.oneIn(3)) this.line("break;");
      this.indent--;
      this.line("}");
    }
    this.#depth++;
    this.indent--;
    this.line("}");
  }
}
