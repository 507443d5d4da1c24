import { assertNever } from "../../src/engine/util/assert-never.ts";
import { ExpressionDraw } from "./random-plain-expressions.ts";
import { type Name, type Scope, within } from "./random-plain-names.ts";

/** Draws statements, line by line. */
export class StatementDraw extends ExpressionDraw {
  protected lines: string[] = [];
  /** What the function returns. */
  protected result: "number" | "tuple" | "record" | "array" = "number";
  #depth = 3;
  /** Whether the statement before ended its block. */
  #isOver = false;
  #indent = 1;

  protected ending(value: string): string {
    switch (this.result) {
      case "tuple":
        return `return [${value}, z[1]! * u] «as [number, number]»;`;
      case "record":
        return `return { first: ${value}, second: z[2]! };`;
      case "array":
        return `return [${value}, z[0]!, u * u];`;
      case "number":
        return `return ${value};`;
      default:
        return assertNever(this.result, "randomPlain");
    }
  }

  protected line(text: string): void {
    this.lines.push(`${"  ".repeat(this.#indent)}${text}`);
  }

  protected statements(scope: Scope, count: number): void {
    this.#isOver = false;
    for (let i = 0; i < count && !this.#isOver; i++) this.#statement(scope);
    this.#isOver = false;
  }

  protected block(head_: string, scope: Scope, tail = "}", most = 3): void {
    this.line(head_);
    this.#indent++;
    this.#depth--;
    this.statements(scope, 1 + this.choices.below(most));
    this.#depth++;
    this.#indent--;
    this.line(tail);
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
    this.choices.of(this.#depth > 0 ? [...plain, ...nested] : plain)();
  }

  /** A triangle of elements that an array filled anew for each row is multiplied with, at places that move along. */
  #triangle(scope: Scope): void {
    const [row, i, j, k, place] = ["row", "i", "i", "i", "at"].map((hint) => this.name(hint));
    const outer = within(scope);
    outer.indices.push({ name: i!, below: 3 });
    const inner = within(outer);
    inner.indices.push({ name: j!, below: 3 });
    const { name: sum } = this.recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    const { name: array, canBeSet } = this.recent(scope.arrays.filter(({ length }) => length === 5));
    this.line(`const ${row} = new Float64Array(3);`);
    this.line(`for (let ${i} = 0; ${i} < 3; ${i}++) {`);
    this.line(`  for (let ${j} = 0; ${j} < ${row}.length; ${j}++) ${row}[${j}] = ${this.tame(inner)};`);
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

  #assign(scope: Scope): void {
    const { name } = this.recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    const operator = this.choices.of(["=", "+=", "*=", "-="]);
    const value = this.tame(scope);
    this.line(
      operator === "=" && this.oneIn(2)
        ? `${name} = 0.7 * ${name} + ${value};`
        : `${name} ${operator} ${value};`,
    );
  }

  #store(scope: Scope): void {
    const { name, length } = this.recent(scope.arrays.filter(({ canBeSet }) => canBeSet));
    const place = this.place(scope, length);
    const operator = this.choices.of(["=", "+=", "*=", "-="]);
    this.line(`${name}[${place}]${operator === "=" ? "" : "!"} ${operator} ${this.tame(scope)};`);
  }

  #declare(scope: Scope): void {
    const name = this.name("v");
    const canBeSet = !this.oneIn(4);
    this.line(`${canBeSet ? "let" : "const"} ${name} = ${this.expression(scope, 2)};`);
    scope.numbers.push({ name, canBeSet });
  }

  #declareArray(scope: Scope): void {
    const name = this.name("t");
    const length = 2 + this.choices.below(3);
    const tame = (): string => this.tame(scope);
    const [value, item] = [this.name("w"), this.name("i")];
    const [inArrow, placed] = [within(scope), within(scope)];
    placed.indices.push({ name: item, below: length });
    inArrow.indices.push({ name: item, below: 5 });
    inArrow.numbers.push({ name: value, canBeSet: false });
    const forms: readonly (readonly [text: string, length: number])[] = [
      [`new Float64Array(${length})`, length],
      [`[${tame()}, ${tame()}, ${tame()}]`, 3],
      [`x.slice()`, 5],
      [`Array.from({ length: ${length} }, (_, ${item}) => ${this.tame(placed)})`, length],
      [`Array.from(x, (${value}, ${item}) => ${this.tame(inArrow)})`, 5],
      [`new Array«<number>»(n).fill(${this.choices.below(2)})`, 4],
      [`m[${this.choices.below(3)}]!.slice()`, 4],
    ];
    const [text, size] = this.choices.of(forms);
    const canMove = this.oneIn(2);
    this.line(`${canMove ? "let" : "const"} ${name} = ${text};`);
    scope.arrays.push({ name, length: size, bound: `${name}.length`, canBeSet: true, canMove });
    if (canMove && size !== 3) {
      const twin = this.name("t");
      this.line(`let ${twin} = ${text};`);
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
    if (this.oneIn(2)) this.line(`[${twin.name}, ${last.name}] = [${last.name}, ${twin.name}];`);
    else {
      const kept = this.name("kept");
      this.line(`const ${kept} = ${twin.name};`);
      this.line(`${twin.name} = ${last.name};`);
      this.line(`${last.name} = ${kept};`);
    }
  }

  #tuple(scope: Scope): void {
    const settable = scope.numbers.filter(({ canBeSet }) => canBeSet);
    if (settable.length > 1 && this.oneIn(2)) {
      const [a, b] = settable.slice(-2) as [Name, Name];
      const values = this.oneIn(2) ? [b.name, a.name] : [this.tame(scope), a.name];
      this.line(`[${a.name}, ${b.name}] = [${values.join(", ")}];`);
      return;
    }
    const [a, b] = [this.name("v"), this.name("v")];
    this.line(`let [${a}, ${b}] = [${this.expression(scope, 1)}, ${this.tame(scope)}];`);
    scope.numbers.push({ name: a, canBeSet: true }, { name: b, canBeSet: true });
  }

  #record(scope: Scope): void {
    const known = scope.records.filter(({ canBeSet }) => canBeSet);
    if (known.length > 0 && this.oneIn(2)) {
      const { name } = this.recent(known);
      const update = this.choices.below(3);
      if (update === 0) this.line(`${name}.a = ${this.tame(scope)};`);
      else if (update === 1) this.line(`${name} = { ...${name}, b: ${this.tame(scope)} };`);
      else this.line(`${name} = { a: ${name}.b, b: ${this.tame(scope)} };`);
      return;
    }
    const name = this.name("r");
    const value = this.oneIn(2)
      ? `{ a: ${this.expression(scope, 1)}, b: ${this.tame(scope)} }`
      : `{ ...${this.recent(scope.records).name}, a: ${this.tame(scope)} }`;
    this.line(`let ${name} = ${value};`);
    scope.records.push({ name, canBeSet: true });
    if (this.oneIn(2)) {
      const [a, b] = [this.name("v"), this.name("v")];
      this.line(`const { a: ${a}, b: ${b} } = ${name};`);
      scope.numbers.push({ name: a, canBeSet: false }, { name: b, canBeSet: false });
    } else scope.numbers.push({ name: `${name}.a`, canBeSet: false }, { name: `${name}.b`, canBeSet: true });
  }

  #arrow(scope: Scope): void {
    const name = this.name("g");
    const inside = within(scope);
    const param = this.name("w");
    inside.numbers.push({ name: param, canBeSet: false });
    this.line(`const ${name} = (${param}«: number»)«: number» => ${this.tame(inside)};`);
    scope.calls.push({ name, arity: 1 });
  }

  /** A function with an infinite slope where it is, in a value that is not chosen. */
  #steep(scope: Scope): void {
    const name = this.name("steep");
    const zero = `zero * (1.5 + ${this.leaf(scope)} ** 2)`;
    const { name: target } = this.recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    const kept = this.tame(scope);
    switch (this.choices.below(4)) {
      case 0:
        this.line(`const ${name} = Math.sqrt(${zero});`);
        this.line(`${target} = ${this.leaf(scope)} < 99 ? ${kept} : ${name};`);
        return;
      case 1:
        this.line(`const ${name} = Math.log(${zero});`);
        this.line(`${target} = Math.max(${name}, ${kept});`);
        return;
      case 2:
        this.line(`const ${name} = 1 / (${zero});`);
        this.line(`if (${this.leaf(scope)} > 99) ${target} *= ${name};`);
        this.line(`else ${target} = ${kept};`);
        return;
      default:
        this.line(`const ${name} = [Math.sqrt(${zero}), ${kept}];`);
        if (this.oneIn(2)) this.line(`${name}[0] = ${this.tame(scope)};`);
        else this.line(`${name}[0] = 1;`);
        this.line(`${target} = ${name}[0]! * ${name}[1]!;`);
    }
  }

  #matrix(scope: Scope): void {
    const known = scope.matrices.filter(({ canBeSet }) => canBeSet);
    if (known.length === 0) {
      const name = this.name("d");
      const tame = (): string => this.tame(scope);
      this.line(`const ${name} = [[${tame()}, ${tame()}], [${tame()}, ${tame()}], [${tame()}, 1]];`);
      scope.matrices.push({ name, rows: 3, columns: 2, canBeSet: true });
      return;
    }
    const { name, rows, columns } = this.recent(known);
    const [i, j] = [this.place(scope, rows), this.place(scope, columns)];
    if (this.oneIn(2)) {
      const row = this.name("row");
      this.line(`const ${row} = ${name}[${i}]!;`);
      this.line(`${row}[${j}] = ${row}[${this.place(scope, columns)}]! * 0.5 + ${this.tame(scope)};`);
    } else this.line(`${name}[${i}]![${j}]! += ${this.tame(scope)};`);
  }

  /** `break`, `continue`, `return` or an error, on a condition. */
  #leave(scope: Scope): void {
    const target = scope.loops.at(-1);
    const loop = scope.loops.findLast(({ isSwitch }) => isSwitch !== true);
    const condition = this.condition(scope);
    const ways = [`throw new Error("too far");`];
    if (target !== undefined) ways.push("break;");
    if (loop !== undefined) ways.push("continue;");
    for (const { label, isSwitch } of scope.loops)
      if (label !== undefined)
        ways.push(`break ${label};`, ...(isSwitch === true ? [] : [`continue ${label};`]));
    const place = this.choices.below(ways.length + 1);
    const way = ways[place] ?? this.ending(this.tame(scope));
    if (place === 0) this.line(`if (${this.leaf(scope)} > 999) ${way}`);
    else this.line(`if (${condition}) ${way}`);
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
    const inside = within(scope, { loops: [...scope.loops, { label }] });
    inside.indices.push({ name: index, below });
    this.block(`${label === undefined ? "" : `${label}: `}for (${text}) {`, inside);
  }

  #forOf(scope: Scope): void {
    const label = this.#label();
    const inside = within(scope, { loops: [...scope.loops, { label }] });
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
    // an array that the body may write to would give what was written
    const { name: array } = this.recent(scope.arrays.filter(({ canBeSet }) => !canBeSet));
    this.block(`${before}for (const ${name} of ${array}) {`, inside);
  }

  #while(scope: Scope): void {
    const count = this.name("c");
    const label = this.#label();
    const below = 1 + this.choices.below(4);
    this.line(`let ${count} = 0;`);
    const inside = within(scope, { loops: [...scope.loops, { label }] });
    const condition = this.oneIn(2)
      ? `${count} < ${below}`
      : `${count} < ${below} && (${this.condition(scope)})`;
    const before = label === undefined ? "" : `${label}: `;
    const isDo = this.oneIn(2);
    this.line(isDo ? `${before}do {` : `${before}while (${condition}) {`);
    this.#indent++;
    this.line(this.oneIn(2) ? `${count}++;` : `${count} += 1;`); // first, so that `continue` ends too
    this.#depth--;
    this.statements(inside, 1 + this.choices.below(3));
    this.#depth++;
    this.#indent--;
    this.line(isDo ? `} while (${condition});` : "}");
  }

  #switch(scope: Scope): void {
    const label = this.oneIn(6) ? this.name("loop") : undefined;
    const inside = (): Scope => within(scope, { loops: [...scope.loops, { label, isSwitch: true }] });
    this.line(`${label === undefined ? "" : `${label}: `}switch (${this.whole(scope, 4)}) {`);
    this.#indent++;
    this.#depth--;
    const cases = 1 + this.choices.below(3);
    const last = this.choices.below(2);
    for (let i = 0; i <= cases; i++) {
      const isDefault = i === cases;
      if (isDefault && last === 0) break;
      this.line(isDefault ? "default: {" : `case ${i}: {`);
      this.#indent++;
      this.statements(inside(), 1 + this.choices.below(2));
      if (!this.oneIn(3)) this.line("break;");
      this.#indent--;
      this.line("}");
    }
    this.#depth++;
    this.#indent--;
    this.line("}");
  }
}
