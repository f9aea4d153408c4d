package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"shop/orders/internal/defects"
	"shop/orders/internal/store"
)

// scope is what an idempotency key is unique within.
type scope struct{ tenant, key string }

// scopeOf reads the key of a request. The key is empty without one.
func (a *API) scopeOf(r *http.Request) (scope, error) {
	s := scope{tenant: r.Header.Get("X-Tenant")}
	if s.tenant == "" || a.config.Defects.Has(defects.KeySharedByTenants) {
		s.tenant = "default"
	}
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return s, nil
	}
	if a.config.Defects.Has(defects.MalformedKeyAccepted) {
		s.key = strings.Join(values, ", ")
		return s, nil
	}
	key, ok := readKey(values[0])
	if !ok || len(values) > 1 {
		return s, fail(http.StatusBadRequest, "BAD_KEY",
			"an Idempotency-Key is one string of 1 to 255 visible characters, in quotes or without spaces")
	}
	s.key = key
	return s, nil
}

// readKey reads a key: a string of RFC 8941, section 3.3.3, as
// draft-ietf-httpapi-idempotency-key-header has it, or bare as most callers send it.
func readKey(text string) (key string, ok bool) {
	inner, quoted := strings.CutPrefix(text, `"`)
	if quoted {
		if inner, ok = strings.CutSuffix(inner, `"`); !ok {
			return "", false
		}
	}
	var read strings.Builder
	for i := 0; i < len(inner); i++ {
		c := inner[i]
		switch {
		case c < ' ' || c > '~' || c == '"':
			return "", false
		case !quoted && strings.IndexByte(` ,;\`, c) >= 0:
			return "", false
		case c == '\\':
			if i++; i == len(inner) || inner[i] != '"' && inner[i] != '\\' {
				return "", false
			}
			c = inner[i]
		}
		read.WriteByte(c)
	}
	key = read.String()
	return key, key != "" && len(key) <= 255
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
// first with the reply to fill in and to save together with its effect. A
// failure saves nothing, so that the caller may try again.
func (a *API) once(w http.ResponseWriter, r *http.Request, s scope, body []byte, first func(*store.Reply) error) error {
	mistakes := a.config.Defects
	now := time.Now()
	reply := store.Reply{Tenant: s.tenant, Key: s.key, Fingerprint: a.fingerprint(r, body), Expires: now.Add(a.config.KeysExpire)}
	if mistakes.Has(defects.ExpiredNever) {
		reply.Expires = now.AddDate(100, 0, 0)
	}
	if mistakes.Has(defects.ConcurrentRace) {
		reply.Overwrite = true
	} else if leave, ok := a.inFlight.enter(s); ok {
		defer leave()
	} else {
		return fail(http.StatusConflict, "IN_FLIGHT", "a request with this key is being answered")
	}

	if mistakes.Has(defects.KeyIgnored) {
		reply.Overwrite = true
	} else if saved, err := a.store.Reply(r.Context(), s.tenant, s.key, now); err == nil {
		return a.again(w, saved, reply.Fingerprint)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if mistakes.Has(defects.ConcurrentRace) {
		time.Sleep(100 * time.Millisecond) // as if prices were looked up elsewhere, so that the race is never won by luck
	}
	err := first(&reply)
	switch {
	case err == nil:
		return writeReply(w, reply)
	case errors.Is(err, store.ErrKeyUsed):
		// Another process over the same database was faster, or the key was begun with something else.
		saved, err := a.store.Reply(r.Context(), s.tenant, s.key, now)
		if errors.Is(err, store.ErrNotFound) {
			return a.reused()
		} else if err != nil {
			return err
		}
		return a.again(w, saved, reply.Fingerprint)
	case mistakes.Has(defects.ErrorCached):
		if p := asProblem(err); p.status >= http.StatusInternalServerError {
			reply.Status, reply.Location = p.status, ""
			reply.Body, _ = json.Marshal(p)
			_ = a.store.SaveReply(context.WithoutCancel(r.Context()), reply, now)
		}
	}
	return err
}

// again answers as before, if the request is the same as before.
func (a *API) again(w http.ResponseWriter, saved store.Reply, fingerprint []byte) error {
	if !bytes.Equal(saved.Fingerprint, fingerprint) && !a.config.Defects.Has(defects.ChangedBodyAccepted) {
		return a.reused()
	}
	w.Header().Set("Idempotent-Replayed", "true")
	if a.config.Defects.Has(defects.LocationNotSaved) {
		saved.Location = ""
	}
	return writeReply(w, saved)
}

func (a *API) reused() error {
	status := http.StatusUnprocessableEntity
	if a.config.Defects.Has(defects.WrongStatus) {
		status = http.StatusConflict
	}
	return fail(status, "KEY_REUSED", "this key was used for another request")
}

func writeReply(w http.ResponseWriter, reply store.Reply) error {
	if reply.Location != "" {
		w.Header().Set("Location", reply.Location)
	}
	return write(w, reply.Status, "application/json", reply.Body)
}
