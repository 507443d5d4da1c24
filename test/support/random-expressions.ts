// Expressions of random kernels.
import * as k from "../../src/engine/kernel/build.ts";
import { binaryType, hasBinary, hasUnary, unaryType } from "../../src/engine/kernel/operations.ts";
import * as math from "../../src/engine/kernel/math/index.ts";
import * as single from "../../src/engine/kernel/math/single/index.ts";
import type {
  BinaryOp,
  Buffer,
  Expr,
  Procedure,
  ScalarType,
  ConstantTable,
  UnaryOp,
} from "../../src/engine/kernel/scalar.ts";
import type { Choices, Scope } from "./random-choices.ts";

export const scalarTypes: readonly ScalarType[] = ["f64", "f32", "i32", "u32", "bool"];
const unaryOps: readonly UnaryOp[] =
  "neg abs sqrt floor ceil trunc nearest not highWord lowWord bitsOf fromBits".split(" ") as UnaryOp[];
const binaryOps: readonly BinaryOp[] =
  "add sub mul div rem min max and or xor shl shr lt le eq ne fromWords".split(" ") as BinaryOp[];

const constants: Readonly<Record<ScalarType, readonly number[]>> = {
  f64: [0, 1, -0, 2, -1, 0.5, 1.5, 0.1, -2.5, 1e10, -1e300, 5e-324, Infinity, NaN],
  f32: [0, 1, -0, 2, -1, 0.5, 1.5, Math.fround(0.1), -2.5, 1e10, Math.fround(1e-45), -Infinity, NaN],
  i32: [0, 1, -1, 2, 3, 7, -7, 31, 255, 65537, 2147483647, -2147483648],
  u32: [0, 1, 2, 3, 7, 31, 255, 65537, 2147483648, 4294967295],
  bool: [0, 1],
};

const table: ConstantTable = {
  name: "coefficients",
  type: "f64",
  values: [0.5, -1.25, 3, 1e-3, -7, 2, 0.125, 11, -0, 4, 0.75, 9, -3, 1, 6, 100],
};
const digits: ConstantTable = {
  name: "digits",
  type: "i32",
  values: [3, 1, -4, 1, 5, -9, 2, 2147483647, 6, 5, -3, 5, 8, -9, 7, -2147483648],
};

export const procedures: readonly Procedure[] = [...Object.values(math), ...Object.values(single)];

/** Draws expressions over the names in a scope, including indices within its buffers. */
export class ExpressionGenerator {
  protected readonly choices: Choices;
  /** Elements of every buffer. */
  protected size = 0;
  /** Procedures of the routine, which expressions may call in addition to those of the library. */
  protected own: readonly Procedure[] = [];

  constructor(choices: Choices) {
    this.choices = choices;
  }

  /** Draws an index that is in range for every buffer. */
  index(scope: Scope): Expr {
    const c = this.choices;
    const size = this.size;
    const fitting = scope.indices.filter(({ below }) => below <= size);
    if (fitting.length === 0) return k.i32(c.below(size));
    const { index: i, below } = c.of(fitting);
    switch (c.below(9)) {
      case 0:
        return k.sub(k.i32(size - 1), i);
      case 1:
        return k.min(k.add(k.mul(i, k.i32(2 + c.below(3))), k.i32(c.below(4))), k.i32(size - 1));
      case 2: {
        const mask = 2 ** Math.floor(Math.log2(size)) - 1;
        return k.and(this.expr("i32", scope, 1), k.i32(mask));
      }
      case 3:
        return k.convert("i32", k.binary("rem", this.expr("u32", scope, 1), k.constant("u32", size)));
      case 4:
        return k.i32(c.below(size));
      case 5:
        return below < size ? k.add(i, k.i32(c.below(size - below + 1))) : i;
      case 6: {
        const other = c.of(fitting);
        const stride = Math.floor((size - below) / Math.max(1, other.below));
        return stride > 0 && other.index !== i ? k.add(i, k.mul(other.index, k.i32(stride))) : i;
      }
      default:
        return i;
    }
  }

  /** Draws an element read that is guarded by a range check, with a constant otherwise. */
  guarded(type: ScalarType, scope: Scope, buffer: Buffer): Expr {
    const c = this.choices;
    const fitting = scope.indices.filter(({ below }) => below <= this.size);
    if (fitting.length === 0) return this.leaf(type, scope);
    const { index: i } = c.of(fitting);
    const step = 1 + c.below(4);
    const other = this.leaf(type, scope);
    switch (c.below(3)) {
      case 0:
        return k.select(k.le(k.i32(step), i), k.load(type, buffer.name, k.sub(i, k.i32(step))), other);
      case 1:
        return k.select(
          k.lt(i, k.i32(this.size - step)),
          k.load(type, buffer.name, k.add(i, k.i32(step))),
          other,
        );
      default: {
        const at = k.sub(k.mul(i, k.i32(2)), k.i32(step));
        return k.select(
          k.and(k.le(k.i32(0), at), k.lt(at, k.i32(this.size))),
          k.load(type, buffer.name, at),
          other,
        );
      }
    }
  }

  expr(type: ScalarType, scope: Scope, depth: number): Expr {
    const c = this.choices;
    if (depth === 0) return this.leaf(type, scope);
    const inner = (of: ScalarType): Expr => this.expr(of, scope, depth - 1);
    switch (c.below(12)) {
      case 0:
        return this.leaf(type, scope);
      case 1:
      case 2:
      case 3: {
        if (c.below(8) === 0 && type === "f64") return k.tableAt(table, k.and(inner("i32"), k.i32(15)));
        if (c.below(4) === 0 && type === "i32") return k.tableAt(digits, k.and(inner("i32"), k.i32(15)));
        const own = scope.own.filter(({ buffer }) => buffer.type === type);
        if (own.length > 0 && c.below(3) === 0) {
          const { buffer, place } = c.of(own);
          return k.load(type, buffer.name, place);
        }
        const fitting = scope.readable.filter((buffer) => buffer.type === type);
        if (fitting.length === 0) return this.leaf(type, scope);
        const buffer = c.of(fitting);
        return c.below(5) === 0
          ? this.guarded(type, scope, buffer)
          : k.load(type, buffer.name, this.index(scope));
      }
      case 4: {
        const fitting = unaryOps.flatMap((op) =>
          scalarTypes
            .filter((of) => hasUnary(op, of) && unaryType(op, of) === type)
            .map((of) => ({ op, of })),
        );
        const { op, of } = c.of(fitting);
        const x = inner(of);
        const isBits = op === "highWord" || op === "lowWord" || op === "bitsOf"; // those of a NaN differ
        return k.unary(op, isBits ? k.select(k.eq(x, x), x, k.constant(of, 1)) : x);
      }
      case 5:
      case 6:
      case 7: {
        const fitting = binaryOps.flatMap((op) =>
          scalarTypes
            .filter((of) => hasBinary(op, of) && binaryType(op, of) === type)
            .map((of) => ({ op, of })),
        );
        const { op, of } = c.of(fitting);
        return k.binary(op, inner(of), inner(of));
      }
      case 8:
        if (type === "f64" || type === "f32") return k.mulAdd(inner(type), inner(type), inner(type));
        return k.select(inner("bool"), inner(type), inner(type));
      case 9: {
        const fitting = [...this.own, ...(c.below(3) === 0 ? procedures : [])].filter(
          (made) => made.result.type === type,
        );
        if (fitting.length === 0) return this.leaf(type, scope);
        const made = c.of(fitting);
        return k.call(
          made,
          ...made.params.map((param) => this.expr(param.type, scope, Math.min(depth - 1, 1))),
        );
      }
      case 10:
        return k.select(inner("bool"), inner(type), inner(type));
      default:
        return k.convert(type, inner(c.of(scalarTypes)));
    }
  }

  leaf(type: ScalarType, scope: Scope): Expr {
    const c = this.choices;
    const locals = scope.locals.filter((local) => local.type === type);
    if (type === "i32" && scope.indices.length > 0 && c.below(3) === 0) return c.of(scope.indices).index;
    if (locals.length > 0 && c.below(3) > 0) {
      const { name } = c.of(locals);
      return k.local(type, name);
    }
    return k.constant(type, c.of(constants[type]));
  }
}
