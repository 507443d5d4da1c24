// Large problems with constraints, as functions over tensors: a rocket, a journal bearing, optimal power flow.
import {
  add,
  concatenate,
  cos,
  div,
  exp,
  mul,
  neg,
  pad,
  segmentSum,
  sin,
  slice,
  square,
  sub,
  sum,
  take,
  tensor,
  type Tensor,
} from "downhill";
import { between, type Constraint, equality } from "downhill/optim";

/** A problem for `minimize` or `solver`. */
export interface ConstrainedProblem<P> {
  readonly cost: (params: P) => Tensor;
  readonly constraints: readonly Constraint<P, []>[];
  readonly low: P;
  readonly high: P;
  readonly start: P;
}

/**
 * Goddard's rocket, which maximises its final height, by the trapezoidal rule on n intervals. Parameters: heights, speeds,
 * masses and thrusts at n + 1 times, and the time step.
 *
 * @see Dolan, Moré, Munson, Benchmarking optimization software with COPS 3.0, 2004, problem 10.
 */
export function rocket(intervals: number): ConstrainedProblem<Tensor> {
  const n = intervals + 1;
  const [drag, decay, exhaust, finalMass, mostThrust] = [310, 500, 0.5, 0.6, 3.5];
  const part = (x: Tensor, k: number): Tensor => slice(x, [k * n, (k + 1) * n]);
  const change = (y: Tensor): Tensor => sub(slice(y, [1, n]), slice(y, [0, intervals]));
  const both = (y: Tensor): Tensor => add(slice(y, [1, n]), slice(y, [0, intervals]));
  const dynamics = (x: Tensor): Tensor => {
    const [h, v, m, thrust] = [part(x, 0), part(x, 1), part(x, 2), part(x, 3)];
    const step = slice(x, [4 * n, 4 * n + 1]);
    const air = mul(mul(drag, square(v)), exp(mul(-decay, sub(h, 1))));
    const acceleration = sub(div(sub(thrust, air), m), div(1, square(h)));
    return concatenate([
      sub(change(h), mul(mul(0.5, step), both(v))),
      sub(change(v), mul(mul(0.5, step), both(acceleration))),
      add(change(m), mul(div(step, 2 * exhaust), both(thrust))),
    ]);
  };
  const times = Float64Array.from({ length: n }, (_, i) => i / intervals);
  const all = (h: number, v: number, m: number, thrust: number, step: number): Float64Array => {
    const out = new Float64Array(4 * n + 1);
    [h, v, m, thrust].forEach((value, k) => out.fill(value, k * n, (k + 1) * n));
    out[4 * n] = step;
    return out;
  };
  const [low, high] = [all(1, 0, finalMass, 0, 0), all(Infinity, Infinity, 1, mostThrust, Infinity)];
  [0, n, 2 * n, 3 * n - 1].forEach((i, k) => (low[i] = high[i] = [1, 0, 1, finalMass][k]!));
  const start = all(1, 0, 0, mostThrust / 2, 1 / intervals);
  start.set(
    times.map((t) => t * (1 - t)),
    n,
  );
  start.set(
    times.map((t) => (finalMass - 1) * t + 1),
    2 * n,
  );
  return {
    cost: (x) => neg(sum(slice(x, [intervals, n]))),
    constraints: [equality(dynamics, 0, { name: "dynamics" })],
    low: tensor(low),
    high: tensor(high),
    start: tensor(start),
  };
}

/**
 * Pressure in a journal bearing on a grid of n × n points, which is not negative: a quadratic cost with bounds.
 *
 * @see Dolan, Moré, Munson 2004, problem 16.
 */
export function journalBearing(n: number): ConstrainedProblem<Tensor> {
  const [hx, hy, eccentricity] = [(2 * Math.PI) / (n + 1), 20 / (n + 1), 0.1];
  const width = (i: number): number => (1 + eccentricity * Math.cos(i * hx)) ** 3;
  const area = (hx * hy) / 4;
  const column = (f: (i: number) => number): Tensor =>
    tensor(Array.from({ length: n + 1 }, (_, i) => [f(i)]));
  const lower = column((i) => (area * (2 * width(i) + width(i + 1))) / 3);
  const upper = column((i) => (area * (2 * width(i + 1) + width(i))) / 3);
  const grid = (f: (i: number) => number): Float64Array => Float64Array.from({ length: n * n }, (_, k) => f(Math.floor(k / n) + 1)); // prettier-ignore
  const force = grid((i) => hx * hy * eccentricity * Math.sin(i * hx));
  const cost = (x: Tensor): Tensor => {
    const v = pad(x.reshape([n, n]), [[1, 1], [1, 1]]); // prettier-ignore
    const corner = (i: number, j: number): Tensor => slice(v, [i, n + 1 + i], [j, n + 1 + j]);
    const [a, b, c, d] = [corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)];
    const slopes = (p: Tensor, q: Tensor, r: Tensor): Tensor =>
      add(square(div(sub(p, q), hx)), square(div(sub(r, q), hy)));
    return sub(add(sum(mul(lower, slopes(b, a, c))), sum(mul(upper, slopes(c, d, b)))), sum(mul(force, x)));
  };
  return {
    cost,
    constraints: [],
    low: tensor(new Float64Array(n * n)),
    high: tensor(new Float64Array(n * n).fill(Infinity)),
    start: tensor(grid((i) => Math.max(Math.sin(i * hx), 0))),
  };
}

/** Data of a power network, per unit and in radians. */
export interface PowerNetwork {
  readonly bus: readonly Readonly<
    Record<"pd" | "qd" | "gs" | "bs" | "vmin" | "vmax", number> & { ref: boolean }
  >[];
  readonly gen: readonly Readonly<
    Record<"bus" | "pmin" | "pmax" | "qmin" | "qmax" | "c2" | "c1" | "c0", number>
  >[];
  readonly branch: readonly Readonly<
    Record<"f" | "t" | "g" | "b" | "bc" | "tap" | "shift" | "angmin" | "angmax", number> & {
      rate: number | null;
    }
  >[];
}

/** Voltages by bus, powers by generator, flows by branch at both ends. */
export interface PowerFlow {
  readonly va: Tensor;
  readonly vm: Tensor;
  readonly pg: Tensor;
  readonly qg: Tensor;
  readonly pf: Tensor;
  readonly qf: Tensor;
  readonly pt: Tensor;
  readonly qt: Tensor;
}

/** Optimal AC power flow in polar form, with the load multiplied by a factor. */
export function powerFlow({ bus, gen, branch }: PowerNetwork, load = 1): ConstrainedProblem<PowerFlow> {
  const ofBus = (f: (b: PowerNetwork["bus"][number]) => number): Tensor => tensor(bus.map(f));
  const ofGen = (f: (g: PowerNetwork["gen"][number]) => number): Tensor => tensor(gen.map(f));
  const ofBranch = (f: (b: PowerNetwork["branch"][number]) => number): Tensor => tensor(branch.map(f));
  const index = (list: readonly number[]): Tensor => tensor(Int32Array.from(list));
  const [from, to] = [index(branch.map(({ f }) => f)), index(branch.map(({ t }) => t))];
  const generatorBus = index(gen.map((g) => g.bus));
  const [re, im] = [({ tap, shift }: PowerNetwork["branch"][number]) => tap * Math.cos(shift), ({ tap, shift }: PowerNetwork["branch"][number]) => tap * Math.sin(shift)]; // prettier-ignore
  const charging = ({ b, bc }: PowerNetwork["branch"][number]): number => -(b + bc / 2);
  const self = { f: ofBranch((l) => l.g / l.tap ** 2), r: ofBranch((l) => charging(l) / l.tap ** 2), t: ofBranch((l) => l.g), s: ofBranch(charging) }; // prettier-ignore
  const [a, c, d, e] = [
    ofBranch((l) => (-l.g * re(l) + l.b * im(l)) / l.tap ** 2),
    ofBranch((l) => (-l.b * re(l) - l.g * im(l)) / l.tap ** 2),
    ofBranch((l) => (-l.g * re(l) - l.b * im(l)) / l.tap ** 2),
    ofBranch((l) => (-l.b * re(l) + l.g * im(l)) / l.tap ** 2),
  ];
  const angle = ({ va }: PowerFlow): Tensor => sub(take(va, from), take(va, to));
  const flows = (p: PowerFlow): Tensor => {
    const [vf, vt] = [take(p.vm, from), take(p.vm, to)];
    const [x, y] = [mul(mul(vf, vt), cos(angle(p))), mul(mul(vf, vt), sin(angle(p)))];
    return concatenate([
      sub(p.pf, add(add(mul(self.f, square(vf)), mul(a, x)), mul(c, y))),
      sub(p.qf, add(sub(mul(self.r, square(vf)), mul(c, x)), mul(a, y))),
      sub(p.pt, sub(add(mul(self.t, square(vt)), mul(d, x)), mul(e, y))),
      sub(p.qt, sub(sub(mul(self.s, square(vt)), mul(e, x)), mul(d, y))),
    ]);
  };
  const at = (flow: Tensor, place: Tensor): Tensor => segmentSum(flow, place, { size: bus.length });
  const balance = (p: PowerFlow): Tensor => {
    const leaving = (f: Tensor, t: Tensor, g: Tensor): Tensor => sub(add(at(f, from), at(t, to)), at(g, generatorBus)); // prettier-ignore
    return concatenate([
      add(
        leaving(p.pf, p.pt, p.pg),
        mul(
          ofBus((b) => b.gs),
          square(p.vm),
        ),
      ),
      sub(
        leaving(p.qf, p.qt, p.qg),
        mul(
          ofBus((b) => b.bs),
          square(p.vm),
        ),
      ),
    ]);
  };
  const demand = concatenate([ofBus((b) => -load * b.pd), ofBus((b) => -load * b.qd)]);
  const rate = ofBranch((l) => l.rate ?? Infinity);
  const apparent = (p: PowerFlow): Tensor => concatenate([add(square(p.pf), square(p.qf)), add(square(p.pt), square(p.qt))]); // prettier-ignore
  const none = (n: number): Tensor => tensor(new Float64Array(n));
  const box = (sign: 1 | -1): PowerFlow => ({
    va: ofBus((b) => (b.ref ? 0 : sign * Infinity)),
    vm: ofBus((b) => (sign < 0 ? b.vmin : b.vmax)),
    pg: ofGen((g) => (sign < 0 ? g.pmin : g.pmax)),
    qg: ofGen((g) => (sign < 0 ? g.qmin : g.qmax)),
    pf: mul(sign, rate),
    qf: mul(sign, rate),
    pt: mul(sign, rate),
    qt: mul(sign, rate),
  });
  const lines = none(branch.length);
  return {
    cost: ({ pg }) =>
      sum(
        add(
          mul(
            add(
              mul(
                ofGen((g) => g.c2),
                pg,
              ),
              ofGen((g) => g.c1),
            ),
            pg,
          ),
          ofGen((g) => g.c0),
        ),
      ),
    constraints: [
      equality(balance, demand, { name: "balance" }),
      equality(flows, 0, { name: "flows" }),
      between(angle, ofBranch((l) => l.angmin), ofBranch((l) => l.angmax), { name: "angles" }), // prettier-ignore
      between(apparent, -Infinity, square(concatenate([rate, rate])), { name: "rating" }),
    ],
    low: box(-1),
    high: box(1),
    start: {
      va: none(bus.length),
      vm: ofBus(() => 1),
      pg: none(gen.length),
      qg: none(gen.length),
      pf: lines,
      qf: lines,
      pt: lines,
      qt: lines,
    },
  };
}
