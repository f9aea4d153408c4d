// Package store keeps orders, their events and their outbox, and what else the
// service must not forget, in SQLite.
package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver: pure Go, so that a build needs no C compiler
)

//go:embed schema.sql
var schema string

// What a caller may have asked for in vain.
var (
	ErrNotFound = errors.New("not found")
	ErrSettled  = errors.New("the order is settled already")
	ErrMismatch = errors.New("the register has another value")
	ErrKeyUsed  = errors.New("the key was used meanwhile")
)

// Store is the service's memory. It writes over one connection, so that its
// transactions run one after the other and none ever waits for a lock that
// another one holds.
type Store struct {
	db      *sql.DB
	reads   *sql.DB
	cleanup func() error

	mu      sync.Mutex
	changed chan struct{}

	// merchant tells whether there is one who wants to hear of events.
	merchant atomic.Bool
	// bus tells whether there is one to announce events on.
	bus atomic.Bool
}

// Open opens the database that a URL (sqlite://path) or a path names, and makes
// its tables; without a name, a temporary one that Close removes.
func Open(name string) (*Store, error) {
	s := &Store{cleanup: func() error { return nil }, changed: make(chan struct{})}
	path := strings.TrimPrefix(name, "sqlite://")
	if path == "" {
		dir, err := os.MkdirTemp("", "orders-")
		if err != nil {
			return nil, err
		}
		path = filepath.Join(dir, "orders.db")
		s.cleanup = func() error { return os.RemoveAll(dir) }
	}
	// With a write-ahead log, NORMAL survives a killed process; only a power cut may undo.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"
	var err error
	if s.db, err = sql.Open("sqlite", dsn); err != nil {
		return nil, errors.Join(err, s.cleanup())
	}
	s.db.SetMaxOpenConns(1)
	// Who reads never waits for who writes, here or in another process.
	if s.reads, err = sql.Open("sqlite", dsn+"&_pragma=query_only(true)"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.reads.SetMaxOpenConns(4)
	if _, err := s.db.Exec(schema); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), s.Close())
	}
	return s, nil
}

// Close closes the database.
func (s *Store) Close() error {
	var err error
	for _, db := range []*sql.DB{s.reads, s.db} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return errors.Join(err, s.cleanup())
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// Changes returns a channel that is closed when some order next changes its state.
func (s *Store) Changes() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// change runs f in a transaction; nothing of it stays when f fails.
func (s *Store) change(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// changeState is change for what may alter an order's state.
func (s *Store) changeState(ctx context.Context, f func(tx *sql.Tx) error) error {
	if err := s.change(ctx, f); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// all scans every row.
func all[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	items := []T{}
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// scanner is a row, of one or of many.
type scanner interface{ Scan(dest ...any) error }

// found turns the absence of a row into ErrNotFound.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
