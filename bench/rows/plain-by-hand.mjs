// Values and gradients of the functions of test/plain/functions.ts, hand-written for speed, with which the compiled
// gradients are compared. Each returns [value, gradient].

/** Shared part of the two linear models. `slope` computes the loss of each row of `xs`, and its slope. */
function linear({ w, b }, xs, ys, penalty, slope) {
  const m = w.length;
  const n = ys.length;
  const dw = new Array(m).fill(0);
  let [total, db] = [0, 0];
  const out = [0, 0];
  for (let i = 0; i < n; i++) {
    let a = b;
    for (let j = 0; j < m; j++) a += w[j] * xs[i * m + j];
    slope(a, ys[i], out);
    total += out[0];
    const d = out[1] / n;
    db += d;
    for (let j = 0; j < m; j++) dw[j] += d * xs[i * m + j];
  }
  let squares = 0;
  for (let j = 0; j < m; j++) {
    squares += w[j] * w[j];
    dw[j] += 2 * penalty * w[j];
  }
  return [total / n + penalty * squares, { w: dw, b: db }];
}

function squareSlope(a, y, out) {
  const t = Math.tanh(a);
  const error = t - y;
  out[0] = error * error;
  out[1] = 2 * error * (1 - t * t);
}

function logisticSlope(score, label, out) {
  const sign = label > 0 ? 1 : -1;
  const margin = sign * score;
  const e = Math.exp(-Math.abs(margin));
  out[0] = Math.log1p(e) + (margin > 0 ? 0 : -margin);
  out[1] = -sign * (margin > 0 ? e / (1 + e) : 1 / (1 + e));
}

export const regression = (p, xs, ys) => linear(p, xs, ys, 0, squareSlope);
export const logistic = (p, xs, labels) => linear(p, xs, labels, 0.01, logisticSlope);

export function product(a, b, n) {
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const x = a[i * n + k];
      for (let j = 0; j < n; j++) c[i * n + j] += x * b[k * n + j];
    }
  }
  let total = 0;
  for (let i = 0; i < c.length; i++) {
    total += c[i] * c[i];
    c[i] *= 2; // the cotangent of c from here on
  }
  const [da, db] = [new Float64Array(n * n), new Float64Array(n * n)];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const x = a[i * n + k];
      let sum = 0;
      for (let j = 0; j < n; j++) {
        const ct = c[i * n + j];
        sum += ct * b[k * n + j];
        db[k * n + j] += x * ct;
      }
      da[i * n + k] = sum;
    }
  }
  return [total, [da, db]];
}

export function convolution(x, w, target) {
  const [dx, dw] = [new Float64Array(x.length), new Float64Array(w.length)];
  let total = 0;
  for (let i = 0; i < target.length; i++) {
    let sum = 0;
    for (let j = 0; j < w.length; j++) sum += x[i + j] * w[j];
    const off = (sum > 0 ? sum : 0) - target[i];
    total += off * off;
    if (sum <= 0) continue;
    const d = 2 * off;
    for (let j = 0; j < w.length; j++) {
      dx[i + j] += d * w[j];
      dw[j] += d * x[i + j];
    }
  }
  return [total, [dx, dw]];
}

export function pendulum({ angle, gravity, damping }, steps) {
  const h = 0.01;
  const states = new Float64Array(2 * steps);
  let [q, v] = [angle, 0];
  const pull = (x, y) => -gravity * Math.sin(x) - damping * y;
  for (let i = 0; i < steps; i++) {
    states[2 * i] = q;
    states[2 * i + 1] = v;
    const a1 = pull(q, v);
    const v2 = v + 0.5 * h * a1;
    const a2 = pull(q + 0.5 * h * v, v2);
    const v3 = v + 0.5 * h * a2;
    const a3 = pull(q + 0.5 * h * v2, v3);
    const v4 = v + h * a3;
    const a4 = pull(q + h * v3, v4);
    q += (h / 6) * (v + 2 * v2 + 2 * v3 + v4);
    v += (h / 6) * (a1 + 2 * a2 + 2 * a3 + a4);
  }
  const value = q * q + v * v;
  let [cq, cv] = [2 * q, 2 * v]; // cotangents of the state after the step
  let [dGravity, dDamping] = [0, 0];
  for (let i = steps - 1; i >= 0; i--) {
    q = states[2 * i];
    v = states[2 * i + 1];
    const s1 = Math.sin(q);
    const a1 = -gravity * s1 - damping * v;
    const q2 = q + 0.5 * h * v;
    const v2 = v + 0.5 * h * a1;
    const s2 = Math.sin(q2);
    const a2 = -gravity * s2 - damping * v2;
    const q3 = q + 0.5 * h * v2;
    const v3 = v + 0.5 * h * a2;
    const s3 = Math.sin(q3);
    const a3 = -gravity * s3 - damping * v3;
    const q4 = q + h * v3;
    const v4 = v + h * a3;
    const s4 = Math.sin(q4);
    let cq0 = cq;
    let cv0 = cv + (h / 6) * cq;
    let cv2 = (h / 3) * cq;
    let cv3 = (h / 3) * cq;
    let cv4 = (h / 6) * cq;
    let ca1 = (h / 6) * cv;
    let ca2 = (h / 3) * cv;
    let ca3 = (h / 3) * cv;
    const ca4 = (h / 6) * cv;
    // a4 = pull(q + h v3, v4)
    dGravity -= s4 * ca4;
    dDamping -= v4 * ca4;
    const c4 = -gravity * Math.cos(q4) * ca4;
    cq0 += c4;
    cv3 += h * c4;
    cv4 -= damping * ca4;
    cv0 += cv4;
    ca3 += h * cv4;
    // a3 = pull(q + h/2 v2, v3)
    dGravity -= s3 * ca3;
    dDamping -= v3 * ca3;
    const c3 = -gravity * Math.cos(q3) * ca3;
    cq0 += c3;
    cv2 += 0.5 * h * c3;
    cv3 -= damping * ca3;
    cv0 += cv3;
    ca2 += 0.5 * h * cv3;
    // a2 = pull(q + h/2 v, v2)
    dGravity -= s2 * ca2;
    dDamping -= v2 * ca2;
    const c2 = -gravity * Math.cos(q2) * ca2;
    cq0 += c2;
    cv0 += 0.5 * h * c2;
    cv2 -= damping * ca2;
    cv0 += cv2;
    ca1 += 0.5 * h * cv2;
    // a1 = pull(q, v)
    dGravity -= s1 * ca1;
    dDamping -= v * ca1;
    cq = cq0 - gravity * Math.cos(q) * ca1;
    cv = cv0 - damping * ca1;
  }
  return [value, { angle: cq, gravity: dGravity, damping: dDamping }];
}

export function softDtw(x, y, gamma) {
  const [n, m, width] = [x.length, y.length, y.length + 1];
  const size = (n + 1) * width;
  const cost = new Float64Array(size);
  const [fromUp, fromLeft] = [new Float64Array(size), new Float64Array(size)];
  for (let j = 1; j <= m; j++) cost[j] = 1e10;
  for (let i = 1; i <= n; i++) {
    cost[i * width] = 1e10;
    for (let j = 1; j <= m; j++) {
      const k = i * width + j;
      const [up, left, both] = [cost[k - width], cost[k - 1], cost[k - width - 1]];
      const least = Math.min(up, left, both);
      const eu = Math.exp((least - up) / gamma);
      const el = Math.exp((least - left) / gamma);
      const sum = eu + el + Math.exp((least - both) / gamma);
      const d = x[i - 1] - y[j - 1];
      cost[k] = d * d + least - gamma * Math.log(sum);
      fromUp[k] = eu / sum;
      fromLeft[k] = el / sum;
    }
  }
  const ct = new Float64Array(size);
  const [dx, dy] = [new Float64Array(n), new Float64Array(m)];
  ct[size - 1] = 1;
  for (let i = n; i >= 1; i--) {
    for (let j = m; j >= 1; j--) {
      const k = i * width + j;
      const d = 2 * ct[k] * (x[i - 1] - y[j - 1]);
      dx[i - 1] += d;
      dy[j - 1] -= d;
      ct[k - width] += ct[k] * fromUp[k];
      ct[k - 1] += ct[k] * fromLeft[k];
      ct[k - width - 1] += ct[k] * (1 - fromUp[k] - fromLeft[k]);
    }
  }
  return [cost[size - 1], [dx, dy]];
}

export function alignment(x, y, gap) {
  const [n, m, width] = [x.length, y.length, y.length + 1];
  const cost = new Float64Array((n + 1) * width);
  const came = new Uint8Array((n + 1) * width); // 0 from both, 1 from above, 2 from the left
  for (let j = 0; j <= m; j++) cost[j] = j * gap;
  for (let i = 1; i <= n; i++) {
    cost[i * width] = i * gap;
    for (let j = 1; j <= m; j++) {
      const k = i * width + j;
      const d = x[i - 1] - y[j - 1];
      const [both, up, left] = [cost[k - width - 1] + d * d, cost[k - width] + gap, cost[k - 1] + gap];
      came[k] = both <= up && both <= left ? 0 : up <= left ? 1 : 2;
      cost[k] = Math.min(both, up, left);
    }
  }
  const [dx, dy] = [new Float64Array(n), new Float64Array(m)];
  let [i, j, gaps] = [n, m, 0];
  while (i > 0 && j > 0) {
    const from = came[i * width + j];
    if (from === 0) {
      const d = 2 * (x[i - 1] - y[j - 1]);
      dx[i - 1] += d;
      dy[j - 1] -= d;
    } else gaps++;
    if (from !== 2) i--;
    if (from !== 1) j--;
  }
  return [cost[n * width + m], [dx, dy, gaps + i + j]];
}

export function mixture({ alpha, mu, logs }, xs, d) {
  const [parts, points] = [alpha.length, xs.length / d];
  const [inverse, u] = [new Float64Array(parts * d), new Float64Array(parts * d)];
  const [sums, terms] = [new Float64Array(parts), new Float64Array(parts)];
  for (let k = 0; k < parts; k++) {
    for (let j = 0; j < d; j++) {
      inverse[k * d + j] = Math.exp(-logs[k * d + j]);
      sums[k] += logs[k * d + j];
    }
  }
  const dAlpha = new Float64Array(parts);
  const [dMu, dLogs] = [new Float64Array(parts * d), new Float64Array(parts * d)];
  let total = 0;
  for (let i = 0; i < points; i++) {
    let best = -Infinity;
    for (let k = 0; k < parts; k++) {
      let square = 0;
      for (let j = 0; j < d; j++) {
        const z = (xs[i * d + j] - mu[k * d + j]) * inverse[k * d + j];
        u[k * d + j] = z;
        square += z * z;
      }
      terms[k] = alpha[k] - 0.5 * square - sums[k];
      if (terms[k] > best) best = terms[k];
    }
    let sum = 0;
    for (let k = 0; k < parts; k++) {
      terms[k] = Math.exp(terms[k] - best);
      sum += terms[k];
    }
    total += best + Math.log(sum);
    for (let k = 0; k < parts; k++) {
      const share = terms[k] / sum;
      dAlpha[k] += share;
      for (let j = 0; j < d; j++) {
        const z = u[k * d + j];
        dMu[k * d + j] += share * z * inverse[k * d + j];
        dLogs[k * d + j] += share * (z * z - 1);
      }
    }
  }
  let weights = 0;
  for (let k = 0; k < parts; k++) weights += Math.exp(alpha[k]);
  for (let k = 0; k < parts; k++) dAlpha[k] -= (points * Math.exp(alpha[k])) / weights;
  return [total - points * Math.log(weights), { alpha: dAlpha, mu: dMu, logs: dLogs }];
}

export function bodies(places, masses) {
  const n = masses.length;
  const [dPlaces, dMasses] = [new Float64Array(3 * n), new Float64Array(n)];
  let energy = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const dx = places[3 * i] - places[3 * j];
      const dy = places[3 * i + 1] - places[3 * j + 1];
      const dz = places[3 * i + 2] - places[3 * j + 2];
      const square = dx * dx + dy * dy + dz * dz + 1e-4;
      const inverse = 1 / Math.sqrt(square);
      const pair = masses[i] * masses[j] * inverse;
      energy -= pair;
      dMasses[i] -= masses[j] * inverse;
      dMasses[j] -= masses[i] * inverse;
      const pull = pair / square;
      dPlaces[3 * i] += pull * dx;
      dPlaces[3 * j] -= pull * dx;
      dPlaces[3 * i + 1] += pull * dy;
      dPlaces[3 * j + 1] -= pull * dy;
      dPlaces[3 * i + 2] += pull * dz;
      dPlaces[3 * j + 2] -= pull * dz;
    }
  }
  return [energy, [dPlaces, dMasses]];
}

export function barrier(x) {
  const dx = new Float64Array(x.length);
  let total = 0;
  for (let i = 0; i < x.length; i++) {
    if (x[i] <= 0) return [1e6 + total, dx];
    if (x[i] > 10) continue;
    total -= Math.log(x[i]);
    dx[i] = -1 / x[i];
  }
  return [total, dx];
}

export function sumOfSquares(x) {
  const dx = new Float64Array(x.length);
  let total = 0;
  for (let i = 0; i < x.length; i++) {
    total += x[i] * x[i];
    dx[i] = 2 * x[i];
  }
  return [total, dx];
}

/** The sum of x²·y over points, and its gradient as points. */
export function ofPoints(ps) {
  let total = 0;
  const slopes = ps.map(({ x, y }) => {
    total += x * x * y;
    return { x: 2 * x * y, y: x * x };
  });
  return [total, slopes];
}

export function ofPairs(ps) {
  let total = 0;
  const slopes = ps.map(([x, y]) => {
    total += x * x * y;
    return [2 * x * y, x * x];
  });
  return [total, slopes];
}

export function inTurn(ps) {
  const slopes = new Float64Array(ps.length);
  let total = 0;
  for (let i = 0; i < ps.length; i += 2) {
    const [x, y] = [ps[i], ps[i + 1]];
    total += x * x * y;
    slopes[i] = 2 * x * y;
    slopes[i + 1] = x * x;
  }
  return [total, slopes];
}

export function rosenbrock(x) {
  const dx = new Float64Array(x.length);
  let total = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const valley = x[i + 1] - x[i] * x[i];
    const away = 1 - x[i];
    total += 100 * valley * valley + away * away;
    dx[i + 1] += 200 * valley;
    dx[i] -= 400 * valley * x[i] + 2 * away;
  }
  return [total, dx];
}

/** By the implicit function theorem, because the loop has found the root. */
export function newton(a, k) {
  let x = a > 1 ? a : 1;
  let count = 0;
  while (Math.abs(x * x * x + k * x - a) > 1e-12 && count < 100) {
    x -= (x * x * x + k * x - a) / (3 * x * x + k);
    count++;
  }
  const slope = 3 * x * x + k;
  return [x, [1 / slope, -x / slope]];
}
