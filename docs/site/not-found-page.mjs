// The page for addresses that the site does not have. A server sends it for any address, so it consists of one file, and finds out itself
// where the site begins.
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const style = `:root{color-scheme:light dark}
body{margin:0;font:16px/1.6 system-ui,sans-serif;background:light-dark(#fff,#0d1117);color:light-dark(#1f2328,#e6edf3)}
main{max-width:42rem;margin:12vh auto 4rem;padding:0 1.25rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .5rem;overflow-wrap:anywhere}
a{color:light-dark(#0c3fb0,#81a4fe)}
label{display:block;margin:1.5rem 0 .3rem}
input{box-sizing:border-box;width:100%;padding:.5rem .7rem;font:inherit;color:inherit;background:none;border:1px solid light-dark(#818b98,#767e89);border-radius:4px}
:focus-visible{outline:2px solid light-dark(#0c3fb0,#81a4fe);outline-offset:2px}
ul{list-style:none;margin:1rem 0;padding:0}
li{margin:0 0 .8rem}
li span{display:block;font-size:.875rem;color:light-dark(#59636e,#9198a1)}
[hidden]{display:none}`;

const favicon = readFileSync(new URL("../public/favicon.svg", import.meta.url), "utf8").trim();
const icon = `data:image/svg+xml,${encodeURIComponent(favicon)}`;

const theme = readFileSync(new URL("../public/theme.js", import.meta.url), "utf8").trim();

/** @returns {Promise<string>} */
export async function notFoundPage() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("not-found.mjs", import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    logLevel: "error",
  });
  const script = (outputFiles[0]?.text ?? "").replaceAll("</script", "<\\/script");
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="${icon}">
<title>Page not found | downhill</title>
<style>${style}</style>
<script>${theme}</script>
</head>
<body>
<main>
<h1>This page does not exist</h1>
<p>The address may be old or mistyped. <a id="home" href="/">Go to the start page of downhill</a></p>
<form id="search" role="search" hidden>
<label for="question">Search the site</label>
<input id="question" type="search" autocomplete="off" spellcheck="false">
<p id="count" role="status"></p>
<ul id="results"></ul>
</form>
</main>
<script>${script}</script>
</body>
</html>
`;
}
