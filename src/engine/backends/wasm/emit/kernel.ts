import type { Procedure, ScalarType, Stmt } from "../../../kernel/scalar.ts";
import { constantDims } from "../../../kernel/sizes.ts";
import { usesOf, weightOf } from "../../../kernel/split.ts";
import type { Definitions } from "../../../kernel/iterations.ts";
import { knownIterations, likelyIterations, likelyProducts } from "../../../kernel/iterations.ts";
import { walkBlock, walkExpr, walkStmt } from "../../../kernel/walk.ts";
import { assertNever } from "../../../util/assert-never.ts";
import { greatestCommonDivisor } from "../../../util/shape.ts";
import type { Body } from "../encode/body.ts";
import { advance, repeat } from "./contract/emit.ts";
import type { ContractFunction } from "./contract/index.ts";
import { contractParams } from "./contract/units.ts";
import type { Frame } from "./frame.ts";
import { bufferOf, localIndex, openFrame, scratch } from "./frame.ts";
import { emitScalar, loadOf, storeOf } from "./scalar.ts";
import { reload, spill } from "./spill.ts";
import type { Argument, Sharing } from "./threads/share.ts";
import { emitShared } from "./threads/share.ts";
import type { Settings } from "./unit.ts";
import { valueTypeOf } from "./unit.ts";
import type { Bounds } from "./vector/loop.ts";

type For = Stmt & { readonly kind: "for" };
type While = Stmt & { readonly kind: "while" };

/** A loop stays in the function that it stands in if its work is this part of what one call of a kernel does, or less. */
const inlinePart = 1 / 16;

/** Iterations of a loop of which only the run can tell: many, since a long one that is no kernel stays slow, and on one thread. */
const unknownIterations = 64;

/** Work of an iteration from which on a loop without bounds runs some iterations a call. */
const longBody = 64;

/**
 * Calls of a kernel from which on threads share them, of a loop and of a product: some 20 µs of work. As measured, a call takes
 * from 0.1 to 0.6 µs where loops are vectors of 256 bits, and products take longer for their weight.
 */
const sharedCalls = 64;
const sharedProductCalls = 16;
/** Calls of loops that take as long as a call of products. */
const callsOfProducts = 8;

/** Calls of a kernel that a part of a product does, at least and at most: threads that share it end at about the same time. */
const fewestPartCalls = 4;
const mostPartCalls = 16;

/** The weight of all iterations of a loop, of loops within too; as if it had many iterations where their number is not known. */
function workOf(stmt: For): number {
  return likelyIterations(stmt, unknownIterations) * bodyWork(stmt.body);
}

/** The work of a statement; definitions of locals that loops go by are added to `known` on the way. */
function innerWork(stmt: Stmt, known: Definitions = new Map()): number {
  switch (stmt.kind) {
    case "for":
    case "reduce":
      return likelyIterations(stmt, unknownIterations, known) * bodyWork(stmt.body, known);
    case "while":
      return unknownIterations * bodyWork(stmt.body, known);
    case "if":
      if (stmt.rare === true) return 1;
      return (stmt.shortcut === true ? 0 : bodyWork(stmt.then, known)) + bodyWork(stmt.otherwise, known);
    case "contract":
      return likelyProducts(stmt, unknownIterations);
    case "let":
    case "set":
    case "store":
    case "comment":
      return plainWork(stmt);
    default:
      return assertNever(stmt, "innerWork");
  }
}

const works = new WeakMap<Procedure | Stmt, number>();

/** The work of a statement that holds no others. */
function plainWork(stmt: Stmt): number {
  let work = works.get(stmt);
  if (work === undefined) {
    work = weightOf(stmt);
    walkStmt(stmt, {
      expr: (x) => {
        if (x.kind === "call") work! += procedureWork(x.procedure);
      },
    });
    works.set(stmt, work);
  }
  return work;
}

function procedureWork(procedure: Procedure): number {
  let work = works.get(procedure);
  if (work === undefined) {
    work = procedure.body.reduce((sum, stmt) => sum + innerWork(stmt), 0);
    walkExpr(procedure.result, () => work!++);
    works.set(procedure, work);
  }
  return work;
}

/**
 * How a loop is written: a long independent one as a kernel, any other long one as a sequence of calls too, so that the
 * engine can replace its code by better code; in place where it is short, or within a kernel or procedure.
 */
export function shapeOfLoop(stmt: For, frame: Frame): "kernel" | "sequence" | "inline" {
  if (frame.isKernel) return "inline";
  const { chunkWork } = frame.unit.settings;
  const work = workOf(stmt);
  if (stmt.independent === true) return work > chunkWork * inlinePart ? "kernel" : "inline";
  return work > chunkWork ? "sequence" : "inline";
}

export function shapeOfWhile(stmt: While, frame: Frame): "sequence" | "inline" {
  return !frame.isKernel && bodyWork(stmt.body) > longBody ? "sequence" : "inline";
}

function bodyWork(block: readonly Stmt[], known: Definitions = new Map()): number {
  let work = 0;
  for (const stmt of block) {
    work += innerWork(stmt, known);
    if (stmt.kind === "let" && stmt.value.type === "i32") known.set(stmt.name, stmt.value);
  }
  return Math.max(1, work);
}

/** Iterations that one call does: many of short ones, so that few calls end within a vector. */
function chunkOf(block: readonly Stmt[], { chunkWork }: Settings): number {
  const iterations = Math.ceil(chunkWork / bodyWork(block));
  let hasLoops = false;
  walkBlock(block, {
    stmt: ({ kind }) => {
      if (kind === "for" || kind === "while" || kind === "reduce" || kind === "contract") hasLoops = true;
    },
  });
  return hasLoops && iterations < 64 ? iterations : Math.max(512, Math.ceil(iterations / 64) * 64);
}

/** A number that divides that of the iterations of every call of a kernel. */
function runsOf(stmt: For, settings: Settings): number {
  const [iterations, chunk] = [knownIterations(stmt), chunkOf(stmt.body, settings)];
  if (iterations === undefined) return 1;
  return iterations <= chunk ? iterations : greatestCommonDivisor(iterations, chunk);
}

/** Whether there may be enough work in a statement that threads should share it, were it to become a kernel. */
export function isShareable(stmt: Stmt, settings: Settings): boolean {
  if (stmt.kind === "contract")
    return (
      settings.simd &&
      (constantDims(stmt.dims) === undefined || innerWork(stmt) >= settings.chunkWork * sharedProductCalls)
    );
  if (stmt.kind !== "for" || stmt.independent !== true || stmt.reverse) return false;
  if (stmt.from.kind !== "const" || stmt.to.kind !== "const") return true;
  return likelyIterations(stmt, unknownIterations) > 1 && workOf(stmt) >= settings.chunkWork * sharedCalls;
}

/** How many products a part of a contraction should have that threads share. */
export function partOf(stmt: Stmt & { readonly kind: "contract" }, { chunkWork }: Settings): number {
  return chunkWork * Math.max(fewestPartCalls, Math.min(mostPartCalls, innerWork(stmt) / (32 * chunkWork)));
}

interface Outline {
  /** What it receives after its parameters. */
  readonly args: readonly Argument[];
  /** Writes a call; `pushArgs` puts the arguments on the stack that come before the captured ones. */
  readonly call: (body: Body, pushArgs: () => void) => void;
  /** The same where these locals hold `args`. */
  readonly callWith: (body: Body, pushArgs: () => void, args: readonly number[]) => void;
  /** Locals from outside that the code sets: they are handed over in memory. */
  readonly carried: readonly Named[];
}

interface Named {
  readonly name: string;
  readonly type: ScalarType;
}

/** Engines take functions of as many parameters (limits of the JavaScript interface of WebAssembly); more are put into memory. */
const maximumParams = 1000;

/**
 * Makes a statement, or iterations of it, a function: it receives what it reads of the locals and buffers of `frame`, and finds
 * in memory what it sets of them. Calls may stand wherever these locals are those of `frame`.
 */
function outline(
  stmt: Stmt,
  frame: Frame,
  {
    name,
    params,
    results,
    isKernel,
  }: {
    readonly name: string;
    readonly params: readonly string[];
    readonly results: readonly "i32"[];
    readonly isKernel: boolean;
  },
  write: (inner: Frame, carried: readonly Named[]) => void,
): Outline {
  const { unit } = frame;
  const { touched, declared, set, buffers } = usesOf([stmt]);
  const captured: Named[] = [];
  const carried: Named[] = [];
  for (const [local, type] of touched) {
    if (declared.has(local)) continue;
    (set.has(local) ? carried : captured).push({ name: local, type });
  }
  const pointers = [...buffers].flatMap((buffer) => {
    const place = bufferOf(frame, buffer);
    return place.local === undefined ? [] : [{ name: buffer, place, local: place.local }];
  });
  /** All that it receives, with the names of the slots where it finds them if they are too many to be passed. */
  const handed: readonly (Named & { readonly slot: string })[] = [
    ...pointers.map((one) => ({ name: one.name, type: "i32" as const, slot: `address of ${one.name}` })),
    ...captured.map((one) => ({ ...one, slot: one.name })),
  ];
  const isPassed = params.length + handed.length <= maximumParams;
  const passed = isPassed ? handed : [];
  const made = unit.module.function(unit.fresh(name), {
    params: [...params.map(() => "i32" as const), ...passed.map(({ type }) => valueTypeOf(type))],
    paramNames: [...params, ...passed.map((one) => one.name)],
    results,
  });
  const received = handed.map(({ name: local, type, slot }, k) => {
    if (isPassed) return params.length + k;
    const index = made.body.local(valueTypeOf(type), local);
    unit.pushSpillBase(made.body);
    made.body.memory(loadOf(type), unit.spillSlot(frame.owner, slot));
    made.body.localSet(index);
    return index;
  });
  const places = new Map(frame.buffers);
  pointers.forEach((one, k) => places.set(one.name, { ...one.place, local: received[k]! }));
  const inner = openFrame(unit, made.body, frame.owner, places, isKernel);
  captured.forEach((one, k) =>
    inner.locals.set(one.name, { type: one.type, index: received[pointers.length + k]! }),
  );
  for (const [local, range] of frame.ranges) inner.ranges.set(local, range);
  for (const [index, end] of frame.ends) inner.ends.set(index, end);
  for (const one of carried) reload(one, inner);
  write(inner, carried);
  const callWith: Outline["callWith"] = (body, pushArgs, args) => {
    if (isPassed) {
      pushArgs();
      for (const arg of args) body.localGet(arg);
    } else {
      handed.forEach(({ type, slot }, k) => {
        unit.pushSpillBase(body);
        body.localGet(args[k]!);
        body.memory(storeOf(type), unit.spillSlot(frame.owner, slot));
      });
      pushArgs();
    }
    body.call(made);
  };
  return {
    carried,
    callWith,
    args: [
      ...pointers.map((one): Argument => ({
        type: "i32",
        name: one.name,
        push: () => frame.body.localGet(one.local),
      })),
      ...captured.map((one): Argument => ({
        type: valueTypeOf(one.type),
        name: one.name,
        push: () => frame.body.localGet(localIndex(frame, one.name, one.type)),
      })),
    ],
    call: (body, pushArgs) =>
      callWith(body, pushArgs, [
        ...pointers.map(({ local }) => local),
        ...captured.map(({ name: local, type }) => localIndex(frame, local, type)),
      ]),
  };
}

/** Writes a call of a function for the iterations between two indices. */
export type RangeCall = (body: Body, pushFrom: () => void, pushTo: () => void) => void;

type WriteIterations = (inner: Frame, bounds: Bounds) => void;

function outlineIterations(
  stmt: For,
  frame: Frame,
  { hint, multipleOf }: { readonly hint: string; readonly multipleOf: number },
  write: WriteIterations,
): Outline {
  const options = { name: `${hint} ${stmt.index}`, params: ["from", "to"], results: [], isKernel: true };
  return outline(stmt, frame, options, (inner) => write(inner, { from: 0, to: 1, multipleOf }));
}

/** Makes an independent loop a function `(from, to, …)` of the iterations that it runs. */
export function outlined(stmt: For, frame: Frame, hint: string, write: WriteIterations): RangeCall {
  return rangeCall(outlineIterations(stmt, frame, { hint, multipleOf: 1 }, write));
}

function rangeCall({ call }: Outline): RangeCall {
  return (body, pushFrom, pushTo) =>
    call(body, () => {
      pushFrom();
      pushTo();
    });
}

/** Makes an independent loop a function and calls it for some iterations at a time. */
export function emitKernel(stmt: For, frame: Frame, write: WriteIterations): void {
  frame.unit.noteKernel();
  const multipleOf = runsOf(stmt, frame.unit.settings);
  const kernel = outlineIterations(stmt, frame, { hint: "loop", multipleOf }, write);
  const alone = (): void => emitCalls(stmt, frame, rangeCall(kernel));
  const { sharing, settings } = frame.unit;
  if (sharing === undefined || !isShareable(stmt, settings)) alone();
  else emitSharedIterations(stmt, frame, kernel, sharing, alone);
}

/**
 * Calls for all iterations of an independent loop, by several threads if there are enough of them: each is given the iterations that it would be
 * given by one thread, so that whatever depends on where a call begins stays the same.
 */
function emitSharedIterations(
  stmt: For,
  frame: Frame,
  { callWith, args }: Outline,
  sharing: Sharing,
  alone: () => void,
): void {
  const { body, unit } = frame;
  const chunk = chunkOf(stmt.body, unit.settings);
  const least = Math.max(
    2,
    Math.ceil((unit.settings.chunkWork * sharedCalls) / (chunk * bodyWork(stmt.body))),
  );
  const [from, to, units] = [scratch(frame, "i32"), scratch(frame, "i32"), scratch(frame, "i32")];
  emitScalar(stmt.from, frame);
  body.localSet(from);
  emitScalar(stmt.to, frame);
  body.localSet(to);
  // (to − from + chunk − 1) / chunk, none where to ≤ from; differences do not overflow as uint32
  body.localGet(to);
  body.localGet(from);
  body.op("i32.sub");
  body.i32Const(1);
  body.op("i32.sub");
  body.i32Const(chunk);
  body.op("i32.div_u");
  body.i32Const(1);
  body.op("i32.add");
  body.i32Const(0);
  body.localGet(from);
  body.localGet(to);
  body.op("i32.lt_s");
  body.select("i32");
  body.localTee(units);
  body.i32Const(least);
  body.op("i32.ge_u");
  body.if();
  emitShared(body, unit.module, sharing, unit.reserve, {
    pushUnits: () => body.localGet(units),
    pushCalls: () => body.localGet(units),
    args: [
      { type: "i32", name: "from", push: () => body.localGet(from) },
      { type: "i32", name: "to", push: () => body.localGet(to) },
      ...args,
    ],
    alone,
    part(code, first, count, [start, end, ...rest]) {
      const at = code.local("i32", "at");
      code.localGet(start!);
      code.localGet(first);
      code.i32Const(chunk);
      code.op("i32.mul");
      code.op("i32.add");
      code.localSet(at);
      repeat(
        code,
        code.local("i32", "calls_left"),
        () => code.localGet(count),
        false,
        () => {
          const pushRange = (): void => {
            code.localGet(at);
            code.localGet(at);
            code.i32Const(chunk);
            code.op("i32.add");
            code.localGet(end!);
            code.localGet(end!);
            code.localGet(at);
            code.op("i32.sub");
            code.i32Const(chunk);
            code.op("i32.gt_u");
            code.select("i32");
          };
          callWith(code, pushRange, rest);
          advance(code, at, chunk);
        },
      );
    },
  });
  body.else();
  alone();
  body.end();
}

/** Calls a contraction's function for all of its parts, by several threads; the addresses of the operands are on the stack. */
export function emitSharedContract(
  made: ContractFunction,
  stmt: Stmt & { readonly kind: "contract" },
  frame: Frame,
  sharing: Sharing,
  operands: readonly number[],
): void {
  const { body, unit } = frame;
  const calls = Math.ceil((callsOfProducts * innerWork(stmt)) / unit.settings.chunkWork);
  const work = unit.workMemory(made.workBytes);
  emitShared(body, unit.module, sharing, unit.reserve, {
    pushUnits: () => body.i32Const(made.units),
    pushCalls: () => body.i32Const(Math.min(calls, 2 ** 30)),
    args: operands.map((local, k) => ({
      type: "i32",
      name: contractParams[k]!,
      push: () => body.localGet(local),
    })),
    alone() {
      for (const local of operands) body.localGet(local);
      body.i32Const(work);
      body.i32Const(0);
      body.i32Const(made.units);
      body.i32Const(0);
      body.call(made);
    },
    part(code, first, count, args, hasBegun) {
      for (const local of args) code.localGet(local);
      code.i32Const(work);
      code.call(sharing.scratch);
      code.localGet(first);
      code.localGet(first);
      code.localGet(count);
      code.op("i32.add");
      code.localGet(hasBegun);
      code.call(made);
    },
  });
}

/** Makes any loop a function that runs some iterations in their order, and calls it until all are done. */
export function emitSequence(stmt: For, frame: Frame, write: WriteIterations): void {
  const options = { name: `steps ${stmt.index}`, params: ["from", "to"], results: [], isKernel: false };
  const { call, carried } = outline(stmt, frame, options, (inner, shared) => {
    write(inner, { from: 0, to: 1, multipleOf: 1 });
    for (const one of shared) spill(one, inner);
  });
  for (const one of carried) spill(one, frame);
  emitCalls(stmt, frame, (body, pushFrom, pushTo) =>
    call(body, () => {
      pushFrom();
      pushTo();
    }),
  );
  for (const one of carried) reload(one, frame);
}

/** The same of a `while` loop: each call tells whether there is more to do. */
export function emitWhileSequence(stmt: While, frame: Frame, writeBody: (inner: Frame) => void): void {
  const { body, unit } = frame;
  const options = { name: "steps", params: [], results: ["i32" as const], isKernel: false };
  const { call, carried } = outline(stmt, frame, options, (inner, shared) => {
    const code = inner.body;
    const left = scratch(inner, "i32");
    const leave = (isMore: boolean): void => {
      for (const one of shared) spill(one, inner);
      code.i32Const(isMore ? 1 : 0);
    };
    code.i32Const(chunkOf(stmt.body, unit.settings));
    code.localSet(left);
    const again = code.loop();
    emitScalar(stmt.condition, inner);
    code.op("i32.eqz");
    code.if();
    leave(false);
    code.return();
    code.end();
    writeBody(inner);
    code.localGet(left);
    code.i32Const(1);
    code.op("i32.sub");
    code.localTee(left);
    code.brIf(again);
    code.end();
    leave(true);
  });
  for (const one of carried) spill(one, frame);
  const again = body.loop();
  call(body, () => {});
  body.brIf(again);
  body.end();
  for (const one of carried) reload(one, frame);
}

/** Calls for all iterations of a loop, some at a time, in their order. */
function emitCalls(stmt: For, frame: Frame, call: RangeCall): void {
  const { body } = frame;
  const chunk = chunkOf(stmt.body, frame.unit.settings);
  if ((knownIterations(stmt) ?? Infinity) <= chunk) {
    return call(
      body,
      () => emitScalar(stmt.from, frame),
      () => emitScalar(stmt.to, frame),
    );
  }
  const [from, to] = [scratch(frame, "i32"), scratch(frame, "i32")];
  emitScalar(stmt.from, frame);
  body.localSet(from);
  emitScalar(stmt.to, frame);
  body.localSet(to);
  // while (from < to): the first or last iterations, and then from or to moves on; differences do not overflow as uint32
  const out = body.block();
  const again = body.loop();
  body.localGet(from);
  body.localGet(to);
  body.op("i32.ge_s");
  body.brIf(out);
  const [end, moved] = stmt.reverse ? [from, to] : [to, from];
  const next = scratch(frame, "i32");
  const pushNext = (): void => {
    body.localGet(moved);
    body.i32Const(stmt.reverse ? -chunk : chunk);
    body.op("i32.add");
    body.localGet(end);
    body.localGet(to);
    body.localGet(from);
    body.op("i32.sub");
    body.i32Const(chunk);
    body.op("i32.gt_u");
    body.select("i32");
    body.localTee(next);
  };
  const pushMoved = (): void => body.localGet(moved);
  call(body, stmt.reverse ? pushNext : pushMoved, stmt.reverse ? pushMoved : pushNext);
  body.localGet(next);
  body.localSet(moved);
  body.br(again);
  body.end();
  body.end();
}
