// Small loops that differ in one part from those that rewrites of loops look for: each breaks a condition that one rewrite checks.
import type { ArrayName, Extent, NestScope } from "./random-nest-terms.ts";
import { axisText } from "./random-nest-terms.ts";
import { NestStatementDraw } from "./random-nest-statements.ts";

/** Draws such loops. */
export class NestFormDraw extends NestStatementDraw {
  /** Draws a loop over an extent, in the scope of the whole function. `other` is another extent. */
  protected nearMiss(scope: NestScope, extent: Extent, other: Extent): void {
    const forms = [
      () => this.#sumOfItself(scope, extent),
      () => this.#otherDistance(scope, extent),
      () => this.#untoldIndex(scope, extent),
      () => this.#storeBetween(scope, extent),
      () => this.#rowOfIteration(scope, extent, other),
      () => this.#movingCondition(scope, extent, other),
      () => this.#lastOfLoop(scope, extent, other),
      () => this.#recurrenceOfIteration(scope, extent, other),
      () => this.#sumsOfRows(scope, extent, other),
    ];
    this.choices.of(forms)();
  }

  /** A sum whose terms depend on the sum, or on one that is added to in the same loop. */
  #sumOfItself(scope: NestScope, extent: Extent): void {
    const names = [this.fresh("t"), this.fresh("t")];
    for (const name of names) this.line(`let ${name} = ${this.choices.of(["0", "u", "0.5"])};`);
    this.#each(scope, extent, (inside) => {
      const count = 1 + this.choices.below(2);
      for (let i = 0; i < count; i++) {
        const name = names[i]!;
        const read = this.oneIn(3) ? this.choices.of(names) : name;
        const term = this.oneIn(4) ? this.leaf(inside) : this.selfTerm(inside, read);
        this.line(`${name} ${this.oneIn(4) ? "-=" : "+="} ${term};`);
      }
    });
    for (const name of names) this.line(`s += 0.5 * ${name};`);
  }

  /** An element that is stored in an iteration and read in another: its index moves at another rate. */
  #otherDistance(scope: NestScope, extent: Extent): void {
    const array = this.#newVector(extent);
    this.#each(scope, extent, (inside, i) => {
      const indices = [i, `2 * ${i}`, "0", "1", `${extent.text} - ${i}`, `2 * ${i} + 1`, `${i} + 1`];
      const [written, read] = [this.choices.of(indices), this.choices.of(indices)];
      const operator = this.choices.of(["=", "+="]);
      this.line(`${array}[${written}] ${operator} ${this.leaf(inside)} + 0.3 * ${array}[${read}];`);
    });
    this.#use(array);
  }

  /** An index that each iteration computes or reads from memory, and uses more than once. */
  #untoldIndex(scope: NestScope, extent: Extent): void {
    const array = this.#newVector(extent);
    this.#each(scope, extent, (inside, i) => {
      const at = this.fresh("at");
      const value = this.choices.of([`k[${i} % 7]`, `2 - (${i} % 3)`, `3 - (${i} % 4)`]);
      this.line(`const ${at} = ${value};`);
      const index = this.choices.of([`${i} + ${at}`, `${at} + ${i}`, `${i} + ${at}`, at]);
      const factor = this.choices.of([at, at, `x[${at}]`]);
      this.line(`${array}[${index}] ${this.choices.of(["=", "+="])} ${this.leaf(inside)} * ${factor};`);
    });
    this.#use(array);
  }

  /** An element is read, then something else is stored, then the sum of the element and a term. */
  #storeBetween(scope: NestScope, extent: Extent): void {
    const array = this.#newVector(extent);
    this.#each(scope, extent, (inside, i) => {
      const old = this.fresh("t");
      const others = [i, i, `${extent.text} - 1 - ${i}`, "0", `k[${i} % 7]`];
      this.line(`const ${old} = ${array}[${i}];`);
      this.line(`${array}[${this.choices.of(others)}] ${this.choices.of(["=", "+="])} ${this.leaf(inside)};`);
      this.line(`${array}[${i}] = ${this.choices.of([`${old} + `, `${old} - `])}${this.leaf(inside)};`);
    });
    this.#use(array);
  }

  /** An array that each iteration of an outer loop fills and reads, if it fills it in any case. */
  #rowOfIteration(scope: NestScope, extent: Extent, outer: Extent): void {
    const row = this.#newVector(extent);
    this.#each(scope, outer, (around, j) => {
      const from = this.choices.of(["0", "0", `${j} % 2`]);
      const condition = this.choices.of([`${j} % 2 === 0`, "", `Math.cos(${j}) > 0.2`, "u > 0.2"]);
      const isInside = this.oneIn(2);
      if (condition !== "" && !isInside) this.line(`if (${condition}) {`);
      this.#each(
        around,
        extent,
        (inside, i) => {
          const test = condition !== "" && isInside ? `if (${condition}) ` : "";
          this.line(`${test}${row}[${i}] = ${this.leaf(inside)} * (0.5 + Math.cos(${j}));`);
        },
        from,
      );
      if (condition !== "" && !isInside) this.line("}");
      this.#each(around, extent, (inside, i) => this.line(`s += ${row}[${i}] * ${this.leaf(inside)};`));
    });
    if (this.oneIn(2)) this.#use(row);
  }

  /** A condition that chooses a value, on a local that an inner or outer loop changes. */
  #movingCondition(scope: NestScope, extent: Extent, outer: Extent): void {
    const [moving, total] = [this.fresh("t"), this.fresh("t")];
    this.line(`let ${moving} = ${this.choices.of(["u", "0", "0.5"])};`);
    this.line(`let ${total} = 0;`);
    const changes = [
      `${moving} = x[0] - 0.9 * ${moving};`,
      `${moving} += 0.3;`,
      `${moving} = Math.sin(2 * ${moving} + 1);`,
    ];
    const change = (): void => this.line(this.choices.of(changes));
    const sum = (inside: NestScope): void => {
      const test = `${moving} ${this.choices.of(["<", ">"])} ${this.choices.of(["0.25", "u", "0"])}`;
      const value = (): string =>
        this.oneIn(3) ? this.leaf(inside) : this.choices.of(["-0.5", "0.25", "u", moving]);
      this.line(`${total} += ${test} ? ${value()} : ${value()};`);
    };
    const isInner = this.oneIn(2);
    this.#each(scope, outer, (around) => {
      if (!isInner) change();
      this.#each(around, extent, (inside) => {
        sum(inside);
        if (isInner) change();
      });
    });
    this.line(`s += ${total};`);
  }

  /** An element that each iteration of an inner loop overwrites. Sometimes the outer loop adds up a sum, too. */
  #lastOfLoop(scope: NestScope, extent: Extent, outer: Extent): void {
    const array = this.#newVector(outer);
    const hasSum = this.oneIn(2);
    this.#each(scope, outer, (around, j) => {
      if (hasSum) this.line(`s += ${this.leaf(around)};`);
      this.#each(around, extent, (inside) => {
        this.line(`${array}[${j}] = ${this.leaf(inside)};`);
        if (this.oneIn(2)) this.line(`${array}[${j}] -= ${this.leaf(inside)} * ${this.leaf(inside)};`);
      });
      if (hasSum && this.oneIn(2)) this.line(`s += 0.5 * ${array}[${j}];`);
    });
    this.#use(array);
  }

  /**
   * Draws a recurrence that each iteration of an outer loop runs separately. The gradient saves its values for the
   * backward pass in one array per iteration. It saves them for all iterations if the outer loop needs the result
   * before it can run backward.
   */
  #recurrenceOfIteration(scope: NestScope, extent: Extent, outer: Extent): void {
    const array = this.#newVector(outer);
    const value = this.fresh("t");
    // A literal bound proves that the iterations save to different elements.
    const bound = this.choices.of([String(extent.value), String(extent.value), extent.text]);
    this.#each(scope, outer, (around, j) => {
      this.line(`let ${value} = ${this.leaf(around)};`);
      const step = (inside: NestScope): void => {
        const term = this.leaf(inside);
        const forms = [
          `${value} = Math.sin(${value}) + ${term};`,
          `${value} = 0.5 * ${value} * ${term} + u;`,
          `${value} *= Math.cos(${value}) * ${term};`,
          `if (${value} > ${this.choices.of(["0.25", "u"])}) ${value} = Math.sin(${value} * ${term});`,
        ];
        this.line(this.choices.of(forms));
      };
      this.#each(around, extent, step, "0", bound);
      const uses = [`s += ${value};`, `${array}[${j}] = ${value};`, `${array}[0] += ${value};`];
      this.line(this.choices.of(uses));
      if (this.oneIn(4)) this.line(this.choices.of(uses));
    });
    if (this.oneIn(3)) return this.#use(array);
    const i = this.fresh("i");
    this.line(
      `for (let ${i} = 0; ${i} < ${outer.text}; ${i}++) s = Math.sin(s + ${array}[${i}] * ${array}[${i}]);`,
    );
  }

  /** Sums over the rows of a matrix, which need no saved values, so that the gradient runs backward within each row. */
  #sumsOfRows(scope: NestScope, extent: Extent, outer: Extent): void {
    const width = this.choices.of([String(extent.value), String(extent.value), extent.text]);
    const [rows, filled, total] = [this.fresh("z"), this.fresh("i"), this.fresh("t")];
    this.line(`const ${rows} = new Float64Array(${outer.text} * ${width});`);
    const value = this.choices.of(["u", "x[0]", "0.5"]);
    this.line(
      `for (let ${filled} = 0; ${filled} < ${rows}.length; ${filled}++) ${rows}[${filled}] = ${value} * Math.cos(${filled});`,
    );
    const array = this.#newVector(outer);
    this.#each(scope, outer, (around, j) => {
      this.line(`let ${total} = ${this.choices.of(["0", "0", "u"])};`);
      const add = (inside: NestScope, i: string): void => {
        const element = `${rows}[${j} * ${width} + ${i}]`;
        const forms = [
          `Math.sin(${element})`,
          `${element} * ${element}`,
          `0.5 * ${element}`,
          `${element} * ${this.leaf(inside)}`,
        ];
        this.line(`${total} += ${this.choices.of(forms)};`);
      };
      this.#each(around, extent, add, "0", width);
      const uses = [
        `s += ${total};`,
        `${array}[${j}] = ${total};`,
        `${array}[0] += ${total};`,
        `${array}[1] += 0.5 * ${total};`,
      ];
      this.line(this.choices.of(uses));
    });
    if (this.oneIn(3)) this.#use(array);
    else this.line(`s += ${array}[0] - 0.5 * ${array}[1];`);
  }

  /** A new array of `2 n + 3` numbers, filled. */
  #newVector(extent: Extent): string {
    const [array, i] = [this.fresh("z"), this.fresh("i")];
    const shape: Pick<ArrayName, "spare"> = { spare: true };
    this.line(`const ${array} = new Float64Array(${axisText(shape, extent)});`);
    const value = this.choices.of(["u", "x[0]", "0.5"]);
    if (!this.oneIn(3))
      this.line(
        `for (let ${i} = 0; ${i} < ${array}.length; ${i}++) ${array}[${i}] = ${value} * Math.cos(${i});`,
      );
    return array;
  }

  #each(
    scope: NestScope,
    extent: Extent,
    write: (inside: NestScope, index: string) => void,
    from = "0",
    to = extent.text,
  ): void {
    const index = this.fresh("i");
    const inside = {
      ...scope,
      indices: [...scope.indices, { name: index, extent }],
      labels: [...scope.labels, ""],
    };
    this.block(`for (let ${index} = ${from}; ${index} < ${to}; ${index}++) {`, () => write(inside, index));
  }

  /** Adds all elements of an array to the result. */
  #use(array: string): void {
    const i = this.fresh("e");
    this.line(`for (let ${i} = 0; ${i} < ${array}.length; ${i}++)`);
    this.line(`  s += ${array}[${i}] * Math.cos(1 + 1.3 * ${i});`);
  }
}
