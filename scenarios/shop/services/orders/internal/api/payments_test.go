package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"shop/orders/internal/order"
	"shop/orders/internal/store"
)

func TestAPaymentIsOnTheBooks(t *testing.T) {
	s := open(t)
	o := s.place("alice")
	paid := s.pay(o, "k")
	s.expect(paid, http.StatusCreated, "")
	if !strings.Contains(paid.body, `"amount":12.50,"currency":"EUR"`) {
		t.Errorf("got %s", paid.body)
	}
	if len(s.posted) != 1 || s.posted[0].Kind != store.Paid || s.posted[0].Amount != 12_50 || s.posted[0].Customer != "alice" {
		t.Errorf("posted %+v", s.posted)
	}
	s.expect(s.pay(o, "another"), http.StatusCreated, "")
	if list := s.send("GET", "/v1/orders/"+o.ID+"/payments", ""); strings.Count(list.body, `"amount":12.50`) != 2 {
		t.Errorf("got %s", list.body)
	}
}

func TestAPaymentOfUnknownOutcomeIsAskedForAgainUnderItsID(t *testing.T) {
	s := open(t)
	o := s.place("alice")
	for _, trouble := range []struct {
		err    error
		status int
		code   string
		after  string
	}{
		{status.Error(codes.Unavailable, "reset"), 503, "LEDGER", "1"},
		{status.Error(codes.DeadlineExceeded, "late"), 504, "LEDGER_TIMEOUT", "1"},
		{status.Error(codes.ResourceExhausted, "full"), 503, "LEDGER", "2"},
		{status.Error(codes.Internal, "broken"), 503, "LEDGER", "1"},
	} {
		s.full = trouble.err
		got := s.pay(o, "k")
		s.expect(got, trouble.status, trouble.code)
		if got.Header.Get("Retry-After") != trouble.after {
			t.Errorf("%v: come again after %q", trouble.err, got.Header.Get("Retry-After"))
		}
	}
	begun, err := s.store.BeginPayment(t.Context(), store.Payment{ID: "x"}, store.Reply{
		Tenant: "default", Key: "k", Fingerprint: s.api.fingerprint(&http.Request{Method: "POST", URL: s.path("/v1/orders/" + o.ID + "/payments")}, []byte(`{"amount": 12.5}`)),
	})
	if err != nil || begun.ID == "x" {
		t.Fatalf("the payment was not kept: %+v (%v)", begun, err)
	}
	other := s.send("POST", "/v1/orders/"+o.ID+"/payments", `{"amount": 13}`, "Idempotency-Key", "k")
	s.expect(other, http.StatusUnprocessableEntity, "KEY_REUSED")
	s.full = nil
	s.expect(s.pay(o, "k"), http.StatusCreated, "")
	if len(s.posted) != 1 || s.posted[0].PaymentID != begun.ID {
		t.Errorf("posted %+v, and %s was begun", s.posted, begun.ID)
	}
}

func TestAPaymentIsRefused(t *testing.T) {
	s := open(t)
	o := s.place("alice")
	for amount, code := range map[string]string{"0": "BAD_AMOUNT", "-1": "BAD_AMOUNT", "10000.01": "BAD_AMOUNT", "1.001": "BAD_REQUEST"} {
		if got := s.send("POST", "/v1/orders/"+o.ID+"/payments", `{"amount": `+amount+`}`, "Idempotency-Key", "k"); got.code() != code {
			t.Errorf("%s: got %d %s", amount, got.StatusCode, got.body)
		}
	}
	long := s.send("POST", "/v1/orders/"+o.ID+"/payments", `{"amount": 1, "reference": "`+strings.Repeat("é", 141)+`"}`, "Idempotency-Key", "k")
	s.expect(long, http.StatusUnprocessableEntity, order.BadReference)
	s.full = status.Error(codes.InvalidArgument, "no such account")
	s.expect(s.pay(o, "k"), http.StatusUnprocessableEntity, "REFUSED")
	s.full = nil
	s.expect(s.pay(o, "k"), http.StatusCreated, "") // a refusal uses up no key
	s.expect(s.pay(order.Order{ID: "nope"}, "l"), http.StatusNotFound, "E404")
	if err := s.store.Reject(t.Context(), store.Posting{OrderID: o.ID}, "over the limit", time.Now()); err != nil {
		t.Fatal(err)
	}
	s.expect(s.pay(o, "m"), http.StatusConflict, "NOT_PAYABLE")
}

func TestANoteIsPutAndTakenOff(t *testing.T) {
	s := open(t)
	path := "/v1/orders/" + s.place("alice").ID + "/note"
	for body, code := range map[string]string{
		`{}`: "BAD_REQUEST", `{"note": null}`: "BAD_REQUEST", `{"note": "` + strings.Repeat("é", 281) + `"}`: order.NoteTooLong,
	} {
		if got := s.send("PUT", path, body); got.code() != code {
			t.Errorf("%.40s: got %d %s", body, got.StatusCode, got.body)
		}
	}
	s.expect(s.send("PUT", "/v1/orders/nope/note", `{"note": "x"}`), http.StatusNotFound, "E404")
	s.expect(s.send("DELETE", "/v1/orders/nope/note", ""), http.StatusNotFound, "E404")
	s.expect(s.send("PUT", path, `{"note": "x"}`), http.StatusOK, "")
	s.expect(s.send("DELETE", path, ""), http.StatusNoContent, "")
	if got := s.send("GET", strings.TrimSuffix(path, "/note"), ""); strings.Contains(got.body, "note") {
		t.Errorf("got %s", got.body)
	}
}

func (s *shop) path(path string) *url.URL {
	s.Helper()
	parsed, err := url.Parse(path)
	if err != nil {
		s.Fatal(err)
	}
	return parsed
}
