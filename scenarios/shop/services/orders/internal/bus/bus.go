// Package bus tells everyone on NATS what becomes of orders, and hears from there what was paid.
//
// An event is announced after the transaction that it is of, in the order of these transactions, and
// until a stream has stored it. Its Nats-Msg-Id is the same each time, so that the stream stores it
// once, however often it is announced.
package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"shop/orders/internal/defects"
	"shop/orders/internal/order"
	"shop/orders/internal/queue"
	"shop/orders/internal/store"
)

const timeout = 2 * time.Second

// Message is the body of an announcement.
type Message struct {
	// ID is the same each time the event is announced, and of no other event.
	ID string `json:"id"`
	order.Event
	Customer string      `json:"customer"`
	Total    order.Money `json:"total"`
	// Number counts announcements, in the order in which things happened.
	Number int64 `json:"number"`
}

// Worker announces events.
type Worker struct {
	store    *store.Store
	source   *store.Announcements
	books    Books
	conn     *nats.Conn
	js       jetstream.JetStream
	mistakes defects.Set
}

// New prepares a worker for the server at the URL, which need not be there yet; Run runs it.
func New(s *store.Store, books Books, url string, mistakes defects.Set) (*Worker, error) {
	// What waits, waits in the store: nothing is kept for a connection to come back.
	conn, err := nats.Connect(url, nats.Name("orders"), nats.RetryOnFailedConnect(true), nats.ReconnectBufSize(-1),
		nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	source := s.Announcements()
	source.NewestFirst = mistakes.Has(defects.EventOrder)
	return &Worker{s, source, books, conn, js, mistakes}, nil
}

// Run announces and hears until the context ends.
func (w *Worker) Run(ctx context.Context) {
	defer w.conn.Close()
	if !w.prepare(ctx) {
		return
	}
	heard, err := w.hear(ctx)
	if err != nil {
		slog.ErrorContext(ctx, "cannot hear of payments", "error", err)
	} else {
		defer heard.Stop()
	}
	for attempts := 0; ctx.Err() == nil; {
		changes := w.store.Changes()
		more, err := w.announce(ctx)
		switch {
		case err != nil:
			attempts++
			slog.WarnContext(ctx, "not announced", "error", err, "attempt", attempts)
			pause(ctx, queue.Backoff(attempts))
		case more:
			attempts = 0
		default:
			select {
			case <-changes:
			case <-ctx.Done():
			}
		}
	}
}

// prepare makes the streams, as soon as the server is there.
func (w *Worker) prepare(ctx context.Context) bool {
	for attempts := 1; ctx.Err() == nil; attempts++ {
		err := w.streams(ctx)
		if err == nil {
			return true
		}
		slog.WarnContext(ctx, "no streams", "error", err, "attempt", attempts)
		pause(ctx, queue.Backoff(attempts))
	}
	return false
}

func (w *Worker) streams(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for name, subject := range map[string]string{"ORDERS": "orders.>", "PAYMENTS": "payments.>"} {
		if _, err := w.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: []string{subject}}); err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
	}
	return nil
}

// announce tells of the event that is next, and whether there was one.
func (w *Worker) announce(ctx context.Context) (bool, error) {
	next, some, err := w.source.First(ctx)
	if err != nil || !some {
		return false, err
	}
	id := fmt.Sprintf("%s-%d", next.OrderID, next.Seq)
	body, err := json.Marshal(Message{id, next.Event, next.Customer, next.Total, next.Number})
	if err != nil {
		return false, err
	}
	message := nats.NewMsg(subject(next.State))
	message.Data = body
	message.Header.Set(jetstream.MsgIDHeader, id)
	err = w.publish(ctx, message)
	if err == nil && w.mistakes.Has(defects.EventTwice) {
		message.Header.Set(jetstream.MsgIDHeader, order.NewID())
		err = w.publish(ctx, message)
	}
	switch {
	case err != nil && !w.mistakes.Has(defects.EventOnce):
		return false, err
	case err != nil:
		slog.WarnContext(ctx, "not announced", "error", err)
	}
	// Whoever dies here announces it again, under the same id.
	return true, w.source.Done(ctx, next)
}

func (w *Worker) publish(ctx context.Context, message *nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := w.js.PublishMsg(ctx, message, jetstream.WithRetryAttempts(0))
	return err
}

// subject is orders.created, orders.paid and so on.
func subject(state order.State) string {
	if state == order.Pending {
		return "orders.created"
	}
	return "orders." + strings.ToLower(string(state))
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
