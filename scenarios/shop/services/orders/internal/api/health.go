package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// healthz tells that the process answers.
func (a *API) healthz(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz tells whether what the process needs answers too.
func (a *API) readyz(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	if err := errors.Join(a.store.Ping(ctx), a.ledger.Ping(ctx)); err != nil {
		return fail(http.StatusServiceUnavailable, "NOT_READY", "%v", err)
	}
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// metrics tells the figures in the text format of Prometheus.
func (a *API) metrics(w http.ResponseWriter, r *http.Request) error {
	pending, err := a.store.Backlog(r.Context())
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, metric := range []struct {
		name, kind, help string
		value            int64
	}{
		{"orders_placed_total", "counter", "Orders taken since the start.", a.placed.Load()},
		{"outbox_pending", "gauge", "Postings that the ledger does not know yet.", pending},
		{"ledger_post_attempts_total", "counter", "Calls of the ledger since the start.", a.worker.Attempts()},
	} {
		fmt.Fprintf(&text, "# HELP %[1]s %[3]s\n# TYPE %[1]s %[2]s\n%[1]s %[4]d\n", metric.name, metric.kind, metric.help, metric.value)
	}
	return write(w, http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", []byte(text.String()))
}
