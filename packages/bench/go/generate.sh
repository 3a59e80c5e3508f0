#!/usr/bin/env bash
# Generates gen/ with the generator that fits Debian's grpc-go (golang-go, golang-google-grpc-dev). Not part of
# `pnpm generate`, which needs no Go: run it by hand when a contract changes. buf must be on PATH (`pnpm exec`).
set -euo pipefail
cd "$(dirname "$0")/../../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GO111MODULE=off GOPATH=/usr/share/gocode CGO_ENABLED=0 \
  go build -o "$work/protoc-gen-go" github.com/golang/protobuf/protoc-gen-go
cat >"$work/buf.gen.yaml" <<EOF
version: v2
inputs:
  - directory: proto
  - directory: packages/bench/proto
plugins:
  - local: $work/protoc-gen-go
    out: $work/out
    opt:
      - plugins=grpc
      - Musers/user_service.proto=callwirebench/gen/users
      - Mcallwire/bench/v1/blob_service.proto=callwirebench/gen/blobs
      - Mgoogle/protobuf/timestamp.proto=github.com/golang/protobuf/ptypes/timestamp
      - Mgoogle/protobuf/field_mask.proto=google.golang.org/genproto/protobuf/field_mask
EOF
buf generate --template "$work/buf.gen.yaml"
cp "$work/out/users/user_service.pb.go" packages/bench/go/gen/users/
cp "$work/out/callwire/bench/v1/blob_service.pb.go" packages/bench/go/gen/blobs/
