/**
 * A bot for built-in clusters that prints what it gets, one event a line: its shard, of how many, and its `s`, of a
 * READY its session besides. The lines come out in the log of the unit.
 *
 * @module
 */

export default {
  wants: () => true,
  handle(
    { t, s, d }: { t: string; s: number | null; d: unknown },
    { shardId, totalShards }: { shardId: number; totalShards: number },
  ) {
    if (s === null) return;
    const began = t === "READY" ? ` ${(d as { session_id: string }).session_id}` : "";
    console.log(`came ${shardId}/${totalShards} ${s}${began}`);
  },
};
