# The base brings Node 24, so the copies of it in the lock file (optional dependencies) stay out of the image.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /opt/rolebridge
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Rolebridge" \
      org.opencontainers.image.description="Self-hosted identity bridge: verified sign-ins become short-lived credentials" \
      org.opencontainers.image.licenses="Apache-2.0"
# A numeric user, so that runAsNonRoot can be checked without a look into the image.
RUN groupadd --gid 10001 rolebridge \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/rolebridge --shell /usr/sbin/nologin rolebridge \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/rolebridge
# Owned by root: the service cannot change its own code. Node 24 runs the TypeScript as it is, so nothing is built.
COPY --from=dependencies /opt/rolebridge/node_modules /opt/rolebridge/node_modules
COPY package.json LICENSE /opt/rolebridge/
COPY bin /opt/rolebridge/bin
COPY src /opt/rolebridge/src
COPY views /opt/rolebridge/views
ENV NODE_ENV=production \
    ROLEBRIDGE_CONFIG=/etc/rolebridge/rolebridge.yaml
# Relative paths of the configuration (SQLite file, master key) lead into the volume.
WORKDIR /var/lib/rolebridge
VOLUME /var/lib/rolebridge
USER 10001:10001
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/opt/rolebridge/bin/rolebridge", "healthcheck"]
ENTRYPOINT ["/opt/rolebridge/bin/rolebridge"]
CMD ["serve"]
