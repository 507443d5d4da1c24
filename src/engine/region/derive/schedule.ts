// In which order a loop in segments runs, saves, runs again and goes back, as statements that count for themselves.
import type { Builder } from "../form/build.ts";
import { constant, convert, load, local, makeWriter } from "../form/build.ts";
import type { RegionExpr, RegionStmt } from "../form/region.ts";

/** What a schedule has the loop do. Segments and snapshots are numbers of i32. */
export interface Steps {
  /** Runs one segment, or `many` from it on, without records. */
  advance(segment: RegionExpr, many?: RegionExpr): readonly RegionStmt[];
  /** Saves what the loop changes in a snapshot, or sets it to what was saved. */
  save(snapshot: RegionExpr): readonly RegionStmt[];
  restore(snapshot: RegionExpr): readonly RegionStmt[];
  /** Runs one segment with records, and back. */
  turn(segment: RegionExpr): readonly RegionStmt[];
}

export interface Schedule {
  /** Runs all segments forwards and leaves snapshots behind, in statements for the place of the loop. */
  forwards(steps: Steps): readonly RegionStmt[];
  /** Goes back over all of them, from the last one. */
  backwards(steps: Steps): readonly RegionStmt[];
}

/** The schedule of `count` segments with so many snapshots, or with one where each segment begins. */
export function scheduleOf(count: RegionExpr, snapshots: number | undefined, build: Builder): Schedule {
  return snapshots === undefined ? simpleSchedule(count, build) : binomialSchedule(count, snapshots, build);
}

/** A snapshot where each segment begins: each runs forwards once more. */
function simpleSchedule(count: RegionExpr, build: Builder): Schedule {
  const each = (body: (segment: RegionExpr) => readonly RegionStmt[], reverse: boolean): RegionStmt => {
    const index = build.fresh("segment");
    const bounds = { from: constant("i32", 0), to: count, step: 1 };
    return { kind: "for", index, ...bounds, ...(reverse && { reverse }), body: body(local("i32", index)) };
  };
  return {
    forwards: (steps) => [each((segment) => [...steps.save(segment), ...steps.advance(segment)], false)],
    backwards: (steps) => [each((segment) => [...steps.restore(segment), ...steps.turn(segment)], true)],
  };
}

/**
 * The schedule that goes back over `count` segments with at most `snapshots` states of the loop, and runs the fewest segments again:
 * with c of them C(c + r, r) segments, none of which runs forwards more than r times again.
 *
 * The part between the last snapshot and what is left is cut where both sides can be gone back over in the fewest runs: the left one
 * in one run less, the right one with one snapshot less.
 *
 * @see Griewank, Walther, Algorithm 799: Revolve, ACM Transactions on Mathematical Software 26 (2000), 19–45.
 */
export function binomialSchedule(count: RegionExpr, snapshots: number, build: Builder): Schedule {
  const name = (hint: string): string => build.fresh(hint);
  const [places, top, here, rest] = [name("snapshots"), name("top"), name("here"), name("rest")];
  const [atTop, atHere, atRest] = [local("i32", top), local("i32", here), local("i32", rest)];
  const [zero, one] = [constant("i32", 0), constant("i32", 1)];

  const bind = (out: RegionStmt[], value: RegionExpr, hint: string): RegionExpr =>
    makeWriter(out, build).bind(value, hint);
  const mark = (steps: Steps): RegionStmt[] => [
    { kind: "store", array: places, places: [atTop], value: atHere },
    ...steps.save(atTop),
  ];
  const push = (steps: Steps): RegionStmt[] => [set(top, build.apply("add", atTop, one)), ...mark(steps)];

  const free = (out: RegionStmt[]): RegionExpr =>
    bind(out, build.apply("sub", constant("i32", snapshots), atTop), "free");

  return {
    forwards(steps) {
      const goesOn = name("more");
      const out: RegionStmt[] = [
        { kind: "array", name: places, type: "i32", dims: [constant("i32", snapshots)] },
        { kind: "let", name: top, value: zero },
        { kind: "let", name: here, value: zero },
        ...mark(steps),
        { kind: "let", name: goesOn, value: build.apply("less", zero, count) },
      ];
      const body: RegionStmt[] = [];
      const left = bind(body, build.apply("sub", count, atHere), "left");
      const unused = free(body);
      const many = name("many");
      body.push({ kind: "let", name: many, value: left });
      const isCut = bind(
        body,
        build.apply("less", one, bind(body, build.apply("minimum", left, unused), "n")),
        "cut",
      );
      const then: RegionStmt[] = [];
      then.push(set(many, segmentsBefore(left, unused, then, build)));
      body.push({ kind: "if", condition: isCut, then, otherwise: [] });
      body.push(...steps.advance(atHere, local("i32", many)));
      body.push(set(here, build.apply("add", atHere, local("i32", many))));
      body.push(set(goesOn, build.apply("less", atHere, count)));
      body.push({ kind: "if", condition: local("bool", goesOn), then: push(steps), otherwise: [] });
      out.push({ kind: "while", condition: local("bool", goesOn), body });
      return out;
    },
    backwards(steps) {
      const [goesOn, isBefore] = [name("more"), name("before")];
      const distance = (out: RegionStmt[]): RegionExpr =>
        bind(out, build.apply("sub", atRest, atHere), "left");

      const approach: RegionStmt[] = [];
      const left = distance(approach);
      const unused = free(approach);
      const many = segmentsBefore(left, unused, approach, build);
      approach.push(...steps.advance(atHere, many), set(here, build.apply("add", atHere, many)));
      const hasRoom = bind(approach, build.apply("less", one, unused), "room");
      approach.push({ kind: "if", condition: hasRoom, then: push(steps), otherwise: [] });
      approach.push(set(isBefore, build.apply("less", one, distance(approach))));

      const body: RegionStmt[] = [...steps.restore(atTop), set(here, load("i32", places, atTop))];
      body.push({ kind: "let", name: isBefore, value: build.apply("less", one, distance(body)) });
      body.push({ kind: "while", condition: local("bool", isBefore), body: approach });
      body.push(...steps.turn(atHere), set(rest, atHere));
      const marked = bind(body, load("i32", places, atTop), "marked");
      const isUsedUp = bind(body, build.apply("equal", marked, atHere), "used");
      const pop = set(top, build.apply("sub", atTop, one));
      body.push({ kind: "if", condition: isUsedUp, then: [pop], otherwise: [] });
      body.push(set(goesOn, build.apply("less", zero, atRest)));
      return [
        { kind: "let", name: rest, value: count },
        { kind: "let", name: goesOn, value: build.apply("less", zero, atRest) },
        { kind: "while", condition: local("bool", goesOn), body },
      ];
    },
  };
}

function set(name: string, value: RegionExpr): RegionStmt {
  return { kind: "set", name, value };
}

/** How many segments to run before the next snapshot, of `left` with `free` snapshots; that behind them counts as one. */
function segmentsBefore(left: RegionExpr, free: RegionExpr, out: RegionStmt[], build: Builder): RegionExpr {
  const { bind } = makeWriter(out, build);
  const [l, c] = [bind(convert("f64", left), "left"), bind(convert("f64", free), "free")];
  const [reach, runs, more] = [build.fresh("reach"), build.fresh("runs"), build.fresh("more")];
  const [b, r] = [local("f64", reach), local("f64", runs)];
  out.push({ kind: "let", name: reach, value: constant("f64", 1) });
  out.push({ kind: "let", name: runs, value: constant("f64", 0) });
  out.push({ kind: "let", name: more, value: build.apply("less", b, l) });
  // b = C(c + r, r), until that reaches all that is left
  const body: RegionStmt[] = [set(runs, build.apply("add", r, constant("f64", 1)))];
  const { bind: inLoop } = makeWriter(body, build);
  const both = inLoop(build.apply("add", c, r), "n");
  const grown = inLoop(build.apply("mul", b, both), "n");
  body.push(set(reach, build.apply("div", grown, r)), set(more, build.apply("less", b, l)));
  out.push({ kind: "while", condition: local("bool", more), body });
  const sum = bind(build.apply("add", c, r), "n");
  const scaled = (factor: RegionExpr, divisor: RegionExpr, of: RegionExpr): RegionExpr =>
    bind(build.apply("div", bind(build.apply("mul", of, factor), "n"), divisor), "reach");
  const fewer = bind(build.apply("sub", r, constant("f64", 1)), "runs");
  const below = bind(build.apply("sub", sum, constant("f64", 1)), "n");
  const twoLess = scaled(fewer, below, scaled(r, sum, b)); // C(c + r − 2, r − 2)
  const right = scaled(c, sum, b); // C(c + r − 1, r)
  const least = bind(build.apply("maximum", twoLess, constant("f64", 1)), "many");
  const many = build.apply("maximum", least, bind(build.apply("sub", l, right), "many"));
  return bind(convert("i32", bind(many, "many")), "many");
}
