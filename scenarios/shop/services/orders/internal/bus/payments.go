package bus

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"

	"shop/orders/internal/order"
	"shop/orders/internal/queue"
	"shop/orders/internal/store"
)

// Books is where payments are posted.
type Books interface {
	Post(ctx context.Context, p store.Posting) error
	Refused(err error) (reason string, refused bool)
}

// Payment is the body of payments.received.
type Payment struct {
	ID      string      `json:"id"`
	OrderID string      `json:"order_id"`
	Amount  order.Money `json:"amount"`
}

// hear posts every payment that comes, and confirms it when it is on the books. One that comes again
// is posted under the same id, which the ledger writes once.
func (w *Worker) hear(ctx context.Context) (jetstream.ConsumeContext, error) {
	consumer, err := w.js.CreateOrUpdateConsumer(ctx, "PAYMENTS", jetstream.ConsumerConfig{
		Durable: "orders", AckPolicy: jetstream.AckExplicitPolicy, FilterSubject: "payments.received",
		AckWait: 2 * timeout,
	})
	if err != nil {
		return nil, err
	}
	return consumer.Consume(func(message jetstream.Msg) {
		attempt := 1
		if origin, err := message.Metadata(); err == nil {
			attempt = int(origin.NumDelivered)
		}
		var err error
		switch again, failed := w.book(ctx, message.Data(), attempt); {
		case failed == nil:
			err = message.Ack()
		case again:
			slog.WarnContext(ctx, "payment put off", "error", failed, "attempt", attempt)
			err = message.NakWithDelay(queue.Backoff(attempt))
		default:
			slog.ErrorContext(ctx, "payment given up", "error", failed)
			err = message.Term()
		}
		if err != nil {
			// It comes again.
			slog.WarnContext(ctx, "payment not confirmed", "error", err)
		}
	})
}

// book posts a payment; when that fails, it tells whether it is worth another attempt.
func (w *Worker) book(ctx context.Context, body []byte, attempt int) (again bool, err error) {
	var payment Payment
	if err := json.Unmarshal(body, &payment); err != nil {
		return false, err
	}
	if payment.ID == "" {
		return false, errors.New("a payment without an id cannot be told from another")
	}
	if err := order.SoundPayment(payment.Amount, ""); err != nil {
		return false, err
	}
	paid, err := w.store.Order(ctx, payment.OrderID)
	if err != nil {
		return !errors.Is(err, store.ErrNotFound), err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err = w.books.Post(ctx, store.Posting{
		OrderID: paid.ID, Kind: store.Paid, Customer: paid.Customer, Amount: payment.Amount,
		Currency: paid.Currency, PaymentID: payment.ID, Attempts: attempt,
	})
	_, refused := w.books.Refused(err)
	return !refused, err
}
