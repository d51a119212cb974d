/**
 * Attacks through the state folder: a unit is started on what nobody can read.
 *
 * @module
 */

import { type EventRecord, gapRecord, RECORD } from "../../protocol/event_frame.ts";
import { encodeFrames, segmentHeader, segmentName } from "../../store/segment.ts";
import { botIdentity } from "../../store/state_dir.ts";
import { encodeStateFile, readStateFile } from "../../store/state_file.ts";
import { type Attack, pause, SHARDS, type Stage } from "./stage.ts";

type Fields = Record<string, unknown>;

/** How long a unit may take until what it knows is written down. */
const SAVED_MS = 1_500;
const BODIES = ["", "nul", "[]", '{"op":"x"}', '{"t":"INTERACTION_CREATE","s":1,"op":0,"d":{"id":'];
/** Records beside the GAP in front of each shard's next event. */
const POISON = [
  ...BODIES.map((text) => new TextEncoder().encode(text)),
  Uint8Array.of(0xff, 0xfe),
  new Uint8Array(100_000).fill(0x5b),
];
const LENGTH = POISON.length + 1;
/** Files that cost nothing when they are lost. */
const DAMAGED = ["consumers", "habits", "identifies"];

/** By name. */
export const RECORD_ATTACKS: Readonly<Record<string, Attack>> = {
  "a unit is started on poison records and damaged state": {
    isQuick: true,
    gaps: SHARDS,
    async run(stage) {
      stage.sim.traffic.setRate(0);
      await pause(SAVED_MS);
      await stage.unit.end("SIGTERM");
      for (let id = 0; id < SHARDS; id++) await poison(stage, id);
      for (const name of DAMAGED) await damage(`${stage.stateDir}/${name}.json`);
      stage.unit = await stage.startUnit();
      stage.sim.traffic.setRate(200);
      await pause(SAVED_MS);
      const told = await (await fetch(`${await stage.unit.url()}/metrics`)).text();
      const unreadable = sumOf(told, "gatehouse_events_unreadable_total");
      const aside = sumOf(told, "gatehouse_state_files_set_aside_total");
      if (unreadable < SHARDS || aside < 1) {
        throw new Error(`${unreadable} events and ${aside} files were told as unreadable`);
      }
      return `${SHARDS * LENGTH} stored records, each under a mark, and ${aside} damaged files`;
    },
  },
};

/** Puts records in front of a shard's next event, each under the mark of an interaction. */
async function poison({ sim, stateDir }: Stage, id: number): Promise<void> {
  const bot = botIdentity(sim.settings.token);
  const [all, one] = ["estates", `estate-${id}-of-${SHARDS}`].map((it) => `${stateDir}/${it}.json`);
  const index = await valueOf(all!, bot);
  const file = await valueOf(one!, bot);
  const shards = index.shards as Record<string, Fields & { highest: number; session: Fields }>;
  const point = shards[`${id}/${SHARDS}`]!;
  const after = point.highest;
  const body = gapRecord(id, { from: after + 1, to: after + 1, count: 1, reason: "no room" });
  const records: EventRecord[] = [
    body,
    ...POISON.map((body, i) => {
      return { shardId: id, kind: RECORD.DISPATCH, cursor: after + 2 + i, body };
    }),
  ];
  const folder = `${stateDir}/queue/of-${SHARDS}/${id}`;
  await Deno.mkdir(folder, { recursive: true });
  const bytes = Uint8Array.of(...segmentHeader(), ...encodeFrames(records));
  await Deno.writeFile(`${folder}/${segmentName(after + 1)}`, bytes);
  // The events to come have cursors behind them.
  const moved = (session: unknown) => {
    const { base, ...rest } = session as { base: number };
    return { ...rest, base: base + LENGTH };
  };
  const marks = records.map(({ cursor }) => ({ cursor, mark: "deferred", atMs: Date.now() }));
  const changed = { ...point, highest: after + LENGTH, session: moved(point.session), marks };
  const indexNow = { ...index, shards: { ...shards, [`${id}/${SHARDS}`]: changed } };
  await Deno.writeFile(all!, encodeStateFile(bot, indexNow));
  const fileNow = { ...file, session: moved(file.session) };
  await Deno.writeFile(one!, encodeStateFile(bot, fileNow));
}

async function valueOf(path: string, bot: string): Promise<Fields> {
  const file = readStateFile(await Deno.readFile(path), bot);
  if (!("value" in file)) throw new Error(`${path} was damaged before: ${Deno.inspect(file)}`);
  return file.value as Fields;
}

/** One bit flips; where there is no such file, there is half of one. */
async function damage(path: string): Promise<void> {
  const bytes = await Deno.readFile(path).catch(() => new TextEncoder().encode('{"crc32":"0'));
  bytes[Math.floor(bytes.length / 2)]! ^= 2;
  await Deno.writeFile(path, bytes);
}

function sumOf(metrics: string, name: string): number {
  const samples = metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, "gm"));
  return samples.reduce((sum, [, value]) => sum + Number(value), 0);
}
