package store

import (
	"context"
	"database/sql"
	"errors"
)

// Register returns the JSON value of a register; one never written is null.
func (s *Store) Register(ctx context.Context, key string) (string, error) {
	return register(ctx, s.db, key)
}

// SetRegister writes a register.
func (s *Store) SetRegister(ctx context.Context, key, value string) error {
	return setRegister(ctx, s.db, key, value)
}

// SwapRegister writes a register that has the old value; else ErrMismatch.
func (s *Store) SwapRegister(ctx context.Context, key, old, value string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		current, err := register(ctx, tx, key)
		if err != nil {
			return err
		}
		if current != old {
			return ErrMismatch
		}
		return setRegister(ctx, tx, key, value)
	})
}

// ForgetRegisters empties every register.
func (s *Store) ForgetRegisters(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM registers")
	return err
}

// Customer is someone the shop knows.
type Customer struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	Tier  string `json:"tier,omitempty"`
}

// Customer returns one customer, or ErrNotFound.
func (s *Store) Customer(ctx context.Context, id string) (Customer, error) {
	c := Customer{ID: id}
	err := s.reads.QueryRowContext(ctx, "SELECT name, email, coalesce(tier, '') FROM customers WHERE id = ?", id).
		Scan(&c.Name, &c.Email, &c.Tier)
	return c, found(err)
}

// database is a connection or a transaction.
type database interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func register(ctx context.Context, db database, key string) (string, error) {
	value := "null"
	err := db.QueryRowContext(ctx, "SELECT value FROM registers WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return value, err
}

func setRegister(ctx context.Context, db database, key, value string) error {
	_, err := db.ExecContext(ctx, "INSERT INTO registers (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", key, value)
	return err
}
