/**
 * A socket that listens and outlives the units that are started with it, as systemd holds one: whoever
 * comes while there is no unit waits in it. Linux only.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { Readable } from "node:stream";

/** What there is of a process. */
export interface Child extends Pick<Deno.ChildProcess, "pid" | "status" | "kill"> {
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** A socket that listens, which nobody takes connections of here. */
export interface HeldPort extends Disposable {
  readonly port: number;
  /** Starts a program that has the socket as its descriptor 3. */
  spawn(program: string, args: readonly string[], env: Record<string, string>): Child;
}

/** Listens on a free port of this machine. */
export function holdPort(): HeldPort {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const fd = descriptorOf(port);
  return {
    port,
    spawn: (program, args, env) => spawnWith(fd, program, args, env),
    [Symbol.dispose]: () => listener.close(),
  };
}

/** The descriptor of our own socket that listens on `port`, by what the kernel tells. */
function descriptorOf(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const sockets = output("cat", "/proc/net/tcp").split("\n").map((line) =>
    line.trim().split(/\s+/)
  );
  const inode = sockets.find(([, address, , state]) => address?.endsWith(local) && state === "0A")
    ?.[9];
  const open = output("ls", "-l", `/proc/${Deno.pid}/fd`);
  const fd = new RegExp(String.raw`(\d+) -> socket:\[${inode}\]`).exec(open)?.[1];
  if (fd === undefined) throw new Error(`Cannot find the descriptor of port ${port}`);
  return Number(fd);
}

function output(program: string, ...args: string[]): string {
  return new TextDecoder().decode(new Deno.Command(program, { args }).outputSync().stdout);
}

/** `Deno.Command` hands no descriptor on. */
function spawnWith(
  fd: number,
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Child {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe", fd] });
  const web = (stream: Readable) => Readable.toWeb(stream) as Child["stdout"];
  const { promise, resolve } = Promise.withResolvers<Deno.CommandStatus>();
  child.on("exit", (code) => resolve({ success: code === 0, code: code ?? -1, signal: null }));
  return {
    pid: child.pid!,
    stdout: web(child.stdout!),
    stderr: web(child.stderr!),
    status: promise,
    kill: (signal = "SIGTERM") => void child.kill(signal as "SIGTERM"),
  };
}
