// Evaluates a region and logs each value that its source names, with the value's derivatives in its operands.
import { interpBackend } from "../../../engine/backends/interp/index.ts";
import { DownhillError, internalError } from "../../../engine/errors/index.ts";
import { local as kernelLocal, makeBlock } from "../../../engine/kernel/build.ts";
import type { CompiledProcedure } from "../../../engine/kernel/executable.ts";
import { scalarFunctions } from "../../../engine/prims/scalar-functions.ts";
import type { ScalarFunction } from "../../../engine/region/index.ts";
import { sitePart, thrownError, thrownText } from "../../../engine/region/index.ts";
import type {
  ArrayDeclaration,
  RegionFor,
  PositionIndex,
  Region,
  RegionExpr,
  RegionStmt,
  RegionType,
  RegionThrow,
} from "../../../engine/region/form/region.ts";
import { assertNever, must } from "../../../engine/util/assert-never.ts";
import type { ValueLeaf } from "../../../numeric/plain/call/values.ts";

/** A value that one execution of a statement assigned to a name of the source, or an argument. */
export interface ValueStep {
  /** Position of the statement in the source; undefined for an argument. */
  readonly at: PositionIndex | undefined;
  /** Target of the assignment: `a`, `c[3]`. */
  readonly target: string;
  readonly value: number;
  /** Steps that the value was computed from, each with the derivative of the value with respect to it. */
  readonly sources: readonly { readonly step: number; readonly derivative: number }[];
  /** Iterations of the enclosing loops, outermost first. */
  readonly iterations: readonly LoopIteration[];
}

/** One iteration of a loop. `value` is the index of a `for` loop, else the number of the iteration. */
export interface LoopIteration {
  readonly index: string;
  readonly value: number;
  /** Number of the loop execution that the iteration belongs to, counted in starting order. */
  readonly run: number;
}

/** One execution of a loop, with its number of iterations. */
export interface LoopSummary {
  readonly at: PositionIndex | undefined;
  readonly index: string;
  readonly count: number;
  readonly iterations: readonly LoopIteration[];
}

/** A run of a region: its steps in order, its loops, and its results with their derivatives. */
export interface RegionRun {
  readonly steps: readonly ValueStep[];
  readonly loops: readonly LoopSummary[];
  readonly results: readonly { readonly value: number; readonly sources: ValueStep["sources"] }[];
  /** Number of floating-point functions evaluated, such as additions, products and sines. */
  readonly operations: number;
}

/** Maximum number of steps of a run. */
const mostSteps = 200_000;

/** A number and its derivatives with respect to the steps that it depends on, by step. */
interface TracedNumber {
  readonly value: number;
  readonly sources: ReadonlyMap<number, number>;
}

interface TracedArray {
  readonly type: RegionType;
  readonly dims: readonly number[];
  readonly elements: TracedNumber[];
  readonly isGrowable: boolean;
}

const untraced: ReadonlyMap<number, number> = new Map();
const plain = (value: number): TracedNumber => ({ value, sources: untraced });

/**
 * Evaluates a region on its arguments, one leaf per parameter. `labels` are the names of the arguments; elements of an
 * array get indexed names.
 *
 * @throws DownhillError `range` for an index out of range or a run with too many steps, `thrown` for a `throw`.
 */
export function runRegion(region: Region, args: readonly ValueLeaf[], labels: readonly string[]): RegionRun {
  return new Runner(region).run(args, labels);
}

class Runner {
  readonly #region: Region;
  readonly #steps: ValueStep[] = [];
  readonly #loops: LoopSummary[] = [];
  readonly #scalars = new Map<string, TracedNumber>();
  readonly #arrays = new Map<string, TracedArray>();
  readonly #around: LoopIteration[] = [];
  #runs = 0;
  #operations = 0;

  constructor(region: Region) {
    this.#region = region;
  }

  run(args: readonly ValueLeaf[], labels: readonly string[]): RegionRun {
    this.#region.params.forEach((param, i) => {
      const { data, dims, isAbsent = false } = args[i]!;
      const label = labels[i]!;
      const isRealParam = param.type === "f64" || param.type === "f32";
      const take = (value: number, target: string): TracedNumber =>
        isRealParam && !isAbsent ? this.#step(undefined, target, plain(value)) : plain(value);
      if (typeof data === "number") this.#scalars.set(param.name, take(data, label));
      else {
        const elements = Array.from(data, (x, k) => take(x, elementLabel(label, k, dims)));
        this.#arrays.set(param.name, { type: param.type, dims, elements, isGrowable: false });
      }
    });
    this.#block(this.#region.body);
    const results = this.#region.results.flatMap((result) =>
      result.kind === "scalar" ? [this.#eval(result.value)] : this.#array(result.name).elements,
    );
    return {
      steps: this.#steps,
      loops: this.#loops,
      results: results.map(({ value, sources }) => ({ value, sources: listOf(sources) })),
      operations: this.#operations,
    };
  }

  /** Adds a step to the log. The returned number depends on this step with derivative 1. */
  #step(at: PositionIndex | undefined, target: string, { value, sources }: TracedNumber): TracedNumber {
    if (this.#steps.length >= mostSteps)
      throw new DownhillError(
        "range",
        `explain: more than ${mostSteps.toLocaleString("en")} steps are too many to show. Give smaller arguments.`,
      );
    const step = this.#steps.length;
    this.#steps.push({ at, target, value, sources: listOf(sources), iterations: [...this.#around] });
    return { value, sources: new Map([[step, 1]]) };
  }

  #block(stmts: readonly RegionStmt[]): void {
    for (const stmt of stmts) this.#stmt(stmt);
  }

  #stmt(stmt: RegionStmt): void {
    switch (stmt.kind) {
      case "let":
      case "set": {
        const value = this.#eval(stmt.value);
        const isShown = stmt.at !== undefined && isReal(stmt.value.type);
        this.#scalars.set(stmt.name, isShown ? this.#step(stmt.at, stmt.name, value) : value);
        return;
      }
      case "array":
        this.#declare(stmt);
        return;
      case "store":
        this.#store(stmt);
        return;
      case "swap": {
        const [x, y] = [this.#array(stmt.x), this.#array(stmt.y)];
        this.#arrays.set(stmt.x, y);
        this.#arrays.set(stmt.y, x);
        return;
      }
      case "for":
        this.#for(stmt);
        return;
      case "while": {
        let count = 0;
        const run = this.#runs++;
        while (this.#number(stmt.condition) !== 0) this.#iteration("iteration", count++, run, stmt.body);
        this.#ran(stmt.at, "iteration", count);
        return;
      }
      case "if":
        this.#block(this.#number(stmt.condition) === 0 ? stmt.otherwise : stmt.then);
        return;
      case "throw":
        throw this.#thrown(stmt);
      default:
        assertNever(stmt, "explain");
    }
  }

  #thrown({ message, more = [], error, at }: RegionThrow): Error {
    const values = more.map(({ value }) => this.#number(value));
    const text = thrownText({ message, more: more.map(sitePart) }, values);
    return thrownError({ error }, `${this.#where(at)}${text}`, "");
  }

  #declare({ name, type, dims, growable, at }: ArrayDeclaration): void {
    const lengths = dims.map((dim) => this.#number(dim));
    const wrong = lengths.find((n) => n < 0);
    if (wrong !== undefined)
      throw new DownhillError("range", `${this.#where(at)}an array cannot have ${wrong} elements.`);
    const size = lengths.reduce((n, m) => n * m, 1);
    const elements = Array.from({ length: size }, () => plain(0));
    this.#arrays.set(name, { type, dims: lengths, elements, isGrowable: growable === true });
  }

  #store(stmt: RegionStmt & { readonly kind: "store" }): void {
    const array = this.#array(stmt.array);
    const places = stmt.places.map((place) => this.#number(place));
    const value = this.#eval(stmt.value);
    const flat = this.#flat(array, places, stmt.at);
    while (array.isGrowable && array.elements.length < flat) array.elements.push(plain(0));
    const isShown = stmt.at !== undefined && isReal(array.type);
    const target = `${stmt.array}[${places.join("][")}]`;
    array.elements[flat] = isShown ? this.#step(stmt.at, target, value) : value;
  }

  #for({ index, from, to, step, reverse, live, body, at }: RegionFor): void {
    const [first, end] = [this.#number(from), this.#number(to)];
    const n = Math.max(0, Math.ceil((end - first) / step));
    let count = 0;
    const run = this.#runs++;
    for (let k = 0; k < n; k++) {
      const value = first + step * (reverse === true ? n - 1 - k : k);
      this.#scalars.set(index, plain(value));
      if (live !== undefined && this.#number(live) === 0) break; // it may read the index
      this.#iteration(index, value, run, body);
      count++;
    }
    this.#ran(at, index, count);
  }

  #iteration(index: string, value: number, run: number, body: readonly RegionStmt[]): void {
    this.#around.push({ index, value, run });
    this.#block(body);
    this.#around.pop();
  }

  #ran(at: PositionIndex | undefined, index: string, count: number): void {
    this.#loops.push({ at, index, count, iterations: [...this.#around] });
  }

  #array(name: string): TracedArray {
    return must(this.#arrays.get(name), `the array ${name}`);
  }

  #flat({ dims, elements, isGrowable }: TracedArray, places: readonly number[], at?: PositionIndex): number {
    if (isGrowable) return places[0]!;
    let flat = 0;
    places.forEach((place, axis) => {
      const length = dims[axis]!;
      if (!(place >= 0 && place < length && Number.isInteger(place)))
        throw new DownhillError(
          "range",
          `${this.#where(at)}the index ${place} is out of range: the length is ${length}.`,
        );
      flat = flat * length + place;
    });
    return must(elements[flat] === undefined ? undefined : flat, "an element");
  }

  #where(at: PositionIndex | undefined): string {
    const position = at === undefined ? undefined : this.#region.positions[at];
    return position === undefined
      ? ""
      : `${this.#region.file ?? this.#region.name}:${position.line}:${position.column}: ${position.text}: `;
  }

  #number(expr: RegionExpr): number {
    return this.#eval(expr).value;
  }

  #eval(expr: RegionExpr): TracedNumber {
    switch (expr.kind) {
      case "const":
        return plain(expr.value);
      case "local":
        return must(this.#scalars.get(expr.name), `the local ${expr.name}`);
      case "load": {
        const array = this.#array(expr.array);
        const places = expr.places.map((place) => this.#number(place));
        return array.elements[this.#flat(array, places, expr.at)] ?? plain(0);
      }
      case "length": {
        const { dims, elements, isGrowable } = this.#array(expr.array);
        return plain(isGrowable ? elements.length : dims[expr.axis]!);
      }
      case "apply":
        if (isReal(expr.type)) this.#operations++;
        return applied(
          expr.function,
          expr.args.map((arg) => ({ type: arg.type, ...this.#eval(arg) })),
          expr.type,
        );
      case "convert":
        return converted(expr.type, expr.x.type, this.#eval(expr.x));
      case "select":
        return this.#eval(this.#number(expr.condition) === 0 ? expr.y : expr.x);
      default:
        return assertNever(expr, "explain");
    }
  }
}

function isReal(type: RegionType): boolean {
  return type === "f64" || type === "f32";
}

function listOf(sources: ReadonlyMap<number, number>): ValueStep["sources"] {
  return [...sources].map(([step, derivative]) => ({ step, derivative }));
}

/**
 * Returns the name of an array element: `xs[3]`, or `m[1][2]`. If the label has the mark `[]`, the indices are inserted
 * there: `items[2].x` for `items[].x`.
 */
export function elementLabel(label: string, flat: number, dims: readonly number[]): string {
  const places: number[] = [];
  for (let axis = dims.length - 1, rest = flat; axis >= 0; axis--) {
    places.unshift(rest % dims[axis]!);
    rest = Math.floor(rest / dims[axis]!);
  }
  return label.includes("[]")
    ? places.reduce((text, place) => text.replace("[]", `[${place}]`), label)
    : `${label}[${places.join("][")}]`;
}

const compiled = new Map<string, CompiledProcedure>();

/** Returns the value of a scalar function, computed by the code of the library. */
function valueOf(
  f: ScalarFunction,
  args: readonly { readonly type: RegionType; readonly value: number }[],
): number {
  const key = `${f.name} ${args.map(({ type }) => type).join(" ")}`;
  let call = compiled.get(key);
  if (call === undefined) {
    const params = args.map(({ type }, i) => ({ name: `x${i}`, type }));
    const block = makeBlock();
    const result = f.lower(
      params.map(({ type, name }) => kernelLocal(type, name)),
      block,
    );
    call = interpBackend.compileProcedure({ name: f.name, params, body: block.statements, result });
    compiled.set(key, call);
  }
  return call(...args.map(({ value }) => value));
}

/**
 * Applies a scalar function. Its derivative with respect to each argument comes from the function's own tangent rule.
 */
function applied(
  name: string,
  args: readonly (TracedNumber & { readonly type: RegionType })[],
  type: RegionType,
): TracedNumber {
  const f = must(scalarFunctions.get(name), `the function ${name}`);
  const value = valueOf(f, args);
  if (!isReal(type) || args.every(({ sources }) => sources.size === 0)) return plain(value);
  const constants = args.map((arg): RegionExpr => ({ kind: "const", type: arg.type, value: arg.value }));
  const sources = new Map<number, number>();
  args.forEach((arg, i) => {
    if (arg.sources.size === 0) return;
    const one = args.map((other, k): RegionExpr | undefined =>
      k === i ? { kind: "const", type: other.type, value: 1 } : undefined,
    );
    const bind = (expr: RegionExpr): RegionExpr => ({
      kind: "const",
      type: expr.type,
      value: numberOf(expr),
    });
    const tangent = f.tangent(constants, { kind: "const", type, value }, one, bind);
    if (tangent === undefined) return;
    const slope = numberOf(tangent);
    for (const [step, derivative] of arg.sources)
      sources.set(step, (sources.get(step) ?? 0) + partial(slope, derivative));
  });
  return { value, sources };
}

/**
 * Returns the product of two derivatives. It is 0 if either is 0, even if the other is infinite or NaN, because a value
 * that was not chosen does not contribute.
 */
export function partial(outer: number, inner: number): number {
  return outer === 0 || inner === 0 ? 0 : outer * inner;
}

/** Evaluates an expression that contains only constants. */
function numberOf(expr: RegionExpr): number {
  switch (expr.kind) {
    case "const":
      return expr.value;
    case "apply":
      return valueOf(
        must(scalarFunctions.get(expr.function), `the function ${expr.function}`),
        expr.args.map((arg) => ({ type: arg.type, value: numberOf(arg) })),
      );
    case "convert":
      return converted(expr.type, expr.x.type, plain(numberOf(expr.x))).value;
    case "select":
      return numberOf(numberOf(expr.condition) === 0 ? expr.y : expr.x);
    case "local":
    case "load":
    case "length":
      throw internalError("explain: the rule of a function contains a non-constant expression");
    default:
      return assertNever(expr, "numberOf");
  }
}

function converted(to: RegionType, from: RegionType, { value, sources }: TracedNumber): TracedNumber {
  const kept = isReal(from) && isReal(to) ? sources : untraced;
  switch (to) {
    case "f64":
      return { value, sources: kept };
    case "f32":
      return { value: Math.fround(value), sources: kept };
    case "i32":
      return plain(
        Number.isNaN(value) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(value))) + 0,
      );
    case "bool":
      return plain(value === 0 ? 0 : 1);
    default:
      return assertNever(to, "converted");
  }
}
