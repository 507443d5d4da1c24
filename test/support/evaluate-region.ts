// Reference semantics of regions: a direct tree walk. It shares no code with the lowering and differentiation of
// regions, and checks all of their rules while it runs.
import type {
  ArrayDeclaration,
  RegionFor,
  Position,
  PositionIndex,
  Region,
  RegionExpr,
  RegionStmt,
  RegionType,
} from "../../src/engine/region/form/region.ts";
import { convertFunction } from "../../src/engine/kernel/operations.ts";
import { assertNever } from "../../src/engine/util/assert-never.ts";
import type { ScalarValues } from "./scalar-values.ts";
import { plainScalarValues } from "./scalar-values.ts";

/** An array of a region: elements in row-major order, one length per axis. */
export interface RegionArray<S = number> {
  readonly data: ArrayLike<S>;
  readonly dims: readonly number[];
}

/** A scalar (a bool is 0 or 1) or an array. */
export type RegionValue<S = number> = S | RegionArray<S>;

/**
 * Number type of an evaluation: plain numbers, or numbers with derivatives. `number` reads the value of conditions,
 * bounds and indices. `apply` finds a function by name, argument types and constant arguments.
 */
export interface Domain<S> {
  readonly from: (value: number) => S;
  readonly number: (x: S) => number;
  readonly apply: (
    name: string,
    args: readonly RegionType[],
    constants: readonly (number | undefined)[],
  ) => { readonly type: RegionType; readonly value: (...xs: readonly S[]) => S } | undefined;
  readonly convert: (to: RegionType, from: RegionType, x: S) => S;
}

/** Plain numbers, with the given values of scalar functions. */
export function numbers(values: ScalarValues): Domain<number> {
  return {
    from: (x) => x,
    number: (x) => x,
    apply: values,
    convert: (to, from, x) => convertFunction(to, from)(x),
  };
}

/** Counters of a run. */
export interface RegionCounts {
  statements: number;
  /** Iterations of all loops. */
  iterations: number;
  /** Largest trip count of a loop. */
  longestLoop: number;
  /** The longest axis of a declared array. */
  longestAxis: number;
  loads: number;
  stores: number;
  /** Number of evaluated scalar functions. */
  applications: number;
  /** Peak bytes of declared arrays. Growing arrays count with their stored elements. */
  peakBytes: number;
  /** Total bytes stored in growing arrays. */
  grownBytes: number;
}

export interface EvaluateOptions {
  /** Values of scalar functions; by default `Math.*`, whose last bits differ from those of the engine. */
  readonly values?: ScalarValues;
  /** Number of statements after which a run counts as endless (10 million). */
  readonly maxStatements?: number;
}

/**
 * Failure of a region's call. `invalid`: the region breaks a rule, a fault of its producer. `range` and `thrown`: a
 * fault of the user's program. `endless`: the run was stopped.
 */
export class RegionFailure extends Error {
  override readonly name = "RegionFailure";
  readonly reason: "invalid" | "range" | "thrown" | "endless";
  readonly position: Position | undefined;

  constructor(reason: RegionFailure["reason"], message: string, position?: Position) {
    const where = position === undefined ? "" : ` at ${position.line}:${position.column} (${position.text})`;
    super(`${reason}: ${message}${where}`);
    this.reason = reason;
    this.position = position;
  }
}

interface Variable<S> {
  readonly kind: "scalar";
  readonly type: RegionType;
  readonly canBeSet: boolean;
  value: S;
}

interface Storage<S> {
  data: S[];
  readonly grows: boolean;
}

interface ArrayVariable<S> {
  readonly kind: "array";
  readonly type: RegionType;
  readonly dims: readonly number[];
  readonly canBeWritten: boolean;
  storage: Storage<S>;
}

type Scope<S> = Map<string, Variable<S> | ArrayVariable<S>>;

const bytesOf: Readonly<Record<RegionType, number>> = { f64: 8, f32: 4, i32: 4, bool: 1 };

/**
 * Runs a region on scalars and arrays, which it leaves as they are.
 *
 * @throws RegionFailure if an index or a length is out of range, a `throw` is reached, or the region breaks a rule: names that
 * are not unique or not declared there, types that do not fit, writes to parameters, indices and undeclared names, indices
 * without a position that are out of range, array parameters of another length than declared, results that are not declared outermost.
 */
export function evaluateRegion(
  region: Region,
  args: readonly RegionValue[],
  options: EvaluateOptions = {},
): { readonly results: RegionValue[]; readonly counts: RegionCounts } {
  return evaluateOver(numbers(options.values ?? plainScalarValues), region, args, options);
}

/** Runs a region over the numbers of `domain`, as `evaluateRegion` does over plain numbers. */
export function evaluateOver<S extends number | object>(
  domain: Domain<S>,
  region: Region,
  args: readonly RegionValue<S>[],
  options: Pick<EvaluateOptions, "maxStatements"> = {},
): { readonly results: RegionValue<S>[]; readonly counts: RegionCounts } {
  return new Run(domain, region, options).call(args);
}

class Run<S extends number | object> {
  readonly #domain: Domain<S>;
  readonly #region: Region;
  readonly #maxStatements: number;
  /** Open blocks, innermost last. */
  readonly #scopes: Scope<S>[] = [];
  #bytes = 0;
  readonly #counts: RegionCounts = {
    statements: 0,
    iterations: 0,
    longestLoop: 0,
    longestAxis: 0,
    loads: 0,
    stores: 0,
    applications: 0,
    peakBytes: 0,
    grownBytes: 0,
  };

  constructor(domain: Domain<S>, region: Region, { maxStatements = 10_000_000 }: EvaluateOptions) {
    this.#domain = domain;
    this.#region = region;
    this.#maxStatements = maxStatements;
  }

  call(args: readonly RegionValue<S>[]): {
    readonly results: RegionValue<S>[];
    readonly counts: RegionCounts;
  } {
    const { params, body, results, name } = this.#region;
    checkNames(this.#region);
    if (args.length !== params.length)
      throw new RegionFailure("invalid", `${name} takes ${params.length} arguments, not ${args.length}`);
    const outermost: Scope<S> = new Map();
    this.#scopes.push(outermost);
    params.forEach((param, i) => outermost.set(param.name, this.#parameter(param, args[i]!)));
    for (const param of params)
      if (param.kind === "array")
        param.lengths?.forEach((n, axis) => {
          const said = this.#typed(n, "i32");
          if (said !== this.#array(param.name).dims[axis])
            throw new RegionFailure("invalid", `axis ${axis} of ${param.name} must have ${said} elements`);
        });
    for (const stmt of body) this.#run(stmt);
    const returned = new Set<string>();
    const values = results.map((result): RegionValue<S> => {
      if (result.kind === "scalar") return this.#value(result.value);
      const array = outermost.get(result.name);
      if (array?.kind !== "array" || !array.canBeWritten || returned.has(result.name))
        throw new RegionFailure("invalid", `the result ${result.name} must be an outermost array, once`);
      returned.add(result.name);
      const { data } = array.storage;
      return { data: data.slice(), dims: array.storage.grows ? [data.length] : array.dims };
    });
    return { results: values, counts: this.#counts };
  }

  #block(body: readonly RegionStmt[], index?: readonly [name: string, value: number]): void {
    const scope: Scope<S> = new Map();
    if (index !== undefined) scope.set(index[0], this.#indexAt(index[1]));
    this.#scopes.push(scope);
    for (const stmt of body) this.#run(stmt);
    this.#scopes.pop();
    for (const one of scope.values())
      if (one.kind === "array") this.#bytes -= one.storage.data.length * bytesOf[one.type];
  }

  #run(stmt: RegionStmt): void {
    if (++this.#counts.statements > this.#maxStatements)
      throw new RegionFailure("endless", `more than ${this.#maxStatements} statements`);
    switch (stmt.kind) {
      case "let":
        this.#declare(stmt.name, {
          kind: "scalar",
          type: stmt.value.type,
          canBeSet: true,
          value: this.#value(stmt.value),
        });
        return;
      case "set": {
        const target = this.#variable(stmt.name);
        if (!target.canBeSet || target.type !== stmt.value.type)
          throw new RegionFailure("invalid", `${stmt.name} cannot be set to a value of ${stmt.value.type}`);
        target.value = this.#value(stmt.value);
        return;
      }
      case "array":
        this.#declareArray(stmt);
        return;
      case "store":
        this.#store(stmt);
        return;
      case "swap": {
        const [x, y] = [this.#array(stmt.x), this.#array(stmt.y)];
        const isAlike = x.type === y.type && x.dims.length === y.dims.length;
        if (!isAlike || !x.canBeWritten || !y.canBeWritten || x.storage.grows || y.storage.grows)
          throw new RegionFailure("invalid", `${stmt.x} and ${stmt.y} cannot be exchanged`);
        if (x.dims.some((n, axis) => n !== y.dims[axis]))
          throw new RegionFailure("invalid", `${stmt.x} and ${stmt.y} differ in length`);
        [x.storage, y.storage] = [y.storage, x.storage];
        return;
      }
      case "for":
        this.#repeat(stmt);
        return;
      case "while":
        for (let done = 0; this.#test(stmt.condition); done++) {
          this.#countIteration(done);
          this.#block(stmt.body);
        }
        return;
      case "if":
        this.#block(this.#test(stmt.condition) ? stmt.then : stmt.otherwise);
        return;
      case "throw":
        throw new RegionFailure("thrown", stmt.message, this.#position(stmt.at));
      default:
        assertNever(stmt, "evaluateRegion");
    }
  }

  #repeat({ index, from, to, step, reverse, live, body }: RegionFor): void {
    if (!Number.isInteger(step) || step === 0 || (reverse === true && live !== undefined))
      throw new RegionFailure("invalid", `the loop over ${index} has step ${step} or is reverse and live`);
    const [first, end] = [this.#typed(from, "i32"), this.#typed(to, "i32")];
    const iterations = Math.max(0, Math.ceil((end - first) / step));
    for (let i = 0; i < iterations; i++) {
      const value = first + step * (reverse === true ? iterations - 1 - i : i);
      if (live !== undefined) {
        // the condition may read the index
        this.#scopes.push(new Map([[index, this.#indexAt(value)]]));
        const goesOn = this.#test(live);
        this.#scopes.pop();
        if (!goesOn) return;
      }
      this.#countIteration(i);
      this.#block(body, [index, value]);
    }
  }

  #indexAt(value: number): Variable<S> {
    return { kind: "scalar", type: "i32", canBeSet: false, value: this.#domain.from(value) };
  }

  /** Counts an iteration. The limit stops endless loops with empty bodies too. */
  #countIteration(before: number): void {
    this.#counts.longestLoop = Math.max(this.#counts.longestLoop, before + 1);
    if (++this.#counts.iterations > this.#maxStatements)
      throw new RegionFailure("endless", `more than ${this.#maxStatements} iterations`);
  }

  #declare(name: string, variable: Variable<S> | ArrayVariable<S>): void {
    this.#scopes.at(-1)!.set(name, variable);
  }

  #declareArray({ name, type, dims, growable, at }: ArrayDeclaration): void {
    const lengths = dims.map((n) => this.#typed(n, "i32"));
    const negative = lengths.find((n) => n < 0);
    if (negative !== undefined)
      throw new RegionFailure("range", `${name} has a length of ${negative}`, this.#position(at));
    if (lengths.length === 0 || (growable === true && lengths.length !== 1))
      throw new RegionFailure("invalid", `${name} has ${lengths.length} axes`);
    this.#counts.longestAxis = Math.max(this.#counts.longestAxis, ...lengths);
    const n = growable === true ? 0 : product(lengths);
    const zero = this.#domain.from(0);
    const storage: Storage<S> = {
      data: Array.from({ length: n }, () => zero),
      grows: growable === true,
    };
    this.#declare(name, { kind: "array", type, dims: lengths, canBeWritten: true, storage });
    this.#occupy(n * bytesOf[type]);
  }

  #occupy(bytes: number): void {
    this.#bytes += bytes;
    this.#counts.peakBytes = Math.max(this.#counts.peakBytes, this.#bytes);
  }

  #store({ array: name, places, value, at }: RegionStmt & { readonly kind: "store" }): void {
    const array = this.#array(name);
    if (!array.canBeWritten || array.type !== value.type)
      throw new RegionFailure("invalid", `a ${value.type} cannot be stored in ${name}`);
    const { data, grows } = array.storage;
    const place = this.#place(array, name, places, at);
    const x = this.#value(value);
    this.#counts.stores++;
    if (grows) {
      const before = data.length;
      while (data.length <= place) data.push(this.#domain.from(0));
      const bytes = (data.length - before) * bytesOf[array.type];
      this.#occupy(bytes);
      this.#counts.grownBytes += bytes;
    }
    data[place] = x;
  }

  /** Row-major offset of the element at the given indices. */
  #place(
    { dims, storage }: ArrayVariable<S>,
    name: string,
    places: readonly RegionExpr[],
    at: PositionIndex | undefined,
  ): number {
    if (places.length !== dims.length)
      throw new RegionFailure("invalid", `${name} has ${dims.length} axes, not ${places.length}`);
    const values = places.map((place) => {
      if (place.type !== "i32" && place.type !== "f64")
        throw new RegionFailure("invalid", `an index of ${name} is ${place.type}`);
      return this.#domain.number(this.#value(place));
    });
    let flat = 0;
    values.forEach((place, axis) => {
      const below = storage.grows ? Infinity : dims[axis]!;
      if (!(Number.isInteger(place) && place >= 0 && place < below)) {
        const what = `index ${place} of axis ${axis} of ${name}, whose length is ${below}`;
        if (at === undefined) throw new RegionFailure("invalid", `${what}, was said to be in range`);
        throw new RegionFailure("range", what, this.#position(at));
      }
      flat = flat * dims[axis]! + place;
    });
    return flat;
  }

  #value(expr: RegionExpr): S {
    switch (expr.kind) {
      case "const":
        if (!isOf(expr.type, expr.value))
          throw new RegionFailure("invalid", `${expr.value} is no ${expr.type}`);
        return this.#domain.from(expr.value);
      case "local": {
        const { type, value } = this.#variable(expr.name);
        if (type !== expr.type)
          throw new RegionFailure("invalid", `${expr.name} is ${type}, not ${expr.type}`);
        return value;
      }
      case "load": {
        const array = this.#array(expr.array);
        if (array.type !== expr.type)
          throw new RegionFailure("invalid", `${expr.array} holds ${array.type}, not ${expr.type}`);
        const place = this.#place(array, expr.array, expr.places, expr.at);
        this.#counts.loads++;
        return array.storage.data[place] ?? this.#domain.from(0); // beyond the end of a growing array
      }
      case "length": {
        const { dims, storage } = this.#array(expr.array);
        const n = dims[expr.axis];
        if (n === undefined || storage.grows || (expr.type as RegionType) !== "i32")
          throw new RegionFailure("invalid", `${expr.array} has no length of axis ${expr.axis}`);
        return this.#domain.from(n);
      }
      case "apply": {
        const f = this.#domain.apply(
          expr.function,
          expr.args.map(({ type }) => type),
          expr.args.map((x) => (x.kind === "const" ? x.value : undefined)),
        );
        if (f?.type !== expr.type)
          throw new RegionFailure(
            "invalid",
            `${expr.function}(${expr.args.map(({ type }) => type).join(", ")}) gives ${f?.type ?? "nothing"}, not ${expr.type}`,
          );
        this.#counts.applications++;
        return f.value(...expr.args.map((x) => this.#value(x)));
      }
      case "convert":
        return this.#domain.convert(expr.type, expr.x.type, this.#value(expr.x));
      case "select": {
        if (expr.x.type !== expr.type || expr.y.type !== expr.type)
          throw new RegionFailure("invalid", `a select of ${expr.x.type} and ${expr.y.type}`);
        return this.#value(this.#test(expr.condition) ? expr.x : expr.y);
      }
      default:
        return assertNever(expr, "evaluateRegion");
    }
  }

  #typed(expr: RegionExpr, type: RegionType): number {
    if (expr.type !== type) throw new RegionFailure("invalid", `a ${expr.type} stands where ${type} must be`);
    return this.#domain.number(this.#value(expr));
  }

  #test(condition: RegionExpr): boolean {
    return this.#typed(condition, "bool") !== 0;
  }

  #find(name: string): Variable<S> | ArrayVariable<S> {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const found = this.#scopes[i]!.get(name);
      if (found !== undefined) return found;
    }
    throw new RegionFailure("invalid", `${name} is not declared there`);
  }

  #variable(name: string): Variable<S> {
    const found = this.#find(name);
    if (found.kind !== "scalar") throw new RegionFailure("invalid", `${name} is an array`);
    return found;
  }

  #array(name: string): ArrayVariable<S> {
    const found = this.#find(name);
    if (found.kind !== "array") throw new RegionFailure("invalid", `${name} is a scalar`);
    return found;
  }

  #parameter(param: Region["params"][number], arg: RegionValue<S>): Variable<S> | ArrayVariable<S> {
    const { name, type } = param;
    const isFit = (x: S): boolean => isOf(type, this.#domain.number(x));
    if (param.kind === "scalar") {
      if (isArray(arg) || !isFit(arg)) throw new RegionFailure("invalid", `${name} must be a ${type}`);
      return { kind: "scalar", type, canBeSet: false, value: arg };
    }
    if (!isArray(arg) || arg.dims.length !== param.rank || product(arg.dims) !== arg.data.length)
      throw new RegionFailure("invalid", `${name} must be an array of ${param.rank} axes`);
    const data = Array.from(arg.data);
    if (!data.every(isFit)) throw new RegionFailure("invalid", `${name} holds what is no ${type}`);
    return { kind: "array", type, dims: arg.dims, canBeWritten: false, storage: { data, grows: false } };
  }

  #position(at: PositionIndex | undefined): Position | undefined {
    if (at === undefined) return undefined;
    const position = this.#region.positions[at];
    if (position === undefined) throw new RegionFailure("invalid", `there is no position ${at}`);
    return position;
  }
}

export function isArray<S>(value: RegionValue<S>): value is RegionArray<S> {
  return typeof value === "object" && value !== null && "dims" in value;
}

function isOf(type: RegionType, x: number): boolean {
  switch (type) {
    case "f64":
      return true;
    case "f32":
      return Object.is(Math.fround(x), x);
    case "i32":
      return Object.is(x | 0, x);
    case "bool":
      return x === 0 || x === 1;
    default:
      return assertNever(type, "isOf");
  }
}

const product = (ns: readonly number[]): number => ns.reduce((a, b) => a * b, 1);

/** Throws if two declarations have the same name. */
function checkNames({ params, body }: Region): void {
  const names = new Set<string>();
  const declare = (name: string): void => {
    if (names.has(name)) throw new RegionFailure("invalid", `${name} is declared twice`);
    names.add(name);
  };
  const walk = (stmts: readonly RegionStmt[]): void => {
    for (const stmt of stmts) {
      if (stmt.kind === "let" || stmt.kind === "array") declare(stmt.name);
      if (stmt.kind === "for") declare(stmt.index);
      if (stmt.kind === "for" || stmt.kind === "while") walk(stmt.body);
      if (stmt.kind === "if") {
        walk(stmt.then);
        walk(stmt.otherwise);
      }
    }
  };
  for (const { name } of params) declare(name);
  walk(body);
}
