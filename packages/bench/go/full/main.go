// The server of the peer grpc-go-full: grpc-go with the product's features, by interceptors, over SQLite through
// database/sql.
package main

import (
	"google.golang.org/grpc"

	"callwirebench/gen/users"
	"callwirebench/service"
)

func main() {
	given := service.ReadSettings()
	options := append(given.Options(), interceptors(given.Full.Log, given.Full.Tokens)...)
	server := grpc.NewServer(options...)
	users.RegisterUserServiceServer(server, newStore(given.Full.Database))
	service.Serve(server)
}
