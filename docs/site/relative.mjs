// Makes a site that was built for one address work under any. Links of pages become relative to the page, and scripts begin by determining
// the root of the site.
import { parse } from "acorn";

/** What the site is built for; it stands nowhere else in a page or script. */
export const placeholder = "/__site_base__/";

/** The variable of a page that has the path at which the site begins. */
const variable = "globalThis.__siteBase";

/**
 * A page of the site with addresses from its own place on.
 *
 * @param {string} html
 * @param {string} path of the page within the site, as `guides/fast.html`
 * @returns {string}
 */
export function relativePage(html, path) {
  const up = "../".repeat(path.split("/").length - 1) || "./";
  // VitePress keeps links of the frame when it changes pages, so they are made absolute before it begins
  const begin = `<script>${variable}=new URL("${up}",location).pathname</script>`;
  const settle = `<script>for(const a of document.querySelectorAll("a[href],img[src]"))for(const n of ["href","src"])if(a.hasAttribute(n))a.setAttribute(n,a[n])</script>`;
  return html
    .replaceAll(/<script([^>]*)>([^]*?)<\/script>/g, (whole, attributes, code) =>
      code.includes(placeholder) ? `<script${attributes}>${relativeScript(code)}</script>` : whole,
    )
    .replaceAll(placeholder, up)
    .replace("<head>", `<head>${begin}`)
    .replace("</body>", `${settle}</body>`);
}

/**
 * A script of the site in which each text with the placeholder is put together when it runs.
 *
 * @param {string} code
 * @returns {string}
 */
export function relativeScript(code) {
  if (!code.includes(placeholder)) return code;
  /** @type {{ start: number, end: number, text: string }[]} */
  const changes = [];
  visit(parse(code, { ecmaVersion: "latest", sourceType: "module" }), (node) => {
    if (node.type === "Literal" && typeof node.value === "string" && node.value.includes(placeholder)) {
      const parts = node.value.split(placeholder).map((part) => JSON.stringify(part));
      changes.push({ start: node.start, end: node.end, text: `(${parts.join(`+${variable}+`)})` });
    }
    if (node.type === "TemplateElement" && node.value.raw.includes(placeholder)) {
      const text = node.value.raw.replaceAll(placeholder, `\${${variable}}`);
      changes.push({ start: node.start, end: node.end, text });
    }
  });
  let result = code;
  for (const { start, end, text } of changes.toSorted((a, b) => b.start - a.start))
    result = result.slice(0, start) + text + result.slice(end);
  if (result.includes(placeholder))
    throw new Error("the base of the site stands where no text can be put together");
  return result;
}

/**
 * @param {any} node
 * @param {(node: any) => void} see
 */
function visit(node, see) {
  if (node === null || typeof node !== "object") return;
  if (Array.isArray(node)) return node.forEach((one) => visit(one, see));
  if (typeof node.type === "string") see(node);
  for (const value of Object.values(node)) if (typeof value === "object") visit(value, see);
}

/**
 * A style sheet of the site, with addresses from its own place on.
 *
 * @param {string} css
 * @param {string} path of the style sheet within the site
 */
export function relativeStyle(css, path) {
  return css.replaceAll(placeholder, "../".repeat(path.split("/").length - 1) || "./");
}
