package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// interceptors are, from the outermost: the request id and a line for each call, a boundary for panics, the token.
func interceptors(logPath, tokensPath string) []grpc.ServerOption {
	lines, subjects := openLog(logPath), readTokens(tokensPath)
	return []grpc.ServerOption{
		grpc.UnaryInterceptor(func(ctx context.Context, request interface{}, info *grpc.UnaryServerInfo,
			handle grpc.UnaryHandler) (response interface{}, err error) {
			call := begin(ctx, info.FullMethod)
			defer func() { lines.finish(ctx, call, err) }()
			defer recovered(&err)
			if err = grpc.SetHeader(ctx, metadata.Pairs("x-request-id", call.RequestID)); err != nil {
				return nil, err
			}
			if call.Subject, err = authenticate(ctx, subjects); err != nil {
				return nil, err
			}
			return handle(ctx, request)
		}),
		grpc.StreamInterceptor(func(server interface{}, stream grpc.ServerStream, info *grpc.StreamServerInfo,
			handle grpc.StreamHandler) (err error) {
			ctx := stream.Context()
			call := begin(ctx, info.FullMethod)
			defer func() { lines.finish(ctx, call, err) }()
			defer recovered(&err)
			if err = stream.SetHeader(metadata.Pairs("x-request-id", call.RequestID)); err != nil {
				return err
			}
			if call.Subject, err = authenticate(ctx, subjects); err != nil {
				return err
			}
			return handle(server, stream)
		}),
	}
}

// line is what is written of a call.
type line struct {
	Time      string  `json:"time"`
	Method    string  `json:"grpc.method"`
	RequestID string  `json:"request_id"`
	Code      string  `json:"grpc.code"`
	TimeMs    float64 `json:"grpc.time_ms"`
	Peer      string  `json:"peer.address"`
	Subject   string  `json:"subject"`
	Message   string  `json:"msg"`
	began     time.Time
}

func begin(ctx context.Context, method string) *line {
	id := first(ctx, "x-request-id")
	if id == "" {
		id = newUUID()
	}
	return &line{Method: method, RequestID: id, began: time.Now(), Message: "finished call"}
}

func first(ctx context.Context, key string) string {
	if fields, ok := metadata.FromIncomingContext(ctx); ok {
		if values := fields.Get(key); len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

func recovered(err *error) {
	if cause := recover(); cause != nil {
		log.Print(cause)
		*err = status.Error(codes.Internal, "internal error")
	}
}

func authenticate(ctx context.Context, subjects map[[32]byte]string) (string, error) {
	token := strings.TrimPrefix(first(ctx, "authorization"), "Bearer ")
	subject, ok := subjects[sha256.Sum256([]byte(token))]
	if !ok {
		return "", status.Error(codes.Unauthenticated, "the token is not valid")
	}
	return subject, nil
}

func readTokens(path string) map[[32]byte]string {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	subjects := map[[32]byte]string{}
	for _, entry := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fields := strings.Fields(entry)
		subjects[sha256.Sum256([]byte(fields[1]))] = fields[0]
	}
	return subjects
}

// callLog gathers lines, and writes them at least each second, as the product does.
type callLog struct {
	mutex  sync.Mutex
	buffer *bufio.Writer
}

func openLog(path string) *callLog {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	lines := &callLog{buffer: bufio.NewWriter(file)}
	go func() {
		for range time.Tick(time.Second) {
			lines.mutex.Lock()
			if err := lines.buffer.Flush(); err != nil {
				log.Fatal(err)
			}
			lines.mutex.Unlock()
		}
	}()
	return lines
}

func (l *callLog) finish(ctx context.Context, call *line, failed error) {
	now := time.Now()
	call.Time = now.UTC().Format("2006-01-02T15:04:05.000Z")
	call.Code = status.Code(failed).String()
	call.TimeMs = float64(now.Sub(call.began).Microseconds()) / 1000
	if from, ok := peer.FromContext(ctx); ok {
		call.Peer = from.Addr.String()
	}
	text, err := json.Marshal(call)
	if err != nil {
		log.Fatal(err)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if _, err := l.buffer.Write(append(text, '\n')); err != nil {
		log.Fatal(err)
	}
}
