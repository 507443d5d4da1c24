// docs/ops.md agrees with the sources.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { expect } from "vitest";
import { testInCi } from "./support/extent.ts";
import { operationsPage } from "./support/ops-page.ts";
import { root } from "./support/snippets.ts";

const file = join(root, "docs/ops.md");

testInCi(
  "docs/ops.md is up to date (DOWNHILL_WRITE=1 npx vitest run test/ops-page.test.ts writes it)",
  async () => {
    const page = await format(operationsPage(root), { ...(await resolveConfig(file)), filepath: file });
    if (process.env["DOWNHILL_WRITE"] === "1") writeFileSync(file, page);
    expect(readFileSync(file, "utf8")).toBe(page);
  },
);
