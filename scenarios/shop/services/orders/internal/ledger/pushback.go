package ledger

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// pushback is an error of the ledger that says when to come back.
type pushback struct {
	error
	after time.Duration
}

func (p pushback) Unwrap() error { return p.error }

// PushedBack tells how long the ledger wants to be left alone, or false if it does not say.
func (c *Client) PushedBack(err error) (after time.Duration, said bool) {
	var p pushback
	said = errors.As(err, &p)
	return p.after, said
}

// withPushback adds to an error of the ledger when to come back: as a google.rpc.RetryInfo says
// among its details, `grpc-retry-pushback-ms` (gRPC A6) in its trailers, or `retry-after` in
// seconds, which proxies put there. The longest of them counts.
func withPushback(err error, trailer metadata.MD) error {
	if err == nil {
		return nil
	}
	var asked []time.Duration
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			asked = append(asked, info.GetRetryDelay().AsDuration())
		}
	}
	for name, unit := range map[string]time.Duration{"grpc-retry-pushback-ms": time.Millisecond, "retry-after": time.Second} {
		for _, text := range trailer.Get(name) {
			if n, err := strconv.ParseUint(text, 10, 31); err == nil {
				asked = append(asked, time.Duration(n)*unit)
			}
		}
	}
	if len(asked) == 0 {
		return err
	}
	return pushback{err, slices.Max(asked)}
}
