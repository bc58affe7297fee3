#!/usr/bin/env bash
# Plan and wait for the state.
set -euo pipefail
terraform init -backend=false -input=false
terraform plan -lock-timeout=60s "$@"
