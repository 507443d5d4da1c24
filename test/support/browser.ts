import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join, resolve } from "node:path";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, type Page, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const INSTALL = "apt-get install -y chromium";

/** The Chromium to test pages with: `CHROMIUM_PATH`, else the first of the usual names on the `PATH`. */
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

/** What a test of a page is given. */
export interface BrowserTest {
  /**
   * Opens a page in a context of its own, cut off from the network. At the end of the test any error of the page (an
   * exception or `console.error`) and any request for something outside its one file fail the test.
   *
   * @param source the text of an HTML page, the path of a file as `{ file }`, or a page as a server on this machine sends
   * it, with its headers; an error of such a page that `mayReport` matches is none
   */
  open(
    source: string | { readonly file: string } | ServedPage,
    options?: BrowserContextOptions,
  ): Promise<Page>;
}

/** A page that a server sends. */
export interface ServedPage {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly mayReport?: RegExp;
}

/**
 * A group of tests that share one freshly started Chromium with an empty profile. Where none is installed they are
 * skipped, their names tell how to install one, and under `REQUIRE_BROWSER=1` they fail instead.
 */
export function describeInBrowser(
  name: string,
  tests: Readonly<Record<string, (browser: BrowserTest) => Promise<void>>>,
): void {
  const executablePath = findChromium();
  const missing = executablePath === undefined ? `no Chromium was found; install one: ${INSTALL}` : undefined;
  const skip = missing !== undefined && process.env["REQUIRE_BROWSER"] !== "1";

  describe(name, () => {
    let browser: Browser;
    let folder: string;
    let pages = 0;
    beforeAll(async () => {
      if (executablePath === undefined) return;
      folder = mkdtempSync(join(tmpdir(), "downhill-pages-"));
      browser = await chromium.launch({
        executablePath,
        headless: true,
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
    });
    afterAll(async () => {
      if (executablePath === undefined) return;
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    });

    for (const [title, body] of Object.entries(tests)) {
      test.skipIf(skip)(skip ? `${title} (${missing})` : title, async () => {
        if (missing !== undefined) expect.unreachable(missing);
        const troubles: string[] = [];
        const servers: Served[] = [];
        const open: BrowserTest["open"] = async (source, options) => {
          const isServed = typeof source !== "string" && "html" in source;
          const context = await browser.newContext({ offline: !isServed, ...options });
          const page = await context.newPage();
          page.on("pageerror", (error) => troubles.push(`exception: ${error.message}`));
          page.on("console", (message) => {
            if (message.type() !== "error") return;
            if (isServed && source.mayReport?.test(message.text()) === true) return;
            troubles.push(`console.error: ${message.text()}`);
          });
          let address: string;
          if (isServed) {
            const served = await serve(source);
            servers.push(served);
            address = served.address;
          } else {
            let file: string;
            if (typeof source === "string") {
              file = join(folder, `page-${++pages}.html`);
              writeFileSync(file, source);
            } else file = resolve(source.file);
            address = pathToFileURL(file).href;
          }
          page.on("request", (request) => {
            const url = request.url();
            if (url !== address && !/^(data|blob):/.test(url)) troubles.push(`request: ${url}`);
          });
          await page.goto(address);
          return page;
        };
        try {
          await body({ open });
        } finally {
          await Promise.all(browser.contexts().map(async (context) => context.close()));
          for (const { close } of servers) close();
        }
        expect(troubles).toEqual([]);
      });
    }
  });
}

interface Served {
  readonly address: string;
  readonly close: () => void;
}

/** Serves one page, at a port of this machine that is free. Its address counts as one that browsers trust. */
async function serve({ html, headers }: ServedPage): Promise<Served> {
  const server = createServer((request, response) => {
    if (request.url !== "/") return void response.writeHead(204).end(); // a browser asks for an icon
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...headers }).end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
