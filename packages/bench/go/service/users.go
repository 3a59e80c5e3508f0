// Package service has what grpc-go's servers serve, and how they speak with the measuring process.
package service

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"callwirebench/directory"
	"callwirebench/gen/users"
)

// Users keeps the users in memory: what the peer grpc-go serves.
type Users struct {
	users.UnimplementedUserServiceServer
	all  []*users.User
	byID map[string]*users.User
	past []*users.UserEvent

	mutex    sync.Mutex
	created  int
	position int
	watchers map[chan *users.UserEvent]struct{}
}

// NewUsers makes the users that every peer serves.
func NewUsers() *Users {
	server := &Users{byID: map[string]*users.User{}, watchers: map[chan *users.UserEvent]struct{}{}}
	for index := 0; index < directory.UserCount; index++ {
		user := directory.UserAt(index)
		server.all = append(server.all, user)
		server.byID[user.Id] = user
		server.past = append(server.past, directory.EventAt(index))
	}
	return server
}

func (s *Users) GetUser(_ context.Context, request *users.GetUserRequest) (*users.User, error) {
	user, ok := s.byID[request.Id]
	if !ok {
		return nil, status.Error(codes.NotFound, "no such user")
	}
	return user, nil
}

func (s *Users) CreateUser(_ context.Context, request *users.CreateUserRequest) (*users.User, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.created++
	user := &users.User{
		Id:         directory.UserID(s.created),
		Name:       request.Name,
		Email:      request.Email,
		Age:        request.Age,
		Department: request.Department,
		Roles:      request.Roles,
		CreatedAt:  directory.Timestamp(time.Now().UnixMilli()),
	}
	s.announce(user)
	return user, nil
}

// Announce tells the watchers of a new user.
func (s *Users) Announce(user *users.User) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.announce(user)
}

func (s *Users) announce(user *users.User) {
	if len(s.watchers) == 0 {
		return
	}
	s.position++
	event := &users.UserEvent{
		EventType: "created", User: user, ResumeToken: fmt.Sprint(s.position), EventTime: user.CreatedAt,
	}
	for watcher := range s.watchers {
		watcher <- event
	}
}

func (s *Users) ListUsers(
	_ context.Context, request *users.ListUsersRequest,
) (*users.ListUsersResponse, error) {
	return &users.ListUsersResponse{Users: s.all[:request.PageSize], TotalCount: int32(len(s.all))}, nil
}

func (s *Users) WatchUsers(request *users.WatchRequest, stream users.UserService_WatchUsersServer) error {
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

func (s *Users) watch(stream users.UserService_WatchUsersServer) error {
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

func (s *Users) UploadUsers(stream users.UserService_UploadUsersServer) error {
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

func (s *Users) Chat(stream users.UserService_ChatServer) error {
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
