// The way forward and the way back of a region that is linear in some of its parameters.
import { internalError } from "../../errors/index.ts";
import { assertNever, must } from "../../util/assert-never.ts";
import { checkpointedLoops, cutInSegments, type LoopState, type Segments } from "./checkpoint.ts";
import type { Builder, Writer } from "../form/build.ts";
import {
  constant,
  forEachElement,
  isFloating,
  isZero,
  load,
  local,
  makeBuilder,
  makeWriter,
  nameOf,
} from "../form/build.ts";
import { storedOnce } from "./coverage.ts";
import { saidByParams } from "../form/lengths.ts";
import { mutableNames } from "../flat/flatten.ts";
import { chooseFusion, isOrderFree, noFusion } from "./fuse.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import {
  hasTarget,
  type Linearity,
  linearityOf,
  readsAny,
  readsName,
  readsOf,
  readsOfResult,
  targetOf,
} from "./linearity.ts";
import { maskedStatements } from "./masks.ts";
import { type Block, type Needs, needsOf } from "./needs.ts";
import { directNames, type Loop, prepare, type Prepared } from "./prepare.ts";
import type { Pull, Term } from "./pullback.ts";
import { accumulatedTerms, finiteNames, isElement, pullBack } from "./pullback.ts";
import { Records } from "./records.ts";
import type {
  For,
  Region,
  RegionExpr,
  RegionParam,
  RegionResult,
  RegionStmt,
  RegionType,
} from "../form/region.ts";
import type { TransposeOptions } from "./options.ts";
import { scheduleOf, type Steps } from "./schedule.ts";
import { declarationOf } from "./tangent.ts";
import { mapExpr, walkStmts } from "../form/walk.ts";
import { append } from "../../util/append.ts";

/** A block that runs forwards and then back, in one scope. */
interface RootBlock {
  readonly needs: Needs;
  readonly records: Records;
  /** Names that have one value in the block. */
  readonly fixed: ReadonlySet<string>;
  readonly checkpointed: ReadonlyMap<RegionStmt, LoopState>;
  /** The loops that went forwards in segments, with what goes back over them. */
  readonly segments: Map<RegionStmt, () => readonly RegionStmt[]>;
}

/** What happens where a block turns back. */
interface Turn {
  /** Once the way back begins: declares cotangents, and gives them those of results. */
  readonly begin: () => void;
  /** Once all has gone forwards. */
  readonly end?: () => void;
}

/** Transposes one region, which is in flat form. */
export class ReverseMode {
  /** Arrays of records: nothing is read of them but what was stored. */
  readonly tapes: ReadonlySet<string>;
  readonly #tapes = new Set<string>();
  readonly #flat: Region;
  readonly #build: Builder;
  readonly #linearParams: readonly RegionParam[];
  readonly #linearResults: readonly boolean[];
  readonly #linearity: Linearity;
  readonly #prepared: Prepared;
  readonly #options: TransposeOptions;
  readonly #checkpoint: boolean | number;
  /** The block in hand that runs forwards and then back. */
  #root!: RootBlock;
  readonly #masked: ReadonlySet<RegionStmt>;
  readonly #finite: ReadonlySet<string>;
  /** Stores before which there was nothing but 0. */
  readonly #once: ReadonlySet<RegionStmt>;
  readonly #isResultMasked: (result: number) => boolean;
  readonly #mutable: ReadonlySet<string>;
  /** What locals that never change were declared as. */
  readonly #definitions = new Map<string, RegionExpr>();
  /** What stands for a known local on the way back, where it is another one. */
  readonly #recalled = new Map<string, RegionExpr>();
  /** Floating locals that the way back computes again. */
  readonly #floatsAgain = new Set<string>();
  /** The cotangents of linear names: mutable locals and arrays; or the sum of what came so far, for one that is used in its own block. */
  readonly #cotangents = new Map<string, RegionExpr>();
  readonly #arrays = new Map<string, string>();
  /** Cotangents that are locals which change. */
  readonly #changing = new Set<string>();
  /** Linear locals that are read in statements of their own block only. */
  readonly #direct: ReadonlySet<string>;

  constructor(
    flat: Region,
    linear: readonly boolean[],
    linearResults: readonly boolean[],
    functions: ScalarFunctions,
    options: TransposeOptions,
  ) {
    this.#flat = flat;
    this.tapes = this.#tapes;
    this.#options = options;
    this.#checkpoint = options.checkpoint ?? flat.checkpoint ?? false;
    this.#build = makeBuilder(flat, functions);
    this.#linearParams = flat.params.filter((_, i) => linear[i] === true);
    this.#linearResults = linearResults;
    this.#linearity = linearityOf(flat, linear, linearResults);
    this.#prepared = prepare(flat, this.#linearity, this.#build);
    this.#mutable = mutableNames(this.#prepared.body);
    const { body } = this.#prepared;
    walkStmts(body, (stmt) => {
      if (stmt.kind === "let" && !this.#mutable.has(stmt.name)) this.#definitions.set(stmt.name, stmt.value);
    });
    this.#isResultMasked = (result) => options.masked?.[result] ?? false;
    const { coverage = true } = options;
    const region = { body, results: flat.results };
    this.#masked = maskedStatements(region, this.#linearity, this.#isResultMasked, coverage);
    this.#once = coverage ? storedOnce(body, this.#linearity) : new Set();
    this.#finite = finiteNames(body);
    this.#direct = directNames(body, this.#linearity.linear, this.#mutable);
  }

  region(): Region {
    const { params, name } = this.#flat;
    const out: RegionStmt[] = [];
    const entry = new Set(params.map((param) => param.name));
    let cotangents: readonly RegionParam[] = [];
    let values: readonly RegionResult[] = [];
    this.#derive(this.#prepared.body, entry, out, {
      begin: () => {
        cotangents = this.#begin(out);
      },
      end: () => {
        values = this.#values(out);
      },
    });
    return {
      ...this.#flat,
      name: `transpose of ${name}`,
      params: [...params.filter((param) => !this.#linearParams.includes(param)), ...cotangents],
      body: out,
      results: [...values, ...this.#linearParams.map((param) => this.#result(param))],
    };
  }

  /** The results that are not linear. Segments that run again change locals once more: their values are kept. */
  #values(out: RegionStmt[]): readonly RegionResult[] {
    const known = this.#flat.results.filter((_, i) => this.#linearResults[i] !== true);
    if (this.#root.segments.size === 0) return known;
    return known.map((result) => {
      if (result.kind === "array" || result.value.kind !== "local" || !this.#mutable.has(result.value.name))
        return result;
      const name = this.#build.fresh(`${result.value.name}_result`);
      out.push({ kind: "let", name, value: result.value });
      return { kind: "scalar", value: local(result.value.type, name) };
    });
  }

  /**
   * A block and then its way back; some of its loops go back within their iterations.
   */
  #derive(block: Block, entry: ReadonlySet<string>, out: RegionStmt[], turn: Turn): void {
    const { fuse = true, recompute = true, reread = true } = this.#options;
    const { counts } = this.#prepared;
    const needsOfBlock = (apart: ReadonlySet<RegionStmt>): Needs =>
      needsOf({ block, entry, apart }, counts, this.#linearity, this.#build.functions, {
        recomputes: recompute,
        rereads: reread,
      });
    let needs = needsOfBlock(new Set());
    const isOutermost = block === this.#prepared.body;
    const results = new Set(isOutermost ? this.#flat.results.flatMap(readsOfResult) : []);
    const { fused, first, early } = fuse
      ? chooseFusion({ block, linearity: this.#linearity, needs, counts, entry, results })
      : noFusion(block);
    const checkpointed = new Map<RegionStmt, LoopState>(
      this.#checkpoint !== false && isOutermost
        ? checkpointedLoops({ body: block, results: this.#flat.results }, this.#linearity, needs)
        : [],
    );
    const apart = new Set([...fused, ...checkpointed.keys()]);
    if (apart.size > 0) needs = needsOfBlock(apart);
    const fixed = new Set(entry);
    for (const stmt of block)
      if ((stmt.kind === "let" && !this.#mutable.has(stmt.name)) || stmt.kind === "array")
        fixed.add(stmt.name);
    for (const loop of fused) checkpointed.delete(loop);
    const names = {
      valueOf: (name: string) => this.#definitions.get(name),
      isFixed: (name: string) => fixed.has(name),
    };
    const around = this.#root;
    const records = new Records(this.#build, needs, counts, names, this.#tapes);
    this.#root = { needs, records, fixed, checkpointed, segments: new Map() };
    const [before, behind] = [block.slice(0, first), block.slice(first)];
    for (const stmt of [...before, ...behind.filter((one) => early.has(one))]) {
      append(out, records.declare(stmt));
      this.#forward(stmt, out);
    }
    turn.begin();
    this.#reverseStmts(
      behind.filter((stmt) => !fused.has(stmt)),
      out,
    );
    for (const stmt of behind) {
      if (fused.has(stmt)) this.#fused(stmt as Loop, fixed, out);
      else if (!early.has(stmt)) this.#forward(stmt, out);
    }
    turn.end?.();
    this.#reverseStmts(before, out);
    this.#root = around;
  }

  /** A loop each of whose iterations goes back as soon as it has gone forwards. */
  #fused(loop: Loop, fixed: ReadonlySet<string>, out: RegionStmt[]): void {
    const body: RegionStmt[] = [];
    const entry = new Set(fixed);
    if (loop.kind === "for") entry.add(loop.index);
    this.#derive(loop.body, entry, body, { begin: () => this.#declare(loop.body, body) });
    out.push({ ...loop, body });
  }

  // ---- loops in segments

  /** Runs a loop segment by segment, and saves what it changes where they begin. */
  #forwardSegments(loop: For, state: LoopState, out: RegionStmt[]): void {
    const snapshots = typeof this.#checkpoint === "number" ? this.#checkpoint : undefined;
    const segments = cutInSegments(loop, state, this.#build, snapshots);
    const schedule = scheduleOf(segments.count, snapshots, this.#build);
    const forward = this.#forwardBlock(loop.body);
    const steps: Steps = {
      ...segments,
      advance: (segment, many) => segments.run(forward, segment, many),
      turn: (segment) => this.#turnSegment(loop, segments, segment),
    };
    append(out, [...segments.begin, ...schedule.forwards(steps)]);
    this.#root.segments.set(loop, () => schedule.backwards(steps));
  }

  /** Runs a segment again, with records, and back. */
  #turnSegment(loop: For, segments: Segments, segment: RegionExpr): readonly RegionStmt[] {
    const { stmts, from, to } = segments.bounds(segment);
    const body = [...stmts];
    const entry = new Set([...this.#root.fixed, ...[from, to].flatMap(readsOf)]);
    this.#derive([{ ...loop, from, to }], entry, body, { begin: () => undefined });
    return body;
  }

  // ---- forwards

  #forwardBlock(stmts: Block): RegionStmt[] {
    const out: RegionStmt[] = [];
    for (const stmt of stmts) this.#forward(stmt, out);
    return out;
  }

  /** What is not linear, with its records. */
  #forward(stmt: RegionStmt, out: RegionStmt[]): void {
    const target = targetOf(stmt);
    if (target !== undefined && this.#linearity.linear.has(target)) return;
    switch (stmt.kind) {
      case "let":
        out.push(stmt, ...this.#root.records.record(stmt.name));
        return;
      case "for":
      case "while": {
        const state = this.#root.checkpointed.get(stmt);
        if (state !== undefined && stmt.kind === "for") {
          this.#forwardSegments(stmt, state, out);
          return;
        }
        const begin = this.#root.records.beginForward(stmt);
        out.push({
          ...stmt,
          body: [...begin, ...this.#forwardBlock(stmt.body)],
        });
        append(out, this.#root.records.afterForward(stmt));
        return;
      }
      case "if":
        out.push({
          ...stmt,
          then: this.#forwardBlock(stmt.then),
          otherwise: this.#forwardBlock(stmt.otherwise),
        });
        return;
      case "set":
      case "array":
      case "store":
      case "swap":
      case "throw":
        out.push(stmt);
        return;
      default:
        assertNever(stmt, "transpose");
    }
  }

  // ---- backwards

  /** Declares the cotangents of the outermost block, and gives them those of the results. Returns the parameters. */
  #begin(out: RegionStmt[]): RegionParam[] {
    for (const param of this.#linearParams) this.#declareParam(param, out);
    this.#declare(this.#prepared.body, out);
    return this.#flat.results.flatMap((result, i): RegionParam[] => {
      if (this.#linearResults[i] !== true) return [];
      if (result.kind === "array") return [this.#seedArray(result.name, out)];
      const { type } = result.value;
      const seed = this.#options.seeds?.[i];
      const ct = seed === undefined ? local(type, this.#build.fresh("ct")) : constant(type, seed);
      if (readsAny(result.value, this.#linearity.useful))
        this.#pull(result.value, ct, this.#isResultMasked(i), out);
      else if (!isZero(result.value)) throw internalError("a result is not linear in the tangents");
      return ct.kind === "local" ? [{ kind: "scalar", name: ct.name, type }] : [];
    });
  }

  #declareParam(param: RegionParam, out: RegionStmt[]): void {
    const name = this.#cotangentName(param.name);
    if (param.kind === "scalar") {
      this.#declareLocal(param.name, name, param.type, out);
      return;
    }
    const dims = must(param.lengths, `the lengths of ${param.name}`);
    out.push({ kind: "array", name, type: param.type, dims });
    this.#arrays.set(param.name, name);
  }

  #result(param: RegionParam): RegionResult {
    if (param.kind === "array")
      return { kind: "array", name: must(this.#arrays.get(param.name), "a cotangent") };
    return { kind: "scalar", value: must(this.#cotangents.get(param.name), "a cotangent") };
  }

  /** Copies the cotangent of a result into the one that it begins with. */
  #seedArray(array: string, out: RegionStmt[]): RegionParam {
    const { type, dims } = declarationOf(array, this.#flat.body);
    const name = this.#build.fresh("ct");
    const target = this.#arrays.get(array);
    if (target !== undefined) {
      const seed = (places: readonly RegionExpr[]): RegionStmt => ({
        kind: "store",
        array: target,
        places,
        value: load(type, name, ...places),
      });
      out.push(forEachElement(dims, this.#build, seed));
    }
    const lengths = dims.map((n) => saidByParams(n, this.#flat, this.#mutable));
    const isKnown = lengths.every((n) => n !== undefined);
    return { kind: "array", name, type, rank: dims.length, ...(isKnown ? { lengths } : {}) };
  }

  #reverseBlock(stmts: Block, begin: readonly RegionStmt[]): RegionStmt[] {
    const out: RegionStmt[] = [...begin];
    for (const recovery of this.#root.needs.of.get(stmts) ?? []) {
      const { name, value } = recovery.stmt;
      const again = this.#build.fresh(name);
      out.push({
        kind: "let",
        name: again,
        value: recovery.kind === "again" ? this.#again(value) : this.#root.records.recall(recovery),
        at: recovery.stmt.at,
      });
      if (recovery.kind === "again" && isFloating(value.type)) this.#floatsAgain.add(again);
      this.#recalled.set(name, local(value.type, again));
    }
    this.#declare(stmts, out);
    this.#reverseStmts(stmts, out);
    return out;
  }

  /**
   * A known value that is computed again. The way forward has checked the places that it reads at, so they are not checked once more;
   * but for those that are computed again in floating point, where a product and a sum may be rounded once at one time, twice at another.
   */
  #again(value: RegionExpr): RegionExpr {
    const isSame = (place: RegionExpr): boolean =>
      place.kind !== "local" || !this.#floatsAgain.has(place.name);
    return mapExpr(this.#recall(value), (x) =>
      x.kind === "load" && x.places.every(isSame) ? { ...x, at: undefined } : x,
    );
  }

  /** Declares the cotangents of what is linear and declared in a block. */
  #declare(stmts: Block, out: RegionStmt[]): void {
    for (const stmt of stmts) {
      if ((stmt.kind !== "let" && stmt.kind !== "array") || !this.#linearity.useful.has(stmt.name)) continue;
      const name = this.#cotangentName(stmt.name);
      if (stmt.kind === "array") {
        out.push({ ...stmt, name, dims: stmt.dims.map((n) => this.#recall(n)) });
        this.#arrays.set(stmt.name, name);
      } else if (!this.#direct.has(stmt.name)) {
        this.#declareLocal(stmt.name, name, stmt.value.type, out);
      }
    }
  }

  /** Declares a cotangent that is added to. */
  #declareLocal(of: string, name: string, type: RegionType, out: RegionStmt[]): void {
    out.push({ kind: "let", name, value: constant(type, 0) });
    this.#cotangents.set(of, local(type, name));
    this.#changing.add(name);
  }

  #reverseStmts(stmts: Block, out: RegionStmt[]): void {
    for (const stmt of stmts.toReversed())
      if (hasTarget(stmt, this.#linearity.useful)) this.#reverse(stmt, out);
  }

  #reverse(stmt: RegionStmt, out: RegionStmt[]): void {
    switch (stmt.kind) {
      case "let": {
        const ct = this.#cotangents.get(stmt.name);
        if (ct !== undefined) this.#pull(stmt.value, ct, this.#masked.has(stmt), out);
        return;
      }
      case "set":
        this.#reverseSet(stmt, out);
        return;
      case "store":
        this.#reverseStore(stmt, out);
        return;
      case "swap":
        out.push({ ...stmt, x: this.#array(stmt.x), y: this.#array(stmt.y) });
        return;
      case "if": {
        const [then, otherwise] = [this.#reverseBlock(stmt.then, []), this.#reverseBlock(stmt.otherwise, [])];
        out.push({ ...stmt, condition: this.#recall(stmt.condition), then, otherwise });
        return;
      }
      case "for":
      case "while": {
        const segments = this.#root.segments.get(stmt);
        if (segments !== undefined) append(out, segments());
        else this.#reverseLoop(stmt, out);
        return;
      }
      case "array":
      case "throw":
        return;
      default:
        assertNever(stmt, "transpose");
    }
  }

  #reverseSet(stmt: RegionStmt & { readonly kind: "set" }, out: RegionStmt[]): void {
    const { name, value } = stmt;
    const target = must(this.#cotangents.get(name), "a cotangent");
    const { type } = value;
    const isMasked = this.#masked.has(stmt);
    const terms = accumulatedTerms(value, (leaf) => leaf.kind === "local" && leaf.name === name);
    const before = (): RegionExpr => {
      const ct = this.#build.fresh("ct");
      out.push({ kind: "let", name: ct, value: target });
      return local(type, ct);
    };
    if (terms !== undefined) {
      const ct = terms.some(({ expr }) => readsName(expr, name)) ? before() : target;
      this.#pullTerms(terms, ct, isMasked, out);
      return;
    }
    const ct = isZero(value) ? undefined : before();
    out.push({ kind: "set", name: nameOf(target), value: constant(type, 0), at: stmt.at });
    if (ct !== undefined) this.#pull(value, ct, isMasked, out);
  }

  #reverseStore(stmt: RegionStmt & { readonly kind: "store" }, out: RegionStmt[]): void {
    const { array, places, value, at } = stmt;
    const isMasked = this.#masked.has(stmt);
    const target = this.#array(array);
    const recalled = places.map((place) => this.#recall(place));
    const terms = accumulatedTerms(value, (leaf) => isElement(leaf, array, places));
    const ct = local(value.type, this.#build.fresh("ct"));
    const element: RegionExpr = { kind: "load", type: value.type, array: target, places: recalled, at };
    if (!isZero(value)) out.push({ kind: "let", name: ct.name, value: element, at });
    if (terms !== undefined) {
      this.#pullTerms(terms, ct, isMasked, out);
      return;
    }
    if (!this.#once.has(stmt))
      out.push({ kind: "store", array: target, places: recalled, value: constant(value.type, 0), at });
    if (!isZero(value)) this.#pull(value, ct, isMasked, out);
  }

  #pullTerms(terms: readonly Term[], ct: RegionExpr, isMasked: boolean, out: RegionStmt[]): void {
    for (const { expr, isNegative } of terms)
      this.#pull(expr, isNegative ? this.#build.apply("neg", ct) : ct, isMasked, out);
  }

  #reverseLoop(stmt: Loop, out: RegionStmt[]): void {
    const index = local("i32", this.#build.fresh(stmt.kind === "for" ? stmt.index : "iteration"));
    const total = this.#prepared.counts.get(stmt)?.total;
    const { at } = stmt;
    if (stmt.kind === "while") {
      const from = constant("i32", 0);
      const to = this.#recall(must(total, "the count of a loop"));
      append(out, this.#root.records.beforeReverse(stmt, from, to, to));
      const body = this.#reverseBlock(stmt.body, this.#root.records.beginReverse(stmt, index, from));
      out.push({ kind: "for", index: index.name, from, to, step: 1, reverse: true, body, at });
      return;
    }
    this.#recalled.set(stmt.index, index);
    const { step, reverse } = stmt;
    const from = this.#recall(stmt.from);
    let to = this.#recall(total ?? stmt.to);
    append(out, this.#root.records.beforeReverse(stmt, from, to, total && to));
    if (total !== undefined) {
      const end = this.#build.apply("add", from, this.#build.apply("mul", to, constant("i32", step)));
      to = local("i32", this.#build.fresh("end"));
      out.push({ kind: "let", name: nameOf(to), value: end, at });
    }
    const body = this.#reverseBlock(stmt.body, this.#root.records.beginReverse(stmt, index, from));
    const { reorder = true } = this.#options;
    const isFree = reorder && isOrderFree(stmt, this.#linearity) && !this.#root.records.isOrdered(stmt);
    const isForward = reverse === true || isFree;
    const direction = isForward ? {} : { reverse: true as const };
    out.push({ kind: "for", index: index.name, from, to, step, ...direction, body, at });
  }

  /** Adds a cotangent to what an expression reads, times its coefficients. */
  #pull(expr: RegionExpr, ct: RegionExpr, isMasked: boolean, out: RegionStmt[]): void {
    const writer = makeWriter(out, this.#build);
    const pull: Pull = {
      build: this.#build,
      linear: this.#linearity.linear,
      finite: this.#finite,
      writer,
      recall: (known) => this.#recall(known),
      accumulate: (leaf, more) => this.#accumulate(leaf, more, writer),
    };
    pullBack(pull, expr, ct, isMasked);
  }

  #accumulate(leaf: RegionExpr & { readonly kind: "local" | "load" }, ct: RegionExpr, writer: Writer): void {
    if (leaf.kind === "load") {
      const element = {
        ...leaf,
        array: this.#array(leaf.array),
        places: leaf.places.map((place) => this.#recall(place)),
      };
      const { array, places, at } = element;
      writer.stmts.push({ kind: "store", array, places, value: this.#build.apply("add", element, ct), at });
      return;
    }
    const sum = this.#cotangents.get(leaf.name);
    if (this.#direct.has(leaf.name)) {
      if (sum === undefined && ct.kind === "local" && this.#changing.has(ct.name)) {
        const name = this.#cotangentName(leaf.name);
        writer.stmts.push({ kind: "let", name, value: ct });
        this.#cotangents.set(leaf.name, local(ct.type, name));
        return;
      }
      const next = sum === undefined ? ct : this.#build.apply("add", sum, ct);
      this.#cotangents.set(leaf.name, writer.bind(next, this.#hint(leaf.name)));
    } else {
      const target = must(sum, `the cotangent of ${leaf.name}`);
      writer.stmts.push({ kind: "set", name: nameOf(target), value: this.#build.apply("add", target, ct) });
    }
  }

  #array(name: string): string {
    return must(this.#arrays.get(name), `the cotangent of ${name}`);
  }

  /** A known expression as it is said on the way back. */
  #recall(expr: RegionExpr): RegionExpr {
    return mapExpr(expr, (x) => (x.kind === "local" ? (this.#recalled.get(x.name) ?? x) : x));
  }

  #cotangentName(name: string): string {
    return this.#build.fresh(this.#hint(name));
  }

  /** The tangent of x is called dx, and its cotangent x_bar. */
  #hint(name: string): string {
    return `${name.replace(/^d(?=.)/, "")}_bar`;
  }
}
