import type {
  BinaryOp,
  Contract,
  Expr,
  Procedure,
  Reduce,
  ReduceOp,
  ScalarType,
  Stmt,
  ConstantTable,
  UnaryOp,
} from "./scalar.ts";
import { binaryType, unaryType } from "./operations.ts";

/** A constant of the given type. */
export function constant(type: ScalarType, value: number): Expr {
  return { kind: "const", type, value };
}
export const f64 = (value: number): Expr => constant("f64", value);
export const f32 = (value: number): Expr => constant("f32", value);
export const i32 = (value: number): Expr => constant("i32", value);
export const bool = (value: boolean): Expr => constant("bool", value ? 1 : 0);

export function local(type: ScalarType, name: string): Expr {
  return { kind: "local", type, name };
}

export function load(type: ScalarType, buffer: string, index: Expr): Expr {
  return { kind: "load", type, buffer, index };
}

export function tableAt(table: ConstantTable, index: Expr): Expr {
  return { kind: "table", type: table.type, table, index };
}

export function unary(op: UnaryOp, x: Expr): Expr {
  return { kind: "unary", type: unaryType(op, x.type), op, x };
}

export function binary(op: BinaryOp, x: Expr, y: Expr): Expr {
  return { kind: "binary", type: binaryType(op, x.type), op, x, y };
}

export const neg = (x: Expr): Expr => unary("neg", x);
export const abs = (x: Expr): Expr => unary("abs", x);
export const sqrt = (x: Expr): Expr => unary("sqrt", x);
export const floor = (x: Expr): Expr => unary("floor", x);
export const nearest = (x: Expr): Expr => unary("nearest", x);
export const not = (x: Expr): Expr => unary("not", x);
export const highWord = (x: Expr): Expr => unary("highWord", x);
export const lowWord = (x: Expr): Expr => unary("lowWord", x);

export const add = (x: Expr, y: Expr): Expr => binary("add", x, y);
export const sub = (x: Expr, y: Expr): Expr => binary("sub", x, y);
export const mul = (x: Expr, y: Expr): Expr => binary("mul", x, y);
export const div = (x: Expr, y: Expr): Expr => binary("div", x, y);
export const min = (x: Expr, y: Expr): Expr => binary("min", x, y);
export const max = (x: Expr, y: Expr): Expr => binary("max", x, y);
export const and = (x: Expr, y: Expr): Expr => binary("and", x, y);
export const or = (x: Expr, y: Expr): Expr => binary("or", x, y);
export const xor = (x: Expr, y: Expr): Expr => binary("xor", x, y);
export const shl = (x: Expr, y: Expr): Expr => binary("shl", x, y);
export const shr = (x: Expr, y: Expr): Expr => binary("shr", x, y);
export const lt = (x: Expr, y: Expr): Expr => binary("lt", x, y);
export const le = (x: Expr, y: Expr): Expr => binary("le", x, y);
export const gt = (x: Expr, y: Expr): Expr => binary("lt", y, x);
export const ge = (x: Expr, y: Expr): Expr => binary("le", y, x);
export const eq = (x: Expr, y: Expr): Expr => binary("eq", x, y);
export const ne = (x: Expr, y: Expr): Expr => binary("ne", x, y);
export const fromWords = (high: Expr, low: Expr): Expr => binary("fromWords", high, low);

export function select(condition: Expr, x: Expr, y: Expr): Expr {
  return { kind: "select", type: x.type, condition, x, y };
}

/** x · y + z of floats. */
export function mulAdd(x: Expr, y: Expr, z: Expr): Expr {
  return { kind: "mulAdd", type: x.type, x, y, z };
}

/** Expression of one step of a fold: combines two values by `op`. */
export function combine(op: ReduceOp, x: Expr, y: Expr): Expr {
  return binary(op, x, y);
}

export function convert(type: ScalarType, x: Expr): Expr {
  return x.type === type ? x : { kind: "convert", type, x };
}

export function call(callee: Procedure, ...args: readonly Expr[]): Expr {
  return { kind: "call", type: callee.result.type, procedure: callee, args };
}

/**
 * Builds the statements of one block. Branches and loops take a function that fills their own block.
 * @example
 * const x = local("f64", "x");
 * const block = makeBlock();
 * const y = block.let("y", mul(x, x));
 * block.if(lt(y, f64(1)), (then) => then.set(y, f64(1)));
 * block.statements.length; // 2
 */
export interface Block {
  readonly statements: Stmt[];
  /**
   * Declares a local and returns the expression that reads it. Names must be unique within the procedure or routine.
   */
  let(name: string, value: Expr): Expr;
  set(target: Expr, value: Expr): void;
  store(buffer: string, index: Expr, value: Expr): void;
  if(condition: Expr, then: (block: Block) => void, otherwise?: (block: Block) => void): void;
  /** Adds a branch that is rarely taken, so that its code may be slow. */
  ifRare(condition: Expr, then: (block: Block) => void): void;
  /**
   * Adds a branch that may be ignored: if the condition holds, `then` computes the same bits as `otherwise`, but
   * faster.
   */
  shortcut(condition: Expr, then: (block: Block) => void, otherwise: (block: Block) => void): void;
  while(condition: Expr, body: (block: Block) => void): void;
  for(
    index: string,
    from: Expr,
    to: Expr,
    body: (block: Block, index: Expr) => void,
    reverse?: boolean,
  ): void;
  /** Adds a loop whose iterations may run in any order or in parallel. */
  forEach(index: string, from: Expr, to: Expr, body: (block: Block, index: Expr) => void): void;
  /** Declares a local whose value is a fold over a range. `write` fills the body and returns the value to fold. */
  reduce(
    name: string,
    op: ReduceOp,
    start: Expr,
    index: string,
    from: Expr,
    to: Expr,
    write: (block: Block, index: Expr) => Expr,
  ): Expr;
  contract(contraction: Omit<Contract, "kind">): void;
  comment(text: string): void;
}

/** Creates an empty block. */
export function makeBlock(): Block {
  const statements: Stmt[] = [];
  const inner = (fill: (block: Block) => void): Stmt[] => {
    const block = makeBlock();
    fill(block);
    return block.statements;
  };
  return {
    statements,
    let(name, value) {
      statements.push({ kind: "let", name, value });
      return local(value.type, name);
    },
    set(target, value) {
      if (target.kind !== "local") throw new Error("internal: only a local can be set");
      statements.push({ kind: "set", name: target.name, value });
    },
    store(buffer, index, value) {
      statements.push({ kind: "store", buffer, index, value });
    },
    if(condition, then, otherwise) {
      statements.push({
        kind: "if",
        condition,
        then: inner(then),
        otherwise: otherwise ? inner(otherwise) : [],
      });
    },
    ifRare(condition, then) {
      statements.push({ kind: "if", rare: true, condition, then: inner(then), otherwise: [] });
    },
    shortcut(condition, then, otherwise) {
      statements.push({
        kind: "if",
        shortcut: true,
        condition,
        then: inner(then),
        otherwise: inner(otherwise),
      });
    },
    while(condition, body) {
      statements.push({ kind: "while", condition, body: inner(body) });
    },
    for(index, from, to, body, reverse = false) {
      const i = local("i32", index);
      statements.push({ kind: "for", index, from, to, reverse, body: inner((block) => body(block, i)) });
    },
    forEach(index, from, to, body) {
      const i = local("i32", index);
      statements.push({
        kind: "for",
        index,
        from,
        to,
        reverse: false,
        independent: true,
        body: inner((block) => body(block, i)),
      });
    },
    reduce(name, op, start, index, from, to, write) {
      const block = makeBlock();
      const value = write(block, local("i32", index));
      const reduce: Reduce = {
        kind: "reduce",
        name,
        op,
        start,
        index,
        from,
        to,
        body: block.statements,
        value,
      };
      statements.push(reduce);
      return local(value.type, name);
    },
    contract(contraction) {
      statements.push({ kind: "contract", ...contraction });
    },
    comment(text) {
      statements.push({ kind: "comment", text });
    },
  };
}

/**
 * Creates a scalar function over the vocabulary. Its body is written on first use, so that loading a library of
 * procedures costs nothing.
 * @example
 * const square = procedure("square", [["x", "f64"]], (_, [x]) => mul(x!, x!));
 */
export function procedure(
  name: string,
  params: readonly (readonly [name: string, type: ScalarType])[],
  write: (block: Block, args: readonly Expr[]) => Expr,
): Procedure {
  let written: Pick<Procedure, "body" | "result"> | undefined;
  const writeOnce = (): Pick<Procedure, "body" | "result"> => {
    const block = makeBlock();
    const result = write(
      block,
      params.map(([param, type]) => local(type, param)),
    );
    return (written = { body: block.statements, result });
  };
  return {
    name,
    params: params.map(([param, type]) => ({ name: param, type })),
    get body() {
      return (written ?? writeOnce()).body;
    },
    get result() {
      return (written ?? writeOnce()).result;
    },
  };
}
