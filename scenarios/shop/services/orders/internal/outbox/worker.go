// Package outbox brings to the ledger what the store says it does not know yet.
package outbox

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"shop/orders/internal/store"
	"shop/orders/internal/trace"
)

const (
	parallel = 16
	timeout  = 2 * time.Second
	lease    = timeout + time.Second

	shortest = 50 * time.Millisecond
	longest  = 5 * time.Second
)

// Ledger is where the postings go.
type Ledger interface {
	Post(ctx context.Context, p store.Posting) error
	// Refused tells whether the error is final, and why.
	Refused(err error) (reason string, refused bool)
}

// Worker posts each posting until the ledger takes it or refuses it. Postings
// of different orders do not wait for each other.
type Worker struct {
	store    *store.Store
	ledger   Ledger
	attempts atomic.Int64
	wake     chan struct{}
	slots    chan struct{}
}

// New prepares a worker; Run runs it.
func New(s *store.Store, l Ledger) *Worker {
	return &Worker{store: s, ledger: l, wake: make(chan struct{}, 1), slots: make(chan struct{}, parallel)}
}

// Attempts counts how often something was posted.
func (w *Worker) Attempts() int64 { return w.attempts.Load() }

// Wake tells the worker that there is something to post.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it knows already
	}
}

// Run works until the context ends, and returns when nothing is under way.
func (w *Worker) Run(ctx context.Context) {
	var underway sync.WaitGroup
	defer underway.Wait()
	for ctx.Err() == nil {
		free := cap(w.slots) - len(w.slots)
		claimed, err := w.store.Claim(ctx, time.Now(), lease, free)
		for _, posting := range claimed {
			w.slots <- struct{}{}
			underway.Go(func() {
				w.post(context.WithoutCancel(ctx), posting)
				<-w.slots
				w.Wake()
			})
		}
		pause := longest
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "cannot read the outbox", "error", err)
		} else if due, some, err := w.store.NextDue(ctx); err == nil && some && len(claimed) < free {
			pause = time.Until(due)
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-time.After(pause):
		}
	}
}

func (w *Worker) post(ctx context.Context, p store.Posting) {
	ctx = trace.Start(ctx, p.Traceparent)
	log := slog.With("span", "outbox/post", "order_id", p.OrderID, "kind", p.Kind, "attempt", p.Attempts)
	w.attempts.Add(1)
	started := time.Now()
	attempt, cancel := context.WithTimeout(ctx, timeout)
	err := w.ledger.Post(attempt, p)
	cancel()
	log = log.With("duration_ms", float64(time.Since(started).Microseconds())/1e3)

	now := time.Now()
	if err == nil {
		log.InfoContext(ctx, "posted")
		err = w.store.Settle(ctx, p, now)
	} else if reason, refused := w.ledger.Refused(err); refused {
		log.WarnContext(ctx, "refused", "reason", reason)
		err = w.store.Reject(ctx, p, reason, now)
	} else {
		delay := Backoff(p.Attempts)
		log.WarnContext(ctx, "put off", "error", err, "delay_ms", delay.Milliseconds())
		err = w.store.PutOff(ctx, p, now.Add(delay))
	}
	if err != nil {
		// The claim runs out, and the posting is tried again.
		log.ErrorContext(ctx, "cannot write the outbox", "error", err)
	}
}

// Backoff is how long to wait after so many attempts: from d to twice d, where d
// doubles each time. So no delay is shorter than the one before, none is
// longer than five seconds, and those who failed together do not return together.
func Backoff(attempts int) time.Duration {
	d := longest / 2
	if doublings := attempts - 1; doublings < 10 {
		d = min(shortest<<doublings, d)
	}
	return d + rand.N(d)
}
