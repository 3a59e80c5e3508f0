package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

const (
	// TOKEN of src/full/settings.ts.
	token   = "the-token-of-the-bench-0123456789"
	timeout = 30 * time.Second
)

// What the product's client retries, and how often: gRPC's own retry policy (A6). GRPC_GO_RETRY must be `on` for it.
const retryPolicy = `{"methodConfig":[{"name":[{"service":"users.UserService"}],"retryPolicy":{"maxAttempts":4,
"initialBackoff":"0.2s","maxBackoff":"5s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}`

// features gives each call a request id, a token, a time-out if it is unary, and retry.
func features() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultServiceConfig(retryPolicy),
		grpc.WithPerRPCCredentials(bearer{}),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, reply interface{},
			connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
			ctx, cancel := context.WithTimeout(withRequestID(ctx), timeout)
			defer cancel()
			return invoke(ctx, method, request, reply, connection, options...)
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, description *grpc.StreamDesc,
			connection *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption,
		) (grpc.ClientStream, error) {
			return open(withRequestID(ctx), description, connection, method, options...)
		}),
	}
}

func withRequestID(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "x-request-id", newUUID())
}

func newUUID() string {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		log.Fatal(err)
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

type bearer struct{}

func (bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + token}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }
