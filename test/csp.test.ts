// Pages whose content security policy forbids code generation: compiled functions still work, with one warning.
import { beforeAll, expect } from "vitest";
import { describePageInCi } from "./support/browser.ts";
import { pageScript } from "./support/page-script.ts";

const program = `
  import { configure, grad, jit, scan, sin, tensor } from "./src/index.ts";
  import { cosineDecay } from "./src/numeric/optim/index.ts";
  const compute = () => {
    configure({ reproducible: true });
    const x = tensor(Float64Array.from({ length: 5000 }, (_, i) => i / 1000));
    const f = (x) => sin(x.mul(x)).sum();
    const wide = jit(grad(f));
    const narrow = jit((a, b) => a.mul(b).add(sin(a)));
    const loop = jit((c, xs) => scan((c, x) => [sin(c.add(x)), c], c, xs)[0]);
    const results = [wide(x).sum(), narrow(2, 3), loop(0.5, x.slice(0, 20)), grad(f)(x).sum(), tensor(cosineDecay({ from: 1, steps: 10 })(3))];
    const attempt = (backend) => {
      try {
        configure({ backend });
        return "allowed";
      } catch (error) {
        return error.message;
      } finally {
        configure({ reproducible: true });
      }
    };
    return {
      values: results.map((y) => y.item()),
      backends: [wide, narrow, loop].map((one) => one.stats().backends.join()),
      js: attempt("js"),
      wasm: attempt("wasm"),
    };
  };
  // by the page itself: no policy holds for what a test calls
  window.start = () => new Promise((resolve) => setTimeout(() => resolve(compute())));`;

interface Report {
  readonly values: readonly number[];
  readonly backends: readonly string[];
  readonly js: string;
  readonly wasm: string;
}

let script = "";
beforeAll(async () => {
  script = await pageScript(program);
});

const page = (policy: string | undefined): string =>
  "<!doctype html><title>policy</title>" +
  (policy === undefined
    ? ""
    : `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${policy}">`) +
  `<script nonce="own">${script}</script>`;

interface Seen {
  readonly report: Report;
  readonly warnings: readonly string[];
}

describePageInCi("a page with a content security policy", {
  "has every number interpreted, warned once, where no code may be made; compiled where some may": async ({
    open,
  }) => {
    const look = async (policy: string | undefined): Promise<Seen> => {
      const tab = await open(page(policy));
      const warnings: string[] = [];
      tab.on("console", (message) => {
        if (message.type() === "warning") warnings.push(message.text());
      });
      const run = async (): Promise<Report> =>
        tab.evaluate(async () => (globalThis as unknown as { start: () => Promise<Report> }).start());
      const report = await run();
      expect((await run()).values).toEqual(report.values); // and it does not warn again
      return { report, warnings };
    };

    const free = await look(undefined);
    expect(free.report.backends).toEqual(["wasm", "js", "js"]);
    expect([free.report.js, free.report.wasm]).toEqual(["allowed", "allowed"]);
    expect(free.warnings).toEqual([]);

    const strict = await look("'nonce-own'");
    expect(strict.report.backends).toEqual(["interp", "interp", "interp"]);
    expect(strict.report.js).toContain("a content security policy forbids it");
    expect(strict.report.wasm).toContain("WebAssembly may not be compiled here");
    expect(strict.warnings).toHaveLength(1);
    expect(strict.warnings[0]).toContain("Allow 'wasm-unsafe-eval' in script-src");
    // these were computed with the same bits
    expect(strict.report.values).toEqual(free.report.values);

    const some = await look("'nonce-own' 'wasm-unsafe-eval'");
    expect(some.report.backends).toEqual(["wasm", "wasm", "wasm"]);
    expect(some.report.js).toContain("a content security policy forbids it");
    expect(some.report.wasm).toBe("allowed");
    expect(some.warnings).toEqual([]);
    expect(some.report.values).toEqual(free.report.values);
  },
});
