// Builds the playground, and serves it on this machine, at PORT or else at the first free port from 4173 on.
//
// Usage: node scripts/playground.mjs     (npm run playground)
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSection, runModule } from "./pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, `.tmp/playground-${process.pid}`); // others may serve one of their own

const wanted = process.env["PORT"];
const first = wanted === undefined ? 4173 : Number(wanted);
if (!Number.isInteger(first) || first < 0 || first > 65535) {
  console.error(`error: PORT must be an integer from 0 to 65535, and is ${JSON.stringify(wanted)}.`);
  process.exit(2);
}
const last = wanted === undefined ? first + 50 : first;

mkdirSync(out, { recursive: true });
const served = await serve(); // first: a port in use is told before the page is made
process.on("SIGINT", () => void end());
process.on("SIGTERM", () => void end());
await buildSection("playground", out);
console.log(`open ${served.address} (Ctrl-C ends it)`);

/** @returns {Promise<{ address: string, close: () => Promise<void> }>} */
async function serve() {
  const { serveFolder } = await runModule(
    "serve",
    `export { serveFolder } from ${JSON.stringify(join(root, "src/cli/learn/serve-folder.ts"))};`,
  );
  for (let port = first; ; port++) {
    try {
      return await serveFolder(out, port);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (port < last && message.includes("it is in use")) continue;
      console.error(`error: ${message} As in PORT=8080 npm run playground.`);
      process.exit(1);
    }
  }
}

async function end() {
  await served.close();
  process.exit(0);
}
