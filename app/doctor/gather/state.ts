/**
 * Looks into the state folder. Nothing that is kept there is changed.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../../../config/config.ts";
import { randomHex } from "../../../ports/random.ts";
import { messageOf } from "../../../protocol/errors.ts";
import { isRecord } from "../../../protocol/record.ts";
import { makeStateDir } from "../../../store/disk.ts";
import { lockHolder } from "../../../store/lock.ts";
import { botIdentity } from "../../../store/state_dir.ts";
import { readStateFile } from "../../../store/state_file.ts";
import { parseRecord } from "../../../unit/reshard/written/parse.ts";
import type { Fact, StateFacts } from "../facts.ts";

/** Looks. Never throws. */
export async function gatherState(
  { stateDir, discordToken }: Pick<Config, "stateDir" | "discordToken">,
): Promise<StateFacts> {
  const dir = resolve(stateDir);
  const isNew = await isMissing(dir);
  const nothing = { dir, isNew, heldBy: null, foreign: null, damaged: [], record: null };
  try {
    await makeStateDir(dir);
    try {
      await tryWrite(dir);
      const free = await freeBytes(dir);
      if (isNew) return { ...nothing, problem: null, sessions: new Map(), free };
      const heldBy = await lockHolder(dir);
      return { dir, isNew, problem: null, heldBy, free, ...await contents(dir, discordToken) };
    } finally {
      if (isNew) await Deno.remove(dir);
    }
  } catch (error) {
    const problem = messageOf(error).replace(`Cannot use STATE_DIR ${dir}: `, "");
    return { ...nothing, problem, sessions: new Map(), free: { failed: "it cannot be used" } };
  }
}

async function isMissing(dir: string): Promise<boolean> {
  try {
    await Deno.stat(dir);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

async function tryWrite(dir: string): Promise<void> {
  const path = `${dir}/doctor-${randomHex(4)}`;
  await Deno.writeTextFile(path, "written to see whether it can be", { mode: 0o600 });
  await Deno.remove(path);
}

async function freeBytes(dir: string): Promise<Fact<number>> {
  try {
    const { bavail, bsize } = await statfs(dir);
    return { is: bavail * bsize };
  } catch (error) {
    const { NotCapable } = Deno.errors;
    return {
      failed: error instanceof NotCapable
        ? "how much is free is not told without --allow-sys=statfs"
        : messageOf(error),
    };
  }
}

type Contents = Pick<StateFacts, "foreign" | "damaged" | "sessions" | "record">;

async function contents(dir: string, token: string): Promise<Contents> {
  const bot = botIdentity(token);
  const damaged: string[] = [];
  const sessions = new Map<number, number>();
  let foreign: string | null = null;
  let record: StateFacts["record"] = null;
  for await (const { name, isFile } of Deno.readDir(dir)) {
    if (!isFile || !name.endsWith(".json")) continue;
    const file = readStateFile(await Deno.readFile(`${dir}/${name}`), bot);
    if ("foreign" in file) foreign ??= `${name} ${file.foreign}`;
    else if ("damaged" in file) damaged.push(name);
    else {
      const total = totalOf(name);
      if (total !== null && isRecord(file.value) && isRecord(file.value.session)) {
        sessions.set(total, (sessions.get(total) ?? 0) + 1);
      }
      if (name === "reshard.json") record = read(file.value);
    }
  }
  return { foreign, damaged: damaged.sort(), sessions, record };
}

/** Of `estate-3-of-16.json`: 16. */
function totalOf(name: string): number | null {
  const match = /^estate-\d+-of-(\d+)\.json$/.exec(name);
  return match ? Number(match[1]) : null;
}

function read(value: unknown): StateFacts["record"] {
  const record = parseRecord(value);
  return typeof record === "string" ? null : record;
}
