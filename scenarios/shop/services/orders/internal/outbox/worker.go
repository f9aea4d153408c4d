// Package outbox brings to the ledger what the store says it does not know yet.
package outbox

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"shop/orders/internal/defects"
	"shop/orders/internal/queue"
	"shop/orders/internal/store"
	"shop/orders/internal/trace"
)

const (
	timeout = 2 * time.Second
	lease   = timeout + time.Second
)

// Ledger is where the postings go.
type Ledger interface {
	Post(ctx context.Context, p store.Posting) error
	// Refused tells whether the error is final, and why.
	Refused(err error) (reason string, refused bool)
	// PushedBack tells how long the ledger wants to be left alone, or false if it does not say.
	PushedBack(err error) (after time.Duration, said bool)
}

// Worker posts each posting until the ledger takes it or refuses it. Postings
// of different orders do not wait for each other.
type Worker struct {
	*queue.Worker[store.Posting]
	store    *store.Store
	ledger   Ledger
	mistakes defects.Set
	attempts atomic.Int64
}

// New prepares a worker; Run runs it.
func New(s *store.Store, l Ledger, mistakes defects.Set) *Worker {
	w := &Worker{store: s, ledger: l, mistakes: mistakes}
	w.Worker = queue.New(s, lease, w.post)
	return w
}

// Attempts counts how often something was posted.
func (w *Worker) Attempts() int64 { return w.attempts.Load() }

func (w *Worker) post(ctx context.Context, p store.Posting) {
	ctx = trace.Start(ctx, p.Traceparent)
	log := slog.With("span", "outbox/post", "order_id", p.OrderID, "kind", p.Kind, "attempt", p.Attempts)
	w.attempts.Add(1)
	if w.mistakes.Has(defects.OutboxForgets) {
		if err := w.store.Forget(ctx, p); err != nil {
			log.ErrorContext(ctx, "cannot write the outbox", "error", err)
		}
	}
	started := time.Now()
	attempt, cancel := context.WithTimeout(ctx, timeout)
	err := w.ledger.Post(attempt, p)
	cancel()
	log = log.With("duration_ms", float64(time.Since(started).Microseconds())/1e3)

	now := time.Now()
	if err == nil {
		log.InfoContext(ctx, "posted")
		err = w.store.Settle(ctx, p, now)
	} else if reason, refused := w.refused(err); refused {
		log.WarnContext(ctx, "refused", "reason", reason)
		err = w.store.Reject(ctx, p, reason, now)
	} else {
		asked, _ := w.ledger.PushedBack(err)
		delay := w.delay(p.Attempts, asked)
		log.WarnContext(ctx, "put off", "error", err, "delay_ms", delay.Milliseconds())
		err = w.store.PutOff(ctx, p, now.Add(delay))
	}
	if err != nil {
		// The claim runs out, and the posting is tried again.
		log.ErrorContext(ctx, "cannot write the outbox", "error", err)
	}
}

// refused tells whether the ledger will never take the posting, and why.
func (w *Worker) refused(err error) (reason string, refused bool) {
	switch code := status.Code(err); {
	case code == codes.InvalidArgument && w.mistakes.Has(defects.RetriesInvalid):
		return "", false
	case code == codes.Unavailable && w.mistakes.Has(defects.UnavailableIsFinal):
		return status.Convert(err).Message(), true
	}
	return w.ledger.Refused(err)
}

// delay is the backoff after so many attempts, and never less than the ledger asks for.
func (w *Worker) delay(attempts int, asked time.Duration) time.Duration {
	if w.mistakes.Has(defects.RetryWithoutBackoff) {
		return max(10*time.Millisecond, asked)
	}
	if w.mistakes.Has(defects.PushbackIgnored) {
		asked = 0
	}
	return max(queue.Backoff(attempts), asked)
}
