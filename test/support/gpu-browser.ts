// Browsers with WebGPU on software devices: Chromium on SwiftShader, Firefox on Mesa. A page sends its result to the
// server that it came from, so that no driver is needed.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { build } from "esbuild";
import type { PageResult } from "./gpu-page.ts";
import type { PageTrials } from "./gpu-trials.ts";
import { root } from "./snippets.ts";

/** A browser, with the package that installs it. */
export interface GpuBrowser {
  readonly name: "chromium" | "firefox-esr";
  /** Path of its executable; undefined if it is not installed. */
  readonly path: string | undefined;
}

/** The browsers on which the page runs. */
export const gpuBrowsers: readonly GpuBrowser[] = (["chromium", "firefox-esr"] as const).map((name) => ({
  name,
  path: (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path)),
}));

const preferences: Readonly<Record<string, boolean>> = {
  "dom.webgpu.enabled": true,
  "gfx.webgpu.ignore-blocklist": true,
  "gfx.webrender.all": false,
  "layers.acceleration.force-enabled": true,
  "browser.shell.checkDefaultBrowser": false,
  "browser.aboutwelcome.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "app.update.enabled": false,
  "toolkit.telemetry.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
};

function argumentsOf(name: GpuBrowser["name"], profile: string, address: string): readonly string[] {
  if (name === "firefox-esr") {
    const lines = Object.entries(preferences).map(([key, value]) => `user_pref("${key}", ${value});`);
    writeFileSync(join(profile, "user.js"), lines.join("\n"));
    return ["--headless", "--no-remote", "--profile", profile, address];
  }
  return [
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--enable-unsafe-webgpu",
    "--disable-gpu-watchdog", // a software device may compile a shader for longer than it waits
    `--user-data-dir=${profile}`,
    address,
  ];
}

/** Time that a page has, in milliseconds. A page whose GPU is lost may wait forever. */
const patience = 1_800_000;
const attempts = 3;

/** Errors of a page whose browser or GPU ended. It runs again in a new browser, since software devices run out of memory. */
const ended = /the GPU was lost|finds no GPU|ended without a result|sent no result/;

/** Runs the page with its trials, if necessary several times. `note` receives the errors of browsers and GPUs that ended. */
export async function runGpuPage(
  browser: GpuBrowser,
  trials: PageTrials,
  note: (text: string) => void = () => {},
): Promise<PageResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await runGpuPageOnce(browser, trials);
    if (!("error" in result) || !ended.test(result.error) || attempt === attempts) return result;
    note(`attempt ${attempt}: ${result.error.split("\n")[0]}`);
  }
}

/** Opens the page with its trials in a new browser and returns its result. */
async function runGpuPageOnce({ name, path }: GpuBrowser, trials: PageTrials): Promise<PageResult> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { comparePage } from "./test/support/gpu-page.ts"; void comparePage(${JSON.stringify(trials)});`,
      resolveDir: root,
    },
    bundle: true,
    format: "esm",
    write: false,
    target: "es2024",
    external: ["node:*"],
    ignoreAnnotations: true, // package.json lists the modules with effects of dist/ only
  });
  const script = outputFiles[0]!.text;
  const profile = mkdtempSync(join(tmpdir(), "downhill-gpu-"));
  let send: (result: PageResult) => void = () => {};
  const sent = new Promise<PageResult>((resolve) => (send = resolve));
  const server = createServer((request, response) => {
    if (request.method === "POST") {
      let text = "";
      request.on("data", (part: Buffer) => (text += part.toString()));
      request.on("end", () => {
        response.end();
        send(JSON.parse(text) as PageResult);
      });
    } else if (request.url === "/page.js") response.setHeader("content-type", "text/javascript").end(script);
    else
      response
        .setHeader("content-type", "text/html")
        .end(`<!doctype html><script type="module" src="page.js"></script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const child = spawn(path!, argumentsOf(name, profile, address), {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, MOZ_DISABLE_CONTENT_SANDBOX: "1" },
  });
  const exit = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  void exit.then(() => send({ error: `${name} ended without a result` }));
  const timer = setTimeout(() => send({ error: `${name} sent no result for ${patience} ms` }), patience);
  try {
    return await sent;
  } finally {
    clearTimeout(timer);
    try {
      process.kill(-child.pid!, "SIGKILL"); // the group, whose processes the browser has started
    } catch {
      // it has ended
    }
    await exit;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
