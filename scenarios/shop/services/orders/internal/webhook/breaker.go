package webhook

import (
	"sync"
	"time"
)

const (
	// enough failures one after the other open the circuit,
	enough = 5
	// and so long nobody is called.
	rest = time.Second
)

// breaker leaves a merchant alone that fails again and again. After each rest
// one attempt finds out whether it is well again.
type breaker struct {
	mu       sync.Mutex
	failures int
	until    time.Time
}

// open tells whether nobody is to be called now, and until when.
func (b *breaker) open(now time.Time) (until time.Time, open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < enough {
		return now, false
	}
	if now.Before(b.until) {
		return b.until, true
	}
	b.until = now.Add(rest) // this one tries, and the others wait for it
	return now, false
}

// heard tells what came of an attempt.
func (b *breaker) heard(well bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if well {
		b.failures = 0
		return
	}
	if b.failures++; b.failures >= enough {
		b.until = now.Add(rest)
	}
}
