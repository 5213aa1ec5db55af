# docker build -t unisono .
# docker run --rm -p 8000:8000 unisono serve --demo --host 0.0.0.0     the built-in catalogue
# docker run --rm -p 8000:8000 --env-file FILE unisono                 live, UNISONO_* set in FILE

FROM python:3.13-slim AS build
RUN python -m venv /opt/unisono
ENV PATH=/opt/unisono/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE schema.graphql ./
COPY api api
COPY batching batching
COPY loaders loaders
RUN pip install --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --no-create-home unisono
COPY --from=build /opt/unisono /opt/unisono
ENV PATH=/opt/unisono/bin:$PATH PYTHONUNBUFFERED=1
USER unisono
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["unisono"]
CMD ["serve", "--host", "0.0.0.0"]
