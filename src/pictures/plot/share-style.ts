/** Style sheet of the Share button of figures. */
export const shareStyle: string = /* @__PURE__ */ `
.dh-share,.dh-ways{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:baseline}
.dh-share{margin:6px 0 0 -5px;font-size:13px;line-height:1.4}
.dh-ways{padding-left:10px;border-left:2px solid var(--line)}
.dh-ways[hidden]{display:none}
.dh-share button{min-width:0;min-height:24px;margin:0;padding:1px 4px;font:inherit;color:var(--soft);background:none;border:1px solid transparent;border-radius:4px;cursor:pointer}
.dh-share button:hover{color:var(--ink);border-color:var(--line)}
.dh-share button[aria-expanded=true]{color:var(--ink);font-weight:600}
.dh-told{color:var(--soft)}
@media print{.dh-share{display:none}}
`.trim();
