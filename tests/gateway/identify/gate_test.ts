import { IdentifyQueue } from "../../../gateway/identify/queue.ts";
import type { IdentifyGate } from "../../../ports/identify_gate.ts";
import { shardKeyText } from "../../../protocol/ids.ts";
import { type GateSetting, testIdentifyGate } from "../../ports/identify_gate_conformance.ts";

const DELAY_MS = 50;

function queue({ remaining, ...setting }: GateSetting, spent = () => {}): IdentifyQueue {
  const budget = { total: 1000, remaining, resetAtMs: Number.MAX_SAFE_INTEGER };
  return new IdentifyQueue({ ...setting, budget, spent });
}

/**
 * The same queue on another host: every word takes its time. A permit carries the number of the
 * request that it is for, so that one of a request that was taken back meanwhile is known.
 */
function farQueue(setting: GateSetting): IdentifyGate {
  const wanted = new Map<string, number>();
  const heard = new Map<string, number>();
  let turns = 0;
  const later = (task: () => void) => void setting.clock.after(DELAY_MS, task);
  const inform = () => later(() => known = far.snapshot);
  const far = queue({
    ...setting,
    allow(shard, permit) {
      const name = shardKeyText(shard);
      const turn = heard.get(name)!;
      later(() => {
        if (wanted.get(name) !== turn) return;
        wanted.delete(name);
        setting.allow(shard, permit);
      });
    },
  }, inform);
  let known = far.snapshot;
  const tell = (task: () => void) =>
    later(() => {
      task();
      inform();
    });
  const forget: IdentifyGate["lost"] = (shards) =>
    shards.forEach((shard) => wanted.delete(shardKeyText(shard)));
  return {
    expect: (shards) => tell(() => far.expect(shards)),
    request(shard) {
      const [name, turn] = [shardKeyText(shard), ++turns];
      wanted.set(name, turn);
      tell(() => {
        heard.set(name, turn);
        far.request(shard);
      });
    },
    sent: (shard, permit) => tell(() => far.sent(shard, permit)),
    release(shard) {
      forget([shard]);
      tell(() => far.release(shard));
    },
    lost(shards) {
      forget(shards);
      tell(() => far.lost(shards));
    },
    stop() {
      wanted.clear();
      tell(() => far.stop());
    },
    get snapshot() {
      return known;
    },
  };
}

testIdentifyGate("IdentifyQueue", queue);
testIdentifyGate("an IdentifyQueue far away", farQueue);
