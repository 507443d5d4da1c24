// Where the program is written: a text area, in whose place an editor with colours comes as soon as it is loaded.
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
  readonly text: string;
  /** Whether it is TypeScript. */
  readonly isPlain: boolean;
  readonly problem: { readonly message: string; readonly fault: Fault | undefined } | undefined;
  readonly change: (text: string) => void;
}): JSX.Element {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const editor = useRef<CodeEditor | undefined>(undefined);
  const now = useRef({ text, isPlain, problem });
  now.current = { text, isPlain, problem };

  useEffect(() => {
    let isGone = false;
    void import("./code-editor.ts").then(({ replaceByEditor }) => {
      if (isGone || area.current === null) return;
      const { text: shown, isPlain: plain, problem: wrong } = now.current;
      editor.current = replaceByEditor(area.current, {
        text: shown,
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
  useEffect(() => editor.current?.setText(text), [text]);
  useEffect(() => editor.current?.setPlain(isPlain), [isPlain]);
  useEffect(() => editor.current?.setFault(problem?.fault), [problem]);

  return (
    <div class="editor">
      <textarea
        ref={area}
        aria-label="Program"
        rows={Math.max(2, text.split("\n").length)}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        value={text}
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
