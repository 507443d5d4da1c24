import fc from "fast-check";
import * as k from "../../src/engine/kernel/build.ts";
import { binaryType, hasBinary, hasUnary, unaryType } from "../../src/engine/kernel/operations.ts";
import { neutral } from "../../src/engine/kernel/neutral.ts";
import * as math from "../../src/engine/kernel/math/index.ts";
import * as single from "../../src/engine/kernel/math/single/index.ts";
import type {
  BinaryOp,
  Buffer,
  Dim,
  Expr,
  Procedure,
  Routine,
  ScalarType,
  Table,
  UnaryOp,
} from "../../src/engine/kernel/scalar.ts";
import type { Local, Scope } from "./random-choices.ts";
import { Choices } from "./random-choices.ts";
import { formulas } from "./random-formulas.ts";
import { layOutAtCall } from "../../src/engine/kernel/sizes.ts";

const scalarTypes: readonly ScalarType[] = ["f64", "f32", "i32", "u32", "bool"];
const unaryOps: readonly UnaryOp[] =
  "neg abs sqrt floor ceil trunc nearest not highWord lowWord bitsOf fromBits".split(" ") as UnaryOp[];
const binaryOps: readonly BinaryOp[] =
  "add sub mul div rem min max and or xor shl shr lt le eq ne fromWords".split(" ") as BinaryOp[];
const reduceOps = ["add", "mul", "min", "max", "and", "or"] as const;

/** Lengths of loops: around whole vectors, whole chunks of calls, and few. */
const lengths = [
  1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 23, 31, 32, 33, 45, 64, 65, 127, 129, 250, 257, 513, 1000, 1025,
];
const longLengths = [2047, 4095, 4096, 4097, 5003, 8193, 16383, 16384, 16385, 20_011];

const constants: Readonly<Record<ScalarType, readonly number[]>> = {
  f64: [0, 1, -0, 2, -1, 0.5, 1.5, 0.1, -2.5, 1e10, -1e300, 5e-324, Infinity, NaN],
  f32: [0, 1, -0, 2, -1, 0.5, 1.5, Math.fround(0.1), -2.5, 1e10, Math.fround(1e-45), -Infinity, NaN],
  i32: [0, 1, -1, 2, 3, 7, -7, 31, 255, 65537, 2147483647, -2147483648],
  u32: [0, 1, 2, 3, 7, 31, 255, 65537, 2147483648, 4294967295],
  bool: [0, 1],
};

const table: Table = {
  name: "coefficients",
  type: "f64",
  values: [0.5, -1.25, 3, 1e-3, -7, 2, 0.125, 11, -0, 4, 0.75, 9, -3, 1, 6, 100],
};
const digits: Table = {
  name: "digits",
  type: "i32",
  values: [3, 1, -4, 1, 5, -9, 2, 2147483647, 6, 5, -3, 5, 8, -9, 7, -2147483648],
};

const procedures: readonly Procedure[] = [...Object.values(math), ...Object.values(single)];

/**
 * Well-typed routines as programs make them, on buffers of tens to thousands of elements: independent loops with strides,
 * gathers and guarded reads, nests, folds with bodies, contractions with all kinds of strides, loops that go on from
 * iteration to iteration, short and long, light and heavy. `isLong` has some with so many iterations that they are run in parts.
 */
export function kernels(isLong = false): fc.Arbitrary<Routine> {
  return fc
    .noBias(fc.array(fc.nat(1 << 20), { minLength: 400, maxLength: 2000, size: "max" }))
    .map((list) => new KernelGenerator(new Choices(list), isLong).routine());
}

class KernelGenerator {
  readonly #choices: Choices;
  readonly #isLong: boolean;
  #count = 0;
  #size = 0;
  #own: Procedure[] = [];

  constructor(choices: Choices, isLong: boolean) {
    this.#choices = choices;
    this.#isLong = isLong;
  }

  routine(): Routine {
    const c = this.#choices;
    const isLong = this.#isLong && c.below(3) > 0;
    this.#size = isLong ? c.of(longLengths) : c.of(lengths) + 15;
    this.#own = Array.from({ length: c.below(3) }, () => this.procedure());
    const buffers = (kind: string): Buffer[] =>
      scalarTypes.map((type) => ({ name: this.fresh(`${kind} ${type}`), type, size: this.#size }));
    const [ins, outs, temps] = [buffers("in"), buffers("out"), buffers("temp")];
    const scalars = scalarTypes.map((type): Local => ({ name: this.fresh("s"), type, canBeSet: false }));
    const block = k.makeBlock();
    for (const buffer of [...temps, ...outs]) {
      const from = ins.find((other) => other.type === buffer.type)!;
      block.forEach(this.fresh("i"), k.i32(0), k.i32(this.#size), (loop, i) =>
        loop.store(buffer.name, i, k.load(buffer.type, from.name, i)),
      );
    }
    let scope: Scope = {
      locals: scalars,
      indices: [],
      readable: [...ins, ...temps, ...outs],
      own: [],
      writable: [...temps, ...outs],
      loops: 2,
    };
    const n = isLong ? 1 + c.below(2) : 1 + c.below(5);
    for (let j = 0; j < n; j++) scope = this.part(block, scope);
    return {
      name: "kernel",
      inputs: [
        ...scalars.map(({ name, type }) => ({ kind: "scalar", name, type }) as const),
        ...ins.map((buffer) => ({ kind: "buffer", buffer }) as const),
      ],
      outputs: [
        ...scalarTypes.map((type) => ({ kind: "scalar", value: this.expr(type, scope, 2) }) as const),
        ...outs.map((buffer) => ({ kind: "buffer", buffer }) as const),
      ],
      ...layOutAtCall(temps),
      body: block.statements,
    };
  }

  procedure(): Procedure {
    const c = this.#choices;
    const params = Array.from({ length: 1 + c.below(3) }, (): Local => ({
      name: this.fresh("p"),
      type: c.of(scalarTypes),
      canBeSet: c.below(2) === 1,
    }));
    const block = k.makeBlock();
    let scope: Scope = { locals: params, indices: [], readable: [], own: [], writable: [], loops: 1 };
    for (let j = c.below(4); j > 0; j--) scope = this.statement(block, scope, 2);
    return {
      name: "own",
      params: params.map(({ name, type }) => ({ name, type })),
      body: block.statements,
      result: this.expr(c.of(scalarTypes), scope, 3),
    };
  }

  fresh(hint: string): string {
    return `${hint}${this.#count++}`;
  }

  /** One thing that a routine does. */
  part(block: k.Block, scope: Scope): Scope {
    const c = this.#choices;
    switch (c.below(12)) {
      case 0:
      case 1:
      case 2:
        this.independent(block, scope);
        return scope;
      case 10:
      case 11:
        return formulas(block, scope, {
          choices: c,
          size: this.#size,
          iterations: this.length(),
          procedures: [...this.#own, ...procedures],
          fresh: (hint) => this.fresh(hint),
        });
      case 3:
        this.nest(block, scope);
        return scope;
      case 4:
        return this.fold(block, scope, this.length());
      case 5:
        this.contraction(block, scope);
        return scope;
      case 6:
        return this.sequence(block, scope);
      case 7:
        block.if(
          this.expr("bool", scope, 2),
          (then) => void this.part(then, scope),
          c.below(2) === 0 ? undefined : (otherwise) => void this.part(otherwise, scope),
        );
        return scope;
      case 8:
        return this.fewTimes(block, scope);
      default:
        return this.statement(block, scope, 1);
    }
  }

  /** Iterations of a loop, at most as many as buffers have elements. */
  length(): number {
    const c = this.#choices;
    return c.below(2) === 0 ? this.#size : c.below(this.#size + 1);
  }

  /** Buffers that the iterations of a loop own, each at its place, and the others. */
  ownership(scope: Scope, place: Expr): Scope {
    const own = scope.writable.filter(() => this.#choices.below(3) > 0).map((buffer) => ({ buffer, place }));
    const names = new Set(own.map(({ buffer }) => buffer.name));
    return {
      ...scope,
      own,
      writable: [],
      readable: scope.readable.filter(({ name }) => !names.has(name)),
      locals: scope.locals.map((local) => ({ ...local, canBeSet: false })),
    };
  }

  /** A loop whose iterations have nothing to do with one another; its bodies are light, or heavy. */
  independent(block: k.Block, scope: Scope): void {
    const c = this.#choices;
    const size = this.#size;
    const name = this.fresh("i");
    const i = k.local("i32", name);
    let [from, n] = [c.below(4) === 0 ? Math.min(c.below(5), size) : 0, this.length()];
    let place: Expr = i;
    switch (c.below(6)) {
      case 0:
        place = k.sub(k.i32(size - 1), i);
        break;
      case 1: {
        const stride = 2 + c.below(3);
        n = Math.floor(n / stride);
        place = k.mul(i, k.i32(stride));
        break;
      }
      case 2: {
        const factor = [5, 7, 3].find((prime) => size % prime !== 0);
        if (factor !== undefined)
          place = k.binary("rem", k.add(k.mul(i, k.i32(factor)), k.i32(c.below(size))), k.i32(size));
        break;
      }
      default:
    }
    from = Math.min(from, n);
    const inside = this.ownership(scope, place);
    const statements = c.below(12) === 0 ? 40 : 1 + c.below(7);
    block.forEach(name, k.i32(from), this.bound(block, scope, n), (loop) => {
      let now: Scope = {
        ...inside,
        indices: [...scope.indices, { index: i, below: Math.max(1, n) }],
        loops: 1,
      };
      for (let j = 0; j < statements; j++) now = this.statement(loop, now, 0);
      this.storeOwn(loop, now);
    });
  }

  /** A number as a constant, or as something that only the run tells. */
  bound(block: k.Block, scope: Scope, n: number): Expr {
    if (this.#choices.below(4) > 0) return k.i32(n);
    const any = this.expr("i32", scope, 1);
    return block.let(
      this.fresh("n"),
      k.min(k.and(k.binary("or", any, k.i32(1 << 30)), k.i32(0x7fffffff)), k.i32(n)),
    );
  }

  storeOwn(block: k.Block, scope: Scope): void {
    const { own } = scope;
    if (own.length === 0) return;
    const { buffer, place } = this.#choices.of(own);
    block.store(buffer.name, place, this.expr(buffer.type, scope, 4));
  }

  /** Independent loops within independent loops: rows and columns, either way round. */
  nest(block: k.Block, scope: Scope): void {
    const c = this.#choices;
    const rows = 1 + c.below(Math.min(40, this.#size));
    const columns = Math.max(1, Math.floor(this.#size / rows));
    const [a, b] = [this.fresh("i"), this.fresh("j")];
    const [i, j] = [k.local("i32", a), k.local("i32", b)];
    const place = c.below(2) === 0 ? k.add(k.mul(i, k.i32(columns)), j) : k.add(k.mul(j, k.i32(rows)), i);
    const inside = this.ownership(scope, place);
    block.forEach(a, k.i32(0), k.i32(rows), (outer) => {
      const within: Scope = {
        ...inside,
        own: [],
        indices: [...scope.indices, { index: i, below: rows }],
        loops: 1,
      };
      let row = within;
      for (let n = c.below(3); n > 0; n--) row = this.statement(outer, row, 1);
      if (c.below(3) === 0) row = this.fold(outer, row, columns);
      outer.forEach(b, k.i32(0), k.i32(columns), (inner) => {
        let now: Scope = {
          ...row,
          locals: row.locals.map((local) => ({ ...local, canBeSet: false })),
          own: inside.own,
          indices: [...row.indices, { index: j, below: columns }],
          loops: 0,
        };
        for (let n = 1 + c.below(4); n > 0; n--) now = this.statement(inner, now, 1);
        this.storeOwn(inner, now);
      });
    });
  }

  /** A fold over an index, with a body of its own. */
  fold(block: k.Block, scope: Scope, n: number): Scope {
    const c = this.#choices;
    const [name, index] = [this.fresh("fold"), this.fresh("r")];
    const type = c.of(scalarTypes);
    const op = c.of(reduceOps.filter((one) => hasBinary(one, type)));
    const i = k.local("i32", index);
    const inside = scope.own.length > 0 ? { ...scope, own: [], writable: [] } : this.ownership(scope, i);
    const from = c.below(3) === 0 ? Math.min(c.below(10), n) : 0;
    block.reduce(name, op, neutral(op, type), index, k.i32(from), this.bound(block, scope, n), (loop) => {
      let now: Scope = {
        ...inside,
        locals: inside.locals.map((local) => ({ ...local, canBeSet: false })),
        indices: [...scope.indices, { index: i, below: Math.max(1, n) }],
        loops: 0,
      };
      for (let j = c.below(c.below(4) === 0 ? 20 : 4); j > 0; j--) now = this.statement(loop, now, 1);
      return this.expr(type, now, 3);
    });
    return { ...scope, locals: [...scope.locals, { name, type, canBeSet: c.below(2) === 0 }] };
  }

  /** Products of whatever strides. */
  contraction(block: k.Block, scope: Scope): void {
    const c = this.#choices;
    const type = c.of(["f64", "f32", "f32", "i32", "u32"] as const);
    const [left, right, out] = ["l", "r", "o"].map((part) =>
      c.below(3) === 0 && part !== "o"
        ? scope.readable.find((buffer) => buffer.type === type)
        : scope.writable.filter((buffer) => buffer.type === type)[part === "o" ? 1 : 0],
    );
    if (left === undefined || right === undefined || out === undefined) return;
    if (out.name === left.name || out.name === right.name) return;
    let [outRoom, leftRoom, rightRoom] = [this.#size, this.#size, this.#size];
    let work = 1;
    const dims: Dim[] = [];
    const roles = ["sum", "column", "row", "batch", "sum", "column", "row"] as const;
    let [outReach, leftReach, rightReach] = [1, 1, 1];
    const count = 1 + c.below(roles.length);
    const used = roles.slice(0, count).toSorted(() => 0);
    for (const role of c.below(2) === 0 ? used : used.toReversed()) {
      const most = Math.min(
        role === "sum" ? Infinity : outRoom,
        role === "column" ? Infinity : leftRoom,
        role === "row" ? Infinity : rightRoom,
        Math.floor(60_000 / work),
      );
      const size = Math.min(most, [1 + c.below(12), 1 + c.below(40), c.of(lengths), most][c.below(4)]!);
      if (size < 1) continue;
      work *= size;
      const spread = (reach: number, room: number): number => {
        // the natural stride, the same elements again, neighbours that overlap, or gaps
        const choice = c.below(8);
        if (choice === 0) return 0;
        if (choice === 1 && size > 1) return 1;
        if (choice === 2 && (size - 1) * (reach + 1) < room) return reach + 1;
        return reach;
      };
      const take = (own: boolean, reach: number, total: number, isOut: boolean): [number, number, number] => {
        if (!own) return [0, reach, total];
        let stride = isOut ? reach : spread(reach, total);
        if ((size - 1) * stride + (this.#size - total) >= this.#size) stride = 0;
        const far = (size - 1) * stride;
        return [stride, Math.max(reach, stride * size), total - far];
      };
      const [so, ro, to] = take(role !== "sum", outReach, outRoom, true);
      const [sl, rl, tl] = take(role !== "column", leftReach, leftRoom, false);
      const [sr, rr, tr] = take(role !== "row", rightReach, rightRoom, false);
      if (role !== "sum" && size > 1 && so === 0) continue; // two elements of a result at one place
      [outReach, leftReach, rightReach, outRoom, leftRoom, rightRoom] = [ro, rl, rr, to, tl, tr];
      dims.unshift({ role, size, out: so, left: sl, right: sr });
    }
    const offset = (room: number): Expr => {
      const most = Math.max(0, room - 1);
      const n = c.below(most + 1);
      return c.below(2) === 0 || n === 0
        ? k.i32(n)
        : k.min(k.and(this.expr("i32", scope, 1), k.i32(15)), k.i32(n));
    };
    block.contract({
      name: this.fresh("product"),
      type,
      out: { buffer: out.name, offset: offset(outRoom) },
      left: { buffer: left.name, offset: offset(leftRoom) },
      right: { buffer: right.name, offset: offset(rightRoom) },
      dims,
      accumulate: c.below(2) === 0,
    });
  }

  /** A loop or `while` that goes on from iteration to iteration. */
  sequence(block: k.Block, scope: Scope): Scope {
    const c = this.#choices;
    const n = this.length();
    const carries = Array.from({ length: 1 + c.below(4) }, (): Local => {
      const type = c.of(scalarTypes);
      const name = this.fresh("carry");
      block.let(name, this.expr(type, scope, 2));
      return { name, type, canBeSet: true };
    });
    const locals = [...scope.locals, ...carries];
    const iteration = (loop: k.Block, i: Expr): void => {
      let now: Scope = {
        ...scope,
        locals,
        indices: [...scope.indices, { index: i, below: Math.max(1, n) }],
        loops: 1,
      };
      for (let j = 1 + c.below(c.below(5) === 0 ? 30 : 6); j > 0; j--) now = this.statement(loop, now, 1);
      for (const { type, name } of carries) loop.set(k.local(type, name), this.expr(type, now, 3));
    };
    if (c.below(3) > 0) {
      block.for(this.fresh("t"), k.i32(0), this.bound(block, scope, n), iteration, c.below(3) === 0);
    } else {
      const count = block.let(this.fresh("count"), k.i32(0));
      block.while(
        k.and(
          k.lt(count, k.i32(n)),
          k.binary("or", k.lt(count, k.i32(n >> 1)), this.expr("bool", { ...scope, locals }, 1)),
        ),
        (loop) => {
          iteration(loop, count);
          loop.set(count, k.add(count, k.i32(1)));
        },
      );
    }
    return { ...scope, locals };
  }

  /** Other parts, a few times. */
  fewTimes(block: k.Block, scope: Scope): Scope {
    if (scope.loops === 0) return scope;
    const name = this.fresh("t");
    const n = 1 + this.#choices.below(3);
    block.for(name, k.i32(0), k.i32(n), (loop, i) => {
      let now: Scope = { ...scope, indices: [...scope.indices, { index: i, below: n }], loops: 0 };
      for (let j = 1 + this.#choices.below(2); j > 0; j--) now = this.part(loop, now);
    });
    return scope;
  }

  /** One statement of a body; `depth` of those around it. */
  statement(block: k.Block, scope: Scope, depth: number): Scope {
    const c = this.#choices;
    const inner = (within: k.Block): void => {
      let now = scope;
      for (let j = 1 + c.below(3); j > 0; j--) now = this.statement(within, now, depth + 1);
    };
    switch (c.below(depth > 2 ? 7 : 13)) {
      case 0:
      case 1:
      case 2: {
        const local: Local = { name: this.fresh("v"), type: c.of(scalarTypes), canBeSet: c.below(2) === 0 };
        block.let(local.name, this.expr(local.type, scope, 4));
        return { ...scope, locals: [...scope.locals, local] };
      }
      case 3:
      case 4: {
        const settable = scope.locals.filter((local) => local.canBeSet);
        if (settable.length === 0) return scope;
        const { name, type } = c.of(settable);
        block.set(k.local(type, name), this.expr(type, scope, 4));
        return scope;
      }
      case 5:
      case 6:
        if (scope.own.length > 0) this.storeOwn(block, scope);
        else if (scope.writable.length > 0) {
          const buffer = c.of(scope.writable);
          block.store(buffer.name, this.index(scope), this.expr(buffer.type, scope, 3));
        }
        return scope;
      case 7:
        block.ifRare(this.expr("bool", scope, 3), inner);
        return scope;
      case 8:
      case 9: {
        const settable = scope.locals.filter((local) => local.canBeSet);
        if (settable.length > 0 && c.below(4) === 0) {
          const { name, type } = c.of(settable);
          const value = this.expr(type, scope, 3);
          const set = (side: k.Block): void => side.set(k.local(type, name), value);
          block.shortcut(this.expr("bool", scope, 3), set, set);
          return scope;
        }
        block.if(this.expr("bool", scope, 3), inner, c.below(2) === 0 ? undefined : inner);
        return scope;
      }
      case 10: {
        if (scope.loops === 0) return scope;
        const n = 1 + c.below(6);
        const to = c.below(4) === 0 ? this.bound(block, scope, n) : k.i32(n);
        block.for(
          this.fresh("u"),
          k.i32(0),
          to,
          (loop, i) => {
            let now: Scope = { ...scope, indices: [...scope.indices, { index: i, below: n }], loops: 0 };
            for (let j = 1 + c.below(3); j > 0; j--) now = this.statement(loop, now, depth + 1);
          },
          c.below(3) === 0,
        );
        return scope;
      }
      case 11:
        return scope.loops > 0 ? this.fold(block, scope, Math.min(this.#size, c.below(20))) : scope;
      default: {
        if (scope.loops === 0) return scope;
        const count = block.let(this.fresh("count"), k.i32(0));
        const flag = { name: this.fresh("flag"), type: "bool", canBeSet: true } as const;
        block.let(flag.name, this.expr("bool", scope, 2));
        const going =
          c.below(2) === 0
            ? k.local("bool", flag.name)
            : k.and(k.lt(count, k.i32(c.below(6))), this.expr("bool", scope, 2));
        block.while(going, (loop) => {
          loop.set(count, k.add(count, k.i32(1)));
          loop.set(
            k.local("bool", flag.name),
            k.and(k.local("bool", flag.name), k.lt(count, k.i32(c.below(5)))),
          );
          let now: Scope = { ...scope, loops: 0 };
          for (let j = 1 + c.below(3); j > 0; j--) now = this.statement(loop, now, depth + 1);
        });
        return {
          ...scope,
          locals: [
            ...scope.locals,
            { name: (count as Expr & { name: string }).name, type: "i32", canBeSet: false },
            { ...flag },
          ],
        };
      }
    }
  }

  /** An index that lies in every buffer. */
  index(scope: Scope): Expr {
    const c = this.#choices;
    const size = this.#size;
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

  /** An element read where its place exists, and a constant elsewhere. */
  guarded(type: ScalarType, scope: Scope, buffer: Buffer): Expr {
    const c = this.#choices;
    const fitting = scope.indices.filter(({ below }) => below <= this.#size);
    if (fitting.length === 0) return this.leaf(type, scope);
    const { index: i } = c.of(fitting);
    const step = 1 + c.below(4);
    const other = this.leaf(type, scope);
    switch (c.below(3)) {
      case 0:
        return k.select(k.le(k.i32(step), i), k.load(type, buffer.name, k.sub(i, k.i32(step))), other);
      case 1:
        return k.select(
          k.lt(i, k.i32(this.#size - step)),
          k.load(type, buffer.name, k.add(i, k.i32(step))),
          other,
        );
      default: {
        const at = k.sub(k.mul(i, k.i32(2)), k.i32(step));
        return k.select(
          k.and(k.le(k.i32(0), at), k.lt(at, k.i32(this.#size))),
          k.load(type, buffer.name, at),
          other,
        );
      }
    }
  }

  expr(type: ScalarType, scope: Scope, depth: number): Expr {
    const c = this.#choices;
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
        const fitting = [...this.#own, ...(c.below(3) === 0 ? procedures : [])].filter(
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
    const c = this.#choices;
    const locals = scope.locals.filter((local) => local.type === type);
    if (type === "i32" && scope.indices.length > 0 && c.below(3) === 0) return c.of(scope.indices).index;
    if (locals.length > 0 && c.below(3) > 0) {
      const { name } = c.of(locals);
      return k.local(type, name);
    }
    return k.constant(type, c.of(constants[type]));
  }
}
