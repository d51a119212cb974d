# syntax=docker/dockerfile:1
# Gatehouse as an image: Deno, our code, the packages that running needs; no shell, nobody is root.
# docs/install.md says how it is run, deploy/compose.yaml does.
FROM denoland/deno:2.9.6 AS packages
WORKDIR /gatehouse
COPY . .
ENV DENO_DIR=/deno-dir
# What is locked for a unit, a fleet and a terminal is what a start would download.
RUN for lock in deno.lock fleet/deno.lock app/cli/deno.lock; do \
    deno run --no-prompt --frozen --lock=$lock mod.ts --version || exit 1; \
  done && mkdir /state /bot && chmod -R a+rX /gatehouse

FROM denoland/deno:distroless-2.9.6
COPY --from=packages /gatehouse /gatehouse
COPY --from=packages --chown=65532:65532 /deno-dir /deno-dir
COPY --from=packages --chown=65532:65532 /state /state
COPY --from=packages --chown=65532:65532 /bot /bot
ENV DENO_DIR=/deno-dir STATE_DIR=/state LISTEN_HOST=0.0.0.0 NO_COLOR=1
USER 65532:65532
# The bot's folder: its deno.json, and what BOT_MODULE names.
WORKDIR /bot
VOLUME ["/state", "/deno-dir"]
EXPOSE 8787
# That it answers, not that it is ready: with many shards that takes a while. Readiness is GET /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["deno", "run", "--no-prompt", "--no-config", "--allow-env=LISTEN_PORT", "--allow-net=127.0.0.1", "/gatehouse/deploy/healthy.js"]
# tini, which the image brings, passes signals on and takes care of processes that nobody waits for.
ENTRYPOINT ["/tini", "--", "deno", "run", "--no-prompt", "--allow-env", "--allow-read=.env", "--allow-run", "/gatehouse/cli.ts"]
CMD ["start"]
