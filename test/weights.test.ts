// The programs of docs/weights.md, with weights that PyTorch wrote under Hugging Face's names (test/torch-weights.py),
// compared with PyTorch's results.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { transform } from "esbuild";
import type { Tensor } from "downhill";
import { abs, max } from "downhill";
import { readSafetensorsFile } from "downhill/io";
import { describe, expect, test } from "vitest";
import { fences, root } from "./support/snippets.ts";

const folder = join(root, "test/testdata/weights");
const programs = fences("docs/weights.md").filter(({ language }) => language === "ts");
const [gpt2Program, vitProgram] = [programs[0]!, programs[1]!];
const { tensors } = await readSafetensorsFile(join(folder, "expected.safetensors"));

/** Output of a program of the page, and the value of a call in it. */
async function run(
  code: string,
  call: string,
): Promise<{ readonly printed: string; readonly logits: number[] }> {
  const whole = `${code}
    const { tensors: given } = await readSafetensorsFile("expected.safetensors");
    console.log(JSON.stringify(Array.from((${call}).data())));`;
  const script = await transform(whole, { loader: "ts", format: "esm" });
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module"], {
    cwd: folder,
    input: script.code,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  const [printed = "", logits = ""] = stdout.split("\n");
  return { printed, logits: JSON.parse(logits) as number[] };
}

/** Largest difference of numbers, relative to the largest. */
function distance(found: readonly number[], wanted: Tensor): number {
  const expected = Array.from(wanted.data());
  expect(found).toHaveLength(expected.length);
  const largest = max(abs(wanted)).item();
  return Math.max(...found.map((x, i) => Math.abs(x - expected[i]!))) / largest;
}

describe("weights from Hugging Face, by the programs of the page", () => {
  test("GPT-2 from two files of bfloat16 equals PyTorch", async () => {
    const { printed, logits } = await run(gpt2Program.code, `gpt2(params, given.get("gpt2.tokens"))`);
    expect(printed).toBe("[ 1, 3, 40 ]");
    expect(distance(logits, tensors.get("gpt2.logits")!)).toBeLessThan(2e-6);
  });

  test("a vision transformer with transposed Linear layers equals PyTorch", async () => {
    const { printed, logits } = await run(vitProgram.code, `vit(params, given.get("vit.images"))`);
    expect(printed).toBe("[ 1, 5 ]");
    expect(distance(logits, tensors.get("vit.logits")!)).toBeLessThan(2e-6);
  });

  test("the trap: a square Conv1D that is transposed as Linear gives other numbers and no error", async () => {
    const wrong = gpt2Program.code.replace(
      "attended: layer(`h.${i}.attn.c_proj`),",
      "attended: { ...layer(`h.${i}.attn.c_proj`), weight: transpose(get(`h.${i}.attn.c_proj.weight`)) },",
    );
    expect(wrong).not.toBe(gpt2Program.code);
    const { logits } = await run(wrong, `gpt2(params, given.get("gpt2.tokens"))`);
    expect(distance(logits, tensors.get("gpt2.logits")!)).toBeGreaterThan(0.05);
  });
});
