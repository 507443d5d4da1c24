import { digest, numbers } from "../data.mjs";

export const group = "Linear algebra";

/** Matrices of the rows: n × n elements in [−1, 1), with n added to the diagonal. */
function matrices(seed, n, count = 1) {
  const values = Float64Array.from(numbers(seed, count * n * n));
  for (let i = 0; i < values.length; i++) if ((i % (n * n)) % (n + 1) === 0) values[i] += n;
  return values;
}

/** A symmetric matrix, positive definite if `isPositive`. */
function symmetric(seed, n, isPositive) {
  const values = Float64Array.from(numbers(seed, n * n));
  return Float64Array.from(values, (x, i) => {
    const sum = x + values[(i % n) * n + Math.floor(i / n)];
    return isPositive && i % (n + 1) === 0 ? sum + 2 * n : sum;
  });
}

/**
 * A row of float64, in microseconds a call; `prepare` gives a function and its operands, `read` an array to compare. Compiled, unless it
 * `isEager`.
 *
 * @returns {import("../measure.mjs").Row}
 */
function row(name, title, prepare, read = (out) => out, { isEager = false } = {}) {
  return {
    name,
    title: `${title}, float64`,
    unit: "us",
    kind: "speed",
    tolerance: 1e-9,
    programs: {
      downhill(library) {
        const [f, ...operands] = prepare(library);
        const compiled = isEager ? f : library.jit(f);
        return { step: () => compiled(...operands), check: () => digest(read(compiled(...operands)).data()) };
      },
    },
  };
}

const square = ({ tensor }, values, n) => tensor(values).reshape([n, n]);

const choleskyGradient = (n) =>
  row(`cholesky-gradient-${n}`, `gradient of the sum of a Cholesky factor, ${n}x${n}`, (library) => {
    const { grad, linalg, sum } = library;
    return [grad((a) => sum(linalg.cholesky(a))), square(library, symmetric(81, n, true), n)];
  });

const solveGradient = (n) =>
  row(`solve-gradient-${n}`, `gradient of the sum of the solution of a system, ${n}x${n}`, (library) => {
    const { grad, linalg, sum, tensor } = library;
    const b = tensor(Float64Array.from(numbers(83, n)));
    return [grad((a) => sum(linalg.solve(a, b))), square(library, matrices(82, n), n)];
  });

const solveMany = row("solve-10000x4", "the solutions of 10,000 systems of 4 equations", (library) => {
  const { linalg, tensor } = library;
  const [a, b] = [matrices(84, 4, 10_000), Float64Array.from(numbers(85, 40_000))];
  return [linalg.solve, tensor(a).reshape([10_000, 4, 4]), tensor(b).reshape([10_000, 4, 1])];
});

const solveSmall = (n) =>
  row(`solve-${n}`, `the solution of a system of ${n} equations`, (library) => {
    const { linalg, tensor } = library;
    const b = tensor(Float64Array.from(numbers(83, n)));
    return [linalg.solve, square(library, matrices(82, n), n), b];
  });

/** Eager calls on a small matrix: the overhead of a call relative to its computation. */
const eager = (n) =>
  ["cholesky", "inv", "det", "solve"].map((name) =>
    row(
      `eager-${name}-${n}`,
      `${name} of ${n}x${n}, called outside of compiled functions`,
      (library) => {
        const a = square(library, name === "cholesky" ? symmetric(81, n, true) : matrices(82, n), n);
        const b = library.tensor(Float64Array.from(numbers(83, n)));
        return [library.linalg[name], a, ...(name === "solve" ? [b] : [])];
      },
      (out) => out,
      { isEager: true },
    ),
  );

const qr = (n) =>
  row(`qr-${n}`, `QR of ${n}x${n}`, (library) => [library.linalg.qr, square(library, matrices(86, n), n)], ([, r]) => r.abs()); // prettier-ignore

const eigh = (n) =>
  row(`eigh-${n}`, `eigenvalues and eigenvectors, ${n}x${n}`, (library) => [library.linalg.eigh, square(library, symmetric(87, n, false), n)], ([w]) => w); // prettier-ignore

const svd = (n) =>
  row(`svd-${n}`, `singular values and vectors, ${n}x${n}`, (library) => [library.linalg.svd, square(library, matrices(88, n), n)], ([, s]) => s); // prettier-ignore

export const rows = [
  ...[8, 16, 100, 300].map(choleskyGradient),
  ...[8, 16, 100, 300].map(solveGradient),
  ...[4, 8, 16].map(solveSmall),
  solveMany,
  ...[4, 8].flatMap(eager),
  ...[100, 300].map(qr),
  ...[16, 64, 200].map(eigh),
  ...[16, 64, 200].map(svd),
];
