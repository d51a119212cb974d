/**
 * What `deps.ts` loads only where it is asked for, and hides from Deno, which would have every start download it.
 * The compiled executable has it all: `deno compile --include tools/later.ts`.
 *
 * @module
 */

import "npm:@nats-io/jetstream@3.4.0";
import "npm:@nats-io/transport-node@3.4.0";
import "npm:@nats-io/transport-node@3.4.0/lib/node_transport.js";
import "npm:cli-table3@0.6.5";
