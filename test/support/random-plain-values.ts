import { ExpressionDraw } from "./random-plain-expressions.ts";
import { type Name, type Scope, within } from "./random-plain-names.ts";

/** Draws statements that declare and assign values. */
export class ValueDraw extends ExpressionDraw {
  protected lines: string[] = [];
  protected indent = 1;

  protected line(text: string): void {
    this.lines.push(`${"  ".repeat(this.indent)}${text}`);
  }

  protected assign(scope: Scope): void {
    const { name } = this.recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    const operator = this.choices.of(["=", "+=", "*=", "-="]);
    const value = this.tame(scope);
    this.line(
      operator === "=" && this.oneIn(2)
        ? `${name} = 0.7 * ${name} + ${value};`
        : `${name} ${operator} ${value};`,
    );
  }

  protected store(scope: Scope): void {
    const { name, length } = this.recent(scope.arrays.filter(({ canBeSet }) => canBeSet));
    const place = this.place(scope, length);
    const operator = this.choices.of(["=", "+=", "*=", "-="]);
    this.line(`${name}[${place}]${operator === "=" ? "" : "!"} ${operator} ${this.tame(scope)};`);
  }

  protected declare(scope: Scope): void {
    const name = this.name("v");
    const canBeSet = !this.oneIn(4);
    this.line(`${canBeSet ? "let" : "const"} ${name} = ${this.expression(scope, 2)};`);
    scope.numbers.push({ name, canBeSet });
  }

  protected declareArray(scope: Scope): void {
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
      ...(
        [
          ["n - 1", 3],
          ["(n / 2) | 0", 2],
          ["Math.floor(n / 2)", 2],
          ["Math.min(n, 3)", 3],
          ["Math.max(2, x.length - n)", 2],
          ["n * 2 - x.length", 3],
          ["Math.round(2.5 + gain)", 3],
        ] as const
      ).map(([size, count]) => [`new Float64Array(${size})`, count] as const),
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

  /** Swaps the names of two arrays of equal length that were declared in one block. */
  protected moveArrays(scope: Scope): void {
    const movable = scope.arrays.filter(({ canMove }) => canMove);
    const last = movable.at(-1);
    const twin = movable.at(-2);
    if (last === undefined || twin === undefined || last.length !== twin.length)
      return this.declareArray(scope);
    if (this.oneIn(2)) this.line(`[${twin.name}, ${last.name}] = [${last.name}, ${twin.name}];`);
    else {
      const kept = this.name("kept");
      this.line(`const ${kept} = ${twin.name};`);
      this.line(`${twin.name} = ${last.name};`);
      this.line(`${last.name} = ${kept};`);
    }
  }

  protected tuple(scope: Scope): void {
    const settable = scope.numbers.filter(({ canBeSet }) => canBeSet);
    if (settable.length > 1 && this.oneIn(2)) {
      const [a, b] = settable.slice(-2) as [Name, Name];
      const values = this.oneIn(2) ? [b.name, a.name] : [this.tame(scope), a.name];
      this.line(`[${a.name}, ${b.name}] = [${values.join(", ")}];`);
      return;
    }
    const [a, b] = [this.name("v"), this.name("v")];
    const pair = `[${this.expression(scope, 1)}, ${this.tame(scope)}]`;
    this.line(`let [${a}, ${b}] = ${(this.oneIn(2) ? this.made(scope, "pair") : undefined) ?? pair};`);
    scope.numbers.push({ name: a, canBeSet: true }, { name: b, canBeSet: true });
  }

  protected record(scope: Scope): void {
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
    const made = this.oneIn(3) ? this.made(scope, "record") : undefined;
    const value = this.oneIn(2)
      ? `{ a: ${this.expression(scope, 1)}, b: ${this.tame(scope)} }`
      : `{ ...${this.recent(scope.records).name}, a: ${this.tame(scope)} }`;
    this.line(`let ${name} = ${made ?? value};`);
    scope.records.push({ name, canBeSet: true });
    if (this.oneIn(2)) {
      const [a, b] = [this.name("v"), this.name("v")];
      this.line(`const { a: ${a}, b: ${b} } = ${name};`);
      scope.numbers.push({ name: a, canBeSet: false }, { name: b, canBeSet: false });
    } else scope.numbers.push({ name: `${name}.a`, canBeSet: false }, { name: `${name}.b`, canBeSet: true });
  }

  protected arrow(scope: Scope): void {
    const name = this.name("g");
    const inside = within(scope);
    const param = this.name("w");
    inside.numbers.push({ name: param, canBeSet: false });
    this.line(`const ${name} = (${param}«: number»)«: number» => ${this.tame(inside)};`);
    scope.calls.push({ name, arity: 1 });
  }

  /** A function with infinite slope at its argument, in a value that is not selected. */
  protected steep(scope: Scope): void {
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

  protected matrix(scope: Scope): void {
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

  /** A tuple, read and written at any index. */
  protected places(scope: Scope): void {
    const known = scope.tuples;
    if (known.length > 0 && this.oneIn(2)) {
      const { name, length } = this.recent(known);
      const operator = this.choices.of(["=", "+=", "*="]);
      const place = this.place(scope, length);
      this.line(`${name}[${place}]${operator === "=" ? "" : "!"} ${operator} ${this.tame(scope)};`);
      return;
    }
    const name = this.name("q");
    const length = 2 + this.choices.below(2);
    const items = Array.from({ length }, () => this.tame(scope));
    const pair = length === 2 && this.oneIn(2) ? this.made(scope, "pair") : undefined;
    const type = `[${items.map(() => "number").join(", ")}]`;
    this.line(`const ${name}«: ${type}» = ${pair ?? `[${items.join(", ")}]`};`);
    scope.tuples.push({ name, length });
    if (this.oneIn(2)) this.#fill(scope, name, length, "");
  }

  /** Records in a tuple or an array, with a write to one of them by index. */
  protected list(scope: Scope): void {
    const known = scope.lists;
    if (known.length > 0 && this.oneIn(2)) {
      const { name, length } = this.recent(known);
      const target = `${name}[${this.place(scope, length)}]!.${this.choices.of(["a", "b"])}`;
      this.line(`${target} ${this.choices.of(["=", "+=", "*="])} ${this.tame(scope)};`);
      return;
    }
    const name = this.name("l");
    const record = (): string => `{ a: ${this.tame(scope)}, b: ${this.leaf(scope)} }`;
    const forms: readonly (readonly [text: string, length: number])[] = [
      [`[${record()}, ${record()}]`, 2],
      [`Array.from({ length: 3 }, () => (${record()}))`, 3],
      [`ps.map(({ a, b }) => ({ a: b, b: a + ${this.leaf(scope)} }))`, 3],
    ];
    const [text, length] = this.choices.of(scope.arrays.length > 0 ? forms : forms.slice(0, 2));
    this.line(`const ${name} = ${text};`);
    scope.lists.push({ name, length });
    if (this.oneIn(2)) this.#fill(scope, name, length, ".b");
  }

  /** Updates the items of a tuple or list of records in a loop. New values may depend on earlier items. */
  #fill(scope: Scope, name: string, length: number, field: string): void {
    const index = this.name("i");
    const inside = within(scope);
    inside.indices.push({ name: index, below: length });
    const [from, to] = this.choices.of([
      ["0", `${length}`],
      ["1", `${length}`],
      ["0", `${name}.length`],
    ] as const);
    const item = `${name}[${index}]!${field}`;
    this.line(`for (let ${index} = ${from}; ${index} < ${to}; ${index}++) {`);
    this.line(`  ${item} ${this.choices.of(["=", "+=", "*="])} ${this.tame(inside)};`);
    if (this.oneIn(3)) this.line(`  if (${item} > 0.8) break;`);
    this.line(`  ${name}[(${index} + 1) % ${length}]!${field} += 0.5 * ${item};`);
    this.line("}");
  }

  /** A string that a condition or an argument chooses, and a number that depends on it. */
  protected mode(scope: Scope): void {
    const [name, value] = [this.name("mode"), this.name("v")];
    const isSet = this.oneIn(2);
    if (this.oneIn(2)) this.line(`${isSet ? "let" : "const"} ${name}«: "up" | "down" | "level"» = way;`);
    else this.line(`${isSet ? "let" : "const"} ${name} = ${this.condition(scope)} ? "up" : "down";`);
    if (isSet) this.line(`if (${this.condition(scope)}) ${name} = "level";`);
    this.line(`let ${value} = ${name} === "up" ? ${this.tame(scope)} : ${this.leaf(scope)};`);
    const then = this.tame(scope);
    this.line(`switch (${name}) { case "up": ${value} += 0.5; break; case "level": ${value} = ${then}; }`);
    scope.numbers.push({ name: value, canBeSet: true });
  }

  /** Bytes of an argument: one by one, in a loop, and as an array of numbers. */
  protected bytes(scope: Scope): void {
    const [name, item] = [this.name("v"), this.name("e")];
    const inside = within(scope);
    inside.numbers.push({ name: item, canBeSet: false });
    switch (this.choices.below(4)) {
      case 0:
        this.line(`const ${name} = bytes[${this.place(scope, 4)}]! / 255 * ${this.leaf(scope)};`);
        break;
      case 1:
        this.line(`let ${name} = 0.125 * bytes.length;`);
        this.line(
          `for (const raw of bytes) { const ${item} = raw / 255; ${name} = 0.5 * ${name} + ${this.tame(inside)}; }`,
        );
        break;
      case 2:
        this.line(
          `const ${name} = bytes.reduce((total, ${item}) => 0.5 * total + ${this.leaf(scope)} * ${item} / 255, 0);`,
        );
        break;
      default: {
        const array = this.name("t");
        this.line(`const ${array} = ${this.oneIn(2) ? "new Float64Array(bytes)" : "Array.from(bytes)"};`);
        this.line(`for (let i = 0; i < ${array}.length; i++) ${array}[i] = ${array}[i]! / 255;`);
        scope.arrays.push({
          name: array,
          length: 4,
          bound: `${array}.length`,
          canBeSet: true,
          canMove: false,
        });
        return;
      }
    }
    scope.numbers.push({ name, canBeSet: false });
  }

  /** Declares an object of the union that the function makes: one that is known, chosen, replaced or one of a list. */
  #ownShape(scope: Scope): string {
    const name = this.name("own");
    const disc = `{ kind: "disc", r: ${this.leaf(scope)} }`;
    const box = `{ kind: "box", w: ${this.leaf(scope)}, h: ${this.leaf(scope)} }`;
    const [first, second] = this.oneIn(2) ? [disc, box] : [box, disc];
    switch (this.choices.below(4)) {
      case 0:
        this.line(`const ${name}«: Shape» = ${first};`);
        break;
      case 1:
        this.line(`const ${name}«: Shape» = ${this.condition(scope)} ? ${first} : ${second};`);
        break;
      case 2:
        this.line(`let ${name}«: Shape» = ${first};`);
        this.line(`if (${this.condition(scope)}) ${name} = ${second};`);
        break;
      default: {
        const list = this.name("shapes");
        this.line(`const ${list}«: Shape[]» = [${first}, ${second}];`);
        this.line(`const ${name} = ${list}[${this.choices.of(["0", "1"])}]!;`);
      }
    }
    return name;
  }

  /** A number of an argument that is one of several objects. */
  protected union(scope: Scope): void {
    const value = this.name("v");
    const shape = this.oneIn(2) ? "shape" : this.#ownShape(scope);
    if (this.oneIn(2)) {
      const [disc, box] = [`${shape}.r * ${this.leaf(scope)}`, `${shape}.w - 0.5 * ${shape}.h`];
      this.line(`const ${value} = ${shape}.kind === "disc" ? ${disc} : ${box};`);
    } else {
      this.line(`let ${value} = ${this.leaf(scope)};`);
      this.line(`switch (${shape}.kind) {`);
      this.line(`  case "disc": ${value} += ${shape}.r ** 2; break;`);
      this.line(`  case "box": ${value} = ${shape}.w * ${shape}.h + 0.25 * ${value};`);
      this.line("}");
    }
    scope.numbers.push({ name: value, canBeSet: false });
  }

  /** A function that a function returns, which refers to the arguments of the call. */
  protected factory(scope: Scope): void {
    const [name, make, kept, value] = [this.name("g"), this.name("make"), this.name("c"), this.name("w")];
    const inside = within(scope);
    inside.numbers.push({ name: kept, canBeSet: false }, { name: value, canBeSet: false });
    this.line(`const ${make} = (${kept}«: number») => (${value}«: number») => ${this.tame(inside)};`);
    this.line(`const ${name} = ${make}(${this.leaf(scope)});`);
    scope.calls.push({ name, arity: 1 });
  }

  /** The first item of an array, and an array of the rest. */
  protected rest(scope: Scope): void {
    const { name: array, length } = this.recent(scope.arrays);
    const [first, rest] = [this.name("v"), this.name("t")];
    this.line(`const [${first}, ...${rest}] = ${array};`);
    scope.numbers.push({ name: first, canBeSet: false });
    if (length < 2) return;
    scope.arrays.push({
      name: rest,
      length: length - 1,
      bound: `${rest}.length`,
      canBeSet: true,
      canMove: false,
    });
  }

  /** An array that a loop fills by `push`, and a number computed from it. */
  protected grow(scope: Scope): void {
    const [name, item, value] = [this.name("grown"), this.name("e"), this.name("v")];
    const { name: array } = this.recent(scope.arrays.filter(({ canBeSet }) => !canBeSet));
    const inside = within(scope);
    inside.numbers.push({ name: item, canBeSet: false });
    const hasFirst = this.oneIn(2);
    this.line(`const ${name}«: number[]» = ${hasFirst ? `[${this.tame(scope)}]` : "[]"};`);
    this.line(`for (const ${item} of ${array}) {`);
    if (this.oneIn(3))
      this.line(`  if (${this.condition(inside)}) ${this.choices.of(["continue", "break"])};`);
    const [times, index] = [this.choices.of(["2", "n - 1"]), this.name("i")];
    const before = hasFirst ? `0.5 * ${name}[${name}.length - 1]! + ` : "";
    const push = `${name}.push(${before}${this.tame(inside)});`;
    if (this.oneIn(3)) this.line(`  for (let ${index} = 0; ${index} < ${times}; ${index}++) ${push}`);
    else this.line(`  ${this.oneIn(3) ? `if (${this.condition(inside)}) ` : ""}${push}`);
    this.line("}");
    if (this.oneIn(3)) this.line(`${name}.push(0.25, ${this.leaf(scope)});`);
    this.line(
      `const ${value} = ${name}.reduce((total, item) => 0.5 * total + item, 0.125 * ${name}.length);`,
    );
    scope.numbers.push({ name: value, canBeSet: false });
  }

  /** A record that a loop adds to. */
  protected total(scope: Scope): void {
    const [name, item] = [this.name("total"), this.name("e")];
    const { name: array } = this.recent(scope.arrays.filter(({ canBeSet }) => !canBeSet));
    const inside = within(scope);
    inside.numbers.push({ name: item, canBeSet: false });
    if (this.oneIn(3)) {
      const kept = this.name("kept");
      inside.numbers.push({ name: `${kept}.a`, canBeSet: false }, { name: `${kept}.b`, canBeSet: false });
      const next = `{ a: ${kept}.a + ${this.tame(inside)}, b: 0.5 * ${kept}.b + ${this.tame(inside)} }`;
      const start = `{ a: 0, b: ${this.leaf(scope)} }`;
      this.line(`const ${name} = ${array}.reduce((${kept}, ${item}) => (${next}), ${start});`);
    } else {
      this.line(`const ${name} = { a: 0, b: ${this.leaf(scope)} };`);
      inside.numbers.push({ name: `${name}.a`, canBeSet: false }, { name: `${name}.b`, canBeSet: false });
      this.line(`for (const ${item} of ${array}) {`);
      this.line(`  ${name}.a += ${this.tame(inside)};`);
      if (this.oneIn(2)) this.line(`  if (${this.condition(inside)}) continue;`);
      this.line(`  ${name}.b = 0.5 * ${name}.b + ${this.tame(inside)};`);
      this.line("}");
    }
    scope.numbers.push({ name: `${name}.a`, canBeSet: true }, { name: `${name}.b`, canBeSet: true });
    scope.records.push({ name, canBeSet: false });
  }
}
