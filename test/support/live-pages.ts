// The live pages of the site, built and served as for a visitor.
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
  /** Address of a page, with the state after `#`. */
  at(slug: string, state?: string): { readonly address: string };
  /** Initial load of each page by slug, gzipped, in KB (1,024 bytes). */
  loads(): ReadonlyMap<string, number>;
}

/**
 * Serves a section during the tests of this file: the course from `dist/`, other sections built for the purpose. The
 * section is below a folder of the server, as on a site that is not at the root of its host.
 */
export function serveSection(name: "learn" | "playground" | "examples"): ServedSection {
  let served: ServedFolder | undefined;
  let made: string | undefined;
  const sizes = new Map<string, number>();
  beforeAll(async () => {
    made = mkdtempSync(join(tmpdir(), "downhill-site-"));
    const below = join(made, "some/where");
    mkdirSync(below, { recursive: true });
    const script = join(root, "scripts/pages.mjs");
    const words = [script, "--out", below, name];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    for (const [, slug, size] of stdout.matchAll(/^[a-z]+\/(\S*): ([\d.]+) KB gzip$/gm))
      sizes.set(slug!, Number(size));
    served = await serveFolder(made, 0);
  });
  afterAll(async () => {
    await served?.close();
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
  });
  return {
    loads: () => sizes,
    at: (slug, state = "") => ({
      address: `${served!.address}some/where/${name}/${slug === "" ? "" : `${slug}/`}${state}`,
    }),
  };
}

/** Resolves when a page is interactive: its figures respond. */
export async function alive(page: Page): Promise<Page> {
  await page.locator("html[data-alive]").waitFor({ state: "attached" });
  return page;
}

/** An interactive page with its predictions revealed. */
export async function revealed(page: Page): Promise<Page> {
  await alive(page);
  const buttons = page.getByRole("button", { name: "Show the answer" });
  while ((await buttons.count()) > 0) await buttons.first().click();
  return page;
}
