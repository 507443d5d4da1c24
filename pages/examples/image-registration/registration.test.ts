import { add, grad, sum, tensor, type Tensor, zeros } from "downhill";
import { expect, test } from "vitest";
import { addressOf, draw, type FigureName, middles, pixelsOf, side } from "./picture.ts";
import { blurs, misplacement, search, wayOf } from "./search.ts";
import { copyOf, type Kind, latticeOf, sample, startOf, transform, type Window } from "./transformation.ts";

const upright: Window = { x: 0.15, y: -0.1, turn: 0.4, size: 1, bend: 0 };
const start = { x: -0.2, y: 0.1, turn: 0 };

/** Result of the search for a window: the misplacement, and the difference of the pictures. */
function ended(
  figure: FigureName,
  kind: Kind,
  window: Window,
  mostBlur: number,
): { off: number; difference: number } {
  const first = draw(figure);
  const second = copyOf(first, window, 0.05, 1);
  const { params, difference } = search({ first, second, kind, start, mostBlur, stiffness: 1e-3 }).at(-1)!;
  return { off: misplacement(params, window), difference };
}

test("a picture is interpolated between its pixels, extended beyond its edge, and has the slope between pixels as derivative", () => {
  const picture = draw("head");
  const grey = (row: number, column: number): number => picture.at(row, column).item();
  const at = (x: number, y: number): number => sample(picture, tensor([[x], [y]])).item();
  expect(at(middles[40]!, middles[70]!)).toBeCloseTo(grey(70, 40), 12);
  expect(at((middles[40]! + middles[41]!) / 2, middles[10]!)).toBeCloseTo(
    (grey(10, 40) + grey(10, 41)) / 2,
    12,
  );
  expect(at(7, middles[3]!)).toBe(grey(3, side - 1));
  const place = [[middles[20]! + 0.3 / side], [middles[50]!]];
  const slopes = grad((places: Tensor) => sum(sample(picture, places)))(tensor(place));
  expect(slopes.at(0, 0).item()).toBeCloseTo((grey(50, 21) - grey(50, 20)) * (side / 2), 9);
});

test("a grid of equal displacements moves the whole window", () => {
  const lattice = latticeOf([-1, -0.3, 0.8, 1]);
  const smooth = startOf("smooth", { x: 0.1, y: 0, turn: 0.3 });
  const moved = transform({ ...smooth, grid: add(smooth.grid!, 0.25) }, lattice);
  const [xs, ys] = startOfPlaces(lattice);
  (moved.tolist() as number[][][]).forEach((rows, axis) =>
    rows.flat().forEach((place, i) => expect(place).toBeCloseTo([xs, ys][axis]![i]! + 0.25, 12)),
  );
});

/** Positions of a window centred at (0.1, 0) and rotated by 0.3, from the rotation formula. */
function startOfPlaces({ places }: ReturnType<typeof latticeOf>): [number[], number[]] {
  const [xs, ys] = (places.tolist() as number[][][]).map((rows) => rows.flat()) as [number[], number[]];
  const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
  return [xs.map((x, i) => 0.1 + c * x - s * ys[i]!), xs.map((x, i) => s * x + c * ys[i]!)];
}

test.each(["head", "dots", "fence"] as const)(
  "a search on %s that begins with a blur of 8 pixels finds the window to a tenth of a pixel",
  (figure) => {
    expect(ended(figure, "rigid", upright, 8).off).toBeLessThan(0.1);
  },
);

test("a window of another size is found with stretching", () => {
  expect(ended("head", "affine", { ...upright, size: 0.85 }, 8).off).toBeLessThan(0.1);
});

test.each(["dots", "fence"] as const)("a search on sharp %s ends elsewhere", (figure) => {
  expect(ended(figure, "rigid", upright, 0).off).toBeGreaterThan(5);
});

test("a rigid window cannot match a bent one, and a bending one can, up to the errors", () => {
  const bent = { ...upright, bend: 0.1 };
  expect(ended("head", "rigid", bent, 8).difference).toBeGreaterThan(0.12);
  expect(ended("head", "smooth", bent, 8).difference).toBeLessThan(0.075);
});

test("with a large blur the difference falls all along the path to the window; on sharp pictures it rises", () => {
  const first = draw("fence");
  const ways = wayOf(first, copyOf(first, upright, 0.05, 1), start, upright);
  const climbs = new Map(ways.map(({ blur, climb }) => [blur, climb]));
  expect([...climbs.keys()]).toEqual([...blurs]);
  expect(climbs.get(8)).toBeLessThan(0.03);
  expect(climbs.get(0)).toBeGreaterThan(0.05);
});

test("pixels of a picture are in its bitmap, from below", () => {
  const picture = add(
    zeros([4, 4]),
    tensor([
      [0, 1, 0.5, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [1, 0, 0, 0],
    ]),
  );
  const bytes = Buffer.from(addressOf(picture).split(",")[1]!, "base64");
  expect(bytes.toString("latin1", 0, 2)).toBe("BM");
  expect(bytes.readUInt32LE(2)).toBe(bytes.length);
  const pixels = bytes.subarray(bytes.readUInt32LE(10));
  const lightest = Math.max(...pixels);
  expect([...pixels].map((pixel) => Number((pixel / lightest).toFixed(1)))).toEqual([
    0, 1, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
  ]);
  expect(pixelsOf(2)).toBe(side);
});
