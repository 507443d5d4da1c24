// Answers questions of the page, one after another.
import { gradientProgram } from "../live/shared-program.ts";
import { answer, readableOf } from "./answer.ts";
import type { Reply, Request } from "./asking.ts";
import { animationOf, descentProgram } from "./descend.ts";
import { pageOf } from "./own-page.ts";
import type { Answer } from "./question.ts";

/** Computes the content of a reply. */
async function workOn(data: Request): Promise<{ readonly answer: Answer } | { readonly text: string }> {
  const { question } = data;
  switch (data.want) {
    case "answer":
      return { answer: await answer(question) };
    case "page":
      return { text: await pageOf(question, data.drawing) };
    case "animation":
      return { text: JSON.stringify(animationOf(await readableOf(question), question)) };
    case "program": {
      const readable = await readableOf(question);
      const own =
        question.view === "descent"
          ? descentProgram(readable, question)
          : question.view === "fit"
            ? await (await import("./fit.ts")).fitProgramOf(readable, question)
            : undefined;
      return { text: own ?? gradientProgram(readable.program, readable.args) };
    }
    default:
      return data satisfies never;
  }
}

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  const { id } = data;
  void workOn(data)
    .then(
      (done): Reply => ({ id, ...done }),
      (error: unknown): Reply => ({ id, failure: error instanceof Error ? error.message : String(error) }),
    )
    .then((reply) => postMessage(reply));
});
