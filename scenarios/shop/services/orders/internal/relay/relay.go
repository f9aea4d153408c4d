// Package relay passes messages on to the ledger and its answers back, decoded
// and encoded again on either way: what a service in the middle of a chain does.
package relay

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"shop/orders/internal/ledgerpb"
)

// Relay answers ledger.v1.Ledger/Echo with what the next one answers.
type Relay struct {
	next    grpc.ClientConnInterface
	kitchen protoreflect.MessageType
	defects Defects
}

// New prepares a relay before the next one. It knows the fields and names of
// the given Kitchen, which may be an older one.
func New(next grpc.ClientConnInterface, kitchen protoreflect.MessageType, defects Defects) *Relay {
	return &Relay{next, kitchen, defects}
}

// Register makes a server answer Echo, and no other method of the ledger. The
// generated code would decode the newest Kitchen whatever the relay knows.
func (r *Relay) Register(server *grpc.Server) {
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: ledgerpb.Ledger_ServiceDesc.ServiceName,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Echo", Handler: echo}},
		Metadata:    ledgerpb.Ledger_ServiceDesc.Metadata,
	}, r)
}

func echo(server any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	r := server.(*Relay)
	message := r.kitchen.New().Interface()
	if err := decode(message); err != nil {
		return nil, err
	}
	return r.echo(ctx, message)
}

func (r *Relay) echo(ctx context.Context, message proto.Message) (proto.Message, error) {
	r.defects.damage(message.ProtoReflect())
	for _, parent := range metadata.ValueFromIncomingContext(ctx, "traceparent") {
		ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", parent)
	}
	answer := r.kitchen.New().Interface()
	err := r.next.Invoke(ctx, ledgerpb.Ledger_Echo_FullMethodName, message, answer)
	return answer, err
}
