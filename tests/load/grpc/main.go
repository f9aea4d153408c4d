// A gRPC server that does as little as one can: it answers every call of small.v1.Small/Get with the
// same bytes and reads nothing of what it was sent. What a benchmark against it shows is the cost of
// the client.
package main

import (
	"context"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
)

// The order { id: "a-1", state: "PAID", qty: 3 }, encoded.
var order = []byte("\n\x03a-1\x12\x04PAID\x18\x03")

// bytesOnly hands messages on as they are.
type bytesOnly struct{}

func (bytesOnly) Name() string { return "proto" }

func (bytesOnly) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }

func (bytesOnly) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = data
	return nil
}

func get(_ any, _ context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var asked []byte
	if err := read(&asked); err != nil {
		return nil, err
	}
	return &order, nil
}

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodec(bytesOnly{}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "small.v1.Small",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Get", Handler: get}},
	}, struct{}{})
	log.Fatal(server.Serve(listener))
}
