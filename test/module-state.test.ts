import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

/**
 * The variables of modules in the engine, by file: state that outlives a call and stands in no record. What the runtime keeps is
 * in `engine` (`src/engine/runtime/engine.ts`); these stay where they are, for the reason given.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  // read by each operation, in a layer below the runtime
  "trace/bind.ts": ["evaluate", "staging", "depth"],
  "trace/debug.ts": ["hooks"],
  // set by one module and read by one other, which must not import it
  "transforms/tools.ts": ["installed"],
  // programs of loops that are traced at each call, for transforms, which stand below the runtime
  "trace/intern.ts": ["programs"],
  // called by passes in layers below the runtime, set by downhill/testing
  "util/after-pass.ts": ["observer"],
  // counters that give names and identities
  "ir/key.ts": ["next"],
  "tree/known-keys.ts": ["next"],
  "backends/wasm/emit/routine.ts": ["modules"],
  // how deep a recursion is
  "ir/hash.ts": ["outermost"],
  // what the JavaScript engine can do, found out when it is asked for first
  "util/generate-code.ts": ["codeGeneration"],
  "backends/js/index.ts": ["powers"],
  "kernel/copy-elements.ts": ["found"],
  // tables and scratch made when they are asked for first, since modules do no work when they are loaded
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
