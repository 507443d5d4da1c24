import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject } from "vitest";
import { testWith } from "./conditions.ts";
import { extent, inCi } from "./extent.ts";

const INSTALL = "apt-get install -y chromium";

/** Tools that a test of a page receives. */
export interface BrowserTest {
  /**
   * Opens a page that no other test sees, cut off from the network. At the end of the test any error of the page (an
   * exception or `console.error`) and any request for something outside its one file fail the test.
   *
   * @param source the text of an HTML page, the path of a file as `{ file }`, a page as a server on this machine sends
   * it, with its headers, or an address of a folder that such a server sends, whose files the page may ask for. An error of a page that
   * a server sends is none if `mayReport` matches it
   */
  open(
    source: string | { readonly file: string } | ServedPage | ServedAddress,
    options?: BrowserContextOptions,
  ): Promise<Page>;
}

/** A page that a server sends. */
export interface ServedPage {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly mayReport?: RegExp;
}

/** A page that a server of the test sends. */
export interface ServedAddress {
  readonly address: string;
  readonly mayReport?: RegExp;
}

let connected: Promise<Browser> | undefined;

/** The one Chromium of this run, with an empty profile; see chromium-server.ts. */
async function connect(): Promise<Browser> {
  const [answer, { chromium }] = await Promise.all([fetch(inject("chromium")), import("playwright-core")]);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Chromium does not start: ${text}`);
  return chromium.connect(text);
}

/** A page of Chromium, in a context of its own. */
interface Tab {
  readonly page: Page;
  readonly devTools: CDPSession;
  /** Key of the context's fixed settings. */
  readonly kind: string;
}

/** Unused tabs, kept because creating one takes longer than most tests. */
let idle: Tab[] = [];

async function takeTab({
  viewport = { width: 1280, height: 720 },
  colorScheme = "light",
  reducedMotion = "no-preference",
  ...fixed
}: BrowserContextOptions): Promise<Tab> {
  const kind = JSON.stringify(fixed);
  let tab = idle.find((one) => one.kind === kind);
  if (tab === undefined) {
    connected ??= connect();
    const context = await (await connected).newContext(fixed);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000); // the usual time limit of page tests
    tab = { page, devTools: await context.newCDPSession(page), kind };
  }
  const taken = tab;
  idle = idle.filter((one) => one !== taken);
  if (viewport !== null) await taken.page.setViewportSize(viewport);
  await taken.page.emulateMedia({ colorScheme, reducedMotion });
  return taken;
}

/** Navigates away from the page, clears its storage, and keeps the tab for another test. */
async function giveBack(tab: Tab): Promise<void> {
  const { page, devTools } = tab;
  for (const event of ["pageerror", "console", "request"]) page.removeAllListeners(event);
  await devTools.send("Storage.clearDataForOrigin", { origin: "file://", storageTypes: "all" });
  await page.goto("about:blank");
  await page.mouse.move(0, 0);
  idle.push(tab);
}

/**
 * A group of tests of pages in Chromium. Without Chromium they are skipped, and their names say how to install it; with
 * `REQUIRE_BROWSER=1` they fail instead. A run of the whole suite outside CI runs the first test of each group, so
 * the first opens the page and reads what matters most.
 */
export function describeInBrowser(
  name: string,
  tests: Readonly<Record<string, (browser: BrowserTest) => Promise<void>>>,
): void {
  describeTests(name, tests, process.env["DOWNHILL_SAMPLE"] === "1" ? 1 : Infinity);
}

/**
 * Like `describeInBrowser`, for pages that compute for long, and for those that `npm test` opens in another group. These tests run
 * with CI set, in the thorough extent, and with ALL_PAGES=1.
 */
export function describePageInCi(
  name: string,
  tests: Readonly<Record<string, (browser: BrowserTest) => Promise<void>>>,
): void {
  const isRun = extent(0, 1, 1) === 1 || process.env["ALL_PAGES"] === "1";
  describeTests(name, tests, isRun ? Infinity : 0);
}

function describeTests(
  name: string,
  tests: Readonly<Record<string, (browser: BrowserTest) => Promise<void>>>,
  count: number, // of the first tests, which run
): void {
  const isMissing = inject("chromium") === "";
  const isSkipped = isMissing && process.env["REQUIRE_BROWSER"] !== "1";

  describe(name, () => {
    let folder: string;
    let pages = 0;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "downhill-pages-"));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    for (const [i, [title, body]] of Object.entries(tests).entries()) {
      const testPage = isSkipped ? testWith(`Chromium (${INSTALL})`, false) : testWith(inCi, i < count);
      testPage(title, async () => {
        if (isMissing) expect.unreachable(`Chromium is missing: ${INSTALL}`);
        const troubles: string[] = [];
        const servers: Served[] = [];
        const tabs: Tab[] = [];
        let hasPassed = false;
        const open: BrowserTest["open"] = async (source, options) => {
          const isServed = typeof source !== "string" && "html" in source;
          const isAddress = typeof source !== "string" && "address" in source;
          const tab = await takeTab({ offline: !isServed && !isAddress, ...options });
          tabs.push(tab);
          const { page } = tab;
          page.on("pageerror", (error) => troubles.push(`exception: ${error.message}`));
          page.on("console", (message) => {
            if (message.type() !== "error") return;
            if ((isServed || isAddress) && source.mayReport?.test(message.text()) === true) return;
            troubles.push(`console.error: ${message.text()}`);
          });
          let address: string;
          if (isServed) {
            const served = await serve(source);
            servers.push(served);
            address = served.address;
          } else if (isAddress) address = source.address;
          else {
            let file: string;
            if (typeof source === "string") {
              file = join(folder, `page-${++pages}.html`);
              writeFileSync(file, source);
            } else file = resolve(source.file);
            address = pathToFileURL(file).href;
          }
          page.on("request", (request) => {
            const url = request.url();
            const isOwn = isAddress ? url.startsWith(new URL("/", address).href) : url === address;
            if (!isOwn && !/^(data|blob):/.test(url)) troubles.push(`request: ${url}`);
          });
          await page.goto(address);
          return page;
        };
        try {
          await body({ open });
          hasPassed = true;
        } finally {
          await Promise.all(
            tabs.map(async (tab) => (hasPassed ? giveBack(tab) : tab.page.context().close())),
          );
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

/** Serves one page at a free port of this machine. Browsers treat its address as a secure context. */
async function serve({ html, headers }: ServedPage): Promise<Served> {
  const server = createServer((request, response) => {
    if (request.url !== "/") return void response.writeHead(204).end(); // a browser asks for an icon
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...headers }).end(html);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
