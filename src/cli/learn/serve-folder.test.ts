import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ServedFolder, serveFolder } from "./serve-folder.ts";

let folder = "";
let served: ServedFolder;
let below: ServedFolder;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "downhill-serve-"));
  mkdirSync(join(folder, "site/course/a b"), { recursive: true });
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(join(folder, "site/course/index.html"), "<p>course</p>");
  writeFileSync(join(folder, "site/course/style.css"), "p {}");
  symlinkSync(join(folder, "site/round"), join(folder, "site/round")); // a link to itself
  served = await serveFolder(join(folder, "site"), 0, {
    home: "course",
    more: new Map([["packages/more.js", join(folder, "site/course/style.css")]]),
  });
  below = await serveFolder(join(folder, "site"), 0, { base: "/some/where/" });
});
afterAll(async () => {
  await served.close();
  await below.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly location: string | undefined;
  readonly text: string;
}

/** Requests a path unchanged; fetch would normalise it. */
async function ask(path: string, { host = "localhost", method = "GET", at = served } = {}): Promise<Answer> {
  const { port } = new URL(at.address);
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, method, headers: { host } }, (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      response.on("end", () => {
        resolve({ status: response.statusCode, location: response.headers.location, text });
      });
    })
      .on("error", reject)
      .end();
  });
}

const found = { status: 200, location: undefined, text: "<p>course</p>" };

describe("serveFolder", () => {
  test("sends files, index.html of folders, and files elsewhere", async () => {
    expect(await ask("/course/")).toEqual(found);
    expect(await ask("/course/index.html?x=1")).toEqual(found);
    expect((await ask("/packages/more.js")).text).toBe("p {}");
    expect(await ask("/course/", { method: "HEAD" })).toEqual({ ...found, text: "" });
    expect(await ask("/some/where/course/", { at: below })).toEqual(found);
  });

  test.each([
    "/course/index.html/x", // a file in place of a folder
    `/${"x".repeat(300)}`,
    `/course/${"x/".repeat(3000)}`,
    "/round",
    "/course/%00",
    "/course/index.html%00.css",
    "/%2e%2e/secret.txt",
    "/../secret.txt",
    "/course/..%2f..%2fsecret.txt",
    "/course/..%5c..%5csecret.txt",
    "/course/C:secret.txt",
    "/%",
    "/%ff",
    "/nothing",
    "/nothing/",
    "/course/a%20b/", // no index.html
    "//localhost",
    "*",
    "http://elsewhere/course/",
  ])("answers %s with 404 and continues to serve", async (path) => {
    expect(await ask(path)).toEqual({ status: 404, location: undefined, text: "There is no such page.\n" });
    expect(await ask("/course/")).toEqual(found);
  });

  test.each([
    ["/", "/course/", 302],
    ["//elsewhere/..", "/course/", 302],
    ["/%2f%2felsewhere/%2e%2e", "/course/", 302],
    ["/course", "/course/", 301],
    ["//course", "/course/", 301],
    ["/%2fcourse", "/course/", 301],
    ["//elsewhere/../course?x", "/course/", 301],
    ["/course/a%20b", "/course/a%20b/", 301],
  ] as const)("redirects %s to %s, never to another host", async (path, location, status) => {
    expect(await ask(path)).toEqual({ status, location, text: "" });
  });

  test("serves only its own path", async () => {
    expect((await ask("/course/", { at: below })).status).toBe(404);
    expect((await ask("/some/where/../../course/", { at: below })).status).toBe(404);
    expect((await ask("/some/where/course", { at: below })).location).toBe("/some/where/course/");
  });

  test.each([
    "elsewhere.example",
    "127.0.0.1.elsewhere.example",
    "localhost.elsewhere.example:80",
    "192.168.0.1",
    "localhost@x",
    "[::2]",
  ])("refuses a request for the host %s, as in DNS rebinding", async (host) => {
    expect((await ask("/course/", { host })).status).toBe(403);
  });

  test.each(["127.0.0.1", "localhost:9000", "LocalHost", "[::1]:80"])("accepts the host %s", async (host) => {
    expect((await ask("/course/", { host })).status).toBe(200);
  });

  test("refuses requests that modify something, and requests without a host", async () => {
    expect((await ask("/course/", { method: "POST" })).status).toBe(405);
    const { port } = new URL(served.address);
    const text = await new Promise<string>((resolve) => {
      let said = "";
      const socket = connect(Number(port), "127.0.0.1", () => socket.write("GET /course/ HTTP/1.0\r\n\r\n"));
      socket.on("data", (bytes: Buffer) => (said += bytes.toString()));
      socket.on("close", () => resolve(said));
    });
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
  });
});
