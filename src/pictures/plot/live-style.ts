import { shareStyle } from "./share-style.ts";

/** Style sheet of interactive charts and of Share buttons, used together with `chartStyle` and the colours. */
export const liveStyle: string = /* @__PURE__ */ `
.dh-live{position:relative;font-size:13px;line-height:1.4}
.dh-tools,.dh-names,.dh-acts{display:flex;flex-wrap:wrap;gap:4px 6px;align-items:center}
.dh-tools{justify-content:space-between;margin:4px 0 6px;min-height:24px}
.dh-tools .dh-acts{margin-left:auto}
.dh-below{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 16px;align-items:baseline}
.dh-below details[open]{flex:1 1 100%}
.dh-live button{display:inline-flex;align-items:center;gap:7px;min-height:24px;margin:0;padding:1px 7px;font:inherit;color:var(--ink);background:none;border:1px solid var(--line);border-radius:4px;cursor:pointer}
.dh-live button:hover{border-color:var(--soft)}
.dh-live .dh-names button{border-color:transparent;padding-left:3px;background:none}
.dh-live .dh-names button:hover{border-color:var(--line)}
.dh-live .dh-names button[aria-pressed=false]{color:var(--soft);text-decoration:line-through}
.dh-live .dh-names button[aria-pressed=false] svg{opacity:.35}
.dh-live .dh-acts button{color:var(--soft);background:none}
.dh-live .dh-below button{border-color:transparent}
.dh-live .dh-below button:hover{border-color:var(--line)}
.dh-live .dh-acts button[aria-pressed=true]{color:var(--ink);border-color:var(--soft);background:var(--box)}
.dh-live button svg{flex:none;width:22px;height:14px;overflow:visible}
.dh-live [hidden]{display:none}
.dh-pane{position:relative;touch-action:pan-y;cursor:crosshair}
.dh-pane>svg{display:block;width:100%;height:auto;user-select:none;-webkit-user-select:none}
.dh-cursor{stroke:var(--soft);stroke-width:1}
.dh-read{fill:none;stroke-linecap:round}
.dh-read.dh-halo{stroke:var(--paper);stroke-width:10}
.dh-read.dh-dot{stroke:var(--run);stroke-width:7}
.dh-part{fill:var(--run-0);fill-opacity:.12;stroke:var(--run-0)}
.dh-readout{position:absolute;top:0;left:0;max-width:90%;padding:5px 9px;color:var(--ink);background:var(--paper);border:1px solid var(--line);border-radius:4px;font-size:12.5px;font-variant-numeric:tabular-nums;pointer-events:none;z-index:2}
.dh-readout b{font-weight:600}
.dh-readout div{display:flex;align-items:center;gap:7px;white-space:nowrap}
.dh-readout span:last-child{margin-left:auto;padding-left:12px}
.dh-readout svg{flex:none;width:16px;height:10px;overflow:visible}
.dh-said{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.dh-note{margin:2px 0 0;color:var(--soft)}
.dh-live summary{width:max-content;color:var(--soft);cursor:pointer}
.dh-live details .scroll{max-height:320px;margin-top:6px}
@media print{.dh-acts,.dh-readout,.dh-live details,.dh-cursor,.dh-read{display:none}}
${shareStyle}
`.trim();
