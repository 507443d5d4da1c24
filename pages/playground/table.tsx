// A small table for an array: cells to type in or to paste a spreadsheet column into, and buttons to add and remove
// rows.
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { faultsOf, type Grid, gridOf, pasteInto, textOf } from "./table-text.ts";

/** True if data can be shown as a table. This includes every text written by a table, even with invalid cells. */
export function isTabular(text: string): boolean {
  return written.has(text) || gridOf(text) !== undefined;
}

/** Tables by the texts that they wrote, because a text with an invalid cell cannot be parsed to a table. */
const written = new Map<string, Grid>();
const mostWritten = 50;

function write(grid: Grid): string {
  const text = textOf(grid);
  if (gridOf(text) === undefined) {
    written.set(text, grid);
    for (const oldest of written.keys()) {
      if (written.size <= mostWritten) break;
      written.delete(oldest);
    }
  }
  return text;
}

export function DataTable({
  name,
  text,
  change,
}: {
  readonly name: string;
  readonly text: string;
  readonly change: (text: string) => void;
}): JSX.Element {
  const grid = written.get(text) ?? gridOf(text)!;
  const body = useRef<HTMLTableSectionElement>(null);
  const faults = new Set(faultsOf(grid).map(({ row, column }) => `${row} ${column}`));
  const put = (next: Grid): void => change(write(next));
  const places = grid.rows.flatMap((_, i) => grid.columns.map((__, k) => [i, k] as const));
  const go = (row: number, column: number): void => {
    const at = places.findIndex(([i, k]) => i === row && k === column);
    body.current?.querySelectorAll("input")[at]?.focus();
  };
  return (
    <fieldset class="data">
      <legend>{name}</legend>
      <div class="scroll data-cells" tabIndex={-1}>
        <table class="plain">
          {grid.kind !== "numbers" && (
            <thead>
              <tr>
                <th scope="col">
                  <span class="unseen">row</span>
                </th>
                {grid.columns.map((column) => (
                  <th scope="col">{column}</th>
                ))}
                <td />
              </tr>
            </thead>
          )}
          <tbody ref={body}>
            {grid.rows.map((_, row) => (
              <Row
                name={name}
                grid={grid}
                row={row}
                isFault={(column) => faults.has(`${row} ${column}`)}
                put={put}
                go={go}
              />
            ))}
          </tbody>
        </table>
      </div>
      <button
        type="button"
        class="bare"
        onClick={() =>
          put({ ...grid, rows: [...grid.rows, grid.rows.at(-1) ?? grid.columns.map(() => "0")] })
        }
      >
        Add a row
      </button>
    </fieldset>
  );
}

function Row({
  name,
  grid,
  row,
  isFault,
  put,
  go,
}: {
  readonly name: string;
  readonly grid: Grid;
  readonly row: number;
  readonly isFault: (column: number) => boolean;
  readonly put: (next: Grid) => void;
  /** Moves the focus to a cell, if it exists. */
  readonly go: (row: number, column: number) => void;
}): JSX.Element {
  const setCell = (column: number, cell: string): void => {
    const changed = grid.rows[row]!.map((old, k) => (k === column ? cell : old));
    put({ ...grid, rows: grid.rows.with(row, changed) });
  };
  return (
    <tr>
      <th scope="row">{row}</th>
      {grid.rows[row]!.map((cell, column) => (
        <td>
          <input
            inputMode="decimal"
            autocomplete="off"
            value={cell}
            aria-label={`${name}, row ${row}${grid.kind === "numbers" ? "" : `, ${grid.columns[column]!}`}`}
            aria-invalid={isFault(column)}
            onInput={(event) => setCell(column, event.currentTarget.value)}
            onPaste={(event) => {
              const pasted = event.clipboardData?.getData("text") ?? "";
              if (!/[\t\n]/.test(pasted.trim())) return;
              event.preventDefault();
              put(pasteInto(grid, row, column, pasted));
            }}
            onKeyDown={({ key }) => {
              if (key === "ArrowDown" || key === "Enter") go(row + 1, column);
              if (key === "ArrowUp") go(row - 1, column);
            }}
          />
        </td>
      ))}
      <td>
        <button
          type="button"
          class="bare"
          aria-label={`take row ${row} of ${name} away`}
          onClick={() => put({ ...grid, rows: grid.rows.filter((_, i) => i !== row) })}
        >
          ×
        </button>
      </td>
    </tr>
  );
}
