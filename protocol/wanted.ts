/**
 * What somebody looks for, and may be known in a cache, in a cluster, or at Discord's.
 *
 * @module
 */

/** What somebody looks for: see {@linkcode Ipc.fetchGuild}. */
export type Wanted =
  | { readonly kind: "guild"; readonly guildId: string }
  | { readonly kind: "channel"; readonly channelId: string }
  | { readonly kind: "user"; readonly userId: string }
  | { readonly kind: "member"; readonly guildId: string; readonly userId: string };
