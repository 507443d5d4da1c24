// Random regions. Loops are nested, stepped, reversed, left early or uncounted. Arrays are written, read back,
// overwritten and swapped, also at data-dependent indices. Both floating types occur, and steep functions in branches
// that are not taken. Numbers stay small because every stored or assigned value is bounded.
import type { Region, RegionExpr, RegionStmt, RegionType } from "../../src/engine/region/form/region.ts";
import type { RegionValue } from "./evaluate-region.ts";
import type { Choices } from "./random-choices.ts";
import * as r from "./region-build.ts";

/** A region, arguments for it, and whether it computes in float64 throughout. */
export interface RandomRegion {
  readonly region: Region;
  readonly args: readonly RegionValue[];
  readonly isFine: boolean;
}

type Real = "f64" | "f32";

interface Local {
  readonly name: string;
  readonly type: RegionType;
  readonly canBeSet: boolean;
}

/**
 * An array with its lengths for the given arguments. A length is `undefined` if it depends on a loop; it is then at
 * least 1.
 */
interface Stored {
  readonly name: string;
  readonly type: RegionType;
  readonly lengths: readonly (number | undefined)[];
  readonly canBeWritten: boolean;
  /** Another array of equal type and lengths. */
  readonly twin?: string;
}

/** The index of a loop: from 0 to below `below`, if that is known. */
interface Index {
  readonly name: string;
  readonly below: number;
}

/** Names in scope. Inner blocks see copies. */
interface Scope {
  readonly locals: Local[];
  readonly arrays: Stored[];
  readonly indices: Index[];
}

const inner = ({ locals, arrays, indices }: Scope): Scope => ({
  locals: [...locals],
  arrays: [...arrays],
  indices: [...indices],
});

/** Draws a region. A list of choices that runs out, or is all 0, draws the simplest one. */
export function randomRegion(choices: Choices): RandomRegion {
  return new Draw(choices).region();
}

class Draw {
  readonly #choices: Choices;
  #names = 0;
  #usesSingles = false;
  /** Number of block levels that may still be opened. */
  #depth = 3;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  region(): RandomRegion {
    this.#usesSingles = this.#oneIn(3);
    const salt = this.#choices.below(1000);
    const number = (i: number): number => Math.sin(1 + 2.39 * i + 0.017 * salt);
    const reals = (n: number): number[] => Array.from({ length: n }, (_, i) => number(i + n));
    const singles = this.#usesSingles
      ? ([
          [{ kind: "scalar", name: "v", type: "f32" }, Math.fround(number(3))],
          [
            { kind: "array", name: "y", type: "f32", rank: 1 },
            { data: reals(4).map(Math.fround), dims: [4] },
          ],
        ] as const)
      : [];
    const inputs: readonly (readonly [Region["params"][number], RegionValue])[] = [
      [{ kind: "scalar", name: "u", type: "f64" }, number(1)],
      [
        { kind: "array", name: "x", type: "f64", rank: 1 },
        { data: reals(6), dims: [6] },
      ],
      [
        { kind: "array", name: "m", type: "f64", rank: 2 },
        { data: reals(12), dims: [3, 4] },
      ],
      [{ kind: "scalar", name: "zero", type: "f64" }, 0],
      [{ kind: "scalar", name: "n", type: "i32" }, 4],
      [
        { kind: "array", name: "k", type: "i32", rank: 1 },
        { data: [2, 0, 5, 1, 3], dims: [5] },
      ],
      ...singles,
    ];
    const scope: Scope = { locals: [], arrays: [], indices: [] };
    for (const [param, arg] of inputs) {
      const { name, type } = param;
      if (name === "zero") continue; // steep functions only
      if (param.kind === "scalar") scope.locals.push({ name, type, canBeSet: false });
      else if (typeof arg !== "number")
        scope.arrays.push({ name, type, lengths: arg.dims, canBeWritten: false });
    }
    const body: RegionStmt[] = [];
    this.#declareLocal(scope, body, "f64");
    this.#declareArray(scope, body, "f64");
    body.push(...this.#statements(scope, 1 + this.#choices.below(6)));
    const { results, closing } = this.#results(scope);
    return {
      region: {
        name: "f",
        params: inputs.map(([param]) => param),
        body: [...body, ...closing],
        results,
        positions: [{ line: 1, column: 1, text: "f" }],
      },
      args: inputs.map(([, arg]) => arg),
      isFine: !this.#usesSingles,
    };
  }

  /** One number computed from everything, and sometimes more results. */
  #results(scope: Scope): { readonly results: Region["results"]; readonly closing: readonly RegionStmt[] } {
    const sum = this.#name("sum");
    const closing: RegionStmt[] = [r.declare(sum, this.#real(scope, "f64", 1))];
    const addTo = (x: RegionExpr): void => {
      closing.push(r.set(sum, r.apply("add", r.local("f64", sum), r.convert("f64", x))));
    };
    const outermost = scope.arrays.filter(({ canBeWritten, type }) => canBeWritten && isReal(type));
    for (const { name, type, canBeSet } of scope.locals)
      if (canBeSet && isReal(type)) addTo(r.local(type, name));
    const first = outermost[0]!;
    for (const { name, type, lengths } of outermost) {
      const index = this.#name("i");
      const places = lengths.map((_, axis) => (axis === 0 ? r.local("i32", index) : r.i32(0)));
      const weight = r.apply("add", r.convert("f64", r.local("i32", index)), r.f64(0.7));
      const term = r.apply("mul", r.convert("f64", r.load(type, name, places)), weight);
      const body = [r.set(sum, r.apply("add", r.local("f64", sum), term))];
      closing.push({ kind: "for", index, from: r.i32(0), to: r.length(name), step: 1, body });
    }
    const results: Region["results"][number][] = [{ kind: "scalar", value: r.local("f64", sum) }];
    if (this.#oneIn(3)) results.push({ kind: "array", name: first.name });
    if (this.#oneIn(4)) results.push({ kind: "scalar", value: this.#real(scope, "f64", 1) });
    if (this.#oneIn(5)) results.push({ kind: "scalar", value: this.#whole(scope) });
    return { results, closing };
  }

  #statements(scope: Scope, count: number): RegionStmt[] {
    const out: RegionStmt[] = [];
    for (let i = 0; i < count; i++) this.#statement(scope, out);
    return out;
  }

  #block(scope: Scope, most = 4): RegionStmt[] {
    this.#depth--;
    const out = this.#statements(scope, 1 + this.#choices.below(most));
    this.#depth++;
    return out;
  }

  #statement(scope: Scope, out: RegionStmt[]): void {
    const kinds: readonly (() => unknown)[] = [
      () => out.push(this.#set(scope)),
      () => out.push(this.#store(scope)),
      () => this.#declareLocal(scope, out, this.#type()),
      () => out.push(this.#set(scope)),
      () => out.push(this.#store(scope)),
      () => this.#declareArray(scope, out, this.#realType()),
      () => this.#swap(scope, out),
      () => this.#steep(scope, out),
      () => this.#guard(scope, out),
      () => this.#setWhole(scope, out),
      () => out.push(this.#if(scope)),
      () => out.push(this.#for(scope)),
      () => this.#while(scope, out),
      () => out.push(this.#for(scope)),
    ];
    const open = this.#depth > 0 ? kinds : kinds.slice(0, 10);
    this.#choices.of(open)();
  }

  #declareLocal(scope: Scope, out: RegionStmt[], type: RegionType): void {
    const name = this.#name("a");
    out.push(r.declare(name, this.#expression(scope, type)));
    scope.locals.push({ name, type, canBeSet: true });
  }

  #declareArray(scope: Scope, out: RegionStmt[], type: Real): void {
    const rank = this.#oneIn(3) ? 2 : 1;
    const [lengths, dims]: [(number | undefined)[], RegionExpr[]] = [[], []];
    for (let axis = 0; axis < rank; axis++) {
      const [n, dim] = this.#dim(scope);
      lengths.push(n);
      dims.push(dim);
    }
    const [name, twin] = [this.#name("t"), this.#oneIn(3) ? this.#name("t") : undefined];
    out.push(r.array(name, type, dims));
    scope.arrays.push({ name, type, lengths, canBeWritten: true, ...(twin === undefined ? {} : { twin }) });
    if (twin !== undefined) {
      out.push(r.array(twin, type, dims));
      scope.arrays.push({ name: twin, type, lengths, canBeWritten: true, twin: name });
    }
    if (this.#oneIn(2)) out.push(this.#fill(scope, name, type, rank));
  }

  /** Writes to all of an array's first axis. */
  #fill(scope: Scope, name: string, type: Real, rank: number): RegionStmt {
    const index = this.#name("i");
    const places = rank === 1 ? [r.local("i32", index)] : [r.local("i32", index), r.i32(0)];
    const within = inner(scope);
    within.indices.push({ name: index, below: Infinity });
    const body = [r.store(name, places, this.#tame(within, type))];
    return { kind: "for", index, from: r.i32(0), to: r.length(name), step: 1, body };
  }

  #dim(scope: Scope): readonly [number | undefined, RegionExpr] {
    const n = 1 + this.#choices.below(5);
    switch (this.#choices.below(4)) {
      case 0:
        return [n, r.i32(n)];
      case 1:
        return [6, r.length("x")];
      case 2:
        return [5, r.apply("add", r.local("i32", "n"), r.i32(1))];
      default: {
        const index = scope.indices.at(-1);
        return index === undefined
          ? [n, r.i32(n)]
          : [undefined, r.apply("add", r.local("i32", index.name), r.i32(1))];
      }
    }
  }

  #set(scope: Scope): RegionStmt {
    const targets = scope.locals.filter(({ type, canBeSet }) => canBeSet && isReal(type));
    const { name, type } = this.#recent(targets);
    const [old, value] = [r.local(type, name), this.#tame(scope, type as Real)];
    switch (this.#choices.below(4)) {
      case 0:
        return r.set(name, value);
      case 1:
        return r.set(name, r.apply("add", r.apply("mul", old, r.constant(type, 0.75)), value));
      case 2:
        return r.set(name, r.apply("mul", old, value));
      default:
        return r.set(name, r.apply("add", old, r.apply("mul", value, r.constant(type, 0.125))));
    }
  }

  #setWhole(scope: Scope, out: RegionStmt[]): void {
    const targets = scope.locals.filter(({ type, canBeSet }) => canBeSet && !isReal(type));
    if (targets.length === 0) return this.#declareLocal(scope, out, this.#choices.of(["i32", "bool"]));
    const { name, type } = this.#recent(targets);
    out.push(r.set(name, this.#expression(scope, type)));
  }

  #store(scope: Scope): RegionStmt {
    const target = this.#recent(scope.arrays.filter(({ canBeWritten }) => canBeWritten));
    const { name, type } = target;
    const { places, at } = this.#places(scope, target);
    const [old, value] = [r.load(type, name, places, at), this.#tame(scope, type as Real)];
    switch (this.#choices.below(4)) {
      case 0:
        return r.store(name, places, value, at);
      case 1:
        return r.store(name, places, r.apply("add", r.apply("mul", old, r.constant(type, 0.5)), value), at);
      case 2:
        return r.store(name, places, r.apply("mul", old, value), at);
      default:
        return r.store(name, places, r.apply("sub", value, r.apply("mul", old, old)), at);
    }
  }

  #swap(scope: Scope, out: RegionStmt[]): void {
    const twins = scope.arrays.filter(({ twin }) => twin !== undefined);
    if (twins.length === 0) return this.#declareArray(scope, out, this.#realType());
    const { name, twin } = this.#recent(twins);
    out.push({ kind: "swap", x: name, y: twin! });
  }

  /** A function with infinite slope at its argument, in a value that is not selected, overwritten or not read. */
  #steep(scope: Scope, out: RegionStmt[]): void {
    const [name, kept] = [this.#name("steep"), this.#tame(scope, "f64")];
    const value = r.local("f64", name);
    const zero = r.apply("mul", r.local("f64", "zero"), positive(this.#leaf(scope, "f64")));
    const root = this.#oneIn(2) ? r.apply("sqrt", zero) : r.apply("pow", zero, r.f64(0.25));
    const isHigh = this.#oneIn(2);
    const endless = isHigh ? r.apply("div", r.f64(1), zero) : r.apply("log", zero);
    const always = r.apply("less", kept, r.f64(3));
    const { name: target } = this.#recent(
      scope.locals.filter(({ type, canBeSet }) => canBeSet && type === "f64"),
    );
    switch (this.#choices.below(5)) {
      case 0:
        out.push(r.declare(name, root), r.set(target, r.select(always, kept, value)));
        return;
      case 1: {
        const clamped = r.apply(isHigh ? "minimum" : "maximum", value, kept);
        out.push(r.declare(name, endless), r.set(target, clamped));
        return;
      }
      case 2: {
        const otherwise = [r.set(target, r.apply("mul", value, r.local("f64", target)))];
        out.push(r.declare(name, root), {
          kind: "if",
          condition: always,
          then: [r.set(target, kept)],
          otherwise,
        });
        return;
      }
      case 3: {
        const factor = r.select(always, r.f64(0.5), value);
        out.push(r.declare(name, endless), r.set(target, r.apply("mul", factor, kept)));
        return;
      }
      default: {
        const [array, place] = [this.#name("t"), r.i32(this.#choices.below(2))];
        out.push(r.array(array, "f64", [r.i32(2)]), r.store(array, [r.i32(1)], root));
        out.push(r.store(array, [place], kept), r.set(target, r.load("f64", array, [place])));
      }
    }
  }

  /** A guarded error that never occurs. */
  #guard(scope: Scope, out: RegionStmt[]): void {
    const condition = r.apply("less", r.f64(3), this.#tame(scope, "f64"));
    out.push({
      kind: "if",
      condition,
      then: [{ kind: "throw", message: "too large", at: 0 }],
      otherwise: [],
    });
  }

  #if(scope: Scope): RegionStmt {
    const condition = this.#condition(scope);
    const then = this.#block(inner(scope), 3);
    return { kind: "if", condition, then, otherwise: this.#oneIn(2) ? this.#block(inner(scope), 3) : [] };
  }

  #for(scope: Scope): RegionStmt {
    const index = this.#name("i");
    const around = scope.indices.at(-1);
    const bounds: readonly (readonly [from: RegionExpr, to: RegionExpr, below: number])[] = [
      [r.i32(0), r.i32(1 + this.#choices.below(4)), 4],
      [r.i32(1), r.length("x"), 6],
      [r.i32(0), r.local("i32", "n"), 4],
      [r.i32(0), this.#whole(scope), Infinity],
      ...(around === undefined
        ? []
        : ([
            [r.i32(0), r.apply("add", r.local("i32", around.name), r.i32(1)), around.below],
            [r.local("i32", around.name), r.local("i32", "n"), 4],
          ] as const)),
    ];
    const [from, to, below] = this.#choices.of(bounds);
    const [isDown, size] = [this.#oneIn(4), this.#oneIn(4) ? 2 : 1];
    const one = r.i32(1);
    // downwards over the same range
    const range = isDown
      ? { from: r.apply("sub", to, one), to: r.apply("sub", from, one), step: -size }
      : { from, to, step: size };
    const within = inner(scope);
    within.indices.push({ name: index, below });
    const ending = this.#choices.below(5);
    const live =
      ending === 1 ? { live: this.#condition(within) } : ending === 2 ? ({ reverse: true } as const) : {};
    return { kind: "for", index, ...range, ...live, body: this.#block(within) };
  }

  #while(scope: Scope, out: RegionStmt[]): void {
    const count = this.#name("c");
    out.push(r.declare(count, r.i32(0)));
    const counter = r.local("i32", count);
    const within = inner(scope);
    within.locals.push({ name: count, type: "i32", canBeSet: false });
    const goesOn = this.#oneIn(2) ? this.#condition(scope) : r.apply("less", r.local("f64", "u"), r.f64(2));
    const below = r.apply("less", counter, r.i32(1 + this.#choices.below(4)));
    const condition = r.select(below, goesOn, r.constant("bool", 0));
    const step = r.set(count, r.apply("add", counter, r.i32(1)));
    const body = this.#block(within, 3);
    out.push({ kind: "while", condition, body: this.#oneIn(2) ? [step, ...body] : [...body, step] });
  }

  #expression(scope: Scope, type: RegionType): RegionExpr {
    if (type === "i32") return this.#whole(scope);
    return type === "bool" ? this.#condition(scope) : this.#real(scope, type, 2);
  }

  /** Bounds a number of any size to magnitude 1. */
  #tame(scope: Scope, type: Real): RegionExpr {
    const x = this.#real(scope, type, 2);
    switch (this.#choices.below(4)) {
      case 0:
        return r.apply("sin", x);
      case 1:
        return r.apply("tanh", x);
      case 2:
        return r.apply("div", x, r.apply("add", r.constant(type, 1), r.apply("mul", x, x)));
      default:
        return r.apply("cos", x);
    }
  }

  #real(scope: Scope, type: Real, depth: number): RegionExpr {
    if (depth === 0 || this.#oneIn(6)) return this.#leaf(scope, type);
    const x = this.#real(scope, type, depth - 1);
    const y = (): RegionExpr => this.#real(scope, type, depth - 1);
    const forms: readonly (() => RegionExpr)[] = [
      () => r.apply("mul", x, y()),
      () => r.apply("add", x, y()),
      () => r.apply("sub", x, y()),
      () => r.apply("div", x, positive(y())),
      () => r.apply("sin", x),
      () => r.apply("exp", r.apply("neg", r.apply("mul", x, x))),
      () => r.apply("sqrt", positive(x)),
      () => r.apply("log", positive(x)),
      () => r.apply("pow", positive(x), r.apply("tanh", y())),
      () => r.apply("atan2", x, positive(y())),
      () => r.apply(this.#choices.of(["maximum", "minimum"]), x, y()),
      () => r.apply("abs", x),
      () => r.apply("mul", r.apply("floor", r.apply("mul", x, r.constant(type, 3))), y()),
      () => r.apply("rem", x, positive(y())),
      () => r.select(this.#condition(scope), x, y()),
      () => r.convert(type, this.#real(scope, this.#realType(), depth - 1)),
    ];
    return this.#choices.of(forms)();
  }

  #leaf(scope: Scope, type: Real): RegionExpr {
    const locals = scope.locals.filter((one) => isReal(one.type) && (one.type === type || this.#usesSingles));
    const arrays = scope.arrays.filter((one) => isReal(one.type) && (one.type === type || this.#usesSingles));
    switch (this.#choices.below(5)) {
      case 0:
      case 1: {
        const { name, type: of } = this.#recent(locals);
        return r.convert(type, r.local(of, name));
      }
      case 2:
      case 3: {
        const target = this.#recent(arrays);
        const { places, at } = this.#places(scope, target);
        return r.convert(type, r.load(target.type, target.name, places, at));
      }
      default:
        return this.#oneIn(2)
          ? r.constant(type, (this.#choices.below(40) - 19.5) / 16)
          : r.apply("mul", r.convert(type, this.#whole(scope)), r.constant(type, 0.125));
    }
  }

  /** A small non-negative integer. */
  #whole(scope: Scope): RegionExpr {
    const indices = scope.indices;
    const locals = scope.locals.filter(({ type }) => type === "i32");
    switch (this.#choices.below(6)) {
      case 0:
      case 1:
        if (indices.length > 0) return r.local("i32", this.#recent(indices).name);
        return r.i32(this.#choices.below(4));
      case 2:
        return r.local("i32", this.#recent(locals).name);
      case 3:
        return r.load("i32", "k", [r.apply("rem", this.#someIndex(scope), r.length("k"))]);
      case 4: {
        // of the size of a number
        const size = r.apply("abs", r.apply("mul", this.#leaf(scope, "f64"), r.f64(2.5)));
        return r.apply("rem", r.convert("i32", size), r.i32(5));
      }
      default:
        return r.apply("rem", r.apply("add", this.#someIndex(scope), r.i32(3)), r.i32(4));
    }
  }

  #someIndex(scope: Scope): RegionExpr {
    return r.local("i32", scope.indices.at(-1)?.name ?? "n");
  }

  #condition(scope: Scope): RegionExpr {
    const flags = scope.locals.filter(({ type }) => type === "bool");
    const [x, y] = [
      (): RegionExpr => this.#leaf(scope, "f64"),
      (): RegionExpr => this.#real(scope, "f64", 1),
    ];
    switch (this.#choices.below(6)) {
      case 0:
        return r.apply("less", x(), y());
      case 1:
        return r.apply("lessEqual", r.f64((this.#choices.below(9) - 4) / 8), x());
      case 2:
        return r.apply("equal", r.apply("rem", this.#whole(scope), r.i32(2)), r.i32(0));
      case 3:
        if (flags.length > 0) return r.local("bool", this.#recent(flags).name);
        return r.apply("less", x(), y());
      case 4:
        return r.select(r.apply("less", x(), y()), r.apply("less", x(), y()), r.constant("bool", 1));
      default:
        return r.apply("notEqual", this.#whole(scope), this.#whole(scope));
    }
  }

  /**
   * Draws indices that are in range. `at`, the position of a run-time check, is set if a proof needs more than a simple
   * analysis, and sometimes otherwise.
   */
  #places(
    scope: Scope,
    { name, lengths }: Stored,
  ): { readonly places: readonly RegionExpr[]; readonly at?: number } {
    let isPlain = true;
    const places = lengths.map((n, axis): RegionExpr => {
      const fitting = scope.indices.filter(({ below }) => n !== undefined && below <= n);
      if (fitting.length > 0 && !this.#oneIn(3)) return r.local("i32", this.#recent(fitting).name);
      if (n !== undefined && this.#oneIn(3)) return r.i32(this.#choices.below(n));
      const place = r.apply("rem", this.#whole(scope), r.length(name, axis));
      const from = this.#choices.below(6);
      if (from === 1) {
        isPlain = false;
        return r.convert("f64", place);
      }
      // from the end
      return from === 2 ? r.apply("sub", r.apply("sub", r.length(name, axis), r.i32(1)), place) : place;
    });
    return isPlain && this.#oneIn(2) ? { places } : { places, at: 0 };
  }

  #type(): RegionType {
    return this.#choices.of(["f64", "f64", "i32", "bool", this.#realType()]);
  }

  #realType(): Real {
    return this.#usesSingles && this.#oneIn(2) ? "f32" : "f64";
  }

  /** One of a list; half of the time among the last two, so that statements build on one another. */
  #recent<T>(list: readonly T[]): T {
    const n = this.#choices.below(1000);
    const near = Math.min(2, list.length);
    return list[
      n % 2 === 0 ? list.length - 1 - (Math.floor(n / 2) % near) : Math.floor(n / 2) % list.length
    ]!;
  }

  #oneIn(n: number): boolean {
    return this.#choices.below(n) === n - 1;
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }
}

const isReal = (type: RegionType): type is Real => type === "f64" || type === "f32";

/** 1.5 + x². */
function positive(x: RegionExpr): RegionExpr {
  return r.apply("add", r.constant(x.type, 1.5), r.apply("mul", x, x));
}
