/**
 * What can be asked of the unit, and what a person is told before it is done.
 *
 * @module
 */

/** @typedef {import("../../words.ts").DashboardAct} Act */

/**
 * What the dialog says.
 *
 * @typedef {object} Question
 * @property {string} title
 * @property {string} text What will happen, and what will not.
 * @property {string} yes The button.
 * @property {boolean} [isDanger] What is hard to undo, or costs something.
 * @property {string} done What is said afterwards.
 */

/**
 * The question that is asked before an act.
 *
 * @param {Act} act
 * @returns {Question}
 */
export function questionOf(act) {
  switch (act.method) {
    case "respawn":
      return {
        title: `Restart ${placeOf(act)}?`,
        text:
          "Its process ends and a new one starts. Events wait for it meanwhile; none is lost, and what it had not acknowledged comes again.",
        yes: "Restart",
        done: `${placeOf(act)} restarts`,
      };
    case "kill":
      return {
        title: `Stop ${placeOf(act)}?`,
        text:
          "Its process ends and none is started until you say so. Its events wait, in memory and then on disk.",
        yes: "Stop",
        isDanger: true,
        done: `${placeOf(act)} was stopped`,
      };
    case "spawn":
      return {
        title: `Start ${placeOf(act)}?`,
        text: "A process of it starts and gets what has waited, in order.",
        yes: "Start",
        done: `${placeOf(act)} starts`,
      };
    case "restartAll":
      return {
        title: "Restart all clusters?",
        text:
          "One after the other, each only when the one before it is connected again. Nothing is lost.",
        yes: "Restart all",
        done: "All clusters restart, one after the other",
      };
    case "reconnect":
      return act.session === "keep"
        ? {
          title: `Reconnect shard ${act.shardId}?`,
          text:
            "Its connection closes and the session resumes on a new one. Nothing is lost and no identify is spent.",
          yes: "Reconnect",
          done: `Shard ${act.shardId} reconnects`,
        }
        : {
          title: `Begin a new session for shard ${act.shardId}?`,
          text:
            "Its session ends and it identifies anew: one identify of today's is spent, and what happens until READY is lost.",
          yes: "End the session",
          isDanger: true,
          done: `Shard ${act.shardId} begins a new session`,
        };
    case "restartWorker":
      return {
        title: `Restart worker ${act.workerId}?`,
        text:
          "Its thread ends and a new one takes its shards up by RESUME. Nothing is lost and no identify is spent.",
        yes: "Restart",
        done: `Worker ${act.workerId} restarts`,
      };
    case "reshard":
      return {
        title: `Move all guilds to ${act.totalShards} shards?`,
        text:
          `It takes ${act.totalShards} identifies of today's. Both totals run side by side until the guilds have moved; no event is lost or comes twice. It can be paused and cancelled.`,
        yes: "Reshard",
        done: `The move to ${act.totalShards} shards has begun`,
      };
    case "pauseReshard":
      return {
        title: "Pause the reshard?",
        text:
          "Lots that have begun are brought to their end; no new one begins until you resume it.",
        yes: "Pause",
        done: "The reshard is paused",
      };
    case "resumeReshard":
      return {
        title: "Resume the reshard?",
        text: "The next lots begin as soon as identifies allow.",
        yes: "Resume",
        done: "The reshard goes on",
      };
    case "cancelReshard":
      return {
        title: "Cancel the reshard?",
        text:
          "Guilds that have moved go back to their old shards, which takes identifies again where those have ended.",
        yes: "Cancel the reshard",
        isDanger: true,
        done: "The reshard is being cancelled",
      };
    case "drain":
      return {
        title: "Drain and stop this unit?",
        text:
          "It stops as by SIGTERM: sessions are kept for the next start, and in a fleet its shards go to other units first. This page ends with it.",
        yes: "Drain and stop",
        isDanger: true,
        done: "The unit drains and stops",
      };
  }
}

/** @param {{ readonly clusterId: number } | { readonly service: string }} of */
function placeOf(of) {
  return "service" in of ? `service ${of.service}` : `cluster ${of.clusterId}`;
}
