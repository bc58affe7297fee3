#!/usr/bin/env bash
# Plan without touching the shared state.
set -euo pipefail
terraform init -backend=false -input=false
terraform plan -lock=false "$@"
