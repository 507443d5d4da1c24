// Makes playground/dist/index.html: one file with the library in it, that works offline. With --serve it also serves it.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { build } from "esbuild";

const here = new URL(".", import.meta.url);
const read = (name) => readFileSync(new URL(name, here), "utf8");
/** @param {import("esbuild").BuildOptions} entry */
async function bundle(entry) {
  const { outputFiles } = await build({
    ...entry,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    write: false,
    tsconfigRaw: {}, // else the paths of the repository's tsconfig would lead to src/
  });
  return outputFiles[0].text;
}

if (process.argv.includes("--serve")) await serve(() => page); // first: a port in use is told before the page is made
const page = make();
await page;

/** Makes the page, writes it, and returns its text. */
async function make() {
  const script = await bundle({ entryPoints: [new URL("main.mjs", here).pathname] });
  const styles = await bundle({
    stdin: {
      contents: `export { traceStyle } from "../src/pictures/viz/page.generated.ts"; export { pageColours } from "../src/pictures/viz/page-style.ts";`,
      resolveDir: here.pathname,
    },
  });
  const { traceStyle, pageColours } = await import(`data:text/javascript,${encodeURIComponent(styles)}`);
  const text = read("index.html")
    .replace("/* styles */", () => `${traceStyle}\n${pageColours}\n${read("style.css")}`)
    .replace("/* script */", () => script.replaceAll("</script", "<\\/script"));
  mkdirSync(new URL("dist/", here), { recursive: true });
  // whole or not at all: somebody may be reading it
  const written = new URL(`dist/index-${process.pid}.html`, here);
  writeFileSync(written, text);
  renameSync(written, new URL("dist/index.html", here));
  console.log(`playground/dist/index.html: ${(text.length / 1024).toFixed(0)} KB`);
  return text;
}

/**
 * Serves the page at `PORT`, or else at the first port from 4173 on that is free; settled when it listens.
 *
 * @param {() => Promise<string>} pageText
 */
function serve(pageText) {
  const wanted = process.env.PORT;
  const first = wanted === undefined ? 4173 : Number(wanted);
  if (!Number.isInteger(first) || first < 0 || first > 65535) {
    console.error(`error: PORT must be a whole number from 0 to 65535, and is ${JSON.stringify(wanted)}.`);
    process.exit(2);
  }
  const last = wanted === undefined ? first + 50 : first;
  const server = createServer((_, response) => {
    pageText().then(
      (text) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(text),
      () => response.destroy(), // a build that fails ends the program
    );
  });
  let port = first;
  server.on("error", (error) => {
    if (error.code === "EADDRINUSE" && port < last) {
      server.listen(++port, "127.0.0.1");
      return;
    }
    const why = error.code === "EADDRINUSE" ? "it is in use" : error.message;
    console.error(
      `error: cannot serve at port ${port}: ${why}. Choose another one: PORT=8080 npm run playground`,
    );
    process.exit(1);
  });
  server.on("listening", () => {
    console.log(`open http://127.0.0.1:${server.address().port}/ (Ctrl-C ends it)`);
  });
  server.listen(port, "127.0.0.1");
  process.on("SIGINT", () => server.close(() => process.exit(0)) && server.closeAllConnections());
  return new Promise((resolve) => server.on("listening", resolve));
}
