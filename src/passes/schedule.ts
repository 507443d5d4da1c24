import type { Equation, Program, Var } from "../ir/program.ts";
import type { NumberQueue } from "../util/number-queue.ts";
import { makeNumberQueue } from "../util/number-queue.ts";
import { sizeOf } from "../util/shape.ts";

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
  const loose = makeNumberQueue(); // scalars: they cost no loop
  const others = makeNumberQueue();
  const byShape = new Map<string, NumberQueue>();
  const anyShape = makeNumberQueue();
  const done = new Array<boolean>(eqns.length).fill(false);
  const keys = eqns.map(shapeKey);

  const makeReady = (i: number): void => {
    const key = keys[i];
    if (key === undefined) return others.push(i);
    if (key === "") return loose.push(i);
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
    while (done[anyShape.peek() ?? -1] === true) anyShape.pop();
    const [elementwise, other] = [anyShape.peek() ?? Infinity, others.peek() ?? Infinity];
    members = new Set();
    open = undefined;
    if (other < elementwise) take(others.pop()!);
    else {
      open = keys[elementwise];
      join(elementwise);
    }
  }
  return { ...program, eqns: result };

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
      if (eqns[i]!.prim.lowering.kind === "elementwise" || !eqns[i]!.ins.some((v) => members.has(v))) {
        found = i;
        break;
      }
      refused.push(i);
    }
    refused.forEach(queue.push);
    return found;
  }
}

/** The shape of what an equation computes element by element; `""` for a scalar, `undefined` for other equations. */
function shapeKey({ prim, outs }: Equation): string | undefined {
  const { kind } = prim.lowering;
  if (kind !== "elementwise" && kind !== "map") return undefined;
  const { shape } = outs[0]!.type;
  if (shape.length === 0) return "";
  return sizeOf(shape) === 0 ? undefined : shape.join();
}
