// The four objectives of ADBench (Šrajer, Kukelova and Fitzgibbon, 2018) as plain functions.

/** ADBench's own π, which is truncated. */
// oxlint-disable-next-line oxc/approx-constant
const pi = 3.14159265359;

/** Weights, means, and logarithms of diagonals followed by the entries below them, one row per component. */
export interface Components {
  readonly alphas: number[];
  readonly means: number[][];
  readonly icf: number[][];
}

/** log Σ exp, by the largest. */
function logSumExp(values: readonly number[] | Float64Array): number {
  let most = -Infinity;
  for (const value of values) most = Math.max(most, value);
  let sum = 0;
  for (const value of values) sum += Math.exp(value - most);
  return most + Math.log(sum);
}

/** Log-density of points under a mixture of Gaussians with Wishart's prior, whose constant is given. */
export function gmm(
  p: Components,
  points: number[][],
  prior: { readonly gamma: number; readonly m: number; readonly constant: number },
): number {
  "use ad";
  const [k, n, d] = [p.alphas.length, points.length, points[0]!.length];
  const sums = new Float64Array(k);
  let penalty = 0;
  for (let c = 0; c < k; c++) {
    const row = p.icf[c]!;
    let squares = 0;
    for (let i = 0; i < d; i++) {
      sums[c]! += row[i]!;
      squares += Math.exp(row[i]!) ** 2;
    }
    for (let i = d; i < row.length; i++) squares += row[i]! ** 2;
    penalty += 0.5 * prior.gamma ** 2 * squares - prior.m * sums[c]!;
  }
  const terms = new Float64Array(k);
  const off = new Float64Array(d);
  let total = 0;
  for (let point = 0; point < n; point++) {
    const x = points[point]!;
    for (let c = 0; c < k; c++) {
      const [row, mean] = [p.icf[c]!, p.means[c]!];
      for (let i = 0; i < d; i++) off[i] = x[i]! - mean[i]!;
      let square = 0;
      for (let i = 0; i < d; i++) {
        let y = Math.exp(row[i]!) * off[i]!;
        // the strict lower triangle is stored column by column
        let place = d + i - 1;
        for (let j = 0; j < i; j++) {
          y += row[place]! * off[j]!;
          place += d - j - 2;
        }
        square += y * y;
      }
      terms[c] = p.alphas[c]! + sums[c]! - 0.5 * square;
    }
    total += logSumExp(terms);
  }
  return -0.5 * n * d * Math.log(2 * pi) + total - n * logSumExp(p.alphas) + penalty - k * prior.constant;
}

type Triple = [number, number, number];

/** Rotates a point about an axis by the axis's length in radians, by Rodrigues' formula. */
function turned(r: Triple, [x, y, z]: Triple): Triple {
  const square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
  if (square === 0) return [x + r[1] * z - r[2] * y, y + r[2] * x - r[0] * z, z + r[0] * y - r[1] * x];
  const angle = Math.sqrt(square);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const [a, b, e] = [r[0] / angle, r[1] / angle, r[2] / angle];
  const along = (a * x + b * y + e * z) * (1 - c);
  return [
    x * c + (b * z - e * y) * s + a * along,
    y * c + (e * x - a * z) * s + b * along,
    z * c + (a * y - b * x) * s + e * along,
  ];
}

/**
 * Distance between the projection of a point and its measured position. The camera is (rotation, centre, focal length,
 * principal point, distortion).
 */
export function reprojection(
  camera: number[],
  point: Triple,
  weight: number,
  feature: readonly [number, number],
): [number, number] {
  "use ad";
  const from: Triple = [point[0] - camera[3]!, point[1] - camera[4]!, point[2] - camera[5]!];
  const [x, y, z] = turned([camera[0]!, camera[1]!, camera[2]!], from);
  const [u, v] = [x / z, y / z];
  const square = u * u + v * v;
  const bend = 1 + camera[9]! * square + camera[10]! * square * square;
  return [
    weight * (camera[6]! * u * bend + camera[7]! - feature[0]),
    weight * (camera[6]! * v * bend + camera[8]! - feature[1]),
  ];
}

/** Residual of a weight. */
export function weightError(weight: number): number {
  "use ad";
  return 1 - weight * weight;
}

/**
 * Half the sum of squared errors of all observations and weights. An observation consists of a camera index, a point
 * index, and the observed position (two numbers).
 */
export function bundle(
  cameras: number[][],
  points: Triple[],
  weights: Float64Array,
  observations: Int32Array,
  features: Float64Array,
): number {
  "use ad";
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const camera = cameras[observations[2 * i]!]!;
    const point = points[observations[2 * i + 1]!]!;
    const [u, v] = reprojection(camera, point, weights[i]!, [features[2 * i]!, features[2 * i + 1]!]);
    sum += 0.5 * (u * u + v * v + weightError(weights[i]!) ** 2);
  }
  return sum;
}

/** Bones of a hand, parents first; matrices of 4 × 4 row by row. */
export interface Hand {
  readonly parents: readonly number[];
  readonly relatives: number[][];
  readonly inverses: number[][];
  readonly vertices: number[][];
  /** Weights of the bones for each vertex. */
  readonly weights: number[][];
}

function productInto(out: Float64Array, at: number, a: Float64Array, from: number, b: Float64Array): void {
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += a[from + 4 * i + k]! * b[4 * k + j]!;
      out[at + 4 * i + j] = sum;
    }
  }
}

/**
 * Distances of points from a hand's vertices, or from positions `us` on triangles of vertices. `corners` holds three
 * vertex numbers per point.
 */
export function handErrors(
  theta: number[],
  us: number[][],
  hand: Hand,
  corners: readonly (readonly number[])[],
  points: number[][],
): number[] {
  "use ad";
  const bones = hand.parents.length;
  const angles = new Float64Array(3 * bones); // tx, ty, tz
  for (let finger = 0; finger < 5; finger++) {
    const [from, bone] = [6 + 4 * finger, 2 + 4 * finger];
    angles[3 * bone] = theta[from]!;
    angles[3 * bone + 2] = theta[from + 1]!;
    angles[3 * (bone + 1)] = theta[from + 2]!;
    angles[3 * (bone + 2)] = theta[from + 3]!;
  }
  const absolute = new Float64Array(16 * bones);
  const skin = new Float64Array(16 * bones);
  for (let bone = 0; bone < bones; bone++) {
    const [cx, sx] = [Math.cos(angles[3 * bone]!), Math.sin(angles[3 * bone]!)];
    const [cy, sy] = [Math.cos(angles[3 * bone + 1]!), Math.sin(angles[3 * bone + 1]!)];
    const [cz, sz] = [Math.cos(angles[3 * bone + 2]!), Math.sin(angles[3 * bone + 2]!)];
    // about x first, then y, then z
    const rotation = Float64Array.of(
      cz * cy,
      cz * sy * sx - sz * cx,
      cz * sy * cx + sz * sx,
      0,
      sz * cy,
      sz * sy * sx + cz * cx,
      sz * sy * cx - cz * sx,
      0,
      -sy,
      cy * sx,
      cy * cx,
      0,
      0,
      0,
      0,
      1,
    );
    const local = new Float64Array(16);
    productInto(local, 0, Float64Array.from(hand.relatives[bone]!), 0, rotation);
    const parent = hand.parents[bone]!;
    if (parent < 0) {
      for (let i = 0; i < 16; i++) absolute[16 * bone + i] = local[i]!;
    } else {
      productInto(absolute, 16 * bone, absolute, 16 * parent, local);
    }
    productInto(skin, 16 * bone, absolute, 16 * bone, Float64Array.from(hand.inverses[bone]!));
  }
  const turn: Triple = [theta[0]!, theta[1]!, theta[2]!];
  const norm = Math.sqrt(turn[0] ** 2 + turn[1] ** 2 + turn[2] ** 2);
  const errors = new Array<number>(3 * points.length).fill(0);
  for (let i = 0; i < points.length; i++) {
    for (let axis = 0; axis < 3; axis++) errors[3 * i + axis] = points[i]![axis]!;
    for (let corner = 0; corner < 3; corner++) {
      const share = corner < 2 ? us[i]![corner]! : 1 - us[i]![0]! - us[i]![1]!;
      const vertex = corners[i]![corner]!;
      const place = hand.vertices[vertex]!;
      let [x, y, z] = [0, 0, 0];
      for (let bone = 0; bone < bones; bone++) {
        const weight = hand.weights[vertex]![bone]!;
        if (weight === 0) continue;
        const at = 16 * bone;
        x +=
          weight *
          (skin[at]! * place[0]! + skin[at + 1]! * place[1]! + skin[at + 2]! * place[2]! + skin[at + 3]!);
        y +=
          weight *
          (skin[at + 4]! * place[0]! + skin[at + 5]! * place[1]! + skin[at + 6]! * place[2]! + skin[at + 7]!);
        z +=
          weight *
          (skin[at + 8]! * place[0]! +
            skin[at + 9]! * place[1]! +
            skin[at + 10]! * place[2]! +
            skin[at + 11]!);
      }
      const [px, py, pz] = norm < 1e-4 ? [x, y, z] : turned(turn, [x, y, z]);
      errors[3 * i]! -= share * (px + theta[3]!);
      errors[3 * i + 1]! -= share * (py + theta[4]!);
      errors[3 * i + 2]! -= share * (pz + theta[5]!);
    }
  }
  return errors;
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * Loss of a diagonal LSTM that predicts characters of `b` bits. It has eight rows of parameters per layer, and three
 * more.
 */
export function lstm(main: number[][], extra: number[][], state: number[][], sequence: number[][]): number {
  "use ad";
  const [layers, bits, length] = [state.length / 2, state[0]!.length, sequence.length];
  const memory = new Float64Array(2 * layers * bits);
  for (let i = 0; i < 2 * layers; i++) for (let k = 0; k < bits; k++) memory[i * bits + k] = state[i]![k]!;
  const x = new Float64Array(bits);
  const y = new Float64Array(bits);
  let total = 0;
  for (let t = 0; t + 1 < length; t++) {
    for (let k = 0; k < bits; k++) x[k] = sequence[t]![k]! * extra[0]![k]!;
    for (let layer = 0; layer < layers; layer++) {
      const [from, hidden, cell] = [8 * layer, 2 * layer * bits, (2 * layer + 1) * bits];
      for (let k = 0; k < bits; k++) {
        const h = memory[hidden + k]!;
        const forget = logistic(x[k]! * main[from]![k]! + main[from + 4]![k]!);
        const input = logistic(h * main[from + 1]![k]! + main[from + 5]![k]!);
        const output = logistic(x[k]! * main[from + 2]![k]! + main[from + 6]![k]!);
        const change = Math.tanh(h * main[from + 3]![k]! + main[from + 7]![k]!);
        memory[cell + k] = memory[cell + k]! * forget + input * change;
        memory[hidden + k] = output * Math.tanh(memory[cell + k]!);
        x[k] = memory[hidden + k]!;
      }
    }
    let sum = 2;
    for (let k = 0; k < bits; k++) {
      y[k] = x[k]! * extra[1]![k]! + extra[2]![k]!;
      sum += Math.exp(y[k]!);
    }
    const norm = Math.log(sum);
    for (let k = 0; k < bits; k++) total += sequence[t + 1]![k]! * (y[k]! - norm);
  }
  return -total / (bits * (length - 1));
}
