/**
 * What a process holds, from `/proc`. Deno lets only who may do everything read there; `cat` and `ls`
 * may.
 *
 * @module
 */

/** What a process holds at one moment. */
export interface Holding {
  /** Resident memory. */
  readonly mib: number;
  /** Open files and sockets. */
  readonly descriptors: number;
}

/** What a process holds now; `null` where it has ended. */
export async function holdingOf(pid: number): Promise<Holding | null> {
  const [status, files] = await Promise.all([
    output("cat", `/proc/${pid}/status`),
    output("ls", `/proc/${pid}/fd`),
  ]);
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) return null;
  return { mib: Number(kib) / 1024, descriptors: files.split("\n").filter(Boolean).length };
}

async function output(command: string, path: string): Promise<string> {
  const { stdout } = await new Deno.Command(command, { args: [path], stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
