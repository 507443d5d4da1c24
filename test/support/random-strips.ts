// Random regions with long loops that share sums, elements with updates, and arrays that could be private to an
// iteration. They run in strips of several iterations at once. Some contain more than that and only look similar.
import type { Region, RegionExpr, RegionStmt } from "../../src/engine/region/form/region.ts";
import type { RegionValue } from "./evaluate-region.ts";
import type { Choices } from "./random-choices.ts";
import type { RandomRegion } from "./random-regions.ts";
import * as r from "./region-build.ts";

type Real = "f64" | "f32";

/** Draws such a region. A list of choices that runs out, or is all 0, draws the simplest one. */
export function randomStrips(choices: Choices): RandomRegion {
  return new Draw(choices).region();
}

class Draw {
  readonly #choices: Choices;
  readonly #type: Real;
  #names = 0;

  constructor(choices: Choices) {
    this.#choices = choices;
    this.#type = this.#oneIn(5) ? "f32" : "f64";
  }

  region(): RandomRegion {
    const type = this.#type;
    const salt = this.#choices.below(1000);
    const rounded = (x: number): number => (type === "f32" ? Math.fround(x) : x);
    const number = (i: number): number => rounded(Math.sin(1 + 2.39 * i + 0.017 * salt));
    const reals = (n: number): number[] => Array.from({ length: n }, (_, i) => number(i + n));
    const inputs: readonly (readonly [Region["params"][number], RegionValue])[] = [
      [
        { kind: "array", name: "z", type, rank: 1 },
        { data: reals(64), dims: [64] },
      ],
      [
        { kind: "array", name: "w", type, rank: 1 },
        { data: reals(3), dims: [3] },
      ],
      [{ kind: "scalar", name: "u", type }, number(1)],
      [{ kind: "scalar", name: "n", type: "i32" }, 4 + this.#choices.below(18)],
      [
        { kind: "array", name: "k", type: "i32", rank: 1 },
        { data: [2, 0, 1, 1, 2, 0, 2], dims: [7] },
      ],
    ];
    const loops = Array.from({ length: 1 + this.#choices.below(2) }, () => this.#loop());
    const round = this.#name("round");
    const all = this.#oneIn(3) ? [r.loop(round, r.i32(0), r.i32(2), loops)] : loops;
    const body: RegionStmt[] = [
      r.declare("s", r.constant(type, 0)),
      r.declare("t", this.#u()),
      r.declare("c", r.i32(0)),
      r.array("sums", type, [r.length("w")]),
      r.array("own", type, [r.length("w")]),
      r.array("out", type, [r.length("z")]),
      r.array("wide", type, [r.apply("add", r.length("z"), r.length("w"))]),
      ...(this.#oneIn(2) ? [this.#fill("sums", "w"), this.#fill("own", "w")] : []),
      ...all,
    ];
    const total = this.#name("total");
    const add = (x: RegionExpr): RegionStmt => r.set(total, r.apply("add", r.local(type, total), x));
    body.push(
      r.declare(total, r.apply("add", this.#local("s"), r.apply("mul", this.#local("t"), this.#u()))),
    );
    body.push(add(r.convert(type, r.int("c"))));
    for (const array of ["sums", "own", "out", "wide"]) {
      const i = this.#name("i");
      const weight = r.apply("add", r.convert(type, r.int(i)), r.constant(type, 0.5));
      body.push(
        r.loop(i, r.i32(0), r.length(array), [add(r.apply("mul", weight, r.load(type, array, [r.int(i)])))]),
      );
    }
    const arrays = ["sums", "own", "out"].filter(() => this.#oneIn(3));
    return {
      region: {
        name: "f",
        params: inputs.map(([param]) => param),
        body,
        results: [r.scalar(r.local(type, total)), ...arrays.map(r.arrayOf)],
        positions: [{ line: 1, column: 1, text: "f" }],
      },
      args: inputs.map(([, arg]) => arg),
      isFine: type === "f64",
    };
  }

  #fill(array: string, like: string): RegionStmt {
    const i = this.#name("i");
    return r.loop(i, r.i32(0), r.length(like), [r.store(array, [r.int(i)], this.#term(i, undefined))]);
  }

  /** A loop whose iterations are nearly independent. */
  #loop(): RegionStmt {
    const i = this.#name("i");
    const bounds: readonly (readonly [RegionExpr, RegionExpr])[] = [
      [r.i32(0), r.int("n")],
      [r.i32(0), r.i32(8 + this.#choices.below(9))],
      [r.i32(2), r.length("z")],
      [r.length("w"), r.apply("add", r.int("n"), r.i32(7))],
    ];
    const [from, to] = this.#choices.of(bounds);
    const body: RegionStmt[] = [];
    const count = 1 + this.#choices.below(5);
    for (let piece = 0; piece < count; piece++) body.push(...this.#piece(i));
    const order = this.#choices.below(6);
    if (order === 1) return r.loop(i, from, to, body, { reverse: true });
    if (order === 2) return r.loop(i, from, to, body, { step: 2 });
    const one = r.i32(1);
    if (order === 3) return r.loop(i, r.apply("sub", to, one), r.apply("sub", from, one), body, { step: -1 });
    return r.loop(i, from, to, body);
  }

  #piece(i: string): readonly RegionStmt[] {
    const kinds: readonly (() => readonly RegionStmt[])[] = [
      () => [this.#sum(this.#choices.of(["s", "t"]), this.#term(i, undefined))],
      () => this.#each((j) => [this.#addTo("sums", r.int(j), this.#term(i, j))]),
      () => [this.#addTo("sums", r.i32(this.#choices.below(3)), this.#term(i, undefined))],
      () => this.#private(i),
      () => [
        r.store("out", [r.int(i)], this.#term(i, undefined)),
        this.#sum("s", r.load(this.#type, "out", [r.int(i)])),
      ],
      () => [r.when(this.#condition(i), this.#piece(i), this.#oneIn(2) ? this.#piece(i) : [])],
      () => [this.#addTo("sums", this.#drawnPlace(i), this.#term(i, undefined))],
      () => [
        r.set("c", r.apply("add", r.int("c"), r.load("i32", "k", [r.apply("rem", r.int(i), r.i32(7))]))),
      ],
      () => [this.#addTo("out", r.int(i), this.#term(i, undefined))],
      () => this.#overlapping(i),
      () => this.#nearly(i),
    ];
    return this.#choices.of(kinds)();
  }

  /**
   * Elements that several iterations add to, at a moving offset. Some updates are in a branch that the first iterations
   * do not take.
   */
  #overlapping(i: string): readonly RegionStmt[] {
    const back = this.#choices.below(3);
    const place = (j: string): RegionExpr => r.apply("sub", r.apply("add", r.int(i), r.int(j)), r.i32(back));
    const adds = this.#each((j) => [this.#addTo("wide", place(j), this.#term(i, j))]);
    const isInside = r.apply("lessEqual", r.i32(back), r.int(i));
    return back === 0 ? adds : [r.when(isInside, adds)];
  }

  /** An array that is written and then read, at equal or different indices. */
  #private(i: string): readonly RegionStmt[] {
    const isLocal = this.#oneIn(3);
    const array = isLocal ? this.#name("own") : "own";
    const between = this.#oneIn(3) ? this.#piece(i) : [];
    const isSecret = this.#oneIn(4); // read in a branch
    const read = (j: string): readonly RegionStmt[] => {
      const term = r.apply("mul", r.load(this.#type, array, [r.int(j)]), this.#term(i, j));
      const adds = [this.#oneIn(2) ? this.#sum("s", term) : this.#addTo("sums", r.int(j), term)];
      return isSecret ? [r.when(this.#condition(i), adds)] : adds;
    };
    const write = (j: string): readonly RegionStmt[] => {
      const store = r.store(array, [r.int(j)], this.#term(i, j));
      return this.#oneIn(8) ? [r.when(this.#condition(i), [store])] : [store];
    };
    return [
      ...(isLocal ? [r.array(array, this.#type, [r.length("w")])] : []),
      ...(isLocal && this.#oneIn(3) ? [] : this.#each(write)),
      ...between,
      ...this.#each(read),
      ...(this.#oneIn(3) ? this.#each((j) => [r.store(array, [r.int(j)], r.constant(this.#type, 0))]) : []),
    ];
  }

  /** Statements that must keep their order. */
  #nearly(i: string): readonly RegionStmt[] {
    switch (this.#choices.below(5)) {
      case 0: // reads a value from an earlier iteration
        return this.#each((j) => [
          r.store("own", [r.int(j)], r.apply("add", r.load(this.#type, "own", [r.int(j)]), this.#term(i, j))),
        ]);
      case 1: // a sum that is read
        return [this.#sum("t", r.apply("sin", this.#local("s")))];
      case 2: // something else than a sum
        return [r.set("s", r.apply("sub", this.#term(i, undefined), this.#local("s")))];
      case 3: // the neighbour's element
        return [
          r.store("out", [r.int(i)], r.apply("add", r.load(this.#type, "out", [r.apply("rem", r.apply("add", r.int(i), r.i32(1)), r.length("z"))]), this.#term(i, undefined))), // prettier-ignore
        ];
      default: // an element with an update next to it
        return [
          this.#addTo("sums", r.i32(0), this.#term(i, undefined)),
          this.#sum("s", r.load(this.#type, "sums", [r.i32(this.#choices.below(2))])),
        ];
    }
  }

  #each(body: (j: string) => readonly RegionStmt[]): readonly RegionStmt[] {
    const j = this.#name("j");
    return [r.loop(j, r.i32(0), r.length("w"), body(j), this.#oneIn(4) ? { reverse: true } : {})];
  }

  #drawnPlace(i: string): RegionExpr {
    return r.load("i32", "k", [r.apply("rem", r.int(i), r.length("k"))]);
  }

  #sum(name: string, term: RegionExpr): RegionStmt {
    const old = this.#local(name);
    const forms = [
      () => r.apply("add", old, term),
      () => r.apply("sub", old, term),
      () => r.apply("add", term, old),
    ];
    return r.set(name, this.#choices.of(forms)());
  }

  #addTo(array: string, place: RegionExpr, term: RegionExpr): RegionStmt {
    const old = r.load(this.#type, array, [place], 0);
    return r.store(array, [place], r.apply(this.#oneIn(3) ? "sub" : "add", old, term), 0);
  }

  #condition(i: string): RegionExpr {
    if (this.#oneIn(3)) return r.apply("equal", r.apply("rem", r.int(i), r.i32(3)), r.i32(1));
    return r.apply("less", this.#of(i), r.constant(this.#type, (this.#choices.below(9) - 4) / 8));
  }

  /** An element of z that iteration i reads. */
  #of(i: string): RegionExpr {
    const places = [
      () => r.int(i),
      () => r.apply("sub", r.apply("sub", r.length("z"), r.i32(1)), r.int(i)),
      () => r.apply("rem", r.apply("mul", r.int(i), r.length("w")), r.length("z")),
    ];
    return r.load(this.#type, "z", [this.#choices.of(places)()], 0);
  }

  /** A small number that iteration i, and that of a loop within it, computes. */
  #term(i: string, j: string | undefined): RegionExpr {
    const leaves = [
      () => this.#of(i),
      () => (j === undefined ? this.#u() : r.load(this.#type, "w", [r.int(j)])),
      () => this.#u(),
      () => r.apply("mul", r.convert(this.#type, r.int(i)), r.constant(this.#type, 0.0625)),
      () => r.apply("exp", r.apply("neg", j === undefined ? this.#u() : r.load(this.#type, "w", [r.int(j)]))),
    ];
    const leaf = (): RegionExpr => this.#choices.of(leaves)();
    const x = r.apply(this.#choices.of(["mul", "add", "sub", "maximum"]), leaf(), leaf());
    switch (this.#choices.below(5)) {
      case 0:
        return r.apply("sin", x);
      case 1:
        return r.apply("div", x, r.apply("add", r.constant(this.#type, 1), r.apply("mul", x, x)));
      case 2:
        return r.apply("tanh", x);
      case 3:
        return r.select(this.#condition(i), r.apply("mul", x, r.constant(this.#type, 0.25)), leaf());
      default:
        return r.apply("mul", r.constant(this.#type, 0.125), x);
    }
  }

  #u(): RegionExpr {
    return r.local(this.#type, "u");
  }

  #local(name: string): RegionExpr {
    return r.local(this.#type, name);
  }

  #oneIn(n: number): boolean {
    return this.#choices.below(n) === n - 1;
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }
}
