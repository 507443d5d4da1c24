// Integrals, matrix functions and differential equations.

/** Integral of a peaked function by adaptive Simpson's rule, with a stack of intervals. */
export function adaptiveSimpson(center: number, width: number, tolerance: number): number {
  "use ad";
  const f = (x: number): number => 1 / (1 + ((x - center) / width) ** 2) + Math.sin(3 * x);
  const simpson = (a: number, b: number): number => ((b - a) / 6) * (f(a) + 4 * f((a + b) / 2) + f(b));
  const from = new Float64Array(64);
  const to = new Float64Array(64);
  let depth = 1;
  to[0] = 1;
  let integral = 0;
  while (depth > 0) {
    depth--;
    const [a, b] = [from[depth]!, to[depth]!];
    const m = (a + b) / 2;
    const [whole, left, right] = [simpson(a, b), simpson(a, m), simpson(m, b)];
    if (Math.abs(left + right - whole) < 15 * tolerance * (b - a) || depth > 60) {
      integral += left + right + (left + right - whole) / 15;
      continue;
    }
    from[depth] = a;
    to[depth++] = m;
    from[depth] = m;
    to[depth++] = b;
  }
  return integral;
}

function timesMatrix(a: number[][], b: number[][]): number[][] {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));
}

/** Trace of exp(a), by a Padé approximant, scaling and squaring; the system is solved with pivots. */
export function traceOfExp(a: number[][]): number {
  "use ad";
  const n = a.length;
  let norm = 0;
  for (const row of a) norm = Math.max(norm, row.reduce((sum, x) => sum + Math.abs(x), 0)); // prettier-ignore
  let squarings = 0;
  while (norm > 0.5) {
    norm /= 2;
    squarings++;
  }
  const x = a.map((row) => row.map((value) => value / 2 ** squarings));
  let power: number[][] = x.map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
  const up = power.map((row) => row.slice());
  const down = power.map((row) => [...row]);
  let c = 1;
  for (let k = 1; k <= 6; k++) {
    c *= (6 - k + 1) / (k * (2 * 6 - k + 1));
    power = timesMatrix(power, x);
    const sign = k % 2 === 0 ? 1 : -1;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        up[i]![j]! += c * power[i]![j]!;
        down[i]![j]! += sign * c * power[i]![j]!;
      }
    }
  }
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(down[i]![k]!) > Math.abs(down[pivot]![k]!)) pivot = i;
    if (pivot !== k) {
      [down[k], down[pivot]] = [down[pivot]!, down[k]!];
      [up[k], up[pivot]] = [up[pivot]!, up[k]!];
    }
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = down[i]![k]! / down[k]![k]!;
      for (let j = 0; j < n; j++) {
        down[i]![j]! -= factor * down[k]![j]!;
        up[i]![j]! -= factor * up[k]![j]!;
      }
    }
  }
  let result = up.map((row, i) => row.map((value) => value / down[i]![i]!));
  for (let k = 0; k < squarings; k++) result = timesMatrix(result, result);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += result[i]![i]!;
  return sum;
}

type State = [number, number];

/** State of a van der Pol oscillator after `time`, by the Bogacki-Shampine pair with repetition of rejected steps. */
export function oscillator(mu: number, start: State, time: number, tolerance: number): State {
  "use ad";
  const slope = ([x, v]: State): State => [v, mu * (1 - x * x) * v - x];
  const along = (s: State, h: number, k: State): State => [s[0] + h * k[0], s[1] + h * k[1]];
  let s: State = start;
  let t = 0;
  let h = 0.1;
  let k1 = slope(s);
  while (t < time) {
    if (t + h > time) h = time - t;
    const k2 = slope(along(s, h / 2, k1));
    const k3 = slope(along(s, 0.75 * h, k2));
    const next: State = [
      s[0] + (h / 9) * (2 * k1[0] + 3 * k2[0] + 4 * k3[0]),
      s[1] + (h / 9) * (2 * k1[1] + 3 * k2[1] + 4 * k3[1]),
    ];
    const k4 = slope(next);
    let error = 0;
    for (let i = 0; i < 2; i++) {
      const e = h * ((-5 / 72) * k1[i]! + k2[i]! / 12 + k3[i]! / 9 - k4[i]! / 8);
      error = Math.max(error, Math.abs(e) / (tolerance * (1 + Math.abs(next[i]!))));
    }
    if (error <= 1) {
      t += h;
      s = next;
      k1 = k4;
    }
    h *= Math.min(4, Math.max(0.25, 0.9 * (error + 1e-10) ** (-1 / 3)));
  }
  return s;
}
