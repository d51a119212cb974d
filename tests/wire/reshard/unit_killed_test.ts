/** A unit that is killed with `kill -9` while it reshards goes on. */

import { testKills } from "../../support/reshard/kills.ts";

testKills("the unit", (stage) => stage.restart("SIGKILL"), { breaks: true });
