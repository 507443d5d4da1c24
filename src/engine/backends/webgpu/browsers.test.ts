import { describe, expect } from "vitest";
import type { WebGpu } from "downhill/webgpu";
import { testWith } from "../../../../test/support/conditions.ts";
import { gpuTrials, softwareDeviceTimeout, testInCi } from "../../../../test/support/extent.ts";
import { gpuBrowsers, runGpuPage } from "../../../../test/support/gpu-browser.ts";
import { type FixedResults, trainingBits } from "../../../../test/support/gpu-page.ts";
import type { PageTrials } from "../../../../test/support/gpu-trials.ts";
import {
  addTrials,
  allNetworks,
  noTrials,
  pagesOf,
  printLine,
  printTrials,
} from "../../../../test/support/gpu-trials.ts";
import { trapNames } from "../../../../test/support/gpu-traps.ts";

/** Traps into which the device of a browser does not fall without barriers. Each is wrong on one stack at least. */
const safe: Readonly<Record<string, readonly string[]>> = {
  chromium: ["error term of a two-sum", "sum minus a term", "difference of a value and itself"],
  "firefox-esr": ["product divided by a factor", "division by a constant"],
};

/** Checks the comparisons that draw nothing. */
async function checkFixed(name: string, probe: WebGpu["probe"], fixed: FixedResults): Promise<void> {
  const { tables, traps, training, corners } = fixed;
  for (const [type, { count: compared, differing, flushed }] of Object.entries(tables)) {
    expect(compared, type).toBeGreaterThan(20);
    expect(differing, type).toEqual([]);
    if (probe.subnormals === 0) expect(flushed, type).toBe(0);
  }
  expect(traps.exact).toEqual(Object.fromEntries(trapNames.map((trap) => [trap, 0])));
  expect(trapNames.filter((trap) => traps.close[trap] === 0)).toEqual(safe[name]);
  expect(training.gpu).toEqual(training.processor);
  expect(training.processor).toEqual(await trainingBits());
  printTrials(`${name}, corners`, corners);
  expect(corners.differing).toEqual([]);
  expect(corners.flushed).toBeLessThanOrEqual(probe.subnormals > 0 ? 1 : 0);
}

describe.each(gpuBrowsers)("a page in $name", (browser) => {
  const { name, path } = browser;
  const isRequired = process.env["REQUIRE_BROWSER"] === "1";
  const testPage =
    path === undefined && !isRequired ? testWith(`${name} (apt-get install -y ${name})`, false) : testInCi;
  testPage(
    "has the interpreter's bits for all operations and random trials, and trains like WebAssembly in Node",
    async () => {
      const { count, seed } = gpuTrials(0, 4);
      const isThorough = count >= 25; // scripts/soak-webgpu.mjs
      const chosen = Object.keys(allNetworks).slice(0, isThorough ? Infinity : 1);
      const steps = isThorough ? 20 : 3;
      const drawn: PageTrials = {
        fixed: count >= 100 ? "thorough" : true,
        seed: seed + 1,
        routines: count,
        programs: count,
        networks: chosen,
        steps,
      };
      const sums = { networks: noTrials, routines: noTrials, programs: noTrials };
      for (const part of isThorough ? pagesOf(drawn) : [drawn]) {
        const result = await runGpuPage(browser, part, (text) => printLine(`${name}, ${text}`));
        if ("error" in result) expect.unreachable(`${JSON.stringify(part)}\n${result.error}`);
        const { bits, probe, fixed, trials } = result;
        expect([bits, probe.division, probe.squareRoot, probe.arithmetic]).toEqual(["exact", 0, 0, 0]);
        if (fixed !== undefined) await checkFixed(name, probe, fixed);
        for (const [kind, results] of Object.entries(trials)) {
          const key = kind as keyof typeof sums;
          if (results.ran > 0)
            printTrials(`${name}, seed ${part.seed}, ${kind} ${part.networks.join(", ")}`, results);
          sums[key] = addTrials(sums[key], results);
        }
      }
      for (const [kind, sum] of Object.entries(sums)) {
        printTrials(`${name}, all ${kind}`, sum);
        expect(sum.differing, kind).toEqual([]);
      }
      expect(sums.routines.ran).toBe(count);
      expect(sums.programs.ran + sums.programs.refused).toBe(count);
      expect(sums.programs.ran).toBeGreaterThan(count / 2);
      expect(sums.networks.ran).toBe(chosen.length);
    },
    softwareDeviceTimeout,
  );
});
