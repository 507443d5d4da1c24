// Field of the program: a text area, which an editor with syntax colours replaces once it is loaded.
import { type Signal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { CodeEditor, Fault } from "./code-editor.ts";

/** A field for a program. A fault is shown below its column, or below the field if it has no position. */
export function Editor({
  text,
  isPlain,
  problem,
  change,
}: {
  readonly text: Signal<string>;
  /** Whether the text is TypeScript. */
  readonly isPlain: boolean;
  readonly problem: { readonly message: string; readonly fault: Fault | undefined } | undefined;
  readonly change: (text: string) => void;
}): JSX.Element {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const editor = useRef<CodeEditor | undefined>(undefined);
  const now = useRef({ isPlain, problem });
  now.current = { isPlain, problem };

  useEffect(() => {
    let isGone = false;
    void import("./code-editor.ts").then(({ replaceByEditor }) => {
      if (isGone || area.current === null) return;
      const { isPlain: plain, problem: wrong } = now.current;
      editor.current = replaceByEditor(area.current, {
        text: text.peek(),
        isPlain: plain,
        label: "Program",
        describedBy: `${id}-problem`,
        change,
      });
      editor.current.setFault(wrong?.fault);
    });
    return () => {
      isGone = true;
      editor.current?.destroy();
    };
  }, []);
  // Synchronously, because text typed in the meantime would be lost.
  useSignalEffect(() => {
    const { value } = text;
    editor.current?.setText(value);
  });
  useEffect(() => editor.current?.setPlain(isPlain), [isPlain]);
  useEffect(() => editor.current?.setFault(problem?.fault), [problem]);

  return (
    <div class="editor">
      <textarea
        ref={area}
        aria-label="Program"
        rows={Math.max(2, text.value.split("\n").length)}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        value={text.value}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem`}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <pre id={`${id}-problem`} class="problem" role="alert">
        {problem?.message}
      </pre>
    </div>
  );
}
