// Motion of bodies, vehicles and arms.

export type Vec2 = readonly [number, number];
export type Vec3 = readonly [number, number, number];
export type Quaternion = readonly [number, number, number, number];

function hamilton([a, b, c, d]: Quaternion, [e, f, g, h]: Quaternion): Quaternion {
  return [
    a * e - b * f - c * g - d * h,
    a * f + b * e + c * h - d * g,
    a * g - b * h + c * e + d * f,
    a * h + b * g - c * f + d * e,
  ];
}

function unit(q: Quaternion): Quaternion {
  const norm = Math.sqrt(q[0] ** 2 + q[1] ** 2 + q[2] ** 2 + q[3] ** 2);
  return [q[0] / norm, q[1] / norm, q[2] / norm, q[3] / norm];
}

/** Squared angle between the orientation integrated from a gyroscope's readings and the target. */
export function attitude(
  rates: number[][],
  from: Quaternion,
  to: Quaternion,
  bias: Vec3,
  dt: number,
): number {
  "use ad";
  let q = unit(from);
  for (const rate of rates) {
    const wx = rate[0]! - bias[0];
    const wy = rate[1]! - bias[1];
    const wz = rate[2]! - bias[2];
    const angle = Math.hypot(wx, wy, wz) * dt;
    // a small rotation needs no division by its angle
    const k = angle < 1e-8 ? dt / 2 : (Math.sin(angle / 2) / angle) * dt;
    q = unit(hamilton(q, [Math.cos(angle / 2), k * wx, k * wy, k * wz]));
  }
  const [w, x, y, z] = hamilton([to[0], -to[1], -to[2], -to[3]], q);
  const turn = 2 * Math.atan2(Math.sqrt(x * x + y * y + z * z), Math.abs(w));
  return turn ** 2;
}

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly move: readonly [dx: number, dy: number, dtheta: number];
  readonly weight: number;
}

/** Error of a graph of poses (x, y, θ) after measured moves between them, with angles wrapped to ±π and Huber's loss. */
export function poseGraph(poses: number[][], edges: readonly Edge[], delta: number): number {
  "use ad";
  const wrap = (angle: number): number => {
    let a = angle;
    while (a > Math.PI) a -= 2 * Math.PI;
    while (a < -Math.PI) a += 2 * Math.PI;
    return a;
  };
  let total = 0;
  for (const edge of edges) {
    const a = poses[edge.from]!;
    const b = poses[edge.to]!;
    const c = Math.cos(a[2]!);
    const s = Math.sin(a[2]!);
    const dx = b[0]! - a[0]!;
    const dy = b[1]! - a[1]!;
    const [mx, my, mt] = edge.move;
    const error = Math.sqrt(
      (c * dx + s * dy - mx) ** 2 + (c * dy - s * dx - my) ** 2 + wrap(b[2]! - a[2]! - mt) ** 2 + 1e-12,
    );
    total += edge.weight * (error <= delta ? 0.5 * error ** 2 : delta * (error - 0.5 * delta));
  }
  return total;
}

export interface Control {
  steer: number;
  throttle: number;
}

/** Cost of a drive: effort, distance to a goal, nearness of obstacles. Steering and speed are limited. */
export function drive(controls: Control[], goal: Vec2, obstacles: { at: Vec2; radius: number }[]): number {
  "use ad";
  const car = { x: 0, y: 0, heading: 0, speed: 1 };
  const dt = 0.2;
  let cost = 0;
  for (let k = 0; k < controls.length; k += 1) {
    const { steer, throttle } = controls[k]!;
    const limited = Math.max(-0.6, Math.min(0.6, steer));
    car.heading += ((car.speed * Math.tan(limited)) / 1.5) * dt;
    car.speed += throttle * dt;
    if (car.speed < 0) {
      car.speed = 0;
    } else if (car.speed > 3) {
      car.speed = 3;
    }
    car.x += car.speed * Math.cos(car.heading) * dt;
    car.y += car.speed * Math.sin(car.heading) * dt;
    cost += 0.01 * (steer * steer + throttle * throttle);
    for (const { at, radius } of obstacles) {
      const gap = Math.hypot(car.x - at[0], car.y - at[1]) - radius;
      if (gap >= 0.5) continue;
      cost += 5 * (0.5 - gap) ** 2;
    }
  }
  return cost + (car.x - goal[0]) ** 2 + (car.y - goal[1]) ** 2 + 0.1 * car.speed ** 2;
}

/** Angular accelerations of an arm of two links under torques: mass matrix, Coriolis terms and gravity. */
export function armDynamics(
  state: { q: [number, number]; v: [number, number] },
  torque: [number, number],
  link: { mass: number; length: number; inertia: number }[],
): [number, number] {
  "use ad";
  const [a, b] = link as [(typeof link)[0], (typeof link)[0]];
  const g = 9.81;
  const [c2, s2] = [Math.cos(state.q[1]), Math.sin(state.q[1])];
  const [ra, rb] = [a.length / 2, b.length / 2];
  const m12 = b.inertia + b.mass * (rb ** 2 + a.length * rb * c2);
  const mass: [[number, number], [number, number]] = [
    [
      a.inertia + b.inertia + a.mass * ra ** 2 + b.mass * (a.length ** 2 + rb ** 2 + 2 * a.length * rb * c2),
      m12,
    ],
    [m12, b.inertia + b.mass * rb ** 2],
  ];
  const h = b.mass * a.length * rb * s2;
  const bias: [number, number] = [
    -h * state.v[1] * (2 * state.v[0] + state.v[1]) +
      (a.mass * ra + b.mass * a.length) * g * Math.cos(state.q[0]) +
      b.mass * rb * g * Math.cos(state.q[0] + state.q[1]),
    h * state.v[0] ** 2 + b.mass * rb * g * Math.cos(state.q[0] + state.q[1]),
  ];
  const right = torque.map((t, i) => t - bias[i]!);
  const det = mass[0][0] * mass[1][1] - mass[0][1] * mass[1][0];
  return [
    (mass[1][1] * right[0]! - mass[0][1] * right[1]!) / det,
    (mass[0][0] * right[1]! - mass[1][0] * right[0]!) / det,
  ];
}
