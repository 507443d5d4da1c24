// An epidemic in equations, fitted to the cases of its first days, and what they say of those that follow.
import {
  add,
  concatenate,
  div,
  exp,
  grad,
  jacfwd,
  jit,
  linspace,
  log,
  matmul,
  maximum,
  mul,
  neg,
  reshape,
  sqrt,
  stack,
  sub,
  sum,
  tensor,
  type Tensor,
} from "downhill";
import { leastSquaresSolver, odeint } from "downhill/optim";
import * as random from "downhill/random";

/** R₀, how many one infects at the beginning; days for which one is infectious; people infected on day 0. */
export interface Epidemic {
  readonly reproduction: number;
  readonly infectious: number;
  readonly first: number;
}

export const parameters = ["reproduction", "infectious", "first"] as const;
type Unknown = Readonly<Record<keyof Epidemic, Tensor>>;

export const people = 100_000;
/** Days that are looked at, from day 1. */
export const days = 120;
const dayNumbers = linspace(1, days, days);

const fewest = 1e-6; // cases a day: at the end of an epidemic the errors of the solver are as large

interface Shares {
  readonly susceptible: Tensor;
  readonly infected: Tensor;
}

/** New cases of each day; from about a day on people have a part of their contacts. */
function cases(
  numbers: Tensor,
  { reproduction, infectious, first }: Unknown,
  contacts: Tensor,
  since: Tensor,
): Tensor {
  const change = (
    now: Shares,
    day: Tensor,
    r: Tensor,
    length: Tensor,
    part: Tensor,
    from: Tensor,
  ): Shares => {
    const started = div(1, add(1, exp(sub(from, day)))); // measures take some days until all keep them
    const rate = mul(div(r, length), add(1, mul(sub(part, 1), started)));
    const infections = mul(rate, mul(now.susceptible, now.infected));
    return { susceptible: neg(infections), infected: sub(infections, div(now.infected, length)) };
  };
  const begin = div(first, people);
  const { susceptible } = odeint(
    change,
    { susceptible: sub(1, begin), infected: begin },
    concatenate([[0], numbers]),
    { args: [reproduction, infectious, contacts, since], rtol: 1e-6, atol: 1e-9, maxSteps: 256 },
  );
  const daily = mul(people, sub(susceptible.slice(0, -1), susceptible.slice(1)));
  return maximum(daily, fewest);
}

function tensorsOf({ reproduction, infectious, first }: Epidemic): Unknown {
  return {
    reproduction: tensor(reproduction),
    infectious: tensor(infectious),
    first: tensor(first),
  };
}

const course = jit((epidemic: Unknown, contacts: Tensor, since: Tensor) =>
  cases(dayNumbers, epidemic, contacts, since),
);

/** New cases of each of the days, where from a day on people have a part of their contacts, from 0 to 1. */
export function casesOf(epidemic: Epidemic, contacts = 1, since = days): number[] {
  return course(tensorsOf(epidemic), tensor(contacts), tensor(since)).tolist() as number[];
}

/** How much more counts scatter than chance alone would have it: as a part of the cases. */
const scatter = 0.1;

/** Counts of an epidemic: its cases with errors of a seed, by chance and by how cases are counted. */
export function counted(epidemic: Epidemic, seed: number): number[] {
  const errors = random.normal(random.key(seed), [days], { dtype: "float64" }).tolist() as number[];
  return casesOf(epidemic).map((mean, i) =>
    Math.max(0, Math.round(mean + errors[i]! * Math.sqrt(mean + (scatter * mean) ** 2))),
  );
}

/** What is known of the days for which one is infectious before there are cases: some 5, by a factor of 2. */
export const known = { infectious: 5, factor: 2 };

/**
 * The numbers of an epidemic by the logarithms that are searched: of growth a day at the beginning, of the days for which one is
 * infectious, and of people infected on day 0. Cases of the first days tell the growth, which is (R₀ − 1)/infectious, long before
 * they tell the two numbers in it.
 */
function fromLogs(logs: Tensor): Unknown {
  const [growth, infectious, first] = [exp(logs.at(0)), exp(logs.at(1)), exp(logs.at(2))];
  return { reproduction: add(1, mul(growth, infectious)), infectious, first };
}

const expected = (logs: Tensor): Tensor => cases(dayNumbers, fromLogs(logs), tensor(1), tensor(days));

/** By their standard errors: what is left of each count, and how far the infectious days are from what was known. */
function residuals(logs: Tensor, counts: Tensor, errors: Tensor): Tensor {
  const prior = div(sub(logs.at(1), Math.log(known.infectious)), Math.log(known.factor));
  return concatenate([div(sub(expected(logs), counts), errors), reshape(prior, [1])]);
}

const search = leastSquaresSolver(residuals);
/** Logarithms of the cases of all days and of R₀ and the others, with their derivatives by what is searched. */
const answers = (logs: Tensor): Tensor => {
  const { reproduction, infectious, first } = fromLogs(logs);
  return log(concatenate([expected(logs), stack([reproduction, infectious, first])]));
};
const withDerivatives = jit((logs: Tensor) => ({ logs: answers(logs), derivatives: jacfwd(answers)(logs) }));

/** What the counts of the first days say. */
export interface Forecast {
  readonly found: Epidemic;
  /** By which factor each may be larger or smaller, with 95 % confidence. */
  readonly factors: Epidemic;
  /** Expected cases of all days, and between which they lie with 95 % confidence. */
  readonly cases: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

const never = 1e12; // the standard error of a count that is not known yet

/** The epidemic that fits the counts of the first days. */
export function forecast(counts: readonly number[], until: number): Forecast {
  const errors = counts.map((count, i) =>
    i < until ? Math.sqrt(Math.max(1, count) + (scatter * count) ** 2) : never,
  );
  const { params, covariance, sumOfSquares, degreesOfFreedom } = search(
    startFor(counts.slice(0, until)),
    tensor(counts),
    tensor(errors),
  );
  // the errors are known, so their size is not taken from what is left
  const spread = mul(degreesOfFreedom / sumOfSquares, covariance);
  const { logs, derivatives } = withDerivatives(params);
  const deviations = sqrt(sum(mul(matmul(derivatives, spread), derivatives), { axis: 1 }));
  const at = (by: number): number[] => exp(add(logs, mul(by, deviations))).tolist() as number[];
  const [values, low, high] = [at(0), at(-1.96), at(1.96)];
  const numbers = (of: readonly number[]): Epidemic => {
    const [reproduction, infectious, first] = of.slice(days) as [number, number, number];
    return { reproduction, infectious, first };
  };
  return {
    found: numbers(values),
    factors: numbers(high.map((value, i) => value / values[i]!)),
    cases: values.slice(0, days),
    low: low.slice(0, days),
    high: high.slice(0, days),
  };
}

/** Where the search begins: on the line through the logarithms of the counts up to the highest. */
function startFor(counts: readonly number[]): number[] {
  const rising = counts.slice(0, Math.max(4, counts.indexOf(Math.max(...counts)) + 1));
  const ys = rising.map((count) => Math.log(count + 1));
  const centre = (ys.length + 1) / 2;
  const mean = ys.reduce((all, y) => all + y, 0) / ys.length;
  const up = ys.reduce((all, y, i) => all + (i + 1 - centre) * (y - mean), 0);
  const across = ys.reduce((all, _, i) => all + (i + 1 - centre) ** 2, 0);
  const growth = Math.min(1, Math.max(0.03, up / across));
  const rate = growth + 1 / known.infectious; // at which one infects others
  return [Math.log(growth), Math.log(known.infectious), Math.max(0, mean - growth * centre - Math.log(rate))];
}

const total = (contacts: Tensor, since: Tensor, epidemic: Unknown): Tensor =>
  sum(cases(dayNumbers, epidemic, contacts, since));
const slopeOfTotal = jit(grad(total));

/** Cases of all days that one percent of contacts less avoids, from a day on, where a part of contacts is left. */
export function avoidedByPercent(epidemic: Epidemic, contacts: number, since: number): number {
  return slopeOfTotal(tensor(contacts), tensor(since), tensorsOf(epidemic)).item() / 100;
}

/** The day with most cases, from 1. */
export function peakOf(daily: readonly number[]): number {
  return daily.indexOf(Math.max(...daily)) + 1;
}
