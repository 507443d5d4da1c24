// Random routines with run-time sizes.
import fc from "fast-check";
import * as k from "../../src/engine/kernel/build.ts";
import type { Buffer, Dim, Expr, Routine, SizeExpr, Stmt } from "../../src/engine/kernel/scalar.ts";
import { constantSize, layOutAtCall, sizeExpr } from "../../src/engine/kernel/sizes.ts";
import { lengthOf } from "./buffer-length.ts";
import type { CallNumbers } from "./kernel-agreement.ts";
import { Choices } from "./random-choices.ts";
import { kernels } from "./random-kernels.ts";

/** A routine with run-time sizes, and the inputs of a call. */
export interface SizedRoutine extends CallNumbers {
  readonly routine: Routine;
}

/** A routine whose sizes are all known before any call. */
export function ofKnownSizes(routine: Routine): SizedRoutine {
  return { routine, given: new Map(), lengths: new Map() };
}

/** Routines of `kernels`, with numeric sizes replaced by expressions of up to three scalar inputs. */
export function sizedKernels(isLong = false): fc.Arbitrary<SizedRoutine> {
  return fc
    .tuple(kernels(isLong), fc.array(fc.nat(1 << 20), { minLength: 60, maxLength: 60 }))
    .map(([routine, list]) => withSizeInputs(routine, new Choices(list)));
}

function withSizeInputs(routine: Routine, choices: Choices): SizedRoutine {
  const lengths = new Map<string, number>();
  for (const port of [...routine.inputs, ...routine.outputs])
    if (port.kind === "buffer") lengths.set(port.buffer.name, lengthOf(port.buffer));
  const sizes = new Set(lengths.values());
  const values = Array.from({ length: 1 + choices.below(3) }, (_, i) =>
    i === 0 ? Math.max(...sizes) : 1 + choices.below(Math.max(...sizes)),
  );
  const given = new Map(values.map((value, i) => [`size${i}`, value]));
  const made = (value: number): SizeExpr => expression(value, [...given], choices);

  const dim = (x: Dim): Dim => {
    const number = (size: SizeExpr): SizeExpr => {
      const value = constantSize(size);
      return value === undefined || value === 0 || choices.below(3) === 0 ? size : made(value); // no stride stays none
    };
    return { ...x, size: number(x.size), out: number(x.out), left: number(x.left), right: number(x.right) };
  };
  const statement = (stmt: Stmt): Stmt => {
    switch (stmt.kind) {
      case "for": {
        const isAll = stmt.to.kind === "const" && sizes.has(stmt.to.value);
        const to = isAll ? sizeExpr(made(stmt.to.value)) : stmt.to;
        return { ...stmt, to, body: stmt.body.map(statement) };
      }
      case "while":
      case "reduce":
        return { ...stmt, body: stmt.body.map(statement) };
      case "if":
        return { ...stmt, then: stmt.then.map(statement), otherwise: stmt.otherwise.map(statement) };
      case "contract":
        return { ...stmt, dims: stmt.dims.map(dim) };
      case "let":
      case "set":
      case "store":
      case "comment":
        return stmt;
    }
  };
  const resized = ({ name, type, size }: Buffer): Buffer => ({ name, type, size: made(constantSize(size)!) });
  return {
    given,
    lengths,
    routine: {
      name: routine.name,
      inputs: [
        ...[...given.keys()].map((name) => ({ kind: "scalar", name, type: "i32" }) as const),
        ...routine.inputs.map((one) =>
          one.kind === "buffer" ? { ...one, buffer: resized(one.buffer) } : one,
        ),
      ],
      outputs: routine.outputs.map((one) =>
        one.kind === "buffer" ? { ...one, buffer: resized(one.buffer) } : one,
      ),
      ...layOutAtCall(routine.temps.map(resized)),
      body: routine.body.map(statement),
    },
  };
}

/** A size with this value, as an expression or, sometimes, as the number. */
function expression(
  value: number,
  given: readonly (readonly [name: string, value: number])[],
  choices: Choices,
): SizeExpr {
  const [name, n] = choices.of(given);
  const input = k.local("i32", name);
  const ways: readonly (readonly [holds: boolean, make: () => Expr])[] = [
    [n === value, () => input],
    [true, () => k.add(input, k.i32(value - n))],
    [true, () => k.sub(k.i32(value + n), input)],
    [n >= value, () => k.min(input, k.i32(value))],
    [n <= value, () => k.max(k.i32(value), input)],
    [value % n === 0, () => k.mul(input, k.i32(value / n))],
    [value > 0 && n % value === 0, () => k.div(input, k.i32(n / value))],
    [n === value, () => k.shr(k.shl(input, k.i32(1)), k.i32(1))],
  ];
  const fitting = ways.filter(([holds]) => holds);
  return choices.below(5) === 0 ? value : choices.of(fitting)[1]();
}
