package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"shop/orders/internal/defects"
	"shop/orders/internal/store"
)

// meanwhile is how long a mistake leaves others time to come between.
const meanwhile = 20 * time.Millisecond

// value is what a register holds: any JSON value.
type value struct {
	Value json.RawMessage `json:"value"`
}

// readRegister answers what a register holds.
func (a *API) readRegister(w http.ResponseWriter, r *http.Request) error {
	read := a.store.Register
	if a.config.Defects.Has(defects.RegisterCached) {
		read = a.cached.register(read)
	}
	text, err := read(r.Context(), r.PathValue("k"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, value{json.RawMessage(text)})
}

// writeRegister gives a register another value.
func (a *API) writeRegister(w http.ResponseWriter, r *http.Request) error {
	wanted, text, err := readValue(w, r)
	if err != nil {
		return err
	}
	key := r.PathValue("k")
	if a.config.Defects.Has(defects.RegisterWrittenLater) {
		later := context.WithoutCancel(r.Context())
		time.AfterFunc(30*time.Millisecond, func() { _ = a.store.SetRegister(later, key, text) })
	} else if err := a.store.SetRegister(r.Context(), key, text); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, wanted)
}

// swapRegister gives a register another value if it holds the one the caller thinks it does.
func (a *API) swapRegister(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxJSON)
	if err != nil {
		return err
	}
	var swap struct {
		Old json.RawMessage `json:"old"`
		New json.RawMessage `json:"new"`
	}
	if err := decode(body, &swap); err != nil {
		return err
	}
	before, err := compact("old", swap.Old)
	if err != nil {
		return err
	}
	after, err := compact("new", swap.New)
	if err != nil {
		return err
	}
	if err := a.swap(r.Context(), r.PathValue("k"), before, after); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, value{swap.New})
}

func (a *API) swap(ctx context.Context, key, before, after string) error {
	if !a.config.Defects.Has(defects.SwapRace) {
		return a.store.SwapRegister(ctx, key, before, after)
	}
	switch current, err := a.store.Register(ctx, key); {
	case err != nil:
		return err
	case current != before:
		return store.ErrMismatch
	}
	time.Sleep(meanwhile)
	return a.store.SetRegister(ctx, key, after)
}

// readValue reads a body `{"value": …}`, also as compact JSON.
func readValue(w http.ResponseWriter, r *http.Request) (wanted value, text string, err error) {
	body, err := readBody(w, r, maxJSON)
	if err != nil {
		return wanted, "", err
	}
	if err := decode(body, &wanted); err != nil {
		return wanted, "", err
	}
	text, err = compact("value", wanted.Value)
	return wanted, text, err
}

// compact removes the white space from a field, which must be there.
func compact(field string, text json.RawMessage) (string, error) {
	if text == nil {
		return "", badRequest("%s is missing", field)
	}
	var compacted bytes.Buffer
	err := json.Compact(&compacted, text)
	return compacted.String(), err
}

// registerCache remembers for a while what registers held. For mistakes alone.
type registerCache struct {
	mu   sync.Mutex
	read map[string]cachedRegister
}

type cachedRegister struct {
	text  string
	until time.Time
}

type readRegister = func(ctx context.Context, key string) (string, error)

// register reads from the cache, and through it once what stands there is too old.
func (c *registerCache) register(read readRegister) readRegister {
	return func(ctx context.Context, key string) (string, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		now := time.Now()
		if cached, ok := c.read[key]; ok && now.Before(cached.until) {
			return cached.text, nil
		}
		text, err := read(ctx, key)
		if err == nil {
			if c.read == nil {
				c.read = map[string]cachedRegister{}
			}
			c.read[key] = cachedRegister{text, now.Add(50 * time.Millisecond)}
		}
		return text, err
	}
}
