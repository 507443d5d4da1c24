// Units of work from the phases of a routine: the smallest parts that are placed in kernels.
import * as k from "../../kernel/build.ts";
import type { Buffer, Contract, Expr, ForStmt, Stmt } from "../../kernel/scalar.ts";
import { constantSize } from "../../kernel/sizes.ts";
import { usesOf } from "../../kernel/uses.ts";
import { walkExpr } from "../../kernel/walk.ts";
import type { IterationRange, Phase, TypedLocal } from "../phases.ts";
import type { KnownRange, UnitAccess } from "./access.ts";
import { accessesIn } from "./access.ts";
import { dividedFold } from "./lanes.ts";
import { productPoints } from "./product.ts";
import { isLargeProduct } from "./tile.ts";
import type { PointAxis } from "./rows.ts";

/** Statements that run once, or for each point of some axes in any order. */
export interface WorkUnit {
  readonly kind: "unit";
  /** Kind of work, for the name of the kernel. */
  readonly hint: string;
  readonly axes: readonly PointAxis[];
  readonly points: number;
  /** Ranges of the points if their number is only known on the device. */
  readonly dynamic: readonly IterationRange[] | undefined;
  /** Definitions of the scalars that the body computes itself. */
  readonly prelude: readonly ScalarDefinition[];
  readonly body: readonly Stmt[];
  readonly accesses: readonly UnitAccess[];
  readonly ranges: ReadonlyMap<string, KnownRange>;
  readonly loaded: ReadonlySet<string>;
  readonly stored: ReadonlySet<string>;
  readonly gives: readonly TypedLocal[];
  readonly guards: readonly Expr[];
  /** Product that the unit computes, if it is large. Its points should not be divided into rows. */
  readonly large: Contract | undefined;
}

/** A scalar that is cheap to compute from counters and scalar inputs, so that each unit computes it itself. */
export type ScalarDefinition = Stmt & { readonly kind: "let" };

/** Context of the units that are being created. */
export interface UnitScope {
  readonly guards: readonly Expr[];
  /** Scalars that units compute themselves, in order of definition. */
  readonly scalars: ReadonlyMap<string, ScalarDefinition>;
  readonly fresh: (hint: string) => string;
  /** Temporaries that units add to those of the routine. */
  readonly memory: Buffer<number>[];
  /** True if long folds are divided into lanes. Inside a repetition they stay whole, so that it fits in a kernel. */
  readonly dividesFolds: boolean;
}

/** The statements of a unit, and what is known about them. */
type UnitDraft = Pick<WorkUnit, "hint" | "body"> &
  Partial<Pick<WorkUnit, "gives" | "large">> & { readonly extent?: readonly IterationRange[] };

/** Creates the units of a body: several if it contains long folds. */
function makeUnits(draft: UnitDraft, scope: UnitScope): WorkUnit[] {
  const { body, extent = [] } = draft;
  const divided = scope.dividesFolds ? dividedFold(body, extent, scope.fresh) : undefined;
  if (divided === undefined) {
    const unit = makeUnit(draft, scope);
    return unit === undefined ? [] : [unit];
  }
  const { lanes, folding, combining, memory } = divided;
  scope.memory.push(memory);
  const first = makeUnit({ hint: draft.hint, extent: [...extent, lanes], body: folding }, scope);
  return first === undefined ? [] : [first, ...makeUnits({ ...draft, body: combining }, scope)];
}

/** Creates a unit. `undefined` if it has no points. */
export function makeUnit(draft: UnitDraft, { guards, scalars }: UnitScope): WorkUnit | undefined {
  const { hint, body, extent = [], gives = [], large } = draft;
  const axes = extent.flatMap(({ index, from, to }): PointAxis[] => {
    const [low, high] = [constantSize(from), constantSize(to)];
    return low === undefined || high === undefined
      ? []
      : [{ index, from: low, size: Math.max(0, high - low) }];
  });
  const isFixed = axes.length === extent.length;
  const points = isFixed ? axes.reduce((product, { size }) => product * size, 1) : NaN;
  if (points === 0) return undefined;
  const bounds = extent.flatMap(({ from, to }) => [from, to]);
  const prelude = neededScalars(body, bounds, scalars);
  const all = [...prelude, ...body];
  const { accesses, ranges } = accessesIn(
    all,
    new Map(isFixed ? axes.map((axis) => [axis.index, axis]) : []),
  );
  const { touched, declared, set } = usesOf(all, [...bounds, ...guards]);
  const indices = new Set(extent.map(({ index }) => index));
  const outer = [...touched.keys()].filter((name) => !declared.has(name) && !indices.has(name));
  const shared: UnitAccess[] = [
    ...outer.map((name) => ({ buffer: name, isStore: set.has(name), index: undefined })),
    ...gives.map(({ name }) => ({ buffer: name, isStore: true, index: undefined })),
  ];
  const every = [...accesses, ...shared];
  const names = (isStore: boolean): Set<string> =>
    new Set(every.flatMap((access) => (access.isStore === isStore ? [access.buffer] : [])));
  return {
    kind: "unit",
    hint,
    axes: isFixed ? axes.filter(({ size }) => size > 1 || axes.length === 1) : [],
    points,
    dynamic: isFixed ? undefined : extent,
    prelude: isFixed ? [...prelude, ...unitIndices(axes)] : prelude,
    body,
    accesses: every,
    ranges,
    loaded: names(false),
    stored: names(true),
    gives,
    guards,
    large,
  };
}

/** Definitions of the indices of axes of size 1, which units do not share with others. */
function unitIndices(axes: readonly PointAxis[]): ScalarDefinition[] {
  return axes.length === 1
    ? []
    : axes.flatMap(({ index, from, size }) =>
        size === 1 ? [{ kind: "let", name: index, value: k.i32(from) } as const] : [],
      );
}

/** Definitions of scalars that statements and expressions need, in order. */
export function neededScalars(
  body: readonly Stmt[],
  results: readonly Expr[],
  scalars: UnitScope["scalars"],
): ScalarDefinition[] {
  const { touched, declared } = usesOf(body, results);
  const needed = new Set([...touched.keys()].filter((name) => scalars.has(name) && !declared.has(name)));
  for (const name of needed)
    walkExpr(scalars.get(name)!.value, (x) => {
      if (x.kind === "local" && scalars.has(x.name)) needed.add(x.name);
    });
  return [...scalars.values()].filter(({ name }) => needed.has(name));
}

/** Units of a phase that is neither a loop around phases nor a branch. */
export function unitsOf({ content, gives }: Phase, scope: UnitScope): WorkUnit[] {
  const make = (draft: UnitDraft): WorkUnit[] => makeUnits(draft, scope);
  switch (content.kind) {
    case "serial":
      return connectedParts(content.statements, scope).flatMap((body) => {
        const { declared, set } = usesOf(body);
        const own = gives.filter(({ name }) => declared.has(name) || set.has(name));
        return make({ hint: "serial", body, gives: own });
      });
    case "fold":
      return make({ hint: "fold", body: [content.fold], gives });
    case "parallel":
      return make({ hint: "loop", ...separable(content.extent, content.loop) });
    case "product":
      return make({
        hint: "product",
        ...productPoints(content.product),
        large: isLargeProduct(content.product) ? content.product : undefined,
      });
    case "repeated":
      return make({ hint: "loop", body: [content.loop], gives });
    case "branch":
      return [];
  }
}

/**
 * Statements in groups that share neither locals nor written buffers, so that each can be placed by itself. Statements
 * that define scalars of the scope are left out.
 */
function connectedParts(block: readonly Stmt[], { scalars }: UnitScope): Stmt[][] {
  let parts: { readonly stmts: Stmt[]; readonly names: Set<string>; readonly stored: Set<string> }[] = [];
  for (const stmt of block) {
    if (stmt.kind === "comment" || (stmt.kind === "let" && scalars.get(stmt.name) === stmt)) continue;
    const uses = usesOf([stmt]);
    const names = new Set([...uses.touched.keys(), ...uses.buffers].filter((name) => !scalars.has(name)));
    const stored = new Set([...uses.stored, ...uses.declared, ...uses.set]);
    const isLinked = (part: (typeof parts)[number]): boolean =>
      [...names].some((name) => part.stored.has(name)) || [...stored].some((name) => part.names.has(name));
    const linked = parts.filter(isLinked);
    parts = parts.filter((part) => !linked.includes(part));
    const join = (sets: readonly ReadonlySet<string>[]): Set<string> =>
      new Set(sets.flatMap((one) => [...one]));
    parts.push({
      stmts: [...linked.flatMap(({ stmts }) => stmts), stmt],
      names: join([...linked.map((part) => part.names), names]),
      stored: join([...linked.map((part) => part.stored), stored]),
    });
  }
  return parts.map(({ stmts }) => stmts);
}

/** The outermost ranges of a nest whose bounds do not depend on its indices. The other loops stay in the body. */
function separable(
  extent: readonly IterationRange[],
  loop: ForStmt,
): { readonly extent: readonly IterationRange[]; readonly body: readonly Stmt[] } {
  const kept: IterationRange[] = [];
  const indices = new Set<string>();
  let { body } = loop;
  for (const [depth, range] of extent.entries()) {
    const used = usesOf([], [range.from, range.to]).touched;
    if ([...used.keys()].some((name) => indices.has(name))) break;
    kept.push(range);
    indices.add(range.index);
    if (depth > 0) body = (body.find(({ kind }) => kind === "for") as ForStmt).body;
  }
  return { extent: kept, body };
}
