package bus

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"shop/orders/internal/order"
	"shop/orders/internal/store"
)

var (
	errRefused = errors.New("the ledger calls it wrong")
	errAway    = errors.New("the ledger is not there")
)

// books writes down what is posted, and fails as it is told to.
type books struct {
	posted []store.Posting
	err    error
}

func (b *books) Post(ctx context.Context, p store.Posting) error {
	if _, limited := ctx.Deadline(); !limited {
		return errors.New("the ledger may take as long as it likes")
	}
	b.posted = append(b.posted, p)
	return b.err
}

func (b *books) Refused(err error) (string, bool) {
	return "wrong", errors.Is(err, errRefused)
}

// open makes a worker with one order in its store.
func open(t *testing.T) (*Worker, *books, order.Order) {
	t.Helper()
	s, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	placed := order.Order{
		ID: order.NewID(), Customer: "alice", State: order.Pending, Total: 59_98, Currency: order.Currency,
		Lines: []order.Line{{SKU: "tea", Qty: 2, Price: 29_99}}, CreatedAt: time.Now(),
	}
	if err := s.Place(t.Context(), placed, "", nil); err != nil {
		t.Fatal(err)
	}
	b := &books{}
	return &Worker{store: s, books: b}, b, placed
}

func body(t *testing.T, p Payment) []byte {
	t.Helper()
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestAPaymentIsPostedForTheCustomerOfItsOrder(t *testing.T) {
	w, b, placed := open(t)
	payment := Payment{ID: "p1", OrderID: placed.ID, Amount: 12_50}
	for attempt := 1; attempt <= 2; attempt++ {
		if _, err := w.book(t.Context(), body(t, payment), attempt); err != nil {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
	}
	// Once more under the same id: the ledger writes it once.
	for i, got := range b.posted {
		want := store.Posting{
			OrderID: placed.ID, Kind: store.Paid, Customer: "alice", Amount: 12_50,
			Currency: order.Currency, PaymentID: "p1", Attempts: i + 1,
		}
		if got != want {
			t.Errorf("posted %+v, want %+v", got, want)
		}
	}
	if len(b.posted) != 2 {
		t.Errorf("posted %d times", len(b.posted))
	}
}

func TestWhatIsWorthAnotherAttempt(t *testing.T) {
	w, b, placed := open(t)
	good := Payment{ID: "p1", OrderID: placed.ID, Amount: 12_50}
	with := func(change func(*Payment)) []byte {
		changed := good
		change(&changed)
		return body(t, changed)
	}
	for _, test := range []struct {
		name   string
		body   []byte
		ledger error
		again  bool
	}{
		{"no JSON", []byte("{"), nil, false},
		{"no id", with(func(p *Payment) { p.ID = "" }), nil, false},
		{"no amount", with(func(p *Payment) { p.Amount = 0 }), nil, false},
		{"below zero", with(func(p *Payment) { p.Amount = -1 }), nil, false},
		{"too much", with(func(p *Payment) { p.Amount = order.MaxPayment + 1 }), nil, false},
		{"no such order", with(func(p *Payment) { p.OrderID = "nope" }), nil, false},
		{"refused", body(t, good), errRefused, false},
		{"nobody there", body(t, good), errAway, true},
	} {
		b.posted, b.err = nil, test.ledger
		again, err := w.book(t.Context(), test.body, 1)
		if err == nil || again != test.again {
			t.Errorf("%s: again %v (%v), want %v", test.name, again, err, test.again)
		}
		if posted := len(b.posted) > 0; posted != (test.ledger != nil) {
			t.Errorf("%s: posted %+v", test.name, b.posted)
		}
	}
	// A store that cannot be read may be well again.
	w.store.Close()
	if again, err := w.book(t.Context(), body(t, good), 1); err == nil || !again {
		t.Errorf("a closed store: again %v (%v)", again, err)
	}
}

func TestASubjectTellsWhatBecameOfTheOrder(t *testing.T) {
	for state, want := range map[order.State]string{
		order.Pending: "orders.created", order.Paid: "orders.paid", order.Rejected: "orders.rejected",
	} {
		if got := subject(state); got != want {
			t.Errorf("%s is told on %s, want %s", state, got, want)
		}
	}
}
