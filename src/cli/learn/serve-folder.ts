import { createReadStream, readFileSync, type ReadStream, statSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, posix } from "node:path";
import { pipeline } from "node:stream";
import { DownhillError } from "../../engine/errors/index.ts";

/** A folder that is being served. */
export interface ServedFolder {
  /** Address of the folder, which ends with a slash. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

interface ServeOptions {
  /** Files outside the folder, by the addresses that serve them, relative to that of the folder. */
  readonly more?: ReadonlyMap<string, string>;
  /**
   * The subfolder that the root address redirects to. Default: none; the root address serves the `index.html` of the
   * folder itself.
   */
  readonly home?: string;
  /** Path at which the folder is served, with a slash at both ends. Default `/`. */
  readonly base?: string;
}

const types: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".mjs", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"],
  [".json", "application/json"],
  [".svg", "image/svg+xml"],
  [".png", "image/png"],
  [".webp", "image/webp"],
  [".wasm", "application/wasm"],
]);

/**
 * Names of this machine. A remote page whose host name an attacker resolves to this machine has another name (DNS
 * rebinding).
 */
const hosts: ReadonlySet<string> = /* @__PURE__ */ new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Serves the files of a folder to this machine only, at `port` or, for 0, at any free port. Resolves when the server
 * listens.
 *
 * Every request without a file is answered with 404, whatever the file system reports, and with the `404.html` of the
 * folder if there is one, as static hosts do. A request for another host is answered with 403, and one that would
 * modify something with 405. The address of a folder without a final slash is redirected to the one with it.
 *
 * @throws DownhillError `option` if the port is not available.
 */
export async function serveFolder(
  folder: string,
  port: number,
  { more = new Map(), home = "", base = "/" }: ServeOptions = {},
): Promise<ServedFolder> {
  const missing = (response: ServerResponse): void => sendMissing(folder, response);
  const server = createServer(({ method, url = "/", headers }, response) => {
    const path = pathOf(url, base);
    if (!isThisMachine(headers.host)) refuse(response, 403, "This server answers to localhost alone.");
    else if (method !== "GET" && method !== "HEAD") refuse(response, 405, "This server only sends files.");
    else if (path === undefined) missing(response);
    else if (path === "/" && home !== "") redirect(response, 302, `${base}${home}/`);
    else if (more.has(path.slice(1))) send(more.get(path.slice(1))!, response, missing);
    else if (!isFolderAt(join(folder, path))) send(join(folder, path), response, missing);
    else if (path.endsWith("/")) send(join(folder, path, "index.html"), response, missing);
    // relative links of a page are resolved from its folder
    else redirect(response, 301, `${base}${path.slice(1)}/`);
  });
  await new Promise<void>((listening, failed) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "it is in use" : error.message;
      failed(
        new DownhillError("option", `cannot serve at port ${port}: ${why}. Choose another port, or omit it.`),
      );
    });
    server.listen(port, "127.0.0.1", listening);
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

const notFound = "There is no such page.";

/**
 * Returns the path of the file that an address requests, without `..` components and repeated slashes. `undefined` for
 * an address that is invalid, is outside `base`, or has characters that separate path components on some systems.
 */
function pathOf(url: string, base: string): string | undefined {
  let path: string;
  try {
    path = posix.normalize(decodeURIComponent(url.split(/[?#]/, 1)[0]!));
  } catch {
    return undefined; // broken escapes
  }
  if (!path.startsWith(base) || /[\0\\:]/.test(path)) return undefined;
  return path.slice(base.length - 1);
}

/** True if a request names this machine as its host, at any port, because the port may be forwarded. */
function isThisMachine(host: string | undefined): boolean {
  return host !== undefined && hosts.has(host.toLowerCase().replace(/:\d*$/, ""));
}

function isFolderAt(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // missing or unreachable: a name that is too long, or a file in place of a folder
  }
}

/** Sends a file. Pipes and devices are treated as missing, because they may never end. */
function send(file: string, response: ServerResponse, missing: (response: ServerResponse) => void): void {
  let stream: ReadStream;
  try {
    if (!statSync(file).isFile()) throw new Error("no plain file");
    stream = createReadStream(file);
  } catch {
    missing(response);
    return;
  }
  stream.on("open", () => {
    response.writeHead(200, {
      "content-type": types.get(extname(file)) ?? "application/octet-stream",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
    });
    pipeline(stream, response, () => {}); // closes the file if the browser disconnects early
  });
  stream.on("error", () => {
    if (!response.headersSent) missing(response);
  });
}

/** Answers with 404 and the `404.html` of the folder; without such a file, with a line of text. */
function sendMissing(folder: string, response: ServerResponse): void {
  let page: Buffer;
  try {
    page = readFileSync(join(folder, "404.html"));
  } catch {
    refuse(response, 404, notFound);
    return;
  }
  response.writeHead(404, { "content-type": types.get(".html") }).end(page);
}

/** Redirects to a path of this server: never to another host, and without characters that are invalid in a header. */
function redirect(response: ServerResponse, status: 301 | 302, path: string): void {
  const location = path.split("/").map(encodeURIComponent).join("/");
  response.writeHead(status, { location }).end();
}

function refuse(response: ServerResponse, status: 403 | 404 | 405, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
