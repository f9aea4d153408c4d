package ledger

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"shop/orders/internal/ledgerpb"
	"shop/orders/internal/store"
	"shop/orders/internal/trace"
)

// fake stands in for the ledger, which is not written in Go.
type fake struct {
	ledgerpb.UnimplementedLedgerServer
	request     *ledgerpb.PostRequest
	traceparent []string
	err         error
}

func (f *fake) Post(ctx context.Context, request *ledgerpb.PostRequest) (*ledgerpb.Entry, error) {
	f.request, f.traceparent = request, metadata.ValueFromIncomingContext(ctx, "traceparent")
	return &ledgerpb.Entry{}, f.err
}

func serve(t *testing.T, f *fake, services ...func(*grpc.Server)) *Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	ledgerpb.RegisterLedgerServer(server, f)
	for _, register := range services {
		register(server)
	}
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	client, err := Dial("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestPostCarriesThePostingAndItsTrace(t *testing.T) {
	f := &fake{}
	client := serve(t, f)
	ctx := trace.Start(t.Context(), "")
	posting := store.Posting{OrderID: "o1", Kind: store.Void, Customer: "alice", Amount: 59_98, Currency: "EUR", Attempts: 2}
	if err := client.Post(ctx, posting); err != nil {
		t.Fatal(err)
	}
	want := &ledgerpb.PostRequest{
		EntryId: "void-o1", OrderId: "o1", CustomerId: "alice", Account: "alice",
		AmountMinor: 5998, Currency: "EUR", Type: ledgerpb.EntryType_VOID,
	}
	if !proto.Equal(f.request, want) {
		t.Errorf("got %v, want %v", f.request, want)
	}
	if len(f.traceparent) != 1 || f.traceparent[0] != trace.Traceparent(ctx) {
		t.Errorf("got %v, want %s", f.traceparent, trace.Traceparent(ctx))
	}
}

func TestRefusedTellsWhatWillNeverWork(t *testing.T) {
	f := &fake{}
	client := serve(t, f)
	for code, want := range map[codes.Code]bool{
		codes.InvalidArgument: true, codes.AlreadyExists: true, codes.ResourceExhausted: true,
		codes.Unavailable: false, codes.DeadlineExceeded: false, codes.Internal: false, codes.Aborted: false,
	} {
		f.err = status.Error(code, "because")
		reason, refused := client.Refused(client.Post(t.Context(), store.Posting{}))
		if refused != want || refused != (reason == "because") {
			t.Errorf("%v: got %v (%q)", code, refused, reason)
		}
	}
}

func TestPingAsksForTheLedgersHealth(t *testing.T) {
	if err := serve(t, &fake{}).Ping(t.Context()); err != nil {
		t.Errorf("a ledger without health: %v", err)
	}
	checks := health.NewServer()
	client := serve(t, &fake{}, func(s *grpc.Server) { grpc_health_v1.RegisterHealthServer(s, checks) })
	for state, healthy := range map[grpc_health_v1.HealthCheckResponse_ServingStatus]bool{
		grpc_health_v1.HealthCheckResponse_SERVING:     true,
		grpc_health_v1.HealthCheckResponse_NOT_SERVING: false,
	} {
		checks.SetServingStatus("ledger.v1.Ledger", state)
		if err := client.Ping(t.Context()); (err == nil) != healthy {
			t.Errorf("%v: got %v", state, err)
		}
	}
}
