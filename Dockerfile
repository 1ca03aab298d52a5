# The server as it stands in the repository: no build step, production packages only, not root.
FROM node:24.21-slim

ENV NODE_ENV=production
WORKDIR /opt/viaduct

# The packages first: this layer changes only with the lock file. No package may run a script of its own, and npm leaves nothing
# else behind.
COPY package.json package-lock.json .npmrc ./
RUN export NODE_DISABLE_COMPILE_CACHE=1 && npm ci --omit=dev --ignore-scripts && rm -r /root/.npm

# Owned by root, so that the server cannot change its own code, and readable whatever umask the repository was cloned with.
COPY LICENSE ./
COPY src ./src
COPY bridge ./bridge
RUN chmod -R u=rwX,go=rX .npmrc *.json LICENSE src bridge

# One arena of malloc, and bounds that do not grow by themselves: less memory for the same work (docs/performance.md).
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=65536 MALLOC_TRIM_THRESHOLD_=131072

# One start at build compiles what every start needs: types are stripped here, and the stripper is not loaded again. The cache is
# for the user and the V8 options of the command below, and belongs to root: what is in it is run. The signal that ends it goes to the
# server alone (--foreground): as one of a group it would get a second one, which means to stop at once.
ENV NODE_COMPILE_CACHE=/opt/viaduct/compile-cache
RUN install -d -o node -g node compile-cache /tmp/first \
  && setpriv --reuid=1000 --regid=1000 --clear-groups sh -c 'node src/main.ts init --directory /tmp/first > /dev/null \
  && timeout --foreground --preserve-status --signal=TERM 30 node --max-semi-space-size=16 --heap-growing-percent=60 --no-maglev src/main.ts serve --config /tmp/first/viaduct.yaml > /dev/null' \
  && chown -R root:root compile-cache && chmod -R a=rX compile-cache && rm -r /tmp/first

# Where the configuration is mounted. A named volume at data takes its owner from here.
RUN install -d -o node -g node -m 0700 /etc/viaduct /etc/viaduct/data

# By number, so that an orchestrator can see that it is not root.
USER 1000:1000
EXPOSE 8443

# The management listener as `viaduct init` writes it: plain HTTP on the loopback address.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/livez').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

# The options of V8 take less memory for the same work (docs/performance.md).
CMD ["node", "--max-semi-space-size=16", "--heap-growing-percent=60", "--no-maglev", "src/main.ts", "serve", "--config", "/etc/viaduct/viaduct.yaml"]
