/**
 * Which tests show each ✅ of Gatehouse's in docs/feature-matrix.md: by the row, files under `tests/` and how
 * the name of a test in it begins, or what is in it.
 *
 * @module
 */

/** A file under `tests/`, and a part of the name of a test in it. */
export type Shown = readonly [file: string, test: string];

/** Row → the tests that show it. */
export const SHOWN: Readonly<Record<string, readonly Shown[]>> = {
  // The gateway
  "Sessions live in another process than the bot": [
    ["wire/society_test.ts", "a cluster that runs out of memory takes nobody along"],
  ],
  "A restart of the bot keeps them": [
    ["wire/society_test.ts", "a rolling restart replaces every cluster, and costs no identify"],
    ["scenarios/chaos_test.ts", "chaos: a cluster is killed and another takes its place"],
  ],
  "Events are kept while the bot is away": [
    ["scenarios/outage_test.ts", "ten minutes without a bot end with every event, in order"],
  ],
  "… without another program": [
    ["wire/unit_test.ts", "events of a bot that is away are on disk after two seconds"],
  ],
  "The bot acknowledges what it has done": [
    ["scenarios/direct_links_test.ts", "is told everything that it had not acknowledged"],
  ],
  "The queue has a bound, and it is said what goes when it is full": [
    ["scenarios/event_link_test.ts", "a queue that is full sheds in one place, tells a GAP there"],
  ],
  "A loss is told to the bot (GAP)": [
    ["scenarios/reconnects_test.ts", "identifies anew and the bot is told of the gap"],
    ["scenarios/event_link_test.ts", "a queue that is full sheds in one place, tells a GAP there"],
  ],
  "Events of a shard come in order": [
    ["scenarios/outage_test.ts", "ten minutes without a bot end with every event, in order"],
    ["wire/stranger_test.ts", "gets all that Discord sent, once and in order"],
  ],
  "Its own restart resumes sessions": [
    ["scenarios/event_link_test.ts", "a unit that stops and starts again resumes every shard"],
    ["wire/unit_test.ts", "units that stop and units that are killed lose nothing"],
  ],
  "A dead resume host is left for the generic one, with the session": [
    ["scenarios/reconnects_test.ts", "a dead resume host: the session is resumed on the generic"],
  ],
  "Identifies are paced over all processes and hosts": [
    ["scenarios/fleet/units_test.ts", "three units start at once with one identify per 5 s"],
    ["wire/nats/identify_test.ts", "keep the pace when the server loses all"],
  ],
  "It looks at what is left of the day's identifies first": [
    ["scenarios/identify_pacing_test.ts", "the reserve of the day is not touched"],
  ],
  "Shards that were refused an intent (4014) go on without it": [
    ["scenarios/intents_test.ts", "a fleet that loses an intent goes on without it"],
  ],
  "Sessions that lost one type of events are noticed": [
    ["scenarios/deaf_test.ts", "sessions that lost a type are told of"],
  ],
  "Interactions are answered in time while the bot is away": [
    ["scenarios/away_test.ts", "interactions whose bot is away are responded to in time"],
  ],
  "A worker that dies is replaced": [
    ["scenarios/workers_test.ts", "a worker that ends without an event is noticed"],
  ],

  // Growing
  "More shards without a gap, and nothing twice": [
    ["scenarios/reshard_test.ts", "nothing lost, nothing twice, no identify too many"],
    ["wire/reshard/totals_test.ts", "shards become ${to} under 500 events/s"],
  ],
  "A shard moves to another process or host while it runs": [
    ["scenarios/fleet/moves_test.ts", "shards go to another unit under load"],
  ],
  "Several hosts": [
    ["wire/fleet/joins_test.ts", "shards that go to a unit that joins bring each event"],
  ],
  "… whose shards go to others by themselves when one dies": [
    ["scenarios/fleet/deaths_test.ts", "shards of a unit that is killed go on elsewhere"],
    ["wire/fleet/dialled_test.ts", "gets each event once, though one is killed"],
  ],

  // The bot's side
  "A library as it is, as if this were Discord": [
    ["wire/libraries/discord_js_test.ts", "discord.js 14"],
    ["wire/libraries/discord_py_test.ts", "discord.py 2.7"],
  ],
  "… whose RESUME gets what it missed": [
    ["wire/libraries/restarts_test.ts", "libraries keep their sessions over restarts and kills"],
  ],
  "Any language": [
    ["wire/stranger_test.ts", "a stranger prints each event once, acknowledges it"],
    ["wire/libraries/discordgo_test.ts", "discordgo 0.29"],
  ],
  "Events to NATS JetStream": [
    ["wire/nats/event_stream_test.ts", "has each event once when a unit is killed"],
  ],
  "Events by HTTP POST": [
    ["wire/posts_test.ts", "a receiver of POSTs gets each event once, in order"],
  ],
  "… signed, retried, acknowledged": [
    ["scenarios/posts_test.ts", "slow, ill and out of reach by turns gets everything"],
    ["examples/http_receiver_test.ts", "takes nothing that is not signed, is old or was changed"],
  ],
  "Commands between the bot's processes": [
    ["wire/society_test.ts", "commands reach clusters by number, by guild, all at once"],
  ],
  "Services: code of the bot without shards": [
    ["wire/quickstart_test.ts", "two clusters of the migrant ask a service"],
  ],
  "All members cached, told when it is true": [
    ["scenarios/members_test.ts", "when the last chunk of its last guild is with the bot"],
    ["wire/society_test.ts", "everybody is told when all have come"],
  ],
  "Guilds and members are remembered outside the bot": [
    ["scenarios/guilds_survive_test.ts", "the guilds are those of what is acknowledged"],
    ["wire/guilds_kill_test.ts", "after kill -9 a library gets every guild as it was"],
  ],
  "Voice passes": [
    ["scenarios/voice_test.ts", "a library joins, moves and leaves, in two guilds"],
  ],

  // To run it
  "Metrics for Prometheus": [
    ["app/http/metrics/bounds_test.ts", "a thousand shards are some thirty series each"],
  ],
  "A page with the shards, and a button that restarts": [
    ["wire/dashboard/unit_test.ts", "look, reconnect a shard, restart a cluster, drain"],
  ],
  "A check before an identify is spent (`doctor`)": [
    ["wire/doctor_test.ts", "doctor finds all that is wrong, tells no secret"],
  ],
  "A Discord of its own to test against": [
    ["wire/run_unit_test.ts", "with no setting the unit plays against the simulator"],
  ],

  // REST proxies
  "A library keeps its code: another base URL": [
    ["wire/rest_libraries_test.ts", "@discordjs/rest posts, uploads and reads errors"],
  ],
  "Buckets of routes that it does not know": [
    ["rest/limits/buckets_test.ts", "a route goes one at a time until an answer names its bucket"],
    ["scenarios/rest_random_test.ts", "whatever is asked when, nothing is refused"],
  ],
  "The global limit is kept before Discord says so": [
    ["rest/limits/limits_test.ts", "no more requests go out per second than are allowed"],
  ],
  "A global 429 is heeded": [
    ["rest/delivery_test.ts", "a global 429 pauses the bot"],
  ],
  "Limits that no header shows (sub-limits)": [
    ["rest/limits/sub_limits_test.ts", "a hidden limit is met twice, and then never again"],
  ],
  "A guard before Cloudflare's ban": [
    ["rest/delivery_test.ts", "then stop it, before Discord bans the address"],
  ],
  "Interactions first": [
    ["rest/limits/limits_test.ts", "what follows an interaction waits for no global limit"],
  ],
  "A caller that hangs up takes its request back": [
    ["rest/delivery_test.ts", "a caller that goes away while it waits is never sent"],
  ],
  "What may have been done is not done again": [
    ["rest/delivery_test.ts", "a request that may have been carried out is never sent again"],
  ],
  "Several proxies keep one set of limits": [
    ["scenarios/rest_fleet_test.ts", "three proxies ten times overloaded are refused no more"],
    ["wire/fleet/rest_test.ts", "rest proxies of a fleet are refused nothing"],
  ],
  "Many bots, and Bearer tokens": [
    ["wire/rest_libraries_test.ts", "several bots share a proxy that has no token"],
    ["rest/strangers_test.ts", "a user's Bearer token passes"],
  ],
};

/** What no test can show, and who does. */
export const NOT_SHOWN: Readonly<Record<string, string>> = {
  "Somebody works on it": "the log of this repository",
};
