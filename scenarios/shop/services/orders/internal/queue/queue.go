// Package queue does what waits in the store, as often as it takes.
package queue

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	parallel = 16

	shortest = 50 * time.Millisecond
	longest  = 5 * time.Second
)

// Source is where work waits until it is due.
type Source[T any] interface {
	// Claim takes at most limit pieces of work that are due. Each is due again
	// after the lease, unless it is done or put off by then.
	Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]T, error)
	// NextDue returns when the next piece is due, or false when there is none.
	NextDue(ctx context.Context) (time.Time, bool, error)
}

// Worker does pieces of work as they fall due. They do not wait for each other.
type Worker[T any] struct {
	source Source[T]
	lease  time.Duration
	do     func(context.Context, T)
	wake   chan struct{}
	slots  chan struct{}
}

// New prepares a worker; Run runs it. The lease is longer than any piece of work takes.
func New[T any](source Source[T], lease time.Duration, do func(context.Context, T)) *Worker[T] {
	return &Worker[T]{source, lease, do, make(chan struct{}, 1), make(chan struct{}, parallel)}
}

// Wake tells the worker that there is something to do.
func (w *Worker[T]) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it knows already
	}
}

// Run works until the context ends, and returns when nothing is under way.
func (w *Worker[T]) Run(ctx context.Context) {
	var underway sync.WaitGroup
	defer underway.Wait()
	for ctx.Err() == nil {
		free := cap(w.slots) - len(w.slots)
		claimed, err := w.source.Claim(ctx, time.Now(), w.lease, free)
		for _, piece := range claimed {
			w.slots <- struct{}{}
			underway.Go(func() {
				w.do(context.WithoutCancel(ctx), piece)
				<-w.slots
				w.Wake()
			})
		}
		pause := longest
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "cannot read what is to be done", "error", err)
		} else if due, some, err := w.source.NextDue(ctx); err == nil && some && len(claimed) < free {
			pause = time.Until(due)
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-time.After(pause):
		}
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
