/** A bot that is killed with `kill -9` while its unit reshards gets the rest when it is back. */

import { testKills } from "../../support/reshard/kills.ts";

testKills("the bot", (stage) => stage.killBot(1_000), { breaks: false });
