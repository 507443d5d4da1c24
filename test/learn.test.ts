// `downhill learn` as its user meets it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { downhill } from "./support/command.ts";
import { root } from "./support/snippets.ts";

const main = join(root, "dist/cli/main.js");

test("serves the course until Ctrl-C, which ends it cleanly", async () => {
  const child = spawn(process.execPath, [main, "learn", "--no-open"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  while (!said.includes("\n")) await once(child.stdout, "data");
  const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0] ?? "";
  const list = await fetch(address);
  expect(list.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await list.text()).toContain('href="./reverse-mode/"');
  const moved = await fetch(`${address}reverse-mode`, { redirect: "manual" });
  expect([moved.status, moved.headers.get("location")]).toEqual([301, "/reverse-mode/"]);
  const style = await fetch(`${address}assets/style.css`);
  expect(style.headers.get("content-type")).toBe("text/css; charset=utf-8");
  for (const outside of [
    "%2e%2e/package.json",
    "..%2fpackage.json",
    "%2e%2e%2f%2e%2e%2fpackage.json",
    "nothing",
    "%",
  ])
    expect((await fetch(address + outside)).status, outside).toBe(404);
  expect((await fetch(address, { method: "POST" })).status).toBe(405);
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("says what is wrong with a chapter or a port", async () => {
  const chapter = await downhill(["learn", "reverse"]);
  expect([chapter.status, chapter.stderr]).toEqual([
    2,
    'error: learn: there is no chapter reverse. Did you mean "reverse-mode"? See downhill learn --help.\n',
  ]);
  const port = await downhill(["learn", "--port", "99999"]);
  expect(port.status).toBe(2);
  expect(port.stderr).toContain(
    '--port must be a whole number from 0 (any that is free) to 65535, got "99999"',
  );
});
