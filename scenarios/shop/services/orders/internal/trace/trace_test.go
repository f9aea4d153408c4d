package trace

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	spanID  = "00f067aa0ba902b7"
)

func TestASpanContinuesItsParentsTrace(t *testing.T) {
	ctx := Start(t.Context(), "00-"+traceID+"-"+spanID+"-00")
	span, _ := From(ctx)
	if span.TraceID != traceID || span.Parent != spanID || span.ID == spanID {
		t.Errorf("got %+v", span)
	}
	if got, want := Traceparent(ctx), "00-"+traceID+"-"+span.ID+"-00"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Traceparent(t.Context()); got != "" {
		t.Errorf("outside of a span: got %s", got)
	}
}

func TestAMalformedParentStartsANewTrace(t *testing.T) {
	zeros := strings.Repeat("0", 32)
	for _, parent := range []string{
		"", "00", "ff-" + traceID + "-" + spanID + "-01", "00-" + zeros + "-" + spanID + "-01",
		"00-" + traceID + "-" + zeros[:16] + "-01", "00-" + strings.ToUpper(traceID) + "-" + spanID + "-01",
	} {
		if span, _ := From(Start(t.Context(), parent)); span.Parent != "" || span.TraceID == traceID {
			t.Errorf("%q: got %+v", parent, span)
		}
	}
}

func TestLogsNameTheSpan(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(Logs(slog.NewJSONHandler(&out, nil))).With("service", "orders")
	log.InfoContext(Start(t.Context(), "00-"+traceID+"-"+spanID+"-01"), "hello")
	for _, want := range []string{`"trace_id":"` + traceID + `"`, `"parent_span_id":"` + spanID + `"`, `"span_id":`, `"service":"orders"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s lacks %s", out.String(), want)
		}
	}
}
