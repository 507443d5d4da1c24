// Prints the plan of reverse mode, for tests and for people: what each phase runs, saves, recomputes and transposes.
import { assertNever } from "../../util/assert-never.ts";
import { mutableNames, targetOf } from "../form/names.ts";
import { printHead, printRegionExpr } from "../form/print.ts";
import type { RegionBlock, RegionExpr, RegionLet, RegionStmt } from "../form/region.ts";
import { blocksOf, mapExpressionsOf, replaceLocals } from "../form/walk.ts";
import type {
  Cotangent,
  IterationPlan,
  ReverseLoopPlan,
  ReversePlan,
  TapedValue,
  ScopePlan,
  CotangentSeed,
  SegmentedLoop,
} from "./reverse-plan.ts";

/** Returns one line per decision. Statements of loops and branches are indented. */
export function printPlan(plan: ReversePlan): string {
  return scopeLines(plan, plan.scope).join("\n");
}

function scopeLines(plan: ReversePlan, scope: ScopePlan): string[] {
  return scope.phases.flatMap((phase): readonly string[] => {
    switch (phase.kind) {
      case "forward":
        return ["forward pass", ...indent(phase.stmts.flatMap((stmt) => forwardLines(plan, scope, stmt)))];
      case "declare":
        return declarationLines(phase.cotangents);
      case "seed":
        return plan.seeds.flatMap(seedLines);
      case "backward":
        return ["backward pass", ...indent(phase.stmts.flatMap((stmt) => backwardLines(plan, scope, stmt)))];
      case "results":
        return plan.resultCopies.map((copy) => `copy the result ${definition(copy)}`);
      default:
        return assertNever(phase, "printPlan");
    }
  });
}

function forwardLines(plan: ReversePlan, scope: ScopePlan, stmt: RegionStmt): readonly string[] {
  const target = targetOf(stmt);
  if (target !== undefined && plan.linear.has(target)) return [];
  const declared = (scope.tapesBefore.get(stmt) ?? []).flatMap(tapeLines);
  const head = printHead(stmt, mutableNames(plan.region.body));
  const inner = (block: RegionBlock): readonly string[] =>
    indent(block.flatMap((one) => forwardLines(plan, scope, one)));
  const loop = scope.loops.get(stmt);
  if (loop?.kind === "segmented")
    return [...declared, `${head} in segments`, ...indent(segmentLines(plan, loop))];
  if (loop?.kind === "fused") return [...declared, `${head} fused`, ...indent(scopeLines(plan, loop.scope))];
  const saved = stmt.kind === "let" ? scope.saved.get(stmt.name) : undefined;
  if (stmt.kind === "if") return [...declared, head, ...inner(stmt.then), "else", ...inner(stmt.otherwise)];
  return [
    ...declared,
    head,
    ...(loop === undefined ? [] : indent(loop.forward.definitions.map(definition))),
    ...blocksOf(stmt).flatMap(inner),
    ...(saved === undefined ? [] : [`save ${saved.value.name} in ${elementText(saved.tape, saved.indices)}`]),
    ...moveLines(loop),
  ];
}

function backwardLines(plan: ReversePlan, scope: ScopePlan, stmt: RegionStmt): readonly string[] {
  const loop = scope.loops.get(stmt);
  const recalled = mapExpressionsOf(stmt, (expr) => replaceLocals(expr, plan.recalled));
  const head = printHead(recalled, mutableNames(plan.region.body));
  const inner = (block: RegionBlock): readonly string[] => {
    const backward = scope.blocks.get(block);
    if (backward === undefined) return [];
    const recoveries = backward.recoveries.map(
      ({ kind, name, value }) =>
        `${kind === "loaded" ? "load" : "recompute"} ${name} = ${printRegionExpr(value)}`,
    );
    const transposed = backward.stmts.flatMap((one) => backwardLines(plan, scope, one));
    return indent([...recoveries, ...declarationLines(backward.cotangents), ...transposed]);
  };
  if (loop?.kind === "segmented") return [`segments of ${head} backward`];
  if (loop?.kind === "reversed") {
    const header = printHead({ ...loop.header, body: [] }, new Set());
    const numbers = indent(loop.backward.definitions.map(definition));
    return [
      ...moveText(loop.backward),
      ...loop.definitions.map(definition),
      header,
      ...numbers,
      ...blocksOf(stmt).flatMap(inner),
    ];
  }
  if (stmt.kind === "if") return [head, ...inner(stmt.then), "else", ...inner(stmt.otherwise)];
  const update = plan.updates.get(stmt);
  const notes = [
    ...(update?.terms === undefined ? [] : ["adds to its target"]),
    ...(update?.isFirst === true ? ["first store"] : []),
    ...(update?.isMasked === true ? ["masked"] : []),
  ];
  return [`transpose ${head}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`];
}

function segmentLines(plan: ReversePlan, segments: SegmentedLoop): readonly string[] {
  const { definitions, saved, schedule, span, from, to, scope } = segments;
  const states = [...segments.state.scalars, ...segments.state.arrays].map(({ name }) => name);
  const order =
    schedule.kind === "simple"
      ? "one snapshot per segment"
      : `${schedule.snapshots} snapshots, binomial schedule`;
  return [
    ...definitions.map(definition),
    `${printRegionExpr(schedule.count)} segments, ${printRegionExpr(span)} apart; ${order}`,
    ...saved.map((array, i) => `save ${states[i]!} in ${arrayText(array.name, array.dims)}`),
    `segment from ${from.name} to ${to.name}`,
    ...indent(scopeLines(plan, scope)),
  ];
}

function tapeLines({ tape, array, definitions }: TapedValue): readonly string[] {
  if (array === undefined) return [`tape ${tape}`];
  const text = array.growable === true ? `${tape}, growable` : arrayText(tape, array.dims);
  return [...definitions.map(definition), `tape ${text}`];
}

function declarationLines(cotangents: readonly Cotangent[]): readonly string[] {
  const names = cotangents.flatMap((cotangent): readonly string[] => {
    if (cotangent.kind === "sum") return [];
    return [
      cotangent.kind === "local"
        ? cotangent.name
        : arrayText(cotangent.declaration.name, cotangent.declaration.dims),
    ];
  });
  return names.length === 0 ? [] : [`cotangents ${names.join(", ")}`];
}

function seedLines(seed: CotangentSeed): readonly string[] {
  if (seed.kind === "array")
    return seed.target === undefined ? [] : [`seed ${seed.target} with ${seed.param.name}`];
  if (seed.value === undefined) return [];
  return [
    `seed ${printRegionExpr(seed.value)} with ${printRegionExpr(seed.cotangent)}${seed.isMasked ? " (masked)" : ""}`,
  ];
}

function moveLines(loop: ReverseLoopPlan | undefined): readonly string[] {
  return loop?.kind === "reversed" ? moveText(loop.forward) : [];
}

function moveText({ move }: IterationPlan): readonly string[] {
  if (move === undefined) return [];
  const { offset, by, count, definitions } = move;
  return [
    ...definitions.map(definition),
    `${offset.name} ${by === "add" ? "+" : "-"}= ${printRegionExpr(count)}`,
  ];
}

function definition({ name, value }: RegionLet): string {
  return `${name} = ${printRegionExpr(value)}`;
}

function elementText(array: string, places: readonly RegionExpr[]): string {
  return places.length === 0 ? array : printRegionExpr({ kind: "load", type: "f64", array, places });
}

/** Text of an array with its lengths: `a[n, m]`. */
function arrayText(array: string, dims: readonly RegionExpr[]): string {
  return `${array}[${dims.map(printRegionExpr).join(", ")}]`;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
