import { build } from "esbuild";
import { root } from "./snippets.ts";

/** Bundles a program with imports relative to the root of the repository into the text of one `<script>` of a page. */
export async function pageScript(program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    ignoreAnnotations: true, // package.json lists the modules of dist/ that must not be dropped
    logLevel: "silent",
  });
  return outputFiles[0]!.text.replaceAll("</script", "<\\/script");
}
