// A differential equation model of an epidemic, fitted to the cases of its first days, and its forecast.
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

/**
 * R₀ (infections per person at the beginning), the infectious period in days, and the number of people infected on day
 * 0.
 */
export interface Epidemic {
  readonly reproduction: number;
  readonly infectious: number;
  readonly first: number;
}

export const parameters = ["reproduction", "infectious", "first"] as const;
type Unknown = Readonly<Record<keyof Epidemic, Tensor>>;

export const people = 100_000;
/** Number of days, from day 1. */
export const days = 120;
const dayNumbers = linspace(1, days, days);

const fewest = 1e-6; // cases per day; late in an epidemic, the solver's errors are of this size

interface Shares {
  readonly susceptible: Tensor;
  readonly infected: Tensor;
}

/** New cases of each day. From about day `since` on, contacts are reduced to a fraction. */
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
    const started = div(1, add(1, exp(sub(from, day)))); // gradual, because some days pass until everyone follows a measure
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

/** New cases of each day, where contacts are reduced to a fraction from 0 to 1 from a day on. */
export function casesOf(epidemic: Epidemic, contacts = 1, since = days): number[] {
  return course(tensorsOf(epidemic), tensor(contacts), tensor(since)).tolist() as number[];
}

/** Relative standard deviation of the counts beyond Poisson noise. */
const scatter = 0.1;

/** Simulated counts of an epidemic: its cases with counting errors drawn from a seed. */
export function counted(epidemic: Epidemic, seed: number): number[] {
  const errors = random.normal(random.key(seed), [days], { dtype: "float64" }).tolist() as number[];
  return casesOf(epidemic).map((mean, i) =>
    Math.max(0, Math.round(mean + errors[i]! * Math.sqrt(mean + (scatter * mean) ** 2))),
  );
}

/** Prior of the infectious period: about 5 days, within a factor of 2. */
export const known = { infectious: 5, factor: 2 };

/**
 * Parameters of an epidemic from the searched logarithms: initial growth per day, infectious period, and people
 * infected on day 0. The first days determine the growth, (R₀ − 1)/infectious, long before they determine the two
 * numbers in it.
 */
function fromLogs(logs: Tensor): Unknown {
  const [growth, infectious, first] = [exp(logs.at(0)), exp(logs.at(1)), exp(logs.at(2))];
  return { reproduction: add(1, mul(growth, infectious)), infectious, first };
}

const expected = (logs: Tensor): Tensor => cases(dayNumbers, fromLogs(logs), tensor(1), tensor(days));

/**
 * Residuals of the counts, and the deviation of the infectious period from its prior, each divided by its standard
 * error.
 */
function residuals(logs: Tensor, counts: Tensor, errors: Tensor): Tensor {
  const prior = div(sub(logs.at(1), Math.log(known.infectious)), Math.log(known.factor));
  return concatenate([div(sub(expected(logs), counts), errors), reshape(prior, [1])]);
}

const search = leastSquaresSolver(residuals);
/**
 * Logarithms of the cases of all days, R₀ and the other parameters. Differentiated with respect to the searched
 * logarithms.
 */
const answers = (logs: Tensor): Tensor => {
  const { reproduction, infectious, first } = fromLogs(logs);
  return log(concatenate([expected(logs), stack([reproduction, infectious, first])]));
};
const withDerivatives = jit((logs: Tensor) => ({ logs: answers(logs), derivatives: jacfwd(answers)(logs) }));

/** Forecast from the counts of the first days. */
export interface Forecast {
  readonly found: Epidemic;
  /** Factors by which each parameter may be larger or smaller, with 95 % confidence. */
  readonly factors: Epidemic;
  /** Expected cases of all days, and their 95 % confidence limits. */
  readonly cases: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

const never = 1e12; // standard error of an unknown count

/**
 * Fits an epidemic to the counts of the first `until` days, and predicts the cases of all days with their uncertainty.
 */
export function forecast(counts: readonly number[], until: number): Forecast {
  const errors = counts.map((count, i) =>
    i < until ? Math.sqrt(Math.max(1, count) + (scatter * count) ** 2) : never,
  );
  const { params, covariance, sumOfSquares, degreesOfFreedom } = search(
    startFor(counts.slice(0, until)),
    tensor(counts),
    tensor(errors),
  );
  // The errors are known, so they are not estimated from the residuals.
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

/** Start of the search: the regression line through the logarithms of the counts up to their maximum. */
function startFor(counts: readonly number[]): number[] {
  const rising = counts.slice(0, Math.max(4, counts.indexOf(Math.max(...counts)) + 1));
  const ys = rising.map((count) => Math.log(count + 1));
  const centre = (ys.length + 1) / 2;
  const mean = ys.reduce((all, y) => all + y, 0) / ys.length;
  const up = ys.reduce((all, y, i) => all + (i + 1 - centre) * (y - mean), 0);
  const across = ys.reduce((all, _, i) => all + (i + 1 - centre) ** 2, 0);
  const growth = Math.min(1, Math.max(0.03, up / across));
  const rate = growth + 1 / known.infectious; // infection rate per day
  return [Math.log(growth), Math.log(known.infectious), Math.max(0, mean - growth * centre - Math.log(rate))];
}

const total = (contacts: Tensor, since: Tensor, epidemic: Unknown): Tensor =>
  sum(cases(dayNumbers, epidemic, contacts, since));
const slopeOfTotal = jit(grad(total));

/** Total cases avoided by one percent fewer contacts from a day on, if contacts are reduced to the given fraction. */
export function avoidedByPercent(epidemic: Epidemic, contacts: number, since: number): number {
  return slopeOfTotal(tensor(contacts), tensor(since), tensorsOf(epidemic)).item() / 100;
}

/** The day with the most cases, counted from 1. */
export function peakOf(daily: readonly number[]): number {
  return daily.indexOf(Math.max(...daily)) + 1;
}
