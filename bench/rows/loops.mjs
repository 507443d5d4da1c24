export const group = "Long loops: a damped pendulum by Runge-Kutta's rule";

const [damping, timeStep, angle, speed] = [0.1, 0.01, 1, 0];

/** One classical Runge-Kutta step for θ' = ω, ω' = −0.1 ω − sin θ. */
const stepOf =
  ({ add, mul, sin, sub }) =>
  ([th, om]) => {
    const force = (a, b) => sub(mul(-damping, b), sin(a));
    const b1 = force(th, om);
    const a2 = add(om, mul(timeStep / 2, b1));
    const b2 = force(add(th, mul(timeStep / 2, om)), a2);
    const a3 = add(om, mul(timeStep / 2, b2));
    const b3 = force(add(th, mul(timeStep / 2, a2)), a3);
    const a4 = add(om, mul(timeStep, b3));
    const b4 = force(add(th, mul(timeStep, a3)), a4);
    return [
      add(th, mul(timeStep / 6, add(add(om, mul(2, a2)), add(mul(2, a3), a4)))),
      add(om, mul(timeStep / 6, add(add(b1, mul(2, b2)), add(mul(2, b3), b4)))),
    ];
  };

/** Angle of a pendulum after `steps` steps, as a function of its initial state. */
export const pendulumOf = (dh, steps, options = {}) => {
  const move = stepOf(dh);
  return (th, om) =>
    dh.scan((state) => [move(state), null], [th, om], null, { length: steps, ...options })[0][0];
};

/** The same in plain JavaScript. */
export function pendulumByHand(th, om, steps) {
  for (let i = 0; i < steps; i++) {
    const b1 = -damping * om - Math.sin(th);
    const a2 = om + (timeStep / 2) * b1;
    const b2 = -damping * a2 - Math.sin(th + (timeStep / 2) * om);
    const a3 = om + (timeStep / 2) * b2;
    const b3 = -damping * a3 - Math.sin(th + (timeStep / 2) * a2);
    const a4 = om + timeStep * b3;
    const b4 = -damping * a4 - Math.sin(th + timeStep * a3);
    th += (timeStep / 6) * (om + 2 * a2 + 2 * a3 + a4);
    om += (timeStep / 6) * (b1 + 2 * b2 + 2 * b3 + b4);
  }
  return th;
}

/** Both derivatives by hand: the loop saves its states, and a second loop runs backward over them. */
export function pendulumGradientByHand(th, om, steps) {
  const kept = new Float64Array(2 * steps);
  for (let i = 0; i < steps; i++) {
    kept[2 * i] = th;
    kept[2 * i + 1] = om;
    const b1 = -damping * om - Math.sin(th);
    const a2 = om + (timeStep / 2) * b1;
    const b2 = -damping * a2 - Math.sin(th + (timeStep / 2) * om);
    const a3 = om + (timeStep / 2) * b2;
    const b3 = -damping * a3 - Math.sin(th + (timeStep / 2) * a2);
    const a4 = om + timeStep * b3;
    const b4 = -damping * a4 - Math.sin(th + timeStep * a3);
    th += (timeStep / 6) * (om + 2 * a2 + 2 * a3 + a4);
    om += (timeStep / 6) * (b1 + 2 * b2 + 2 * b3 + b4);
  }
  let [dth, dom] = [1, 0];
  for (let i = steps - 1; i >= 0; i--) {
    th = kept[2 * i];
    om = kept[2 * i + 1];
    const b1 = -damping * om - Math.sin(th);
    const a2 = om + (timeStep / 2) * b1;
    const b2 = -damping * a2 - Math.sin(th + (timeStep / 2) * om);
    const a3 = om + (timeStep / 2) * b2;
    // Cotangents of each line of the step, last line first.
    const sixth = timeStep / 6;
    const d4 = sixth * dom;
    let [d1, d2, d3] = [sixth * dom, 2 * sixth * dom, 2 * sixth * dom];
    let [c2, c3, c4] = [2 * sixth * dth, 2 * sixth * dth, sixth * dth];
    let [x, v] = [dth, dom + sixth * dth];
    let bent = -Math.cos(th + timeStep * a3) * d4;
    c4 -= damping * d4;
    x += bent;
    c3 += timeStep * bent;
    v += c4;
    d3 += timeStep * c4;
    bent = -Math.cos(th + (timeStep / 2) * a2) * d3;
    c3 -= damping * d3;
    x += bent;
    c2 += (timeStep / 2) * bent;
    v += c3;
    d2 += (timeStep / 2) * c3;
    bent = -Math.cos(th + (timeStep / 2) * om) * d2;
    c2 -= damping * d2;
    x += bent;
    v += (timeStep / 2) * bent;
    v += c2;
    d1 += (timeStep / 2) * c2;
    x -= Math.cos(th) * d1;
    v -= damping * d1;
    [dth, dom] = [x, v];
  }
  return [dth, dom];
}

const lacks = {
  "jax-js": "no loop that compiles: each step would be written out",
  tfjs: "no loop that compiles",
};

/** A step that starts from another point at every call, and from the first one at each check. */
function moving(run) {
  let i = 0;
  const step = () => {
    const away = (i++ % 64) / 256;
    return run(angle + away, speed - away);
  };
  const check = () => {
    i = 0;
    return [step()].flat();
  };
  return { step, check };
}

const forward = (steps) => ({
  name: `pendulum-${steps}`,
  title: `${steps.toLocaleString("en")} steps of a damped pendulum, the angle at the end, float64`,
  unit: "us",
  kind: "speed",
  tolerance: 1e-9,
  lacks,
  programs: {
    downhill: (dh) => {
      const f = dh.jit(pendulumOf(dh, steps));
      return moving((th, om) => f(th, om).item());
    },
    javascript: () => moving((th, om) => pendulumByHand(th, om, steps)),
  },
});

const gradient = (steps) => ({
  name: `pendulum-gradient-${steps}`,
  title: `derivatives of the angle after ${steps.toLocaleString("en")} steps by how the pendulum began, float64`,
  unit: "us",
  kind: "speed",
  tolerance: 1e-9,
  lacks,
  programs: {
    downhill: (dh) => {
      const f = dh.jit(dh.grad(pendulumOf(dh, steps), { argnums: [0, 1] }));
      return moving((th, om) => f(th, om).map((d) => d.item()));
    },
    javascript: () => moving((th, om) => pendulumGradientByHand(th, om, steps)),
  },
});

/** The first call of a compiled function: tracing, differentiating, compiling and running it. */
const first = (what, steps) => ({
  name: `pendulum${what === "gradient" ? "-gradient" : ""}-${steps}-first`,
  title: `first call of ${what === "gradient" ? "those derivatives" : "the pendulum"}, ${steps.toLocaleString("en")} steps`,
  unit: "ms",
  kind: "fresh",
  tolerance: 1e-9,
  modes: ["plain"],
  threads: [1],
  lacks,
  programs: {
    downhill: (dh) => {
      const begin = performance.now();
      const f =
        what === "gradient"
          ? dh.jit(dh.grad(pendulumOf(dh, steps), { argnums: [0, 1] }))
          : dh.jit((th, om) => [pendulumOf(dh, steps)(th, om)]);
      const check = f(angle, speed).map((d) => d.item());
      return { value: performance.now() - begin, check };
    },
  },
});

/** Ten times the steps relative to ten times the time: 1 for linear cost. */
const linear = {
  name: "pendulum-gradient-growth",
  title: "time of the derivatives through 10,000 steps over that through 1,000, divided by ten",
  unit: "x",
  kind: "ratio",
  modes: ["plain"],
  threads: [1],
  lacks,
  programs: {
    downhill: (dh) => {
      const of = (steps) => dh.jit(dh.grad(pendulumOf(dh, steps), { argnums: [0, 1] }));
      const [long, short] = [of(10_000), of(1000)];
      return {
        step: () => long(angle, speed),
        base: () => {
          for (let i = 0; i < 10; i++) short(angle, speed);
        },
      };
    },
  },
};

/** Bytes that derivatives retain: buffers that remain after a call, on the heap or in kernel memory. */
const memory = (steps, checkpoint) => ({
  name: `pendulum-memory-${steps}${checkpoint ? "-checkpoint" : ""}`,
  title: `memory that the derivatives through ${steps.toLocaleString("en")} steps hold${checkpoint ? ", scan with checkpoint" : ""}`,
  unit: "B",
  kind: "once",
  nodeFlags: ["--expose-gc"],
  modes: ["plain"],
  threads: [1],
  lacks,
  tolerance: 1e-9,
  programs: {
    downhill: (dh) => {
      const f = dh.jit(dh.grad(pendulumOf(dh, steps, { checkpoint }), { argnums: [0, 1] }));
      globalThis.gc();
      const before = process.memoryUsage().arrayBuffers;
      const check = f(angle, speed).map((d) => d.item());
      globalThis.gc();
      const onHeap = process.memoryUsage().arrayBuffers - before;
      return { value: Math.max(onHeap, f.stats().memoryBytes), check };
    },
  },
});

export const rows = [
  forward(1000),
  forward(10_000),
  gradient(1000),
  gradient(10_000),
  first("value", 10_000),
  first("gradient", 10_000),
  linear,
  memory(1000, false),
  memory(10_000, false),
  memory(10_000, true),
];
