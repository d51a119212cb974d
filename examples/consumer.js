/**
 * A consumer of the event link in plain JavaScript, without a single import: docs/protocols.md at
 * work, to be written again in any language. Prints `shard cursor name` for every event.
 *
 * ```sh
 * flags="--allow-net=127.0.0.1 --allow-env=CLUSTER_ID,AUTHORIZATION"
 * deno run $flags examples/consumer.js 8788                       # is dialled by the unit
 * deno run $flags examples/consumer.js ws://127.0.0.1:8787/events # dials the unit
 * ```
 *
 * `CLUSTER_ID` is this cluster's place, 0 by default. `AUTHORIZATION` is the unit's
 * `EVENT_HANDLER_SECRET_KEY` when it is dialled, its `REST_AUTHORIZATION` when it dials.
 *
 * @module
 */

// deno-lint-ignore-file gatehouse-ports/ports-only -- it has no Clock and no Random: it imports nothing

const VERSION = 3;
const BATCH_HEADER_BYTES = 4;
const HEADER_BYTES = 16;
const GAP = 1;
const MOVED = 2;
/** Dialling again after these cannot help: somebody has to look. */
const FINAL_CODES = [4400, 4404, 4406, 4409];

const [where = "8788"] = Deno.args;
const clusterId = Number(Deno.env.get("CLUSTER_ID") ?? 0);
const authorization = Deno.env.get("AUTHORIZATION") ?? "";

/** What outlives a connection: the numbering, and the last cursor done with of each shard of each total. */
let stream = "";
const done = new Map();

if (where.startsWith("ws")) dial(0);
else listen(Number(where));

/** Connects, and again for ever, with growing pauses. */
function dial(failures) {
  const socket = new WebSocket(where, { headers: { authorization } });
  let fine = false;
  speak(socket, () => fine = true);
  socket.onclose = ({ code, reason }) => {
    console.error(`closed with ${code} ${reason}`);
    if (FINAL_CODES.includes(code)) Deno.exit(1);
    const next = fine ? 1 : failures + 1;
    const pauseMs = Math.min(10_000, 250 * 2 ** (next - 1)) * (0.5 + Math.random() / 2);
    setTimeout(() => dial(next), pauseMs);
  };
}

/**
 * Waits for the unit to dial, or those of a fleet, which say their names: its main thread first, then each of its
 * workers that has events for us, which says its number. Of each the newest connection is the one that counts.
 */
function listen(port) {
  const newest = new Map();
  Deno.serve({ hostname: "127.0.0.1", port }, (request) => {
    if (!isSame(request.headers.get("authorization") ?? "", authorization)) {
      return new Response("Unauthorized", { status: 401 });
    }
    const whose = ["unit", "worker"].map((what) => request.headers.get(`gatehouse-${what}`)).join();
    newest.get(whose)?.close(4409, "a newer link took over");
    const { socket, response } = Deno.upgradeWebSocket(request);
    newest.set(whose, socket);
    socket.onclose = () => newest.get(whose) === socket && newest.delete(whose);
    speak(socket, () => {});
    return response;
  });
}

/** The protocol on one connection, whoever dialled. */
function speak(socket, welcomed) {
  socket.binaryType = "arraybuffer";
  socket.onerror = ({ message }) => console.error(`the link failed: ${message}`);
  socket.onopen = () => {
    socket.send(JSON.stringify({ op: "hello", v: VERSION, clusterId, windowBytes: 1 << 20 }));
  };
  socket.onmessage = ({ data }) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (typeof data !== "string") {
      return socket.send(JSON.stringify({ op: "ack", ...readBatch(data) }));
    }
    const message = JSON.parse(data);
    console.error(data);
    if (message.op !== "welcome") return; // It comes again with another number of shards.
    // Another numbering: what we have seen says nothing of its cursors.
    if (message.stream !== stream) done.clear();
    stream = message.stream;
    welcomed();
  };
}

/** Deals with each record of a batch, at once; gives the cursors up to which all is done with. */
function readBatch(buffer) {
  const view = new DataView(buffer);
  const totalShards = view.getUint32(0);
  const cursors = {};
  for (let at = BATCH_HEADER_BYTES; at < buffer.byteLength;) {
    const shard = view.getUint32(at);
    const length = view.getUint32(at + 4);
    const kind = view.getUint16(at + 8);
    const cursor = view.getUint16(at + 10) * 2 ** 32 + view.getUint32(at + 12);
    const body = new Uint8Array(buffer, at + HEADER_BYTES, length);
    // A record that is not above what is done with is a repeat.
    const name = `${shard}/${totalShards}`;
    if (cursor > (done.get(name) ?? 0)) {
      print(shard, cursor, kind, body);
      done.set(name, cursor);
    }
    // Who sends it again hears of that, and of nothing that another unit has brought since.
    cursors[shard] = cursor;
    at += HEADER_BYTES + length;
  }
  return { totalShards, cursors };
}

function print(shard, cursor, kind, body) {
  // What a shard of another total has brought (3), or of a later version: skipped, and acknowledged.
  if (kind > MOVED) return;
  const { t, from, to, reason, guildId } = JSON.parse(new TextDecoder().decode(body));
  const gap = () => `GATEHOUSE_GAP ${from} to ${to}: ${reason}`;
  const moved = () => `GATEHOUSE_GUILD_MOVED ${guildId} from ${from.id}/${from.total}`;
  const name = kind === GAP ? gap() : kind === MOVED ? moved() : t;
  console.log(`${shard} ${cursor} ${name}`);
}

/** Compares in a time that tells nothing about where the texts differ. */
function isSame(given, wanted) {
  let difference = given.length ^ wanted.length;
  for (let i = 0; i < wanted.length; i++) difference |= given.charCodeAt(i) ^ wanted.charCodeAt(i);
  return difference === 0;
}
