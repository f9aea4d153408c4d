package store

import (
	"bytes"
	"context"
	"database/sql"
	"time"

	"shop/orders/internal/order"
)

// Payment is what a customer paid for an order.
type Payment struct {
	ID        string      `json:"id"`
	OrderID   string      `json:"order_id"`
	Amount    order.Money `json:"amount"`
	Currency  string      `json:"currency"`
	Reference string      `json:"reference,omitempty"`
	CreatedAt time.Time   `json:"created_at"`
}

// BeginPayment notes that a payment is about to be brought to the ledger under the key of a reply,
// and returns it: the one that was begun before, if the ledger's answer to that was never heard. It
// fails with ErrKeyUsed when that one was of another request.
func (s *Store) BeginPayment(ctx context.Context, p Payment, reply Reply) (Payment, error) {
	err := s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx,
			`INSERT INTO payments (id, order_id, amount, reference, tenant, key, fingerprint, state, created_at)
			 VALUES (?, ?, ?, ?, ?, ?, ?, 'BEGUN', ?) ON CONFLICT DO NOTHING`,
			p.ID, p.OrderID, p.Amount, p.Reference, reply.Tenant, reply.Key, reply.Fingerprint, p.CreatedAt.Format(time.RFC3339Nano))
		if err != nil {
			return err
		}
		var fingerprint []byte
		begun, err := scanPayment(tx.QueryRowContext(ctx,
			"SELECT "+paymentColumns+", fingerprint FROM payments WHERE tenant = ? AND key = ? AND state = 'BEGUN'",
			reply.Tenant, reply.Key), &fingerprint)
		if err == nil && !bytes.Equal(fingerprint, reply.Fingerprint) {
			err = ErrKeyUsed
		}
		p = begun
		return err
	})
	return p, err
}

// FinishPayment notes that the ledger has a payment, with the reply to whoever made it: both or
// none. It fails with ErrKeyUsed like SaveReply.
func (s *Store) FinishPayment(ctx context.Context, p Payment, reply Reply, now time.Time) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE payments SET state = 'BOOKED' WHERE id = ?", p.ID); err != nil {
			return err
		}
		return saveReply(ctx, tx, reply, now)
	})
}

// RefusePayment notes that the ledger will not have a payment. Its key is free again.
func (s *Store) RefusePayment(ctx context.Context, p Payment) error {
	_, err := s.db.ExecContext(ctx, "UPDATE payments SET state = 'REFUSED' WHERE id = ?", p.ID)
	return err
}

// Payments returns what was paid for an order and is on the books, in order.
func (s *Store) Payments(ctx context.Context, orderID string) ([]Payment, error) {
	rows, err := s.reads.QueryContext(ctx,
		"SELECT "+paymentColumns+" FROM payments WHERE order_id = ? AND state = 'BOOKED' ORDER BY seq", orderID)
	return all(rows, err, func(row scanner) (Payment, error) { return scanPayment(row) })
}

const paymentColumns = "id, order_id, amount, reference, created_at"

func scanPayment(row scanner, more ...any) (Payment, error) {
	p := Payment{Currency: order.Currency}
	var createdAt string
	if err := row.Scan(append([]any{&p.ID, &p.OrderID, &p.Amount, &p.Reference, &createdAt}, more...)...); err != nil {
		return p, err
	}
	var err error
	p.CreatedAt, err = time.Parse(time.RFC3339Nano, createdAt)
	return p, err
}
