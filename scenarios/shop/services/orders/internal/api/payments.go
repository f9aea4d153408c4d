package api

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"shop/orders/internal/defects"
	"shop/orders/internal/order"
	"shop/orders/internal/store"
)

// A payment is answered within that time: the ledger is told so, too.
const paymentTimeout = 2 * time.Second

// payOrder brings a payment to the ledger while the caller waits. Money moves, so a key is needed.
func (a *API) payOrder(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxJSON)
	if err != nil {
		return err
	}
	scope, err := a.scopeOf(r)
	if err != nil {
		return err
	}
	if scope.key == "" {
		if !a.config.Defects.Has(defects.MissingKeyAccepted) {
			return fail(http.StatusBadRequest, "KEY_MISSING", "a payment needs an Idempotency-Key")
		}
		scope.key = order.NewID()
	}
	return a.once(w, r, scope, body, func(reply *store.Reply) error { return a.pay(w, r, body, reply) })
}

// pay brings a payment to the ledger, fills in the reply and saves both.
func (a *API) pay(w http.ResponseWriter, r *http.Request, body []byte, reply *store.Reply) error {
	var wanted struct {
		Amount    order.Money `json:"amount"`
		Reference order.Text  `json:"reference"`
	}
	if err := decode(body, &wanted); err != nil {
		return err
	}
	if err := order.SoundPayment(wanted.Amount, wanted.Reference); err != nil {
		return err
	}
	o, err := a.order(r)
	if err != nil {
		return err
	}
	if o.State == order.Cancelled || o.State == order.Rejected {
		return fail(http.StatusConflict, "NOT_PAYABLE", "the order is %s", o.State)
	}
	// A payment that was begun under this key may be on the books: it keeps its id.
	payment, err := a.store.BeginPayment(r.Context(), store.Payment{
		ID: order.NewID(), OrderID: o.ID, Amount: wanted.Amount, Reference: string(wanted.Reference),
		CreatedAt: time.Now().UTC().Truncate(time.Millisecond),
	}, *reply)
	if err != nil {
		return err
	}
	reply.Status = http.StatusCreated
	if reply.Body, err = json.Marshal(payment); err != nil {
		return err
	}
	if a.config.Defects.Has(defects.ResponseBeforeEffect) {
		reply.Overwrite = true
		if err := a.store.SaveReply(r.Context(), *reply, time.Now()); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), paymentTimeout)
	defer cancel()
	err = a.ledger.Post(ctx, store.Posting{
		OrderID: o.ID, Kind: store.Paid, Customer: o.Customer, Amount: payment.Amount, Currency: payment.Currency,
		PaymentID: payment.ID,
	})
	// From here on the ledger's word counts, also when the caller no longer listens.
	ctx = context.WithoutCancel(r.Context())
	if err != nil {
		return a.unpaid(ctx, w, payment, err)
	}
	return a.store.FinishPayment(ctx, payment, *reply, time.Now())
}

// unpaid says in the terms of HTTP why the ledger does not have a payment, or may not have it.
func (a *API) unpaid(ctx context.Context, w http.ResponseWriter, payment store.Payment, err error) error {
	if reason, refused := a.ledger.Refused(err); refused {
		if err := a.store.RefusePayment(ctx, payment); err != nil {
			return err
		}
		return fail(http.StatusUnprocessableEntity, "REFUSED", "%s", reason)
	}
	after, said := a.ledger.PushedBack(err)
	if !said {
		after = time.Second
	}
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(after.Seconds())))))
	if status.Code(err) == codes.DeadlineExceeded {
		return fail(http.StatusGatewayTimeout, "LEDGER_TIMEOUT", "the ledger did not answer in time; come again with the same key")
	}
	return fail(http.StatusServiceUnavailable, "LEDGER", "the ledger did not answer: %s", status.Convert(err).Message())
}

func (a *API) listPayments(w http.ResponseWriter, r *http.Request) error {
	o, err := a.order(r)
	if err != nil {
		return err
	}
	payments, err := a.store.Payments(r.Context(), o.ID)
	if err != nil {
		return fmt.Errorf("payments of %s: %w", o.ID, err)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"items": payments})
}
