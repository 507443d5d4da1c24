let codeGeneration: boolean | undefined;

/** Whether JavaScript may be compiled from text here: strict content security policies forbid it. */
export function canGenerateCode(): boolean {
  codeGeneration ??= tryToGenerate();
  return codeGeneration;
}

function tryToGenerate(): boolean {
  try {
    void new Function("");
    return true;
  } catch {
    return false;
  }
}
