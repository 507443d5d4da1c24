// Small projects in temporary folders, as users of downhill and the plugin set them up.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const plugin = fileURLToPath(new URL("..", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The packages in the projects' `node_modules`. */
const packages: Readonly<Record<string, string>> = {
  downhill: root,
  "downhill-plugin": plugin,
  ...Object.fromEntries(
    ["vite", "rollup", "rolldown", "esbuild", "webpack", "@rspack", "eslint"].map((name) => [
      name,
      join(plugin, "node_modules", name),
    ]),
  ),
};

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Project {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): void;
  /** Runs Node, or another program, in the project's folder. */
  node(
    args: readonly string[],
    executable?: string,
    variables?: Readonly<Record<string, string>>,
  ): Promise<Ended>;
  remove(): void;
}

/** Creates a project with these files. */
export function makeProject(files: Readonly<Record<string, string>>): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "downhill-plugin-")));
  mkdirSync(join(folder, "node_modules"));
  for (const [name, target] of Object.entries(packages))
    symlinkSync(target, join(folder, "node_modules", name), "junction");
  const write = (given: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(given)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  write({ "package.json": '{ "type": "module" }', ...files });
  return {
    folder,
    write,
    node: (args, executable = process.execPath, variables = {}) =>
      new Promise((resolve) => {
        const child = spawn(executable, args, {
          cwd: folder,
          env: { ...process.env, ...variables },
          stdio: ["ignore", "pipe", "pipe"],
        });
        let [stdout, stderr] = ["", ""];
        child.stdout.on("data", (data) => (stdout += String(data)));
        child.stderr.on("data", (data) => (stderr += String(data)));
        child.on("close", (status) => {
          resolve({ status, stdout, stderr });
        });
      }),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A program with marked functions in all syntactic positions. */
export const app: Readonly<Record<string, string>> = {
  "src/helpers.ts": `
export const scale = 2;
export function residual(a: number, y: number): number {
  return scale * (a - y);
}
`,
  "src/app.ts": `import { grad, tensor, valueAndGrad } from "downhill";
import { residual } from "./helpers.ts";

console.log("early", early(3));
let weight = 10;
export interface Model { w: number[]; b: number }
export default function loss(p: Model, xs: Float64Array, ys: Float64Array): number {
  "use ad";
  let s = 0;
  for (let i = 0; i < ys.length; i++) {
    let a = p.b;
    for (let j = 0; j < p.w.length; j++) a += p.w[j]! * xs[i * p.w.length + j]!;
    s += residual(a, ys[i]!) ** 2;
  }
  return s / ys.length;
}
function early(x: number) { "use ad"; return x * x; }
const weighted = (x: number): number => { "use ad"; return weight * x * x; };
function outer(k: number) {
  const slope = grad(inner)(2);
  function inner(x: number) { "use ad"; return k * x ** 3; }
  return [slope, grad((x: number) => { "use ad"; return k * x ** 2; })(2)];
}
console.log("gradient", JSON.stringify(valueAndGrad(loss)({ w: [1, 2], b: 0.5 }, Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 10))));
console.log("captured", grad(weighted)(3));
weight = 1;
console.log("captured", grad(weighted)(3), ...outer(5), ...outer(6));
class NegativeError extends Error {}
function fitted(x: number, k = 2, { rate = k / 20 }: { rate?: number } = {}): number {
  "use ad";
  if (x < 0) throw new NegativeError(\`x is \${x}\`);
  if (!(k > 0)) throw new RangeError(\`k must be positive, got \${k}\`);
  return k * rate * x * x;
}
function powers(x: number, k: number = x * 2): number { "use ad"; return x * k; }
const model = { square(x: number, k?: number): number { "use ad"; return x * x * (k ?? 1); } };
console.log("optional", grad(fitted)(5), grad(fitted)(5, 1), grad(fitted)(5, 1, { rate: 1 }), grad(powers)(5), grad(model.square)(5), model.square(5, 2));
console.log("tensors", grad((x) => powers(x as never) as never)(tensor(5)).item(), grad((x) => model.square(x as never) as never)(tensor(5)).item());
for (const [f, ...given] of [[fitted, 1, -1], [grad(fitted), 1, -1], [grad(fitted), -3]] as const)
  try {
    f(...(given as [number, number?]));
  } catch (error) {
    console.log("thrown", error instanceof RangeError, error instanceof NegativeError, (error as Error).message.split("\\n")[0]);
  }
try {
  (undefined as unknown as { boom: number }).boom;
} catch (error) {
  console.log("place", /app\\.ts:\\d+:\\d+/.exec((error as Error).stack!)?.[0]);
}
`,
};

/** Output of the program. */
export const printed = `early 9
gradient [5,{"w":[20,28],"b":8}]
captured 60
captured 6 60 20 72 24
optional 2 0.5 10 20 10 50
tensors 20 10
thrown true false k must be positive, got -1
thrown true false k must be positive, got -1
thrown false true x is -3
place app.ts:46:46
`;

/** Refused code, with the position and the reason. */
export const refused = {
  files: {
    "src/refused.ts": `import { grad } from "downhill";
function noisy(x: number): number {
  "use ad";
  return x * Math.random();
}
console.log(grad(noisy)(1));
`,
  },
  place: "src/refused.ts:4:14",
  line: "return x * Math.random();",
  text: "a random number makes another function of each call",
} as const;
