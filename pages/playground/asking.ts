// The page's interface to the worker. One question is computed at a time; of the waiting ones only the latest is kept.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Markup } from "../../src/pictures/plot/markup.ts";
import type { Answer, Question } from "./question.ts";

export type Request = { readonly id: number; readonly question: Question } & (
  { readonly want: "answer" | "program" | "animation" } | { readonly want: "page"; readonly drawing: string }
);

export type Reply = { readonly id: number } & (
  { readonly answer: Answer } | { readonly text: string } | { readonly failure: string }
);

/** State of the worker. "working" starts half a second after a question. */
export type Work = "idle" | "working" | "stopped";

/** Interface to the worker. */
export interface Asking {
  /** Sends a question. A later question replaces a waiting one. */
  ask(question: Question): void;
  /** Returns the answer to a question as a standalone page. `drawing` is the picture that the page shows. */
  page(question: Question, drawing: string): Promise<string>;
  /** Returns the descent, the fit, or value and gradient of the question's program, as TypeScript. */
  program(question: Question): Promise<string>;
  /** Returns the descent as an animated picture. */
  animation(question: Question): Promise<Markup>;
  /** Stops the computation. The next question starts a new worker. */
  stop(): void;
  readonly work: ReadonlySignal<Work>;
}

const late = 500; // milliseconds until the page shows that a question is being computed
const patience = 1500; // milliseconds that a question may take while another one waits; then its worker is terminated

/**
 * Creates the interface to the worker.
 *
 * @param answered called with each answer
 */
export function askWorker(answered: (answer: Answer) => void): Asking {
  const work = signal<Work>("idle");
  let worker: Worker | undefined;
  let nextId = 0;
  let current: { readonly id: number; readonly since: number } | undefined;
  let waiting: Question | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const texts = new Map<number, { resolve(text: string): void; reject(error: Error): void }>();

  function start(): Worker {
    if (worker !== undefined) return worker;
    worker = new Worker(new URL("./answer.worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => take(data));
    worker.addEventListener("error", (event) => {
      end("stopped");
      throw new Error(`the worker of the playground failed: ${event.message}`);
    });
    return worker;
  }

  function end(next: Work): void {
    worker?.terminate();
    worker = undefined;
    current = undefined;
    for (const { reject } of texts.values()) reject(new Error("it was stopped"));
    texts.clear();
    show(next);
  }

  function show(next: Work): void {
    clearTimeout(timer);
    work.value = next;
  }

  function send(question: Question): void {
    current = { id: nextId++, since: performance.now() };
    show("idle");
    timer = setTimeout(() => show("working"), late);
    start().postMessage({ id: current.id, want: "answer", question } satisfies Request, []);
  }

  function take(reply: Reply): void {
    const text = texts.get(reply.id);
    if (text !== undefined) {
      texts.delete(reply.id);
      if ("text" in reply) text.resolve(reply.text);
      else text.reject(new Error("failure" in reply ? reply.failure : "no text came"));
      return;
    }
    if (reply.id !== current?.id) return;
    current = undefined;
    show("idle");
    if ("answer" in reply) answered(reply.answer);
    const next = waiting;
    waiting = undefined;
    if (next !== undefined) send(next);
    if ("failure" in reply) throw new Error(reply.failure);
  }

  async function textFor(request: Request): Promise<string> {
    start().postMessage(request, []);
    return await new Promise((resolve, reject) => texts.set(request.id, { resolve, reject }));
  }

  return {
    work,
    ask(question) {
      if (current === undefined) {
        send(question);
        return;
      }
      if (performance.now() - current.since > patience) {
        waiting = undefined;
        end("idle");
        send(question);
        return;
      }
      waiting = question;
    },
    page: async (question, drawing) => textFor({ id: nextId++, want: "page", question, drawing }),
    program: async (question) => textFor({ id: nextId++, want: "program", question }),
    animation: async (question) =>
      JSON.parse(await textFor({ id: nextId++, want: "animation", question })) as Markup,
    stop() {
      waiting = undefined;
      end("stopped");
    },
  };
}
