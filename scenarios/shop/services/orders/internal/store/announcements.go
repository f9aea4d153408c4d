package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"shop/orders/internal/order"
)

// Announcement is an event that the bus has not been told yet.
type Announcement struct {
	order.Event
	// Number counts all announcements, in the order in which their events were committed.
	Number   int64
	Customer string
	Total    order.Money
}

// Announcements is what the bus has not been told yet.
type Announcements struct {
	store *Store
	// NewestFirst turns the queue around. For mistakes alone.
	NewestFirst bool
}

// Announcements begins to keep events for the bus. Without it nobody would ever take them away.
func (s *Store) Announcements() *Announcements {
	s.bus.Store(true)
	return &Announcements{store: s}
}

// First returns what is to be announced next, or false when there is nothing.
func (a *Announcements) First(ctx context.Context) (Announcement, bool, error) {
	var next Announcement
	var at string
	err := a.store.db.QueryRowContext(ctx,
		`SELECT a.number, e.order_id, e.seq, e.state, e.reason, e.at, o.customer, o.total
		 FROM announcements a JOIN events e USING (order_id, seq) JOIN orders o ON o.id = e.order_id
		 ORDER BY CASE WHEN ? THEN -a.number ELSE a.number END LIMIT 1`, a.NewestFirst).
		Scan(&next.Number, &next.OrderID, &next.Seq, &next.State, &next.Reason, &at, &next.Customer, &next.Total)
	if errors.Is(err, sql.ErrNoRows) {
		return next, false, nil
	}
	if err != nil {
		return next, false, err
	}
	next.At, err = time.Parse(time.RFC3339Nano, at)
	return next, err == nil, err
}

// Done takes an announcement away: the bus has it.
func (a *Announcements) Done(ctx context.Context, announced Announcement) error {
	_, err := a.store.db.ExecContext(ctx, "DELETE FROM announcements WHERE number = ?", announced.Number)
	return err
}
