import { expect, test } from "vitest";
import { thumbnailOf } from "./thumbnail.ts";

test("a thumbnail is the first drawing without text, controls and ids of others", () => {
  const html =
    '<p>x</p><svg class="dh-chart" viewBox="0 0 640 310" role="img"><clipPath id="a"><rect/></clipPath><svg class="inside"><g clip-path="url(#a)" tabIndex="0" role="button" aria-label="n"><path d="M0,0"/></g></svg><text x="1">12</text></svg><svg width="1" height="2"></svg>';
  expect(thumbnailOf(html, "page")).toBe(
    '<svg class="dh-chart dl thumbnail" viewBox="0 0 640 310" aria-hidden="true"><clipPath id="page-a"><rect/></clipPath><svg class="inside"><g clip-path="url(#page-a)"><path d="M0,0"/></g></svg></svg>',
  );
  expect(thumbnailOf('<svg class="dl" width="640" height="410"></svg>', "p")).toContain(
    'viewBox="0 0 640 410"',
  );
  expect(thumbnailOf("<p>nothing drawn</p>", "p")).toBe("");
});

test("a thumbnail has no legend symbols, because it omits the names", () => {
  const sign =
    '<g transform="translate(0 10)"><g class="run-0"><path d="M0,0H22"/></g><text class="key" x="30">fit</text></g>';
  expect(
    thumbnailOf(`<svg width="2" height="1">${sign}<g class="run-0"><path d="M1,1"/></g></svg>`, "p"),
  ).toBe(
    '<svg class="dh-chart dl thumbnail" viewBox="0 0 2 1" aria-hidden="true"><g class="run-0"><path d="M1,1"/></g></svg>',
  );
});

test("a thumbnail may show a figure other than the first", () => {
  const html =
    '<figure id="a"><svg width="1" height="1"></svg></figure><figure id="b"><svg width="2" height="2"></svg></figure>';
  expect(thumbnailOf(html, "p", { figure: "b" })).toContain('viewBox="0 0 2 2"');
  expect(thumbnailOf(html, "p", { figure: "b", view: [1, 0, 1, 2] })).toContain('viewBox="1 0 1 2"');
  expect(() => thumbnailOf(html, "p", { figure: "c" })).toThrow("no figure c");
});
