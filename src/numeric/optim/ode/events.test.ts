import {
  abs,
  add,
  cos,
  div,
  grad,
  jacfwd,
  jacrev,
  jit,
  max,
  mul,
  neg,
  sqrt,
  square,
  stack,
  sub,
  tensor,
  type Tensor,
} from "downhill";
import { solveOde, type SolveOdeMethodName } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";

interface Ball {
  readonly x: Tensor;
  readonly v: Tensor;
}
const fall = (s: Ball, _: Tensor, gravity: Tensor): Ball => ({ x: s.v, v: neg(gravity) });
const bounce = {
  when: (s: Ball): Tensor => s.x,
  direction: -1,
  reset: (s: Ball): Ball => ({ x: mul(0, s.x), v: mul(-0.8, s.v) }),
} as const;
const tight = { rtol: 1e-9, atol: 1e-12 };

describe("events", () => {
  test("at the same time happen in the order of the list, with the results of the resets before", () => {
    const circle = (y: Tensor): Tensor => stack([y.at(1), neg(y.at(0))]);
    const quarter = (scale: number, more: object): object => ({
      when: (y: Tensor) => mul(scale, y.at(0)),
      ...more,
    });
    const events = [
      quarter(1, { reset: (y: Tensor) => mul(2, y) }),
      quarter(3, { reset: (y: Tensor) => sub(y, stack([0, 10])) }),
      quarter(4, {}),
      quarter(5, { stop: true }),
    ] as never[];
    const after = (x: Tensor): Tensor => {
      const s = solveOde(circle, stack([x, 0]), [0, 3], { events, ...tight });
      expect([s.reason, s.message.slice(0, 7)]).toEqual(["event", "Event 3"]);
      expect(s.events.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
      expect(s.events[1]!.y.at(1).item()).toBeCloseTo(-2, 8);
      expect(s.y.at(-2).at(1).item()).toBeCloseTo(-1, 8);
      return s.y.at(-1).at(1);
    };
    expect(after(tensor(1)).item()).toBeCloseTo(-12, 8);
    const s = solveOde(circle, [1, 0], [0, 3], { events: events.slice(0, 3), ...tight });
    expect(s.at(3).at(1).item()).toBeCloseTo(12 * Math.cos(3 - Math.PI / 2) * -1, 7);
  });

  testInCi("at the same time have derivatives of their resets", () => {
    const circle = (y: Tensor): Tensor => stack([y.at(1), neg(y.at(0))]);
    const double = { when: (y: Tensor) => y.at(0), reset: (y: Tensor) => mul(2, y) };
    const shift = { when: (y: Tensor) => mul(3, y.at(0)), reset: (y: Tensor) => sub(y, stack([0, 10])) };
    const end = (x: Tensor): Tensor =>
      solveOde(circle, stack([x, 0]), [0, 3], { events: [double, shift], ...tight })
        .at(3)
        .at(1);
    expect(grad(end)(1).item()).toBeCloseTo(-2 * Math.cos(3 - Math.PI / 2), 7);
  });

  test("whose function is exactly 0 at the last time happen", () => {
    const last = { when: (_: Tensor, t: Tensor) => sub(t, 1), stop: true };
    const times = ([1, -1, 0] as const).map(
      (direction) => solveOde((y) => neg(y), 1, [0, 1], { events: [{ ...last, direction }] }).events.map(({ t }) => t.item()), // prettier-ignore
    );
    expect(times).toEqual([[1], [], [1]]);
  });

  test.each<SolveOdeMethodName | "auto">(["dopri5", "tsit5", "rosenbrock", "radau", "bdf", "taylor", "auto"])(
    "at the last time are found by %s, and those after it or at the first time are not",
    (method) => {
      const ended = (zero: number, direction: -1 | 0 | 1): string =>
        solveOde((y) => add(mul(0, y), 1), 0, [0, 1], {
          method,
          rtol: 1e-8,
          events: [{ when: (y) => sub(y, zero), direction, stop: true }],
        }).reason;
      expect([ended(1, 0), ended(1, 1), ended(1, -1)]).toEqual(["event", "event", "end"]);
      expect([ended(1 + 1e-9, 0), ended(0, 0)]).toEqual(["end", "end"]);
    },
  );

  test.each(["dopri5", "tsit5", "rosenbrock", "radau", "bdf", "taylor"] as const)(
    "of %s are found in pairs between evaluations, also in one direction, and where the function only touches 0",
    (method) => {
      const parabola = (least: number, direction: -1 | 0 | 1): number[] =>
        solveOde((_, t: Tensor) => mul(2, sub(t, 0.53)), 0.53 * 0.53 + least, [0, 3], {
          method,
          rtol: 1e-10,
          atol: 1e-12,
          events: [{ when: (y: Tensor) => y, direction }],
        }).events.map(({ t }) => t.item());
      const near = (x: number): number => expect.closeTo(x, 8) as number;
      expect(parabola(-1e-4, 0)).toEqual([near(0.52), near(0.54)]);
      expect(parabola(-1e-4, -1)).toEqual([near(0.52)]);
      expect(parabola(-1e-4, 1)).toEqual([near(0.54)]);
      expect(parabola(1e-4, 0)).toEqual([]);
      expect(parabola(0, 0)).toEqual([expect.closeTo(0.53, 4)]);
    },
  );

  test("of a ball at rest on the ground accumulate, and the ball does not fall through it", () => {
    const still = solveOde(fall, { x: 0, v: 0 }, [0, 1], { args: [9.81], events: [bounce] });
    expect([still.reason, still.y.x.at(-1).item()]).toEqual(["stepSize", 0]);
    const inelastic = { ...bounce, reset: (s: Ball): Ball => ({ x: mul(0, s.x), v: mul(0, s.v) }) };
    const dropped = solveOde(fall, { x: 1, v: 0 }, [0, 1], { args: [9.81], events: [inelastic] });
    expect(dropped.reason).toBe("stepSize");
    expect(dropped.t.at(-1).item()).toBeCloseTo(Math.sqrt(2 / 9.81), 7);
    expect(dropped.message).toMatch(/accumulate/);
  });

  test("reset a ball at each bounce, at the times of the closed form", () => {
    const s = solveOde(fall, { x: 1, v: 0 }, [0, 2.5], { args: [9.81], events: [bounce], ...tight });
    const first = Math.sqrt(2 / 9.81);
    const times = [1, 1 + 2 * 0.8, 1 + 2 * (0.8 + 0.64), 1 + 2 * (0.8 + 0.64 + 0.512)].map((k) => k * first);
    expect(s.events.map(({ t }) => t.item())).toEqual(times.map((t): unknown => expect.closeTo(t, 10)));
    expect(s.events[1]!.y.v.item()).toBeCloseTo(-0.8 * 9.81 * first, 9);
    expect(s.events[1]!.after.v.item()).toBeCloseTo(0.64 * 9.81 * first, 9);
    // at a reset, the solution after it; its time appears twice among the times
    expect(s.at(s.events[0]!.t).v.item()).toBeCloseTo(0.8 * 9.81 * first, 9);
    expect([...s.t.data()].filter((t) => t === s.events[0]!.t.item()).length).toBe(2);
    const since = 1 - first;
    expect(s.at(1).x.item()).toBeCloseTo(0.8 * 9.81 * first * since - (9.81 * since ** 2) / 2, 9);
  });

  test("have a direction, may stop, and are all found where a step contains several", () => {
    const wave = (_: Tensor, t: Tensor): Tensor => cos(t);
    const when = (y: Tensor): Tensor => y;
    const rising = solveOde(wave, -0.5, [0, 12], { events: [{ when, direction: 1 }] });
    const falling = solveOde(wave, -0.5, [0, 12], { events: [{ when, direction: -1 }] });
    const at = (k: number): unknown => expect.closeTo(k, 4);
    expect(rising.events.map(({ t }) => t.item())).toEqual([at(Math.PI / 6), at(Math.PI * (2 + 1 / 6))]);
    expect(falling.events.map(({ t }) => t.item())).toEqual([
      at((5 * Math.PI) / 6),
      at(Math.PI * (2 + 5 / 6)),
    ]);
    const stopped = solveOde(wave, -0.5, [0, 12], { events: [{ when, direction: -1, stop: true }] });
    expect([stopped.reason, stopped.converged, stopped.events.length]).toEqual(["event", true, 1]);
    expect(stopped.message).toBe(`Event 0 stopped the integration at t = ${stopped.events[0]!.t.item()}.`);
    // one long step of a constant slope, with two zeros in it
    const parabola = { when: (y: Tensor): Tensor => mul(sub(y, 0.4), sub(y, 0.7)) };
    const s = solveOde((y) => mul(0, y).add(1), 0, [0, 1], { events: [parabola], ...tight });
    expect(s.events.map(({ t }) => t.item())).toEqual([expect.closeTo(0.4, 12), expect.closeTo(0.7, 12)]);
  });

  test("also depend on time and on further arguments, with implicit methods", () => {
    const s = solveOde((y, _t, k) => neg(mul(k, y)), 1, [0, 5], {
      args: [2],
      method: "radau",
      events: [{ when: (y, t, k) => sub(mul(y, k), square(t)), stop: true }],
      ...tight,
    });
    const t = s.events[0]!.t.item();
    expect(2 * Math.exp(-2 * t)).toBeCloseTo(t * t, 8);
  });

  test("whose reset moves away from the event happen once per crossing", () => {
    // an integrator that fires at 1: the value of the event after the reset is −1, and its derivative is positive
    for (const direction of [0, 1] as const) {
      const fires = { when: (y: Tensor) => sub(y, 1), direction, reset: (y: Tensor) => mul(0, y) };
      const s = solveOde(() => 2, 0, [0, 2.2], { events: [fires] });
      expect(s.reason).toBe("end");
      expect(s.events.map(({ t }) => t.item().toFixed(9))).toEqual(["0.500000000", "1.000000000", "1.500000000", "2.000000000"]); // prettier-ignore
    }
  });
  test("that accumulate end the integration", () => {
    const s = solveOde(fall, { x: 1, v: 0 }, [0, 10], { args: [9.81], events: [bounce] });
    expect([s.reason, s.converged]).toEqual(["stepSize", false]);
    expect(s.message).toContain("Events with resets accumulate at t = 4.0637"); // 9 √(2/9.81)
  });
});

describe("derivatives", () => {
  const end = 1.1;
  /** Height, speed and time of the first bounce, for the height of the start, gravity and the part of the speed that is kept. */
  const solved = (p: Tensor): Tensor => {
    const reset = (s: Ball): Ball => ({ x: mul(0, s.x), v: mul(neg(p.at(2)), s.v) });
    const start = { x: p.at(0), v: mul(0, p.at(0)) };
    const s = solveOde(fall, start, [0, end], {
      args: [p.at(1)],
      events: [{ ...bounce, reset }],
      ...tight,
    });
    const { x, v } = s.at(end);
    return stack([x, v, s.events[0]!.t, s.y.x.at(-1)]);
  };
  const closedForm = (p: Tensor): Tensor => {
    const [height, gravity, kept] = [p.at(0), p.at(1), p.at(2)];
    const t = sqrt(div(mul(2, height), gravity));
    const since = sub(end, t);
    const up = mul(mul(kept, gravity), t);
    const x = sub(mul(up, since), mul(mul(0.5, gravity), square(since)));
    return stack([x, sub(up, mul(gravity, since)), t, x]);
  };
  const p = [1, 9.81, 0.8];
  const apart = (x: Tensor, y: Tensor): number => max(abs(sub(x, y))).item();

  test("of the time of an event and of the solution after its reset agree with the closed form", () => {
    const expected = jacfwd(closedForm)(p);
    expect(apart(jacfwd(solved)(p), expected)).toBeLessThan(1e-7);
    expect(apart(jacrev(solved)(p), expected)).toBeLessThan(1e-7);
    const height = (f: (x: Tensor) => Tensor) => (g: Tensor) => f(stack([1, g, 0.8])).at(0);
    expect(grad(grad(height(solved)))(9.81).item()).toBeCloseTo(
      grad(grad(height(closedForm)))(9.81).item(),
      6,
    );
  });

  test("of the time at which an event stops an implicit method, which also depends on time and arguments", () => {
    const stopped = (k: Tensor): Tensor =>
      solveOde((y, _t, rate) => neg(mul(rate, y)), 1, [0, 5], {
        args: [k],
        method: "radau",
        events: [{ when: (y, t, rate) => sub(mul(y, rate), square(t)), stop: true }],
        ...tight,
      }).events[0]!.t;
    const [k, t] = [2, stopped(tensor(2)).item()];
    const decay = Math.exp(-k * t);
    expect(grad(stopped)(2).item()).toBeCloseTo((decay * (1 - k * t)) / (k * k * decay + 2 * t), 7);
  });

  test("do not exist at a grazing event, and inside compiled functions", () => {
    const touched = (k: Tensor): Tensor =>
      solveOde((y) => mul(0, y).add(1), k, [0, 1], {
        events: [{ when: (y) => mul(sub(y, 0.5), square(sub(y, 0.5))) }],
      }).events[0]!.t;
    expect(touched(tensor(0)).item()).toBeCloseTo(0.5, 5);
    expect(() => grad(touched)(0)).toThrow("solveOde: events[0] has no derivative at t = 0.");
    const touch = (k: Tensor): Tensor =>
      solveOde((_, t: Tensor) => mul(2, sub(t, 0.5)), k, [0, 1], { events: [{ when: (y: Tensor) => y, stop: true }] }).t.at(-1); // prettier-ignore
    expect(touch(tensor(0.25)).item()).toBeCloseTo(0.5, 5);
    expect(() => grad(touch)(0.25)).toThrow("solveOde: events[0] has no derivative at t = 0.5");
    expect(() => jit(touched)(0)).toThrow("solveOde: chooses its steps by values");
  });
});

describe("events that are not functions of the solution", () => {
  test.each<[string, object, string]>([
    [
      "a direction",
      { when: (y: Tensor) => y, direction: 2 },
      "solveOde: events[0]: direction must be -1, 0 or 1, got 2.",
    ],
    [
      "a vector",
      { when: () => [1, 2] },
      "solveOde: events[0].when must return a floating scalar, got f64[2].",
    ],
    [
      "an option",
      { when: (y: Tensor) => y, terminal: true },
      'solveOde: events[0]: unknown option "terminal".',
    ],
    ["no function", { direction: 1 }, "solveOde: events[0]: expects a function"],
  ])("are refused: %s", (_, event, message) => {
    expect(() => solveOde((y) => neg(y), 1, [0, 1], { events: [event as never] })).toThrow(message);
  });
});
