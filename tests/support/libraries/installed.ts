/**
 * What the bots of other languages need, in the folder for temporary files: installed once, by the
 * language's own tool, and found again by every later run.
 *
 * @module
 */

/** Where the bots are. */
export const BOTS = "tests/support/libraries/bots";

/** The folder of all that is installed. */
export const LIBRARIES = `${Deno.env.get("TMPDIR") ?? "/tmp"}/gatehouse-libraries`;

/** What this machine lacks where such a program cannot be run; `null`: it can. */
export async function lacking(
  what: string,
  program: string,
  args: readonly string[],
): Promise<string | null> {
  try {
    const { success } = await command(program, args).output();
    return success ? null : what;
  } catch {
    // Deno says of a program that is not there that it may not be run.
    return what;
  }
}

/**
 * The folder of what was installed; where that is not there, it is now. A run that is broken off, or
 * another one at the same time, leaves nothing that is half done.
 *
 * @param wanted Names all of it: what is another has another folder.
 * @param args Of the program, which is to fill the folder that it is given.
 * @throws What the program says, where it fails.
 */
export async function installed(
  name: string,
  wanted: string,
  program: string,
  args: (folder: string) => readonly string[],
  cwd?: string,
): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(wanted));
  const [first, second] = new Uint32Array(digest);
  const folder = `${LIBRARIES}/${name}-${first!.toString(36)}${second!.toString(36)}`;
  if (await isThere(folder)) return folder;
  await Deno.mkdir(LIBRARIES, { recursive: true });
  const building = await Deno.makeTempDir({ dir: LIBRARIES });
  const { success, stderr } = await command(program, args(building), cwd).output();
  if (!success) throw new Error(`Cannot install ${name}: ${new TextDecoder().decode(stderr)}`);
  // Who was faster has the same.
  await Deno.rename(building, folder).catch(async (error) => {
    if (!await isThere(folder)) throw error;
    await Deno.remove(building, { recursive: true });
  });
  return folder;
}

async function isThere(folder: string): Promise<boolean> {
  return await Deno.stat(folder).then(() => true, () => false);
}

function command(program: string, args: readonly string[], cwd?: string): Deno.Command {
  return new Deno.Command(program, {
    args: [...args],
    ...cwd === undefined ? {} : { cwd },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}
