/**
 * Who is measured.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import { type Program, startProgram } from "../program.ts";
import { BASE_COMMIT, REPOSITORY } from "./base.ts";
import type { FloorQuestion } from "./others/floor.ts";
import type { HandlerQuestion } from "./others/handler.ts";
import { INTENTS, type Party, type PartyOptions, type RunningParty } from "./party.ts";
import type { PeerQuestion, Way } from "./others/peer.ts";
import { startProduct } from "./product.ts";

/** This tree, which the others are compared with. */
export const GATEHOUSE: Party = {
  name: "gatehouse",
  label: "Gatehouse",
  start: (options) => startProduct(REPOSITORY, options),
};

/** Gatehouse as it was. */
export const BASE: Party = {
  name: "base",
  label: `Gatehouse at ${BASE_COMMIT}`,
  start(options) {
    if (options.baseTree === null) throw new Error("Cannot start: it is not checked out");
    return startProduct(options.baseTree, options);
  },
};

/** What a small bot runs on. Without compression: with `zlib-stream` it fails on this runtime. */
export const DISCORDENO: Party = {
  name: "discordeno",
  label: "discordeno 21, one process, uncompressed",
  start: (options) => startPeer("discordeno", options),
};

/** All of them, in the order of their turns and of the rows of tables. */
export const PARTIES: readonly Party[] = [
  GATEHOUSE,
  BASE,
  DISCORDENO,
  {
    name: "discordeno-ws",
    label: "discordeno, two processes, JSON by WebSocket, uncompressed",
    start: (options) => startPeer("discordeno", options, "socket"),
  },
  {
    name: "guide",
    label: "discordeno, two processes, a POST per event, uncompressed",
    start: (options) => startPeer("discordeno", options, "post"),
  },
  {
    name: "discordjs",
    label: "discord.js (ws 2), one process, uncompressed",
    start: (options) => startPeer("discordjs", options),
  },
  {
    name: "floor",
    label: "the least: receive, inflate, write on",
    unitOnly: true,
    start: startFloor,
  },
];

/** A library's bot; with a way to its handler's process, where it has one. */
async function startPeer(
  library: PeerQuestion["library"],
  { world, shards }: PartyOptions,
  kind?: "socket" | "post",
): Promise<RunningParty> {
  const handler = kind && startProgram(new URL("./others/handler.ts", import.meta.url));
  const port = await handler?.ask<number>(world satisfies HandlerQuestion);
  const way: Way = kind && port !== undefined ? { kind, port } : { kind: "handler" };
  const peer = startProgram(new URL("./others/peer.ts", import.meta.url));
  const question: PeerQuestion = { library, world, shards, intents: INTENTS, way };
  return running(peer, question, handler);
}

async function startFloor({ world, shards, compression }: PartyOptions): Promise<RunningParty> {
  const counter = startProgram(new URL("./others/floor_counter.ts", import.meta.url));
  const port = await counter.ask<number>(world satisfies HandlerQuestion);
  const floor = startProgram(new URL("./others/floor.ts", import.meta.url));
  const question: FloorQuestion = { world, shards, intents: INTENTS, compression, port };
  return running(floor, question, counter);
}

/** The answer is not waited for: the world finds out whether events come through, and gives up in time. */
function running(
  unit: Program,
  question: PeerQuestion | FloorQuestion,
  handler: Program | undefined,
): RunningParty {
  let words = "";
  unit.ask(question).catch((error) => words = messageOf(error));
  return {
    pid: unit.pid,
    ...(handler && { handlerPid: handler.pid }),
    lastWords: () => words,
    async end() {
      await unit.end();
      await handler?.end();
    },
  };
}
