import { createReadStream, statSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";

/** A folder that is being served. */
export interface ServedFolder {
  /** With a slash at its end. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

interface ServeOptions {
  /** Files elsewhere, by the addresses at which they are served, relative to that of the folder. */
  readonly more?: ReadonlyMap<string, string>;
  /** The folder inside to which the server's own address leads. Default: the folder itself. */
  readonly home?: string;
}

const types: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".mjs", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"],
  [".json", "application/json"],
  [".svg", "image/svg+xml"],
  [".webp", "image/webp"],
]);

/**
 * Serves the files of a folder to this machine alone, at `port` or, for 0, at any that is free; settled when it listens.
 *
 * @throws DownhillError `option` where the port cannot be had.
 */
export async function serveFolder(
  folder: string,
  port: number,
  { more = new Map(), home = "" }: ServeOptions = {},
): Promise<ServedFolder> {
  const server = createServer(({ method, url = "/" }, response) => {
    const path = pathOf(url);
    const isFolder = path !== undefined && isFolderAt(join(folder, path));
    if (method !== "GET" && method !== "HEAD") response.writeHead(405).end();
    else if (path === undefined) notFound(response);
    else if (path === sep && home !== "") response.writeHead(302, { location: `/${home}/` }).end();
    else if (more.has(addressOf(path))) send(more.get(addressOf(path))!, response);
    else if (!isFolder) send(join(folder, path), response);
    else if (path.endsWith(sep)) send(join(folder, path, "index.html"), response);
    // relative links of a page count from its folder
    else response.writeHead(301, { location: `${url.split("?")[0]!}/` }).end();
  });
  await new Promise<void>((listening, failed) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "it is in use" : error.message;
      failed(
        new DownhillError("option", `cannot serve at port ${port}: ${why}. Choose another one, or none.`),
      );
    });
    server.listen(port, "127.0.0.1", listening);
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** The path of a file that an address asks for; `undefined` where it is none, or leads out of the folder. */
function pathOf(url: string): string | undefined {
  try {
    const path = normalize(decodeURIComponent(url.split("?")[0]!));
    return path.startsWith(sep) && !path.includes("\0") ? path : undefined;
  } catch {
    return undefined; // no address
  }
}

/** A path as an address, relative to that of the folder. */
function addressOf(path: string): string {
  return path.split(sep).join("/").slice(1);
}

function isFolderAt(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function send(file: string, response: ServerResponse): void {
  const type = types.get(extname(file)) ?? "application/octet-stream";
  createReadStream(file)
    .on("open", () => response.writeHead(200, { "content-type": type, "cache-control": "no-cache" }))
    .on("error", () => notFound(response))
    .pipe(response);
}

function notFound(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("There is no such page.\n");
}
