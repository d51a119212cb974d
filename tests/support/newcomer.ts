/**
 * Somebody new: a clone in a HOME that has nothing else, and terminals in which a page is typed.
 *
 * @module
 */

import { LACKS_TERMINAL, onTerminal } from "./on_terminal.ts";
import { until } from "./unit_process.ts";

/** Has what Deno has downloaded for us in another folder, too. */
const LINK = `ln -sf ${
  Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME") ?? ""}/.cache/deno`
}/npm`;

/** Where a unit and the simulator listen when nobody says otherwise. */
const USUAL_PORTS = [8787, 8790];

/** Why no page can be typed here; `null`: it can. */
export const LACKS_NEWCOMER: string | null = LACKS_TERMINAL ?? await lacksPorts();

/** A shell on a terminal. */
export interface Terminal {
  /** Types a line, waits until it has ended, and gives what came. @throws Where its exit code is not `code`. */
  run(line: string, code?: number): Promise<string>;
  /** Types a line that starts something which goes on. */
  start(line: string): Promise<void>;
  /** Waits for `pattern` in what came since the line was typed, or since `again()`. */
  says(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray>;
  /** All that came since then. */
  seen(): string;
  /** What is waited for has to come from now on. */
  again(): void;
  /** Ctrl-C, and waits until that has ended; gives the exit code. */
  interrupt(): Promise<number>;
  /** Closes the window. */
  close(): Promise<void>;
}

/** The one at the keyboard. */
export interface Newcomer {
  readonly home: string;
  /** Another window, in a folder of HOME, with `env` beside what everybody has. */
  terminal(folder?: string, env?: Readonly<Record<string, string>>): Promise<Terminal>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Clones Gatehouse into `~/gatehouse` of an empty HOME.
 *
 * @param hasPackages Whether it has what a start downloads. Default: no, it is downloaded.
 */
export async function newcomer({ hasPackages = false } = {}): Promise<Newcomer> {
  await until(() => takenPorts().length === 0, 120_000, () => `${takenPorts()} are taken`);
  const home = Deno.realPathSync(Deno.makeTempDirSync());
  copyTree(".", `${home}/gatehouse`);
  const open: Terminal[] = [];
  return {
    home,
    async terminal(folder = ".", env = {}) {
      const terminal = await openTerminal(home, folder, env);
      if (hasPackages) await terminal.run(`mkdir -p ~/.cache/deno && ${LINK} ~/.cache/deno`);
      open.push(terminal);
      return terminal;
    },
    async [Symbol.asyncDispose]() {
      for (const terminal of open) await terminal.close();
      // What ran in a window that was closed ends in good order, and writes until then.
      await until(() => takenPorts().length === 0, 30_000, () => `${takenPorts()} still listen`);
      Deno.removeSync(home, { recursive: true });
    },
  };
}

/** A prompt that tells how the last command ended. */
const PROMPT = /\[(\d+)\]> $/;

async function openTerminal(
  home: string,
  folder: string,
  more: Readonly<Record<string, string>>,
): Promise<Terminal> {
  const path = Deno.env.get("PATH") ?? "";
  const deno = Deno.execPath();
  const env = {
    HOME: home,
    PATH: `${deno.slice(0, deno.lastIndexOf("/"))}:${path}`,
    TERM: "xterm-256color",
    PS1: "[$?]> ",
    // A registry inside a company often has a certificate that only the system knows.
    DENO_TLS_CA_STORE: "mozilla,system",
    NPM_CONFIG_UPDATE_NOTIFIER: "false",
    ...more,
  };
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const shell = ["bash", "--norc", "--noprofile", "--noediting", "-i"];
  // What draws the terminal may itself be found by the HOME that is not the newcomer's.
  const outer = { HOME: Deno.env.get("HOME") ?? "", PATH: path };
  const screen = onTerminal(["env", "-i", ...pairs, ...shell], outer, [50, 220]);
  let from = 0;
  const since = () => plain(screen.output()).slice(from);
  const isAtPrompt = () => PROMPT.test(since());
  const prompt = async (limitMs: number) => {
    await until(isAtPrompt, limitMs, () => `no prompt: ${since()}`);
    return Number(PROMPT.exec(since())![1]);
  };
  const type = async (keys: string) => {
    await prompt(60_000);
    from = plain(screen.output()).length;
    await screen.keys(`${keys}\n`);
  };
  let isOpen = true;
  const terminal: Terminal = {
    async run(line, wanted = 0) {
      await type(line);
      const code = await prompt(120_000);
      if (code !== wanted) throw new Error(`exit code ${code} of ${line}: ${since()}`);
      return since();
    },
    start: type,
    async says(pattern, limitMs = 90_000) {
      await until(() => pattern.test(since()), limitMs, () => `no ${pattern}: ${since()}`);
      return pattern.exec(since())!;
    },
    seen: since,
    again: () => void (from = plain(screen.output()).length),
    async interrupt() {
      await screen.keys("\x03");
      return await prompt(30_000);
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await screen.close();
      await screen.ended;
    },
  };
  await terminal.run(`cd ~/${folder}`);
  // Node's own list of certificates is not the system's.
  const bundle = "/etc/ssl/certs/ca-certificates.crt";
  await terminal.run(`[ ! -f ${bundle} ] || export NODE_EXTRA_CA_CERTS=${bundle}`);
  return terminal;
}

/** Without colours and without the marks of a terminal. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, "").replaceAll("\r", "");
}

/** What a clone does not have. */
const NOT_CLONED = new Set([".git", ".gatehouse", ".env", "dist", "node_modules"]);

function copyTree(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory, isFile } of Deno.readDirSync(from)) {
    if (NOT_CLONED.has(name)) continue;
    if (isDirectory) copyTree(`${from}/${name}`, `${to}/${name}`);
    if (isFile) Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

function takenPorts(): number[] {
  return USUAL_PORTS.filter((port) => {
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return false;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      return true;
    }
  });
}

/** Somebody may have a unit running while they test; another test that types a page is gone soon. */
async function lacksPorts(): Promise<string | null> {
  try {
    await until(() => takenPorts().length === 0, 60_000);
    return null;
  } catch {
    console.log(`port ${takenPorts()} is taken: pages that are typed as they stand are skipped`);
    return `port ${takenPorts()} is taken`;
  }
}
