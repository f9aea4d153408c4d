package store

import (
	"context"
	"database/sql"
	"encoding/json"
)

// Step is one step of a transaction over lists: it reads a list, or appends to it.
type Step struct {
	List string
	// Append is the number to append, or nil to read.
	Append *int64
	// Read is what the list held.
	Read []int64
}

// Transact takes the steps one after the other, as if nobody else were there. What it read stands
// in the steps.
func (s *Store) Transact(ctx context.Context, steps []Step) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		for i := range steps {
			if err := steps[i].take(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// List returns what a list holds; one never appended to is empty.
func (s *Store) List(ctx context.Context, list string) ([]int64, error) {
	return items(ctx, s.db, list)
}

// SetList replaces a list. For mistakes: nobody else may do so.
func (s *Store) SetList(ctx context.Context, list string, items []int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM lists WHERE list = ?", list); err != nil {
			return err
		}
		for _, item := range items {
			if err := appendTo(ctx, tx, list, item); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Step) take(ctx context.Context, tx *sql.Tx) (err error) {
	if s.Append != nil {
		return appendTo(ctx, tx, s.List, *s.Append)
	}
	s.Read, err = items(ctx, tx, s.List)
	return err
}

func appendTo(ctx context.Context, tx *sql.Tx, list string, item int64) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO lists (list, item) VALUES (?, ?)", list, item)
	return err
}

// items reads a list in one row, so that it needs nothing but what a transaction and a connection share.
func items(ctx context.Context, db database, list string) ([]int64, error) {
	var text string
	err := db.QueryRowContext(ctx,
		"SELECT json_group_array(item) FROM (SELECT item FROM lists WHERE list = ? ORDER BY seq)", list).Scan(&text)
	if err != nil {
		return nil, err
	}
	items := []int64{}
	return items, json.Unmarshal([]byte(text), &items)
}
