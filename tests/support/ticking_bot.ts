/**
 * A bot whose module starts a timer that never ends, as many do.
 *
 * @module
 */

import { defineBot } from "../../bot/define_bot.ts";

let hasTicked = Promise.withResolvers<void>();
setInterval(() => hasTicked.resolve(), 10);

export default defineBot({
  events: {
    async MESSAGE_CREATE({ content }, { rest }) {
      hasTicked = Promise.withResolvers();
      await hasTicked.promise;
      await rest.post("/reports", { content: `${content}, it ticks` });
    },
  },
});
