import fc from "fast-check";
import * as k from "../../src/engine/kernel/build.ts";
import { binaryType, hasBinary, hasUnary, unaryType } from "../../src/engine/kernel/operations.ts";
import type {
  BinaryOp,
  Buffer,
  Expr,
  Procedure,
  Routine,
  ScalarType,
  ConstantTable,
  UnaryOp,
} from "../../src/engine/kernel/scalar.ts";
import { neutral } from "../../src/engine/kernel/neutral.ts";
import { Choices } from "./random-choices.ts";
import { layOutAtCall } from "../../src/engine/kernel/sizes.ts";

/** Elements of every buffer of a generated routine. */
export const bufferSize = 16;

const scalarTypes: readonly ScalarType[] = ["f64", "f32", "i32", "u32", "bool"];

const unaryOps: readonly UnaryOp[] =
  "neg abs sqrt floor ceil trunc nearest not highWord lowWord bitsOf fromBits".split(" ") as UnaryOp[];
const binaryOps: readonly BinaryOp[] =
  "add sub mul div rem min max and or xor shl shr lt le eq ne fromWords".split(" ") as BinaryOp[];

const constants: Readonly<Record<ScalarType, readonly number[]>> = {
  f64: [
    0,
    1,
    -0,
    2,
    -1,
    0.5,
    1.5,
    0.1,
    -2.5,
    1e10,
    -1e300,
    5e-324,
    Infinity,
    -Infinity,
    NaN,
    4503599627370497,
  ],
  f32: [
    0,
    1,
    -0,
    2,
    -1,
    0.5,
    1.5,
    Math.fround(0.1),
    -2.5,
    1e10,
    Math.fround(3e38),
    Math.fround(1e-45),
    Infinity,
    NaN,
  ],
  i32: [0, 1, -1, 2, 3, 7, -7, 31, 255, 65537, 2147483647, -2147483648],
  u32: [0, 1, 2, 3, 7, 31, 255, 65537, 2147483648, 4294967295],
  bool: [0, 1],
};

const oddNames = [
  "x",
  "y",
  "a b",
  "class",
  "__proto__",
  "π",
  "it's",
  "*/",
  "inputs",
  "Math",
  "\n",
  "part1",
  "",
];

interface Local {
  readonly name: string;
  readonly type: ScalarType;
  readonly canBeSet: boolean;
}

interface Scope {
  readonly locals: readonly Local[];
  /** Locals that are valid buffer indices. */
  readonly indices: readonly string[];
  readonly loops: number;
}

/** Float32 number, or 0 for a subnormal one. */
const flushed: Procedure = {
  name: "flushed",
  params: [{ name: "x", type: "f32" }],
  body: [],
  result: k.select(
    k.lt(k.unary("abs", k.local("f32", "x")), k.f32(2 ** -126)),
    k.f32(0),
    k.local("f32", "x"),
  ),
};

/**
 * A well-typed routine with inputs, outputs, scalars and temporaries of each of the types, loops, branches and
 * procedures. With `flushes`, it replaces each subnormal float32 number by 0, so that a device that flushes these has the same bits.
 */
export function routines(
  length = 500,
  types: readonly ScalarType[] = scalarTypes,
  flushes = false,
): fc.Arbitrary<Routine> {
  // Without bias: fast-check prefers small numbers, which would draw the same few constructs again and again.
  return fc
    .noBias(fc.array(fc.nat(1 << 20), { minLength: length / 4, maxLength: length, size: "max" }))
    .map((list) => new Generator(new Choices(list), types, flushes).routine());
}

class Generator {
  readonly #choices: Choices;
  readonly #types: readonly ScalarType[];
  readonly #flushes: boolean;
  readonly #buffers = new Map<ScalarType, { readonly loads: string[]; readonly stores: string[] }>();
  readonly #procedures: Procedure[] = [];
  readonly #table: ConstantTable = {
    name: "digits",
    type: "i32",
    values: [3, 1, -4, 1, 5, -9, 2, 2147483647, 6, 5, -3, 5, 8, -9, 7, -2147483648],
  };
  #count = 0;
  #depth = 0;
  /** Inside an independent loop: the buffers that only this loop reads and writes, at the index of its iteration. */
  #own: { readonly buffers: ReadonlyMap<ScalarType, string>; readonly place: Expr } | undefined;

  constructor(choices: Choices, types: readonly ScalarType[], flushes: boolean) {
    this.#choices = choices;
    this.#types = types;
    this.#flushes = flushes;
  }

  routine(): Routine {
    for (let n = 0; n < 2; n++) this.#procedures.push(this.procedure());
    const newBuffer = (kind: string, type: ScalarType): Buffer => {
      const made = { name: this.fresh(`${kind} ${type}`), type, size: bufferSize };
      const known = this.#buffers.get(type) ?? { loads: [], stores: [] };
      known.loads.push(made.name);
      if (kind !== "in") known.stores.push(made.name);
      this.#buffers.set(type, known);
      return made;
    };
    const scalars = this.#types.map((type): Local => ({
      name: this.fresh(),
      type,
      canBeSet: this.#choices.below(2) === 1,
    }));
    const ins = this.#types.map((type) => newBuffer("in", type));
    const outs = this.#types.map((type) => newBuffer("out", type));
    const temps = this.#types.map((type) => newBuffer("temp", type));
    const block = k.makeBlock();
    for (const temp of [...temps, ...outs]) {
      block.for(this.fresh("i"), k.i32(0), k.i32(bufferSize), (loop, i) =>
        loop.store(temp.name, i, k.load(temp.type, ins.find((other) => other.type === temp.type)!.name, i)),
      );
    }
    const scope = this.fill(block, { locals: scalars, indices: [], loops: 0 }, 2 + this.#choices.below(12));
    return {
      name: this.#choices.of(oddNames),
      inputs: [
        ...scalars.map(({ name, type }) => ({ kind: "scalar", name, type }) as const),
        ...ins.map((buffer) => ({ kind: "buffer", buffer }) as const),
      ],
      outputs: [
        ...this.#types.map((type) => ({ kind: "scalar", value: this.expr(type, scope, 3) }) as const),
        ...outs.map((buffer) => ({ kind: "buffer", buffer }) as const),
      ],
      ...layOutAtCall(temps),
      body: block.statements,
    };
  }

  procedure(): Procedure {
    const params = Array.from({ length: this.#choices.below(4) }, (): Local => ({
      name: this.fresh(),
      type: this.#choices.of(this.#types),
      canBeSet: true,
    }));
    const block = k.makeBlock();
    const scope = this.fill(block, { locals: params, indices: [], loops: 1 }, this.#choices.below(4));
    const result = this.expr(this.#choices.of(this.#types), scope, 3);
    return {
      name: this.#choices.of(oddNames),
      params: params.map(({ name, type }) => ({ name, type })),
      body: block.statements,
      result,
    };
  }

  fresh(hint: string = this.#choices.of(oddNames)): string {
    return `${hint}${this.#count++}`;
  }

  /** Adds statements to the block and returns its scope at the end. */
  fill(block: k.Block, scope: Scope, n: number): Scope {
    let now = scope;
    this.#depth++;
    for (let i = 0; i < n; i++) now = this.statement(block, now);
    this.#depth--;
    return now;
  }

  statement(block: k.Block, scope: Scope): Scope {
    const inner =
      (from: Scope) =>
      (nested: k.Block): void =>
        void this.fill(nested, from, 1 + this.#choices.below(3));
    const kind = this.#choices.below(this.#depth > 3 ? 6 : 14);
    switch (kind) {
      case 0:
      case 1: {
        const local = {
          name: this.fresh(),
          type: this.#choices.of(this.#types),
          canBeSet: this.#choices.below(2) === 1,
        };
        block.let(local.name, this.expr(local.type, scope, 4));
        return { ...scope, locals: [...scope.locals, local] };
      }
      case 2:
      case 3: {
        const settable = scope.locals.filter((local) => local.canBeSet);
        if (settable.length === 0) return scope;
        const { name, type } = this.#choices.of(settable);
        block.set(k.local(type, name), this.expr(type, scope, 4));
        return scope;
      }
      case 4: {
        const type = this.#choices.of(this.#types);
        const { stores = [] } = this.#buffers.get(type) ?? {};
        const own = this.#own?.buffers.get(type);
        if (own !== undefined) block.store(own, this.#own!.place, this.expr(type, scope, 4));
        else if (stores.length > 0 && this.#own === undefined)
          block.store(this.#choices.of(stores), this.index(scope), this.expr(type, scope, 4));
        return scope;
      }
      case 5:
        block.comment(`${this.#choices.of(oddNames)}\u2028 alert(1) //`);
        return scope;
      case 6:
        if (this.#choices.below(4) === 3) block.ifRare(this.expr("bool", scope, 3), inner(scope));
        else {
          block.if(
            this.expr("bool", scope, 3),
            inner(scope),
            this.#choices.below(2) === 1 ? inner(scope) : undefined,
          );
        }
        return scope;
      case 7:
      case 8: {
        if (scope.loops >= 2) return scope;
        const [name, bound] = [this.fresh("i"), this.fresh("n")];
        const isReverse = this.#choices.below(2) === 1;
        let to: Expr = k.i32(this.#choices.below(5));
        let now = { ...scope, loops: scope.loops + 1 };
        if (this.#choices.below(2) === 1) {
          to = block.let(bound, k.and(this.expr("i32", scope, 2), k.i32(3))); // which the body may set
          now = { ...now, locals: [...now.locals, { name: bound, type: "i32", canBeSet: true }] };
        }
        const body = {
          ...now,
          locals: [...now.locals, { name, type: "i32" as const, canBeSet: false }],
          indices: [...now.indices, name],
        };
        block.for(name, k.i32(this.#choices.below(3)), to, inner(body), isReverse);
        return { ...now, loops: scope.loops };
      }
      case 10:
      case 11:
        if (this.#own === undefined && scope.loops < 2) this.independent(block, scope);
        return scope;
      case 12:
        return scope.loops < 2 ? this.fold(block, scope) : scope;
      default: {
        if (scope.loops >= 2) return scope;
        const count = block.let(this.fresh("count"), k.i32(0));
        const end = this.#choices.below(4);
        const going = k.select(
          this.expr("bool", scope, 2),
          k.lt(count, k.i32(end)),
          k.lt(count, k.i32(end >> 1)),
        );
        block.while(going, (body) => {
          this.fill(body, { ...scope, loops: scope.loops + 1 }, 1 + this.#choices.below(3));
          body.set(count, k.add(count, k.i32(1)));
        });
        return scope;
      }
    }
  }

  /** An independent loop. */
  independent(block: k.Block, scope: Scope): void {
    const name = this.fresh("i");
    const buffers = new Map<ScalarType, string>();
    const loads = new Map<ScalarType, string[]>();
    for (const [type, known] of this.#buffers) {
      if (known.stores.length === 0 || this.#choices.below(2) === 0) continue;
      const own = this.#choices.of(known.stores);
      buffers.set(type, own);
      loads.set(type, [...known.loads]);
      known.loads.splice(0, known.loads.length, ...known.loads.filter((other) => other !== own));
    }
    const i = k.local("i32", name);
    const isTurned = this.#choices.below(4) === 3;
    const locals = scope.locals.map((local) => ({ ...local, canBeSet: false }));
    block.forEach(
      name,
      k.i32(this.#choices.below(3)),
      k.i32(bufferSize - this.#choices.below(3)),
      (inner) => {
        this.#own = { buffers, place: isTurned ? k.sub(k.i32(bufferSize - 1), i) : i };
        const body = {
          locals: [...locals, { name, type: "i32" as const, canBeSet: false }],
          indices: [...scope.indices, name],
          loops: scope.loops + 1,
        };
        this.fill(inner, body, 1 + this.#choices.below(6));
        this.#own = undefined;
      },
    );
    for (const [type, all] of loads) this.#buffers.get(type)!.loads.splice(0, Infinity, ...all);
  }

  /** A fold of an expression of an index. */
  fold(block: k.Block, scope: Scope): Scope {
    const [name, index] = [this.fresh("fold"), this.fresh("i")];
    const type = this.#choices.of(this.#types);
    const ops = (["add", "mul", "min", "max", "and", "or"] as const).filter((op) => hasBinary(op, type));
    const op = this.#choices.of(ops);
    const locals = scope.locals.map((local) => ({ ...local, canBeSet: false }));
    const own = this.#own;
    const to = k.i32(this.#choices.below(bufferSize + 1));
    block.reduce(name, op, neutral(op, type), index, k.i32(this.#choices.below(2)), to, (inner) => {
      this.#own = { buffers: new Map(), place: k.i32(0) };
      const body = {
        locals: [...locals, { name: index, type: "i32" as const, canBeSet: false }],
        indices: [...scope.indices, index],
        loops: scope.loops + 1,
      };
      const end = this.fill(inner, body, this.#choices.below(3));
      const value = this.expr(type, end, 3);
      this.#own = own;
      return value;
    });
    if (this.#flushes && type === "f32") block.set(k.local(type, name), k.call(flushed, k.local(type, name))); // a product
    return { ...scope, locals: [...scope.locals, { name, type, canBeSet: true }] };
  }

  /** Draws an index that is in range for every buffer. */
  index(scope: Scope, depth = 2): Expr {
    const i =
      scope.indices.length > 0
        ? k.local("i32", this.#choices.of(scope.indices))
        : k.i32(this.#choices.below(bufferSize));
    switch (this.#choices.below(6)) {
      case 0:
        return i;
      case 1:
        return k.sub(k.i32(bufferSize - 1), i);
      case 2:
        return k.min(k.add(k.mul(i, k.i32(3)), k.i32(this.#choices.below(4))), k.i32(bufferSize - 1));
      case 3:
        return k.convert(
          "i32",
          k.binary("rem", this.expr("u32", scope, depth), k.constant("u32", bufferSize)),
        );
      default:
        return k.and(this.expr("i32", scope, depth), k.i32(bufferSize - 1));
    }
  }

  expr(type: ScalarType, scope: Scope, depth: number): Expr {
    const x = this.anyExpr(type, scope, depth);
    const isStored = x.kind === "local" || x.kind === "load" || x.kind === "call";
    return this.#flushes && type === "f32" && !isStored ? k.call(flushed, x) : x;
  }

  anyExpr(type: ScalarType, scope: Scope, depth: number): Expr {
    if (depth === 0) return this.leaf(type, scope);
    const inner = (of: ScalarType): Expr => this.expr(of, scope, depth - 1);
    switch (this.#choices.below(9)) {
      case 0:
      case 1:
        return this.leaf(type, scope);
      case 2: {
        const { loads = [] } = this.#buffers.get(type) ?? {};
        if (type === "i32" && this.#choices.below(3) === 1)
          return k.tableAt(this.#table, this.index(scope, depth - 1));
        const own = this.#own?.buffers.get(type);
        if (own !== undefined && this.#choices.below(2) === 1) return k.load(type, own, this.#own!.place);
        if (loads.length > 0) return k.load(type, this.#choices.of(loads), this.index(scope, depth - 1));
        return this.leaf(type, scope);
      }
      case 3: {
        const fitting = unaryOps.flatMap((op) =>
          this.#types
            .filter((of) => hasUnary(op, of) && unaryType(op, of) === type)
            .map((of) => ({ op, of })),
        );
        const { op, of } = this.#choices.of(fitting);
        const x = inner(of);
        const isBits = op === "highWord" || op === "lowWord" || op === "bitsOf"; // those of a NaN differ
        return k.unary(op, isBits ? k.select(k.eq(x, x), x, k.constant(of, 1)) : x);
      }
      case 4:
      case 5:
      case 6: {
        const fitting = binaryOps.flatMap((op) =>
          this.#types
            .filter((of) => hasBinary(op, of) && binaryType(op, of) === type)
            .map((of) => ({ op, of })),
        );
        const { op, of } = this.#choices.of(fitting);
        return k.binary(op, inner(of), inner(of));
      }
      case 7: {
        const fitting = this.#procedures.filter((made) => made.result.type === type);
        if (fitting.length > 0 && this.#choices.below(2) === 1) {
          const made = this.#choices.of(fitting);
          return k.call(made, ...made.params.map((param) => inner(param.type)));
        }
        return k.select(inner("bool"), inner(type), inner(type));
      }
      default:
        return k.convert(type, inner(this.#choices.of(this.#types)));
    }
  }

  leaf(type: ScalarType, scope: Scope): Expr {
    const fitting = scope.locals.filter((local) => local.type === type);
    if (fitting.length > 0 && this.#choices.below(3) > 0)
      return k.local(type, this.#choices.of(fitting).name);
    return k.constant(type, this.#choices.of(constants[type]));
  }
}
