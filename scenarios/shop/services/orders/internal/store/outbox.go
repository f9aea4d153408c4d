package store

import (
	"context"
	"database/sql"
	"time"

	"shop/orders/internal/order"
)

// Kind is what a posting tells the ledger.
type Kind string

// An order is Placed; when it was cancelled while that was under way, it is Void.
// What a customer pays for it is Paid.
const (
	Placed Kind = "PLACED"
	Void   Kind = "VOID"
	Paid   Kind = "PAID"
)

// Posting is something the ledger does not know yet.
type Posting struct {
	OrderID     string
	Kind        Kind
	Customer    string
	Amount      order.Money
	Currency    string
	Traceparent string
	// PaymentID is which payment for the order it is, if it is one.
	PaymentID string
	// Attempts counts from 1.
	Attempts int
}

// Claim takes at most limit postings that are due. Each is due again after the
// lease, unless it has been settled or put off by then: a claim may die with
// its process.
func (s *Store) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Posting, error) {
	var claimed []Posting
	err := s.change(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx,
			`SELECT order_id, kind, customer, total, currency, traceparent, attempts + 1
			 FROM outbox JOIN orders ON id = order_id WHERE due_at <= ? ORDER BY due_at, seq LIMIT ?`,
			now.UnixMilli(), limit)
		claimed, err = all(rows, err, func(row scanner) (p Posting, err error) {
			return p, row.Scan(&p.OrderID, &p.Kind, &p.Customer, &p.Amount, &p.Currency, &p.Traceparent, &p.Attempts)
		})
		for _, p := range claimed {
			if err == nil {
				_, err = tx.ExecContext(ctx, "UPDATE outbox SET attempts = ?, due_at = ? WHERE order_id = ?",
					p.Attempts, now.Add(lease).UnixMilli(), p.OrderID)
			}
		}
		return err
	})
	return claimed, err
}

// NextDue returns when the next posting is due, or false when there is none.
func (s *Store) NextDue(ctx context.Context) (time.Time, bool, error) {
	var due sql.NullInt64
	err := s.reads.QueryRowContext(ctx, "SELECT min(due_at) FROM outbox").Scan(&due)
	return time.UnixMilli(due.Int64), due.Valid, err
}

// PutOff makes a posting due again later.
func (s *Store) PutOff(ctx context.Context, p Posting, until time.Time) error {
	_, err := s.db.ExecContext(ctx, "UPDATE outbox SET due_at = ? WHERE order_id = ?", until.UnixMilli(), p.OrderID)
	return err
}

// Settle is told that the ledger has the posting. The order is paid, unless it
// was cancelled meanwhile: then the posting is to be taken back.
func (s *Store) Settle(ctx context.Context, p Posting, now time.Time) error {
	return s.changeState(ctx, func(tx *sql.Tx) error {
		if p.Kind == Void {
			return remove(ctx, tx, p)
		}
		if paid, err := s.advance(ctx, tx, p.OrderID, order.Paid, "", now); err != nil {
			return err
		} else if paid {
			return remove(ctx, tx, p)
		}
		_, err := tx.ExecContext(ctx, "UPDATE outbox SET kind = ?, attempts = 0, due_at = ? WHERE order_id = ?",
			Void, now.UnixMilli(), p.OrderID)
		return err
	})
}

// Reject is told that the ledger will not have the posting, and why.
func (s *Store) Reject(ctx context.Context, p Posting, reason string, now time.Time) error {
	return s.changeState(ctx, func(tx *sql.Tx) error {
		if _, err := s.advance(ctx, tx, p.OrderID, order.Rejected, reason, now); err != nil {
			return err
		}
		return remove(ctx, tx, p)
	})
}

// Forget takes a posting out of the outbox. For mistakes: the ledger may not have it.
func (s *Store) Forget(ctx context.Context, p Posting) error {
	return s.change(ctx, func(tx *sql.Tx) error { return remove(ctx, tx, p) })
}

// Backlog counts the postings that the ledger does not know yet.
func (s *Store) Backlog(ctx context.Context) (n int64, err error) {
	return n, s.reads.QueryRowContext(ctx, "SELECT count(*) FROM outbox").Scan(&n)
}

func remove(ctx context.Context, tx *sql.Tx, p Posting) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM outbox WHERE order_id = ?", p.OrderID)
	return err
}
