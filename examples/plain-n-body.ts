// Relaxation: twelve charges on a sphere repel each other until they are at the corners of an icosahedron (Thomson's
// problem).
import { minimize } from "downhill/optim";

function energy(points: number[][]): number {
  "use ad";
  const n = points.length;
  const unit = points.map(([x, y, z]) => {
    const r = Math.hypot(x!, y!, z!);
    return [x! / r, y! / r, z! / r];
  });
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let square = 0;
      for (let k = 0; k < 3; k++) square += (unit[i]![k]! - unit[j]![k]!) ** 2;
      sum += 1 / Math.sqrt(square);
    }
  }
  return sum;
}

// a spiral from pole to pole
const start = Array.from({ length: 12 }, (_, i) => {
  const z = (2 * i + 1) / 12 - 1;
  const r = Math.sqrt(1 - z * z);
  return [r * Math.cos(2.4 * i), r * Math.sin(2.4 * i), z];
});
const { value, iterations } = minimize(energy, start);
console.log(
  `energy ${energy(start).toFixed(6)} at first, ${value.toFixed(6)} after ${iterations} iterations`,
);

if (Math.abs(value - 49.165253) > 1e-5) throw new Error("no icosahedron");
