package api

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"sync"

	"shop/orders/internal/store"
)

// scope is what an idempotency key is unique within.
type scope struct{ tenant, key string }

// scopeOf reads the key (draft-ietf-httpapi-idempotency-key-header), quoted as
// the draft has it or bare as most callers send it. The key is empty without one.
func scopeOf(r *http.Request) (scope, error) {
	s := scope{tenant: r.Header.Get("X-Tenant")}
	if s.tenant == "" {
		s.tenant = "default"
	}
	if len(r.Header.Values("Idempotency-Key")) == 0 {
		return s, nil
	}
	s.key = r.Header.Get("Idempotency-Key")
	if quoted, ok := strings.CutPrefix(s.key, `"`); ok {
		s.key = strings.TrimSuffix(quoted, `"`)
	}
	if s.key == "" || len(s.key) > 255 {
		return s, fail(http.StatusBadRequest, "BAD_KEY", "an Idempotency-Key has 1 to 255 bytes")
	}
	return s, nil
}

// inFlight knows the keys whose requests are being answered. It need not
// survive the process, because what it guards is saved as a whole or not at all.
type inFlight struct{ scopes sync.Map }

// enter claims a key until leave is called; ok is false while another has it.
func (f *inFlight) enter(s scope) (leave func(), ok bool) {
	_, taken := f.scopes.LoadOrStore(s, true)
	return func() { f.scopes.Delete(s) }, !taken
}

// once answers what was answered to the same request before, or else calls
// first with the reply to fill in and to save together with its effect.
func (a *API) once(w http.ResponseWriter, r *http.Request, s scope, body []byte, first func(*store.Reply) error) error {
	leave, ok := a.inFlight.enter(s)
	if !ok {
		return fail(http.StatusConflict, "IN_FLIGHT", "a request with this key is being answered")
	}
	defer leave()
	fingerprint := sha256.Sum256(body)
	saved, err := a.store.Reply(r.Context(), s.tenant, s.key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		reply := store.Reply{Tenant: s.tenant, Key: s.key, Fingerprint: fingerprint[:]}
		if err := first(&reply); err != nil {
			return err
		}
		return writeReply(w, reply)
	case err != nil:
		return err
	case !bytes.Equal(saved.Fingerprint, fingerprint[:]):
		return fail(http.StatusUnprocessableEntity, "KEY_REUSED", "this key was used for another request")
	}
	w.Header().Set("Idempotent-Replayed", "true")
	return writeReply(w, saved)
}

func writeReply(w http.ResponseWriter, reply store.Reply) error {
	w.Header().Set("Location", reply.Location)
	return write(w, reply.Status, "application/json", reply.Body)
}
