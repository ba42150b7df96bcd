# Two stages: the first builds a virtual environment, the second carries only that. What is installed is `.ci/locked`,
# each package by its digest; `.ci/lock` writes it anew.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY .ci/locked .ci/locked
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r .ci/locked/bot.txt \
 && python -m venv /build && /build/bin/pip install --require-hashes -r .ci/locked/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY knowledge knowledge
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . && /venv/bin/pip install --no-deps /wheel/*.whl

FROM python:3.11-slim-bookworm
# pg_dump and pg_restore, for the backups of replicas; of PostgreSQL 15, which dumps servers up to that version.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin bot \
 && install -d -o bot -g bot -m 0700 /data /backups
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 BOT_HOST=0.0.0.0 BOT_PORT=8080 BOT_DATA=/data BOT_LOG_FORMAT=json
USER bot
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"BOT_PORT\"]}/healthz', timeout=4)"]
CMD ["danbury-bot", "serve"]
