// Scenes, colours, triangles and cameras.

export type Vec2 = readonly [number, number];
export type Vec3 = readonly [number, number, number];

/** Kinds of solids. */
const BALL = 0;
const BOX = 1;
const TORUS = 2;

export interface Solid {
  readonly kind: number;
  readonly at: Vec3;
  readonly size: number;
}

function distanceTo(solid: Solid, [px, py, pz]: Vec3): number {
  const x = px - solid.at[0];
  const y = py - solid.at[1];
  const z = pz - solid.at[2];
  switch (solid.kind) {
    case BALL:
      return Math.sqrt(x * x + y * y + z * z) - solid.size;
    case BOX: {
      const [dx, dy, dz] = [Math.abs(x) - solid.size, Math.abs(y) - solid.size, Math.abs(z) - solid.size];
      const outside = Math.sqrt(Math.max(dx, 0) ** 2 + Math.max(dy, 0) ** 2 + Math.max(dz, 0) ** 2 + 1e-9);
      return outside + Math.min(Math.max(dx, dy, dz), 0) - 0.05;
    }
    case TORUS: {
      const around = Math.sqrt(x * x + z * z) - solid.size;
      return Math.sqrt(around * around + y * y) - 0.25 * solid.size;
    }
    default:
      throw new Error("no such solid");
  }
}

/** Depth at which a ray meets a scene of smoothly blended solids, by sphere tracing; 20 if it meets none. */
export function trace(solids: readonly Solid[], origin: Vec3, direction: Vec3, smooth: number): number {
  "use ad";
  const length = Math.hypot(...direction);
  const toward: Vec3 = [direction[0] / length, direction[1] / length, direction[2] / length];
  const scene = (p: Vec3): number => {
    let nearest = 10;
    for (const solid of solids) {
      const d = distanceTo(solid, p);
      const h = Math.max(smooth - Math.abs(nearest - d), 0) / smooth;
      nearest = Math.min(nearest, d) - (h * h * smooth) / 4;
    }
    return nearest;
  };
  let t = 0;
  for (let step = 0; step < 200; step++) {
    const p: Vec3 = [origin[0] + t * toward[0], origin[1] + t * toward[1], origin[2] + t * toward[2]];
    const d = scene(p);
    if (d < 1e-13) return t;
    t += d;
    if (t > 20) break;
  }
  return 20;
}

/** Squared distance of an image from another after exposure, a tone curve, saturation and sRGB's transfer function. */
export function grade(
  look: { exposure: number; contrast: number; saturation: number; tint: [number, number, number] },
  image: number[][],
  target: number[][],
  curve: number,
): number {
  "use ad";
  const encode = (x: number): number => (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);
  let error = 0;
  for (let i = 0; i < image.length; i++) {
    const pixel = image[i]!.map((c, k) => c * 2 ** look.exposure * look.tint[k]!);
    for (let k = 0; k < 3; k++) {
      let c = pixel[k]!;
      switch (curve) {
        // @ts-expect-error: what comes next is for both
        case 2:
          c *= 1.2;
        // falls through
        case 1:
          c = (c * (2.51 * c + 0.03)) / (c * (2.43 * c + 0.59) + 0.14);
          break;
        default:
          c = c / (1 + c);
      }
      pixel[k] = 0.18 * (c / 0.18) ** look.contrast;
    }
    const [r, g, b] = pixel as [number, number, number];
    const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    pixel.forEach((c, k) => {
      error += (encode(Math.max(0, luma + look.saturation * (c - luma))) - target[i]![k]!) ** 2;
    });
  }
  return error;
}

/** Share of pixels of a soft triangle that differ from a picture: each pixel by its distances from the edges. */
export function softTriangle(corners: [Vec2, Vec2, Vec2], sharpness: number, picture: number[][]): number {
  "use ad";
  const edge = (a: Vec2, b: Vec2, x: number, y: number): number => {
    const [ux, uy] = [b[0] - a[0], b[1] - a[1]];
    return (ux * (y - a[1]) - uy * (x - a[0])) / Math.hypot(ux, uy);
  };
  const sigmoid = (x: number): number => {
    if (x >= 0) return 1 / (1 + Math.exp(-x));
    const e = Math.exp(x);
    return e / (1 + e);
  };
  const [height, width] = [picture.length, picture[0]!.length];
  let off = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const x = (column + 0.5) / width;
      const y = (row + 0.5) / height;
      let inside = 1;
      for (let k = 0; k < 3; k++) {
        inside *= sigmoid(sharpness * edge(corners[k]!, corners[(k + 1) % 3]!, x, y));
      }
      off += (inside - picture[row]![column]!) ** 2;
    }
  return off / (width * height);
}

/** Errors of points seen by a camera: a rotation vector (Rodrigues), a shift, a focal length and radial distortion. */
export function reproject(
  camera: { rotation: Vec3; shift: Vec3; focal: number; k1: number; k2: number },
  points: Vec3[],
  seen: Vec2[],
): Vec2[] {
  "use ad";
  const [rx, ry, rz] = camera.rotation;
  const theta2 = rx * rx + ry * ry + rz * rz;
  let [a, b, c] = [1, 1, 0.5];
  if (theta2 > 1e-12) {
    const theta = Math.sqrt(theta2);
    a = Math.cos(theta);
    b = Math.sin(theta) / theta;
    c = (1 - a) / theta2;
  }
  return points.map(([x, y, z], i): Vec2 => {
    const dot = rx * x + ry * y + rz * z;
    const px = a * x + b * (ry * z - rz * y) + c * dot * rx + camera.shift[0];
    const py = a * y + b * (rz * x - rx * z) + c * dot * ry + camera.shift[1];
    const pz = a * z + b * (rx * y - ry * x) + c * dot * rz + camera.shift[2];
    const [u, v] = [px / pz, py / pz];
    const r2 = u * u + v * v;
    const f = camera.focal * (1 + r2 * (camera.k1 + camera.k2 * r2));
    return [f * u - seen[i]![0], f * v - seen[i]![1]];
  });
}
