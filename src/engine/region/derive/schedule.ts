// Schedules of checkpointed loops: the order in which segments run, are saved, run again and go backward. The statements count at run time.
import type { RegionBuilder } from "../form/build.ts";
import { constant, convert, load, local, makeWriter } from "../form/build.ts";
import type { RegionExpr, RegionStmt } from "../form/region.ts";

/**
 * Functions that write the statements of each step of a checkpointing schedule. Segments and snapshots are given by
 * their numbers, of type i32.
 */
export interface ScheduleSteps {
  /** Runs `count` segments (default one) forward, without tapes, beginning with the given segment. */
  advance(segment: RegionExpr, count?: RegionExpr): readonly RegionStmt[];
  /** Saves the state of the loop as the given snapshot. */
  save(snapshot: RegionExpr): readonly RegionStmt[];
  /** Restores the state of the loop from the given snapshot. */
  restore(snapshot: RegionExpr): readonly RegionStmt[];
  /** Runs one segment forward, with tapes, and then backward. */
  turn(segment: RegionExpr): readonly RegionStmt[];
}

export type SchedulePlan =
  /** One snapshot per segment: each segment runs forward twice. */
  { readonly kind: "simple"; readonly count: RegionExpr } | BinomialSchedule;

/**
 * Schedule with fewer snapshots than segments. It minimises the number of segments that run again. With c snapshots, it
 * handles up to C(c + r, r) segments if none runs forward more than r additional times.
 *
 * @see Griewank, Walther, Algorithm 799: Revolve, ACM Transactions on Mathematical Software 26 (2000), 19–45.
 */
export interface BinomialSchedule {
  readonly kind: "binomial";
  /** Number of segments. */
  readonly count: RegionExpr;
  readonly snapshots: number;
  /** Name of the array that holds, for each snapshot, the segment at which it was saved. */
  readonly segments: string;
  /** Name of the local that holds the number of the last snapshot in use. */
  readonly top: string;
  /** Name of the local that holds the number of the next segment to run. */
  readonly here: string;
  /** Name of the local that holds the number of segments whose backward pass has not run yet. */
  readonly rest: string;
}

/** Plans a schedule for `count` segments with the given number of snapshots, or with one snapshot per segment. */
export function planSchedule(
  count: RegionExpr,
  snapshots: number | undefined,
  build: RegionBuilder,
): SchedulePlan {
  if (snapshots === undefined) return { kind: "simple", count };
  const [segments, top, here, rest] = ["snapshots", "top", "here", "rest"].map((hint) => build.fresh(hint));
  return { kind: "binomial", count, snapshots, segments: segments!, top: top!, here: here!, rest: rest! };
}

/** Writes the forward pass: runs all segments and keeps snapshots. */
export function writeForward(
  plan: SchedulePlan,
  steps: ScheduleSteps,
  build: RegionBuilder,
): readonly RegionStmt[] {
  if (plan.kind === "binomial") return forwardWithFewSnapshots(plan, steps, build);
  return [
    forEachSegment(plan.count, build, false, (segment) => [
      ...steps.save(segment),
      ...steps.advance(segment),
    ]),
  ];
}

/** Writes the backward pass over all segments, from last to first. */
export function writeBackward(
  plan: SchedulePlan,
  steps: ScheduleSteps,
  build: RegionBuilder,
): readonly RegionStmt[] {
  if (plan.kind === "binomial") return backwardWithFewSnapshots(plan, steps, build);
  return [
    forEachSegment(plan.count, build, true, (segment) => [...steps.restore(segment), ...steps.turn(segment)]),
  ];
}

function forEachSegment(
  count: RegionExpr,
  build: RegionBuilder,
  reverse: boolean,
  body: (segment: RegionExpr) => readonly RegionStmt[],
): RegionStmt {
  const index = build.fresh("segment");
  const bounds = { from: constant("i32", 0), to: count, step: 1 };
  return { kind: "for", index, ...bounds, ...(reverse && { reverse }), body: body(local("i32", index)) };
}

const zero = /* @__PURE__ */ constant("i32", 0);
const one = /* @__PURE__ */ constant("i32", 1);

function bindIn(out: RegionStmt[], value: RegionExpr, hint: string, build: RegionBuilder): RegionExpr {
  return makeWriter(out, build).bind(value, hint);
}

/** Stores the current segment as the segment of the last snapshot, and saves the state of the loop in this snapshot. */
function markSnapshot({ segments, top, here }: BinomialSchedule, steps: ScheduleSteps): RegionStmt[] {
  const atTop = local("i32", top);
  return [
    { kind: "store", array: segments, places: [atTop], value: local("i32", here) },
    ...steps.save(atTop),
  ];
}

function pushSnapshot(plan: BinomialSchedule, steps: ScheduleSteps, build: RegionBuilder): RegionStmt[] {
  const next = build.apply("add", local("i32", plan.top), one);
  return [set(plan.top, next), ...markSnapshot(plan, steps)];
}

function freeSnapshots(
  { snapshots, top }: BinomialSchedule,
  out: RegionStmt[],
  build: RegionBuilder,
): RegionExpr {
  return bindIn(out, build.apply("sub", constant("i32", snapshots), local("i32", top)), "free", build);
}

function forwardWithFewSnapshots(
  plan: BinomialSchedule,
  steps: ScheduleSteps,
  build: RegionBuilder,
): RegionStmt[] {
  const { count, snapshots, segments, top, here } = plan;
  const atHere = local("i32", here);
  const goesOn = build.fresh("more");
  const body: RegionStmt[] = [];
  const left = bindIn(body, build.apply("sub", count, atHere), "left", build);
  const unused = freeSnapshots(plan, body, build);
  const many = build.fresh("many");
  body.push({ kind: "let", name: many, value: left });
  const least = bindIn(body, build.apply("minimum", left, unused), "n", build);
  const isCut = bindIn(body, build.apply("less", one, least), "cut", build);
  const then: RegionStmt[] = [];
  then.push(set(many, segmentsBefore(left, unused, then, build)));
  body.push({ kind: "if", condition: isCut, then, otherwise: [] });
  body.push(...steps.advance(atHere, local("i32", many)));
  body.push(set(here, build.apply("add", atHere, local("i32", many))));
  body.push(set(goesOn, build.apply("less", atHere, count)));
  const push = pushSnapshot(plan, steps, build);
  body.push({ kind: "if", condition: local("bool", goesOn), then: push, otherwise: [] });
  return [
    { kind: "array", name: segments, type: "i32", dims: [constant("i32", snapshots)] },
    { kind: "let", name: top, value: zero },
    { kind: "let", name: here, value: zero },
    ...markSnapshot(plan, steps),
    { kind: "let", name: goesOn, value: build.apply("less", zero, count) },
    { kind: "while", condition: local("bool", goesOn), body },
  ];
}

/**
 * Writes a loop that repeatedly restores the last snapshot, advances to the last remaining segment, and runs this
 * segment backward. While it advances, it saves snapshots such that the total number of forward runs is smallest.
 * Segments before a new snapshot may run once less, and segments after it have one snapshot less.
 */
function backwardWithFewSnapshots(
  plan: BinomialSchedule,
  steps: ScheduleSteps,
  build: RegionBuilder,
): RegionStmt[] {
  const { count, segments, top, here, rest } = plan;
  const [atTop, atHere, atRest] = [local("i32", top), local("i32", here), local("i32", rest)];
  const [goesOn, isBefore] = [build.fresh("more"), build.fresh("before")];
  const distance = (out: RegionStmt[]): RegionExpr =>
    bindIn(out, build.apply("sub", atRest, atHere), "left", build);

  const approach: RegionStmt[] = [];
  const left = distance(approach);
  const unused = freeSnapshots(plan, approach, build);
  const many = segmentsBefore(left, unused, approach, build);
  approach.push(...steps.advance(atHere, many), set(here, build.apply("add", atHere, many)));
  const hasFree = bindIn(approach, build.apply("less", one, unused), "room", build);
  approach.push({ kind: "if", condition: hasFree, then: pushSnapshot(plan, steps, build), otherwise: [] });
  approach.push(set(isBefore, build.apply("less", one, distance(approach))));

  const body: RegionStmt[] = [...steps.restore(atTop), set(here, load("i32", segments, atTop))];
  body.push({ kind: "let", name: isBefore, value: build.apply("less", one, distance(body)) });
  body.push({ kind: "while", condition: local("bool", isBefore), body: approach });
  body.push(...steps.turn(atHere), set(rest, atHere));
  const marked = bindIn(body, load("i32", segments, atTop), "marked", build);
  const isUsedUp = bindIn(body, build.apply("equal", marked, atHere), "used", build);
  const pop = set(top, build.apply("sub", atTop, one));
  body.push({ kind: "if", condition: isUsedUp, then: [pop], otherwise: [] });
  body.push(set(goesOn, build.apply("less", zero, atRest)));
  return [
    { kind: "let", name: rest, value: count },
    { kind: "let", name: goesOn, value: build.apply("less", zero, atRest) },
    { kind: "while", condition: local("bool", goesOn), body },
  ];
}

function set(name: string, value: RegionExpr): RegionStmt {
  return { kind: "set", name, value };
}

/**
 * Number of segments to run before saving the next snapshot, if `left` segments remain and `free` snapshots are unused,
 * including the next one.
 */
function segmentsBefore(
  left: RegionExpr,
  free: RegionExpr,
  out: RegionStmt[],
  build: RegionBuilder,
): RegionExpr {
  const { bind } = makeWriter(out, build);
  const [l, c] = [bind(convert("f64", left), "left"), bind(convert("f64", free), "free")];
  const [reach, runs, more] = [build.fresh("reach"), build.fresh("runs"), build.fresh("more")];
  const [b, r] = [local("f64", reach), local("f64", runs)];
  out.push({ kind: "let", name: reach, value: constant("f64", 1) });
  out.push({ kind: "let", name: runs, value: constant("f64", 0) });
  out.push({ kind: "let", name: more, value: build.apply("less", b, l) });
  // b = C(c + r, r), the smallest such number that is at least l
  const body: RegionStmt[] = [set(runs, build.apply("add", r, constant("f64", 1)))];
  const { bind: inLoop } = makeWriter(body, build);
  const both = inLoop(build.apply("add", c, r), "n");
  const grown = inLoop(build.apply("mul", b, both), "n");
  body.push(set(reach, build.apply("div", grown, r)), set(more, build.apply("less", b, l)));
  out.push({ kind: "while", condition: local("bool", more), body });
  const sum = bind(build.apply("add", c, r), "n");
  const scaled = (factor: RegionExpr, divisor: RegionExpr, of: RegionExpr): RegionExpr =>
    bind(build.apply("div", bind(build.apply("mul", of, factor), "n"), divisor), "reach");
  const fewer = bind(build.apply("sub", r, constant("f64", 1)), "runs");
  const below = bind(build.apply("sub", sum, constant("f64", 1)), "n");
  const twoLess = scaled(fewer, below, scaled(r, sum, b)); // C(c + r − 2, r − 2)
  const right = scaled(c, sum, b); // C(c + r − 1, r)
  const least = bind(build.apply("maximum", twoLess, constant("f64", 1)), "many");
  const many = build.apply("maximum", least, bind(build.apply("sub", l, right), "many"));
  return bind(convert("i32", bind(many, "many")), "many");
}
