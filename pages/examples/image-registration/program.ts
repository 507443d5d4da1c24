/** Finds a shift and a rotation between two pictures; executed by a test. */
export const program = `import {
  add, astype, clip, cos, exp, floor, jit, matmul, mean, mul, reshape, sin, square, stack, sub,
  sum, take, tensor,
} from "downhill";
import { minimize } from "downhill/optim";

const n = 48;
const line = Array.from({ length: n }, (_, i) => (2 * i + 1) / n - 1);
const places = tensor([line.map(() => line), line.map((y) => line.map(() => y))]); // x, y of each pixel

// what a picture has at places, between its pixels
function sample(picture, [x, y]) {
  const [column, row] = [x, y].map((z) => clip(sub(mul(add(z, 1), n / 2), 0.5), 0, n - 1));
  const [left, below] = [column, row].map((z) => clip(floor(z), 0, n - 2));
  const at = (dx, dy) =>
    take(reshape(picture, [-1]), astype(add(mul(add(below, dy), n), add(left, dx)), "int32"));
  const mix = (a, b, share) => add(a, mul(share, sub(b, a)));
  const across = sub(column, left);
  return mix(mix(at(0, 0), at(1, 0), across), mix(at(0, 1), at(1, 1), across), sub(row, below));
}
function move({ turn, shift }) {
  const [c, s, [x, y]] = [cos(turn), sin(turn), [places.at(0), places.at(1)]];
  return [add(sub(mul(c, x), mul(s, y)), shift.at(0)), add(add(mul(s, x), mul(c, y)), shift.at(1))];
}
const blob = (x, y, width) =>
  exp(mul(-1 / width ** 2, sum(square(sub(places, tensor([[[x]], [[y]]]))), { axis: 0 })));
const first = add(blob(-0.3, 0.1, 0.4), blob(0.4, 0.4, 0.25));
const second = sample(first, move({ turn: tensor(0.5), shift: tensor([0.2, -0.1]) }));

const difference = (params) => mean(square(sub(sample(first, move(params)), second)));
const { params, evaluations } = minimize(difference, { turn: 0, shift: [0, 0] });
console.log(
  params.turn.item().toFixed(3),
  params.shift
    .tolist()
    .map((x) => x.toFixed(3))
    .join(" "),
);
console.log(evaluations, "gradients");`;

/** Expected output of the program. */
export const printed = `0.500 0.200 -0.100
11 gradients`;
