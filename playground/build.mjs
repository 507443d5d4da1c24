// Makes playground/dist/index.html: one file with the library in it, that works offline. With --serve it also serves it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { build } from "esbuild";

const here = new URL(".", import.meta.url);
const read = (name) => readFileSync(new URL(name, here), "utf8");
const { outputFiles } = await build({
  entryPoints: [new URL("main.mjs", here).pathname],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2023",
  write: false,
  tsconfigRaw: {}, // else the paths of the repository's tsconfig would lead to src/
});
const script = outputFiles[0].text.replaceAll("</script", "<\\/script");
const page = read("index.html")
  .replace("/* styles */", () => read("style.css"))
  .replace("/* script */", () => script);
mkdirSync(new URL("dist/", here), { recursive: true });
writeFileSync(new URL("dist/index.html", here), page);
console.log(`playground/dist/index.html: ${(page.length / 1024).toFixed(0)} KB`);

if (process.argv.includes("--serve")) {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
  });
  server.listen(Number(process.env.PORT ?? 4173), "127.0.0.1", () => {
    console.log(`open http://127.0.0.1:${server.address().port}/ (Ctrl-C ends it)`);
  });
  process.on("SIGINT", () => server.close(() => process.exit(0)) && server.closeAllConnections());
}
