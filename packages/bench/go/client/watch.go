package main

import (
	"context"
	"fmt"
	"log"
	"sync"
	"time"

	"callwirebench/gen/users"
)

const watchEvents = 10

// measureWatch does what src/client/watch.ts does.
func measureWatch(given job, clients []client) result {
	warmup, cancel := context.WithCancel(context.Background())
	openAll(warmup, clients, (given.InFlight+9)/10)
	cancel()
	reach("before")
	streams := openAll(context.Background(), clients, given.InFlight)
	reach("idle")

	tokens := make([]string, len(streams))
	took := make([]time.Duration, len(streams)*watchEvents)
	cpu := cpuUs()
	began := time.Now()
	seen := map[string]bool{}
	next := newUsers(given.Keeps)
	for event := 0; event < watchEvents; event++ {
		madeAt := time.Now()
		wanted := next()
		var received sync.WaitGroup
		for index, stream := range streams {
			received.Add(1)
			go func(index int, stream users.UserService_WatchUsersClient) {
				defer received.Done()
				message, err := stream.Recv()
				if err != nil {
					log.Fatal(err)
				}
				took[event*len(streams)+index] = time.Since(madeAt)
				if message.User.GetEmail() != wanted.Email {
					log.Fatal("a stream got ", message)
				}
				tokens[index] = message.ResumeToken
			}(index, stream)
		}
		if _, err := clients[0].users.CreateUser(context.Background(), wanted); err != nil {
			log.Fatal(err)
		}
		received.Wait()
		for _, token := range tokens {
			if token != tokens[0] || seen[token] {
				log.Fatal(fmt.Errorf("event %s came beside event %s", token, tokens[0]))
			}
		}
		seen[tokens[0]] = true
	}
	seconds := time.Since(began).Seconds()
	cpu = cpuUs() - cpu
	p50, p99 := percentiles(took)
	return result{float64(len(took)) / seconds, p50, p99, cpu / float64(len(took))}
}

func openAll(ctx context.Context, clients []client, count int) []users.UserService_WatchUsersClient {
	streams := make([]users.UserService_WatchUsersClient, count)
	var opened sync.WaitGroup
	for index := range streams {
		opened.Add(1)
		go func(index int) {
			defer opened.Done()
			stream, err := clients[index%len(clients)].users.WatchUsers(ctx, &users.WatchRequest{})
			if err != nil {
				log.Fatal(err)
			}
			first, err := stream.Recv()
			if err != nil || first.EventType != "heartbeat" {
				log.Fatal("a stream began without a heartbeat: ", err)
			}
			streams[index] = stream
		}(index)
	}
	opened.Wait()
	return streams
}
