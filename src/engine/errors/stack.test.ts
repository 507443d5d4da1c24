import { expect, test } from "vitest";
import { grad, jit, matmul, scan, tensor, vmap } from "../../index.ts";
import { sgd } from "../../numeric/optim/index.ts";
import { fit } from "../../training/train/index.ts";
import { type DownhillError, internalError } from "./index.ts";
import { captureStack, placeOf, usersFrames } from "./stack.ts";

const thrownBy = (action: () => unknown): Error => {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
};

const framesOf = (error: Error): string[] =>
  (error.stack ?? "").split("\n").filter((line) => /^ +at /.test(line));

/** The functions of this file that a stack names, from the innermost on, up to the test itself. */
const functionsOf = (error: Error): string[] => {
  const frames = framesOf(error);
  expect(frames[0]).toContain("stack.test.ts");
  return frames
    .filter((frame) => frame.includes("stack.test.ts"))
    .map((frame) => /at (\w+) /.exec(frame)?.[1] ?? "");
};

const wrongProduct = (): unknown => matmul([[1, 2, 3]], [[1, 2]]);

test("a stack begins at the user's line, not with frames of the library", () => {
  const error = thrownBy(wrongProduct);
  expect(error.stack).toMatch(
    /^DownhillError: matmul: inner sizes differ: .*\n +at wrongProduct \(.*stack\.test\.ts:\d+:\d+\)\n/,
  );
});

test("inside of transforms, methods and callbacks it names the user's functions, with nothing between them", () => {
  const f = (x: never): never => matmul(x, [[1, 2]]) as never;
  const program = (transform: (f: (x: never) => never) => (x: never) => unknown) => (): unknown =>
    transform(f)([[1, 2, 3]] as never);
  const nested = (g: never): never => grad(jit(grad(g) as never) as never) as never;
  for (const transform of [grad, jit, vmap, nested] as never[]) {
    const error = thrownBy(function caller() {
      return program(transform)();
    });
    expect(functionsOf(error).slice(0, 1)).toEqual(["f"]);
    expect(functionsOf(error)).toContain("caller");
    expect(framesOf(error).filter((frame) => /src\/(?!engine\/errors\/stack\.test)/.test(frame))).toEqual([]);
  }
  const inScan = thrownBy(() => scan(function body(c: never) { return [f(c), c] as never; }, 0 as never, tensor([1]) as never)); // prettier-ignore
  expect(functionsOf(inScan).slice(0, 2)).toEqual(["f", "body"]);
  expect(functionsOf(thrownBy(() => [1].map(function each() { return tensor(1).at(0); })))[0]).toBe("each"); // prettier-ignore
});

test("a run of fit names the loss and the line that called fit", async () => {
  const options = {
    data: [{ x: [[1, 2]] }],
    optimizer: sgd({ learningRate: 1 }),
    epochs: 1,
    params: tensor([1, 2, 3]),
  };
  const loss = (p: never, b: { x: unknown }): never => matmul(p, b.x as never) as never;
  const run = (function train() {
    return fit({ ...options, loss: loss as never });
  })();
  const error: unknown = await run.then(() => undefined, (reason: unknown) => reason); // prettier-ignore
  expect(functionsOf(error as Error).slice(0, 2)).toEqual(["loss", "train"]);
  const diverging = (function train() {
    return fit({ ...options, loss: ((p: never) => tensor(p).sum().mul(Infinity)) as never });
  })();
  const diverged: unknown = await diverging.then(() => undefined, (reason: unknown) => reason); // prettier-ignore
  expect((diverged as DownhillError).code).toBe("nan");
  expect(functionsOf(diverged as Error)[0]).toBe("train");
});

test("our own faults show all frames", () => {
  const error = internalError("a test");
  expect(framesOf(error)[0]).toContain("errors/index.ts");
});

test("as many frames are shown as the user wants, and the wish is left as it was", () => {
  const saved = Error.stackTraceLimit;
  try {
    for (const limit of [0, 1, 3]) {
      Error.stackTraceLimit = limit;
      const error = thrownBy(wrongProduct);
      expect(framesOf(error).length).toBe(limit);
      expect(Error.stackTraceLimit).toBe(limit);
    }
  } finally {
    Error.stackTraceLimit = saved;
  }
});

test("a stack can be set, and has a later message", () => {
  const error = thrownBy(wrongProduct);
  error.message = "another";
  expect(error.stack).toMatch(/^DownhillError: another\n/);
  error.stack = "mine";
  expect(error.stack).toBe("mine");
  expect(Object.keys(error)).toEqual(["name", "code"]);
});

test("where all frames are the library's they are kept", () => {
  expect(usersFrames("    at f (file:///nobody/else.js:1:2)")).toHaveLength(1);
  const ours = captureStack(captureStack)().split("\n").find((line) => line.includes("stack.test.ts")); // prettier-ignore
  expect(usersFrames((ours ?? "").replace(".test.ts", ".ts"))).toEqual([]);
});

test.each([
  ["    at f (file:///a%20b/@c/x.mjs:3:14)", { file: "file:///a%20b/@c/x.mjs", line: 3, column: 14 }],
  ["    at /a b/@c/x.cjs:3:14", { file: "/a b/@c/x.cjs", line: 3, column: 14 }],
  ["    at async file:///x.mjs:1:7", { file: "file:///x.mjs", line: 1, column: 7 }],
  ["f@http://localhost/@fs/x.js:3:14", { file: "http://localhost/@fs/x.js", line: 3, column: 14 }],
  ["    at Array.map (<anonymous>)", undefined],
])("reads the place of the frame %j", (frame, place) => {
  expect(placeOf(frame)).toEqual(place);
});
