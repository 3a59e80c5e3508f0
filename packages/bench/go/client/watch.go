package main

import (
	"context"
	"fmt"
	"log"
	"strconv"
	"sync"
	"time"

	"callwirebench/directory"
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

	tokens := make([]int, len(streams))
	took := make([]time.Duration, len(streams)*watchEvents)
	cpu := cpuUs()
	began := time.Now()
	last := 0
	for event := 0; event < watchEvents; event++ {
		madeAt := time.Now()
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
				if tokens[index], err = strconv.Atoi(message.ResumeToken); err != nil {
					log.Fatal(err)
				}
			}(index, stream)
		}
		if _, err := clients[0].users.CreateUser(context.Background(), directory.NewUserAt(event)); err != nil {
			log.Fatal(err)
		}
		received.Wait()
		for _, token := range tokens {
			if token != tokens[0] || event > 0 && token != last+1 {
				log.Fatal(fmt.Errorf("event %d came after event %d", token, last))
			}
		}
		last = tokens[0]
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
