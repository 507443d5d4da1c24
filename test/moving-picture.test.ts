// The moving pictures of the README and of the site are up to date, small, and static for readers who prefer reduced motion.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { testInCi } from "./support/extent.ts";
import { root } from "./support/snippets.ts";

const file = join(root, "docs/pictures/descent.svg");

testInCi("docs/pictures/descent.svg is up to date (node scripts/moving-picture.mjs makes it)", () => {
  const run = spawnSync(process.execPath, [join(root, "scripts/moving-picture.mjs"), "--check"], {
    encoding: "utf8",
  });
  expect([run.status, run.stderr]).toEqual([0, ""]);
});

test("it has at most 300 KB, needs no other file, and respects reduced motion", () => {
  const svg = readFileSync(file, "utf8");
  expect(statSync(file).size).toBeLessThan(300_000);
  expect(svg.match(/https?:\/\/[^"]+/g)).toEqual(["http://www.w3.org/2000/svg"]);
  const [still, moving] = svg.split("@media (prefers-reduced-motion:no-preference)") as [string, string];
  expect(still).not.toContain("animation");
  expect(moving).toContain("infinite");
});

describe("the pictures of docs/gallery", () => {
  const folder = join(root, "docs/gallery");
  const pictures = readdirSync(folder).filter((name) => name.endsWith(".svg"));
  const texts = pictures.map((name) => readFileSync(join(folder, name), "utf8"));

  test("have at most 300 KB together, need no other file, and respect reduced motion", () => {
    expect(pictures.length).toBe(6);
    expect(texts.reduce((sum, text) => sum + text.length, 0)).toBeLessThan(300_000);
    for (const text of texts) {
      expect(text.match(/https?:\/\/[^"]+/g)).toEqual(["http://www.w3.org/2000/svg"]);
      const [still, moving] = text.split("@media (prefers-reduced-motion:no-preference)") as [string, string];
      expect(still).not.toContain("animation:");
      expect(moving).toContain("infinite");
    }
  });

  test("are shown by the README and by the start page, each with its example", async () => {
    const { gallery } = (await import(join(folder, "gallery.mjs"))) as {
      readonly gallery: readonly { readonly name: string; readonly link: string }[];
    };
    expect(gallery.map(({ name }) => `${name}.svg`).toSorted()).toEqual(pictures.toSorted());
    const readme = readFileSync(join(root, "README.md"), "utf8");
    for (const { name, link } of gallery) {
      expect(readme).toContain(`src="docs/gallery/${name}.svg"`);
      statSync(join(root, "pages", link, "page.tsx"));
    }
  });

  test("the arm stays above the floor and inside its picture in all frames", () => {
    const svg = texts[pictures.indexOf("arm.svg")]!;
    const turns = [0, 1, 2, 3, 4].map((j) => {
      const [, frames = ""] = svg.split(`@keyframes a${j}{`);
      return [...frames.slice(0, frames.indexOf("}}")).matchAll(/rotate\((\S+?)rad\)/g)].map(([, angle]) =>
        Number(angle),
      );
    });
    expect(turns.map(({ length }) => length)).toEqual([61, 61, 61, 61, 61]);
    const [, left, top] = /<g transform="translate\((\d+) (\d+)\)"><g class="a0">/.exec(svg)!;
    const link = Number(/class="l" d="M0 0H(\d+)"/.exec(svg)![1]);
    const floor = Number(/stroke-width="2" d="M0 (\d+)H360"/.exec(svg)![1]);
    for (const k of turns[0]!.keys()) {
      let [x, y, direction] = [Number(left), Number(top), 0];
      for (const angles of turns) {
        direction += angles[k]!;
        [x, y] = [x + link * Math.cos(direction), y + link * Math.sin(direction)];
        expect(
          [x, 360 - x, y, floor - y].every((room) => room > 12),
          `frame ${k}: ${x}, ${y}`,
        ).toBe(true);
      }
    }
  });

  testInCi("are up to date (node scripts/gallery.mjs writes them)", () => {
    const words = [join(root, "scripts/gallery.mjs"), "--check"];
    const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });
});
