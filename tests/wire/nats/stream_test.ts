import assert from "node:assert/strict";
import { loadJetStream } from "../../../deps.ts";
import { systemClock } from "../../../ports/clock.ts";
import { silentLog } from "../../../ports/log.ts";
import { seededRandom } from "../../../ports/random.ts";
import { dialNats } from "../../../ports/nats/dial.ts";
import { type EventRecord, RECORD } from "../../../protocol/event_frame.ts";
import { EventSink } from "../../../unit/fleet/sink.ts";
import { ofEachNats, startNats, until } from "../../support/nats_server.ts";
import { BOT, openUpLine, settingsFor } from "./lines.ts";

const { jetstreamManager } = await loadJetStream();
const SHARD = { id: 3, total: 16 };
const STREAM = `gatehouse_${BOT}_events`;
const bytes = (text: string) => new TextEncoder().encode(text);
const batch = (cursor: number, body = bytes(`[${cursor}]`)) => ({ cursor, numbering: "n", body });

/** A stranger's way in. */
async function manage(url: string) {
  const connection = await dialNats(settingsFor(url), url, { name: "other", inbox: "inbox" });
  return { connection, manager: await jetstreamManager(connection, { checkAPI: false }) };
}

ofEachNats("the event stream of NATS", (program, title) => {
  Deno.test(`${title} takes batches in order, of one writer at a time`, async () => {
    await using server = await startNats(program);
    const [{ line: one }, { line: other }] = await Promise.all([
      openUpLine(settingsFor(server.url)),
      openUpLine(settingsFor(server.url)),
    ]);
    assert.equal(await one.events.last(SHARD), null);
    const first = await one.events.append(SHARD, batch(5), 0);
    assert.equal(await other.events.append(SHARD, batch(4), 0), null);
    assert.deepEqual(await other.events.last(SHARD), {
      revision: first,
      cursor: 5,
      numbering: "n",
    });
    const second = await other.events.append(SHARD, batch(6), first!);
    assert.equal(await one.events.append(SHARD, batch(7), first!), null);
    assert.notEqual(await one.events.append({ id: 3, total: 32 }, batch(1), 0), null);
    await server.kill();
    await assert.rejects(one.events.append(SHARD, batch(7), second!), { code: "away" });
    await server.start();
    await until(() => one.isUp);
    assert.equal((await one.events.last(SHARD))!.cursor, 6);
    await Promise.all([one.close(), other.close()]);
  });

  Deno.test(`${title} carries an event of 4 MB, and says what is too large`, async () => {
    await using server = await startNats(program);
    const { line } = await openUpLine(settingsFor(server.url));
    const large = bytes(`[{"cursor":1,"event":{"d":"${"guild ".repeat(700_000)}"}}]`);
    assert.ok(await line.events.append(SHARD, batch(1, large), 0));
    const { connection, manager } = await manage(server.url);
    const found = await manager.streams.getMessage(STREAM, {
      last_by_subj: `gatehouse.${BOT}.events.3.16`,
    });
    assert.equal(found!.header.get("Content-Encoding"), "gzip");
    const unzipped = new Blob([new Uint8Array(found!.data)]).stream()
      .pipeThrough(new DecompressionStream("gzip"));
    assert.deepEqual(new Uint8Array(await new Response(unzipped).arrayBuffer()), large);
    // It cannot be compressed.
    const random = seededRandom(1);
    const noise = Uint8Array.from({ length: 2_000_000 }, () => random() * 256);
    await assert.rejects(line.events.append(SHARD, batch(2, noise), found!.seq), {
      code: "too_large",
    });
    await connection.close();
    await line.close();
  });

  Deno.test(`${title} takes no more of a small disk than there is`, async () => {
    await using server = await startNats(program, "", { jetstream: "max_file: 512MB" });
    const { line } = await openUpLine(settingsFor(server.url));
    assert.ok(await line.events.append(SHARD, batch(1), 0));
    const { connection, manager } = await manage(server.url);
    assert.equal((await manager.streams.info(STREAM)).config.max_bytes, 256 * 1024 ** 2);
    await connection.close();
    await line.close();
  });

  Deno.test(`${title} waits while it is full and may forget nothing, and loses nothing`, async () => {
    await using server = await startNats(program);
    const { connection, manager } = await manage(server.url);
    const shape = { name: STREAM, subjects: [`gatehouse.${BOT}.events.>`], max_bytes: 200_000 };
    await manager.streams.add({ ...shape, discard: "new" });
    const { line } = await openUpLine(settingsFor(server.url));
    const shard = new QueueOfOne();
    const world = { clock: systemClock, log: silentLog };
    const sink = new EventSink({
      ...world,
      stream: line.events,
      shards: shard,
      numbering: () => "n",
    });
    sink.have([SHARD]);
    await until(() => shard.deliver !== null);
    for (let n = 0; n < 300; n++) shard.add(2_000);
    await until(() => /the event stream waits: maximum bytes/.test(line.warnings.join()));
    assert.ok(line.isUp, "keys are another's room");
    assert.ok(shard.acknowledged < 300);
    // Somebody makes room.
    await manager.streams.update(STREAM, { max_bytes: 2_000_000 });
    await until(() => shard.acknowledged === 300);
    assert.doesNotMatch(line.warnings.join(), /the event stream waits/);
    const read: number[] = [];
    const { state } = await manager.streams.info(STREAM);
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(STREAM, { seq });
      const items = message!.json<{ cursor: number }[]>();
      read.push(...items.map(({ cursor }) => cursor));
    }
    assert.deepEqual(read, Array.from({ length: 300 }, (_, n) => n + 1));
    sink.stop();
    await connection.close();
    await line.close();
  });
});

/** The queue of one shard. */
class QueueOfOne {
  acknowledged = 0;
  deliver: ((record: EventRecord) => void) | null = null;
  #cursor = 0;

  add(size: number): void {
    const body = bytes(JSON.stringify({ op: 0, t: "X", d: "x".repeat(size) }));
    this.deliver!({ shardId: SHARD.id, kind: RECORD.DISPATCH, cursor: ++this.#cursor, body });
  }

  hold(): Promise<void> {
    return Promise.resolve();
  }

  take(_: unknown, deliver: (record: EventRecord) => void): void {
    this.deliver = deliver;
  }

  acknowledge(_: unknown, cursor: number): void {
    this.acknowledged = cursor;
  }
}
