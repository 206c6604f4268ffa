# Serving: the HTTP service for ONNX, linear and remote models, without torch.
#   docker build -f docker/serve.Dockerfile -t hatelens-serve .
#   docker run -p 127.0.0.1:8000:8000 -v "$PWD/runs/my-model:/model:ro" -v hatelens-record:/work/record hatelens-serve
FROM python:3.11-slim-bookworm

ENV PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1 \
    HATELENS_HOST=0.0.0.0 \
    HATELENS_PORT=8000 \
    HATELENS_MODEL=/model \
    HATELENS_DATABASE=sqlite:////work/record/hatelens.db \
    HATELENS_JOBS_FOLDER=/work/jobs \
    HATELENS_CACHE=/work/cache

WORKDIR /src
RUN python -m pip install "uv>=0.9,<1"
COPY requirements requirements
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN uv pip install --system --no-cache -c requirements/constraints.txt ".[serve,remote]"

RUN useradd --create-home --uid 10001 hatelens \
    && mkdir -p /work/cache /work/jobs /work/record \
    && chown -R hatelens /work
USER hatelens
WORKDIR /work
# The record outlives the container, and so do jobs that are under way.
VOLUME ["/work/record", "/work/jobs"]
EXPOSE 8000
# What an orchestrator should ask, too: 503 while the record or the model's own server is down.
HEALTHCHECK --interval=30s --timeout=15s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/ready', timeout=12)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["hatelens"]
CMD ["serve"]
