package outbox

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shop/orders/internal/order"
	"shop/orders/internal/store"
)

var (
	errDown    = errors.New("down")
	errRefused = errors.New("over the limit")
)

// fake is a ledger that answers as the test says.
type fake struct {
	mu     sync.Mutex
	calls  []time.Time
	answer func(attempt int) error
}

func (f *fake) Post(_ context.Context, p store.Posting) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, time.Now())
	return f.answer(p.Attempts)
}

func (f *fake) Refused(err error) (string, bool) { return err.Error(), errors.Is(err, errRefused) }

// start runs a worker over a store, on the bubble's clock.
func start(t *testing.T, answer func(attempt int) error) (*store.Store, *Worker, *fake) {
	t.Helper()
	s, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	ledger := &fake{answer: answer}
	worker := New(s, ledger)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { worker.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		s.Close()
	})
	return s, worker, ledger
}

func place(t *testing.T, s *store.Store, w *Worker) string {
	t.Helper()
	o := order.Order{ID: order.NewID(), State: order.Pending, CreatedAt: time.Now()}
	if err := s.Place(t.Context(), o, "", nil); err != nil {
		t.Fatal(err)
	}
	w.Wake()
	return o.ID
}

func settled(t *testing.T, s *store.Store, id string) order.Order {
	t.Helper()
	for {
		changes := s.Changes()
		o, err := s.Order(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if o.State.Final() {
			return o
		}
		<-changes
	}
}

func TestAnOrderIsPostedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, worker, _ := start(t, func(int) error { return nil })
		synctest.Wait() // the worker is asleep
		began := time.Now()
		if o := settled(t, s, place(t, s, worker)); o.State != order.Paid {
			t.Errorf("got %s", o.State)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("it took %v", waited)
		}
		if n := worker.Attempts(); n != 1 {
			t.Errorf("%d attempts", n)
		}
	})
}

func TestAPostingIsTriedAgainLaterAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, worker, ledger := start(t, func(attempt int) error {
			if attempt < 10 {
				return errDown
			}
			return nil
		})
		if o := settled(t, s, place(t, s, worker)); o.State != order.Paid {
			t.Errorf("got %s", o.State)
		}
		before := shortest
		for i, call := range ledger.calls[1:] {
			delay := call.Sub(ledger.calls[i])
			if delay < before-time.Millisecond || delay > longest+time.Millisecond {
				t.Errorf("delay %d is %v, after %v", i+1, delay, before)
			}
			before = min(delay, longest/2) // at the cap, only jitter is left
		}
	})
}

func TestARefusedOrderIsRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, worker, _ := start(t, func(int) error { return errRefused })
		o := settled(t, s, place(t, s, worker))
		if o.State != order.Rejected || o.Reason != "over the limit" {
			t.Errorf("got %s, because %q", o.State, o.Reason)
		}
	})
}

func TestOneOrdersTroubleHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, worker, ledger := start(t, func(int) error { return errDown })
		stuck := place(t, s, worker)
		synctest.Wait()
		ledger.mu.Lock()
		ledger.answer = func(attempt int) error {
			if attempt > 1 {
				return errDown
			}
			return nil
		}
		ledger.mu.Unlock()
		for range 3 * parallel {
			if o := settled(t, s, place(t, s, worker)); o.State != order.Paid {
				t.Errorf("got %s", o.State)
			}
		}
		if o, err := s.Order(t.Context(), stuck); err != nil || o.State != order.Pending {
			t.Errorf("got %s (%v)", o.State, err)
		}
	})
}
