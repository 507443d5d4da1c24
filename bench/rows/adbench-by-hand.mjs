// Gradients of ADBench's objectives by hand, as one would write them for speed: what those of test/plain/adbench.ts are measured by. Each
// gives [value, gradient].

/** ADBench's own π, which is cut off. */
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
