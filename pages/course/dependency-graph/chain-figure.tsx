// Two functions, one after the other, and the two factors of the chain rule.
import type { JSX } from "preact";
import { Choice, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { useWidth } from "../../live/width.ts";
import { links } from "./chain.ts";
import { chain, chainReach, chainStep, chainX, inner, outer, state } from "./state.ts";

const options = links.map(([formula, name]) => [formula, name] as const);

/** A chain of two functions: values, small steps, and their ratios. */
export function ChainFigure(): JSX.Element {
  const { u, z, dudx, dzdu, dzdx } = chain.value;
  return (
    <Figure
      id="chain"
      title="Two factors"
      caption="The arrow at x has the length that you choose. The arrows at u and z show how far these values move then."
      state={{ page: state, keys: ["inner", "outer", "x", "dx"] }}
    >
      <Choice value={inner} label="u is" options={options} />
      <Choice value={outer} label="z is" options={options} />
      <div class="controls">
        <Slider value={chainX} label="x" min={-2} max={2} step={0.05} />
        <Slider value={chainStep} label="step of x" min={-0.5} max={0.5} step={0.01} />
      </div>
      <ChainDrawing />
      <p class="finding">
        Here <M>u</M> = {shortNumber(u)} and <M>z</M> = {shortNumber(z)}. At this point <M>u</M> moves{" "}
        {shortNumber(dudx)} times as fast as <M>x</M>, and <M>z</M> moves {shortNumber(dzdu)} times as fast as{" "}
        <M>u</M>. So <M>dz/dx</M> = {shortNumber(dzdu)} · {shortNumber(dudx)} ={" "}
        <strong>{shortNumber(dzdx)}</strong>.
      </p>
    </Figure>
  );
}

const [rowHeight, left] = [46, 40]; // pixels

/** Three number lines with a point and an arrow each. */
function ChainDrawing(): JSX.Element {
  const { ref, width: room } = useWidth<HTMLDivElement>(600);
  const width = Math.max(260, room.value);
  const { x, u, z, dudx, dzdu } = chain.value;
  const dx = chainStep.value;
  const farthest = chainReach.value;
  const ticks = farthest > 5 ? [-5, 0, 5] : [-2, -1, 0, 1, 2];
  const rows = [
    ["x", x, dx],
    ["u", u, dudx * dx],
    ["z", z, dzdu * dudx * dx],
  ] as const;
  const scale = (width - left - 16) / (2 * farthest);
  const at = (value: number): number =>
    left + (Math.min(farthest, Math.max(-farthest, value)) + farthest) * scale;
  return (
    <div ref={ref}>
      <svg
        width={width}
        height={3 * rowHeight + 6}
        viewBox={`0 0 ${width} ${3 * rowHeight + 6}`}
        role="img"
        aria-label={rows
          .map(([name, value, move]) => `${name} is ${shortNumber(value)} and moves by ${shortNumber(move)}`)
          .join(", ")}
      >
        {rows.map(([name, value, move], i) => {
          const y = i * rowHeight + 26;
          const [from, to] = [at(value), at(value + move)];
          const side = Math.sign(to - from);
          const isLong = Math.abs(to - from) > 7;
          return (
            <g>
              <text x={4} y={y + 5} class="dual-name" font-style="italic">
                {name}
              </text>
              <line x1={left} x2={width - 16} y1={y} y2={y} class="dual-axis" />
              {ticks.map((tick) => (
                <g>
                  <line x1={at(tick)} x2={at(tick)} y1={y - 4} y2={y + 4} class="dual-axis" />
                  <text x={at(tick)} y={y + 17} text-anchor="middle" font-size={11}>
                    {String(tick).replace("-", "−")}
                  </text>
                </g>
              ))}
              <line
                x1={from}
                x2={isLong ? to - side * 6 : to}
                y1={y}
                y2={y}
                class="dual-arrow"
                stroke-width={3}
              />
              {isLong && <path d={`M${to},${y} l${-side * 9},-5 v10 z`} class="dual-tip" />}
              <circle cx={from} cy={y} r={4} class="dual-point" />
              <text x={from} y={y - 10} text-anchor="middle" font-size={12}>
                {shortNumber(value)}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
