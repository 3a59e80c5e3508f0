package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"strconv"
	"sync/atomic"
	"time"

	"callwirebench/directory"
	blobs "callwirebench/gen/blobs"
	"callwirebench/gen/users"
)

const (
	askedFor = 10
	messages = 5000
	parts    = 50
	// STEP of src/service/spread.ts.
	step = 611953
)

// work is one call or one stream, whose answers are checked.
type work func(ctx context.Context, c client, index int, m *meter) error

func workOf(given job) work {
	switch given.Kind {
	case "get", "create", "list", "exchange":
		return timed(callOf(given))
	case "server-stream":
		return readEvents
	case "client-stream":
		return sendUsers
	case "bidi":
		return chat
	case "download":
		return download(given.Size)
	case "upload":
		return upload(given.Size)
	}
	log.Fatalf("no such work: %s", given.Kind)
	return nil
}

func callOf(given job) func(ctx context.Context, c client, index int) error {
	count := given.Users
	if count == 0 {
		count = askedFor
	}
	var ids []string
	for index := 0; index < count; index++ {
		ids = append(ids, directory.UserID(index))
	}
	next := newUsers(given.Keeps)
	data := directory.Blob(given.Size)
	switch given.Kind {
	case "get":
		return func(ctx context.Context, c client, index int) error {
			which := index % count * step % count
			user, err := c.users.GetUser(ctx, &users.GetUserRequest{Id: ids[which]})
			if err != nil {
				return err
			}
			return directory.Check(user, which)
		}
	case "create":
		return func(ctx context.Context, c client, _ int) error {
			wanted := next()
			user, err := c.users.CreateUser(ctx, wanted)
			if err == nil && (user.Name != wanted.Name || user.Email != wanted.Email || len(user.Id) != 36) {
				err = fmt.Errorf("wrong answer: %v", user)
			}
			return err
		}
	case "list":
		return func(ctx context.Context, c client, _ int) error {
			page, err := c.users.ListUsers(ctx, &users.ListUsersRequest{PageSize: int32(given.Size)})
			if err != nil {
				return err
			}
			if len(page.Users) != given.Size {
				return fmt.Errorf("a page of %d users", len(page.Users))
			}
			if err := directory.Check(page.Users[0], 0); err != nil {
				return err
			}
			return directory.Check(page.Users[given.Size-1], given.Size-1)
		}
	}
	return func(ctx context.Context, c client, _ int) error {
		answer, err := c.blobs.Exchange(ctx, &blobs.ExchangeRequest{Data: data})
		if err == nil && (len(answer.Data) != given.Size || answer.Data[given.Size-1] != data[given.Size-1]) {
			err = fmt.Errorf("wrong answer of %d bytes", len(answer.Data))
		}
		return err
	}
}

// newUsers makes users to create: ten in turn, or where they are kept each another one, after those that are there.
func newUsers(keeps *int) func() *users.CreateUserRequest {
	if keeps != nil {
		return func() *users.CreateUserRequest {
			user := directory.NewUserAt(*keeps + int(atomic.AddInt64(&created, 1)))
			user.RequestId = newUUID()
			return user
		}
	}
	var few []*users.CreateUserRequest
	for index := 0; index < askedFor; index++ {
		few = append(few, directory.NewUserAt(index))
	}
	var next int64
	return func() *users.CreateUserRequest { return few[atomic.AddInt64(&next, 1)%askedFor] }
}

// created counts the users that this process has asked to be created and kept.
var created int64

func readEvents(ctx context.Context, c client, _ int, m *meter) error {
	stream, err := c.users.WatchUsers(ctx, &users.WatchRequest{ResumeToken: strconv.Itoa(messages)})
	if err != nil {
		return err
	}
	index := 0
	for {
		event, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		expected := index % directory.UserCount
		if token, err := strconv.Atoi(event.ResumeToken); err != nil || token != expected {
			return fmt.Errorf("event %s came out of order", event.ResumeToken)
		}
		if expected == 1 {
			if err := directory.Check(event.User, 1); err != nil {
				return err
			}
		}
		index++
		m.add(1)
	}
	if index != messages {
		return fmt.Errorf("%d events have come", index)
	}
	return nil
}

func sendUsers(ctx context.Context, c client, _ int, m *meter) error {
	stream, err := c.users.UploadUsers(ctx)
	if err != nil {
		return err
	}
	user := directory.NewUserAt(1)
	for index := 0; index < messages; index++ {
		m.add(1)
		if err := stream.Send(user); err != nil {
			return err
		}
	}
	summary, err := stream.CloseAndRecv()
	if err == nil && summary.Created != messages {
		err = fmt.Errorf("%d users were created", summary.Created)
	}
	return err
}

func chat(ctx context.Context, c client, _ int, m *meter) error {
	stream, err := c.users.Chat(ctx)
	if err != nil {
		return err
	}
	go func() {
		for index := 0; index < messages; index++ {
			if stream.Send(&users.ChatMessage{Sender: "bench", Content: strconv.Itoa(index)}) != nil {
				return
			}
		}
		if err := stream.CloseSend(); err != nil {
			log.Fatal(err)
		}
	}()
	for index := 0; index < messages; index++ {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		if number, err := strconv.Atoi(message.Content); err != nil || number != index {
			return fmt.Errorf("message %s came out of order", message.Content)
		}
		m.add(1)
	}
	if _, err := stream.Recv(); err != io.EOF {
		return fmt.Errorf("the stream did not end: %v", err)
	}
	return nil
}

func download(size int) work {
	return func(ctx context.Context, c client, _ int, m *meter) error {
		stream, err := c.blobs.Download(ctx, &blobs.DownloadRequest{Size: int32(size), Count: parts})
		if err != nil {
			return err
		}
		received := 0
		for {
			part, err := stream.Recv()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			received += len(part.Data)
			m.add(int64(len(part.Data)))
		}
		if received != size*parts {
			return fmt.Errorf("%d bytes have come", received)
		}
		return nil
	}
}

func upload(size int) work {
	part := &blobs.UploadRequest{Data: directory.Blob(size)}
	return func(ctx context.Context, c client, _ int, m *meter) error {
		stream, err := c.blobs.Upload(ctx)
		if err != nil {
			return err
		}
		for sent := 0; sent < parts; sent++ {
			if err := stream.Send(part); err != nil {
				return err
			}
		}
		counted, err := stream.CloseAndRecv()
		if err != nil {
			return err
		}
		if counted.Size != int64(size*parts) {
			return fmt.Errorf("the server has counted %d bytes", counted.Size)
		}
		m.add(counted.Size)
		return nil
	}
}

// timed makes work of a call.
func timed(call func(ctx context.Context, c client, index int) error) work {
	return func(ctx context.Context, c client, index int, m *meter) error {
		began := time.Now()
		if err := call(ctx, c, index); err != nil {
			return err
		}
		m.addCall(began)
		return nil
	}
}
