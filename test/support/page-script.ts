import { build } from "esbuild";
import { root } from "./snippets.ts";

/** A program with imports relative to the root of the repository, as the text of one `<script>` of a page. */
export async function pageScript(program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    ignoreAnnotations: true, // package.json lists the modules of dist/ that must stay
    logLevel: "silent",
  });
  return outputFiles[0]!.text.replaceAll("</script", "<\\/script");
}
