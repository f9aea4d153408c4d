// Package trace carries W3C trace context through the service and into its logs.
package trace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"regexp"
	"strings"
)

// Span is one piece of work within a trace.
type Span struct {
	TraceID string
	ID      string
	Parent  string // empty at the root
	flags   string
}

type key struct{}

var traceparent = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})`)

// Start begins a span under the one that a traceparent names, or under none
// when that is empty or malformed.
func Start(ctx context.Context, parent string) context.Context {
	span := Span{ID: random(8), flags: "01"}
	if m := traceparent.FindStringSubmatch(parent); m != nil && m[1] != "ff" && !zero(m[2]) && !zero(m[3]) {
		span.TraceID, span.Parent, span.flags = m[2], m[3], m[4]
	} else {
		span.TraceID = random(16)
	}
	return context.WithValue(ctx, key{}, span)
}

// From returns the span that the context is in.
func From(ctx context.Context) (Span, bool) {
	span, ok := ctx.Value(key{}).(Span)
	return span, ok
}

// Traceparent names the span to whoever works on its behalf; empty outside of any.
func Traceparent(ctx context.Context) string {
	span, ok := From(ctx)
	if !ok {
		return ""
	}
	return "00-" + span.TraceID + "-" + span.ID + "-" + span.flags
}

// Logs adds the span to every record that is logged within it.
func Logs(inner slog.Handler) slog.Handler { return handler{inner} }

type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, record slog.Record) error {
	if span, ok := From(ctx); ok {
		record.AddAttrs(slog.String("trace_id", span.TraceID), slog.String("span_id", span.ID))
		if span.Parent != "" {
			record.AddAttrs(slog.String("parent_span_id", span.Parent))
		}
	}
	return h.Handler.Handle(ctx, record)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }

func random(n int) string {
	id := make([]byte, n)
	rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

func zero(id string) bool { return strings.Trim(id, "0") == "" }
