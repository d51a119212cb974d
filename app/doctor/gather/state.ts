/**
 * Looks into the state folder. Nothing that is kept there is changed.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
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
  const firstNew = await outermostMissing(dir);
  const isNew = firstNew !== null;
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
      if (isNew) await removeEmpty(dir, firstNew);
    }
  } catch (error) {
    const problem = messageOf(error).replace(`Cannot use STATE_DIR ${dir}: `, "");
    return { ...nothing, problem, sessions: new Map(), free: { failed: "it cannot be used" } };
  }
}

/** `dir`, or the folder farthest above it that is not there either; `null`: `dir` is there, or cannot be seen. */
async function outermostMissing(dir: string): Promise<string | null> {
  try {
    await Deno.stat(dir);
    return null;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return null;
    return await outermostMissing(dirname(dir)) ?? dir;
  }
}

/** Removes a folder that is empty, and those above it up to `top`, as far as they are empty and it may. */
async function removeEmpty(dir: string, top: string): Promise<void> {
  try {
    await Deno.remove(dir);
  } catch {
    // It does no harm where it is, and says nothing of whether the unit can use it.
    return;
  }
  if (dir !== top) await removeEmpty(dirname(dir), top);
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
