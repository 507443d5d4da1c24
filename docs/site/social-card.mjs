// The tags by which other sites show a link to a page: title, description and picture.

/**
 * Tags of a page. The address of the picture must be absolute, so a site without an address has no picture.
 *
 * @param {string | undefined} siteUrl
 * @param {{ page: string, title: string, description: string }} given `page` is the path of its source, as `guides/fast.md`, or of its folder
 * @returns {["meta" | "link", Record<string, string>][]}
 */
export function socialCard(siteUrl, { page, title, description }) {
  const path = page.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, ".html");
  return [
    ["meta", { property: "og:title", content: title }],
    ["meta", { property: "og:description", content: description }],
    ["meta", { name: "twitter:card", content: siteUrl === undefined ? "summary" : "summary_large_image" }],
    ...(siteUrl === undefined
      ? []
      : /** @type {["meta" | "link", Record<string, string>][]} */ ([
          ["link", { rel: "canonical", href: `${siteUrl}/${path}` }],
          ["meta", { property: "og:url", content: `${siteUrl}/${path}` }],
          ["meta", { property: "og:image", content: `${siteUrl}/card.png` }],
          ["meta", { property: "og:image:width", content: "1200" }],
          ["meta", { property: "og:image:height", content: "630" }],
          [
            "meta",
            {
              property: "og:image:alt",
              content: "Paths of three optimisers over a landscape, and measured speeds of downhill",
            },
          ],
        ])),
  ];
}
