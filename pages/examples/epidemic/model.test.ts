import { expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import {
  avoidedByPercent,
  casesOf,
  counted,
  days,
  forecast,
  known,
  parameters,
  peakOf,
  people,
} from "./model.ts";

const truth = { reproduction: 2.5, infectious: 5, first: 20 };
const counts = counted(truth, 1);
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

test("an epidemic has its theoretical end: s = exp(−R₀(1 − s)) is the fraction never infected", () => {
  const infected = (sum(casesOf(truth)) + truth.first) / people;
  expect(1 - infected).toBeCloseTo(Math.exp(-truth.reproduction * infected), 3);
});

test("cases initially grow by (R₀ − 1)/infectious per day", () => {
  const cases = casesOf({ ...truth, first: 1 });
  expect(Math.log(cases[5]! / cases[4]!)).toBeCloseTo((truth.reproduction - 1) / truth.infectious, 3);
});

testInCi("the true parameters and the true course are within twice the stated limits, from a week on", () => {
  for (const until of [7, 15, 30, 60, 120]) {
    const { found, factors, cases, low, high } = forecast(counts, until);
    for (const name of parameters)
      expect(Math.abs(Math.log(found[name] / truth[name]))).toBeLessThan(2 * Math.log(factors[name]));
    expect(Math.abs(peakOf(cases) - peakOf(casesOf(truth)))).toBeLessThanOrEqual(4);
    for (const i of [0, 20, 40]) {
      expect(low[i]!).toBeLessThan(cases[i]!);
      expect(high[i]!).toBeGreaterThan(cases[i]!);
    }
  }
});

testInCi("early counts do not improve the prior of the infectious period; late ones do", () => {
  const early = forecast(counts, 12);
  expect(early.factors.infectious).toBeCloseTo(known.factor ** 1.96, 1);
  expect(early.found.infectious).toBeCloseTo(known.infectious, 0);
  expect(forecast(counts, 60).factors.infectious).toBeLessThan(1.2);
});

test("all epidemics of the page can be fitted", () => {
  for (const reproduction of [1.2, 4])
    for (const infectious of [3, 12])
      for (const until of [7, days]) {
        const { cases, low } = forecast(counted({ reproduction, infectious, first: 20 }, 2), until);
        expect([...cases, ...low].every((value) => value > 0)).toBe(true);
      }
});

test("the cases avoided by one percent of contacts equal the difference of two courses", () => {
  const [more, less] = [0.605, 0.595].map((contacts) => sum(casesOf(truth, contacts, 20)));
  expect(avoidedByPercent(truth, 0.6, 20) / (more! - less!)).toBeCloseTo(1, 2);
});
