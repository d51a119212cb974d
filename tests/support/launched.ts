/**
 * The launcher as its users run it, from a bot's own folder.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { follow, type UnitProcess } from "./unit_process.ts";

/** Our launcher's file. */
export const LAUNCHER = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** Flags of Deno that the launcher is run with, as our documents say them. */
export const LAUNCHER_FLAGS = ["--no-prompt", "--allow-env", "--allow-read=.env", "--allow-run"];

/** A bot that says what it does, in a folder of its own. */
export const TALKING_BOT = `import { defineBot } from "gatehouse";
export default defineBot({
  events: { MESSAGE_CREATE: (message, { log }) => log.info("has read", { id: message.id }) },
  shutdown: () => console.log("has stopped"),
});
`;

/** A new folder with these files. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(`${folder}/${name}`, text);
  }
  return folder;
}

/** A command of the launcher in a folder, with nothing but these settings and an empty HOME. */
export function launcherCommand(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...LAUNCHER_FLAGS, LAUNCHER, ...args],
    cwd,
    clearEnv: true,
    env: { ...launcherEnv(), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Deno's own cache is found without a HOME. */
export function launcherEnv(): Record<string, string> {
  const home = Deno.env.get("HOME") ?? "";
  const cache = Deno.env.get("DENO_DIR") ?? `${home}/.cache/deno`;
  // A registry inside a company often has a certificate that only the system knows.
  const certificates = "mozilla,system";
  return {
    PATH: Deno.env.get("PATH") ?? "",
    DENO_DIR: cache,
    DENO_TLS_CA_STORE: certificates,
  };
}

/** Starts a program that lasts, and reads its log. */
export function startLaunched(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): UnitProcess {
  return follow(launcherCommand(cwd, args, env).spawn());
}
