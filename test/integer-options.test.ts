// Every integer that a public function takes, at ±2³¹, 2³², −0, 1.5 and NaN: it is refused or used with its value.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as d from "downhill";
import { DownhillError, type Tensor } from "downhill";
import { dataset, kFold } from "downhill/data";
import * as distributions from "downhill/distributions";
import * as fft from "downhill/fft";
import * as linalg from "downhill/linalg";
import * as nn from "downhill/nn";
import * as optim from "downhill/optim";
import * as random from "downhill/random";
import { checkGrads } from "downhill/testing";
import { root } from "./support/snippets.ts";

const m = d.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 10]]); // prettier-ignore
const v = d.tensor([3, 1, 2]);
const ids = d.tensor([0, 1, 0], { dtype: "int32" });
const image = d.ones([1, 1, 4, 4]);
const kernel = d.ones([1, 1, 2, 2]);
/** Options of a global search that ends soon. */
const quickly = { high: 2, maxIterations: 2, jit: false, polish: false };
const seed = random.key(0);
const f = (x: Tensor): Tensor => x.sum();
const step = (c: Tensor): [Tensor, null] => [c.add(1), null];
const rate = (schedule: (step: number) => unknown): unknown => [0, 1, 7].map(schedule);
const square = (x: Tensor): Tensor => x.mul(x).sum();

/** Uses an integer in one call. The key of the table is the public function and the option or parameter. */
type Use = (n: number) => unknown;

const strict: Readonly<Record<string, Use>> = {
  // shapes and axes
  ...Object.fromEntries(
    (
      [
        "softmax",
        "logSoftmax",
        "cumsum",
        "cumprod",
        "cummax",
        "cummin",
        "logcumsumexp",
        "nancumsum",
        "nancumprod",
        "sum",
        "prod",
        "mean",
        "max",
        "min",
        "std",
        "variance",
        "argmax",
        "argmin",
        "any",
        "all",
        "logsumexp",
        "median",
        "ptp",
        "sort",
        "argsort",
        "flip",
        "diff",
        "trapezoid",
        "cumulativeTrapezoid",
        "gradient",
        "unwrap",
        "nanmax",
        "nanargmax",
        "countNonzero",
        "average",
        "norm",
        "unstack",
        "rollaxis",
      ] as const
    )
      .filter((name) => name in d)
      .map((name) => [
        `${name} axis`,
        (n: number) =>
          (d as never as Record<string, (x: Tensor, o: object) => unknown>)[name]!(m, { axis: n }),
      ]),
  ),
  "swapaxes first": (n) => d.swapaxes(m, n, 1),
  "swapaxes second": (n) => d.swapaxes(m, 1, n),
  "moveaxis from": (n) => d.moveaxis(m, n, 1),
  "transpose axes": (n) => d.transpose(m, [n, 1]),
  "concatenate axis": (n) => d.concatenate([m, m], { axis: n }),
  "stack axis": (n) => d.stack([m, m], { axis: n }),
  "take axis": (n) => d.take(m, [0], { axis: n }),
  "takeAlongAxis axis": (n) => d.takeAlongAxis(m, d.tensor([[0, 0, 0]], { dtype: "int32" }), { axis: n }),
  "split axis": (n) => d.split(m, 3, { axis: n }),
  "repeat axis": (n) => d.repeat(m, 2, { axis: n }),
  "append axis": (n) => d.append(m, m, { axis: n }),
  "insert axis": (n) => d.insert(m, 1, 0, { axis: n }),
  "unique axis": (n) => d.unique(m, { axis: n }),
  "associativeScan axis": (n) => d.associativeScan((a: Tensor, b: Tensor) => a.add(b), m, { axis: n }),
  "topK axis": (n) => d.topK(m, 1, { axis: n }),
  "cross axis": (n) => d.cross(m, m, { axis: n }),
  "vecdot axis": (n) => d.vecdot(m, m, { axis: n }),
  "diagonal axis1": (n) => d.diagonal(m, { axis1: n }),
  "diagonal axis2": (n) => d.diagonal(d.transpose(m), { axis1: 1, axis2: n }),
  "rot90 axes": (n) => d.rot90(m, { axes: [n, 1] }),
  "glu axis": (n) => nn.glu(d.ones([2, 2]), { axis: n }),
  "zeros shape": (n) => d.zeros([n]),
  "ones shape": (n) => d.ones([n]),
  "full shape": (n) => d.full([n], 1),
  "fromFunction shape": (n) => d.fromFunction((i: Tensor) => i, [n]),
  "squeeze axis": (n) => d.squeeze(d.ones([1, 3]), { axis: n }),
  "expandDims axis": (n) => d.expandDims(m, n),
  "indices axis": (n) => d.indices([2, 2], n),
  "indices shape": (n) => d.indices([n] as never, 0),
  "reshape shape": (n) => d.reshape(v, [n]),
  "resize shape": (n) => d.resize(v, [n]),
  "broadcastTo shape": (n) => d.broadcastTo(1, [n]),
  "tensor shape": (n) => d.tensor([], { shape: [n] }),
  "unravelIndex shape": (n) => d.unravelIndex([0], [n, 2]),
  "ravelMultiIndex shape": (n) => d.ravelMultiIndex([[0], [0]] as never, [n, 2]),
  "eye n": (n) => d.eye(n),
  "eye columns": (n) => d.eye(2, n),
  "identity n": (n) => d.identity(n),
  "tri n": (n) => d.tri(n),
  "tri columns": (n) => d.tri(2, { columns: n }),
  "trilIndices n": (n) => d.trilIndices(n),
  "trilIndices columns": (n) => d.trilIndices(2, { columns: n }),
  "triuIndices n": (n) => d.triuIndices(n),
  "diagIndices n": (n) => d.diagIndices(n),
  "linspace count": (n) => d.linspace(0, 1, n),
  "geomspace count": (n) => d.geomspace(1, 2, n),
  "logspace count": (n) => d.logspace(1, 2, n),
  "hanning n": (n) => d.hanning(n),
  "hamming n": (n) => d.hamming(n),
  "blackman n": (n) => d.blackman(n),
  "bartlett n": (n) => d.bartlett(n),
  "vander n": (n) => d.vander([1, 2, 3], { n }),
  "oneHot classes": (n) => d.oneHot(ids, n),
  "tile count": (n) => d.tile(v, n),
  "repeat count": (n) => d.repeat(v, n),
  "topK k": (n) => d.topK(v, n),
  "split parts": (n) => d.split(v, n),
  "arraySplit parts": (n) => d.arraySplit(v, n),
  "pad width": (n) => d.pad(v, n),
  "dynamicSlice sizes": (n) => d.dynamicSlice(v, [0], [n]),
  "nonzero size": (n) => d.nonzero(v, { size: n }),
  "argwhere size": (n) => d.argwhere(v, { size: n }),
  "unique size": (n) => d.unique(v, { size: n }),
  "segmentSum size": (n) => d.segmentSum(v, ids, { size: n }),
  "segmentProd size": (n) => d.segmentProd(v, ids, { size: n }),
  "segmentMax size": (n) => d.segmentMax(v, ids, { size: n }),
  "bincount size": (n) => d.jit((x: Tensor) => d.bincount(x, { size: n }))(ids),
  "bincount minlength": (n) => d.bincount(ids, { minlength: n }),
  "histogram bins": (n) => d.histogram(v, { bins: n }),
  "diff n": (n) => d.diff(v, { n }),
  "polyfit degree": (n) => d.polyfit(v, v, n),
  "polyder m": (n) => d.polyder(v, n),
  "polyint m": (n) => d.polyint(v, n),
  "polygamma n": (n) => d.polygamma(n, v),
  "multigammaln d": (n) => d.multigammaln(9, n),
  "at place": (n) => d.at(v, n),
  "take place": (n) => d.take(v, n),
  "insert place": (n) => d.insert(v, n, 9),
  "tensordot axes": (n) => d.tensordot(v, v, n),
  // diagonals
  "eye k": (n) => d.eye(3, { k: n }),
  "tri k": (n) => d.tri(3, { k: n }),
  "tril k": (n) => d.tril(m, { k: n }),
  "triu k": (n) => d.triu(m, { k: n }),
  "trilIndices k": (n) => d.trilIndices(3, { k: n }),
  "triuIndices k": (n) => d.triuIndices(3, { k: n }),
  "diag k": (n) => d.diag(m, { k: n }),
  "diagflat k": (n) => d.diagflat(v, { k: n }),
  "diagEmbed offset": (n) => d.diagEmbed(v, { offset: n }),
  "diagonal offset": (n) => d.diagonal(m, { offset: n }),
  "trace offset": (n) => d.trace(m, { offset: n }),
  "roll shift": (n) => d.roll(v, n),
  "rot90 k": (n) => d.rot90(m, { k: n }),
  // windows
  "conv stride": (n) => d.conv(image, kernel, { stride: n }),
  "conv dilation": (n) => d.conv(image, kernel, { dilation: n }),
  "conv padding": (n) => d.conv(image, kernel, { padding: n as never }),
  "conv groups": (n) => d.conv(image, kernel, { groups: n }),
  "maxPool window": (n) => d.maxPool(image, n),
  "maxPool stride": (n) => d.maxPool(image, 2, { stride: n }),
  "avgPool window": (n) => d.avgPool(image, n),
  // loops and transforms
  "scan length": (n) => d.scan(step, 0, null, { length: n }),
  "scan checkpoint": (n) => d.scan(step, 0, null, { length: 4, checkpoint: n }),
  "foriLoop from": (n) => d.foriLoop(n, 5, (_, c) => c.add(1), 0),
  "foriLoop to": (n) => d.foriLoop(0, n, (_, c) => c.add(1), 0),
  "map batchSize": (n) => d.map((x: Tensor) => x.add(1), v, { batchSize: n }),
  "vmap inAxes": (n) => d.vmap((x: Tensor) => x.sum(), { inAxes: n })(m),
  "vmap outAxes": (n) => d.vmap((x: Tensor) => x, { outAxes: n })(m),
  "grad argnums": (n) => d.grad(f, { argnums: n })(v),
  "valueAndGrad argnums": (n) => d.valueAndGrad(f, { argnums: n })(v)[1],
  "jacfwd argnums": (n) => d.jacfwd(f, { argnums: n } as never)(v),
  "jacrev argnums": (n) => d.jacrev(f, { argnums: n } as never)(v),
  "hessian argnums": (n) => d.hessian(f, { argnums: n } as never)(v),
  "jit staticArgnums": (n) => d.jit((x: unknown) => d.tensor(x as number), { staticArgnums: n } as never)(2),
  "jit donate": (n) => d.jit((x: Tensor) => x.add(1), { donate: n })(d.ones([2])),
  "configure threads": (n) => d.configure({ threads: n }),
  "checkGrads order": (n) => checkGrads(square as never, [v] as never, { order: n }),
  // other entries
  "fft n": (n) => fft.fft(v, { n }),
  "rfft n": (n) => fft.rfft(v, { n }),
  "fft axis": (n) => fft.fft(m, { axis: n }),
  "fftn shape": (n) => fft.fftn(m, { shape: [n], axes: [0] }),
  "fftn axes": (n) => fft.fftn(m, { axes: [n] }),
  "fftfreq n": (n) => fft.fftfreq(n),
  "rfftfreq n": (n) => fft.rfftfreq(n),
  "fftshift axes": (n) => fft.fftshift(m, { axes: n }),
  "linalg norm axis": (n) => linalg.norm(m, { axis: n }),
  "random keys n": (n) => random.keys(seed, n),
  "random split n": (n) => random.split(seed, n),
  "random orthogonal n": (n) => random.orthogonal(seed, n),
  "random ball d": (n) => random.ball(seed, n),
  "random permutation x": (n) => random.permutation(seed, n),
  "random permutation axis": (n) => random.permutation(seed, m, { axis: n }),
  "random choice x": (n) => random.choice(seed, n, 2),
  "random choice axis": (n) => random.choice(seed, m, 2, { axis: n }),
  "random categorical axis": (n) => random.categorical(seed, m, { axis: n }),
  "random normal shape": (n) => random.normal(seed, n),
  "distributions independent reinterpretedBatchNdims": (n) =>
    distributions.independent(distributions.normal({ loc: v, scale: 1 }), n).batchShape,
  "distributions sample shape": (n) => distributions.normal({ loc: 0, scale: 1 }).sample(seed, n),
  "nn denseInit inputs": (n) => nn.denseInit(seed, n, 2),
  "nn denseInit outputs": (n) => nn.denseInit(seed, 2, n),
  "nn convolutionInit channels": (n) => nn.convolutionInit(seed, n, 2, [1, 1]),
  "nn convolutionInit outputs": (n) => nn.convolutionInit(seed, 2, n, [1, 1]),
  "nn convolutionInit window": (n) => nn.convolutionInit(seed, 1, 1, [n, 1]),
  "nn convolutionInit groups": (n) => nn.convolutionInit(seed, 2, 2, [1, 1], { groups: n }),
  "nn scaleInit features": (n) => nn.scaleInit(n),
  "nn batchStatisticsInit channels": (n) => nn.batchStatisticsInit(n),
  "nn groupNorm groups": (n) => nn.groupNorm(nn.scaleInit(2), d.ones([1, 2, 2]), n),
  "nn rnnInit inputs": (n) => nn.rnnInit(seed, n, 1),
  "nn rnnInit hidden": (n) => nn.rnnInit(seed, 1, n),
  "nn lstmInit hidden": (n) => nn.lstmInit(seed, 1, n),
  "nn gruInit hidden": (n) => nn.gruInit(seed, 1, n),
  "nn mlp sizes": (n) => nn.mlp([n, 1]),
  "nn multiHeadInit features": (n) => nn.multiHeadInit(seed, n),
  "nn transformerEncoderInit features": (n) => nn.transformerEncoderInit(seed, n, 2),
  "nn transformerEncoderInit hidden": (n) => nn.transformerEncoderInit(seed, 2, n),
  "nn transformerDecoderInit features": (n) => nn.transformerDecoderInit(seed, n, 2),
  "nn transformerDecoderInit hidden": (n) => nn.transformerDecoderInit(seed, 2, n),
  "nn topKMetric k": (n) => nn.topKMetric(n).init(),
  "nn f1Metric classes": (n) => nn.f1Metric({ classes: n }).init(),
  "nn aucMetric bins": (n) => nn.aucMetric({ bins: n }).init(),
  "nn adaptiveAvgPool sizes": (n) => nn.adaptiveAvgPool(image, n),
  "nn resize size": (n) => nn.resize(image, [n, 2]),
  "nn softmaxCrossEntropy ignore": (n) => nn.softmaxCrossEntropy(m, [0, 1, 2], { ignore: n }),
  "nn ctcLoss blank": (n) => nn.ctcLoss(d.ones([1, 4, 3]), [[1]], { blank: n }),
  "nn orthogonalInit outputAxis": (n) => nn.orthogonalInit({ outputAxis: n })(seed, [2, 2]),
  "nn glorotUniform shape": (n) => nn.glorotUniform(seed, [n, 2]),
  "nn glorotUniform fanIn": (n) => nn.glorotUniform(seed, [2, 2], { fanIn: n }),
  "nn embedding padding": (n) => nn.embedding(m, [0], { padding: n }),
  "data kFold k": (n) => kFold(n, { count: 9 }),
  "data kFold count": (n) => kFold(2, { count: n }),
  "optim bSpline degree": (n) => optim.bSpline([0, 0, 0, 1, 1, 1], [0, 0, 1], n)(0.5),
  "optim accumulate k": (n) => optim.accumulate(optim.sgd({ learningRate: 1 }), n).init(v),
};

/** Integers of the host, which int32 does not limit. Their full value counts, not the low 32 bits. */
const wide: Readonly<Record<string, Use>> = {
  "linalg matrixPower power": (n) => linalg.matrixPower([[1, 1], [0, 1]], n), // prettier-ignore
  "random key seed": (n) => random.key(n),
  "random foldIn data": (n) => random.foldIn(seed, n),
  "data batch size": (n) => [...dataset({ x: v }).batch(n).epoch(0)].length,
  "data shuffle seed": (n) => [...dataset({ x: v }).shuffle({ seed: n }).batch(3).epoch(0)],
  "data kFold seed": (n) => kFold(2, { count: 9, seed: n }).map(({ test: items }) => [...items]),
  "optim perEpoch stepsPerEpoch": (n) => rate(optim.perEpoch(optim.cosineDecay({ from: 1, steps: 3 }), n)),
  "optim cosineDecay steps": (n) => rate(optim.cosineDecay({ from: 1, steps: n })),
  "optim linearDecay steps": (n) => rate(optim.linearDecay({ from: 1, steps: n })),
  "optim exponentialDecay every": (n) => rate(optim.exponentialDecay({ from: 1, factor: 0.5, every: n })),
  "optim inverseTimeDecay every": (n) => rate(optim.inverseTimeDecay({ from: 1, every: n })),
  "optim stepDecay every": (n) => rate(optim.stepDecay({ from: 1, every: n })),
  "optim warmup steps": (n) => rate(optim.warmup(1, { steps: n })),
  "optim cyclic stepSizeUp": (n) => rate(optim.cyclic({ base: 0.1, max: 1, stepSizeUp: n })),
  "optim cyclic stepSizeDown": (n) => rate(optim.cyclic({ base: 0.1, max: 1, stepSizeDown: n })),
  "optim reduceOnPlateau patience": (n) => optim.reduceOnPlateau({ patience: n }).init(),
  "optim reduceOnPlateau cooldown": (n) => optim.reduceOnPlateau({ cooldown: n }).init(),
  "optim lookahead every": (n) => optim.lookahead({ every: n }).init(v),
  "optim swa start": (n) => optim.swa({ start: n }).init(v),
  "optim swa every": (n) => optim.swa({ every: n }).init(v),
  "optim muon nsSteps": (n) =>
    n > 100
      ? optim.muon({ learningRate: 1, nsSteps: n }).init(m)
      : optim.muon({ learningRate: 1, nsSteps: n }).init(m),
  "optim lbfgs historySize": (n) =>
    n > 100 ? "refused: too large to try" : optim.lbfgs({ historySize: n }).init(v),
  "optim lbfgs maxIterations": (n) => optim.lbfgs({ maxIterations: n }).init(v),
  "optim lbfgs maxEvaluations": (n) => optim.lbfgs({ maxEvaluations: n }).init(v),
  "optim minimize maxIterations": (n) => optim.minimize(square, [1], { maxIterations: n }).value,
  "optim minimize maxEvaluations": (n) => optim.minimize(square, [1], { maxEvaluations: n }).value,
  ...Object.fromEntries(
    ["maxIterations", "maxEvaluations", "population", "seed"].map((name) => [
      `optim globalMinimize ${name}`,
      (n: number) => optim.globalMinimize(square, [1], { ...quickly, [name]: n }).value,
    ]),
  ),
  "optim globalMinimize starts": (n) =>
    optim.globalMinimize(square, [1], { high: 2, jit: false, method: "multistart", starts: n }).iterations,
  "optim leastSquaresSolver lossBlock": (n) =>
    optim.leastSquaresSolver((x: Tensor) => x.sub(1), { loss: "huber", lossBlock: n })([3, 2]).sumOfSquares,
  "optim root maxIterations": (n) => optim.root((x: Tensor) => x.sub(1), [1], { maxIterations: n }),
  "optim brentq maxIterations": (n) => optim.brentq((x: Tensor) => x.sub(1), 0, 3, { maxIterations: n }),
  "optim fixedPoint maxIterations": (n) =>
    optim.fixedPoint((x: Tensor) => x.mul(0.5), [1], { maxIterations: n }),
  "optim odeint maxSteps": (n) =>
    n > 1000
      ? "refused: too large to try"
      : optim.odeint((y: Tensor) => y.neg(), [1], [0, 1], { maxSteps: n }),
  "optim solveOde maxSteps": (n) =>
    optim.solveOde((y: Tensor) => y.neg(), [1], [0, 1], { maxSteps: n }).reason,
  "optim solveOde checkpoints": (n) =>
    optim.solveOde((y: Tensor) => y.neg(), [1], [0, 1], { checkpoints: n }).reason,
};

const bad = [2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 32 + 5, 1.5, NaN];

/** The result as text, or the error code. Errors other than `DownhillError` are rethrown. */
function outcome(use: Use, n: number): string {
  try {
    const result = use(n);
    return (
      JSON.stringify(result, (_, value: unknown) => (value instanceof Uint32Array ? [...value] : value)) ??
      "undefined"
    );
  } catch (error) {
    if (error instanceof DownhillError && error.code !== "internal" && error.code !== "oom")
      return `refused: ${error.code}`;
    throw error;
  }
}

/** False for a use that no integer satisfies: it would test nothing. */
const isSatisfiable = (use: Use): boolean =>
  [0, 1, 2, 3, 50].some((n) => !outcome(use, n).startsWith("refused"));

describe("an integer option out of its range is refused", () => {
  test.each(Object.entries(strict))("%s", (_, use) => {
    expect(isSatisfiable(use)).toBe(true);
    for (const n of bad) expect([n, outcome(use, n)]).toEqual([n, expect.stringMatching(/^refused/)]);
    const minusZero = outcome(use, -0);
    if (!minusZero.startsWith("refused")) expect(minusZero).toBe(outcome(use, 0));
  });
});

describe("an integer of the host is refused or used as it is", () => {
  test.each(Object.entries(wide))("%s", (_, use) => {
    expect(isSatisfiable(use)).toBe(true);
    for (const n of [1.5, NaN]) expect([n, outcome(use, n)]).toEqual([n, expect.stringMatching(/^refused/)]);
    for (const n of [2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 32 + 5]) outcome(use, n);
    const minusZero = outcome(use, -0);
    if (!minusZero.startsWith("refused")) expect(minusZero).toBe(outcome(use, 0));
  });
  test("no high bits are lost", () => {
    expect(linalg.matrixPower([[1, 1], [0, 1]], 2 ** 32 + 5).at(0, 1).item()).toBe(2 ** 32 + 5); // prettier-ignore
    expect([...random.key(2 ** 32 + 5)]).toEqual([1, 5]);
    expect(optim.stepDecay({ from: 1, every: 2 ** 32 + 5 })(7)).toBe(1);
  });
});

/** Numbers that need not be integers, by the name of the option or parameter. */
const real = new Set(
  (
    "t0 t1 saveAt breaks nan posinf neginf rtol atol base fill range period discont d ord scale rate mean std gain labelSmoothing delta margin epsilon temperature " +
    "threshold momentum decay normType slowStep xtol lossScale level low high learningRate toleranceGrad toleranceChange decrease curvature tolerance " +
    "gradientTolerance constraintTolerance valueTolerance stepTolerance nsCoefficients from to above fromFactor stepsFactor gamma baseMomentum maxMomentum rise power factor floor eps " +
    "minval maxval value start stop step slope alpha b limit maxNorm weightDecay rates schedule divisor growth spacing dx"
  ).split(" "),
);

/**
 * Integers not tested here, with the reason: the same check is tested for a sibling function, or another file tests
 * them.
 */
const elsewhere: Readonly<Record<string, string>> = {
  "fitCurve starts": "each start is a fit; the check is that of maxIterations",
  "checkpoint snapshots": "of plain functions; src/numeric/plain/call/checkpoint.test.ts",
};

const folders = ["array", "linalg", "fft", "random", "distributions", "nn", "optim"].map(
  (name) => `src/numeric/${name}`,
);
const modules: readonly object[] = [d, linalg, fft, random, distributions, nn, optim];

/** Numeric options of interfaces, and numeric parameters of functions, as the sources of public functions declare them. */
function declaredNumbers(): { readonly owners: readonly string[]; readonly name: string }[] {
  const files = [...folders, "src/engine/transforms"].flatMap((folder) =>
    (readdirSync(join(root, folder), { recursive: true }) as string[])
      .filter((file) => file.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(file))
      .map((file) => readFileSync(join(root, folder, file), "utf8")),
  );
  const isPublic = (name: string): boolean => modules.some((module) => name in module);
  const signatures = files.flatMap((text) =>
    [...text.matchAll(/^export function (\w+)(?:<[^(]*>)?\(([^{;]*?)\)(?::|\s*\{)/gms)].map(
      ([, name, parameters]) => ({ name: name!, parameters: parameters! }),
    ),
  );
  const isNumber = (type: string): boolean =>
    /\bnumber\b/.test(type) && !type.includes("=>") && !type.includes("TensorLike");
  const options = files.flatMap((text) =>
    [...text.matchAll(/^export interface (\w+)[^{]*\{(.*?)^\}/gms)].flatMap(([, type, body]) =>
      [...body!.matchAll(/^  readonly (\w+)\?: ([^;]*);/gm)]
        .filter(([, , of]) => isNumber(of!))
        .map(([, name]) => ({
          name: name!,
          owners: signatures
            .filter(({ parameters }) => new RegExp(`\\b${type!}\\b`).test(parameters))
            .map((each) => each.name),
        })),
    ),
  );
  const parameters = signatures.flatMap(({ name: owner, parameters: text }) =>
    [...text.matchAll(/(\w+)\??: ((?:readonly )?number\b[^,)]*)/g)]
      .filter(([, , of]) => isNumber(of!))
      .map(([, name]) => ({ name: name!, owners: [owner] })),
  );
  return [...options, ...parameters]
    .map(({ name, owners }) => ({ name, owners: [...new Set(owners.filter(isPublic))] }))
    .filter(({ owners }) => owners.length > 0);
}

test("every integer of a public function is in a table here", () => {
  const tested = new Set(
    [...Object.keys(strict), ...Object.keys(wide)].map((key) => key.split(" ").slice(-2).join(" ")),
  );
  const declared = declaredNumbers();
  expect(declared.length).toBeGreaterThan(90);
  const missing = declared
    .filter(
      ({ name, owners }) =>
        !real.has(name) &&
        !owners.some((owner) => tested.has(`${owner} ${name}`) || `${owner} ${name}` in elsewhere),
    )
    .map(({ name, owners }) => `${owners.join("|")} ${name}`);
  expect([...new Set(missing)].toSorted()).toEqual([]);
});
