// A text area for code.
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

interface CodeFieldProps {
  readonly text: string;
  /** Name for screen readers. */
  readonly label: string;
  readonly change: (text: string) => void;
  /** Called on Ctrl+Enter or Cmd+Enter. */
  readonly run: () => void;
  readonly describedBy?: string;
}

/**
 * Field for code, as high as its lines. Enter keeps the indentation of the line, and Ctrl+Enter runs the code. Tab leaves
 * the field, as in other fields.
 */
export function CodeField({ text, label, change, run, describedBy }: CodeFieldProps): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const lines = text.split("\n");
  return (
    <div class="code-field">
      <textarea
        ref={area}
        aria-label={label}
        aria-describedby={describedBy}
        rows={lines.length}
        cols={Math.max(40, ...lines.map((line) => line.length))}
        wrap="soft"
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        value={text}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          if (event.ctrlKey || event.metaKey) run();
          else if (!event.shiftKey) insertLine(event.currentTarget, change);
          else return;
          event.preventDefault();
        }}
      />
    </div>
  );
}

/** Inserts a line break with the indentation of the line, one level deeper after an opening bracket. */
function insertLine(area: HTMLTextAreaElement, change: (text: string) => void): void {
  const { value, selectionStart, selectionEnd } = area;
  const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  const indent = /^[ \t]*/.exec(line)![0] + (/[{([]\s*$/.test(line) ? "  " : "");
  area.setRangeText(`\n${indent}`, selectionStart, selectionEnd, "end");
  change(area.value);
}
