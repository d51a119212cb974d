/**
 * The numbers of the REST proxy.
 *
 * @module
 */

import type { RestRouteSnapshot, RestSnapshot, Times } from "../../../protocol/status.ts";
import { type Metric, metric, one, type Sample } from "./metric.ts";

const FUSE_STATES: readonly RestSnapshot["fuse"][] = ["closed", "slow", "open", "banned"];

/** Every metric of the proxy. */
export const REST_METRICS: readonly Metric<RestSnapshot>[] = [
  metric(
    "gatehouse_rest_requests_total",
    "Requests, by route and answer; by says who answered.",
    ({ routes }) =>
      routes.flatMap(({ method, route, answers }) =>
        answers.map(({ status, scope, by, count }) => ({
          labels: { method, route, status, scope, by },
          value: count,
        }))
      ),
  ),
  perRoute("gatehouse_rest_route_queue_seconds_total", "Time in the queue.", "queueMs"),
  perRoute(
    "gatehouse_rest_route_upstream_seconds_total",
    "Time until Discord's answers.",
    "upstreamMs",
  ),
  histogram("gatehouse_rest_queue_seconds", "Time in the queue, by lane.", "queue"),
  histogram("gatehouse_rest_upstream_seconds", "Time until Discord's answers.", "upstream"),
  one("gatehouse_rest_waiting", "Requests that wait for their limits.", (rest) => rest.waiting),
  one("gatehouse_rest_in_flight", "Requests at Discord's.", (rest) => rest.inFlight),
  one("gatehouse_rest_credentials", "Credentials that are remembered.", (rest) => rest.credentials),
  one("gatehouse_rest_buckets", "Buckets that are remembered.", (rest) => rest.buckets),
  one(
    "gatehouse_rest_dead_ends",
    "Routes, webhooks and credentials that Discord has said no to.",
    (rest) => rest.deadEnds,
  ),
  one(
    "gatehouse_rest_invalid",
    "Invalid requests in the last ten minutes.",
    (rest) => rest.invalid,
  ),
  one(
    "gatehouse_rest_strangers_invalid",
    "Of callers without the secret, invalid requests in the last ten minutes.",
    (rest) => rest.strangersInvalid,
  ),
  metric(
    "gatehouse_rest_fuse",
    "1 under what the proxy does about invalid requests.",
    ({ fuse }) =>
      FUSE_STATES.map((state) => ({ labels: { state }, value: Number(fuse === state) })),
  ),
];

function perRoute(
  name: string,
  help: string,
  field: Extract<keyof RestRouteSnapshot, "queueMs" | "upstreamMs">,
): Metric<RestSnapshot> {
  return metric(name, help, ({ routes }) =>
    routes.map(({ method, route, [field]: ms }) => ({
      labels: { method, route },
      value: ms / 1000,
    })));
}

function histogram(name: string, help: string, field: "queue" | "upstream"): Metric<RestSnapshot> {
  return {
    name,
    type: "histogram",
    help,
    samples: ({ lanes }) => lanes.flatMap((times) => histogramOf(times.lane, times[field])),
  };
}

function histogramOf(lane: string, { buckets, count, sumMs }: Times): Sample[] {
  return [
    ...buckets.map(({ boundMs, count }): Sample => ({
      labels: { lane, le: boundMs / 1000 },
      value: count,
      suffix: "_bucket",
    })),
    { labels: { lane, le: "+Inf" }, value: count, suffix: "_bucket" },
    { labels: { lane }, value: sumMs / 1000, suffix: "_sum" },
    { labels: { lane }, value: count, suffix: "_count" },
  ];
}
