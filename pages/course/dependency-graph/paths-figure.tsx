// Paths from the selected value to the result.
import type { JSX } from "preact";
import { shortNumber } from "../../live/fields.tsx";
import { shareRun } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { Value } from "../../live/value.tsx";
import { chosen, derivative, followed, mostPaths, own, pathCount, paths, state } from "./state.ts";

/** Each path with its product, and the sum of the products. */
export function PathsFigure(): JSX.Element {
  const { tape } = own.run.value;
  const nameOf = (step: number): string => tape.steps[step]!.name;
  const name = nameOf(chosen.value);
  const result = nameOf(tape.result);
  const listed = paths.value;
  const rest = pathCount.value - listed.length;
  const sum = listed.reduce((total, { product }) => total + product, 0);
  return (
    <Figure
      id="paths"
      {...shareRun(() => own.run.value)}
      title={`From ${name} to ${result}, path by path`}
      isWide
      state={{ page: state, keys: ["path"] }}
      caption="All paths from the value that is chosen in the graph to the result. Follow a path to see it in the graph."
    >
      {listed.length === 0 ? (
        <p>
          No path leads from <i>{name}</i> to the result, so a change of <i>{name}</i> does not change the
          result.
        </p>
      ) : (
        <div class="scroll" role="region" tabIndex={0} aria-label="Paths and their products">
          <table class="plain">
            <thead>
              <tr>
                <th>path</th>
                <th>local derivatives</th>
                <th>product</th>
              </tr>
            </thead>
            <tbody>
              {listed.map(({ steps, factors, product }, i) => (
                <tr>
                  <td>
                    <button
                      type="button"
                      aria-pressed={followed.value === i}
                      onClick={() => (followed.value = followed.value === i ? -1 : i)}
                    >
                      {shortened(steps.map(nameOf), " → ")}
                    </button>
                  </td>
                  <td>{factors.length === 0 ? "1" : shortened(factors.map(inProduct), " · ")}</td>
                  <td>
                    <Value of="path" value={product} />
                  </td>
                </tr>
              ))}
              {rest > 0 && (
                <tr>
                  <td colSpan={2}>and {rest.toLocaleString("en")} more paths, together</td>
                  <td>{shortNumber(derivative.value - sum)}</td>
                </tr>
              )}
            </tbody>
            <tfoot>
              <tr>
                <td colSpan={2}>
                  the sum: the derivative of <i>{result}</i> in <i>{name}</i>
                </td>
                <td>
                  <strong>
                    <Value of="derivative" value={derivative.value} />
                  </strong>
                </td>
              </tr>
            </tfoot>
          </table>
        </div>
      )}
      <p class="finding" role="status">
        There {pathCount.value === 1 ? "is one path" : `are ${pathCount.value.toLocaleString("en")} paths`}
        {rest > 0 ? `; ${mostPaths} are listed.` : "."}
      </p>
    </Figure>
  );
}

const mostParts = 8; // maximum number of steps shown per path

function shortened(parts: readonly string[], between: string): string {
  if (parts.length <= mostParts) return parts.join(between);
  return [...parts.slice(0, mostParts - 2), "…", parts.at(-1)!].join(between);
}

function inProduct(x: number): string {
  return x < 0 ? `(${shortNumber(x)})` : shortNumber(x);
}
