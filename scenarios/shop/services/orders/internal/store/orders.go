package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"shop/orders/internal/order"
)

const orderColumns = "id, customer, state, total, currency, lines, created_at, note, reason"

// Place saves a new order, its first event, its posting and, unless nil, its
// reply: all of them or none. It fails with ErrKeyUsed like SaveReply.
func (s *Store) Place(ctx context.Context, o order.Order, traceparent string, reply *Reply) error {
	lines, err := json.Marshal(o.Lines)
	if err != nil {
		return err
	}
	return s.changeState(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx,
			"INSERT INTO orders ("+orderColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			o.ID, o.Customer, o.State, o.Total, o.Currency, string(lines), o.CreatedAt.Format(time.RFC3339Nano), o.Note, o.Reason)
		if err != nil {
			return err
		}
		if err := s.addEvent(ctx, tx, o.ID, o.State, "", o.CreatedAt); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx,
			"INSERT INTO outbox (order_id, kind, traceparent, due_at) VALUES (?, ?, ?, ?)",
			o.ID, Placed, traceparent, o.CreatedAt.UnixMilli())
		if err != nil || reply == nil {
			return err
		}
		return saveReply(ctx, tx, *reply, o.CreatedAt)
	})
}

// Order returns one order, or ErrNotFound.
func (s *Store) Order(ctx context.Context, id string) (order.Order, error) {
	o, err := scanOrder(s.reads.QueryRowContext(ctx, "SELECT "+orderColumns+" FROM orders WHERE id = ?", id))
	return o, found(err)
}

// Orders returns at most limit orders in order of creation, of one customer or,
// when that is empty, of all. The cursor (0 at first) moves on to the next
// page, and is 0 again after the last one.
func (s *Store) Orders(ctx context.Context, customer string, cursor int64, limit int) ([]order.Order, int64, error) {
	// One more than asked for tells whether there is another page.
	rows, err := s.reads.QueryContext(ctx,
		"SELECT "+orderColumns+", seq FROM orders WHERE ?1 IN ('', customer) AND seq > ?2 ORDER BY seq LIMIT ?3",
		customer, cursor, limit+1)
	var seqs []int64
	orders, err := all(rows, err, func(row scanner) (order.Order, error) {
		seqs = append(seqs, 0)
		return scanOrder(row, &seqs[len(seqs)-1])
	})
	if err != nil || len(orders) <= limit {
		return orders, 0, err
	}
	return orders[:limit], seqs[limit-1], nil
}

// Cancel cancels an order that is pending. It fails with ErrNotFound, or with
// ErrSettled when the order has been paid or rejected.
func (s *Store) Cancel(ctx context.Context, id string, now time.Time) error {
	return s.changeState(ctx, func(tx *sql.Tx) error {
		var state order.State
		err := tx.QueryRowContext(ctx, "SELECT state FROM orders WHERE id = ?", id).Scan(&state)
		switch {
		case err != nil:
			return found(err)
		case state == order.Cancelled:
			return nil
		case state.Final():
			return ErrSettled
		}
		if _, err := s.advance(ctx, tx, id, order.Cancelled, "", now); err != nil {
			return err
		}
		// A posting that was tried may have reached the ledger: Settle will take it back.
		_, err = tx.ExecContext(ctx, "DELETE FROM outbox WHERE order_id = ? AND attempts = 0", id)
		return err
	})
}

// SetNote gives an order another note, or none when that is empty, and returns the order.
func (s *Store) SetNote(ctx context.Context, id, note string) (order.Order, error) {
	if _, err := s.db.ExecContext(ctx, "UPDATE orders SET note = ? WHERE id = ?", note, id); err != nil {
		return order.Order{}, err
	}
	return s.Order(ctx, id)
}

// Events returns an order's events after seq.
func (s *Store) Events(ctx context.Context, id string, seq int64) ([]order.Event, error) {
	rows, err := s.reads.QueryContext(ctx,
		"SELECT seq, state, reason, at FROM events WHERE order_id = ? AND seq > ? ORDER BY seq", id, seq)
	return all(rows, err, func(row scanner) (order.Event, error) {
		e := order.Event{OrderID: id}
		var at string
		if err := row.Scan(&e.Seq, &e.State, &e.Reason, &at); err != nil {
			return e, err
		}
		var err error
		e.At, err = time.Parse(time.RFC3339Nano, at)
		return e, err
	})
}

// advance moves a pending order on, and tells whether there was one.
func (s *Store) advance(ctx context.Context, tx *sql.Tx, id string, to order.State, reason string, now time.Time) (bool, error) {
	result, err := tx.ExecContext(ctx,
		"UPDATE orders SET state = ?, reason = ? WHERE id = ? AND state = ?", to, reason, id, order.Pending)
	if err != nil {
		return false, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	return true, s.addEvent(ctx, tx, id, to, reason, now)
}

// addEvent tells what became of an order: those who watch it, and the merchant and the bus if there
// are any.
func (s *Store) addEvent(ctx context.Context, tx *sql.Tx, id string, state order.State, reason string, now time.Time) error {
	_, err := tx.ExecContext(ctx,
		`INSERT INTO events (order_id, seq, state, reason, at)
		 SELECT ?1, count(*) + 1, ?2, ?3, ?4 FROM events WHERE order_id = ?1`,
		id, state, reason, now.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano))
	if err == nil && s.bus.Load() {
		_, err = tx.ExecContext(ctx,
			"INSERT INTO announcements (order_id, seq) SELECT ?1, max(seq) FROM events WHERE order_id = ?1", id)
	}
	if err != nil || !s.merchant.Load() {
		return err
	}
	_, err = tx.ExecContext(ctx,
		"INSERT INTO webhooks (order_id, seq, due_at) SELECT ?1, max(seq), ?2 FROM events WHERE order_id = ?1",
		id, now.UnixMilli())
	return err
}

func scanOrder(row scanner, more ...any) (order.Order, error) {
	var o order.Order
	var lines, createdAt string
	columns := []any{&o.ID, &o.Customer, &o.State, &o.Total, &o.Currency, &lines, &createdAt, &o.Note, &o.Reason}
	if err := row.Scan(append(columns, more...)...); err != nil {
		return o, err
	}
	if err := json.Unmarshal([]byte(lines), &o.Lines); err != nil {
		return o, err
	}
	var err error
	o.CreatedAt, err = time.Parse(time.RFC3339Nano, createdAt)
	return o, err
}
