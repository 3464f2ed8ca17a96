# A worker's image: the wheel in a virtual environment, and nothing else of this tree.
FROM python:3.11-slim-bookworm AS build
# Extras of pyproject.toml: docker build --build-arg EXTRAS=tracing
ARG EXTRAS=
WORKDIR /build
RUN python -m venv /opt/lifestage
COPY constraints.txt .
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY state state
COPY agents agents
COPY streams streams
COPY policies policies
COPY mappings mappings
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
 && /opt/lifestage/bin/python -m pip install --no-cache-dir --only-binary :all: -c constraints.txt "$(ls /wheels/*.whl)${EXTRAS:+[$EXTRAS]}"

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/lifestage --create-home lifestage
COPY --from=build /opt/lifestage /opt/lifestage
ENV PATH=/opt/lifestage/bin:$PATH \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LIFESTAGE_WEB_HOST=0.0.0.0
# Empty, and not where Python looks for modules: only what is installed can be imported.
WORKDIR /srv/lifestage
USER 10001
EXPOSE 6066
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
  CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ.get('LIFESTAGE_WEB_PORT', '6066') + '/live', timeout=4)"]
ENTRYPOINT ["lifestage"]
CMD ["worker"]
