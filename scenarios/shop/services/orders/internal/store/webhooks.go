package store

import (
	"context"
	"database/sql"
	"time"

	"shop/orders/internal/order"
)

// Webhooks is what the merchant has not heard yet.
type Webhooks struct {
	store *Store
	// Unordered takes every event that is due, not only the first of its order. For mistakes alone.
	Unordered bool
}

// Webhook is an event on its way to the merchant.
type Webhook struct {
	order.Event
	// Attempts counts from 1.
	Attempts int
}

// Webhooks begins to keep events for the merchant. Without it nobody would ever take them away.
func (s *Store) Webhooks() *Webhooks {
	s.merchant.Store(true)
	return &Webhooks{store: s}
}

// first is true of the first event of each order: those after it wait until it is delivered.
const first = "NOT EXISTS (SELECT 1 FROM webhooks earlier WHERE earlier.order_id = w.order_id AND earlier.seq < w.seq)"

// Claim takes at most limit webhooks that are due, like Store.Claim.
func (h *Webhooks) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Webhook, error) {
	var claimed []Webhook
	err := h.store.change(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx,
			`SELECT w.order_id, w.seq, e.state, e.reason, e.at, w.attempts + 1
			 FROM webhooks w JOIN events e ON e.order_id = w.order_id AND e.seq = w.seq
			 WHERE w.due_at <= ?1 AND (?2 OR `+first+`) ORDER BY w.due_at, w.seq LIMIT ?3`,
			now.UnixMilli(), h.Unordered, limit)
		claimed, err = all(rows, err, func(row scanner) (w Webhook, err error) {
			var at string
			if err := row.Scan(&w.OrderID, &w.Seq, &w.State, &w.Reason, &at, &w.Attempts); err != nil {
				return w, err
			}
			w.At, err = time.Parse(time.RFC3339Nano, at)
			return w, err
		})
		for _, w := range claimed {
			if err == nil {
				err = putOff(ctx, tx, w, w.Attempts, now.Add(lease))
			}
		}
		return err
	})
	return claimed, err
}

// NextDue returns when the next webhook is due, or false when there is none.
func (h *Webhooks) NextDue(ctx context.Context) (time.Time, bool, error) {
	var due sql.NullInt64
	err := h.store.db.QueryRowContext(ctx,
		"SELECT min(w.due_at) FROM webhooks w WHERE ? OR "+first, h.Unordered).Scan(&due)
	return time.UnixMilli(due.Int64), due.Valid, err
}

// PutOff makes a webhook due again later; if it was not sent, that was no attempt.
func (h *Webhooks) PutOff(ctx context.Context, w Webhook, until time.Time, sent bool) error {
	attempts := w.Attempts
	if !sent {
		attempts--
	}
	return h.store.change(ctx, func(tx *sql.Tx) error { return putOff(ctx, tx, w, attempts, until) })
}

// Done takes a webhook away: the merchant has it, or will never take it.
func (h *Webhooks) Done(ctx context.Context, w Webhook) error {
	_, err := h.store.db.ExecContext(ctx, "DELETE FROM webhooks WHERE order_id = ? AND seq = ?", w.OrderID, w.Seq)
	return err
}

func putOff(ctx context.Context, tx *sql.Tx, w Webhook, attempts int, until time.Time) error {
	_, err := tx.ExecContext(ctx, "UPDATE webhooks SET attempts = ?, due_at = ? WHERE order_id = ? AND seq = ?",
		attempts, until.UnixMilli(), w.OrderID, w.Seq)
	return err
}
