// The client of the peer grpc-go, with grpc-go's defaults; with the argument `full` that of grpc-go-full, with the product's
// features. It is told the same job as the clients of src/client and answers in the same lines.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	blobs "callwirebench/gen/blobs"
	"callwirebench/gen/users"
)

type job struct {
	Kind        string  `json:"kind"`
	Port        int     `json:"port"`
	CA          string  `json:"ca"`
	InFlight    int     `json:"inFlight"`
	Connections int     `json:"connections"`
	Size        int     `json:"size"`
	Users       int     `json:"users"`
	Keeps       *int    `json:"keeps"`
	WarmupMs    float64 `json:"warmupMs"`
	MeasureMs   float64 `json:"measureMs"`
}

type result struct {
	Rate        float64 `json:"rate"`
	P50Us       float64 `json:"p50Us"`
	P99Us       float64 `json:"p99Us"`
	ClientCPUUs float64 `json:"clientCpuUs"`
}

type client struct {
	users users.UserServiceClient
	blobs blobs.BlobServiceClient
}

// meter counts what is done while measuring; one latency in eight is kept.
type meter struct {
	measuring, done int32
	count           int64
	mutex           sync.Mutex
	latencies       []time.Duration
}

func (m *meter) add(amount int64) int64 {
	if atomic.LoadInt32(&m.measuring) == 0 {
		return -1
	}
	return atomic.AddInt64(&m.count, amount)
}

func (m *meter) addCall(began time.Time) {
	if m.add(1)%8 != 0 {
		return
	}
	took := time.Since(began)
	m.mutex.Lock()
	m.latencies = append(m.latencies, took)
	m.mutex.Unlock()
}

func (m *meter) ended() bool { return atomic.LoadInt32(&m.done) != 0 }

func main() {
	var jobs []job
	if err := json.Unmarshal([]byte(os.Args[1]), &jobs); err != nil {
		log.Fatal(err)
	}
	go readInput()
	for _, given := range jobs {
		clients := make([]client, given.Connections)
		for index := range clients {
			clients[index] = connect(given)
		}
		if given.Kind == "watch" {
			say(measureWatch(given, clients))
		} else {
			say(measure(given, clients))
		}
	}
}

func connect(given job) client {
	security := grpc.WithInsecure()
	if given.CA != "" {
		ca, err := credentials.NewClientTLSFromFile(given.CA, "")
		if err != nil {
			log.Fatal(err)
		}
		security = grpc.WithTransportCredentials(ca)
	}
	options := []grpc.DialOption{security, grpc.WithBlock()}
	if len(os.Args) > 2 && os.Args[2] == "full" {
		options = append(options, features()...)
	}
	connection, err := grpc.Dial(fmt.Sprintf("127.0.0.1:%d", given.Port), options...)
	if err != nil {
		log.Fatal(err)
	}
	return client{users.NewUserServiceClient(connection), blobs.NewBlobServiceClient(connection)}
}

func measure(given job, clients []client) result {
	m := &meter{}
	work := workOf(given)
	var workers sync.WaitGroup
	for worker := 0; worker < given.InFlight; worker++ {
		workers.Add(1)
		go func(worker int) {
			defer workers.Done()
			for index := worker; !m.ended(); index++ {
				if err := work(context.Background(), clients[worker%len(clients)], index, m); err != nil {
					log.Fatal(err)
				}
			}
		}(worker)
	}
	sleep(given.WarmupMs)
	cpu := cpuUs()
	began := time.Now()
	atomic.StoreInt32(&m.measuring, 1)
	sleep(given.MeasureMs)
	for atomic.LoadInt64(&m.count) == 0 {
		sleep(5)
	}
	atomic.StoreInt32(&m.measuring, 0)
	seconds := time.Since(began).Seconds()
	cpu = cpuUs() - cpu
	atomic.StoreInt32(&m.done, 1)
	workers.Wait()
	p50, p99 := percentiles(m.latencies)
	return result{float64(m.count) / seconds, p50, p99, cpu / float64(m.count)}
}

func percentiles(latencies []time.Duration) (p50, p99 float64) {
	if len(latencies) == 0 {
		return 0, 0
	}
	sort.Slice(latencies, func(a, b int) bool { return latencies[a] < latencies[b] })
	at := func(share float64) float64 {
		return float64(latencies[int(float64(len(latencies))*share)].Nanoseconds()) / 1000
	}
	return at(0.5), at(0.99)
}

func cpuUs() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1000
}

func sleep(ms float64) { time.Sleep(time.Duration(ms * float64(time.Millisecond))) }

func say(answer interface{}) {
	line, err := json.Marshal(answer)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
}

var goOn = make(chan struct{})

// readInput ends the program with its input: then the measuring process is gone.
func readInput() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		goOn <- struct{}{}
	}
	os.Exit(1)
}

// reach tells that a stage is reached, and waits until the measuring process has looked at the server.
func reach(stage string) {
	say(map[string]string{"stage": stage})
	<-goOn
}
