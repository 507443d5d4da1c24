// The live pages of the site, built and served as a visitor meets them.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { serveFolder, type ServedFolder } from "../../src/cli/learn/serve-folder.ts";
import { root } from "./snippets.ts";

/** A section of the site that a test file may visit. */
export interface ServedSection {
  /** The address of a page, with what stands behind `#`: the state. */
  at(slug: string, state?: string): { readonly address: string };
}

/**
 * Serves a section while the tests of this file run: the course as the build left it in `dist/`, others built for the purpose.
 * They lie below a folder of the server, as on a site that is not at the root of its host.
 */
export function serveSection(name: "learn" | "playground" | "examples"): ServedSection {
  let served: ServedFolder | undefined;
  let made: string | undefined;
  beforeAll(async () => {
    made = mkdtempSync(join(tmpdir(), "downhill-site-"));
    const below = join(made, "some/where");
    mkdirSync(below, { recursive: true });
    const script = join(root, "scripts/pages.mjs");
    const { status, stderr } = spawnSync(process.execPath, [script, "--out", below, name], {
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
    served = await serveFolder(made, 0);
  });
  afterAll(async () => {
    await served?.close();
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
  });
  return {
    at: (slug, state = "") => ({
      address: `${served!.address}some/where/${name}/${slug === "" ? "" : `${slug}/`}${state}`,
    }),
  };
}

/** Settled when a page is alive: its figures answer. */
export async function alive(page: Page): Promise<Page> {
  await page.locator("html[data-alive]").waitFor({ state: "attached" });
  return page;
}
