import type { Expr, Procedure, ScalarType, Stmt } from "../../kernel/scalar.ts";
import { usesOf, weightOf } from "../../kernel/split.ts";
import { walkExpr, walkStmt } from "../../kernel/walk.ts";
import type { Body } from "./body.ts";
import type { Frame } from "./frame.ts";
import { bufferOf, localIndex, openFrame, scratch } from "./frame.ts";
import { emitScalar } from "./scalar.ts";
import { valueTypeOf } from "./unit.ts";
import type { Bounds } from "./vector/loop.ts";

type For = Stmt & { readonly kind: "for" };

/** Work, in weight, below which a loop stays in the function that it stands in. */
export const inlineWork = 4096;

/** Work that one call of a kernel does: engines replace a function by a better one only between calls. */
const chunkWork = 65536;

/** The weight of all turns of a loop, of loops within too; as if it had many turns where their number is not known. */
export function workOf(stmt: For): number {
  return turnsOf(stmt) * stmt.body.reduce((sum, inner) => sum + innerWork(inner), 0);
}

function turnsOf({ from, to }: { readonly from: Expr; readonly to: Expr }): number {
  return from.kind === "const" && to.kind === "const" ? Math.max(0, to.value - from.value) : 256;
}

function innerWork(stmt: Stmt): number {
  if (stmt.kind === "for" || stmt.kind === "reduce") {
    return (
      turnsOf(stmt) *
      Math.max(
        1,
        stmt.body.reduce((sum, inner) => sum + innerWork(inner), 0),
      )
    );
  }
  if (stmt.kind === "contract") return stmt.dims.reduce((product, dim) => product * dim.size, 1);
  let weight = weightOf(stmt);
  walkStmt(stmt, {
    expr: (x) => {
      if (x.kind === "call") weight += procedureWork(x.procedure);
    },
  });
  return weight;
}

const works = new WeakMap<Procedure, number>();

function procedureWork(procedure: Procedure): number {
  let work = works.get(procedure);
  if (work === undefined) {
    work = procedure.body.reduce((sum, stmt) => sum + innerWork(stmt), 0);
    walkExpr(procedure.result, () => work!++);
    works.set(procedure, work);
  }
  return work;
}

/** Writes a call of a function for the turns between two indices. */
export type RangeCall = (body: Body, pushFrom: () => void, pushTo: () => void) => void;

/**
 * Makes a loop a function `(from, to, …)` of the turns that it runs; `write` writes its code between bounds in locals.
 * Calls may stand wherever the locals that the loop reads are those of `frame`.
 */
export function outlined(
  stmt: For,
  frame: Frame,
  hint: string,
  write: (inner: Frame, bounds: Bounds) => void,
): RangeCall {
  const { unit } = frame;
  const { touched, declared, buffers } = usesOf([stmt]);
  const captured: { readonly name: string; readonly type: ScalarType }[] = [];
  for (const [name, type] of touched) if (!declared.has(name)) captured.push({ name, type });
  const pointers = [...buffers].flatMap((name) => {
    const place = bufferOf(frame, name);
    return place.local === undefined ? [] : [{ name, place, local: place.local }];
  });
  const kernel = unit.module.function(unit.fresh(`${hint} ${stmt.index}`), {
    params: [
      "i32",
      "i32",
      ...pointers.map(() => "i32" as const),
      ...captured.map(({ type }) => valueTypeOf(type)),
    ],
    paramNames: ["from", "to", ...pointers.map(({ name }) => name), ...captured.map(({ name }) => name)],
  });
  const places = new Map(frame.buffers);
  pointers.forEach(({ name, place }, k) => places.set(name, { ...place, local: k + 2 }));
  const inner = openFrame(unit, kernel.body, frame.owner, places, true);
  captured.forEach(({ name, type }, k) => inner.locals.set(name, { type, index: 2 + pointers.length + k }));
  for (const name of frame.positive) inner.positive.add(name);
  write(inner, { from: 0, to: 1 });
  return (body, pushFrom, pushTo) => {
    pushFrom();
    pushTo();
    for (const { local } of pointers) body.localGet(local);
    for (const { name, type } of captured) body.localGet(localIndex(frame, name, type));
    body.call(kernel);
  };
}

/** Makes a loop a function and calls it for some turns at a time. */
export function emitKernel(stmt: For, frame: Frame, write: (inner: Frame, bounds: Bounds) => void): void {
  const { body, unit } = frame;
  unit.noteKernel();
  const run = outlined(stmt, frame, "loop", write);
  const call = (pushFrom: () => void, pushTo: () => void): void => run(body, pushFrom, pushTo);
  const perTurn = Math.max(1, workOf({ ...stmt, from: zeroth, to: first }));
  const chunk = Math.max(64, Math.ceil(chunkWork / perTurn / 64) * 64);
  const isOneCall =
    stmt.from.kind === "const" && stmt.to.kind === "const" && stmt.to.value - stmt.from.value <= chunk;
  if (isOneCall) {
    return call(
      () => emitScalar(stmt.from, frame),
      () => emitScalar(stmt.to, frame),
    );
  }
  const [at, to] = [scratch(frame, "i32"), scratch(frame, "i32")];
  emitScalar(stmt.from, frame);
  body.localSet(at);
  emitScalar(stmt.to, frame);
  body.localSet(to);
  // while (at < to) { call(at, min(at + chunk, to)); at += chunk } with differences that cannot overflow upwards
  const out = body.block();
  const again = body.loop();
  body.localGet(at);
  body.localGet(to);
  body.op("i32.ge_s");
  body.brIf(out);
  const next = scratch(frame, "i32");
  call(
    () => body.localGet(at),
    () => {
      body.localGet(at);
      body.i32Const(chunk);
      body.op("i32.add");
      body.localGet(to);
      body.localGet(to);
      body.localGet(at);
      body.op("i32.sub");
      body.i32Const(chunk);
      body.op("i32.gt_u");
      body.select("i32");
      body.localTee(next);
    },
  );
  body.localGet(next);
  body.localSet(at);
  body.br(again);
  body.end();
  body.end();
}

const zeroth: Expr = { kind: "const", type: "i32", value: 0 };
const first: Expr = { kind: "const", type: "i32", value: 1 };
