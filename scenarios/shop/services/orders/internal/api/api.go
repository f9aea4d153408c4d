// Package api is the service as its callers see it: over HTTP, as
// contracts/orders.openapi.yaml promises.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"shop/orders/internal/defects"
	"shop/orders/internal/ledgerpb"
	"shop/orders/internal/order"
	"shop/orders/internal/store"
)

const (
	maxJSON   = 1 << 20
	maxUpload = 32 << 20
)

// Worker is who brings orders to the ledger.
type Worker interface {
	Wake()
	Attempts() int64
}

// Ledger is where orders and payments go.
type Ledger interface {
	Ping(ctx context.Context) error
	Echo(ctx context.Context, kitchen *ledgerpb.Kitchen) (*ledgerpb.Kitchen, error)
	Post(ctx context.Context, p store.Posting) error
	// Refused tells whether the error is final, and why.
	Refused(err error) (reason string, refused bool)
	// PushedBack tells how long the ledger wants to be left alone, or false if it does not say.
	PushedBack(err error) (after time.Duration, said bool)
}

// Config is how the API goes about its work.
type Config struct {
	// KeysExpire is how long an idempotency key is kept.
	KeysExpire time.Duration
	// Defects are mistakes to make.
	Defects defects.Set
}

// API answers requests.
type API struct {
	store    *store.Store
	worker   Worker
	ledger   Ledger
	config   Config
	placed   atomic.Int64
	inFlight inFlight
	sessions sessions
	cached   registerCache
	listed   atomic.Int64
	stopping chan struct{}
}

// New prepares the API over its parts.
func New(s *store.Store, w Worker, l Ledger, config Config) *API {
	return &API{store: s, worker: w, ledger: l, config: config, stopping: make(chan struct{})}
}

// EndStreams ends the answers that would otherwise go on. Call it once, before
// the server waits for what is under way.
func (a *API) EndStreams() { close(a.stopping) }

// Handler returns every route, traced and logged.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]handler{
		"POST /v1/orders":               a.placeOrder,
		"GET /v1/orders":                a.listOrders,
		"GET /v1/orders/{id}":           a.getOrder,
		"DELETE /v1/orders/{id}":        a.cancelOrder,
		"PUT /v1/orders/{id}/note":      a.putNote,
		"DELETE /v1/orders/{id}/note":   a.deleteNote,
		"POST /v1/orders/{id}/payments": a.payOrder,
		"GET /v1/orders/{id}/payments":  a.listPayments,
		"GET /v1/orders/{id}/events":    a.streamEvents,
		"GET /old/orders/{id}":          a.movedOrder,
		"GET /v1/customers/{id}":        a.getCustomer,
		"POST /v1/login":                a.login,
		"GET /v1/me":                    a.me,
		"POST /v1/attachments":          a.attach,
		"GET /debug/registers/{k}":      a.readRegister,
		"PUT /debug/registers/{k}":      a.writeRegister,
		"POST /debug/registers/{k}/cas": a.swapRegister,
		"POST /debug/queues/{k}":        a.enqueue,
		"POST /debug/queues/{k}/take":   a.dequeue,
		"POST /debug/lists":             a.transact,
		"POST /debug/echo":              a.echo,
		"POST /debug/kitchen":           a.kitchen,
		"GET /healthz":                  a.healthz,
		"GET /readyz":                   a.readyz,
		"GET /metrics":                  a.metrics,
	} {
		mux.Handle(pattern, handle)
	}
	return observed(mux)
}

// handler answers a request, or returns why it does not.
type handler func(w http.ResponseWriter, r *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h(w, r)
	if err == nil {
		return
	}
	problem := asProblem(err)
	if problem.status == http.StatusInternalServerError && r.Context().Err() == nil {
		slog.ErrorContext(r.Context(), "cannot answer", "error", err)
	}
	writeJSON(w, problem.status, problem)
}

// problem is an error that the caller is told.
type problem struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (p *problem) Error() string { return p.Message }

func fail(status int, code, format string, args ...any) error {
	return &problem{status, code, fmt.Sprintf(format, args...)}
}

func badRequest(format string, args ...any) error {
	return fail(http.StatusBadRequest, "BAD_REQUEST", format, args...)
}

// asProblem says in the terms of HTTP what went wrong inside.
func asProblem(err error) *problem {
	var known *problem
	var refusal *order.Refusal
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refusal) && refusal.Code == order.TooMany:
		return &problem{http.StatusRequestEntityTooLarge, refusal.Code, refusal.Message}
	case errors.As(err, &refusal):
		return &problem{http.StatusUnprocessableEntity, refusal.Code, refusal.Message}
	case errors.As(err, &tooLarge):
		return &problem{http.StatusRequestEntityTooLarge, "TOO_LARGE", fmt.Sprintf("at most %d bytes", tooLarge.Limit)}
	case errors.Is(err, store.ErrNotFound):
		return &problem{http.StatusNotFound, "E404", "there is no such thing here"}
	case errors.Is(err, store.ErrSettled):
		return &problem{http.StatusConflict, "SETTLED", err.Error()}
	case errors.Is(err, store.ErrMismatch):
		return &problem{http.StatusConflict, "MISMATCH", err.Error()}
	}
	return &problem{http.StatusInternalServerError, "INTERNAL", "the service failed"}
}

func writeJSON(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return write(w, status, "application/json", body)
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) error {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller who is gone needs no answer
	return nil
}

// readBody reads a whole body, up to a limit.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		return nil, badRequest("cannot read the body: %v", err)
	}
	return body, err
}

// decode reads one JSON value that has no field but those of v, and none twice.
func decode(body []byte, v any) error {
	if !utf8.Valid(body) {
		return badRequest("the body is not UTF-8")
	}
	if err := distinct(json.NewDecoder(bytes.NewReader(body))); err != nil {
		return badRequest("%v", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return badRequest("%v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return badRequest("there is something after the JSON value")
	}
	return nil
}

// distinct refuses a name that stands twice in one object: which of its values
// counts, every reader decides for itself (RFC 8259, section 4).
func distinct(decoder *json.Decoder) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	opened, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	names := map[string]bool{}
	for decoder.More() {
		if opened == '{' {
			name, err := decoder.Token()
			if err != nil {
				return err
			}
			text, _ := name.(string)
			if names[text] {
				return fmt.Errorf("the field %q stands there twice", text)
			}
			names[text] = true
		}
		if err := distinct(decoder); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}
