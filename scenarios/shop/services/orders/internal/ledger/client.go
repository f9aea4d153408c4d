// Package ledger speaks to the ledger.
package ledger

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"shop/orders/internal/defects"
	"shop/orders/internal/ledgerpb"
	"shop/orders/internal/store"
	"shop/orders/internal/trace"
)

// Client is a connection to the ledger. It connects when it is first used, and
// again whenever it has to.
type Client struct {
	conn     *grpc.ClientConn
	ledger   ledgerpb.LedgerClient
	health   grpc_health_v1.HealthClient
	mistakes defects.Set
	started  string // for mistakes alone: what no two processes share
}

// Dial prepares a connection to host:port, with or without http:// before it.
func Dial(addr string, mistakes defects.Set) (*Client, error) {
	// A ledger that comes back is found again sooner than the outbox would ask for it.
	reconnect := backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}
	conn, err := grpc.NewClient(
		"passthrough:///"+strings.TrimSuffix(strings.TrimPrefix(addr, "http://"), "/"),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: time.Second}),
	)
	if err != nil {
		return nil, err
	}
	return &Client{conn, ledgerpb.NewLedgerClient(conn), grpc_health_v1.NewHealthClient(conn), mistakes, rand.Text()[:8]}, nil
}

// Conn is the connection itself, for whoever passes calls on.
func (c *Client) Conn() grpc.ClientConnInterface { return c.conn }

// Echo has the ledger send a message back.
func (c *Client) Echo(ctx context.Context, kitchen *ledgerpb.Kitchen) (*ledgerpb.Kitchen, error) {
	ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", trace.Traceparent(ctx))
	return c.ledger.Echo(ctx, kitchen)
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Post puts a posting on the books, as part of the trace and within the time that the context is in.
func (c *Client) Post(ctx context.Context, p store.Posting) error {
	if c.mistakes.Has(defects.DeadlineNotPropagated) {
		ctx = context.WithoutCancel(ctx)
	}
	ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", trace.Traceparent(ctx))
	var trailer metadata.MD
	_, err := c.ledger.Post(ctx, &ledgerpb.PostRequest{
		EntryId:     c.entryID(p),
		OrderId:     p.OrderID,
		CustomerId:  p.Customer,
		Account:     p.Customer,
		AmountMinor: int64(p.Amount),
		Currency:    p.Currency,
		Type:        ledgerpb.EntryType(ledgerpb.EntryType_value[string(p.Kind)]),
	}, grpc.Trailer(&trailer))
	return withPushback(err, trailer)
}

// entryID is the same for every attempt, so that the ledger writes it once.
func (c *Client) entryID(p store.Posting) string {
	id := strings.ToLower(string(p.Kind)) + "-" + cmp.Or(p.PaymentID, p.OrderID)
	switch {
	case c.mistakes.Has(defects.EntryIDPerAttempt):
		return id + "-" + strconv.Itoa(p.Attempts)
	case c.mistakes.Has(defects.OutboxTwiceAfterRestart):
		return id + "-" + c.started
	}
	return id
}

// Refused tells whether the ledger will never take the posting, however often
// it is asked, and why. One that has no room now says when to come back.
func (c *Client) Refused(err error) (reason string, refused bool) {
	s := status.Convert(err)
	switch s.Code() {
	case codes.InvalidArgument, codes.AlreadyExists, codes.FailedPrecondition, codes.OutOfRange:
		return s.Message(), true
	case codes.ResourceExhausted:
		if _, later := c.PushedBack(err); !later {
			return s.Message(), true
		}
	}
	return "", false
}

// Ping tells whether the ledger serves.
func (c *Client) Ping(ctx context.Context) error {
	answer, err := c.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: ledgerpb.Ledger_ServiceDesc.ServiceName})
	switch {
	case status.Code(err) == codes.Unimplemented: // it answers, but does not say how it is
		return nil
	case err != nil:
		return err
	case answer.Status != grpc_health_v1.HealthCheckResponse_SERVING:
		return fmt.Errorf("the ledger is %v", answer.Status)
	}
	return nil
}
