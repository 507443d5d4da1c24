// Places twelve electrons on a sphere with the least energy (Thomson's problem): the corners of an icosahedron.
import { div, sqrt, square, sub, sum, take, tensor } from "downhill";
import { equality, minimize } from "downhill/optim";

const n = 12;
const pairs = [];
for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) pairs.push([i, j]);
const [first, second] = [0, 1].map((k) => tensor(Int32Array.from(pairs, (pair) => pair[k])));

const energy = (x) => {
  const apart = sub(take(x, first, { axis: 0 }), take(x, second, { axis: 0 }));
  return sum(div(1, sqrt(sum(square(apart), { axis: 1 }))));
};
const radii = (x) => sum(square(x), { axis: 1 });

// a spiral from pole to pole
const start = Array.from({ length: n }, (_, i) => {
  const [z, turn] = [1 - (2 * i + 1) / n, i * Math.PI * (3 - Math.sqrt(5))];
  return [Math.sqrt(1 - z * z) * Math.cos(turn), Math.sqrt(1 - z * z) * Math.sin(turn), z];
});
const found = minimize(energy, start, { constraints: [equality(radii, 1, { name: "sphere" })] });
if (found.reason !== "solved") throw new Error(found.message);
console.log(`energy ${found.value.toFixed(9)} after ${found.iterations} iterations`);
const forces = found.multipliers.constraints[0].tolist();
console.log(`the sphere pushes each electron with ${(2 * forces[0]).toFixed(6)}`);
if (Math.abs(found.value - 49.165253058) > 1e-8) throw new Error("this is not the least energy");
// by Euler's theorem on homogeneous functions the forces add up to the energy
if (Math.abs(2 * forces.reduce((a, b) => a + b, 0) - found.value) > 1e-6) throw new Error("the forces do not add up"); // prettier-ignore
