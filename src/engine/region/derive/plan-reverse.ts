// Decides how a region is transposed: which values are saved or recomputed, which loops are fused or checkpointed, and all names.
import { internalError } from "../../errors/index.ts";
import { must } from "../../util/assert-never.ts";
import type { RegionBuilder, RegionLocal } from "../form/build.ts";
import { constant, isFloating, isZero, local } from "../form/build.ts";
import { lengthOfParams } from "../form/lengths.ts";
import type { LetsByName } from "../form/names.ts";
import { hasTarget, immutableLets, mutableNames, readsAny, readsName, readsOfResult } from "../form/names.ts";
import type {
  ArrayDeclaration,
  Region,
  RegionBlock,
  RegionExpr,
  RegionFor,
  RegionLet,
  RegionLoop,
  RegionParam,
  RegionResult,
  RegionStmt,
} from "../form/region.ts";
import { blocksOf, mapExpr, replaceLocals, walkStmts } from "../form/walk.ts";
import { findCheckpointedLoops, planSegments } from "./checkpoint.ts";
import { findFirstStores } from "./coverage.ts";
import { chooseFusion, isOrderFree, noFusion } from "./fuse.ts";
import type { Linearity } from "./linearity.ts";
import { linearityOf } from "./linearity.ts";
import { findFiniteNames, findMaskedStatements } from "./masks.ts";
import type { Needs } from "./needs.ts";
import { findNeeds } from "./needs.ts";
import type { TransposeOptions } from "./options.ts";
import type { IterationCounter } from "./prepare.ts";
import { findDirectNames, prepare } from "./prepare.ts";
import type {
  BackwardBlock,
  Cotangent,
  LinearUpdate,
  ReverseLoopPlan,
  ScopePhase,
  Recovery,
  ReversedLoop,
  ReversePlan,
  ScopePlan,
  CotangentSeed,
} from "./reverse-plan.ts";
import { TapePlanner } from "./saved-values.ts";
import { accumulatedTerms, isElement } from "./sums.ts";
import { declarationOf } from "./tangent.ts";

/** Facts about the whole region, and the parts of the plan that all scopes share. */
interface PlanContext {
  readonly region: Region;
  readonly build: RegionBuilder;
  readonly options: TransposeOptions;
  readonly linearity: Linearity;
  readonly counters: ReadonlyMap<RegionStmt, IterationCounter>;
  readonly mutable: ReadonlySet<string>;
  /** Declarations of the locals that never change. */
  readonly definitions: LetsByName;
  /** Linear locals that are used only in the block that declares them. */
  readonly direct: ReadonlySet<string>;
  readonly cotangents: Map<string, Cotangent>;
  readonly recalled: Map<string, RegionExpr>;
  /** Floating locals that the backward pass recomputes. */
  readonly recomputedFloats: Set<string>;
  readonly tapes: Set<string>;
}

/** Facts about one scope: a block whose forward and backward passes run in the same scope of names. */
interface ScopeContext {
  readonly plan: PlanContext;
  readonly needs: Needs;
  readonly tapes: TapePlanner;
  readonly fixed: ReadonlySet<string>;
  readonly loops: Map<RegionStmt, ReverseLoopPlan>;
  readonly blocks: Map<RegionBlock, BackwardBlock>;
}

/**
 * Plans the transpose of a region in flat form.
 *
 * @throws DownhillError `internal` if a result is not linear in the linear parameters.
 */
export function planReverse(
  flat: Region,
  linear: readonly boolean[],
  linearResults: readonly boolean[],
  build: RegionBuilder,
  options: TransposeOptions,
): ReversePlan {
  const linearity = linearityOf(flat, linear, linearResults);
  const { body, counters } = prepare(flat, linearity, build);
  const region = { ...flat, body };
  const mutable = mutableNames(body);
  const context: PlanContext = {
    region,
    build,
    options,
    linearity,
    counters,
    mutable,
    definitions: immutableLets(body),
    direct: findDirectNames(body, linearity.linear, mutable),
    cotangents: new Map(),
    recalled: new Map(),
    recomputedFloats: new Set(),
    tapes: new Set(),
  };
  const linearParams = flat.params.filter((_, i) => linear[i] === true);
  for (const param of linearParams) declareParam(context, param);
  const paramCotangents = [...context.cotangents.values()];
  const scope = planScope(context, body, new Set(flat.params.map(({ name }) => name)), paramCotangents);
  return {
    region,
    linear: linearity.linear,
    params: flat.params.filter((_, i) => linear[i] !== true),
    linearParams,
    seeds: planSeeds(context, linearResults),
    ...planResults(context, linearResults, scope),
    cotangents: context.cotangents,
    updates: planUpdates(context),
    finite: findFiniteNames(body),
    recalled: context.recalled,
    tapes: context.tapes,
    scope,
  };
}

// ---- scopes

function planScope(
  plan: PlanContext,
  block: RegionBlock,
  entry: ReadonlySet<string>,
  before: readonly Cotangent[] = [],
): ScopePlan {
  const { region, build, counters, mutable } = plan;
  const { needs, fusion, checkpointed } = chooseLoops(plan, block, entry);
  const { fused, first, early } = fusion;
  const fixed = new Set(entry);
  for (const stmt of block)
    if ((stmt.kind === "let" && !mutable.has(stmt.name)) || stmt.kind === "array") fixed.add(stmt.name);
  const [earlier, later] = [block.slice(0, first), block.slice(first)];
  const forward = [...earlier, ...later.filter((stmt) => early.has(stmt))];
  const names = {
    valueOf: (name: string) => plan.definitions.get(name)?.value,
    isFixed: (name: string) => fixed.has(name),
  };
  const tapes = new TapePlanner({ build, counters, names }, forward, needs.saved);
  for (const { array } of tapes.saved.values()) if (array !== undefined) plan.tapes.add(array.name);
  const context: ScopeContext = { plan, needs, tapes, fixed, loops: new Map(), blocks: new Map() };
  const cotangents = [...before, ...declareCotangents(plan, block)];
  for (const stmt of block) {
    if (fused.has(stmt)) {
      const loop = stmt as RegionLoop;
      const inside = new Set(loop.kind === "for" ? [...fixed, loop.index] : fixed);
      context.loops.set(loop, { kind: "fused", scope: planScope(plan, loop.body, inside) });
    } else planNested(context, stmt, checkpointed);
  }
  const isOutermost = block === region.body;
  const backward = (stmts: RegionBlock): ScopePhase => ({
    kind: "backward",
    stmts: backwardOrder(plan, stmts),
  });
  const phases: readonly ScopePhase[] = [
    { kind: "forward", stmts: forward },
    { kind: "declare", cotangents },
    ...(isOutermost ? [{ kind: "seed" } as const] : []),
    backward(later.filter((stmt) => !fused.has(stmt))),
    { kind: "forward", stmts: later.filter((stmt) => fused.has(stmt) || !early.has(stmt)) },
    ...(isOutermost ? [{ kind: "results" } as const] : []),
    backward(earlier),
  ];
  return {
    phases: phases.filter((phase) => !("stmts" in phase) || phase.stmts.length > 0),
    fixed,
    tapesBefore: tapes.tapesBefore,
    saved: tapes.saved,
    loops: context.loops,
    blocks: context.blocks,
  };
}

/**
 * Chooses the loops of a block to fuse and to checkpoint. Finds the values that the backward pass of the other
 * statements needs.
 */
function chooseLoops(
  { region, options, linearity, counters, build }: PlanContext,
  block: RegionBlock,
  entry: ReadonlySet<string>,
): Pick<ScopeContext, "needs"> & {
  readonly fusion: ReturnType<typeof chooseFusion>;
  readonly checkpointed: ReturnType<typeof findCheckpointedLoops>;
} {
  const { fuse = true, recompute = true, reread = true, checkpoint = region.checkpoint ?? false } = options;
  const isOutermost = block === region.body;
  const needsWithout = (separate: ReadonlySet<RegionStmt>): Needs =>
    findNeeds({ block, entry, separate }, counters, linearity, build.functions, { recompute, reread });
  const needs = needsWithout(new Set());
  const results = new Set(isOutermost ? region.results.flatMap(readsOfResult) : []);
  const fusion = fuse ? chooseFusion({ block, linearity, needs, counters, entry, results }) : noFusion(block);
  const candidates =
    checkpoint !== false && isOutermost
      ? findCheckpointedLoops({ body: block, results: region.results }, linearity, needs)
      : new Map<RegionFor, never>();
  const checkpointed = new Map([...candidates].filter(([loop]) => !fusion.fused.has(loop)));
  const separate = new Set<RegionStmt>([...fusion.fused, ...checkpointed.keys()]);
  return { needs: separate.size > 0 ? needsWithout(separate) : needs, fusion, checkpointed };
}

/** Statements with a backward pass, in reverse order. */
function backwardOrder({ linearity }: PlanContext, stmts: RegionBlock): RegionBlock {
  return stmts.filter((stmt) => hasTarget(stmt, linearity.useful)).toReversed();
}

/** Plans the backward pass of a loop or branch that is not fused, with its nested blocks. */
function planNested(
  context: ScopeContext,
  stmt: RegionStmt,
  checkpointed: ReturnType<typeof findCheckpointedLoops> = new Map(),
): void {
  if (!hasTarget(stmt, context.plan.linearity.useful)) return;
  if (stmt.kind === "for" || stmt.kind === "while") {
    const state = stmt.kind === "for" ? checkpointed.get(stmt) : undefined;
    if (stmt.kind === "for" && state !== undefined) {
      const { build, region, options } = context.plan;
      const checkpoint = options.checkpoint ?? region.checkpoint;
      const snapshots = typeof checkpoint === "number" ? checkpoint : undefined;
      const segments = planSegments(stmt, state, build, snapshots);
      const { from, to } = segments;
      const inside = new Set([...context.fixed, from.name, to.name]);
      const scope = planScope(context.plan, [{ ...stmt, from, to }], inside);
      context.loops.set(stmt, { ...segments, scope });
      return;
    }
    context.loops.set(stmt, planReversedLoop(context, stmt));
  }
  for (const block of blocksOf(stmt)) planBackwardBlock(context, block);
}

function planBackwardBlock(context: ScopeContext, block: RegionBlock): void {
  const { plan, needs, tapes } = context;
  const recoveries = (needs.of.get(block) ?? []).map((need): Recovery => {
    const { name: of, value, at } = need.value;
    const name = plan.build.fresh(of);
    const again = need.kind === "saved" ? tapes.loadOf(need) : recomputedValue(plan, value);
    if (need.kind === "recomputed" && isFloating(value.type)) plan.recomputedFloats.add(name);
    plan.recalled.set(of, local(value.type, name));
    return { kind: need.kind === "saved" ? "loaded" : "recomputed", of, name, value: again, at };
  });
  const cotangents = declareCotangents(plan, block);
  for (const stmt of block) planNested(context, stmt);
  context.blocks.set(block, { recoveries, cotangents, stmts: backwardOrder(plan, block) });
}

/**
 * Value of a local that the backward pass recomputes. The forward pass has checked the indices of its loads. They are
 * checked again only if an index is recomputed in floating point, because a fused multiply-add may round it
 * differently.
 */
function recomputedValue(plan: PlanContext, value: RegionExpr): RegionExpr {
  const isSame = (place: RegionExpr): boolean =>
    place.kind !== "local" || !plan.recomputedFloats.has(place.name);
  return mapExpr(recall(plan, value), (x) =>
    x.kind === "load" && x.places.every(isSame) ? { ...x, at: undefined } : x,
  );
}

/** An expression with the locals of the forward pass replaced by those of the backward pass. */
function recall({ recalled }: PlanContext, expr: RegionExpr): RegionExpr {
  return replaceLocals(expr, recalled);
}

// ---- loops

function planReversedLoop({ plan, tapes }: ScopeContext, loop: RegionLoop): ReversedLoop {
  const { build, recalled, counters } = plan;
  const index = local("i32", build.fresh(loop.kind === "for" ? loop.index : "iteration"));
  const counted = counters.get(loop)?.total;
  const total = counted && recall(plan, counted);
  const forward = tapes.forward(loop);
  if (loop.kind === "while") {
    const [from, to] = [constant("i32", 0), must(total, "the count of a loop")];
    const header = { kind: "for", index: index.name, from, to, step: 1, reverse: true } as const;
    const backward = tapes.backward(loop, index, { from, to }, to);
    return { kind: "reversed", forward, backward, definitions: [], header };
  }
  recalled.set(loop.index, index);
  const { step, reverse } = loop;
  const from = recall(plan, loop.from);
  const last = recall(plan, counted ?? loop.to);
  const backward = tapes.backward(loop, index, { from, to: last }, total);
  const definitions: RegionLet[] = [];
  const to = total === undefined ? last : endOf(from, total, step, definitions, loop, build);
  const { reorder = true } = plan.options;
  const isFree = reorder && isOrderFree(loop, plan.linearity) && !tapes.isOrdered(loop);
  const direction = reverse === true || isFree ? {} : { reverse: true as const };
  const header = { kind: "for", index: index.name, from, to, step, ...direction } as const;
  return { kind: "reversed", forward, backward, definitions, header };
}

/**
 * Declares a local with the end of a backward loop whose forward loop may end early. Only iterations that ran forward
 * run backward.
 */
function endOf(
  from: RegionExpr,
  total: RegionExpr,
  step: number,
  definitions: RegionLet[],
  { at }: RegionLoop,
  build: RegionBuilder,
): RegionLocal {
  const value = build.apply("add", from, build.apply("mul", total, constant("i32", step)));
  const end = local("i32", build.fresh("end"));
  definitions.push({ kind: "let", name: end.name, value, at });
  return end;
}

// ---- cotangents

/**
 * Chooses the names of the cotangents of the linear names that a block declares. Returns the cotangents that the
 * backward pass of the block must declare; cotangents of kind `sum` need no declaration.
 */
function declareCotangents(plan: PlanContext, block: RegionBlock): readonly Cotangent[] {
  return block.flatMap((stmt): readonly Cotangent[] => {
    if ((stmt.kind !== "let" && stmt.kind !== "array") || !plan.linearity.useful.has(stmt.name)) return [];
    const hint = cotangentHint(stmt.name);
    if (stmt.kind === "let" && plan.direct.has(stmt.name)) {
      plan.cotangents.set(stmt.name, { kind: "sum", hint });
      return [];
    }
    const name = plan.build.fresh(hint);
    const cotangent: Cotangent =
      stmt.kind === "let"
        ? { kind: "local", name, type: stmt.value.type }
        : { kind: "array", declaration: { ...stmt, name, dims: stmt.dims.map((n) => recall(plan, n)) } };
    plan.cotangents.set(stmt.name, cotangent);
    return [cotangent];
  });
}

function declareParam({ build, cotangents }: PlanContext, param: RegionParam): void {
  const name = build.fresh(cotangentHint(param.name));
  const { type } = param;
  if (param.kind === "scalar") {
    cotangents.set(param.name, { kind: "local", name, type });
    return;
  }
  const dims = must(param.lengths, `the lengths of ${param.name}`);
  const declaration: ArrayDeclaration = { kind: "array", name, type, dims };
  cotangents.set(param.name, { kind: "array", declaration });
}

/** Suggested name for the cotangent of a linear name: `x_bar` for the tangent `dx` of x. */
function cotangentHint(name: string): string {
  return `${name.replace(/^d(?=.)/, "")}_bar`;
}

// ---- results and updates

function planSeeds(plan: PlanContext, linearResults: readonly boolean[]): readonly CotangentSeed[] {
  const { region, build, options, linearity, cotangents, mutable } = plan;
  return region.results.flatMap((result, i): readonly CotangentSeed[] => {
    if (linearResults[i] !== true) return [];
    if (result.kind === "scalar") {
      const { value } = result;
      const seed = options.seeds?.[i];
      const cotangent =
        seed === undefined ? local(value.type, build.fresh("ct")) : constant(value.type, seed);
      const isUsed = readsAny(value, linearity.useful);
      if (!isUsed && !isZero(value)) throw internalError("a result is not linear in the tangents");
      const isMasked = options.masked?.[i] ?? false;
      return [{ kind: "scalar", cotangent, value: isUsed ? value : undefined, isMasked }];
    }
    const { type, dims } = declarationOf(result.name, region.body);
    const target = cotangents.get(result.name);
    const lengths = dims.map((n) => lengthOfParams(n, region, mutable));
    const isKnown = lengths.every((n) => n !== undefined);
    const param: RegionParam = {
      kind: "array",
      name: build.fresh("ct"),
      type,
      rank: dims.length,
      ...(isKnown ? { lengths } : {}),
    };
    return [
      { kind: "array", param, dims, target: target?.kind === "array" ? target.declaration.name : undefined },
    ];
  });
}

/**
 * Plans the results that are not linear. A checkpointed loop runs its segments again and changes locals once more, so
 * that results among these locals are copied first.
 */
function planResults(
  { region, build, mutable }: PlanContext,
  linearResults: readonly boolean[],
  { loops }: ScopePlan,
): Pick<ReversePlan, "results" | "resultCopies"> {
  const isRepeated = [...loops.values()].some(({ kind }) => kind === "segmented");
  const resultCopies: RegionLet[] = [];
  const results = region.results
    .filter((_, i) => linearResults[i] !== true)
    .map((result): RegionResult => {
      if (!isRepeated || result.kind === "array") return result;
      const { value } = result;
      if (value.kind !== "local" || !mutable.has(value.name)) return result;
      const name = build.fresh(`${value.name}_result`);
      resultCopies.push({ kind: "let", name, value });
      return { kind: "scalar", value: local(value.type, name) };
    });
  return { results, resultCopies };
}

function planUpdates({ region, options, linearity }: PlanContext): ReadonlyMap<RegionStmt, LinearUpdate> {
  const { coverage = true } = options;
  const isResultMasked = (result: number): boolean => options.masked?.[result] ?? false;
  const masked = findMaskedStatements(region, linearity, isResultMasked, coverage);
  const firstStores = coverage ? findFirstStores(region.body, linearity) : new Set();
  const updates = new Map<RegionStmt, LinearUpdate>();
  walkStmts(region.body, (stmt) => {
    if (stmt.kind !== "let" && stmt.kind !== "set" && stmt.kind !== "store") return;
    const target = stmt.kind === "store" ? stmt.array : stmt.name;
    if (!linearity.useful.has(target)) return;
    const terms =
      stmt.kind === "let"
        ? undefined
        : accumulatedTerms(stmt.value, (leaf) =>
            stmt.kind === "store"
              ? isElement(leaf, target, stmt.places)
              : leaf.kind === "local" && leaf.name === target,
          );
    updates.set(stmt, {
      isMasked: masked.has(stmt),
      terms,
      readsTarget: terms?.some(({ expr }) => readsName(expr, target)) ?? false,
      isFirst: firstStores.has(stmt),
    });
  });
  return updates;
}
