// Gradients of ADBench's objectives, hand-written for speed, with which those of test/plain/adbench.ts are compared.
// Each returns [value, gradient].

/** ADBench's own π, which is truncated. */
// oxlint-disable-next-line oxc/approx-constant
const pi = 3.14159265359;

/** Log-density of points under a mixture of Gaussians, and its gradient in the components. */
export function gmm({ alphas, means, icf }, points, { gamma, m, constant }) {
  const [k, n, d] = [alphas.length, points.length, points[0].length];
  const zeros = (rows) => rows.map((row) => new Array(row.length).fill(0));
  const gradient = { alphas: new Array(k).fill(0), means: zeros(means), icf: zeros(icf) };
  const [scales, sums, weights] = [new Float64Array(k * d), new Float64Array(k), new Float64Array(k)];
  let penalty = 0;
  for (let c = 0; c < k; c++) {
    const row = icf[c];
    let squares = 0;
    for (let i = 0; i < d; i++) {
      const scale = (scales[c * d + i] = Math.exp(row[i]));
      sums[c] += row[i];
      squares += scale * scale;
      gradient.icf[c][i] = gamma * gamma * scale * scale;
    }
    for (let i = d; i < row.length; i++) {
      squares += row[i] * row[i];
      gradient.icf[c][i] = gamma * gamma * row[i];
    }
    penalty += 0.5 * gamma * gamma * squares - m * sums[c];
  }
  const [off, ys, dOff] = [new Float64Array(k * d), new Float64Array(k * d), new Float64Array(d)];
  let total = 0;
  for (let point = 0; point < n; point++) {
    const x = points[point];
    let most = -Infinity;
    for (let c = 0; c < k; c++) {
      const [row, mean, at] = [icf[c], means[c], c * d];
      for (let i = 0; i < d; i++) off[at + i] = x[i] - mean[i];
      let square = 0;
      for (let i = 0; i < d; i++) {
        let y = scales[at + i] * off[at + i];
        let place = d + i - 1;
        for (let j = 0; j < i; j++) {
          y += row[place] * off[at + j];
          place += d - j - 2;
        }
        ys[at + i] = y;
        square += y * y;
      }
      weights[c] = alphas[c] + sums[c] - 0.5 * square;
      if (weights[c] > most) most = weights[c];
    }
    let sum = 0;
    for (let c = 0; c < k; c++) sum += weights[c] = Math.exp(weights[c] - most);
    total += most + Math.log(sum);
    for (let c = 0; c < k; c++) {
      const weight = weights[c] / sum;
      const [row, dRow, dMean, at] = [icf[c], gradient.icf[c], gradient.means[c], c * d];
      gradient.alphas[c] += weight;
      dOff.fill(0);
      for (let i = 0; i < d; i++) {
        const dy = -weight * ys[at + i];
        dRow[i] += weight + dy * scales[at + i] * off[at + i];
        dOff[i] += dy * scales[at + i];
        let place = d + i - 1;
        for (let j = 0; j < i; j++) {
          dRow[place] += dy * off[at + j];
          dOff[j] += dy * row[place];
          place += d - j - 2;
        }
      }
      for (let i = 0; i < d; i++) dMean[i] -= dOff[i];
    }
  }
  const most = Math.max(...alphas);
  let sum = 0;
  for (const alpha of alphas) sum += Math.exp(alpha - most);
  for (let c = 0; c < k; c++) {
    gradient.alphas[c] -= (n * Math.exp(alphas[c] - most)) / sum;
    for (let i = 0; i < d; i++) gradient.icf[c][i] -= m;
  }
  const norm = most + Math.log(sum);
  const value = -0.5 * n * d * Math.log(2 * pi) + total - n * norm + penalty - k * constant;
  return [value, gradient];
}

const logistic = (x) => 1 / (1 + Math.exp(-x));

/**
 * Half the sum of squared errors of bundle adjustment, and its gradient with respect to cameras, points and weights.
 */
export function bundle(cameras, points, weights, observations, features) {
  const zeros = (rows) => rows.map((row) => new Array(row.length).fill(0));
  const [dCameras, dPoints, dWeights] = [zeros(cameras), zeros(points), new Float64Array(weights.length)];
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const [at, of] = [observations[2 * i], observations[2 * i + 1]];
    const [camera, point, weight] = [cameras[at], points[of], weights[i]];
    const [dCamera, dPoint] = [dCameras[at], dPoints[of]];
    const r0 = camera[0];
    const r1 = camera[1];
    const r2 = camera[2];
    const x = point[0] - camera[3];
    const y = point[1] - camera[4];
    const z = point[2] - camera[5];
    // rotated about the axis a by its angle: c p + s a × p + (1 - c) (a · p) a
    const square = r0 * r0 + r1 * r1 + r2 * r2;
    const angle = Math.sqrt(square);
    const isTurned = square !== 0;
    const [c, s] = isTurned ? [Math.cos(angle), Math.sin(angle)] : [1, 1];
    const [a0, a1, a2] = isTurned ? [r0 / angle, r1 / angle, r2 / angle] : [r0, r1, r2];
    const [k0, k1, k2] = [a1 * z - a2 * y, a2 * x - a0 * z, a0 * y - a1 * x];
    const dot = a0 * x + a1 * y + a2 * z;
    const along = (1 - c) * dot;
    const [p, q, depth] = [
      x * c + k0 * s + a0 * along,
      y * c + k1 * s + a1 * along,
      z * c + k2 * s + a2 * along,
    ];
    const [u, v] = [p / depth, q / depth];
    const radius = u * u + v * v;
    const bend = 1 + camera[9] * radius + camera[10] * radius * radius;
    const f = camera[6];
    const offU = f * u * bend + camera[7] - features[2 * i];
    const offV = f * v * bend + camera[8] - features[2 * i + 1];
    const offWeight = 1 - weight * weight;
    sum += 0.5 * (weight * weight * (offU * offU + offV * offV) + offWeight * offWeight);

    const dU = weight * weight * offU;
    const dV = weight * weight * offV;
    dWeights[i] = weight * (offU * offU + offV * offV) - 2 * weight * offWeight;
    const both = u * dU + v * dV;
    const dBend = f * both;
    dCamera[6] += bend * both;
    dCamera[7] += dU;
    dCamera[8] += dV;
    dCamera[9] += dBend * radius;
    dCamera[10] += dBend * radius * radius;
    const dRadius = dBend * (camera[9] + 2 * camera[10] * radius);
    const du = f * bend * dU + 2 * u * dRadius;
    const dv = f * bend * dV + 2 * v * dRadius;
    const [g0, g1, g2] = [du / depth, dv / depth, -(u * du + v * dv) / depth];
    const ga = a0 * g0 + a1 * g1 + a2 * g2;
    const lean = (1 - c) * ga;
    const [b0, b1, b2] = [
      c * g0 + s * (g1 * a2 - g2 * a1) + lean * a0,
      c * g1 + s * (g2 * a0 - g0 * a2) + lean * a1,
      c * g2 + s * (g0 * a1 - g1 * a0) + lean * a2,
    ];
    dPoint[0] += b0;
    dPoint[1] += b1;
    dPoint[2] += b2;
    dCamera[3] -= b0;
    dCamera[4] -= b1;
    dCamera[5] -= b2;
    const d0 = s * (y * g2 - z * g1) + along * g0 + lean * x;
    const d1 = s * (z * g0 - x * g2) + along * g1 + lean * y;
    const d2 = s * (x * g1 - y * g0) + along * g2 + lean * z;
    if (!isTurned) {
      dCamera[0] += d0;
      dCamera[1] += d1;
      dCamera[2] += d2;
      continue;
    }
    const dAngle = c * (k0 * g0 + k1 * g1 + k2 * g2) - s * (x * g0 + y * g1 + z * g2) + s * dot * ga;
    const radial = dAngle - (a0 * d0 + a1 * d1 + a2 * d2) / angle;
    dCamera[0] += d0 / angle + a0 * radial;
    dCamera[1] += d1 / angle + a1 * radial;
    dCamera[2] += d2 / angle + a2 * radial;
  }
  return [sum, [dCameras, dPoints, dWeights]];
}

/** Loss of a diagonal LSTM, and its gradient in both groups of parameters. */
export function lstm(main, extra, state, sequence) {
  const [layers, bits, length] = [state.length / 2, state[0].length, sequence.length];
  const [cells, steps] = [layers * bits, length - 1];
  const saved = () => new Float64Array(steps * cells);
  const [forgets, inputs, outputs, changes] = [saved(), saved(), saved(), saved()];
  const [hs, cs, tanhs, xs] = [saved(), saved(), saved(), saved()];
  const [tops, shares] = [new Float64Array(steps * bits), new Float64Array(steps * bits)];
  const [h, cell] = [new Float64Array(cells), new Float64Array(cells)];
  for (let layer = 0; layer < layers; layer++)
    for (let k = 0; k < bits; k++) {
      h[layer * bits + k] = state[2 * layer][k];
      cell[layer * bits + k] = state[2 * layer + 1][k];
    }
  const [x, y] = [new Float64Array(bits), new Float64Array(bits)];
  let total = 0;
  for (let t = 0; t < steps; t++) {
    for (let k = 0; k < bits; k++) x[k] = sequence[t][k] * extra[0][k];
    for (let layer = 0; layer < layers; layer++) {
      const from = 8 * layer;
      for (let k = 0; k < bits; k++) {
        const [at, q] = [layer * bits + k, t * cells + layer * bits + k];
        xs[q] = x[k];
        hs[q] = h[at];
        cs[q] = cell[at];
        forgets[q] = logistic(x[k] * main[from][k] + main[from + 4][k]);
        inputs[q] = logistic(h[at] * main[from + 1][k] + main[from + 5][k]);
        outputs[q] = logistic(x[k] * main[from + 2][k] + main[from + 6][k]);
        changes[q] = Math.tanh(h[at] * main[from + 3][k] + main[from + 7][k]);
        cell[at] = cell[at] * forgets[q] + inputs[q] * changes[q];
        tanhs[q] = Math.tanh(cell[at]);
        x[k] = h[at] = outputs[q] * tanhs[q];
      }
    }
    let sum = 2;
    for (let k = 0; k < bits; k++) {
      tops[t * bits + k] = x[k];
      y[k] = x[k] * extra[1][k] + extra[2][k];
      sum += shares[t * bits + k] = Math.exp(y[k]);
    }
    const norm = Math.log(sum);
    for (let k = 0; k < bits; k++) {
      shares[t * bits + k] /= sum;
      total += sequence[t + 1][k] * (y[k] - norm);
    }
  }
  const zeros = (rows) => rows.map((row) => new Array(row.length).fill(0));
  const [dMain, dExtra] = [zeros(main), zeros(extra)];
  const [dh, dCell, dx] = [new Float64Array(cells), new Float64Array(cells), new Float64Array(bits)];
  const ct = -1 / (bits * steps);
  for (let t = steps - 1; t >= 0; t--) {
    let all = 0;
    for (let k = 0; k < bits; k++) all += sequence[t + 1][k];
    for (let k = 0; k < bits; k++) {
      const dy = ct * (sequence[t + 1][k] - all * shares[t * bits + k]);
      dExtra[1][k] += dy * tops[t * bits + k];
      dExtra[2][k] += dy;
      dx[k] = dy * extra[1][k];
    }
    for (let layer = layers - 1; layer >= 0; layer--) {
      const from = 8 * layer;
      for (let k = 0; k < bits; k++) {
        const [at, q] = [layer * bits + k, t * cells + layer * bits + k];
        const [forget, input, output, change] = [forgets[q], inputs[q], outputs[q], changes[q]];
        const dNew = dx[k] + dh[at];
        const dc = dCell[at] + dNew * output * (1 - tanhs[q] * tanhs[q]);
        const dForget = dc * cs[q] * forget * (1 - forget);
        const dInput = dc * change * input * (1 - input);
        const dOutput = dNew * tanhs[q] * output * (1 - output);
        const dChange = dc * input * (1 - change * change);
        dMain[from][k] += dForget * xs[q];
        dMain[from + 1][k] += dInput * hs[q];
        dMain[from + 2][k] += dOutput * xs[q];
        dMain[from + 3][k] += dChange * hs[q];
        dMain[from + 4][k] += dForget;
        dMain[from + 5][k] += dInput;
        dMain[from + 6][k] += dOutput;
        dMain[from + 7][k] += dChange;
        dCell[at] = dc * forget;
        dh[at] = dInput * main[from + 1][k] + dChange * main[from + 3][k];
        dx[k] = dForget * main[from][k] + dOutput * main[from + 2][k];
      }
    }
    for (let k = 0; k < bits; k++) dExtra[0][k] += dx[k] * sequence[t][k];
  }
  return [-total / (bits * steps), [dMain, dExtra]];
}
