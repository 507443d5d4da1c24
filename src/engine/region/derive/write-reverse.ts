// Writes the forward and the backward pass that a plan describes.
import { append } from "../../util/append.ts";
import { assertNever, must } from "../../util/assert-never.ts";
import type { RegionBuilder, BlockWriter } from "../form/build.ts";
import { constant, forEachElement, isZero, load, local, makeWriter, nameOf } from "../form/build.ts";
import type {
  Region,
  RegionBlock,
  RegionExpr,
  RegionLoop,
  RegionParam,
  RegionResult,
  RegionStmt,
  RegionStore,
} from "../form/region.ts";
import { replaceLocals } from "../form/walk.ts";
import type { Pullback } from "./pullback.ts";
import { pullBack } from "./pullback.ts";
import type {
  Cotangent,
  LinearUpdate,
  OffsetMove,
  ReversedLoop,
  ReversePlan,
  TapedValue,
  ScopePlan,
  CotangentSeed,
  SegmentedLoop,
} from "./reverse-plan.ts";
import type { ScheduleSteps } from "./schedule.ts";
import { writeBackward, writeForward } from "./schedule.ts";
import type { SumTerm } from "./sums.ts";
import { declareSegments, stepsOf } from "./write-segments.ts";

/** Writes the transpose of a region. `build` chooses the names of temporaries. */
export function writeReverse(plan: ReversePlan, build: RegionBuilder): Region {
  return new ReverseWriter(plan, build).region();
}

class ReverseWriter {
  readonly #plan: ReversePlan;
  readonly #build: RegionBuilder;
  /** Expressions of the partial sums of cotangents of kind `sum`, by linear name. */
  readonly #sums = new Map<string, RegionExpr>();
  /** Names of cotangents that are mutable locals. */
  readonly #mutable: ReadonlySet<string>;

  constructor(plan: ReversePlan, build: RegionBuilder) {
    this.#plan = plan;
    this.#build = build;
    this.#mutable = new Set(
      [...plan.cotangents.values()].flatMap((one) => (one.kind === "local" ? [one.name] : [])),
    );
  }

  region(): Region {
    const { region, params, linearParams, seeds, results, scope } = this.#plan;
    const body: RegionStmt[] = [];
    this.#scope(scope, body);
    return {
      ...region,
      name: `transpose of ${region.name}`,
      params: [...params, ...seeds.flatMap(paramOf)],
      body,
      results: [...results, ...linearParams.map((param) => this.#resultOf(param))],
    };
  }

  #resultOf({ name }: RegionParam): RegionResult {
    const cotangent = must(this.#plan.cotangents.get(name), "a cotangent");
    if (cotangent.kind === "array") return { kind: "array", name: cotangent.declaration.name };
    return { kind: "scalar", value: must(this.#scalarCotangent(name), "a cotangent") };
  }

  #scope(scope: ScopePlan, out: RegionStmt[]): void {
    for (const phase of scope.phases) {
      switch (phase.kind) {
        case "forward":
          for (const stmt of phase.stmts) {
            for (const value of scope.tapesBefore.get(stmt) ?? []) append(out, declareTape(value));
            this.#forward(stmt, scope, out);
          }
          break;
        case "declare":
          append(out, phase.cotangents.flatMap(declareCotangent));
          break;
        case "seed":
          for (const seed of this.#plan.seeds) this.#seed(seed, out);
          break;
        case "backward":
          for (const stmt of phase.stmts) this.#backward(stmt, scope, out);
          break;
        case "results":
          append(out, this.#plan.resultCopies);
          break;
        default:
          assertNever(phase, "writeReverse");
      }
    }
  }

  #seed(seed: CotangentSeed, out: RegionStmt[]): void {
    if (seed.kind === "scalar") {
      if (seed.value !== undefined) this.#pull(seed.value, seed.cotangent, seed.isMasked, out);
      return;
    }
    const { target, param, dims } = seed;
    if (target === undefined) return;
    const copy = (places: readonly RegionExpr[]): RegionStmt => ({
      kind: "store",
      array: target,
      places,
      value: load(param.type, param.name, ...places),
    });
    out.push(forEachElement(dims, this.#build, copy));
  }

  // ---- forward pass

  #forwardBlock(stmts: RegionBlock, scope: ScopePlan): RegionStmt[] {
    const out: RegionStmt[] = [];
    for (const stmt of stmts) this.#forward(stmt, scope, out);
    return out;
  }

  /** Writes a statement that is not linear, and saves its value if the plan requires it. */
  #forward(stmt: RegionStmt, scope: ScopePlan, out: RegionStmt[]): void {
    const { linear } = this.#plan;
    switch (stmt.kind) {
      case "let": {
        if (linear.has(stmt.name)) return;
        out.push(stmt);
        const saved = scope.saved.get(stmt.name);
        if (saved !== undefined) out.push(saveValue(saved));
        return;
      }
      case "set":
      case "array":
        if (!linear.has(stmt.name)) out.push(stmt);
        return;
      case "store":
        if (!linear.has(stmt.array)) out.push(stmt);
        return;
      case "swap":
        if (!linear.has(stmt.x)) out.push(stmt);
        return;
      case "throw":
        out.push(stmt);
        return;
      case "if": {
        const [then, otherwise] = [stmt.then, stmt.otherwise].map((block) =>
          this.#forwardBlock(block, scope),
        );
        out.push({ ...stmt, then: then!, otherwise: otherwise! });
        return;
      }
      case "for":
      case "while":
        this.#forwardLoop(stmt, scope, out);
        return;
      default:
        assertNever(stmt, "writeReverse");
    }
  }

  #forwardLoop(loop: RegionLoop, scope: ScopePlan, out: RegionStmt[]): void {
    const plan = scope.loops.get(loop);
    switch (plan?.kind) {
      case undefined:
        out.push({ ...loop, body: this.#forwardBlock(loop.body, scope) });
        return;
      case "fused": {
        const body: RegionStmt[] = [];
        this.#scope(plan.scope, body);
        out.push({ ...loop, body });
        return;
      }
      case "reversed": {
        const { definitions, move } = plan.forward;
        out.push({ ...loop, body: [...definitions, ...this.#forwardBlock(loop.body, scope)] });
        append(out, this.#move(move));
        return;
      }
      case "segmented": {
        const steps = this.#steps(plan, scope);
        append(out, [...declareSegments(plan), ...writeForward(plan.schedule, steps, this.#build)]);
        return;
      }
      default:
        assertNever(plan, "writeReverse");
    }
  }

  #steps(plan: SegmentedLoop, scope: ScopePlan): ScheduleSteps {
    const backward = (): RegionStmt[] => {
      const out: RegionStmt[] = [];
      this.#scope(plan.scope, out);
      return out;
    };
    return stepsOf(plan, this.#forwardBlock(plan.loop.body, scope), backward, this.#build);
  }

  #move(move: OffsetMove | undefined): readonly RegionStmt[] {
    if (move === undefined) return [];
    const value = this.#build.apply(move.by, move.offset, move.count);
    return [...move.definitions, { kind: "set", name: move.offset.name, value }];
  }

  // ---- backward pass

  #backwardBlock(block: RegionBlock, scope: ScopePlan, out: RegionStmt[] = []): RegionStmt[] {
    const { recoveries, cotangents, stmts } = must(scope.blocks.get(block), "the plan of a block");
    for (const { name, value, at } of recoveries) out.push({ kind: "let", name, value, at });
    append(out, cotangents.flatMap(declareCotangent));
    for (const stmt of stmts) this.#backward(stmt, scope, out);
    return out;
  }

  #backward(stmt: RegionStmt, scope: ScopePlan, out: RegionStmt[]): void {
    switch (stmt.kind) {
      case "let": {
        const ct = this.#scalarCotangent(stmt.name);
        if (ct !== undefined) this.#pull(stmt.value, ct, this.#updateOf(stmt).isMasked, out);
        return;
      }
      case "set":
        this.#backwardSet(stmt, out);
        return;
      case "store":
        this.#backwardStore(stmt, out);
        return;
      case "swap":
        out.push({ ...stmt, x: this.#arrayOf(stmt.x), y: this.#arrayOf(stmt.y) });
        return;
      case "if": {
        const [then, otherwise] = [stmt.then, stmt.otherwise].map((block) =>
          this.#backwardBlock(block, scope),
        );
        out.push({ ...stmt, condition: this.#recall(stmt.condition), then: then!, otherwise: otherwise! });
        return;
      }
      case "for":
      case "while": {
        const plan = must(scope.loops.get(stmt), "the plan of a loop");
        if (plan.kind === "reversed") this.#backwardLoop(stmt, plan, scope, out);
        if (plan.kind === "segmented")
          append(out, writeBackward(plan.schedule, this.#steps(plan, scope), this.#build));
        return;
      }
      case "array":
      case "throw":
        return;
      default:
        assertNever(stmt, "writeReverse");
    }
  }

  #backwardLoop(
    loop: RegionLoop,
    { header, definitions, backward }: ReversedLoop,
    scope: ScopePlan,
    out: RegionStmt[],
  ): void {
    append(out, [...this.#move(backward.move), ...definitions]);
    const body = this.#backwardBlock(loop.body, scope, [...backward.definitions]);
    out.push({ ...header, body, at: loop.at });
  }

  #backwardSet(stmt: RegionStmt & { readonly kind: "set" }, out: RegionStmt[]): void {
    const { name, value } = stmt;
    const { type } = value;
    const { terms, readsTarget, isMasked } = this.#updateOf(stmt);
    const target = must(this.#scalarCotangent(name), "a cotangent");
    const copy = (): RegionExpr => {
      const ct = this.#build.fresh("ct");
      out.push({ kind: "let", name: ct, value: target });
      return local(type, ct);
    };
    if (terms !== undefined) {
      this.#pullTerms(terms, readsTarget ? copy() : target, isMasked, out);
      return;
    }
    const ct = isZero(value) ? undefined : copy();
    out.push({ kind: "set", name: nameOf(target), value: constant(type, 0), at: stmt.at });
    if (ct !== undefined) this.#pull(value, ct, isMasked, out);
  }

  #backwardStore(stmt: RegionStore, out: RegionStmt[]): void {
    const { value, at } = stmt;
    const { type } = value;
    const { terms, isFirst, isMasked } = this.#updateOf(stmt);
    const array = this.#arrayOf(stmt.array);
    const places = stmt.places.map((place) => this.#recall(place));
    const ct = local(type, this.#build.fresh("ct"));
    if (!isZero(value))
      out.push({ kind: "let", name: ct.name, value: { kind: "load", type, array, places, at }, at });
    if (terms !== undefined) {
      this.#pullTerms(terms, ct, isMasked, out);
      return;
    }
    if (!isFirst) out.push({ kind: "store", array, places, value: constant(type, 0), at });
    if (!isZero(value)) this.#pull(value, ct, isMasked, out);
  }

  #pullTerms(terms: readonly SumTerm[], ct: RegionExpr, isMasked: boolean, out: RegionStmt[]): void {
    for (const { expr, isNegative } of terms)
      this.#pull(expr, isNegative ? this.#build.apply("neg", ct) : ct, isMasked, out);
  }

  /**
   * Adds a cotangent, times the coefficients of an expression, to the cotangents of the names that the expression
   * reads.
   */
  #pull(expr: RegionExpr, ct: RegionExpr, isMasked: boolean, out: RegionStmt[]): void {
    const { linear, finite } = this.#plan;
    const writer = makeWriter(out, this.#build);
    const pull: Pullback = {
      build: this.#build,
      linear,
      finite,
      writer,
      recall: (known) => this.#recall(known),
      accumulate: (leaf, more) => this.#accumulate(leaf, more, writer),
    };
    pullBack(pull, expr, ct, isMasked);
  }

  #accumulate(
    leaf: RegionExpr & { readonly kind: "local" | "load" },
    ct: RegionExpr,
    writer: BlockWriter,
  ): void {
    const { stmts } = writer;
    if (leaf.kind === "load") {
      const array = this.#arrayOf(leaf.array);
      const element = { ...leaf, array, places: leaf.places.map((place) => this.#recall(place)) };
      const value = this.#build.apply("add", element, ct);
      stmts.push({ kind: "store", array, places: element.places, value, at: leaf.at });
      return;
    }
    const cotangent = must(this.#plan.cotangents.get(leaf.name), `the cotangent of ${leaf.name}`);
    const sum = this.#scalarCotangent(leaf.name);
    if (cotangent.kind !== "sum") {
      const target = must(sum, `the cotangent of ${leaf.name}`);
      stmts.push({ kind: "set", name: nameOf(target), value: this.#build.apply("add", target, ct) });
    } else if (sum === undefined && ct.kind === "local" && this.#mutable.has(ct.name)) {
      const name = this.#build.fresh(cotangent.hint); // a copy, because later statements change it
      stmts.push({ kind: "let", name, value: ct });
      this.#sums.set(leaf.name, local(ct.type, name));
    } else {
      const next = sum === undefined ? ct : this.#build.apply("add", sum, ct);
      this.#sums.set(leaf.name, writer.bind(next, cotangent.hint));
    }
  }

  #updateOf(stmt: RegionStmt): LinearUpdate {
    return must(this.#plan.updates.get(stmt), "the plan of a statement");
  }

  /**
   * Cotangent of a linear local as written so far: its mutable local, or its last partial sum. `undefined` if nothing
   * was added to a cotangent of kind `sum` yet.
   */
  #scalarCotangent(name: string): RegionExpr | undefined {
    const cotangent = this.#plan.cotangents.get(name);
    return cotangent?.kind === "local" ? local(cotangent.type, cotangent.name) : this.#sums.get(name);
  }

  #arrayOf(name: string): string {
    const cotangent = this.#plan.cotangents.get(name);
    return must(
      cotangent?.kind === "array" ? cotangent.declaration.name : undefined,
      `the cotangent of ${name}`,
    );
  }

  /** An expression with the locals of the forward pass replaced by those of the backward pass. */
  #recall(expr: RegionExpr): RegionExpr {
    return replaceLocals(expr, this.#plan.recalled);
  }
}

/** The parameter of the transpose that holds the cotangent of a result; empty if this cotangent is a constant. */
function paramOf(seed: CotangentSeed): readonly RegionParam[] {
  if (seed.kind === "array") return [seed.param];
  const { cotangent } = seed;
  return cotangent.kind === "local" ? [{ kind: "scalar", name: cotangent.name, type: cotangent.type }] : [];
}

function declareCotangent(cotangent: Cotangent): readonly RegionStmt[] {
  switch (cotangent.kind) {
    case "local":
      return [{ kind: "let", name: cotangent.name, value: constant(cotangent.type, 0) }];
    case "array":
      return [cotangent.declaration];
    case "sum":
      return [];
    default:
      return assertNever(cotangent, "writeReverse");
  }
}

function declareTape({ value, tape, array, definitions }: TapedValue): readonly RegionStmt[] {
  if (array !== undefined) return [...definitions, array];
  return [{ kind: "let", name: tape, value: constant(value.value.type, 0) }];
}

/** Statement that saves a value on its tape, to be placed after the definition of the value. */
function saveValue({ value, tape, array, indices }: TapedValue): RegionStmt {
  const saved = local(value.value.type, value.name);
  if (array === undefined) return { kind: "set", name: tape, value: saved, at: value.at };
  return { kind: "store", array: tape, places: indices, value: saved };
}
