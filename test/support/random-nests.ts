// Draws random loop nests in the style of user programs. They are one to four deep and contain parallel loops,
// reductions, recurrences, sums, products, minima and maxima. Temporaries and arrays occur at every level, with shifted
// and swapped elements, early exits, data-dependent conditions, and helpers. Trip counts include the thresholds of loop
// rewrites.
import { stripLength } from "../../src/engine/loops/operands.ts";
import { stripLanes } from "../../src/engine/loops/strips.ts";
import type { Choices } from "./random-choices.ts";
import type { ArrayName, Extent, LocalNumber, LoopIndex, NestScope } from "./random-nest-terms.ts";
import { NestFormDraw } from "./random-nest-forms.ts";
import { axisLength, axisText, withNumber } from "./random-nest-terms.ts";
import type { PlainProgram } from "./random-plain.ts";

const { double: lanes } = stripLanes;

/** Trip counts, the simplest first. */
const tripCounts = [
  2 * lanes,
  2 * lanes + 1,
  4 * lanes,
  3,
  4 * lanes + 1,
  2 * lanes,
  lanes,
  2 * lanes - 1,
  2 * lanes + 1,
  lanes + 1,
  4 * lanes - 1,
  lanes - 1,
  2,
  1,
  0,
  0,
  stripLanes.single,
  2 * stripLanes.single + 1,
  stripLength - 1,
  stripLength + 1,
  100,
];
/** Most iterations of a full nest over all extents. */
const mostIterations = 3000;

/** Draws a program. Choices that are all 0 draw the simplest one. */
export function randomNest(choices: Choices): PlainProgram {
  return new NestDraw(choices).program();
}

/** Header of a loop: the order in which it visits its indices. */
interface Header {
  readonly text: string;
  readonly index: LoopIndex;
}

type Statement = (scope: NestScope) => void;

class NestDraw extends NestFormDraw {
  /** Statements that may still be drawn, so that programs stay small. */
  #left = 0;
  #extents: readonly Extent[] = [];

  program(): PlainProgram {
    this.oddness = this.choices.of([1, 0, 2, 4, 1, 7]);
    this.#extents = this.#drawExtents();
    const [first, second, third] = this.#extents as [Extent, Extent, Extent];
    const salt = this.choices.below(1000);
    const number = (i: number): number => Math.sin(1 + 2.39 * i + 0.017 * salt);
    const numbers = (count: number, from: number): number[] =>
      Array.from({ length: count }, (_, i) => number(from + i));
    const given: readonly ArrayName[] = [
      { name: "x", layout: "vector", extents: [first], spare: true, canBeSet: false, isTame: true },
      { name: "y", layout: "vector", extents: [second], spare: true, canBeSet: false, isTame: true },
      { name: "m", layout: "rows", extents: [first, second], spare: true, canBeSet: false, isTame: true },
      { name: "w", layout: "flat", extents: [second, third], spare: true, canBeSet: false, isTame: true },
    ];
    const sizeOf = (array: ArrayName): number[] => array.extents.map((extent) => axisLength(array, extent));
    const [x, y, m, w] = given.map(sizeOf) as [number[], number[], number[], number[]];
    const rows = Array.from({ length: m[0]! }, (_, i) => numbers(m[1]!, 300 + i * m[1]!));
    const helpers = this.#helpers();
    this.#left = 3 + this.choices.below(10);
    const scope = this.#start(given, helpers.names);
    const isInt32 = !this.oneIn(3);
    const loops = 1 + this.choices.below(2);
    let around = scope;
    const isFocused = this.oneIn(3);
    for (let i = 0; i < loops; i++)
      if (isFocused) around = this.#focused(around);
      else if (this.choices.below(5) === 4) around = this.#product(around);
      else this.#loop(around, 3);
    this.#end(around);
    const text = `${helpers.text}${signature(isInt32 ? "Int32Array" : "readonly number[]")}${this.lines.join("\n")}\n}\n`;
    return {
      typescript: text.replaceAll(/[«»]/g, ""),
      javascript: text.replaceAll(/«[^»]*»/g, ""),
      args: [
        number(1),
        Float64Array.from(numbers(x[0]!, 2)),
        Float64Array.from(numbers(y[0]!, 100)),
        rows,
        Float64Array.from(numbers(w[0]! * w[1]!, 700)),
        ...this.#extents.map(({ value }) => value),
        isInt32 ? Int32Array.from(steps) : steps,
      ],
      wrt: [0, 1, 2, 3, 4],
      outside: {},
    };
  }

  #drawExtents(): Extent[] {
    let left = mostIterations;
    return ["n", "c", "q"].map((text) => {
      const value = this.choices.of(tripCounts);
      const fitting = value <= left ? value : 2 + (value % 2);
      left /= Math.max(1, fitting);
      return { text, value: fitting };
    });
  }

  #helpers(): { readonly text: string; readonly names: readonly string[] } {
    const names: string[] = [];
    let text = "";
    const count = this.choices.below(4) - 1;
    for (let i = 0; i < count; i++) {
      const name = this.fresh("h");
      const scope: NestScope = {
        numbers: ["a", "b"].map((param) => ({ name: param, canBeSet: false, isTame: true })),
        arrays: [],
        indices: [],
        helpers: [...names],
        labels: [],
      };
      const early = this.oneIn(2) ? `  if (a > b) return ${this.#helperTerm(scope)};\n` : "";
      const loop = this.oneIn(3) ? `  for (let i = 0; i < 3; i++) t = 0.5 * t + a * b;\n` : "";
      text +=
        `function ${name}(a«: number», b«: number»)«: number» {\n` +
        `  let t = ${this.#helperTerm(scope)};\n${early}${loop}  return t;\n}\n`;
      names.push(name);
    }
    return { text, names };
  }

  #helperTerm({ helpers }: NestScope): string {
    const forms = ["a * b", "Math.sin(a) - 0.5 * b", "Math.max(a, b)", "a / (1 + b * b)"];
    const inner = helpers.at(-1);
    return inner !== undefined && this.oneIn(3) ? `${inner}(b, a)` : this.choices.of(forms);
  }

  // Declarations

  /** Declares sums and arrays that all loops share. */
  #start(given: readonly ArrayName[], helpers: readonly string[]): NestScope {
    let scope: NestScope = {
      numbers: [{ name: "u", canBeSet: false, isTame: true }],
      arrays: given,
      indices: [],
      helpers,
      labels: [],
    };
    this.line(`let s = ${this.choices.of(["0", "0.5", "u"])};`);
    scope = withNumber(scope, { name: "s", canBeSet: true, isTame: false });
    // an array for most of the loops, so that each may have an element of its own
    const skipped = this.choices.below(7); // 3 and more: none
    this.#extents.forEach((extent, i) => {
      if (i !== skipped) scope = this.#declareArray(scope, extent);
    });
    return scope;
  }

  /** Declares an array whose first axis has an extent, sometimes with a twin, and sometimes fills it. */
  #declareArray(scope: NestScope, extent: Extent): NestScope {
    const name = this.fresh("z");
    const layout = this.choices.of(["vector", "vector", "flat", "rows"] as const);
    const spare = !this.oneIn(3);
    const others = this.#extents.filter((one) => one !== extent || this.odd());
    const extents = layout === "vector" ? [extent] : [extent, this.choices.of(others)];
    const texts = extents.map((one) => axisText({ spare }, one));
    const value =
      layout === "rows"
        ? `Array.from({ length: ${texts[0]} }, () => new Array«<number>»(${texts[1]}).fill(0))`
        : `new Float64Array(${texts.join(" * ")})`;
    const hasTwin = layout === "vector" && this.oneIn(4);
    const twin = hasTwin ? this.fresh("z") : undefined;
    const array: ArrayName = { name, layout, extents, spare, canBeSet: true, isTame: false };
    this.line(`${hasTwin ? "let" : "const"} ${name} = ${value};`);
    if (layout !== "rows" && !this.oneIn(3)) {
      const i = this.fresh("i");
      const start = this.choices.of(["u", "0.5", "x[0]"]);
      this.line(
        `for (let ${i} = 0; ${i} < ${name}.length; ${i}++) ${name}[${i}] = ${start} * Math.cos(${i});`,
      );
    }
    if (twin === undefined) return { ...scope, arrays: [...scope.arrays, array] };
    this.line(`let ${twin} = ${value};`);
    const pair = [
      { ...array, name: twin },
      { ...array, twin },
    ];
    return { ...scope, arrays: [...scope.arrays, ...pair] };
  }

  /** Adds everything that loops may have changed to the result. */
  #end(scope: NestScope): void {
    const text = this.lines.join("\n");
    const isUsed = (name: string): boolean => text.split(`${name}[`).length > 2 || text.includes(`${name},`);
    for (const array of scope.arrays.filter(({ name, canBeSet }) => canBeSet && isUsed(name))) {
      const [i, j] = [this.fresh("e"), this.fresh("e")];
      const [first, second] = array.extents.map((extent) => axisText(array, extent));
      if (array.layout === "rows") {
        this.line(`for (let ${i} = 0; ${i} < ${first}; ${i}++)`);
        this.line(`  for (let ${j} = 0; ${j} < ${second}; ${j}++)`);
        this.line(`    s += ${array.name}[${i}][${j}] * Math.cos(1 + 1.3 * ${i} + 0.7 * ${j});`);
      } else {
        this.line(`for (let ${i} = 0; ${i} < ${array.name}.length; ${i}++)`);
        this.line(`  s += ${array.name}[${i}] * Math.cos(1 + 1.3 * ${i});`);
      }
    }
    for (const { name, canBeSet } of scope.numbers)
      if (canBeSet && name !== "s") this.line(`s += 0.5 * ${name};`);
    this.line("return s;");
  }

  // Loops

  /** A small loop that breaks one condition of a rewrite. */
  #focused(scope: NestScope): NestScope {
    if (this.oneIn(4)) return this.#product(scope, true);
    const [extent, other] = [this.choices.of(this.#extents), this.choices.of(this.#extents)];
    this.nearMiss(scope, extent, other);
    return scope;
  }

  /** A loop with a body of statements; `depth` more levels may follow. */
  #loop(scope: NestScope, depth: number): void {
    const { text, index } = this.#header(scope);
    const label = this.oneIn(12) ? this.fresh("loop") : "";
    const inside: NestScope = {
      ...scope,
      indices: [...scope.indices, index],
      labels: [...scope.labels, label],
    };
    this.block(`${label === "" ? "" : `${label}: `}for (${text}) {`, () => this.#body(inside, depth));
  }

  #header(scope: NestScope): Header {
    const index = this.fresh("i");
    const around = scope.indices.map(({ extent }) => extent.text);
    const free = this.#extents.filter(({ text }) => !around.includes(text));
    const extent = this.choices.of(free.length > 0 && !this.odd() ? free : this.#extents);
    const same = scope.indices.findLast((one) => one.extent.text === extent.text);
    const { text } = extent;
    const plain = `let ${index} = 0; ${index} < ${text}; ${index}++`;
    const forms = [
      `let ${index} = ${text} - 1; ${index} >= 0; ${index}--`,
      `let ${index} = 1; ${index} < ${text}; ${index}++`,
      `let ${index} = 0; ${index} < ${text} - 1; ${index}++`,
      `let ${index} = 0; ${index} < ${text}; ${index} += 2`,
      `let ${index} = 0; ${index} < ${text} && ${this.leaf(scope)} < 0.9; ${index}++`,
      same === undefined ? plain : `let ${index} = 0; ${index} <= ${same.name}; ${index}++`,
      same === undefined ? plain : `let ${index} = ${same.name} + 1; ${index} < ${text}; ${index}++`,
      `let ${index} = 0; ${index} < ${extent.value}; ${index}++`,
    ];
    return { text: this.odd() ? this.choices.of(forms) : plain, index: { name: index, extent } };
  }

  #body(scope: NestScope, depth: number): void {
    let here = scope;
    const count = 1 + this.choices.below(3);
    for (let i = 0; i < count && (i === 0 || this.#left > 0); i++) {
      this.#left--;
      const declared = this.#statement(here, depth);
      if (declared !== undefined) here = declared;
    }
  }

  /** Draws a statement; returns the scope after it if that has more names. */
  #statement(scope: NestScope, depth: number): NestScope | undefined {
    const flat: readonly (() => NestScope | void)[] = [
      () => this.accumulate(scope),
      () => this.addToElement(scope),
      () => this.store(scope),
      () => this.temporary(scope),
      () => this.shifted(scope),
    ];
    const nested: readonly (() => NestScope | void)[] = [
      () => this.#reductions(scope, depth),
      () => this.#loop(scope, depth - 1),
      () => this.#reductions(scope, depth),
      () => this.#ownArray(scope, depth),
      () => this.#ownArray(scope, depth),
      () => this.#product(scope),
      () => this.#rows(scope),
    ];
    const rare: readonly (() => NestScope | void)[] = [
      () => this.recurrence(scope),
      () => this.#branch(scope, depth, (inside) => this.#body(inside, Math.min(depth, 1))),
      () => this.exit(scope),
      () => this.exchange(scope),
      () => this.#while(scope),
      () => this.shifted(scope),
      () => this.#cursor(scope, depth),
    ];
    const isOpen = depth > 0 && this.#left > 0;
    const tidy = isOpen && !this.oneIn(3) ? nested : flat;
    const declared = this.choices.of(this.odd() ? rare : tidy)();
    return declared ?? undefined;
  }

  /** Several folds in a separate loop, whose results are used after it. */
  #reductions(scope: NestScope, depth: number): NestScope {
    let inside = scope;
    const names: LocalNumber[] = [];
    const count = 1 + (this.choices.below(5) % 3 === 0 ? 1 : this.choices.below(3));
    const kinds = Array.from({ length: count }, () =>
      this.odd() ? this.choices.of(["*", "max", "min"]) : "+",
    );
    for (const kind of kinds) {
      const name = this.fresh("t");
      const start = kind === "+" ? this.choices.of(["0", "0", "u"]) : kind === "*" ? "1" : "u";
      this.line(`let ${name} = ${start};`);
      names.push({ name, canBeSet: true, isTame: false });
    }
    const { text, index } = this.#header(scope);
    const within: NestScope = { ...scope, indices: [...scope.indices, index], labels: [...scope.labels, ""] };
    this.block(`for (${text}) {`, () => {
      let here = within;
      if (this.oneIn(4)) here = this.temporary(here);
      const all = { ...here, numbers: [...here.numbers, ...names] };
      names.forEach(({ name }, i) => this.fold(this.odd() ? all : here, name, kinds[i]!));
      if (this.odd()) this.#statement(all, depth - 1);
    });
    for (const one of names) inside = withNumber(inside, one);
    const [used, other] = [names.at(-1)!.name, names[0]!.name];
    const value = this.choices.of([`${used} - 0.01 * ${other} * ${other}`, used, `${used} * 0.1 + ${other}`]);
    this.put(inside, value);
    return inside;
  }

  /** A loop that stores to elements of its iteration, along with a sum. */
  #rows(scope: NestScope): void {
    const { text, index } = this.#header(scope);
    const inside = { ...scope, indices: [...scope.indices, index], labels: [...scope.labels, ""] };
    const { name } = scope.numbers.findLast(({ canBeSet }) => canBeSet)!;
    if (this.oneIn(2)) this.line(`${name} += ${this.term(scope)};`);
    this.block(`for (${text}) {`, () => this.store(inside));
    this.line(`${name} += ${this.term(scope)};`);
  }

  /** An array for each iteration, filled in one loop and read in another. */
  #ownArray(scope: NestScope, depth: number): void {
    const extent = this.choices.of(this.#extents);
    const known = scope.arrays.filter(
      ({ layout, canBeSet, extents }) => layout === "vector" && canBeSet && extents[0]!.text === extent.text,
    );
    const isShared = known.length > 0 && this.oneIn(2);
    const array: ArrayName = isShared
      ? this.recent(known)
      : {
          name: this.fresh("row"),
          layout: "vector",
          extents: [extent],
          spare: this.oneIn(3),
          canBeSet: true,
          isTame: false,
        };
    const { name } = array;
    if (!isShared) this.line(`const ${name} = new Float64Array(${axisText(array, extent)});`);
    const each = (write: (inside: NestScope, j: string) => void): void => {
      const j = this.fresh("j");
      const index = { name: j, extent };
      const from = this.oneIn(6) || this.odd() ? 1 : 0;
      this.block(`for (let ${j} = ${from}; ${j} < ${extent.text}; ${j}++) {`, () =>
        write({ ...scope, indices: [...scope.indices, index], labels: [...scope.labels, ""] }, j),
      );
    };
    const isKept = isShared && this.oneIn(4);
    each((inside, j) => {
      const store = `${name}[${j}] ${isKept || this.odd() ? "+=" : "="} ${this.term(inside)};`;
      this.line(this.oneIn(6) ? `if (${this.condition(inside)}) ${store}` : store);
    });
    const more = { ...scope, arrays: [...scope.arrays, array] };
    if (this.odd()) this.#statement(more, depth - 1);
    each((inside, j) => {
      const here = { ...inside, arrays: [...inside.arrays, array] };
      const place = this.place(here, array, extent) ?? j;
      this.put(here, `0.1 * ${name}[${place}] * ${this.leaf(here)}`);
    });
  }

  /** A product of two matrices, or a similar loop nest. */
  #product(scope: NestScope, isDisturbed = this.oneIn(4)): NestScope {
    const [first, second, third] = this.#extents as [Extent, Extent, Extent];
    // rows, columns and sums; given matrices have the first and second, and the second and third extent
    const [rows, columns, sums] = this.choices.of([
      [first, third, second],
      [third, first, second],
      [first, second, third],
      [second, third, first],
    ] as const);
    const out = this.#productTarget(scope, rows, columns);
    const names = new Map([rows, columns, sums].map((extent) => [extent, this.fresh("i")]));
    const indices = [...names].map(([extent, name]): LoopIndex => ({ name, extent }));
    const isLocal = this.oneIn(2);
    const orders = [[rows, columns, sums] as const, [columns, rows, sums] as const];
    const more = [[rows, sums, columns] as const, [sums, rows, columns] as const];
    const order = this.choices.of(isLocal ? orders : [...orders, ...more]);
    const own: NestScope = { ...scope, indices, labels: ["", "", ""] };
    const withOut = { ...scope, arrays: [...scope.arrays, out] };
    const total = this.fresh("t");
    const element = this.element({ ...own, arrays: [out] }, out, 0)!;
    const disturbed = isDisturbed ? this.choices.below(3) : -1;
    const open = (level: number): void => {
      const extent = order[level];
      if (extent === undefined) {
        const product = `${this.#factor(own, rows, sums)} * ${this.#factor(own, sums, columns)}`;
        if (disturbed === 0) this.#disturb(own, element, product);
        this.line(`${isLocal ? total : element} ${this.oneIn(6) ? "-=" : "+="} ${product};`);
        if (disturbed === 1) this.#disturb(own, element, product);
        if (this.odd()) this.put({ ...own, arrays: withOut.arrays }, this.term(own));
        return;
      }
      if (isLocal && level === 2) this.line(`let ${total} = ${this.odd() ? "0.5" : "0"};`);
      const index = names.get(extent)!;
      const step = this.odd() ? ` && ${this.leaf(scope)} < 0.9` : "";
      this.block(`for (let ${index} = 0; ${index} < ${extent.text}${step}; ${index}++) {`, () =>
        open(level + 1),
      );
      if (isLocal && level === 2) this.line(`${element} ${this.choices.of(["=", "+="])} ${total};`);
      else if (level === 2 && disturbed === 2 && order[2] === sums)
        this.#disturb({ ...own, indices: indices.filter((one) => one.extent !== sums) }, element, "u");
      else if (level === 1 && this.odd())
        this.put({ ...withOut, indices: indices.filter((one) => one.extent === order[0]) }, `0.1 * u`);
    };
    open(0);
    return withOut;
  }

  /** A statement in the nest of a product that changes or reads its result, or changes one of its factors. */
  #disturb(scope: NestScope, element: string, product: string): void {
    const [name] = product.split("[") as [string];
    const factor = scope.arrays.find((array) => array.canBeSet && name.endsWith(array.name));
    const changed = factor && this.element(scope, factor, 0);
    if (changed !== undefined && this.oneIn(2)) {
      this.line(`${changed} ${this.choices.of(["=", "+="])} ${this.term(scope)};`);
      return;
    }
    const { name: sum } = this.recent(scope.numbers.filter(({ canBeSet }) => canBeSet));
    const forms = [
      `${sum} += 0.01 * ${element};`,
      `${element} = 0.5 * ${element};`,
      `${element} = ${this.leaf(scope)};`,
    ];
    this.line(this.choices.of(forms));
  }

  /** Destination of a matrix product: a matrix in scope, or a new one. */
  #productTarget(scope: NestScope, rows: Extent, columns: Extent): ArrayName {
    const known = scope.arrays.find(
      ({ extents, canBeSet }) => canBeSet && extents[0] === rows && extents[1] === columns,
    );
    if (known !== undefined && this.oneIn(2)) return known;
    const spare = this.oneIn(3);
    const extents = [rows, columns];
    const [name, texts] = [this.fresh("z"), extents.map((extent) => axisText({ spare }, extent))];
    this.line(`const ${name} = new Float64Array(${texts.join(" * ")});`);
    return { name, layout: "flat", extents, spare, canBeSet: true, isTame: false };
  }

  /** A factor with two extents: an element of a matrix, if there is one, or of two vectors; sometimes computed. */
  #factor(scope: NestScope, first: Extent, second: Extent): string {
    const fitting = scope.arrays.filter(
      ({ layout, extents }) => layout !== "vector" && extents.includes(first) && extents.includes(second),
    );
    if (fitting.length === 0) return this.leaf(scope);
    const array = this.recent(fitting);
    const element = this.element(scope, array, this.odd() ? 1 : 0)!;
    if (this.oneIn(6)) return `Math.sin(${element})`;
    return array.isTame ? element : `0.1 * ${element}`;
  }

  /** A loop that ends on a data-dependent condition, or a counter that the body changes. */
  #while(scope: NestScope): void {
    const [count, value] = [this.fresh("v"), this.fresh("t")];
    this.line(`let ${count} = 0;`);
    this.line(`let ${value} = ${this.leaf(scope)};`);
    const inside = withNumber(scope, { name: value, canBeSet: true, isTame: false });
    const test = this.oneIn(2) ? ` && ${value} < 0.7` : "";
    const most = this.choices.of(["3", "n", "c"]);
    this.block(`while (${count} < ${most}${test}) {`, () => {
      this.line(`${count}++;`);
      this.line(`${value} = 0.5 * ${value} + ${this.term(inside)};`);
      if (this.oneIn(2)) this.accumulate({ ...inside, labels: [] });
    });
    this.put(inside, `0.5 * ${value}`);
  }

  /** An index that a loop updates itself. */
  #cursor(scope: NestScope, depth: number): void {
    const arrays = scope.arrays.filter(({ layout, canBeSet }) => layout === "vector" && canBeSet);
    if (depth <= 0 || arrays.length === 0) return this.accumulate(scope);
    const array = this.recent(arrays);
    const [at, i] = [this.fresh("at"), this.fresh("i")];
    const extent = array.extents[0]!;
    this.line(`let ${at} = ${this.choices.of(["0", "0", "1"])};`);
    const index = { name: i, extent };
    const inside = { ...scope, indices: [...scope.indices, index], labels: [...scope.labels, ""] };
    this.block(`for (let ${i} = 0; ${i} < ${extent.text} - 1; ${i}++) {`, () => {
      this.line(`${array.name}[${at}] ${this.choices.of(["+=", "=", "-="])} ${this.term(inside)};`);
      const step = array.spare ? this.choices.of([`${i} % 3`, "2", "1"]) : "1";
      if (this.oneIn(3)) this.line(`if (${this.condition(inside)}) ${at} += 1;`);
      else this.line(`${at} += ${step};`);
    });
  }

  #branch(scope: NestScope, depth: number, write: Statement): void {
    const condition = this.condition(scope);
    const inside: Statement = depth > 0 ? write : (here) => this.accumulate(here);
    this.block(`if (${condition}) {`, () => inside(scope));
    if (this.oneIn(2)) this.block("else {", () => inside(scope));
  }
}

/** Steps that indices read from memory. Added to the position they were read from, some give equal indices. */
const steps = [2, 1, 0, 0, 2, 1, 2];

const signature = (typeOfSteps: string): string =>
  `export function f(u«: number», x«: Float64Array», y«: Float64Array», m«: number[][]», w«: Float64Array», n«: number», c«: number», q«: number», k«: ${typeOfSteps}») {
  "use ad";
`;
