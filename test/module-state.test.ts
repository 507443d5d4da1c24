import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

/**
 * Module variables of the engine by file: state that outlives a call and is not in a record. The runtime's state is in
 * `engine` (`src/engine/runtime/engine.ts`). These variables stay in their modules, for the given reasons.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  // read by each operation, in a layer below the runtime
  "trace/bind.ts": ["evaluate", "staging", "depth"],
  "trace/debug.ts": ["hooks"],
  // set by one module and read by one other, which must not import it
  "transforms/tools.ts": ["installed"],
  // programs of loops that are traced at each call, for transforms, which are in a layer below the runtime
  "trace/intern.ts": ["programs"],
  // called by passes in layers below the runtime, set by downhill/testing
  "util/after-pass.ts": ["observer"],
  // counters for names and identities
  "ir/key.ts": ["next"],
  "tree/known-keys.ts": ["next"],
  "backends/wasm/emit/routine.ts": ["modules"],
  // recursion depth
  "ir/hash.ts": ["outermost"],
  // features of the JavaScript engine, detected on first use
  "util/generate-code.ts": ["codeGeneration"],
  "backends/js/index.ts": ["powers"],
  "kernel/copy-elements.ts": ["found"],
  // tables and scratch arrays created on first use, because modules do no work when they are loaded
  "kernel/operations.ts": ["scratch"],
  "prims/scalar-functions.ts": ["others"],
  "backends/wasm/encode/opcodes.ts": ["byName"],
  "backends/wasm/encode/instruction-text.ts": ["rows"],
};

test("the engine keeps its state in one record, with listed exceptions", () => {
  const root = new URL("../src/engine/", import.meta.url);
  const found: Record<string, string[]> = {};
  for (const path of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const file = path.replaceAll("\\", "/");
    if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
    const names = [...readFileSync(new URL(file, root), "utf8").matchAll(/^(?:export )?let (\w+)/gm)];
    if (names.length > 0) found[file] = names.map((match) => match[1]!);
  }
  expect(found).toEqual(allowed);
});
