# PYTHON chooses the interpreter; the interpreter and the C library determine the lock (see
# locks/choose.py).

SHELL = /bin/sh
PYTHON = python3
UV = uv
LOCK_FLAGS =
DEBIAN13 = .debian13
IMAGE_ROOT = .image
FAKE_GCS_SERVER_VERSION = v1.56.1
SERVERS = .servers
DEMO = out/demo
LOCK = data-plane
PACKAGES = schemas model components pipelines
BUCKET_TESTS = tests/pipelines/buckets
# Two test modules at a time; each process takes about 3 GB by the end.
PYTEST = -m pytest -n 2 --dist loadfile

COMPILE = $(UV) pip compile --quiet --no-emit-index-url $(LOCK_FLAGS)

.DEFAULT_GOAL = help
.PHONY: help setup setup-data-plane test test-data-plane test-debian13 test-image test-slurm test-buckets bucket-servers \
	test-airflow airflow flink-demo lint format demo manifest \
	wheel conformance conformance-exports drill sbom audit docs lock clean distclean

help: ## Print this help.
	@echo "Usage: make TARGET [PYTHON=python3.10]"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile

setup: ## Create .venv from the lock that fits the interpreter and the C library.
	@$(PYTHON) -m locks.install .venv tfx

setup-data-plane: ## Create .venv-data, which has neither TFX nor TensorFlow.
	@$(PYTHON) -m locks.install .venv-data data-plane

test: setup ## Run all tests.
	.venv/bin/python $(PYTEST)

test-data-plane: setup-data-plane ## Run the tests that need no TFX.
	.venv-data/bin/python $(PYTEST) -m 'not train'

test-debian13: ## Run the training tests in a Debian 13 root (as root; needs debootstrap).
	@locks/debian13.sh $(DEBIAN13) -m train

test-image: setup-data-plane ## Run the steps of deploy/Dockerfile in a Debian root, and try it (as root; needs debootstrap and Go).
	@.venv-data/bin/python -m tests.image.build $(IMAGE_ROOT)

test-slurm: setup ## Run an array of tasks on a real Slurm (as root; installs Debian's slurm-wlm and munge).
	@tests/slurm/run .venv/bin/python

bucket-servers: $(SERVERS)/fake-gcs-server-$(FAKE_GCS_SERVER_VERSION)

test-buckets: $(SERVERS)/fake-gcs-server-$(FAKE_GCS_SERVER_VERSION) ## Run the tests on servers of gs:// and s3:// (needs Go).
	@$(PYTHON) -m locks.install .venv-buckets buckets
	FAKE_GCS_SERVER=$(CURDIR)/$< .venv-buckets/bin/python -m pytest $(BUCKET_TESTS)

airflow:
	@$(PYTHON) -m locks.install .venv-airflow airflow

test-airflow: setup-data-plane airflow ## Load and run the DAG of deploy/schedule on a real Airflow.
	AIRFLOW_PYTHON=$(CURDIR)/.venv-airflow/bin/python .venv-data/bin/python -m pytest tests/airflow

$(SERVERS)/fake-gcs-server-%:
	@command -v go >/dev/null || { echo "test-buckets needs Go: install it from https://go.dev/dl" >&2; exit 2; }
	@echo "Building fake-gcs-server $*; this takes some minutes."
	GOBIN=$(CURDIR)/$(SERVERS) go install github.com/fsouza/fake-gcs-server@$*
	@mv $(SERVERS)/fake-gcs-server $@

lint: setup ## Check style and formatting.
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .

format: setup ## Fix style and formatting.
	.venv/bin/python -m ruff check --fix .
	.venv/bin/python -m ruff format .

manifest: ## Write the manifest of the default model, after one of its files was replaced.
	@$(PYTHON) -c 'from model.networks.manifest import write_manifest; write_manifest("model/default")'

demo: setup ## Draw pages and run every step on them, into out/demo.
	rm -rf $(DEMO)
	.venv/bin/python -m pipelines.demo --output $(DEMO)

flink-demo: setup-data-plane ## Run a job on a real Flink, started here (needs Java; FLAGS: --flink_job_server_jar, --cluster beam).
	@$(PYTHON) -m locks.install .venv-flink flink
	rm -rf out/flink
	.venv-data/bin/python -m benchmarks.flink --output out/flink \
		--flink_home "$$(.venv-flink/bin/python -c 'import pyflink; print(pyflink.__path__[0])')" $(FLAGS)

wheel: ## Build the wheel into dist/, for the light installation (docs/install.md).
	$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir dist .
	@ls dist/*.whl

conformance: setup ## Compare ingest with lxml on CORPUS, folders of PAGE and ALTO (FLAGS: of ingest).
	@test -n "$(CORPUS)" || { echo "give CORPUS=DIR, or several in quotes" >&2; exit 2; }
	.venv/bin/python -m benchmarks.conformance $(CORPUS) -- $(FLAGS)

conformance-exports: setup ## Try exports of TRANSCRIPTS with other programs (FLAGS: --python, --verapdf, --pdfbox, --mirador).
	@test -n "$(TRANSCRIPTS)" || { echo "give TRANSCRIPTS=DIR, a folder of transcribe" >&2; exit 2; }
	.venv/bin/python -m benchmarks.conformance_exports $(TRANSCRIPTS) $(FLAGS)

drill: setup ## Kill commands, damage files, end often; hours (FLAGS: --most 20 --ends 50).
	.venv/bin/python -m benchmarks.drill $(FLAGS)

sbom: ## Write what the lock LOCK pins as CycloneDX into build/sbom.json.
	@$(PYTHON) -m locks.install .venv-supply supply
	@mkdir -p build
	PYTHONWARNINGS=ignore .venv-supply/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file build/sbom.json locks/$(LOCK).txt
	@echo "build/sbom.json"

audit: ## Look for known holes in what the locks pin; asks pypi.org.
	@$(PYTHON) -m locks.install .venv-supply supply
	@for lock in tfx-1.16 tfx-1.21 data-plane; do echo "$$lock"; \
		.venv-supply/bin/pip-audit --no-deps --disable-pip -r locks/$$lock.txt || exit 1; done

docs: ## Build the documentation into build/docs; a warning is an error.
	@$(PYTHON) -m locks.install .venv-docs docs
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --strict
	@echo "build/docs/index.html"

lock: ## Compile the locks again (needs uv; LOCK_FLAGS=--upgrade updates the pins).
	$(COMPILE) pyproject.toml --extra train --extra vertex --extra web --extra test -c locks/tfx-1.16.in \
		--python-version 3.10 --python-platform x86_64-manylinux_2_28 \
		-o locks/tfx-1.16.txt
	$(COMPILE) pyproject.toml --extra train --extra vertex --extra web --extra test -c locks/tfx-1.21.in \
		--universal --python-version 3.10 -o locks/tfx-1.21.txt
	$(COMPILE) --no-config pyproject.toml --extra web --extra test \
		--universal --python-version 3.10 -o locks/data-plane.txt
	$(COMPILE) --no-config pyproject.toml locks/buckets.in --extra web --extra test --extra gcp --extra aws \
		-c locks/data-plane.txt --universal --python-version 3.10 -o locks/buckets.txt
	$(COMPILE) --no-config locks/airflow.in --universal --python-version 3.10 -o locks/airflow.txt
	$(COMPILE) --no-config locks/flink.in --universal --python-version 3.10 -o locks/flink.txt
	$(COMPILE) --no-config locks/docs.in --universal --python-version 3.10 -o locks/docs.txt
	$(COMPILE) --no-config locks/supply.in --universal --python-version 3.10 -o locks/supply.txt

clean: ## Remove what tests, builds and the demo leave behind; the rest of out/ stays.
	rm -rf $(DEMO) $(DEMO).* build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	@rmdir out 2>/dev/null || true
	find $(PACKAGES) tests locks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## Also remove the virtual environments.
	rm -rf .venv .venv-data .venv-docs .venv-supply .venv-buckets .venv-airflow .venv-flink $(SERVERS)
