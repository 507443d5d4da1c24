// Every export is tested: each primitive and each public function has a line in a table for `checkPrimitive`, or a test
// file that is named here.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type * as primitives from "../src/engine/ir/primitive.ts";
import { arrayType, scalarTypeOf } from "../src/engine/ir/types.ts";
import * as k from "../src/engine/kernel/build.ts";
import * as math from "../src/engine/kernel/math/index.ts";
import * as special from "../src/engine/kernel/math/special/index.ts";
import type { Expr } from "../src/engine/kernel/scalar.ts";
import { walkExpr } from "../src/engine/kernel/walk.ts";
import { functions as functionsOfTexts } from "../src/numeric/syntax/functions.ts";
import { hasForm } from "../src/training/onnx/write-program.ts";
import { root } from "./support/snippets.ts";
import { costly } from "./support/series-check.ts";
import { specialFunctions, specialOperations } from "./support/special-functions.ts";
import { transcendentals } from "./support/transcendentals.ts";

const defined = vi.hoisted((): primitives.Primitive[] => []);
/** Source file of each record: the first file on the creation stack that is not a helper. */
const fileOf = vi.hoisted(() => new Map<primitives.Primitive, string>());
vi.mock("../src/engine/ir/primitive.ts", async (original) => {
  const module = await original<typeof primitives>();
  const builtIn: typeof module.builtIn = (record) => {
    const prim = module.builtIn(record);
    defined.push(prim);
    fileOf.set(prim, new Error().stack!.match(/(?:prims|passes|linalg)\/(?!elementwise)[\w-]+\.ts/)![0]);
    return prim;
  };
  return { ...module, builtIn };
});

const text = (path: string): string => readFileSync(join(root, path), "utf8");
const exportsOf = (module: object): string[] => Object.keys(module);

/** Modules of primitives without operations. */
const helpers = [
  "index",
  "addend",
  "balance",
  "by-order",
  "carries",
  "complex-loops",
  "eig-loops",
  "elementwise",
  "guard",
  "householder",
  "lift",
  "linear-algebra",
  "matrices",
  "matrix-function-loops",
  "matrix-loops",
  "places",
  "reduce-loops",
  "region-batch",
  "region-emit",
  "region-scratch",
  "region-shapes",
  "rotations",
  "scalar-functions",
  "schur",
];

/** Primitives of `downhill/linalg`. */
const factorisations =
  "triangle triangularSolve cholesky lu orderRows linearSolve det logAbsDet signOfDet fullPivots qr eig eigh svd matrixFunction matrixFunctionTangent";

describe("primitives", async () => {
  await import("../src/index.ts");
  await import("../src/numeric/linalg/index.ts");
  const families = readdirSync(join(root, "src/engine/prims"))
    .filter((file) => /^[\w-]+\.ts$/.test(file))
    .map((file) => file.replace(".ts", ""))
    .filter((family) => !helpers.includes(family));

  test.each(families)("the family %s has a table with all of its exports", (family) => {
    const lines = text(`src/engine/prims/${family}.test.ts`);
    expect(lines).toContain(`from "./${family}.ts"`);
    expect(lines).toMatch(/checkFamily\(/);
  });

  test("have unique names", () => {
    const names = defined.map((prim) => prim.name);
    expect(names.length).toBeGreaterThan(60);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test("state every rule that their kind of derivative needs", () => {
    for (const { name, derivative, lowering, typeOf, batch } of defined) {
      expect(typeof typeOf, name).toBe("function");
      expect(batch === "elementwise" || typeof batch === "function", name).toBe(true);
      expect(["elementwise", "map", "alias", "loops"], name).toContain(lowering.kind);
      if (derivative.kind === "none") expect(derivative.reason.length, name).toBeGreaterThan(10);
    }
  });

  test("have no property that only the records of one file have", () => {
    // a property of a single record is a name in disguise; code that needs it should import the record
    const files = new Map<string, Set<string>>();
    const note = (question: string, prim: primitives.Primitive): void => {
      if (!files.has(question)) files.set(question, new Set());
      files.get(question)!.add(fileOf.get(prim)!);
    };
    for (const prim of defined) {
      for (const field of Object.keys(prim)) note(field, prim);
      for (const group of ["algebra", "layout", "loop"] as const)
        for (const field of Object.keys(prim[group] ?? {})) note(`${group}.${field}`, prim);
    }
    expect(new Set(fileOf.values()).size).toBeGreaterThan(15);
    expect([...files.keys()]).toEqual(expect.arrayContaining(["notation", "cost", "algebra.constant"]));
    expect([...files].flatMap(([question, { size }]) => (size < 2 ? [question] : []))).toEqual([]);
  });

  test("have power series, by a rule of their kind of derivative or by a listed way", async () => {
    // the other kinds have one rule for all primitives: see src/engine/transforms/taylor/README.md
    const structured = {
      call: "stacks of coefficients pass through the program",
      checkpoint: "stacks of coefficients pass through the program",
      cond: "stacks of coefficients pass through both programs",
      scan: "stacks of coefficients pass through the body",
      whileLoop: "stacks of coefficients pass through the body",
      customJvp: "its rule is a differential equation between series",
      customVjp: "its rule is a differential equation between series",
      customPushforward: "is replaced by its program",
    };
    const names = defined
      .filter(({ derivative }) => derivative.kind === "structured")
      .map(({ name }) => name);
    expect(names.toSorted()).toEqual(Object.keys(structured).toSorted());
    const page = text("docs/taylor.md");
    const operations = exportsOf(await import("../src/numeric/array/index.ts"));
    for (const name of Object.keys(costly)) {
      expect([...operations, ...defined.map((prim) => prim.name)], name).toContain(name);
      if (operations.includes(name)) expect(page, name).toContain(`\`${name}\``);
    }
  });

  test("have a form in ONNX, or a reason for having none", () => {
    const without = {
      shift: "stands in programs that are compiled only",
      rowLoop: "stands in programs that are compiled only",
      ...Object.fromEntries(
        factorisations
          .split(" ")
          .filter((name) => name !== "triangle")
          .map((name) => [name, "ONNX has no factorisations, nor what is made of them"]),
      ),
      linearSolution: "ONNX has no loop until a residual is small whose length depends on values",
      fourier: "DFT has no form that engines compute in float64 along with its derivatives",
      customPushforward: "stands in forward mode of a rule that gives the reverse one only",
      ...Object.fromEntries(
        "randomNormal randomGamma randomLogGamma randomPoisson randomBinomial randomPermutation randomVonMises"
          .split(" ")
          .map((name) => [name, "is a procedure with branches and loops of its own"]),
      ),
      ...Object.fromEntries(
        "lgamma digamma polygamma zeta gammainc gammaincc gammaDensity gammaincByShape erfinv erfcinv ndtri logNdtr normalHazard beta betaln digammaRise betaDensity betainc klDiv i0 i0e i0eByOrder i1 i1e besselRatio gammaincinv gammainccinv betaincinv betaincOfSquare betaincOfSquareInverse erfcx erfcxByOrder dawsn dawsnByOrder expi spence logQuotientByOrder ellipk ellipkByOrder ellipe ellipeByOrder lambertw lambertwOnePlus boxcox expm1Quotient jv yv iv kv"
          .split(" ")
          .map((name) => [
            name,
            "ONNX has no operation for it, and its loops would be a graph of hundreds of nodes",
          ]),
      ),
    };
    const names = defined.map((prim) => prim.name).filter((name) => !hasForm(name));
    expect(
      names.toSorted(),
      "add a formula to src/training/onnx/formulas.ts, or a reason to the list above",
    ).toEqual(Object.keys(without).toSorted());
  });

  test("round once per element, or call a procedure whose error is measured", () => {
    const measured = new Set(
      [...transcendentals, ...specialFunctions].map(({ procedure }) => procedure.name),
    );
    const procedures = [...Object.values(math), ...Object.values(special)].map((each) =>
      typeof each === "function" ? each(1, 0) : each,
    );
    const unmeasured = procedures.filter(({ name }) => !measured.has(name)).map(({ name }) => name);
    expect(
      unmeasured,
      "add a row to test/support/special-functions.ts, or to transcendentals.ts beside it",
    ).toEqual([]);
    const params: Readonly<Record<string, object>> = {
      convert: { dtype: "float64" },
      besselRatio: { order: 1 },
      i0eByOrder: { order: 1 },
      ...Object.fromEntries(
        "erfcxByOrder dawsnByOrder logQuotientByOrder ellipkByOrder ellipeByOrder expm1Quotient"
          .split(" ")
          .map((name) => [name, { order: 1 }]),
      ),
      lambertw: { branch: 0 },
      lambertwOnePlus: { branch: 0 },
      betaincOfSquare: { order: 1 },
      betainc: { orders: [0, 0] },
      gammaincByShape: { order: 1 },
      polygamma: { order: 1 },
      powBy: { exponent: 3 },
      strongMul: { both: true },
      maskedMul: { both: true },
    };
    const [x, condition] = [arrayType("float64", []), arrayType("bool", [])];
    const expressionOf = ({ name, lowering }: primitives.Primitive): Expr | undefined => {
      if (lowering.kind !== "elementwise" || /^bitwise|^threefry/.test(name)) return undefined;
      const ins = name === "where" ? [condition, x, x] : [x, x, x];
      const operands = ins.map(({ dtype }, i) => k.local(scalarTypeOf(dtype), `x${i}`));
      return lowering.scalar(operands, params[name] ?? {}, ins);
    };
    const inexact = defined.filter((prim) => {
      const expr = expressionOf(prim);
      let roundings = 0;
      if (expr !== undefined)
        walkExpr(expr, (part) => {
          if (part.kind === "call") roundings += measured.has(part.procedure.name) ? 1 : 2;
          else if (part.kind === "binary" && /^(add|sub|mul|div|rem)$/.test(part.op)) roundings++;
          else if (part.kind === "unary" && part.op === "sqrt") roundings++;
        });
      return roundings > 1;
    });
    // products, which prims/transcendental.test.ts checks to 2 ulp, and a rounded x²/2, which its contract names
    expect(inexact.map(({ name }) => name)).toEqual(["powBy", "gaussian"]);
  });

  test("are all called by an operation in a table", () => {
    // a private primitive is reached through an export of its own module only
    const source = families.map((family) => text(`src/engine/prims/${family}.ts`)).join("\n");
    const constants = [...source.matchAll(/^const (\w+Prim)\b/gm)].map((match) => match[1]!);
    expect(constants.length).toBeGreaterThan(60);
    for (const name of constants) expect(source.split(name).length - 1, name).toBeGreaterThan(1);
  });
});

/** Modules whose exports are operations on tensors. */
const operationModules = [
  "at",
  "arithmetic",
  "arrange",
  "bits",
  "choose",
  "compare",
  "convolution",
  "create",
  "cumulative",
  "diagonals",
  "distances",
  "einsum",
  "elementwise",
  "gather",
  "pad",
  "polynomials",
  "pool",
  "products",
  "reduce",
  "sampling",
  "search",
  "segments",
  "set-at",
  "shape",
  "signal",
  "sort",
  "special",
  "statistics",
  "windows",
];

/** Modules whose operations are composed of other operations. Except for the named ones they have no record. */
const composed: Readonly<Record<string, string>> = {
  arithmetic: "",
  arrange: "",
  bits: "leftShift rightShift",
  choose: "",
  compare: "",
  cumulative: "cumsum cumprod cummax cummin",
  diagonals: "",
  distances: "",
  pad: "",
  polynomials: "",
  products: "",
  sampling: "",
  signal: "",
  statistics: "",
  windows: "",
};

describe("besides its record and its rows, an operation owes", async () => {
  const modules = await Promise.all(
    operationModules.map(async (module) => {
      const path = `src/numeric/array/${module}.ts`;
      return { module, source: text(path), names: exportsOf((await import(`../${path}`)) as object) };
    }),
  );
  const withRecords = modules.flatMap(({ module, names }) =>
    names.filter((name) => composed[module]?.split(" ").includes(name) ?? true),
  );
  const elementwise = exportsOf(await import("../src/numeric/array/elementwise.ts"));
  /** Operations whose rules and special values come from their row in test/support/special-functions.ts. */
  const withRow = new Set(specialOperations.map(({ name }) => name));
  /** Names that have a reason, in the order in which they are compared. */
  const excused = (...reasons: Readonly<Record<string, string>>[]): string[] =>
    reasons.flatMap(Object.keys).toSorted();
  /** One reason for several operations. */
  const because = (reason: string, names: string): Readonly<Record<string, string>> =>
    Object.fromEntries(names.split(" ").map((name) => [name, reason]));

  test("a doc comment", () => {
    for (const { source, names } of modules)
      for (const name of names)
        expect(source, name).toMatch(new RegExp(`\\*/\\nexport (function|const) ${name}\\b`));
  });

  test("a rule of random programs (test/support/random-*.ts), or a reason for having none", () => {
    const rules = readdirSync(join(root, "test/support"))
      .filter((file) => file.startsWith("random-"))
      .map((file) => text(`test/support/${file}`))
      .join("\n");
    expect(
      withRecords
        .filter((name) => !withRow.has(name) && !new RegExp(`\\bd\\.${name}\\b|\\.${name}\\(`).test(rules))
        .toSorted(),
    ).toEqual(
      excused(
        because(
          "makes an array of nothing but numbers",
          "zeros ones linspace indices identity fullLike geomspace logspace fromFunction hanning hamming blackman bartlett",
        ),
        because("is a reshape", "expandDims squeeze"),
        {
          greaterEqual: "is lessEqual with its operands exchanged",
          dotGeneral: "is what matmul and einsum are made of",
        },
        { stopGradient: "has no derivative to compare with differences" },
      ),
    );
  });

  test("its special values (test/special-values.test.ts, or those of its procedure), or a reason for having none", () => {
    const [values, procedures] = [
      text("test/special-values.test.ts"),
      text("src/engine/kernel/math/special-values.test.ts"),
    ];
    const isStated = (name: string): boolean =>
      new RegExp(`\\bd\\.${name}\\b|\\["${name}", \\[`).test(values) || procedures.includes(`["${name}", [`);
    expect(elementwise.filter((name) => !isStated(name)).toSorted()).toEqual(
      excused(because("of booleans", "logicalAnd logicalOr logicalNot"), {
        astype: "its table of conversions has them",
      }),
    );
  });

  test("a name in the language of explain, or a reason for having none", () => {
    expect(elementwise.filter((name) => !functionsOfTexts.has(name)).toSorted()).toEqual(
      excused(
        because(
          "is an operator there",
          "add sub mul div rem neg less lessEqual greater greaterEqual equal notEqual logicalAnd logicalOr logicalNot",
        ),
        { maximum: "is max there", minimum: "is min there", clip: "is max and min", reciprocal: "is 1 / x" },
        because("is about numbers and not about mathematics", "isNaN isFinite astype stopGradient"),
      ),
    );
  });
});

/** Test files of public functions that are not operations. */
const elsewhere: Readonly<Record<string, string>> = {
  DownhillError: "src/testing/check-primitive.test.ts",
  Tensor: "src/numeric/array/methods.test.ts",
  associativeScan: "src/engine/transforms/associative-scan.test.ts",
  bind: "src/engine/transforms/scan.test.ts",
  bind1: "src/testing/check-primitive.test.ts",
  checkProgram: "src/engine/ir/program.test.ts",
  checkpoint: "src/engine/transforms/control-flow.test.ts",
  cond: "src/engine/transforms/control-flow.test.ts",
  customJvp: "src/engine/transforms/custom.test.ts",
  customVjp: "src/engine/transforms/custom.test.ts",
  configure: "src/engine/runtime/donate.test.ts",
  debug: "src/engine/runtime/debug.test.ts",
  definePrimitive: "src/testing/check-primitive.test.ts",
  enableTurbo: "src/engine/runtime/turbo.test.ts",
  evalShape: "src/engine/transforms/eval-shape.test.ts",
  finfo: "src/numeric/array/dtypes.test.ts",
  foriLoop: "src/engine/transforms/control-flow.test.ts",
  grad: "src/engine/transforms/grad.test.ts",
  hashProgram: "src/engine/ir/program.test.ts",
  hessian: "test/derivatives.test.ts",
  hvp: "test/derivatives.test.ts",
  iinfo: "src/numeric/array/dtypes.test.ts",
  issubdtype: "src/numeric/array/dtypes.test.ts",
  jacfwd: "test/derivatives.test.ts",
  jacrev: "test/derivatives.test.ts",
  jit: "src/engine/runtime/jit.test.ts",
  map: "src/engine/transforms/map.test.ts",
  kernel: "src/testing/check-primitive.test.ts",
  jvp: "src/engine/transforms/linearize.test.ts",
  linearTranspose: "src/engine/transforms/linearize.test.ts",
  linearize: "src/engine/transforms/linearize.test.ts",
  makeProgram: "src/engine/ir/program.test.ts",
  printProgram: "src/engine/ir/program.test.ts",
  intersect1d: "src/numeric/array/sets.test.ts",
  setdiff1d: "src/numeric/array/sets.test.ts",
  setxor1d: "src/numeric/array/sets.test.ts",
  union1d: "src/numeric/array/sets.test.ts",
  promoteTypes: "src/numeric/array/dtypes.test.ts",
  resultType: "src/numeric/array/dtypes.test.ts",
  scan: "src/engine/transforms/scan.test.ts",
  switchCase: "src/engine/transforms/switch-case.test.ts",
  valueAndGrad: "src/engine/transforms/grad.test.ts",
  taylor: "src/engine/transforms/taylor/taylor.test.ts",
  vjp: "src/engine/transforms/linearize.test.ts",
  vmap: "src/engine/transforms/vmap.test.ts",
  whileLoop: "src/engine/transforms/control-flow.test.ts",
};

/** Activations, which `downhill` exports too. Tests of `downhill/nn` cover all of them. */
const activations = exportsOf(await import("../src/numeric/nn/activation.ts"));

describe("public functions", async () => {
  const all = exportsOf(await import("../src/index.ts"));
  const operations = exportsOf(await import("../src/numeric/array/index.ts"));
  test.each(operationModules)("the functions of array/%s are in a table", (name) => {
    expect(text(`src/numeric/array/${name}.test.ts`)).toMatch(/checkFamily\(/);
  });

  test("are all operations of these modules, or tested where this file says", async () => {
    const tabled = await Promise.all(
      operationModules.map(async (name) =>
        exportsOf((await import(`../src/numeric/array/${name}.ts`)) as object),
      ),
    );
    expect(operations.toSorted()).toEqual(tabled.flat().toSorted());
    const others = all.filter((name) => !operations.includes(name) && !activations.includes(name));
    expect(others.toSorted()).toEqual(Object.keys(elsewhere).toSorted());
  });

  test.each(Object.entries(elsewhere))("%s is tested in %s", (name, file) => {
    expect(text(file)).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
