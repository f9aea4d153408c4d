package relay

import (
	"context"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"shop/orders/internal/ledgerpb"
)

// fake stands in for the ledger: it answers what it was sent.
type fake struct {
	ledgerpb.UnimplementedLedgerServer
}

func (fake) Echo(_ context.Context, kitchen *ledgerpb.Kitchen) (*ledgerpb.Kitchen, error) {
	return kitchen, nil
}

func serve(t *testing.T, register func(*grpc.Server)) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	register(server)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(
		"passthrough:///"+listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// through sends a message through a relay that knows a version of the contract.
func through(t *testing.T, version, defects string, sent *ledgerpb.Kitchen) *ledgerpb.Kitchen {
	t.Helper()
	kitchen, ok := Kitchen(version)
	if !ok {
		t.Fatalf("there is no version %q", version)
	}
	named, err := ParseDefects(defects)
	if err != nil {
		t.Fatal(err)
	}
	next := serve(t, func(s *grpc.Server) { ledgerpb.RegisterLedgerServer(s, fake{}) })
	conn := serve(t, New(next, kitchen, named).Register)
	answer, err := ledgerpb.NewLedgerClient(conn).Echo(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// full has a value for what the defects damage, and for what the first contract lacks.
func full() *ledgerpb.Kitchen {
	return &ledgerpb.Kitchen{
		Int64:          1<<53 + 1,
		Uint64:         1<<64 - 1,
		Fixed64:        1<<63 + 1,
		Course:         7,
		OptionalString: proto.String(""),
		Choice:         &ledgerpb.Kitchen_Number{Number: -(1<<53 + 1)},
		Counts:         map[string]int64{"most": 1<<63 - 1},
		Nested:         &ledgerpb.Kitchen{Int64: 1<<53 + 1, Course: ledgerpb.Kitchen_DESSERT},
		Int64Value:     wrapperspb.Int64(1<<53 + 1),
		Value:          structpb.NewStringValue("later"),
	}
}

func TestNothingIsLost(t *testing.T) {
	for _, version := range []string{"", "v1"} {
		if got := through(t, version, "", full()); !proto.Equal(got, full()) {
			t.Errorf("version %q: got %v", version, got)
		}
	}
}

func TestTheFirstContractKnowsLess(t *testing.T) {
	kitchen, _ := Kitchen("v1")
	fields := kitchen.Descriptor().Fields()
	if fields.ByName("double_value") == nil || fields.ByName("struct") != nil || fields.ByName("value") != nil {
		t.Errorf("got %v", fields)
	}
	if enum := fields.ByName("course").Enum().Values(); enum.ByName("MAIN") == nil || enum.ByName("DESSERT") != nil {
		t.Errorf("got %v", enum)
	}
	if _, ok := Kitchen("v9"); ok {
		t.Error("v9 is a version")
	}
}

func TestEachDefectDoesWhatItsNameSays(t *testing.T) {
	for name, change := range map[string]func(*ledgerpb.Kitchen){
		"float64": func(k *ledgerpb.Kitchen) {
			k.Int64, k.Fixed64 = 1<<53, 1<<63
			k.Choice = &ledgerpb.Kitchen_Number{Number: -(1 << 53)}
			k.Nested.Int64 = 1 << 53
			k.Int64Value = wrapperspb.Int64(1 << 53)
		},
		"drop_empty":  func(k *ledgerpb.Kitchen) { k.OptionalString = nil },
		"enum_number": func(k *ledgerpb.Kitchen) { k.Course = 0 },
	} {
		want := full()
		change(want)
		if got := through(t, "", name, full()); !proto.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestAnUnknownDefectIsRefused(t *testing.T) {
	_, err := ParseDefects("float64,flaot64")
	if err == nil || !strings.Contains(err.Error(), `"flaot64"; there are drop_empty, enum_number, float64`) {
		t.Errorf("got %v", err)
	}
}

func TestTheRelayAnswersNothingElse(t *testing.T) {
	kitchen, _ := Kitchen("")
	conn := serve(t, New(nil, kitchen, nil).Register)
	_, err := ledgerpb.NewLedgerClient(conn).Balance(t.Context(), &ledgerpb.BalanceRequest{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v", err)
	}
}
