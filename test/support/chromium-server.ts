// A global set-up of vitest: one Chromium for all tests of a run. It starts at the first request and closes when the
// run ends. Test processes connect to it.
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import type { BrowserServer } from "playwright-core";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** URL that returns the address of Chromium; empty if none is installed. */
    readonly chromium: string;
  }
}

/** The Chromium for the tests: `CHROMIUM_PATH`, else the first of the usual names on the `PATH`. */
function findChromium(): string | undefined {
  const named = process.env["CHROMIUM_PATH"];
  if (named !== undefined && named !== "") {
    if (!existsSync(named)) throw new Error(`CHROMIUM_PATH names no file: ${named}`);
    return named;
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
  const usual = [
    "/usr/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  ];
  return [...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...usual].find((path) =>
    existsSync(path),
  );
}

async function startChromium(executablePath: string): Promise<BrowserServer> {
  const { chromium } = await import("playwright-core");
  return chromium.launchServer({
    executablePath,
    headless: true,
    host: "127.0.0.1",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

let server: Server | undefined;
let started: Promise<BrowserServer> | undefined;

export async function setup({ provide }: TestProject): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined) return provide("chromium", "");
  const asked = createServer((_, response) => {
    started ??= startChromium(executablePath);
    started.then(
      (browser) => response.end(browser.wsEndpoint()),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server = asked;
  await new Promise<void>((resolve) => asked.listen(0, "127.0.0.1", resolve));
  provide("chromium", `http://127.0.0.1:${(asked.address() as AddressInfo).port}/`);
}

export async function teardown(): Promise<void> {
  server?.closeAllConnections();
  server?.close();
  await (await started)?.close();
}
