// Bundled workers of live pages.
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./support/snippets.ts";

interface Pages {
  sourcesOf(section: "learn"): {
    readonly input: Readonly<Record<string, string>>;
    readonly plugin: { transform(code: string, id: string): string | null };
  };
}

test("pages of a section may have workers of equal names: one of them replaced the other", async () => {
  const { sourcesOf } = (await import(join(root, "scripts/pages.mjs"))) as Pages;
  const { input, plugin } = sourcesOf("learn");
  const code = `new Worker(new URL("./training.worker.js", import.meta.url))`;
  const page = join(root, "pages/course/momentum-and-schedules");
  expect(plugin.transform(code, join(page, "state.ts"))).toBe(
    `new Worker(new URL("./momentum-and-schedules-training.worker.js", import.meta.url))`,
  );
  expect(input["momentum-and-schedules-training.worker"]).toBe(join(page, "training.worker.ts"));
  expect(() => plugin.transform(code, join(root, "pages/course/batches/state.ts"))).toThrow(
    "training.worker.ts, which is not beside it",
  );
});
