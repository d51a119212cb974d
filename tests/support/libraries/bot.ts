/**
 * The bot of a library, as a program of its own in any language: it tells what happens to it and does
 * what it is asked to, a JSON object a line. The library in it is as its registry has it.
 *
 * @module
 */

import { until } from "../unit_process.ts";

/** A guild as a library has it in its cache. */
export interface SeenGuild {
  readonly id: string;
  readonly name: string;
  readonly channels: readonly string[];
  readonly roles: readonly string[];
  readonly members: readonly string[];
  /** Some have no place for these, or do not say. */
  readonly threads?: readonly string[];
  readonly emojis?: readonly string[];
  /** Users who are in voice. */
  readonly voice?: readonly string[];
}

/** What a bot says, by `is`. Ids are texts. */
export interface Said {
  /** Every shard is ready, as the library sees it. */
  readonly ready: Record<never, never>;
  /** A MESSAGE_CREATE came. */
  readonly message: { readonly id: string };
  /** The same, as its gateway wrote it: with the number that it has in its session. */
  readonly numbered: { readonly id: string; readonly s: number };
  /** A READY came. */
  readonly session: Record<never, never>;
  /** Dispatches with these numbers may have come to a session before this one. */
  readonly repeat: { readonly from: number; readonly to: number };
  /** The answer to `guilds`: what is in the cache. */
  readonly guilds: { readonly guilds: readonly SeenGuild[] };
  /** The answer to `say`: a message was posted. */
  readonly said: { readonly id: string };
  /** The answer to `members`: they were asked for by op 8, and all have come. */
  readonly members: { readonly ids: readonly string[] };
  /** The answer to `voice`: what a voice connection is opened with. */
  readonly voice: { readonly session: string; readonly token: string; readonly endpoint: string };
  /** The library told of an error. */
  readonly error: { readonly error: string };
}

/** What a bot is asked for, by `do`. */
export interface Asked {
  readonly guilds: Record<never, never>;
  readonly say: { readonly channel: string; readonly content: string };
  readonly members: { readonly guild: string };
  readonly voice: { readonly guild: string; readonly channel: string };
  /** To log out as the library does it, and to exit. */
  readonly stop: Record<never, never>;
  /** To end at once, and without a word to anybody. */
  readonly die: Record<never, never>;
}

/** All that a bot, and what builds one, has of our environment. */
export const BOT_ENV: Readonly<Record<string, string>> = {
  HOME: Deno.env.get("HOME") ?? "",
  PATH: Deno.env.get("PATH") ?? "",
};

/** How a bot is started. */
export interface BotCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default: ours. */
  readonly cwd?: string;
}

/** One life of a bot. */
export class Bot {
  /** What it said, in order. */
  readonly said: ({ readonly is: keyof Said } & Record<string, unknown>)[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<unknown>;
  #errors = "";
  #code: number | null = null;

  /**
   * @param gatehouse `http://127.0.0.1:port`.
   * @param token What the library takes for a token.
   */
  constructor({ program, args, env = {}, cwd }: BotCommand, gatehouse: string, token: string) {
    this.#child = new Deno.Command(program, {
      args: [...args],
      ...cwd === undefined ? {} : { cwd },
      clearEnv: true,
      env: {
        ...BOT_ENV,
        ...env,
        GATEHOUSE: gatehouse,
        TOKEN: token,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#reading = Promise.all([
      eachLine(this.#child.stdout, (line) => {
        if (line.startsWith("{")) this.said.push(JSON.parse(line));
        else this.#errors += `${line}\n`;
      }),
      eachLine(this.#child.stderr, (line) => void (this.#errors += `${line}\n`)),
      this.#child.status.then(({ code }) => this.#code = code),
    ]);
  }

  /** Everything of one kind that it has said. */
  all<Is extends keyof Said>(is: Is): Said[Is][] {
    return this.said.filter((it) => it.is === is) as unknown as Said[Is][];
  }

  /** Waits until it has said so much of one kind, and gives the last one. */
  async hears<Is extends keyof Said>(is: Is, count = 1, limitMs = 30_000): Promise<Said[Is]> {
    const enough = () => this.all(is).length >= count || this.#code !== null;
    const what = () => `bot said ${is} ${this.all(is).length} of ${count} times; ${this.story()}`;
    await until(enough, limitMs, what);
    if (this.all(is).length < count) throw new Error(what());
    return this.all(is).at(-1)!;
  }

  /** Asks it for something, and waits for the answer. */
  async asks<Do extends "guilds" | "members" | "voice">(
    what: Do,
    about: Asked[Do],
  ): Promise<Said[Do]> {
    const before = this.all(what).length;
    await this.#ask(what, about);
    return await this.hears(what, before + 1);
  }

  /** Has it post a message; gives its id. */
  async says(about: Asked["say"]): Promise<string> {
    const before = this.all("said").length;
    await this.#ask("say", about);
    return (await this.hears("said", before + 1)).id;
  }

  /** Has it end: by logging out (`stop`), or at once (`die`). */
  async ends(how: "stop" | "die"): Promise<void> {
    await this.#ask(how, {});
    await until(() => this.#code !== null, 10_000, () => `bot does not ${how}: ${this.story()}`);
    if (how === "stop" && this.#code !== 0) throw new Error(`bot did not stop: ${this.story()}`);
    await this.dispose();
  }

  /** Ends it whatever it does, and waits for its output to end. */
  async dispose(): Promise<void> {
    await this.#input.close().catch(() => {});
    if (this.#code === null) this.#child.kill("SIGKILL");
    await this.#reading;
  }

  async #ask<Do extends keyof Asked>(what: Do, about: Asked[Do]): Promise<void> {
    const line = `${JSON.stringify({ do: what, ...about })}\n`;
    await this.#input.write(new TextEncoder().encode(line));
  }

  /** How it went so far, for who has waited in vain. */
  story(): string {
    const { length } = this.all("message");
    const rest = this.said.filter(({ is }) => is !== "message").slice(-5);
    const last = JSON.stringify(rest).slice(-1_000);
    return `exit code ${this.#code}, ${length} messages, then ${last}; ${
      this.#errors.slice(-4_000)
    }`;
  }
}

async function eachLine(stream: ReadableStream<Uint8Array>, take: (line: string) => void) {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(take);
  }
  if (rest) take(rest);
}
