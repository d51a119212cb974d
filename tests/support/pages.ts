/**
 * What a page of our documents has a reader type and write.
 *
 * @module
 */

/** One page. */
export interface Page {
  /** Files that it shows: their name begins the paragraph before the block. */
  readonly files: ReadonlyMap<string, string>;
  /** Blocks of the shell, as they stand. */
  readonly blocks: readonly string[];
  /** Every command, of its blocks and between its words, without the comment behind it. */
  readonly commands: readonly string[];
}

/** What a reader would type, where it stands between words. */
const COMMAND = /^(gatehouse|deno|npx|cd|cp|git) /;

/** A setting, and not a command with one before it. */
const SETTING = /^[A-Z][A-Z_]*=\S*( --\S+)*$/;

/** Reads a page. */
export function readPage(path: string): Page {
  const text = Deno.readTextFileSync(path);
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, code]) => code!);
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, "").split("\n"))
    .map((line) => line.replace(/(^|\s+)# .*/, "").trim())
    .filter((line) => line !== "" && !SETTING.test(line));
  const prose = text.replaceAll(/^```.*?^```/gms, "");
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, code]) => code!.replaceAll(/\s+/g, " "));
  const found = [...new Set([...lines, ...spans.filter((code) => COMMAND.test(code))])];
  // What only begins a command is none: "write `deno` for `npx --yes deno`".
  const commands = found.filter((code) => !found.some((it) => it.startsWith(`${code} `)));
  return { files: filesOf(text), blocks, commands };
}

/** Notes what of a page is typed, so that nothing of it is left out. */
export function typist({ commands }: Page) {
  const typed = new Set<string>();
  return {
    /** A command of the page, as it stands there. @throws Where the page does not have it. */
    of(line: string): string {
      if (!commands.includes(line)) throw new Error(`the page does not say: ${line}`);
      typed.add(line);
      return line;
    },
    /** What of it nobody has typed yet. */
    untyped: () => commands.filter((line) => !typed.has(line)),
  };
}

function filesOf(text: string): Map<string, string> {
  const [first = "", ...rest] = text.split(/^```(?=\w)/m);
  let before = first;
  const files = new Map<string, string>();
  for (const part of rest) {
    const [block = "", after = ""] = part.split(/^```$/m);
    const name = /^`([\w./]+)`/.exec(before.trimEnd().split("\n\n").at(-1)!)?.[1];
    if (name !== undefined) files.set(name, block.slice(block.indexOf("\n") + 1));
    before = after;
  }
  return files;
}
