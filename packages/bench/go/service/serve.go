package service

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// Settings is what a server is told, as JSON in its first argument: ServerSettings of src/service/serve.ts.
type Settings struct {
	TLS *struct{ Key, Cert string } `json:"tls"`
	// For servers that have the product's features.
	Full *struct{ Database, Log, Tokens string } `json:"full"`
}

// ReadSettings reads what the program was told.
func ReadSettings() (given Settings) {
	if len(os.Args) > 1 {
		if err := json.Unmarshal([]byte(os.Args[1]), &given); err != nil {
			log.Fatal(err)
		}
	}
	return given
}

// Options are the server's options for these settings.
func (s Settings) Options() (options []grpc.ServerOption) {
	if s.TLS != nil {
		security, err := credentials.NewServerTLSFromFile(s.TLS.Cert, s.TLS.Key)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(security))
	}
	return options
}

// Serve listens, says where, and answers questions until its input ends, as src/service/serve.ts does.
func Serve(server *grpc.Server) {
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
