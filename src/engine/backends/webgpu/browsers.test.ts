import { describe, expect } from "vitest";
import { testWith } from "../../../../test/support/conditions.ts";
import { gpuTrials, softwareDeviceTimeout, testInCi } from "../../../../test/support/extent.ts";
import { gpuBrowsers, runGpuPage } from "../../../../test/support/gpu-browser.ts";
import { trainingBits } from "../../../../test/support/gpu-page.ts";
import { allNetworks, printTrials } from "../../../../test/support/gpu-trials.ts";
import { trapNames } from "../../../../test/support/gpu-traps.ts";

/** Traps into which the device of a browser does not fall without barriers. Each is wrong on one stack at least. */
const safe: Readonly<Record<string, readonly string[]>> = {
  chromium: ["error term of a two-sum", "sum minus a term", "difference of a value and itself"],
  "firefox-esr": ["product divided by a factor", "division by a constant"],
};

describe.each(gpuBrowsers)("a page in $name", (browser) => {
  const { name, path } = browser;
  const isRequired = process.env["REQUIRE_BROWSER"] === "1";
  const testPage =
    path === undefined && !isRequired ? testWith(`${name} (apt-get install -y ${name})`, false) : testInCi;
  testPage(
    "has the interpreter's bits for all operations and random trials, and trains like WebAssembly in Node",
    async () => {
      const { count, seed } = gpuTrials(0, 4);
      const isThorough = count >= 100;
      const chosen = Object.keys(allNetworks).slice(0, isThorough ? Infinity : 1);
      const steps = isThorough ? 20 : 3;
      const drawn = { seed: seed + 1, routines: count, programs: count, networks: chosen, steps };
      const result = await runGpuPage(browser, drawn);
      if ("error" in result) expect.unreachable(result.error);
      const { bits, probe, tables, traps, training, corners, trials } = result;
      expect([bits, probe.division, probe.squareRoot, probe.arithmetic]).toEqual(["exact", 0, 0, 0]);
      for (const [type, { count: compared, differing, flushed }] of Object.entries(tables)) {
        expect(compared, type).toBeGreaterThan(20);
        expect(differing, type).toEqual([]);
        if (probe.subnormals === 0) expect(flushed, type).toBe(0);
      }
      expect(traps.exact).toEqual(Object.fromEntries(trapNames.map((trap) => [trap, 0])));
      expect(trapNames.filter((trap) => traps.close[trap] === 0)).toEqual(safe[name]);
      expect(training.gpu).toEqual(training.processor);
      expect(training.processor).toEqual(await trainingBits());
      for (const [kind, results] of Object.entries(trials)) printTrials(`${name}, ${kind}`, results);
      for (const [kind, { differing }] of Object.entries(trials)) expect(differing, kind).toEqual([]);
      printTrials(`${name}, corners`, corners);
      expect(corners.differing).toEqual([]);
      expect(corners.flushed).toBeLessThanOrEqual(probe.subnormals > 0 ? 1 : 0);
      expect(trials.routines.ran).toBe(count);
      expect(trials.programs.ran).toBeGreaterThan(count / 2);
      expect(trials.networks.ran).toBe(chosen.length);
    },
    softwareDeviceTimeout,
  );
});
