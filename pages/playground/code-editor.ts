// The editor with syntax colours and marked faults. It is loaded after the page has become interactive.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { Compartment, EditorState, type Extension, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  keymap,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from "@codemirror/view";

/** A fault of a text, and its position as UTF-16 offsets; `end` is exclusive. */
export interface Fault {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** An editor in the page. */
export interface CodeEditor {
  /** Sets a text from outside the editor. The cursor keeps its position if possible. */
  setText(text: string): void;
  /** Selects syntax colours for TypeScript or for formulas. */
  setPlain(isPlain: boolean): void;
  /** Shows a fault below its column, or none. */
  setFault(fault: Fault | undefined): void;
  destroy(): void;
}

interface CodeEditorOptions {
  readonly text: string;
  readonly isPlain: boolean;
  readonly label: string;
  /** Id of the element that describes the fault. */
  readonly describedBy: string;
  readonly change: (text: string) => void;
}

/**
 * Replaces a text area by an editor with its text, selection and focus. Tab leaves the editor, like any other field.
 */
export function replaceByEditor(area: HTMLTextAreaElement, options: CodeEditorOptions): CodeEditor {
  const language = new Compartment();
  const languageOf = (isPlain: boolean): Extension =>
    isPlain ? [javascript({ typescript: true }), coloursOf(plainWords)] : coloursOf(formulaWords);
  const hadFocus = area.ownerDocument.activeElement === area;
  const { selectionStart, selectionEnd } = area;
  const clamp = (at: number): number => Math.min(at, options.text.length);
  let isOwnChange = false;
  const view = new EditorView({
    state: EditorState.create({
      doc: options.text,
      selection: hadFocus
        ? { anchor: clamp(selectionStart), head: clamp(selectionEnd) }
        : { anchor: options.text.length },
      extensions: [
        history(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        indentOnInput(),
        bracketMatching(),
        language.of(languageOf(options.isPlain)),
        faults,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({
          "aria-label": options.label,
          "aria-describedby": options.describedBy,
          autocapitalize: "off",
          autocorrect: "off",
          spellcheck: "false",
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !isOwnChange) options.change(update.state.doc.toString());
        }),
      ],
    }),
  });
  area.before(view.dom);
  area.hidden = true;
  if (hadFocus) view.focus();
  let isPlainNow = options.isPlain;
  return {
    setText(text) {
      const shown = view.state.doc.toString();
      if (text === shown) return;
      isOwnChange = true;
      view.dispatch({ changes: changeBetween(shown, text) });
      isOwnChange = false;
    },
    setPlain(isPlain) {
      if (isPlain === isPlainNow) return;
      isPlainNow = isPlain;
      view.dispatch({ effects: language.reconfigure(languageOf(isPlain)) });
    },
    setFault(fault) {
      view.contentDOM.setAttribute("aria-invalid", String(fault !== undefined));
      view.dispatch({ effects: setFaults.of(fault) });
    },
    destroy() {
      view.destroy();
      area.hidden = false;
    },
  };
}

/** The range in which two texts differ, so that a cursor outside it keeps its position. */
function changeBetween(from: string, to: string): { from: number; to: number; insert: string } {
  const shortest = Math.min(from.length, to.length);
  let start = 0;
  while (start < shortest && from[start] === to[start]) start++;
  let same = 0;
  while (same < shortest - start && from.at(-1 - same) === to.at(-1 - same)) same++;
  return { from: start, to: from.length - same, insert: to.slice(start, to.length - same) };
}

const numbers = String.raw`(?<number>(?<![\p{ID_Continue}$.])(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)`;
const calls = String.raw`(?<function>[\p{ID_Start}$_][\p{ID_Continue}$]*(?=\s*\())`;
const formulaWords = new RegExp(String.raw`(?<comment>#.*)|${numbers}|${calls}`, "giu");
const plainWords = new RegExp(
  String.raw`(?<comment>//.*|/\*.*?(?:\*/|$))|(?<string>"[^"]*"|'[^']*')|` +
    String.raw`(?<keyword>\b(?:function|return|const|let|for|of|in|while|do|if|else|break|continue|switch|case|default|export|type|interface|number|boolean|true|false|new)\b)|` +
    `${numbers}|${calls}`,
  "giu",
);

/** Syntax colours from a regular expression. Its named groups become CSS classes. */
function coloursOf(regexp: RegExp): Extension {
  const decorator = new MatchDecorator({
    regexp,
    decoration: ({ groups = {} }) => {
      const kind = Object.keys(groups).find((name) => groups[name] !== undefined);
      return Decoration.mark({ class: `tok-${kind}` });
    },
  });
  return ViewPlugin.define(
    (view) => ({
      decorations: decorator.createDeco(view),
      update(update: ViewUpdate) {
        this.decorations = decorator.updateDeco(update, this.decorations);
      },
    }),
    { decorations: (plugin) => plugin.decorations },
  );
}

const setFaults = StateEffect.define<Fault | undefined>();

const faults = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    let next = shown.map(transaction.changes);
    for (const effect of transaction.effects)
      if (effect.is(setFaults))
        next = effect.value === undefined ? Decoration.none : decorate(transaction.state, effect.value);
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function decorate({ doc }: EditorState, { start, end, message }: Fault): DecorationSet {
  const from = Math.min(start, doc.length);
  const line = doc.lineAt(from);
  const to = Math.min(Math.max(end, from + 1), line.to);
  const before = line.text.slice(0, from - line.from);
  const below = Decoration.widget({
    widget: new FaultBelow(before, Math.max(1, to - from), message),
    block: true,
    side: 1,
  }).range(line.to);
  return Decoration.set(
    to > from ? [Decoration.mark({ class: "fault" }).range(from, to), below] : [below],
    true,
  );
}

/**
 * Carets below the fault, and below them its description. Screen readers get it from the element that describes the
 * editor.
 */
class FaultBelow extends WidgetType {
  readonly #before: string;
  readonly #width: number;
  readonly #message: string;

  constructor(before: string, width: number, message: string) {
    super();
    this.#before = before;
    this.#width = width;
    this.#message = message;
  }

  override eq(other: FaultBelow): boolean {
    return this.#before === other.#before && this.#width === other.#width && this.#message === other.#message;
  }

  override toDOM(): HTMLElement {
    const place = document.createElement("div");
    place.className = "fault-below";
    place.setAttribute("aria-hidden", "true");
    const carets = document.createElement("div");
    carets.className = "fault-carets";
    const indent = document.createElement("span");
    indent.className = "fault-indent";
    indent.textContent = this.#before; // as wide as the text above it
    carets.append(indent, "^".repeat(this.#width));
    const words = document.createElement("div");
    words.textContent = this.#message;
    place.append(carets, words);
    return place;
  }
}
