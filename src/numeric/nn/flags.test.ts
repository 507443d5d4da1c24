import { expect, test } from "vitest";
import { type BooleanLike, cumsum, grad, jit, maxPool, scan, sort, sum, tensor, topK } from "downhill";
import { key } from "downhill/random";
import {
  batchNorm,
  batchStatisticsInit,
  dotProductAttention,
  dropout,
  klDivergence,
  scaleInit,
} from "downhill/nn";
import { adam, sgd } from "downhill/optim";

const on = tensor(true) as never;
const x = [[1, 2]];

test.each<[string, string, (flag: never) => unknown]>([
  ["dropout", "training", (training) => dropout(key(0), x, { training })],
  ["batchNorm", "training", (training) => batchNorm(scaleInit(2), x, batchStatisticsInit(2), { training })],
  ["dotProductAttention", "causal", (causal) => dotProductAttention(x, x, x, { causal })],
  ["klDivergence", "logTarget", (logTarget) => klDivergence(x, x, { logTarget })],
  ["sum", "keepdims", (keepdims) => sum(x, { keepdims })],
  ["cumsum", "reverse", (reverse) => cumsum(x, { axis: 0, reverse })],
  ["sort", "descending", (descending) => sort(x, { descending })],
  ["topK", "smallest", (smallest) => topK(x, 1, { smallest })],
  ["maxPool", "ceilMode", (ceilMode) => maxPool([x], 1, { ceilMode })],
  ["scan", "reverse", (reverse) => scan((c) => [c, c], 0, [1], { reverse })],
  ["grad", "hasAux", (hasAux) => grad((y) => y, { hasAux })],
  ["sgd", "nesterov", (nesterov) => sgd({ nesterov, momentum: 0.9 })],
  ["adam", "amsgrad", (amsgrad) => adam({ amsgrad })],
])("%s refuses a tensor as %s, which would always be true, and says what to write", (name, option, call) => {
  expect(() => call(on)).toThrow(
    `${name}: ${option} must be true or false, got a tensor, whose value is not known while the program is made. ` +
      "Hand it on as an argument of its own: a plain boolean stays one under every transform.",
  );
  expect(() => call("false" as never)).toThrow(`${name}: ${option} must be true or false, got "false".`);
});

test("a layer inside a jitted function refuses a mask for a flag too", () => {
  const layer = jit((flag) => dropout(key(0), x, { training: flag as BooleanLike as boolean }));
  expect(() => layer([true])).toThrow("dropout: training must be true or false, got a tensor");
});

test("batchNorm requires the option training", () => {
  expect(() => batchNorm(scaleInit(2), x, batchStatisticsInit(2), {} as never)).toThrow(
    "batchNorm: training must be true or false, got undefined.",
  );
});
