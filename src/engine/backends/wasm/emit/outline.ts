import type { TypedLocal } from "../../../codegen/phases.ts";
import { boundaryOf } from "../../../codegen/phases.ts";
import type { ForStmt, Stmt } from "../../../kernel/scalar.ts";
import type { FunctionBody } from "../encode/body.ts";
import type { FunctionFrame } from "./frame.ts";
import { bufferOf, isResident, localIndex, openFrame } from "./frame.ts";
import { loadOf, storeOf } from "./scalar.ts";
import { reload } from "./spill.ts";
import type { WorkArgument } from "./threads/share.ts";
import { valueTypeOf } from "./unit.ts";
import type { VectorLoopBounds } from "./vector/loop.ts";

/** Code that was moved into a function. */
export interface Outline {
  /** Captured values of the enclosing code, which the function receives after its parameters. */
  readonly args: readonly WorkArgument[];
  /** Writes a call. `pushArgs` writes the code that pushes the arguments that precede the captured values. */
  readonly call: (body: FunctionBody, pushArgs: () => void) => void;
  /** Writes a call that takes the captured values from the given locals. */
  readonly callWith: (body: FunctionBody, pushArgs: () => void, args: readonly number[]) => void;
  /** Locals of the enclosing code that the moved code sets. The function passes their values back in memory. */
  readonly carried: readonly TypedLocal[];
}

/**
 * Moves a statement, or iterations of it, into a function. The function receives the locals and buffers of `frame` that
 * it reads, and finds those that it sets in memory. Calls are valid wherever these locals have the values of `frame`.
 */
export function outline(
  stmt: Stmt,
  frame: FunctionFrame,
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
  write: (inner: FunctionFrame, carried: readonly TypedLocal[]) => void,
): Outline {
  const { unit } = frame;
  const { carried, buffers, ...outer } = boundaryOf([stmt]);
  const captured = outer.captured.filter((one) => !isResident(frame, one.name));
  const pointers = buffers.flatMap((buffer) => {
    const place = bufferOf(frame, buffer.name);
    return place.local === undefined ? [] : [{ name: buffer.name, place, local: place.local }];
  });
  /** All captured values, with the names of memory slots, which are used if they are too many to be passed. */
  const handed: readonly (TypedLocal & { readonly slot: string })[] = [
    ...pointers.map((one) => ({ name: one.name, type: "i32" as const, slot: `address of ${one.name}` })),
    ...captured.map((one) => ({ ...one, slot: one.name })),
  ];
  const isPassed = params.length + handed.length <= unit.settings.mostParams;
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
  const inner = openFrame(unit, made.body, frame.owner, places, isKernel, frame.residents);
  captured.forEach((one, k) =>
    inner.locals.set(one.name, { type: one.type, index: received[pointers.length + k]! }),
  );
  for (const [local, range] of frame.ranges) inner.ranges.set(local, range);
  for (const local of frame.nonNegative) inner.nonNegative.add(local);
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
      ...pointers.map((one): WorkArgument => ({
        type: "i32",
        name: one.name,
        push: () => frame.body.localGet(one.local),
      })),
      ...captured.map((one): WorkArgument => ({
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

/** Writes a call of a function that runs the iterations from one index to another. */
export type RangeCall = (body: FunctionBody, pushFrom: () => void, pushTo: () => void) => void;

/** Writes the iterations of a loop; its bounds are in locals of the function `inner`. */
export type WriteIterations = (inner: FunctionFrame, bounds: VectorLoopBounds) => void;

/** Moves an independent loop into a function `(from, to, …)` that runs the iterations in that range. */
export function outlineIterations(
  stmt: ForStmt,
  frame: FunctionFrame,
  { hint, multipleOf }: { readonly hint: string; readonly multipleOf: number },
  write: WriteIterations,
): Outline {
  const options = { name: `${hint} ${stmt.index}`, params: ["from", "to"], results: [], isKernel: true };
  return outline(stmt, frame, options, (inner) => write(inner, { from: 0, to: 1, multipleOf }));
}

/** Moves an independent loop into a function and returns a writer of its calls. */
export function outlined(
  stmt: ForStmt,
  frame: FunctionFrame,
  hint: string,
  write: WriteIterations,
): RangeCall {
  return rangeCall(outlineIterations(stmt, frame, { hint, multipleOf: 1 }, write));
}

/** Returns a writer of calls of the function of an outline, whose first parameters are `from` and `to`. */
export function rangeCall({ call }: Outline): RangeCall {
  return (body, pushFrom, pushTo) =>
    call(body, () => {
      pushFrom();
      pushTo();
    });
}
