// Runs the code of docs/how-it-works.md as one program, checks its promised output, and compares the resulting small
// downhill with the real one. Also checks the glossary against the sources.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as real from "downhill";
import type { Tensor } from "downhill";
import { pipeline } from "../src/engine/passes/pipeline.ts";
import { runKeepingPromises } from "./support/kept-promises.ts";
import { fences, promises, root } from "./support/snippets.ts";

const story = readFileSync(join(root, "docs/how-it-works.md"), "utf8");
const glossary = readFileSync(join(root, "docs/glossary.md"), "utf8");
const code = fences("docs/how-it-works.md")
  .filter(({ language }) => language === "js")
  .map((block) => block.code)
  .join("\n");

/** Operations that both downhills have. */
interface Operations<T> {
  add(x: T, y: T | number): T;
  mul(x: T, y: T | number): T;
  neg(x: T): T;
  sin(x: T): T;
  cos(x: T): T;
  exp(x: T): T;
  sum(x: T): T;
  repeat(x: T, size: number): T;
  scan(step: (carry: T, x: T) => readonly [T, T], carry: T, xs: T): readonly T[];
}

/** An array of the small downhill. It has numbers except inside traced functions. */
interface SmallTensor {
  readonly size: number;
  readonly data: Float64Array;
}

type SmallFunction = (...xs: SmallTensor[]) => SmallTensor;

/** Definitions that the page's program leaves behind. */
interface Small extends Operations<SmallTensor> {
  tensor(x: readonly number[]): SmallTensor;
  grad(f: SmallFunction): SmallFunction;
  jit(f: SmallFunction): SmallFunction;
  trace(f: SmallFunction, sizes: readonly number[]): { readonly eqns: readonly object[] };
  print(program: object): string;
}

const smallNames = "tensor grad jit trace print add mul neg sin cos exp sum repeat scan".split(" ");
const small = (await runKeepingPromises(code, {}, `{ ${smallNames.join(", ")} }`)) as Small;

const realOperations: Operations<Tensor> = {
  add: real.add,
  mul: real.mul,
  neg: real.neg,
  sin: real.sin,
  cos: real.cos,
  exp: real.exp,
  sum: (x) => real.sum(x),
  repeat: (x, size) => real.broadcastTo(x, [size]),
  scan: (step, carry, xs) => real.scan(step, carry, xs),
};

/** A function from an array to a number, written once for both implementations. */
type Model = <T>(o: Operations<T>, x: T) => T;

const models: Readonly<Record<string, Model>> = {
  "elementwise, summed": (o, x) => o.sum(o.add(o.mul(x, o.sin(x)), o.neg(o.cos(o.mul(x, 2))))),
  composed: (o, x) => o.mul(o.exp(o.neg(o.sum(o.mul(x, x)))), o.sum(o.cos(o.mul(x, o.repeat(o.sum(x), 3))))),
  "a loop": (o, x) => {
    const [last, before] = o.scan((c, item) => [o.sin(o.mul(c, o.exp(item))), o.mul(c, c)], o.sum(x), x);
    return o.add(o.mul(last!, last!), o.sum(o.mul(before!, x)));
  },
  "a loop whose carry starts as a constant": (o, x) => {
    const one = o.exp(o.mul(o.sum(x), 0));
    return o.scan((c, item) => [o.add(c, o.mul(item, item)), c], one, x)[0]!;
  },
  "a loop within a loop": (o, x) => {
    const inner = <T>(c: T, item: T, ops: Operations<T>): readonly T[] =>
      ops.scan((d, y) => [ops.sin(ops.add(ops.mul(d, y), y)), d], c, ops.repeat(item, 2));
    const [last, ys] = o.scan(
      (c, item) => {
        const [next, all] = inner(c, item, o);
        return [next!, o.mul(o.sum(all!), item)];
      },
      o.sum(x),
      x,
    );
    return o.add(last!, o.sum(ys!));
  },
};

const at = [0.3, -0.7, 1.1];
/** `sin`, `cos` and `exp` of `Math` and of downhill differ in the last bit; nothing here loses more than two digits. */
const relativeError = 1e-13;

function expectNear(actual: Float64Array, expected: ArrayLike<number>): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((x, i) => {
    const y = expected[i]!;
    expect(Math.abs(x - y), `${x} and ${y}`).toBeLessThanOrEqual(relativeError * Math.max(1, Math.abs(y)));
  });
}

describe("the program of docs/how-it-works.md", () => {
  // it ran above, or no test here would run
  test("promises something in every part, and each promise was kept", () => {
    const parts = story.split(/^## \d\. /m).slice(1);
    expect(parts).toHaveLength(8);
    expect(promises(code).filter(({ promise }) => promise.length > 0).length).toBeGreaterThan(20);
    for (const part of parts) expect(part).toMatch(/^(\S.*)?\/\/ /m);
  });

  test("a promise that is not kept fails the run", async () => {
    const wrong = code.replace("// [ 2.584, 2 ]", "// [ 2.584, 3 ]");
    expect(wrong).not.toBe(code);
    await expect(runKeepingPromises(wrong, {})).rejects.toThrow(/to be '\[ 2.584, 3 \]'/);
  });

  describe.each(Object.entries(models))("%s", (_, model) => {
    const realModel = (x: Tensor): Tensor => model(realOperations, x);
    const smallModel = (x: SmallTensor): SmallTensor => model<SmallTensor>(small, x);
    const realGradient = real.grad(realModel);
    const smallGradient = small.grad(smallModel);

    test("has the value and the gradient of the real downhill", () => {
      expectNear(smallModel(small.tensor(at)).data, [realModel(real.tensor(at)).item()]);
      expectNear(smallGradient(small.tensor(at)).data, realGradient(at).data());
    });

    test("has its second derivatives", () => {
      const slopes = (x: Tensor): Tensor => real.sum(real.sin(realGradient(x)));
      const smallSlopes = small.grad((x) => small.sum(small.sin(smallGradient(x))));
      expectNear(smallSlopes(small.tensor(at)).data, real.grad(slopes)(at).data());
    });

    test("has the same bits compiled", () => {
      const compiled = small.jit(smallGradient);
      const number = fc.double({ min: -3, max: 3, noNaN: true });
      fc.assert(
        fc.property(fc.tuple(number, number, number), (numbers) => {
          const x = small.tensor(numbers);
          expect(compiled(x).data).toEqual(smallGradient(x).data);
        }),
        { numRuns: 30, seed: 1 },
      );
    });
  });

  test("loops stay loops: equations do not grow with the length", () => {
    const gradient = small.grad((x) => models["a loop"]!<SmallTensor>(small, x));
    const [short, long] = [3, 300].map((n) => small.print(small.trace(gradient, [n])).split("\n").length);
    expect(long).toBe(short);
  });
});

describe("the words of docs/how-it-works.md", () => {
  test("every part ends by naming files to open, and all names of pages and glossary exist", () => {
    for (const part of story.split(/^## \d\. /m).slice(1)) {
      const open = part.split("**Now open this file:**");
      expect(open).toHaveLength(2);
      expect(filesIn(open[1]!).length).toBeGreaterThan(0);
    }
    for (const file of [...filesIn(story), ...filesIn(glossary)])
      expect(existsSync(join(root, file)), file).toBe(true);
  });

  test("the terms that it sets in italics are in the glossary", () => {
    const terms = [...story.matchAll(/(?<![\w`[])_([\w -]+)_(?!\w)/g)].map((match) => match[1]!);
    expect(terms.length).toBeGreaterThan(20);
    const known = rows.map(({ term }) => term);
    const isKnown = (term: string): boolean => known.includes(term) || known.includes(term.replace(/s$/, ""));
    expect(terms.filter((term) => !isKnown(term))).toEqual([]);
  });
});

describe("docs/glossary.md", () => {
  test("has the names of the passes that texts of compilations show", () => {
    const known = new Set(rows.flatMap(({ term }) => [term, `${term}s`]));
    expect(pipeline.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  test("each row names a file, and the types that it names are exported there", () => {
    expect(rows.length).toBeGreaterThan(30);
    for (const { term, meaning, file } of rows) {
      const text = readFileSync(join(root, file), "utf8");
      for (const type of typesIn(meaning)) {
        const exported = new RegExp(`^export (type|interface|class|(type )?\\{[^}]*) ?${type}\\b`, "m");
        expect(exported.test(text), `${term}: ${file} exports no type ${type}`).toBe(true);
      }
    }
  });

  test("the types that the story names are exported somewhere in src", () => {
    const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => readFileSync(join(root, "src", path), "utf8"));
    const prose = story.replaceAll(/^```.*?^```$/gms, "");
    for (const type of typesIn(prose)) {
      const exported = new RegExp(`^export (type|interface|class) ${type}\\b`, "m");
      expect(
        sources.some((text) => exported.test(text)),
        type,
      ).toBe(true);
    }
  });

  test("terms are there once", () => {
    const terms = rows.map(({ term }) => term);
    expect(new Set(terms).size).toBe(terms.length);
  });
});

interface Row {
  readonly term: string;
  readonly meaning: string;
  readonly file: string;
}

const rows: readonly Row[] = [...glossary.matchAll(/^\| (.+?) +\| (.+?) +\| `(.+?)` +\|$/gm)].map(
  (match) => ({
    term: match[1]!,
    meaning: match[2]!,
    file: match[3]!,
  }),
);

/** The files of the repository that a text names in backticks. */
function filesIn(text: string): string[] {
  return [...text.matchAll(/`((?:src|docs|test|scripts)\/[\w./-]+)`/g)].map((match) => match[1]!);
}

/** Names of types that a text has in backticks, those of the language left out. */
function typesIn(text: string): string[] {
  return [...text.matchAll(/`([A-Z][a-z]\w*)`/g)]
    .map((match) => match[1]!)
    .filter((name) => !(name in globalThis));
}
