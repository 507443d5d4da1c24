import { expect, test } from "vitest";
import { choicesOf } from "../../../../test/support/draw-region.ts";
import { Choices } from "../../../../test/support/random-choices.ts";
import { randomStrips } from "../../../../test/support/random-strips.ts";
import * as k from "../../kernel/build.ts";
import { makeFailures } from "../../kernel/failure.ts";
import { makeNames } from "../../kernel/fresh-names.ts";
import { printHead } from "../../kernel/print.ts";
import type { Buffer, Expr } from "../../kernel/scalar.ts";
import { walkBlock } from "../../kernel/walk.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import type { Region } from "../form/region.ts";
import type { LoweringStage } from "./options.ts";
import { writeRegion } from "./region.ts";
import type { ArrayMemory, ArrayPlace, ErrorSite, LoweringHost } from "./scope.ts";
import { planArrays } from "./sizes.ts";

/**
 * Writes a region whose arrays have memory of their own. Returns the statements after each pass, and the buffers that
 * were requested.
 */
function write(
  region: Region,
  lengths: readonly (readonly number[])[],
  scratch: "granted" | "refused" | "none",
): { readonly heads: readonly string[]; readonly passes: readonly string[]; readonly requests: number } {
  const fresh = makeNames();
  const scalars = new Map<string, Expr>();
  const arrays = new Map<string, ArrayPlace>();
  region.params.forEach(({ kind, name, type }, i) => {
    if (kind === "scalar") scalars.set(name, k.local(type, fresh(name)));
    else
      arrays.set(name, {
        type,
        buffer: fresh(name),
        offset: k.i32(0),
        dims: lengths[i]!.map((n) => k.i32(n)),
      });
  });
  const plans = planArrays(region, scalarFunctions, scalars, arrays);
  const memory = new Map<string, ArrayMemory>();
  for (const name of plans.keys())
    memory.set(name, { buffer: fresh(name), offset: k.i32(0), capacity: undefined });
  const requests: Buffer[] = [];
  const block = k.makeBlock();
  const host: LoweringHost = {
    block,
    failure: makeFailures<ErrorSite>(fresh).locals,
    fresh,
    scalars,
    arrays,
    memoryOf: (name) => memory.get(name)!,
    ...(scratch !== "none" && {
      scratch: {
        isFixed: true,
        add: (buffer) => void requests.push(buffer),
        sizeOf: (buffer) => [...plans].find(([name]) => memory.get(name)!.buffer === buffer)?.[1].size,
        isGranted: () => scratch === "granted",
      },
    }),
  };
  const stages: LoweringStage[] = [];
  writeRegion(region, scalarFunctions, host, { outOf: () => undefined, dimsOf: [], stages });
  const heads: string[] = [];
  walkBlock(block.statements, { stmt: (stmt) => void heads.push(printHead(stmt).replaceAll(/_\d+/g, "")) });
  return { heads, passes: stages.map(({ pass }) => pass), requests: requests.length };
}

test("loops are rewritten without scratch if the host refuses it, and the region is written once", () => {
  let refused = 0;
  for (let seed = 60_000; seed < 60_010; seed++) {
    const { region, args } = randomStrips(new Choices(choicesOf(seed)));
    const lengths = args.map((arg) => (typeof arg === "number" ? [] : arg.dims));
    const [granted, without, none] = (["granted", "refused", "none"] as const).map((scratch) =>
      write(region, lengths, scratch),
    );
    expect(without!.heads, `seed ${seed}`).toEqual(none!.heads);
    expect(without!.passes.filter((pass) => pass === "clears" || pass === "sites")).toEqual([
      "clears",
      "sites",
    ]);
    if (granted!.requests > 0) expect(granted!.heads).not.toEqual(without!.heads);
    refused += without!.requests;
  }
  expect(refused).toBeGreaterThan(0);
});
