/** A ball with bounces, and how their times depend on the height; executed by a test. */
export const program = `import { grad, mul } from "downhill";
import { solveOde } from "downhill/optim";

const fall = (ball) => ({ x: ball.v, v: -9.81 });
const bounce = {
  when: (ball) => ball.x,
  direction: -1,
  reset: (ball) => ({ x: 0, v: mul(-0.7, ball.v) }),
};
const fly = (height) => solveOde(fall, { x: height, v: 0 }, [0, 2], { events: [bounce] });

const s = fly(1.5);
for (const { t } of s.events) console.log(\`bounce at \${t.item().toFixed(3)} s\`);
const third = (height) => fly(height).events[2].t;
console.log(\`the third is later by \${grad(third)(1.5).item().toFixed(3)} s per metre\`);`;

/** Expected output of the program. */
export const printed = `bounce at 0.553 s
bounce at 1.327 s
bounce at 1.869 s
the third is later by 0.623 s per metre`;
