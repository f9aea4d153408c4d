package store

import (
	"context"
	"database/sql"
	"time"
)

// Reply is what was answered under an idempotency key.
type Reply struct {
	Tenant      string
	Key         string
	Fingerprint []byte
	Status      int
	Location    string
	Body        []byte
	// Expires is when the key may be used for something else.
	Expires time.Time
	// Overwrite saves the reply even if there is one. For mistakes alone.
	Overwrite bool
}

// Reply returns what was answered under a key that has not expired, or ErrNotFound.
func (s *Store) Reply(ctx context.Context, tenant, key string, now time.Time) (Reply, error) {
	r := Reply{Tenant: tenant, Key: key}
	var expires int64
	err := s.reads.QueryRowContext(ctx,
		`SELECT fingerprint, status, location, body, expires_at FROM replies
		 WHERE tenant = ? AND key = ? AND expires_at > ?`, tenant, key, now.UnixMilli()).
		Scan(&r.Fingerprint, &r.Status, &r.Location, &r.Body, &expires)
	r.Expires = time.UnixMilli(expires)
	return r, found(err)
}

// SaveReply saves a reply by itself. It fails with ErrKeyUsed when its key has another already,
// as another process that shares the database may have been faster.
func (s *Store) SaveReply(ctx context.Context, r Reply, now time.Time) error {
	return s.change(ctx, func(tx *sql.Tx) error { return saveReply(ctx, tx, r, now) })
}

// ForgetReplies frees every key.
func (s *Store) ForgetReplies(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM replies")
	return err
}

func saveReply(ctx context.Context, tx *sql.Tx, r Reply, now time.Time) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM replies WHERE expires_at <= ?", now.UnixMilli()); err != nil {
		return err
	}
	insert := "INSERT INTO replies (tenant, key, fingerprint, status, location, body, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
	conflict := " ON CONFLICT DO NOTHING"
	if r.Overwrite {
		conflict = " ON CONFLICT DO UPDATE SET body = excluded.body, location = excluded.location, status = excluded.status"
	}
	result, err := tx.ExecContext(ctx, insert+conflict,
		r.Tenant, r.Key, r.Fingerprint, r.Status, r.Location, r.Body, r.Expires.UnixMilli())
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return ErrKeyUsed
	}
	return nil
}
