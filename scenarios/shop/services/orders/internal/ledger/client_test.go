package ledger

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"shop/orders/internal/defects"
	"shop/orders/internal/ledgerpb"
	"shop/orders/internal/store"
	"shop/orders/internal/trace"
)

// fake stands in for the ledger, which is not written in Go.
type fake struct {
	ledgerpb.UnimplementedLedgerServer
	request     *ledgerpb.PostRequest
	traceparent []string
	deadline    time.Duration
	trailer     metadata.MD
	err         error
	mistakes    defects.Set
}

func (f *fake) Post(ctx context.Context, request *ledgerpb.PostRequest) (*ledgerpb.Entry, error) {
	f.request, f.traceparent, f.deadline = request, metadata.ValueFromIncomingContext(ctx, "traceparent"), 0
	if deadline, some := ctx.Deadline(); some {
		f.deadline = time.Until(deadline)
	}
	if err := grpc.SetTrailer(ctx, f.trailer); err != nil {
		return nil, err
	}
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
	client, err := Dial("http://"+listener.Addr().String(), f.mistakes)
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

func TestTheLedgerKnowsHowMuchTimeThereIs(t *testing.T) {
	for _, mistakes := range []defects.Set{nil, {defects.DeadlineNotPropagated: true}} {
		f := &fake{mistakes: mistakes}
		client := serve(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := client.Post(ctx, store.Posting{}); err != nil {
			t.Fatal(err)
		}
		cancel()
		if told := f.deadline > 0 && f.deadline <= time.Minute; told != (mistakes == nil) {
			t.Errorf("%v: the ledger was told %v", mistakes, f.deadline)
		}
	}
}

func TestEveryAttemptHasTheSameEntryID(t *testing.T) {
	ids := func(mistakes defects.Set) map[string]bool {
		found := map[string]bool{}
		for attempt := 1; attempt <= 2; attempt++ {
			f := &fake{mistakes: mistakes} // each with a client of its own, as after a restart
			client := serve(t, f)
			for range 2 {
				if err := client.Post(t.Context(), store.Posting{OrderID: "o1", Kind: store.Placed, Attempts: attempt}); err != nil {
					t.Fatal(err)
				}
				found[f.request.EntryId] = true
			}
		}
		return found
	}
	if got := ids(nil); len(got) != 1 || !got["placed-o1"] {
		t.Errorf("got %v", got)
	}
	for _, mistake := range []defects.Name{defects.EntryIDPerAttempt, defects.OutboxTwiceAfterRestart} {
		if got := ids(defects.Set{mistake: true}); len(got) != 2 {
			t.Errorf("%s: got %v", mistake, got)
		}
	}
	f := &fake{}
	if err := serve(t, f).Post(t.Context(), store.Posting{OrderID: "o1", Kind: store.Paid, PaymentID: "p1"}); err != nil || f.request.EntryId != "paid-p1" {
		t.Errorf("got %s (%v)", f.request.EntryId, err)
	}
}

func TestALedgerWithoutRoomSaysWhenToComeBack(t *testing.T) {
	with := func(trailer metadata.MD, details *errdetails.RetryInfo) (time.Duration, bool) {
		full := status.New(codes.ResourceExhausted, "because")
		if details != nil {
			full, _ = full.WithDetails(details)
		}
		f := &fake{err: full.Err(), trailer: trailer}
		client := serve(t, f)
		err := client.Post(t.Context(), store.Posting{})
		after, said := client.PushedBack(err)
		if reason, refused := client.Refused(err); refused == said || refused != (reason == "because") {
			t.Errorf("%v: said %v, refused %v (%q)", trailer, said, refused, reason)
		}
		if status.Code(err) != codes.ResourceExhausted {
			t.Errorf("got %v", err)
		}
		return after, said
	}
	if after, said := with(nil, &errdetails.RetryInfo{RetryDelay: durationpb.New(3 * time.Second)}); after != 3*time.Second || !said {
		t.Errorf("RetryInfo: %v, %v", after, said)
	}
	for _, example := range []struct {
		name, value string
		after       time.Duration
		said        bool
	}{
		{"grpc-retry-pushback-ms", "250", 250 * time.Millisecond, true}, {"retry-after", "2", 2 * time.Second, true},
		{"grpc-retry-pushback-ms", "0", 0, true}, {"grpc-retry-pushback-ms", "-1", 0, false}, {"retry-after", "soon", 0, false},
	} {
		if after, said := with(metadata.Pairs(example.name, example.value), nil); after != example.after || said != example.said {
			t.Errorf("%v: got %v, %v", example, after, said)
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
