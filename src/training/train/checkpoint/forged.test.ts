// Forged checkpoints: every field of an intact one is replaced by values that do not belong there. A run that resumes
// from such a checkpoint must end with an error of the library, or continue.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mean, mul, square, sub, type Tensor, tensor } from "downhill";
import { dataset } from "downhill/data";
import { adam, reduceOnPlateau } from "downhill/optim";
import { type Checkpoint, checkpointFolder, checkpointMemory, checkpointParams, fit } from "downhill/train";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DownhillError } from "../../../engine/errors/index.ts";
import { crc32c } from "../../io/crc32c.ts";

/** Number of replacements to try; all of them with DOWNHILL_STRANGERS. */
const tries = Number(process.env["DOWNHILL_STRANGERS"] ?? 250);

interface Params {
  readonly w: Tensor;
  readonly layers: readonly { readonly b: Tensor }[];
}
const options = {
  params: { w: tensor([1, 2]), layers: [{ b: tensor(0.5) }] } as Params,
  loss: (p: Params, { x }: { readonly x: Tensor }) => {
    const loss = mean(square(sub(mul(p.w.at(0), x), p.layers[0]!.b)));
    return { loss, metrics: { bias: p.layers[0]!.b } };
  },
  data: dataset({ x: [1, 2, 3, 4, 5] }).batch(1),
  optimizer: adam({ learningRate: 0.1 }),
  plateau: reduceOnPlateau({ patience: 0 }),
  keepBest: true,
  accumulate: 2,
};

/** Creates a checkpoint with every optional part, in the middle of a step of two batches in the second epoch. */
async function whole(store = checkpointMemory()): Promise<Checkpoint> {
  const stop = new AbortController();
  let batches = 0;
  const data = {
    count: 5,
    batchCount: 5,
    async *epoch(k: number, given?: { readonly from?: number }) {
      for await (const batch of options.data.epoch(k, given)) {
        if (++batches > 8) stop.abort();
        yield batch;
      }
    },
  };
  const checkpoint = { store, settings: { rate: 0.1 } };
  await fit({ ...options, data, checkpoint, epochs: 3, signal: stop.signal });
  return (await store.load()).checkpoint!;
}

const goOn = async (checkpoint: Checkpoint): Promise<void> => {
  const store = { save: async () => {}, load: async () => ({ checkpoint, warnings: [] }) };
  await fit({ ...options, checkpoint: { store }, resume: true, epochs: 3, log: () => {} });
};

/** Returns the message of the library's error, or "went on" if there is none. Rethrows any other error. */
async function endOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return "went on";
  } catch (error) {
    if (error instanceof DownhillError && error.code !== "internal") return error.message;
    throw error;
  }
}

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Object.keys(value).map((key) => (Array.isArray(value) ? Number(key) : key));
  return [path, ...keys.flatMap((key) => pathsOf((value as Record<string, unknown>)[key], [...path, key]))];
}

/** Returns the value with the element at a path replaced; `undefined` removes the key. */
function exchanged(value: unknown, path: Path, other: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return other;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
    string,
    unknown
  >;
  const item = exchanged(copy[key], rest, other);
  if (item === undefined && rest.length === 0) delete copy[key];
  else copy[key] = item;
  return copy;
}

const others: readonly unknown[] = [undefined, null, -1, 0.5, 2 ** 60, { $number: "NaN" }, "", "../x", true, [], {}, [[]], { tensor: "w" }, { array: 3 }, { object: [["a"]] }, { $number: {} }]; // prettier-ignore

let checkpoint: Checkpoint;
let state: unknown;
beforeAll(async () => {
  checkpoint = await whole();
  state = JSON.parse(checkpoint.state);
});

test("the checkpoint to be forged is valid and has every optional part", async () => {
  expect(await endOf(async () => goOn(checkpoint))).toBe("went on");
  expect(state).toMatchObject({ pending: { count: 1 }, watch: { best: {}, plateau: {} }, stretches: [{}] });
});

test(`${tries} replacements of a field by an invalid value end with an error or a completed run`, async () => {
  const all = pathsOf(state).flatMap((path) => others.map((other) => [path, other] as const));
  const every = Math.max(1, Math.floor(all.length / tries));
  let refused = 0;
  let done = 0;
  for (let i = 0; i < all.length; i += every) {
    const [path, other] = all[i]!;
    const forged = { ...checkpoint, state: JSON.stringify(exchanged(state, path, other)) ?? "" };
    for (const run of [
      async () => goOn(forged),
      async () =>
        checkpointParams({ save: async () => {}, load: async () => ({ checkpoint: forged, warnings: [] }) }),
    ]) {
      const end = await endOf(run).catch((cause: unknown) => {
        throw new Error(`${path.join(".")} = ${JSON.stringify(other)}`, { cause });
      });
      done++;
      if (end !== "went on") refused++;
    }
  }
  expect(refused).toBeGreaterThan(done / 2);
}, 600_000);

test.each<[string, Path, unknown, RegExp]>([
  ["params: null", ["params"], null, /: state\.params is not a tree of tensors\.$/],
  ["a step below 0", ["step"], -1, /: state\.step is not an integer of 0 or more\.$/],
  ["a tensor that is a list", ["params", "object", 0, 1], { tensor: ["w"] }, /state\.params\.object\[0\]\.tensor is not a string/],
  ["a tensor of another shape", ["params", "object", 0, 1], { tensor: "best.layers[0].b" }, /state\.params is not as its outline describes/],
  ["fewer epochs than there are records", ["epoch"], 0, /state\.history is not a list of 0 records/],
])("%s is reported with its path", async (_, path, other, message) => {
  const forged = { ...checkpoint, state: JSON.stringify(exchanged(state, path, other)) };
  expect(await endOf(async () => goOn(forged))).toMatch(message);
}); // prettier-ignore

test.each([3000, 200_000])("parameters nested %d deep are refused", async (depth) => {
  const tree = `${'{"array":['.repeat(depth)}{"number":1}${"]}".repeat(depth)}`;
  const text = JSON.stringify(exchanged(state, ["params"], "TREE")).replace('"TREE"', () => tree);
  expect(await endOf(async () => goOn({ ...checkpoint, state: text }))).toMatch(/nested/);
});

describe("the files of a checkpoint", () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "downhill-forged-"));
    await checkpointFolder(folder).save(checkpoint);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Loads a checkpoint whose JSON content was changed, with a matching checksum. */
  async function loadWith(change: (content: string) => string): Promise<string> {
    const path = join(folder, "checkpoint-000001.json");
    const before = readFileSync(path, "utf8");
    const content = change(/"content":(\{.*\})\}\n$/s.exec(before)![1]!);
    const checksum = crc32c(new TextEncoder().encode(content)).toString(16).padStart(8, "0");
    writeFileSync(path, `{"crc32c":"${checksum}","content":${content}}\n`);
    try {
      return await endOf(async () => checkpointFolder(folder).load());
    } finally {
      writeFileSync(path, before);
    }
  }

  test.each<[string, (content: string) => string]>([
    ["name a file elsewhere", (text) => text.replace('"checkpoint-000001.safetensors"', '"../x"')],
    ["have no tensors", (text) => text.replace(/"tensors":\{"file".*?\}/, '"tensors":null')],
    ["have a step that is none", (text) => text.replace(/"step":\d+/, '"step":"many"')],
    ["have no state", (text) => `${text.slice(0, text.indexOf(',"state"'))}}`],
  ])("that %s are refused", async (_, change) => {
    expect(await loadWith(change)).toMatch(/damaged: it does not describe checkpoint-000001\.safetensors\./);
  });

  test("that are nested deeper than the stack allows are refused", async () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const end = await loadWith((text) => `${text.slice(0, text.indexOf(',"state"'))},"state":${deep}}`);
    expect(end).toMatch(/damaged: it is not JSON, or is nested too deeply/);
    expect(await loadWith((text) => text.replace("{", "{x"))).toMatch(/not JSON/);
  });
});
