package store

import (
	"context"
	"database/sql"
	"errors"
)

// Enqueue puts a JSON value at the end of a queue.
func (s *Store) Enqueue(ctx context.Context, queue, value string) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO queues (queue, value) VALUES (?, ?)", queue, value)
	return err
}

// Head returns the place and the value of a queue's first element, or of its last; null when it is empty.
func (s *Store) Head(ctx context.Context, queue string, last bool) (place int64, value string, err error) {
	return head(ctx, s.db, queue, last)
}

// Remove takes the element at a place out of its queue.
func (s *Store) Remove(ctx context.Context, place int64) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM queues WHERE seq = ?", place)
	return err
}

// Dequeue takes the first element out of a queue; null when it is empty.
func (s *Store) Dequeue(ctx context.Context, queue string) (value string, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		var place int64
		if place, value, err = head(ctx, tx, queue, false); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM queues WHERE seq = ?", place)
		return err
	})
	return value, err
}

func head(ctx context.Context, db database, queue string, last bool) (place int64, value string, err error) {
	order := "ASC"
	if last {
		order = "DESC"
	}
	value = "null"
	err = db.QueryRowContext(ctx, "SELECT seq, value FROM queues WHERE queue = ? ORDER BY seq "+order+" LIMIT 1", queue).
		Scan(&place, &value)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return place, value, err
}
