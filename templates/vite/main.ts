import { minimize } from "downhill/optim";

const drag = 0.01; // per metre
const steps = 200;

/** A throw: speed in metres per second, angle in radians, duration in seconds. */
interface Throw {
  speed: number;
  angle: number;
  time: number;
}

/** The position after the first `count` of all steps, in metres. */
function position({ speed, angle, time }: Throw, count: number): [x: number, y: number] {
  const dt = time / steps;
  let [x, y] = [0, 0];
  let [vx, vy] = [speed * Math.cos(angle), speed * Math.sin(angle)];
  for (let i = 0; i < count; i++) {
    const v = Math.sqrt(vx * vx + vy * vy);
    vx -= dt * drag * v * vx;
    vy -= dt * (9.81 + drag * v * vy);
    x += dt * vx;
    y += dt * vy;
  }
  return [x, y];
}

/** Finds the throw that hits a target on the ground with little speed. */
function aim(distance: number): Throw {
  const speed = Math.sqrt(12 * distance);
  const start = { speed, angle: 0.8, time: (1.4 * speed) / 9.81 };
  const { params } = minimize((shot: Throw): number => {
    "use ad";
    const [x, y] = position(shot, steps);
    return (x - distance) ** 2 + y ** 2 + 1e-4 * shot.speed ** 2;
  }, start);
  return params;
}

const part = (id: string): Element => document.querySelector(`#${id}`)!;
const slider = document.querySelector<HTMLInputElement>("#distance")!;

function show(): void {
  const distance = slider.valueAsNumber;
  const shot = aim(distance);
  const points = Array.from({ length: steps + 1 }, (_, count) => position(shot, count));
  part("path").setAttribute(
    "d",
    `M${points.map(([x, y]) => `${x.toFixed(2)} ${(-y).toFixed(2)}`).join("L")}`,
  );
  part("target").setAttribute("cx", String(distance));
  part("result").textContent =
    `${distance} m: ${shot.speed.toFixed(1)} m/s at ${((180 * shot.angle) / Math.PI).toFixed(0)}° for ${shot.time.toFixed(1)} s`;
}

slider.addEventListener("input", show);
show();
