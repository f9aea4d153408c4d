package webhook

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shop/orders/internal/defects"
	"shop/orders/internal/order"
	"shop/orders/internal/store"
)

const secret = "test-key"

// call is a webhook as the merchant got it.
type call struct {
	Message
	path   string
	signed bool
	at     time.Time
}

// merchant hears of events and answers as the test says.
type merchant struct {
	*testing.T
	store  *store.Store
	worker *Worker
	answer func(w http.ResponseWriter, call call, before []call)

	mu    sync.Mutex
	calls []call
	heard chan struct{}
}

func (m *merchant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	got := call{path: r.URL.Path, signed: r.Header.Get("X-Signature") == Sign([]byte(secret), body), at: time.Now()}
	if err != nil || json.Unmarshal(body, &got.Message) != nil {
		m.Errorf("got %s (%v)", body, err)
	}
	m.mu.Lock()
	before := slices.Clone(m.calls)
	m.calls = append(m.calls, got)
	m.mu.Unlock()
	m.answer(w, got, before)
	m.heard <- struct{}{}
}

// open starts a merchant and a worker who tells him of events.
func open(t *testing.T, mistake defects.Name, answer func(w http.ResponseWriter, call call, before []call)) *merchant {
	t.Helper()
	database, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	m := &merchant{T: t, store: database, answer: answer, heard: make(chan struct{}, 1000)}
	server := httptest.NewServer(m)
	worker, err := New(database, server.URL+"/", []byte(secret), defects.Set{mistake: true})
	if err != nil {
		t.Fatal(err)
	}
	m.worker = worker
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { worker.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		server.Close()
		database.Close()
	})
	return m
}

func (m *merchant) place() order.Order {
	m.Helper()
	o := order.Order{ID: order.NewID(), State: order.Pending, CreatedAt: time.Now()}
	if err := m.store.Place(m.Context(), o, "", nil); err != nil {
		m.Fatal(err)
	}
	return o
}

// hears waits for so many calls more and returns them all.
func (m *merchant) hears(n int) []call {
	for range n {
		<-m.heard
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.calls)
}

// done waits until nothing is left to tell.
func (m *merchant) done() []call {
	for {
		if _, some, err := m.store.Webhooks().NextDue(m.Context()); err != nil {
			m.Fatal(err)
		} else if !some {
			return m.hears(0)
		}
		time.Sleep(time.Millisecond)
	}
}

func takes(http.ResponseWriter, call, []call) {}

// refuses answers with a status, so many times.
func refuses(times, status int, headers ...string) func(http.ResponseWriter, call, []call) {
	return func(w http.ResponseWriter, _ call, before []call) {
		if len(before) < times {
			for pair := range slices.Chunk(headers, 2) {
				w.Header().Set(pair[0], pair[1])
			}
			w.WriteHeader(status)
		}
	}
}

func TestEveryEventIsToldAndSigned(t *testing.T) {
	t.Parallel()
	for mistake, signed := range map[defects.Name]bool{"": true, defects.WebhookUnsigned: false, defects.WebhookSignsOtherBytes: false} {
		m := open(t, mistake, takes)
		o := m.place()
		m.hears(1)
		if err := m.store.Reject(t.Context(), store.Posting{OrderID: o.ID}, "over the limit", time.Now()); err != nil {
			t.Fatal(err)
		}
		calls := m.hears(1)
		if calls[0].path != "/hooks/pending" || calls[1].path != "/hooks/rejected" || calls[1].Reason != "over the limit" {
			t.Errorf("%q: got %+v", mistake, calls)
		}
		if calls[0].OrderID != o.ID || calls[0].Seq != 1 || calls[1].Seq != 2 || calls[0].ID == calls[1].ID {
			t.Errorf("%q: got %+v", mistake, calls)
		}
		if calls[0].signed != signed || calls[1].signed != signed {
			t.Errorf("%q: signed %v, %v", mistake, calls[0].signed, calls[1].signed)
		}
	}
}

func TestAWebhookComesAgainUntilItIsTaken(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 503, 429, 408, 302} {
		m := open(t, "", refuses(3, status))
		m.place()
		calls := m.done()
		if len(calls) != 4 {
			t.Fatalf("%d: %d calls", status, len(calls))
		}
		for i := range 3 {
			if pause, least := calls[i+1].at.Sub(calls[i].at), 50*time.Millisecond<<i; pause < least-2*time.Millisecond {
				t.Errorf("%d: pause %d is %v", status, i+1, pause)
			}
			if calls[i].ID != calls[3].ID {
				t.Errorf("%d: the id changed from %s to %s", status, calls[i].ID, calls[3].ID)
			}
		}
	}
	once := open(t, defects.WebhookOnce, refuses(3, 503))
	once.place()
	if calls := once.done(); len(calls) != 1 {
		t.Errorf("%s: %d calls", defects.WebhookOnce, len(calls))
	}
	renamed := open(t, defects.WebhookNewID, refuses(1, 503))
	renamed.place()
	if calls := renamed.done(); calls[0].ID == calls[1].ID {
		t.Errorf("%s does not show", defects.WebhookNewID)
	}
}

func TestARefusedWebhookIsGivenUp(t *testing.T) {
	t.Parallel()
	for mistake, attempts := range map[defects.Name]int{"": 1, defects.WebhookRetriesRefused: 3} {
		for _, status := range []int{400, 404, 410, 422} {
			m := open(t, mistake, refuses(2, status))
			m.place()
			if calls := m.done(); len(calls) != attempts {
				t.Errorf("%q, %d: %d calls", mistake, status, len(calls))
			}
		}
	}
}

func TestAMerchantWhoAsksForItIsLeftAlone(t *testing.T) {
	t.Parallel()
	m := open(t, "", refuses(1, 503, "Retry-After", "1"))
	m.place()
	calls := m.done()
	if pause := calls[1].at.Sub(calls[0].at); pause < time.Second-2*time.Millisecond {
		t.Errorf("the pause is %v", pause)
	}
	m.worker.mistakes[defects.WebhookRetryAfterIgnored] = true
	if delay := m.worker.delay(1, time.Second); delay >= time.Second {
		t.Errorf("%s does not show", defects.WebhookRetryAfterIgnored)
	}
}

func TestTheEventsOfAnOrderComeInTheirOrder(t *testing.T) {
	t.Parallel()
	for mistake, ordered := range map[defects.Name]bool{"": true, defects.WebhookOrder: false} {
		m := open(t, mistake, refuses(2, 503))
		m.answer = func(w http.ResponseWriter, got call, before []call) {
			if got.Seq == 1 && len(before) < 3 {
				w.WriteHeader(503)
			}
		}
		o := m.place()
		m.hears(1)
		if err := m.store.Cancel(t.Context(), o.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
		var numbers []int64
		for _, call := range m.done() {
			numbers = append(numbers, call.Seq)
		}
		if slices.IsSorted(numbers) != ordered {
			t.Errorf("%q: got %v", mistake, numbers)
		}
	}
}

func TestAMerchantWhoFailsIsLeftAlone(t *testing.T) {
	t.Parallel()
	for mistake, alone := range map[defects.Name]bool{"": true, defects.CircuitNeverOpens: false} {
		m := open(t, mistake, takes)
		opened := time.Now().Add(time.Hour)
		m.worker.breaker.mu.Lock()
		m.worker.breaker.failures, m.worker.breaker.until = enough, opened
		m.worker.breaker.mu.Unlock()
		m.place()
		if !alone {
			m.hears(1)
			continue
		}
		for {
			if due, some, err := m.store.Webhooks().NextDue(t.Context()); err != nil || !some {
				t.Fatalf("it was told all the same (%v)", err)
			} else if due.Equal(opened.Truncate(time.Millisecond)) {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if calls := m.hears(0); len(calls) != 0 {
			t.Errorf("got %+v", calls)
		}
	}
}

func TestFiveFailuresOpenTheCircuit(t *testing.T) {
	t.Parallel()
	m := open(t, "", refuses(5, 503))
	for range 5 {
		m.place()
	}
	calls := m.done()
	for i, call := range calls[5:] {
		if pause := call.at.Sub(calls[4].at); pause < rest-2*time.Millisecond {
			t.Errorf("call %d comes after %v", i+6, pause)
		}
	}
}

func TestTheBreakerLetsOneTry(t *testing.T) {
	t.Parallel()
	var b breaker
	now := time.Now()
	for range enough {
		if _, open := b.open(now); open {
			t.Fatal("it is open too soon")
		}
		b.heard(false, now)
	}
	if until, open := b.open(now); !open || !until.Equal(now.Add(rest)) {
		t.Errorf("open %v until %v", open, until)
	}
	now = now.Add(rest)
	if _, open := b.open(now); open {
		t.Error("nobody may try")
	}
	if _, open := b.open(now); !open {
		t.Error("two may try")
	}
	b.heard(false, now)
	if _, open := b.open(now.Add(rest / 2)); !open {
		t.Error("a failed try closes it")
	}
	b.heard(true, now)
	if _, open := b.open(now); open {
		t.Error("a good try does not close it")
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "99999": time.Hour, "-1": 0, "soon": 0, "1.5": 0,
		"Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second, "Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestAMerchantNeedsAnAddressAndAKey(t *testing.T) {
	t.Parallel()
	s, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, address := range []string{"http://", "ftp://merchant", "http://a b", "http://%"} {
		if _, err := New(s, address, []byte(secret), nil); err == nil {
			t.Errorf("%s passed for an address", address)
		}
	}
	if _, err := New(s, "merchant:80", nil, nil); err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("got %v", err)
	}
	if w, err := New(s, "merchant:80", []byte(secret), nil); err != nil || w.merchant != "http://merchant:80" {
		t.Errorf("got %v", err)
	}
}

func TestSignaturesAreThoseOfRFC4231(t *testing.T) {
	t.Parallel()
	// Test case 2.
	const want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	if got := Sign([]byte("Jefe"), []byte("what do ya want for nothing?")); got != want {
		t.Errorf("got %s", got)
	}
}
