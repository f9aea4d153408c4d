package outbox

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"shop/orders/internal/defects"
	"shop/orders/internal/order"
	"shop/orders/internal/store"
)

var (
	errDown    = errors.New("down")
	errRefused = errors.New("over the limit")
	errFull    = errors.New("come back later")
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

func (f *fake) PushedBack(err error) (time.Duration, bool) {
	if errors.Is(err, errFull) {
		return 10 * time.Second, true
	}
	return 0, false
}

func (f *fake) Refused(err error) (string, bool) {
	return err.Error(), errors.Is(err, errRefused) || status.Code(err) == codes.InvalidArgument
}

// start runs a worker over a store, on the bubble's clock.
func start(t *testing.T, mistakes defects.Set, answer func(attempt int) error) (*store.Store, *Worker, *fake) {
	t.Helper()
	s, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	ledger := &fake{answer: answer}
	worker := New(s, ledger, mistakes)
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
		s, worker, _ := start(t, nil, func(int) error { return nil })
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

// pauses are those between ten attempts at a posting that the ledger takes at the tenth.
func pauses(t *testing.T, mistakes defects.Set, trouble error) (pauses []time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		s, worker, ledger := start(t, mistakes, func(attempt int) error {
			if attempt < 10 {
				return trouble
			}
			return nil
		})
		if o := settled(t, s, place(t, s, worker)); o.State != order.Paid {
			t.Errorf("got %s", o.State)
		}
		for i, call := range ledger.calls[1:] {
			pauses = append(pauses, call.Sub(ledger.calls[i]))
		}
	})
	return pauses
}

// grows tells whether each pause is at least the one before, up to the cap, where only jitter is left.
func grows(pauses []time.Duration) bool {
	before := 50 * time.Millisecond
	for _, pause := range pauses {
		if pause < before-time.Millisecond || pause > 5*time.Second+time.Millisecond {
			return false
		}
		before = min(pause, 5*time.Second/2)
	}
	return true
}

func TestAPostingIsTriedAgainLaterAndLater(t *testing.T) {
	if got := pauses(t, nil, errDown); !grows(got) {
		t.Errorf("got %v", got)
	}
	if got := pauses(t, defects.Set{defects.RetryWithoutBackoff: true}, errDown); grows(got) {
		t.Errorf("the defect does not show in %v", got)
	}
}

func TestALedgerThatAsksForItIsLeftAlone(t *testing.T) {
	for mistake, kept := range map[defects.Name]bool{"": true, defects.PushbackIgnored: false} {
		for i, pause := range pauses(t, defects.Set{mistake: true}, errFull) {
			if alone := pause >= 10*time.Second-time.Millisecond; alone != kept {
				t.Errorf("%q: pause %d is %v", mistake, i, pause)
			}
		}
	}
}

func TestOnlyWhatIsFinalIsGivenUp(t *testing.T) {
	for _, example := range []struct {
		mistake  defects.Name
		code     codes.Code
		attempts int64
		state    order.State
	}{
		{"", codes.InvalidArgument, 1, order.Rejected},
		{defects.RetriesInvalid, codes.InvalidArgument, 3, order.Paid},
		{"", codes.Unavailable, 3, order.Paid},
		{defects.UnavailableIsFinal, codes.Unavailable, 1, order.Rejected},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, worker, _ := start(t, defects.Set{example.mistake: true}, func(attempt int) error {
				if attempt < 3 {
					return status.Error(example.code, "because")
				}
				return nil
			})
			o := settled(t, s, place(t, s, worker))
			if o.State != example.state || worker.Attempts() != example.attempts {
				t.Errorf("%+v: got %s after %d", example, o.State, worker.Attempts())
			}
		})
	}
}

func TestARefusedOrderIsRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, worker, _ := start(t, nil, func(int) error { return errRefused })
		o := settled(t, s, place(t, s, worker))
		if o.State != order.Rejected || o.Reason != "over the limit" {
			t.Errorf("got %s, because %q", o.State, o.Reason)
		}
	})
}

func TestOneOrdersTroubleHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, worker, ledger := start(t, nil, func(int) error { return errDown })
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
		for range 48 {
			if o := settled(t, s, place(t, s, worker)); o.State != order.Paid {
				t.Errorf("got %s", o.State)
			}
		}
		if o, err := s.Order(t.Context(), stuck); err != nil || o.State != order.Pending {
			t.Errorf("got %s (%v)", o.State, err)
		}
	})
}
