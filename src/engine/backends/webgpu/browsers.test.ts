import { describe, expect } from "vitest";
import { testWith } from "../../../../test/support/conditions.ts";
import { testInCi } from "../../../../test/support/extent.ts";
import { gpuBrowsers, runGpuPage } from "../../../../test/support/gpu-browser.ts";
import { trainingBits } from "../../../../test/support/gpu-page.ts";
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
  testPage("has the interpreter's bits for all operations, and trains like WebAssembly in Node", async () => {
    const result = await runGpuPage(browser);
    if ("error" in result) expect.unreachable(result.error);
    const { bits, probe, tables, traps, training } = result;
    expect([bits, probe.division, probe.squareRoot, probe.arithmetic]).toEqual(["exact", 0, 0, 0]);
    for (const [type, { count, differing, flushed }] of Object.entries(tables)) {
      expect(count, type).toBeGreaterThan(20);
      expect(differing, type).toEqual([]);
      if (probe.subnormals === 0) expect(flushed, type).toBe(0);
    }
    expect(traps.exact).toEqual(Object.fromEntries(trapNames.map((trap) => [trap, 0])));
    expect(trapNames.filter((trap) => traps.close[trap] === 0)).toEqual(safe[name]);
    expect(training.gpu).toEqual(training.processor);
    expect(training.processor).toEqual(await trainingBits());
  });
});
