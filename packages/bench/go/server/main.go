// The server of the peer grpc-go, with grpc-go's defaults. It speaks with the measuring process as src/service/serve.ts does.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"callwirebench/directory"
	blobs "callwirebench/gen/blobs"
	"callwirebench/gen/users"
)

type settings struct {
	TLS *struct{ Key, Cert string } `json:"tls"`
}

func main() {
	var given settings
	if len(os.Args) > 1 {
		if err := json.Unmarshal([]byte(os.Args[1]), &given); err != nil {
			log.Fatal(err)
		}
	}
	var options []grpc.ServerOption
	if given.TLS != nil {
		security, err := credentials.NewServerTLSFromFile(given.TLS.Cert, given.TLS.Key)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(security))
	}
	server := grpc.NewServer(options...)
	users.RegisterUserServiceServer(server, newUsersServer())
	blobs.RegisterBlobServiceServer(server, &blobServer{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(server.Serve(listener)) }()
	fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if lines.Text() == "memory" {
			sayMemory()
		}
	}
}

func sayMemory() {
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	// Resident pages are the second number of /proc/self/statm.
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		log.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("{\"rss\":%d,\"live\":%d}\n", pages*os.Getpagesize(), stats.HeapAlloc+stats.StackInuse)
}

type usersServer struct {
	users.UnimplementedUserServiceServer
	all  []*users.User
	byID map[string]*users.User
	past []*users.UserEvent

	mutex    sync.Mutex
	created  int
	position int
	watchers map[chan *users.UserEvent]struct{}
}

func newUsersServer() *usersServer {
	server := &usersServer{byID: map[string]*users.User{}, watchers: map[chan *users.UserEvent]struct{}{}}
	for index := 0; index < directory.UserCount; index++ {
		user := directory.UserAt(index)
		server.all = append(server.all, user)
		server.byID[user.Id] = user
		server.past = append(server.past, directory.EventAt(index))
	}
	return server
}

func (s *usersServer) GetUser(_ context.Context, request *users.GetUserRequest) (*users.User, error) {
	user, ok := s.byID[request.Id]
	if !ok {
		return nil, status.Error(codes.NotFound, "no such user")
	}
	return user, nil
}

func (s *usersServer) CreateUser(_ context.Context, request *users.CreateUserRequest) (*users.User, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.created++
	now := directory.Timestamp(time.Now().UnixMilli())
	user := &users.User{
		Id:         directory.UserID(s.created),
		Name:       request.Name,
		Email:      request.Email,
		Age:        request.Age,
		Department: request.Department,
		Roles:      request.Roles,
		CreatedAt:  now,
	}
	if len(s.watchers) > 0 {
		s.position++
		event := &users.UserEvent{EventType: "created", User: user, ResumeToken: fmt.Sprint(s.position), EventTime: now}
		for watcher := range s.watchers {
			watcher <- event
		}
	}
	return user, nil
}

func (s *usersServer) ListUsers(
	_ context.Context, request *users.ListUsersRequest,
) (*users.ListUsersResponse, error) {
	return &users.ListUsersResponse{Users: s.all[:request.PageSize], TotalCount: int32(len(s.all))}, nil
}

func (s *usersServer) WatchUsers(request *users.WatchRequest, stream users.UserService_WatchUsersServer) error {
	if request.ResumeToken == "" {
		return s.watch(stream)
	}
	count, err := strconv.Atoi(request.ResumeToken)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	for index := 0; index < count; index++ {
		if err := stream.Send(s.past[index%directory.UserCount]); err != nil {
			return err
		}
	}
	return nil
}

func (s *usersServer) watch(stream users.UserService_WatchUsersServer) error {
	events := make(chan *users.UserEvent, 16)
	s.mutex.Lock()
	s.watchers[events] = struct{}{}
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		delete(s.watchers, events)
		s.mutex.Unlock()
	}()
	if err := stream.Send(&users.UserEvent{EventType: "heartbeat", ResumeToken: "0"}); err != nil {
		return err
	}
	for {
		select {
		case event := <-events:
			if err := stream.Send(event); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

func (s *usersServer) UploadUsers(stream users.UserService_UploadUsersServer) error {
	summary := &users.UploadSummary{}
	for {
		row, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(summary)
		}
		if err != nil {
			return err
		}
		if row.Name != "" {
			summary.Created++
		}
	}
}

func (s *usersServer) Chat(stream users.UserService_ChatServer) error {
	for {
		message, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(message); err != nil {
			return err
		}
	}
}

type blobServer struct{}

func (*blobServer) Exchange(_ context.Context, request *blobs.ExchangeRequest) (*blobs.ExchangeResponse, error) {
	return &blobs.ExchangeResponse{Data: request.Data}, nil
}

func (*blobServer) Download(request *blobs.DownloadRequest, stream blobs.BlobService_DownloadServer) error {
	message := &blobs.DownloadResponse{Data: directory.Blob(int(request.Size))}
	for sent := int32(0); sent < request.Count; sent++ {
		if err := stream.Send(message); err != nil {
			return err
		}
	}
	return nil
}

func (*blobServer) Upload(stream blobs.BlobService_UploadServer) error {
	var size int64
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&blobs.UploadResponse{Size: size})
		}
		if err != nil {
			return err
		}
		size += int64(len(part.Data))
	}
}
