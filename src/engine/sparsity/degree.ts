import type { Program } from "../ir/program.ts";
import type { Expr, Routine, Stmt } from "../kernel/scalar.ts";
import { isFloat } from "../kernel/scalar.ts";
import { blocksIn, checkDepth, walkOwnExprs } from "../kernel/walk.ts";
import { lowerProgram } from "../passes/lower.ts";
import { eliminateDeadCode, optimize } from "../passes/pipeline.ts";
import { assertNever } from "../util/assert-never.ts";
import { bufferName, contractSizes } from "./flow.ts";

/**
 * Upper bound of the degree of a polynomial: 0 for a constant, 1 for an affine function, 2 for a quadratic one, and 3 for
 * all other functions.
 */
export type Degree = 0 | 1 | 2 | 3;

/**
 * Upper bounds of the degrees of the results of a program as polynomials of its active inputs. They hold at all values
 * of the inputs, because decisions, indices and kinks that depend on an active input count as degree 3.
 */
export function polynomialDegrees(program: Program, active: readonly boolean[]): readonly Degree[] {
  const { routine } = lowerProgram(eliminateDeadCode(optimize(program)));
  const degrees = new DegreeBounds();
  routine.inputs.forEach((port, i) => {
    if (active[i] === true)
      degrees.raise(port.kind === "buffer" ? bufferName(port.buffer.name) : port.name, 1);
  });
  do degrees.isChanged = false;
  while (degrees.visit(routine.body, 0).isChanged);
  return routine.outputs.map((output) => degrees.ofOutput(output));
}

function most(...degrees: readonly Degree[]): Degree {
  return Math.max(0, ...degrees) as Degree;
}

function product(a: Degree, b: Degree): Degree {
  return Math.min(3, a + b) as Degree;
}

/** Degree of a function that is not a polynomial: 0 for constant operands. */
function other(...degrees: readonly Degree[]): Degree {
  return most(...degrees) === 0 ? 0 : 3;
}

/** Degrees of the values that locals and buffers may have, without regard to the order of statements. */
class DegreeBounds {
  readonly #known = new Map<string, Degree>();
  isChanged = false;

  raise(name: string, degree: Degree): void {
    if (degree <= this.#named(name)) return;
    this.#known.set(name, degree);
    this.isChanged = true;
  }

  ofOutput(output: Routine["outputs"][number]): Degree {
    return output.kind === "scalar" ? this.of(output.value) : this.#named(bufferName(output.buffer.name));
  }

  #named(name: string): Degree {
    return this.#known.get(name) ?? 0;
  }

  of(expr: Expr, depth = 0): Degree {
    checkDepth(depth);
    const part = (x: Expr): Degree => this.of(x, depth + 1);
    switch (expr.kind) {
      case "const":
        return 0;
      case "local":
        return this.#named(expr.name);
      case "load":
        return most(this.#named(bufferName(expr.buffer)), other(part(expr.index)));
      case "table":
        return other(part(expr.index));
      case "unary":
        return expr.op === "neg" ? part(expr.x) : other(part(expr.x));
      case "binary":
        return this.#ofBinary(expr.op, expr.type, part(expr.x), part(expr.y));
      case "select":
        return most(other(part(expr.condition)), part(expr.x), part(expr.y));
      case "convert":
        return isFloat(expr.type) ? part(expr.x) : other(part(expr.x));
      case "mulAdd":
        return most(product(part(expr.x), part(expr.y)), part(expr.z));
      case "call":
        return other(...expr.args.map(part));
      default:
        return assertNever(expr, "polynomialDegrees");
    }
  }

  #ofBinary(
    op: (Expr & { readonly kind: "binary" })["op"],
    type: Expr["type"],
    x: Degree,
    y: Degree,
  ): Degree {
    if (!isFloat(type)) return other(x, y);
    if (op === "add" || op === "sub") return most(x, y);
    if (op === "mul") return product(x, y);
    return op === "div" && y === 0 ? x : other(x, y);
  }

  /** Propagates degrees through a block. `least`: 3 under a branch or loop that depends on an active input. */
  visit(block: readonly Stmt[], least: Degree): this {
    for (const stmt of block) this.#visitStatement(stmt, least);
    return this;
  }

  #visitStatement(stmt: Stmt, least: Degree): void {
    switch (stmt.kind) {
      case "let":
      case "set":
        return this.raise(stmt.name, most(least, this.of(stmt.value)));
      case "store":
        return this.raise(
          bufferName(stmt.buffer),
          most(least, other(this.of(stmt.index)), this.of(stmt.value)),
        );
      case "reduce": {
        const within = most(least, other(this.of(stmt.from), this.of(stmt.to)));
        this.visit(stmt.body, within);
        const value = this.of(stmt.value);
        return this.raise(stmt.name, most(within, stmt.op === "add" ? value : other(value)));
      }
      case "contract": {
        const [left, right] = [stmt.left, stmt.right].map(({ buffer }) => this.#named(bufferName(buffer)));
        const sizes = other(...contractSizes(stmt).map((size) => this.of(size)));
        return this.raise(bufferName(stmt.out.buffer), most(least, sizes, product(left!, right!)));
      }
      case "for":
      case "while":
      case "if": {
        const deciding: Degree[] = [];
        walkOwnExprs(stmt, (expr) => deciding.push(this.of(expr)));
        for (const inner of blocksIn(stmt)) this.visit(inner, most(least, other(...deciding)));
        return undefined;
      }
      case "comment":
        return undefined;
      default:
        return assertNever(stmt, "polynomialDegrees");
    }
  }
}
