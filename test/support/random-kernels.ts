import fc from "fast-check";
import * as k from "../../src/engine/kernel/build.ts";
import { hasBinary } from "../../src/engine/kernel/operations.ts";
import { neutral } from "../../src/engine/kernel/neutral.ts";
import type { Buffer, Dim, Expr, Procedure, Routine } from "../../src/engine/kernel/scalar.ts";
import type { Local, Scope } from "./random-choices.ts";
import { Choices } from "./random-choices.ts";
import { ExpressionGenerator, procedures, scalarTypes } from "./random-expressions.ts";
import { formulas } from "./random-formulas.ts";
import { layOutAtCall } from "../../src/engine/kernel/sizes.ts";

const reduceOps = ["add", "mul", "min", "max", "and", "or"] as const;

/** Lengths of loops: near whole vectors, near whole chunks of calls, and small. */
const lengths = [
  1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 23, 31, 32, 33, 45, 64, 65, 127, 129, 250, 257, 513, 1000, 1025,
];
const longLengths = [2047, 4095, 4096, 4097, 5003, 8193, 16383, 16384, 16385, 20_011];

/**
 * Well-typed routines like those of compiled programs, on buffers of tens to thousands of elements. They contain
 * independent loops with strides, gathers and guarded reads, nests, folds with bodies, and contractions with all kinds
 * of strides. Sequential loops are short and long, light and heavy. With `isLong`, some loops have so many iterations
 * that they run in parts.
 */
export function kernels(isLong = false): fc.Arbitrary<Routine> {
  return fc
    .noBias(fc.array(fc.nat(1 << 20), { minLength: 400, maxLength: 2000, size: "max" }))
    .map((list) => new KernelGenerator(new Choices(list), isLong).routine());
}

class KernelGenerator extends ExpressionGenerator {
  readonly #isLong: boolean;
  #count = 0;

  constructor(choices: Choices, isLong: boolean) {
    super(choices);
    this.#isLong = isLong;
  }

  routine(): Routine {
    const c = this.choices;
    const isLong = this.#isLong && c.below(3) > 0;
    this.size = isLong ? c.of(longLengths) : c.of(lengths) + 15;
    this.own = Array.from({ length: c.below(3) }, () => this.procedure());
    const buffers = (kind: string): Buffer[] =>
      scalarTypes.map((type) => ({ name: this.fresh(`${kind} ${type}`), type, size: this.size }));
    const [ins, outs, temps] = [buffers("in"), buffers("out"), buffers("temp")];
    const scalars = scalarTypes.map((type): Local => ({ name: this.fresh("s"), type, canBeSet: false }));
    const block = k.makeBlock();
    for (const buffer of [...temps, ...outs]) {
      const from = ins.find((other) => other.type === buffer.type)!;
      block.forEach(this.fresh("i"), k.i32(0), k.i32(this.size), (loop, i) =>
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
    const c = this.choices;
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

  /** Draws one part of a routine. */
  part(block: k.Block, scope: Scope): Scope {
    const c = this.choices;
    switch (c.below(14)) {
      case 0:
      case 1:
      case 2:
        this.independent(block, scope);
        return scope;
      case 10:
      case 11:
        return formulas(block, scope, {
          choices: c,
          size: this.size,
          iterations: this.length(),
          procedures: [...this.own, ...procedures],
          fresh: (hint) => this.fresh(hint),
        });
      case 3:
        this.nest(block, scope);
        return scope;
      case 4:
        return this.fold(block, scope, this.length());
      case 5:
      case 12:
      case 13:
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

  /** Trip count of a loop, at most the length of the buffers. */
  length(): number {
    const c = this.choices;
    return c.below(2) === 0 ? this.size : c.below(this.size + 1);
  }

  /** Splits buffers into those that the iterations of a loop own, each at its index, and the remaining ones. */
  ownership(scope: Scope, place: Expr): Scope {
    const own = scope.writable.filter(() => this.choices.below(3) > 0).map((buffer) => ({ buffer, place }));
    const names = new Set(own.map(({ buffer }) => buffer.name));
    return {
      ...scope,
      own,
      writable: [],
      readable: scope.readable.filter(({ name }) => !names.has(name)),
      locals: scope.locals.map((local) => ({ ...local, canBeSet: false })),
    };
  }

  /** An independent loop, with a light or heavy body. */
  independent(block: k.Block, scope: Scope): void {
    const c = this.choices;
    const size = this.size;
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

  /** A number as a constant, or as an expression known at run time only. */
  bound(block: k.Block, scope: Scope, n: number): Expr {
    if (this.choices.below(4) > 0) return k.i32(n);
    const any = this.expr("i32", scope, 1);
    return block.let(
      this.fresh("n"),
      k.min(k.and(k.binary("or", any, k.i32(1 << 30)), k.i32(0x7fffffff)), k.i32(n)),
    );
  }

  storeOwn(block: k.Block, scope: Scope): void {
    const { own } = scope;
    if (own.length === 0) return;
    const { buffer, place } = this.choices.of(own);
    block.store(buffer.name, place, this.expr(buffer.type, scope, 4));
  }

  /** Nested independent loops over rows and columns, in either order. */
  nest(block: k.Block, scope: Scope): void {
    const c = this.choices;
    const rows = 1 + c.below(Math.min(40, this.size));
    const columns = Math.max(1, Math.floor(this.size / rows));
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

  /** A fold over an index, with a body. */
  fold(block: k.Block, scope: Scope, n: number): Scope {
    const c = this.choices;
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

  /** A contraction with arbitrary strides. */
  contraction(block: k.Block, scope: Scope): void {
    const c = this.choices;
    const type = c.of(["f64", "f32", "f32", "i32", "u32"] as const);
    const [left, right, out] = ["l", "r", "o"].map((part) =>
      c.below(3) === 0 && part !== "o"
        ? scope.readable.find((buffer) => buffer.type === type)
        : scope.writable.filter((buffer) => buffer.type === type)[part === "o" ? 1 : 0],
    );
    if (left === undefined || right === undefined || out === undefined) return;
    if (out.name === left.name || out.name === right.name) return;
    let [outRoom, leftRoom, rightRoom] = [this.size, this.size, this.size];
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
        // the natural stride, a stride of 0, overlapping neighbours, or gaps
        const choice = c.below(8);
        if (choice === 0) return 0;
        if (choice === 1 && size > 1) return 1;
        if (choice === 2 && (size - 1) * (reach + 1) < room) return reach + 1;
        return reach;
      };
      const take = (own: boolean, reach: number, total: number, isOut: boolean): [number, number, number] => {
        if (!own) return [0, reach, total];
        let stride = isOut ? reach : spread(reach, total);
        if ((size - 1) * stride + (this.size - total) >= this.size) stride = 0;
        const far = (size - 1) * stride;
        return [stride, Math.max(reach, stride * size), total - far];
      };
      const [so, ro, to] = take(role !== "sum", outReach, outRoom, true);
      const [sl, rl, tl] = take(role !== "column", leftReach, leftRoom, false);
      const [sr, rr, tr] = take(role !== "row", rightReach, rightRoom, false);
      if (role !== "sum" && size > 1 && so === 0) continue; // two elements of a result at one index
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

  /** A sequential loop or `while`. */
  sequence(block: k.Block, scope: Scope): Scope {
    const c = this.choices;
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
    const n = 1 + this.choices.below(3);
    block.for(name, k.i32(0), k.i32(n), (loop, i) => {
      let now: Scope = { ...scope, indices: [...scope.indices, { index: i, below: n }], loops: 0 };
      for (let j = 1 + this.choices.below(2); j > 0; j--) now = this.part(loop, now);
    });
    return scope;
  }

  /** One statement of a body, at nesting depth `depth`. */
  statement(block: k.Block, scope: Scope, depth: number): Scope {
    const c = this.choices;
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
        return scope.loops > 0 ? this.fold(block, scope, Math.min(this.size, c.below(20))) : scope;
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
}
