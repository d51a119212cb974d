/**
 * The numbers of the REST proxy.
 *
 * @module
 */

import type { RestRouteSnapshot, RestSnapshot, Times } from "../../protocol/status.ts";
import type { Metric, Sample } from "./prometheus.ts";

const FUSE_STATES: readonly RestSnapshot["fuse"][] = ["closed", "slow", "open", "banned"];

/** Every metric of the proxy. */
export const REST_METRICS: readonly Metric<RestSnapshot>[] = [
  {
    name: "gatehouse_rest_requests_total",
    type: "counter",
    help: "Requests, by route and answer; by says who answered.",
    samples: ({ routes }) =>
      routes.flatMap(({ method, route, answers }) =>
        answers.map(({ status, scope, by, count }) => ({
          labels: { method, route, status, scope, by },
          value: count,
        }))
      ),
  },
  perRoute("gatehouse_rest_route_queue_seconds_total", "Time in the queue.", "queueMs"),
  perRoute(
    "gatehouse_rest_route_upstream_seconds_total",
    "Time until Discord's answers.",
    "upstreamMs",
  ),
  histogram("gatehouse_rest_queue_seconds", "Time in the queue, by lane.", "queue"),
  histogram("gatehouse_rest_upstream_seconds", "Time until Discord's answers.", "upstream"),
  gauge("gatehouse_rest_waiting", "Requests that wait for their limits.", "waiting"),
  gauge("gatehouse_rest_in_flight", "Requests at Discord's.", "inFlight"),
  gauge("gatehouse_rest_credentials", "Credentials that are remembered.", "credentials"),
  gauge("gatehouse_rest_buckets", "Buckets that are remembered.", "buckets"),
  gauge(
    "gatehouse_rest_dead_ends",
    "Webhooks and credentials that are answered in Discord's place.",
    "deadEnds",
  ),
  gauge("gatehouse_rest_invalid", "Invalid requests in the last ten minutes.", "invalid"),
  {
    name: "gatehouse_rest_fuse",
    type: "gauge",
    help: "1 under what the proxy does about invalid requests.",
    samples: ({ fuse }) =>
      FUSE_STATES.map((state) => ({ labels: { state }, value: Number(fuse === state) })),
  },
];

function gauge(
  name: string,
  help: string,
  field: { [Key in keyof RestSnapshot]: RestSnapshot[Key] extends number ? Key : never }[
    keyof RestSnapshot
  ],
): Metric<RestSnapshot> {
  return { name, type: "gauge", help, samples: (rest) => [{ labels: {}, value: rest[field] }] };
}

function perRoute(
  name: string,
  help: string,
  field: Extract<keyof RestRouteSnapshot, "queueMs" | "upstreamMs">,
): Metric<RestSnapshot> {
  return {
    name,
    type: "counter",
    help,
    samples: ({ routes }) =>
      routes.map(({ method, route, [field]: ms }) => ({
        labels: { method, route },
        value: ms / 1000,
      })),
  };
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
