// Loops of random routines in the style of numerical programs: arithmetic of one or two types, and a few procedures
// that are called repeatedly, with arguments that are or are not constant over the iterations.
import * as k from "../../src/engine/kernel/build.ts";
import { hasBinary, hasUnary } from "../../src/engine/kernel/operations.ts";
import { neutral } from "../../src/engine/kernel/neutral.ts";
import type { BinaryOp, Expr, Procedure, ScalarType, UnaryOp } from "../../src/engine/kernel/scalar.ts";
import type { Choices, Local, Scope } from "./random-choices.ts";

interface Given {
  readonly choices: Choices;
  /** Elements of every buffer. */
  readonly size: number;
  readonly iterations: number;
  readonly procedures: readonly Procedure[];
  readonly fresh: (hint: string) => string;
}

const binaries: readonly BinaryOp[] = ["add", "sub", "mul", "div", "min", "max"];
const unaries: readonly UnaryOp[] = ["neg", "abs", "sqrt", "floor"];
/** Maximum number of iterations, because the interpreter runs procedures slowly. */
const mostIterations = 150;
const numbers = [0.5, 1, 2, -1.5, 3, 0.125];

/** Draws an independent loop, a loop over rows of another one, or a fold, all with the same formulas. */
export function formulas(block: k.Block, scope: Scope, given: Given): Scope {
  const { choices: c, fresh, size } = given;
  const iterations = Math.max(1, Math.min(given.iterations, size, mostIterations));
  const type: ScalarType = c.below(3) > 0 ? "f64" : "f32";
  const own = scope.writable.filter((buffer) => buffer.type === type);
  const out = own.length > 0 ? c.of(own) : undefined;
  const readable = scope.readable.filter((buffer) => buffer !== out);
  const written = { ...given, type, readable };
  // numbers that are known before the loop
  const uniform: Local[] = scope.locals.filter((local) => local.type === type);
  for (let n = c.below(3); n > 0; n--) {
    const name = fresh("u");
    block.let(name, new Formula(written, uniform, [], undefined).value(2));
    uniform.push({ name, type, canBeSet: false });
  }
  const several = given.procedures.filter(({ params }) => params.length > 1);
  const pool = [c.of(given.procedures), c.of(several), procedure(written)];
  const iteration = (loop: k.Block, i: Expr, more: readonly Local[] = []): Expr => {
    const formula = new Formula({ ...written, procedures: pool }, [...uniform, ...more], [], i);
    for (let n = 1 + c.below(c.below(6) === 0 ? 16 : 5); n > 0; n--) formula.statement(loop);
    return formula.value(3);
  };
  switch (c.below(out === undefined ? 1 : 4)) {
    case 0: {
      const [name, index] = [fresh("fold"), fresh("r")];
      const op = c.of(["add", "max", "mul"] as const);
      block.reduce(name, op, neutral(op, type), index, k.i32(0), k.i32(iterations), (loop) =>
        iteration(loop, k.local("i32", index)),
      );
      return { ...scope, locals: [...scope.locals, { name, type, canBeSet: false }] };
    }
    case 1: {
      // rows, each with its own numbers
      const rows = 1 + c.below(Math.min(6, size));
      const columns = Math.max(1, Math.floor(size / rows));
      const [a, b] = [fresh("row"), fresh("column")];
      const [i, j] = [k.local("i32", a), k.local("i32", b)];
      block.forEach(a, k.i32(0), k.i32(rows), (outer) => {
        const name = fresh("w");
        outer.let(name, new Formula({ ...written, procedures: pool }, uniform, [], i).value(2));
        outer.forEach(b, k.i32(0), k.i32(columns), (loop) => {
          const place = k.add(k.mul(i, k.i32(columns)), j);
          loop.store(out!.name, place, iteration(loop, place, [{ name, type, canBeSet: false }]));
        });
      });
      return scope;
    }
    default: {
      const name = fresh("i");
      const i = k.local("i32", name);
      block.forEach(name, k.i32(0), k.i32(iterations), (loop) =>
        loop.store(out!.name, i, iteration(loop, i)),
      );
      return scope;
    }
  }
}

/** A procedure of two or three numbers of the type. */
function procedure(given: Written): Procedure {
  const { choices: c, fresh, type } = given;
  const params = Array.from({ length: 2 + c.below(2) }, (): Local => ({
    name: fresh("p"),
    type,
    canBeSet: c.below(3) === 0,
  }));
  const block = k.makeBlock();
  const formula = new Formula({ ...given, procedures: [c.of(given.procedures)] }, [], params, undefined);
  for (let n = c.below(4); n > 0; n--) formula.statement(block);
  return {
    name: "formula",
    params: params.map(({ name }) => ({ name, type })),
    body: block.statements,
    result: formula.value(2),
  };
}

interface Written extends Given {
  readonly type: ScalarType;
  readonly readable: Scope["readable"];
}

/** Draws values of one type from numbers that are constant over the iterations, from elements, and from each other. */
class Formula {
  readonly #given: Written;
  readonly #uniform: readonly Local[];
  readonly #locals: Local[];
  readonly #place: Expr | undefined;

  constructor(given: Written, uniform: readonly Local[], locals: readonly Local[], place: Expr | undefined) {
    this.#given = given;
    this.#uniform = uniform;
    this.#locals = [...locals];
    this.#place = place;
  }

  statement(loop: k.Block): void {
    const { choices: c, fresh, type } = this.#given;
    const settable = this.#locals.filter((local) => local.canBeSet);
    if (settable.length > 0 && c.below(5) === 0) {
      const { name } = c.of(settable);
      if (c.below(2) === 0) loop.set(k.local(type, name), this.value(3));
      else
        loop.if(k.lt(this.value(1), this.value(1)), (then) => then.set(k.local(type, name), this.value(2)));
      return;
    }
    const name = fresh("v");
    loop.let(name, c.below(3) === 0 ? this.#twice() : this.value(3));
    this.#locals.push({ name, type, canBeSet: c.below(3) === 0 });
  }

  value(depth: number): Expr {
    const { choices: c, type, procedures } = this.#given;
    if (depth === 0) return this.#leaf();
    switch (c.below(8)) {
      case 0:
        return this.#leaf();
      case 1:
      case 2: {
        const made = c.of(procedures);
        const args = made.params.map((param) => this.#as(param.type, c.below(2) === 0 ? 0 : depth - 1));
        return k.convert(type, k.call(made, ...args));
      }
      case 3: {
        const op = c.of(unaries.filter((one) => hasUnary(one, type)));
        return k.unary(op, this.value(depth - 1));
      }
      case 4:
        return k.select(k.lt(this.value(depth - 1), this.#leaf()), this.value(depth - 1), this.#leaf());
      case 5:
        return k.mulAdd(this.value(depth - 1), this.#leaf(), this.#leaf());
      default: {
        const op = c.of(binaries.filter((one) => hasBinary(one, type)));
        return k.binary(op, this.value(depth - 1), this.value(depth - 1));
      }
    }
  }

  /** Two calls of one procedure. Some of their arguments are constant over the iterations. */
  #twice(): Expr {
    const { choices: c, type, procedures } = this.#given;
    const made = c.of(procedures);
    const x = this.#leaf();
    const call = (): Expr => {
      const args = made.params.map((param, n) => {
        const arg = n === 0 && c.below(2) === 0 ? x : c.below(3) > 0 ? this.#same() : this.value(1);
        return k.convert(param.type, arg);
      });
      return k.convert(type, k.call(made, ...args));
    };
    return k.binary(c.of(["add", "sub", "mul", "max"] as const), call(), call());
  }

  /** A number that is constant over the iterations. */
  #same(): Expr {
    const { choices: c, type } = this.#given;
    if (this.#uniform.length === 0) return k.constant(type, c.of(numbers));
    const x = k.local(type, c.of(this.#uniform).name);
    return c.below(3) === 0 ? k.add(x, k.constant(type, c.of(numbers))) : x;
  }

  /** A value of another type. */
  #as(type: ScalarType, depth: number): Expr {
    const x = this.value(depth);
    return type === this.#given.type ? x : k.convert(type, x);
  }

  #leaf(): Expr {
    const { choices: c, type, readable } = this.#given;
    const elements = readable.filter((buffer) => buffer.type === type);
    switch (c.below(6)) {
      case 0:
      case 1:
        if (this.#uniform.length > 0) return k.local(type, c.of(this.#uniform).name);
        break;
      case 2:
      case 3:
        if (this.#locals.length > 0) return k.local(type, c.of(this.#locals).name);
        break;
      case 4:
        return k.constant(type, c.of(numbers));
      default:
    }
    if (this.#place === undefined || elements.length === 0) return k.constant(type, c.of(numbers));
    return k.load(type, c.of(elements).name, this.#place);
  }
}
