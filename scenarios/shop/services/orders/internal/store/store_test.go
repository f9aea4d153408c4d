package store

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shop/orders/internal/order"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)

const lease = 3 * time.Second

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func place(t *testing.T, s *Store, customer string) order.Order {
	t.Helper()
	o := order.Order{
		ID: order.NewID(), Customer: customer, State: order.Pending, Total: 59_98, Currency: order.Currency,
		Lines: []order.Line{{SKU: "tea", Qty: 2, Price: 29_99}}, CreatedAt: now, Note: "grüße",
	}
	if err := s.Place(t.Context(), o, "00-trace", nil); err != nil {
		t.Fatal(err)
	}
	return o
}

func claim(t *testing.T, s *Store, at time.Time) []Posting {
	t.Helper()
	claimed, err := s.Claim(t.Context(), at, lease, 10)
	if err != nil {
		t.Fatal(err)
	}
	return claimed
}

func states(t *testing.T, s *Store, id string) []order.State {
	t.Helper()
	events, err := s.Events(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	var states []order.State
	for i, event := range events {
		if event.Seq != int64(i+1) {
			t.Errorf("event %d has the number %d", i+1, event.Seq)
		}
		states = append(states, event.State)
	}
	return states
}

func TestAnOrderComesBackAsItWasPlaced(t *testing.T) {
	s := open(t)
	placed := place(t, s, "alice")
	got, err := s.Order(t.Context(), placed.ID)
	if err != nil || got.Note != placed.Note || got.Total != placed.Total || !got.CreatedAt.Equal(now) || !slices.Equal(got.Lines, placed.Lines) {
		t.Errorf("got %+v (%v), want %+v", got, err, placed)
	}
	if _, err := s.Order(t.Context(), "nope"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestAReplyIsSavedWithItsOrderOrNotAtAll(t *testing.T) {
	s := open(t)
	reply := &Reply{
		Tenant: "t", Key: "k", Status: 201, Fingerprint: []byte{1}, Location: "/1", Body: []byte("{}"), Expires: now.Add(time.Hour),
	}
	first := order.Order{ID: "1", CreatedAt: now}
	if err := s.Place(t.Context(), first, "", reply); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Reply(t.Context(), "t", "k", now); err != nil || string(got.Body) != "{}" || got.Status != 201 {
		t.Errorf("got %+v (%v)", got, err)
	}
	second := order.Order{ID: "2", CreatedAt: now}
	if err := s.Place(t.Context(), second, "", reply); !errors.Is(err, ErrKeyUsed) {
		t.Errorf("the same key was saved twice (%v)", err)
	}
	if _, err := s.Order(t.Context(), "2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an order stayed without its reply: %v", err)
	}
	if _, err := s.Reply(t.Context(), "other", "k", now); !errors.Is(err, ErrNotFound) {
		t.Errorf("a key of another tenant: %v", err)
	}
}

func TestOrdersComeInPages(t *testing.T) {
	s := open(t)
	var want []string
	for range 3 {
		want = append(want, place(t, s, "alice").ID)
		place(t, s, "bob")
	}
	var got []string
	pages := 0
	for cursor := int64(0); pages == 0 || cursor != 0; pages++ {
		page, next, err := s.Orders(t.Context(), "alice", cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page {
			got = append(got, o.ID)
		}
		cursor = next
	}
	if !slices.Equal(got, want) || pages != 2 {
		t.Errorf("got %v on %d pages, want %v on 2", got, pages, want)
	}
}

func TestASettledPostingPaysItsOrder(t *testing.T) {
	s := open(t)
	o := place(t, s, "alice")
	changes := s.Changes()
	postings := claim(t, s, now)
	want := Posting{OrderID: o.ID, Kind: Placed, Customer: "alice", Amount: 59_98, Currency: "EUR", Traceparent: "00-trace", Attempts: 1}
	if len(postings) != 1 || postings[0] != want {
		t.Fatalf("got %+v, want %+v", postings, want)
	}
	if again := claim(t, s, now); len(again) != 0 {
		t.Errorf("claimed twice: %+v", again)
	}
	if err := s.Settle(t.Context(), postings[0], now); err != nil {
		t.Fatal(err)
	}
	<-changes
	if got := states(t, s, o.ID); !slices.Equal(got, []order.State{order.Pending, order.Paid}) {
		t.Errorf("got %v", got)
	}
	if n, err := s.Backlog(t.Context()); n != 0 || err != nil {
		t.Errorf("%d postings are left (%v)", n, err)
	}
	if err := s.Cancel(t.Context(), o.ID, now); !errors.Is(err, ErrSettled) {
		t.Errorf("a paid order was cancelled: %v", err)
	}
}

func TestAClaimOutlivesItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a shop?.db")
	first, err := Open("sqlite://" + path)
	if err != nil {
		t.Fatal(err)
	}
	place(t, first, "alice")
	claim(t, first, now)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if due, some, err := second.NextDue(t.Context()); err != nil || !some || !due.Equal(now.Add(lease)) {
		t.Errorf("due %v, %v (%v)", due, some, err)
	}
	if again := claim(t, second, now.Add(lease)); len(again) != 1 || again[0].Attempts != 2 {
		t.Errorf("got %+v", again)
	}
}

func TestAnUntriedOrderIsCancelledForGood(t *testing.T) {
	s := open(t)
	o := place(t, s, "alice")
	for range 2 {
		if err := s.Cancel(t.Context(), o.ID, now); err != nil {
			t.Fatal(err)
		}
	}
	if got := states(t, s, o.ID); !slices.Equal(got, []order.State{order.Pending, order.Cancelled}) {
		t.Errorf("got %v", got)
	}
	if left := claim(t, s, now); len(left) != 0 {
		t.Errorf("%+v is still to be posted", left)
	}
}

func TestAPostingThatCrossesItsCancellationIsTakenBack(t *testing.T) {
	s := open(t)
	o := place(t, s, "alice")
	placed := claim(t, s, now)[0]
	if err := s.Cancel(t.Context(), o.ID, now); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context(), placed, now); err != nil {
		t.Fatal(err)
	}
	void := claim(t, s, now)
	if len(void) != 1 || void[0].Kind != Void || void[0].Attempts != 1 {
		t.Fatalf("got %+v", void)
	}
	if err := s.Settle(t.Context(), void[0], now); err != nil {
		t.Fatal(err)
	}
	if got := states(t, s, o.ID); !slices.Equal(got, []order.State{order.Pending, order.Cancelled}) {
		t.Errorf("got %v", got)
	}
}

func TestARegisterSwapsOnlyWhatItHas(t *testing.T) {
	s := open(t)
	if err := s.SwapRegister(t.Context(), "a", "null", "1"); err != nil {
		t.Error(err)
	}
	if err := s.SwapRegister(t.Context(), "a", "2", "3"); !errors.Is(err, ErrMismatch) {
		t.Errorf("got %v", err)
	}
	if err := s.SetRegister(t.Context(), "b", `"x"`); err != nil {
		t.Error(err)
	}
	for key, want := range map[string]string{"a": "1", "b": `"x"`, "c": "null"} {
		if got, err := s.Register(t.Context(), key); got != want || err != nil {
			t.Errorf("%s: got %s (%v), want %s", key, got, err, want)
		}
	}
}

func TestACustomerIsKnownOnceOthersSaySo(t *testing.T) {
	s := open(t)
	if _, err := s.Customer(t.Context(), "c1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := s.db.Exec("INSERT INTO customers (id, name, email) VALUES ('c1', 'Alice', 'alice@example.test')"); err != nil {
		t.Fatal(err)
	}
	want := Customer{ID: "c1", Name: "Alice", Email: "alice@example.test"}
	if got, err := s.Customer(t.Context(), "c1"); got != want || err != nil {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
}
