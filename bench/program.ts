/**
 * Programs of the benchmarks that run in a process of their own, so that their processor time and
 * memory can be told from ours. They are spoken with in lines of JSON: each question gets one answer.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";

/** What is measured beside us is locked where the tests' packages are: a start would download it, too. */
const LOCK = fileURLToPath(new URL("../tools/deno.lock", import.meta.url));

/** What any program of the benchmarks may do: talk on this machine, read itself, start its like. */
function permissions(executable: string): string[] {
  return [
    "--no-prompt",
    "--ignore-env",
    "--allow-env=WS_NO_BUFFER_UTIL,WS_NO_UTF_8_VALIDATE",
    "--allow-net=127.0.0.1",
    "--allow-read=.",
    `--allow-run=${executable}`,
    "--v8-flags=--expose-gc",
  ];
}

/** Flags of what a program may do besides what all may; `all`: whatever there is. */
type Extra = readonly string[] | "all";

function command(
  file: URL,
  args: readonly string[],
  extra: Extra,
  stdin: "null" | "piped",
  stdout: "inherit" | "piped",
) {
  const executable = Deno.execPath();
  const flags = extra === "all" ? ["--allow-all"] : [...permissions(executable), ...extra];
  return new Deno.Command(executable, {
    args: ["run", `--lock=${LOCK}`, ...flags, fileURLToPath(file), ...args],
    stdin,
    stdout,
  });
}

/** Runs a program that prints for people; gives its exit code. */
export async function runProgram(
  file: URL,
  args: readonly string[] = [],
  extra: Extra = [],
): Promise<number> {
  return (await command(file, args, extra, "null", "inherit").spawn().status).code;
}

const END_MS = 2_000;

/** A program that answers questions. */
export interface Program {
  readonly pid: number;
  /** The answer to the next question. Ask one at a time. */
  ask<Answer>(question: unknown): Promise<Answer>;
  /** Ends the program: by force, where it does not end by itself within two seconds. */
  end(): Promise<void>;
}

/** Starts a program that calls {@linkcode answerQuestions}. */
export function startProgram(
  file: URL,
  args: readonly string[] = [],
  extra: Extra = [],
): Program {
  const child = command(file, args, extra, "piped", "piped").spawn();
  const questions = child.stdin.getWriter();
  const answers = lines(child.stdout);
  return {
    pid: child.pid,
    async ask<Answer>(question: unknown): Promise<Answer> {
      await questions.write(new TextEncoder().encode(`${JSON.stringify(question)}\n`));
      const { value, done } = await answers.next();
      if (done) throw new Error(`Cannot ask ${file.pathname.split("/").at(-1)}: it has ended`);
      return JSON.parse(value) as Answer;
    },
    async end() {
      const killing = setTimeout(() => child.kill("SIGKILL"), END_MS);
      // It may have ended already.
      await questions.close().catch(() => {});
      await answers.next();
      await child.status;
      clearTimeout(killing);
    },
  };
}

/** In the program: answers every line of the standard input, until it ends; then ends the process. */
export async function answerQuestions<Question>(
  answer: (question: Question) => unknown,
): Promise<never> {
  for await (const line of lines(Deno.stdin.readable)) {
    console.log(JSON.stringify(await answer(JSON.parse(line) as Question) ?? null));
  }
  Deno.exit(0);
}

/** Processor time of this process so far, all threads, in µs. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Collects garbage, so that what stays is what is used. */
export function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc) throw new Error("Cannot collect garbage: run with --v8-flags=--expose-gc");
  gc();
}

/** Text, line by line. What follows the last end of a line is not given. */
export async function* lines(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}
