/** A service for tests: counts what it is told to, and says what it was told. */

import { defineService } from "../../mod.ts";

let count = 0;
const told: string[] = [];
const seen: string[] = [];

export default defineService({
  handleCommand(data, _receptive, { asResponse, asError }) {
    const command = data as { add?: number; told?: boolean; seen?: string };
    const { add, told: wanted } = command;
    if (wanted) return asResponse({ told, count, seen });
    if (command.seen !== undefined) return asResponse(seen.push(command.seen));
    if (typeof add !== "number") return asError(new Error("nothing to add"));
    count += add;
    return asResponse(count);
  },
  allClustersReady() {
    told.push("allClustersReady");
  },
  allMembersCached(all) {
    told.push(`allMembersCached ${all}`);
  },
  getStats: () => ({ count }),
  shutdown() {
    console.log("service says goodbye");
  },
});
