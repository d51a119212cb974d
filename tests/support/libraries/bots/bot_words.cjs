/** How bots on Node talk with the tests: a JSON object a line, by bot.ts. */
"use strict";

const { createInterface } = require("node:readline");

const say = (is, about = {}) => void process.stdout.write(`${JSON.stringify({ is, ...about })}\n`);
const fail = (error) => say("error", { error: String(error?.stack ?? error) });

/**
 * Obeys what it is asked for: each word is a function that answers with what is to be said. Nothing
 * that a library throws on its own ends the bot; it is told.
 */
function obey(words) {
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  const lines = createInterface({ input: process.stdin });
  lines.on("line", async (line) => {
    const { do: what, ...about } = JSON.parse(line);
    if (what === "die") process.exit(1);
    try {
      const answer = await words[what](about);
      if (what === "stop") process.exit(0);
      say(what === "say" ? "said" : what, answer);
    } catch (error) {
      fail(error);
    }
  });
  lines.on("close", () => process.exit(1));
}

/** Waits for what a voice connection is opened with: both events, in any order. */
function voiceOf(listen, guildId, botId, ask) {
  return new Promise((resolve) => {
    let state, server;
    const hangUp = listen((t, d) => {
      if (d?.guild_id !== guildId) return;
      if (t === "VOICE_STATE_UPDATE" && d.user_id === botId()) state = d;
      if (t === "VOICE_SERVER_UPDATE") server = d;
      if (!state || !server) return;
      hangUp();
      resolve({ session: state.session_id, token: server.token, endpoint: server.endpoint });
    });
    ask();
  });
}

module.exports = { fail, obey, say, voiceOf };
