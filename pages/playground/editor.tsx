// Where the program is written: a text area, in whose place an editor with colours comes as soon as it is loaded.
import { type Signal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { CodeEditor, Fault } from "./code-editor.ts";

/** A field for a program. What is wrong stands under its column, and below the field where there is no such place. */
export function Editor({
  text,
  isPlain,
  problem,
  change,
}: {
  readonly text: Signal<string>;
  /** Whether it is TypeScript. */
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
  // at once: what was typed meanwhile would be taken back
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
