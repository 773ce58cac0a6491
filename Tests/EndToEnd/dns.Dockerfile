# SPDX-License-Identifier: Apache-2.0
# A name server for the container test.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends nsd && rm -rf /var/lib/apt/lists/*
CMD ["nsd", "-d", "-c", "/zone/nsd.conf"]
