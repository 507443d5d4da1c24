// The forward and the backward pass of a loop, one line at a time, with the tape between them.

/** State after one iteration of either pass. */
export interface TapeRunStep {
  readonly pass: "start" | "forward" | "backward";
  /** Iteration, counted from 0. */
  readonly iteration: number;
  /** Executed assignments, with numbers. */
  readonly lines: readonly string[];
  /** Stored values, the last one on top. */
  readonly tape: readonly number[];
}

/** A run of both passes over `for (i < n) p = p + r * p * (1 - p)`. */
export interface TapeRun {
  readonly steps: readonly TapeRunStep[];
  readonly value: number;
  /** Derivatives of the value in x and in r. */
  readonly gradient: readonly [dx: number, dr: number];
}

/** Runs the loop forward and backward. `show` formats a number. */
export function runTape(x: number, r: number, n: number, show: (value: number) => string): TapeRun {
  let p = x;
  const tape: number[] = [];
  const steps: TapeRunStep[] = [{ pass: "start", iteration: 0, lines: [`p = ${show(p)}`], tape: [] }];
  for (let i = 0; i < n; i++) {
    tape.push(p);
    p += r * p * (1 - p);
    steps.push({
      pass: "forward",
      iteration: i,
      lines: [`tape.push(${show(tape[i]!)})`, `p = ${show(p)}`],
      tape: [...tape],
    });
  }
  let [dp, dr] = [1, 0];
  for (let i = n - 1; i >= 0; i--) {
    const q = tape.pop()!;
    dr += dp * q * (1 - q);
    dp *= 1 + r * (1 - 2 * q);
    steps.push({
      pass: "backward",
      iteration: i,
      lines: [`p = ${show(q)} from the tape`, `dr = ${show(dr)}`, `dp = ${show(dp)}`],
      tape: [...tape],
    });
  }
  return { steps, value: p, gradient: [dp, dr] };
}
