package api

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"shop/orders/internal/defects"
	"shop/orders/internal/order"
	"shop/orders/internal/store"
)

// order is shop.send for an order under a key.
func (s *shop) order(body, key string, headers ...string) answer {
	s.Helper()
	return s.send("POST", "/v1/orders", body, append([]string{"Idempotency-Key", key}, headers...)...)
}

func (s *shop) pay(o order.Order, key string) answer {
	s.Helper()
	return s.send("POST", "/v1/orders/"+o.ID+"/payments", `{"amount": 12.5}`, "Idempotency-Key", key)
}

// A guarantee is what a shop without mistakes keeps, and one with the mistake breaks.
type guarantee struct {
	broken defects.Name
	kept   func(s *shop) bool
}

const reordered = `{"lines": [{"qty": 2, "sku": "tea"}],  "customer": "alice"}`

var guarantees = map[string]guarantee{
	"a key answers once, byte for byte": {defects.KeyIgnored, func(s *shop) bool {
		first, again := s.order(twoTeas, "k"), s.order(twoTeas, "k")
		quoted := s.order(twoTeas, `"k"`)
		return first.StatusCode == 201 && first.Header.Get("Idempotent-Replayed") == "" && quoted.body == first.body &&
			again.body == first.body && again.StatusCode == 201 && again.Header.Get("Idempotent-Replayed") == "true" &&
			s.api.placed.Load() == 1
	}},
	"a replay has every header that counts": {defects.LocationNotSaved, func(s *shop) bool {
		first, again := s.order(twoTeas, "k"), s.order(twoTeas, "k")
		return first.Header.Get("Location") != "" && again.Header.Get("Location") == first.Header.Get("Location")
	}},
	"a key is its tenant's": {defects.KeySharedByTenants, func(s *shop) bool {
		return s.order(twoTeas, "k").body != s.order(twoTeas, "k", "X-Tenant", "other").body
	}},
	"eight at once are one": {defects.ConcurrentRace, func(s *shop) bool {
		var together sync.WaitGroup
		for range 8 {
			together.Go(func() { s.order(twoTeas, "k") })
		}
		together.Wait()
		return s.api.placed.Load() == 1
	}},
	"another body needs another key": {defects.ChangedBodyAccepted, func(s *shop) bool {
		s.order(twoTeas, "k")
		return s.order(strings.Replace(twoTeas, "2", "3", 1), "k").code() == "KEY_REUSED"
	}},
	"a key that was used is a 422": {defects.WrongStatus, func(s *shop) bool {
		s.order(twoTeas, "k")
		return s.order(strings.Replace(twoTeas, "2", "3", 1), "k").StatusCode == http.StatusUnprocessableEntity
	}},
	"the order of fields says nothing": {defects.ReorderedBodyRefused, func(s *shop) bool {
		return s.order(twoTeas, "k").body == s.order(reordered, "k").body
	}},
	"a payment needs a key": {defects.MissingKeyAccepted, func(s *shop) bool {
		o := s.place("alice")
		return s.send("POST", "/v1/orders/"+o.ID+"/payments", `{"amount": 1}`).code() == "KEY_MISSING" && len(s.posted) == 0
	}},
	"a malformed key is refused": {defects.MalformedKeyAccepted, func(s *shop) bool {
		return s.order(twoTeas, `"k`).code() == "BAD_KEY" && s.api.placed.Load() == 0
	}},
	"a key expires": {defects.ExpiredNever, func(s *shop) bool {
		s.api.config.KeysExpire = time.Millisecond
		first := s.order(twoTeas, "k")
		time.Sleep(2 * time.Millisecond)
		return s.order(twoTeas, "k").body != first.body
	}},
	"a failure of the service is not kept": {defects.ErrorCached, func(s *shop) bool {
		o := s.place("alice")
		s.full = status.Error(codes.Unavailable, "down")
		s.expect(s.pay(o, "k"), http.StatusServiceUnavailable, "LEDGER")
		s.full = nil
		return s.pay(o, "k").StatusCode == 201 && len(s.posted) == 1
	}},
	"an answer is kept once it is true": {defects.ResponseBeforeEffect, func(s *shop) bool {
		o := s.place("alice")
		s.full = status.Error(codes.Unavailable, "down")
		s.pay(o, "k")
		s.full = nil
		return s.pay(o, "k").StatusCode == 201 && len(s.posted) == 1
	}},
	"putting a note again changes nothing": {defects.NoteAppended, func(s *shop) bool {
		path := "/v1/orders/" + s.place("alice").ID + "/note"
		first, again := s.send("PUT", path, `{"note": "ring twice"}`), s.send("PUT", path, `{"note": "ring twice"}`)
		return first.StatusCode == 200 && first.body == again.body && strings.Contains(first.body, `"note":"ring twice"`)
	}},
	"deleting a note again changes nothing": {defects.NoteGone, func(s *shop) bool {
		path := "/v1/orders/" + s.place("alice").ID + "/note"
		s.send("PUT", path, `{"note": "ring twice"}`)
		first, again := s.send("DELETE", path, ""), s.send("DELETE", path, "")
		return first.StatusCode == http.StatusNoContent && again.StatusCode == http.StatusNoContent
	}},
}

func TestEachGuaranteeIsKeptAndItsDefectBreaksItAlone(t *testing.T) {
	for what, guarantee := range guarantees {
		t.Run(what, func(t *testing.T) {
			if !guarantee.kept(open(t)) {
				t.Error("not kept")
			}
			if guarantee.kept(open(t, guarantee.broken)) {
				t.Errorf("%s does not show", guarantee.broken)
			}
		})
	}
}

func TestAKeyIsReadQuotedOrBare(t *testing.T) {
	for text, want := range map[string]string{
		"k": "k", `"k"`: "k", `"a b, c"`: "a b, c", `"a\"b\\c"`: `a"b\c`,
		"": "", `""`: "", `"k`: "", `k"`: "", "a b": "", "a,b": "", `"a"b"`: "", `"a\b"`: "", `"a\`: "",
		"é": "", "a\tb": "", strings.Repeat("a", 255): strings.Repeat("a", 255), strings.Repeat("a", 256): "",
	} {
		if got, ok := readKey(text); ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %q, %v", text, got, ok)
		}
	}
	s := open(t)
	two := s.send("POST", "/v1/orders", twoTeas, "Idempotency-Key", "k", "Idempotency-Key", "l")
	s.expect(two, http.StatusBadRequest, "BAD_KEY")
}

func TestAKeyInFlightIsTaken(t *testing.T) {
	s := open(t)
	leave, ok := s.api.inFlight.enter(scope{"default", "k"})
	if !ok {
		t.Fatal("the key is taken")
	}
	s.expect(s.order(twoTeas, "k"), http.StatusConflict, "IN_FLIGHT")
	leave()
	s.expect(s.order(twoTeas, "k"), http.StatusCreated, "")
}

func TestTwoProcessesOverOneDatabaseAnswerAsOne(t *testing.T) {
	s := open(t)
	other := New(s.store, s, s, s.api.config)
	request, err := http.NewRequest("POST", "/v1/orders", nil)
	if err != nil {
		t.Fatal(err)
	}
	// The other one answers while the first has looked the key up and not saved it yet.
	body := []byte(twoTeas)
	var first answer
	recorder := &kept{header: http.Header{}}
	err = other.once(recorder, request, scope{"default", "k"}, body, func(reply *store.Reply) error {
		first = s.order(twoTeas, "k")
		return other.place(request, body, reply, reply)
	})
	if err != nil || recorder.status != 201 || recorder.body.String() != first.body {
		t.Errorf("got %d %s (%v), want %s", recorder.status, recorder.body.String(), err, first.body)
	}
	if n := other.placed.Load(); n != 0 {
		t.Errorf("the other placed %d orders of its own", n)
	}
}

// kept is a response that stays here.
type kept struct {
	header http.Header
	status int
	body   strings.Builder
}

func (k *kept) Header() http.Header                { return k.header }
func (k *kept) WriteHeader(status int)             { k.status = status }
func (k *kept) Write(text []byte) (n int, _ error) { return k.body.Write(text) }

func TestAKeyIsForOnePlaceOnly(t *testing.T) {
	s := open(t)
	first, second := s.place("alice"), s.place("alice")
	s.expect(s.pay(first, "k"), http.StatusCreated, "")
	s.expect(s.pay(second, "k"), http.StatusUnprocessableEntity, "KEY_REUSED")
}

func TestNumbersOfABodyAreComparedAsWritten(t *testing.T) {
	for _, same := range [][2]string{{`{"a":1,"b":[1,{"c":2,"d":3}]}`, ` { "b" : [1,{"d":3,"c":2}], "a":1}`}} {
		if string(canonical([]byte(same[0]))) != string(canonical([]byte(same[1]))) {
			t.Errorf("%s is not %s", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{`[1,2]`, `[2,1]`}, {`9007199254740993`, `9007199254740992`}, {`{"a":1,"a":2}`, `{"a":2}`}, {`{`, `{ `}} {
		if string(canonical([]byte(other[0]))) == string(canonical([]byte(other[1]))) {
			t.Errorf("%s is %s", other[0], other[1])
		}
	}
}
