FROM python:3.11-slim

# git: sources of kind "git". The user owns its home and nothing else.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --home-dir /srv/publisher publisher

WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PYTHONUNBUFFERED=1

# What changes rarely comes first: the locked dependencies, every one with its hash.
COPY requirements-build.txt requirements.txt ./
RUN pip install --require-hashes --no-build-isolation --use-pep517 -r requirements-build.txt \
    && pip install --require-hashes --no-build-isolation --use-pep517 -r requirements.txt

COPY pyproject.toml requirements.in README.md LICENSE ./
COPY publisher publisher
COPY workers workers
COPY channels channels
RUN pip install --no-deps --no-build-isolation .

# Volumes mounted here take their owner from these folders.
USER publisher
WORKDIR /srv/publisher
RUN mkdir public publisher.state
ENV PUBLISHER_CONFIG=/srv/publisher/publisher.toml

EXPOSE 8080
CMD ["publisher", "up"]
