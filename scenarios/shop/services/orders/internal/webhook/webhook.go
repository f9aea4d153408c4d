// Package webhook tells the merchant what becomes of orders: each event at least once, the events
// of one order in their order, and signed.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"shop/orders/internal/defects"
	"shop/orders/internal/order"
	"shop/orders/internal/queue"
	"shop/orders/internal/store"
)

const (
	timeout = 2 * time.Second
	lease   = timeout + time.Second
)

// Message is the body of a webhook.
type Message struct {
	// ID is the same each time the event is told, and of no other event.
	ID string `json:"id"`
	order.Event
}

// Worker brings events to the merchant.
type Worker struct {
	*queue.Worker[store.Webhook]
	store    *store.Store
	source   *store.Webhooks
	merchant string
	key      []byte
	client   http.Client
	breaker  breaker
	mistakes defects.Set
}

// New prepares a worker that posts to merchant/hooks/STATE and signs with the key; Run runs it.
func New(s *store.Store, merchant string, key []byte, mistakes defects.Set) (*Worker, error) {
	if !strings.Contains(merchant, "://") {
		merchant = "http://" + merchant
	}
	if address, err := url.Parse(merchant); err != nil {
		return nil, err
	} else if address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return nil, fmt.Errorf("%s is no address of a merchant", merchant)
	}
	if len(key) == 0 {
		return nil, errors.New("webhooks are signed, and there is no key")
	}
	source := s.Webhooks()
	source.Unordered = mistakes.Has(defects.WebhookOrder)
	w := &Worker{store: s, source: source, merchant: strings.TrimSuffix(merchant, "/"), key: key, mistakes: mistakes}
	w.client = http.Client{
		Timeout:       timeout,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	w.Worker = queue.New(source, lease, w.deliver)
	return w, nil
}

// Run tells of events until the context ends, and returns when nothing is under way.
func (w *Worker) Run(ctx context.Context) {
	go func() {
		for ctx.Err() == nil {
			changes := w.store.Changes()
			w.Wake()
			select {
			case <-changes:
			case <-ctx.Done():
			}
		}
	}()
	w.Worker.Run(ctx)
}

// answer is what became of one attempt.
type answer struct {
	status int // 0 without one
	after  time.Duration
	err    error
}

// taken tells whether the merchant has the event.
func (a answer) taken() bool { return a.status/100 == 2 }

// final tells whether the merchant will never take it: the request itself is wrong.
func (a answer) final() bool {
	return a.status/100 == 4 && a.status != http.StatusRequestTimeout && a.status != http.StatusTooManyRequests
}

func (w *Worker) deliver(ctx context.Context, hook store.Webhook) {
	log := slog.With("span", "webhook", "order_id", hook.OrderID, "state", hook.State, "attempt", hook.Attempts)
	if until, open := w.breaker.open(time.Now()); open && !w.mistakes.Has(defects.CircuitNeverOpens) {
		if err := w.source.PutOff(ctx, hook, until, false); err != nil {
			log.ErrorContext(ctx, "cannot write the webhook", "error", err)
		}
		return
	}
	told := w.tell(ctx, hook)
	now := time.Now()
	w.breaker.heard(told.status != 0 && told.status < 500, now)

	refused := told.final() && !w.mistakes.Has(defects.WebhookRetriesRefused)
	var err error
	switch {
	case told.taken():
		log.InfoContext(ctx, "told", "status", told.status)
		err = w.source.Done(ctx, hook)
	case refused || w.mistakes.Has(defects.WebhookOnce):
		log.ErrorContext(ctx, "given up", "status", told.status, "error", told.err)
		err = w.source.Done(ctx, hook)
	default:
		delay := w.delay(hook.Attempts, told.after)
		log.WarnContext(ctx, "put off", "status", told.status, "error", told.err, "delay_ms", delay.Milliseconds())
		err = w.source.PutOff(ctx, hook, now.Add(delay), true)
	}
	if err != nil {
		// The claim runs out, and the webhook is sent again.
		log.ErrorContext(ctx, "cannot write the webhook", "error", err)
	}
}

// delay is the backoff after so many attempts, and never less than the merchant asks for.
func (w *Worker) delay(attempts int, asked time.Duration) time.Duration {
	if w.mistakes.Has(defects.WebhookRetryAfterIgnored) {
		asked = 0
	}
	return max(queue.Backoff(attempts), asked)
}

// tell sends a webhook once.
func (w *Worker) tell(ctx context.Context, hook store.Webhook) answer {
	id := fmt.Sprintf("%s-%d", hook.OrderID, hook.Seq)
	if w.mistakes.Has(defects.WebhookNewID) {
		id = order.NewID()
	}
	body, err := json.Marshal(Message{ID: id, Event: hook.Event})
	if err != nil {
		return answer{err: err}
	}
	signature := Sign(w.key, body)
	if w.mistakes.Has(defects.WebhookSignsOtherBytes) {
		body = append(body, '\n')
	}
	path := "/hooks/" + strings.ToLower(string(hook.State))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.merchant+path, bytes.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	request.Header.Set("Content-Type", "application/json")
	if !w.mistakes.Has(defects.WebhookUnsigned) {
		request.Header.Set("X-Signature", signature)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return answer{err: err}
	}
	response.Body.Close()
	return answer{status: response.StatusCode, after: retryAfter(response.Header, time.Now())}
}
