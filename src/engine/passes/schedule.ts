import type { Equation, Program, Var } from "../ir/program.ts";
import type { NumberQueue } from "../util/number-queue.ts";
import { makeNumberQueue } from "../util/number-queue.ts";
import { sizeOf } from "../util/shape.ts";
import { deferredOf, fitsInto } from "./deferred.ts";

/** Equations that may share one loop: more would need more registers than there are. */
const mostPerLoop = 40;

/**
 * Puts equations next to one another that can share a loop: elementwise ones of one shape, wherever their operands are
 * there by then. Adam's two moments and the step of the parameters become one loop, and what the backward pass needs of a
 * layer is computed where the layer is.
 */
export function schedule(program: Program): Program {
  const { eqns } = program;
  const readers = new Map<Var, number[]>();
  const missing = eqns.map((eqn) => new Set(eqn.ins).size);
  eqns.forEach((eqn, i) => {
    for (const v of new Set(eqn.ins)) {
      const list = readers.get(v);
      if (list === undefined) readers.set(v, [i]);
      else list.push(i);
    }
  });
  const deferred = deferredOf(program);
  const loose = makeNumberQueue(); // scalars and what has no memory: they cost no loop
  const folds: number[] = []; // what can be folded while it is computed
  const others = makeNumberQueue();
  const byShape = new Map<string, NumberQueue>();
  const anyShape = makeNumberQueue();
  const done = new Array<boolean>(eqns.length).fill(false);
  const keys = eqns.map(shapeKey);

  const makeReady = (i: number): void => {
    const key = keys[i];
    if (key === "" || deferred.has(eqns[i]!.outs[0]!)) return loose.push(i);
    if (key === undefined) {
      if (isFold(eqns[i]!)) folds.push(i);
      return others.push(i);
    }
    let queue = byShape.get(key);
    if (queue === undefined) byShape.set(key, (queue = makeNumberQueue()));
    queue.push(i);
    anyShape.push(i);
  };
  const provide = (v: Var): void => {
    for (const i of readers.get(v) ?? []) if (--missing[i]! === 0) makeReady(i);
  };
  const result: Equation[] = [];
  const take = (i: number): void => {
    done[i] = true;
    result.push(eqns[i]!);
    eqns[i]!.outs.forEach(provide);
  };

  eqns.forEach((eqn, i) => {
    if (eqn.ins.length === 0) makeReady(i);
  });
  const given = new Set(program.ins);
  given.forEach(provide);
  let open: string | undefined; // the shape of the loop that is being filled
  let members = new Set<Var>();
  while (result.length < eqns.length) {
    const scalar = loose.pop();
    if (scalar !== undefined) {
      take(scalar);
      continue;
    }
    const next = open === undefined || members.size >= mostPerLoop ? undefined : joiner(byShape.get(open)!);
    if (next !== undefined) {
      join(next);
      continue;
    }
    const fold = folds.find((i) => done[i] !== true && members.has(eqns[i]!.ins[0]!));
    if (fold !== undefined) {
      take(fold);
      close();
      continue;
    }
    while (done[anyShape.peek() ?? -1] === true) anyShape.pop();
    while (done[others.peek() ?? -1] === true) others.pop();
    const [elementwise, other] = [anyShape.peek() ?? Infinity, others.peek() ?? Infinity];
    close();
    if (other < elementwise) take(others.pop()!);
    else {
      open = keys[elementwise];
      join(elementwise);
    }
  }
  return { ...program, eqns: result };

  function close(): void {
    members = new Set();
    open = undefined;
  }
  function join(i: number): void {
    for (const v of eqns[i]!.outs) members.add(v);
    take(i);
  }
  /** A ready equation of the open shape that can be computed in its loop. */
  function joiner(queue: NumberQueue): number | undefined {
    const refused: number[] = [];
    let found: number | undefined;
    for (let i = queue.pop(); i !== undefined; i = queue.pop()) {
      if (done[i] === true) continue;
      if (fitsInto(eqns[i]!, members, deferred)) {
        found = i;
        break;
      }
      refused.push(i);
    }
    refused.forEach(queue.push);
    return found;
  }
}

/** Whether an equation may read its operand while that is computed. */
function isFold({ prim, params, ins }: Equation): boolean {
  const { lowering } = prim;
  return (
    lowering.kind === "loops" &&
    lowering.readsOnce?.(
      params,
      ins.map((v) => v.type),
    ) !== undefined
  );
}

/** The shape of what an equation computes element by element; `""` for a scalar, `undefined` for other equations. */
function shapeKey({ prim, outs }: Equation): string | undefined {
  const { kind } = prim.lowering;
  if (kind !== "elementwise" && kind !== "map") return undefined;
  const { shape } = outs[0]!.type;
  if (shape.length === 0) return "";
  return sizeOf(shape) === 0 ? undefined : shape.join();
}
