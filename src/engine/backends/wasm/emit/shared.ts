import { statementWork } from "../../../codegen/cost.ts";
import { callsOfProducts } from "../../../codegen/tuning.ts";
import type { Contract, ForStmt } from "../../../kernel/scalar.ts";
import { must } from "../../../util/assert-never.ts";
import { integersOf } from "../encode/integers.ts";
import type { ContractFunction } from "./contract/index.ts";
import { contractParams } from "./contract/units.ts";
import type { FunctionFrame } from "./frame.ts";
import { pushNextBound, scratch } from "./frame.ts";
import type { Outline } from "./outline.ts";
import { emitScalar } from "./scalar.ts";
import { emitShared } from "./threads/share.ts";

/**
 * Writes calls for all iterations of an independent loop. Several threads share the calls if there are enough of them.
 * The calls have the same bounds as on one thread, so that results do not depend on the number of threads.
 */
export function emitSharedIterations(
  stmt: ForStmt,
  { iterations: chunk, sharedFrom }: { readonly iterations: number; readonly sharedFrom: number },
  frame: FunctionFrame,
  { callWith, args }: Outline,
  alone: () => void,
): void {
  const { body, unit } = frame;
  const sharing = must(unit.sharing, "the sharing of work between threads");
  const [from, to, units] = [scratch(frame, "i32"), scratch(frame, "i32"), scratch(frame, "i32")];
  emitScalar(stmt.from, frame);
  body.localSet(from);
  emitScalar(stmt.to, frame);
  body.localSet(to);
  // (to − from + chunk − 1) / chunk, 0 if to ≤ from; differences do not overflow as uint32
  const int = integersOf(body);
  const { get } = int;
  int.put(int.plus(int.over(int.minus(int.minus(get(to), get(from)), 1), chunk), 1));
  body.i32Const(0);
  body.localGet(from);
  body.localGet(to);
  body.op("i32.lt_s");
  body.select("i32");
  body.localTee(units);
  body.i32Const(sharedFrom);
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
      const inner = integersOf(code);
      inner.set(at, inner.plus(inner.get(start!), inner.times(inner.get(first), chunk)));
      inner.repeat(code.local("i32", "calls_left"), inner.get(count), () => {
        const pushRange = (): void => {
          code.localGet(at);
          pushNextBound(code, at, end!, chunk);
        };
        callWith(code, pushRange, rest);
        inner.advance(at, chunk);
      });
    },
  });
  body.else();
  alone();
  body.end();
}

/**
 * Writes calls of a contraction's function for all its parts. Several threads share the calls. `operands` are locals
 * with the addresses of the operands.
 */
export function emitSharedContract(
  made: ContractFunction,
  stmt: Contract,
  frame: FunctionFrame,
  operands: readonly number[],
): void {
  const { body, unit } = frame;
  const sharing = must(unit.sharing, "the sharing of work between threads");
  const calls = Math.ceil((callsOfProducts * statementWork(stmt)) / unit.settings.chunkWork);
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
