// Generates the page of all array operations. It has the description from the doc comment, the derivative computed by the
// library, the results for each dtype, and the error from the page of accuracy.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as downhill from "downhill";
import { type DType, grad, makeProgram, Tensor, tensor } from "downhill";
import { jsBackend } from "../../src/engine/backends/js/index.ts";
import { optimize } from "../../src/engine/passes/pipeline.ts";
import { showFormula } from "../../src/pictures/viz/formula.ts";
import { measureSpecial, specialFunctions, type SpecialPoints } from "./special-functions.ts";

/** Titles of the files with unclear names, in the order of the page. Other files follow. */
const titles: Readonly<Record<string, string>> = {
  create: "Making arrays",
  elementwise: "Element by element",
  arithmetic: "More arithmetic",
  compare: "Comparing and testing",
  bits: "Bits of integers",
  special: "Special functions",
  activation: "Activations",
  reduce: "Reductions",
  statistics: "Statistics",
  cumulative: "From element to element",
  shape: "Shapes",
  arrange: "Putting together and taking apart",
  diagonals: "Diagonals and triangles",
  pad: "Padding",
  at: "Places: reading",
  "set-at": "Places: writing",
  take: "Places along an axis",
  gather: "Places by arrays",
  choose: "Choosing",
  search: "Searching",
  segments: "Segments and histograms",
  sort: "Sorting",
  sets: "Sets",
  products: "Products",
  einsum: "Products and sums by index",
  polynomials: "Polynomials",
  signal: "Signals",
  convolution: "Convolutions",
  pool: "Pools",
  dtypes: "Dtypes",
};

const dtypes: readonly DType[] = ["float64", "float32", "int32", "uint32", "bool"];
const shortOf: Readonly<Record<DType, string>> = {
  float64: "f64",
  float32: "f32",
  int32: "i32",
  uint32: "u32",
  bool: "bool",
};

interface Operation {
  readonly name: string;
  /** Names of its parameters, without a trailing options object. */
  readonly params: readonly string[];
  /** Description: the first paragraph of its comment, and the rest without tags. */
  readonly about: string;
}

interface Chapter {
  readonly title: string;
  readonly operations: readonly Operation[];
}

/** The page, not yet formatted. `root` is the folder of the repository. */
export function operationsPage(root: string): string {
  const errors = {
    ulps: errorsIn(readFileSync(join(root, "docs/accuracy.md"), "utf8")),
    relative: measureErrors(root),
  };
  const chapters = chaptersIn(join(root, "src/numeric"));
  return [
    intro,
    ...chapters.map(({ title, operations }) => `## ${title}\n\n${tableOf(operations, errors)}`),
  ].join("\n\n");
}

const intro = `# Operations

Every operation of \`downhill\` over arrays. Written by \`DOWNHILL_WRITE=1 npx vitest run test/ops-page.test.ts\` from the comments in the
source; derivatives are what the library itself computes for one element, with x, y, z for the arguments in their order, written out by it; dtypes
are those of results for arguments of float64, float32, int32, uint32 and bool in this order, tried (– is refused); errors are the largest
measured in float64 and float32, in units of the last place, and those of special functions in float64, as a part of the value ([how](accuracy.md)). Where an operation differs from NumPy or PyTorch, it says so; what
masks and ties do is on [a page of their own](masks.md).`;

/** Errors by the name of the operation. */
interface Errors {
  readonly ulps: ReadonlyMap<string, string>;
  readonly relative: ReadonlyMap<string, string>;
}

/** The largest relative errors of special functions, compared with the values of mpmath. */
function measureErrors(root: string): ReadonlyMap<string, string> {
  const points = JSON.parse(
    readFileSync(join(root, "test/testdata/special/special-functions.json"), "utf8"),
  ) as SpecialPoints;
  return new Map(
    specialFunctions.flatMap((one) => {
      if (one.operation === undefined) return [];
      const compute = jsBackend.compileProcedure(one.procedure);
      return [[one.operation.name, measureSpecial(one, compute, points).relative.toExponential(1)] as const];
    }),
  );
}

function tableOf(operations: readonly Operation[], errors: Errors): string {
  const columns: readonly (readonly [title: string, cellOf: (operation: Operation) => string])[] = [
    ["operation", ({ name, params }) => `\`${name}(${params.join(", ")})\``],
    ["what it is", ({ about }) => about],
    ["derivative", derivativesOf],
    ["dtypes", dtypesOf],
    ["ulp", ({ name }) => errors.ulps.get(name) ?? ""],
    ["relative error", ({ name }) => errors.relative.get(name) ?? ""],
  ];
  const filled = columns
    .map(([title, cellOf]) => [title, ...operations.map((one) => cellOf(one).replaceAll("|", "\\|"))])
    .filter(([, ...cells]) => cells.some((cell) => cell !== ""));
  const rows = filled[0]!.map((_, row) => `| ${filled.map((column) => column[row]!).join(" | ")} |`);
  return rows.toSpliced(1, 0, `| ${filled.map(() => "---").join(" | ")} |`).join("\n");
}

/** The operations that files define and `downhill` exports, one chapter per file. */
function chaptersIn(folder: string): readonly Chapter[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter(
      (path) =>
        /^array\/(?!promote).*\.ts$|^nn\/activation\.ts$/.test(path) && !/\.(test|test-d)\.ts$/.test(path),
    )
    .toSorted();
  const order = Object.keys(titles);
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  const chapters = files.map((path) => {
    const name = path.replace(/^.*\/|\.ts$/g, "");
    return { name, operations: operationsIn(readFileSync(join(folder, path), "utf8")) };
  });
  return chapters
    .filter(({ operations }) => operations.length > 0)
    .toSorted((a, b) => place(a.name) - place(b.name))
    .map(({ name, operations }) => ({ title: titles[name] ?? titleOf(name), operations }));
}

function titleOf(name: string): string {
  const words = name.replaceAll("-", " ");
  return words[0]!.toUpperCase() + words.slice(1);
}

/** Functions with a comment, of one module, that `downhill` exports under the same name. */
function operationsIn(source: string): readonly Operation[] {
  const found = new Map<string, Operation>();
  const declared =
    /\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport (?:const (\w+): \(([^)]*)\)|function (\w+)(?:<[^(]*>)?\(([^]*?)\)(?::|\n))/g;
  for (const [, comment, constant, ofConstant, named, ofFunction] of source.matchAll(declared)) {
    const name = constant ?? named!;
    const exported: unknown = Reflect.get(downhill, name);
    if (typeof exported !== "function" || found.has(name)) continue;
    const params = [...(ofConstant ?? ofFunction ?? "").matchAll(/(\.\.\.)?(\w+)(\??):|(\w+)(?= = )/g)]
      .map(([, rest = "", param, isOptional = ""]) =>
        param === undefined ? "" : `${rest}${param}${isOptional}`,
      )
      .filter((text) => text !== "");
    const last = params.findIndex((param) => /^options\??$/.test(param));
    if (last >= 0) params.splice(last + 1); // what an options object holds
    found.set(name, { name, params, about: textOf(comment!) });
  }
  return [...found.values()];
}

/** The text of a comment on one line, up to its first tag or block of code. */
function textOf(comment: string): string {
  return comment
    .replaceAll(/^ *\* ?/gm, "")
    .split(/^@|^```/m)[0]!
    .trim()
    .replaceAll(/\s+/g, " ");
}

/** Arguments at which every differentiable elementwise function is smooth. */
const somewhere = [0.7, 0.4, 0.3] as const;

/** Number of operands of an elementwise operation on tensors of any shape with one result; 0 for others. */
function operandsOf({ name, params }: Operation): number {
  const count = params.filter((param) => /^[a-z]$/.test(param) || param === "condition").length;
  if (count === 0 || count > somewhere.length || params.some((param) => param.startsWith("..."))) return 0;
  if (params.slice(0, count).some((param) => param.endsWith("?"))) return 0;
  const f = Reflect.get(downhill, name) as (...xs: unknown[]) => unknown;
  const rows = Array.from({ length: count }, (_, i) => [somewhere[i]!, somewhere[i]! / 2, somewhere[i]! / 3]);
  try {
    const out = f(...rows.map((row) => tensor(row)));
    const alone = rows[0]!.map((_, k) => (f(...rows.map((row) => tensor(row[k]!))) as Tensor).item());
    return out instanceof Tensor && out.ndim === 1 && String(out.tolist()) === String(alone) ? count : 0;
  } catch {
    return 0;
  }
}

/** Maximum length of a derivative as a formula. A longer one is described in words. */
const longest = 60;

/** The derivatives of an element-wise operation in each of its arguments, as the library computes them. */
function derivativesOf(operation: Operation): string {
  const count = operandsOf(operation);
  const f = Reflect.get(downhill, operation.name) as (...xs: Tensor[]) => Tensor;
  const texts = Array.from({ length: count }, (_, i) => {
    try {
      const made = makeProgram(grad(f as never, { argnums: i }) as never)(
        ...(somewhere.slice(0, count) as never[]),
      );
      const program = optimize(made);
      const names = new Map(program.ins.map((v, k) => [v, operation.params[k]!] as const));
      const text = showFormula(program, program.outs[0]!, (v) => names.get(v));
      return text.length > longest ? undefined : text;
    } catch {
      return undefined;
    }
  });
  const isEmpty = texts.every((text) => text === undefined);
  return isEmpty ? "" : texts.map((text) => (text === undefined ? "–" : `\`${text}\``)).join("; ");
}

/** Result dtype or error for each argument dtype. */
function dtypesOf(operation: Operation): string {
  const count = operandsOf(operation);
  if (count === 0) return "";
  const f = Reflect.get(downhill, operation.name) as (...xs: Tensor[]) => Tensor;
  return dtypes
    .map((dtype) => {
      try {
        const one = tensor(new Float64Array(1).fill(1)).astype(dtype);
        return shortOf[f(...Array.from({ length: count }, () => one)).dtype];
      } catch {
        return "–";
      }
    })
    .join(" ");
}

/** The largest errors by name: float64, then float32 if it has its own procedure. */
function errorsIn(page: string): ReadonlyMap<string, string> {
  const [, double = "", single = ""] = page.split(/^## /m);
  const read = (table: string): ReadonlyMap<string, string> =>
    new Map([...table.matchAll(/^\| (\w+) +\| +([\d.]+) \|/gm)].map(([, name, ulps]) => [name!, ulps!]));
  const [of64, of32] = [read(double), read(single)];
  return new Map([...of64].map(([name, ulps]) => [name, `${ulps}, ${of32.get(name) ?? "0.50"}`]));
}
