// The server of the peer grpc-go, with grpc-go's defaults.
package main

import (
	"google.golang.org/grpc"

	blobs "callwirebench/gen/blobs"
	"callwirebench/gen/users"
	"callwirebench/service"
)

func main() {
	server := grpc.NewServer(service.ReadSettings().Options()...)
	users.RegisterUserServiceServer(server, service.NewUsers())
	blobs.RegisterBlobServiceServer(server, &service.Blobs{})
	service.Serve(server)
}
