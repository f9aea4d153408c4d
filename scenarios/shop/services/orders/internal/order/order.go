// Package order knows what an order is and which orders the shop takes.
package order

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// State is how far an order has come.
type State string

// An order is Pending until the ledger has it on the books (Paid) or will not
// have it (Rejected), or until it is Cancelled.
const (
	Pending   State = "PENDING"
	Paid      State = "PAID"
	Rejected  State = "REJECTED"
	Cancelled State = "CANCELLED"
)

// Final tells whether the state will never change again.
func (s State) Final() bool { return s != Pending }

// Currency of every price.
const Currency = "EUR"

// Limits of one order.
const (
	MaxCustomer = 64
	MaxLines    = 100
	MaxQty      = 1000
	MaxNote     = 280
)

// Limits of one payment.
const (
	MaxPayment   Money = 10_000_00
	MaxReference       = 140
)

var prices = map[string]Money{
	"tea": 29_99,
	"mug": 12_50,
	"pot": 49_00,
}

// Order is what a customer bought.
type Order struct {
	ID        string    `json:"id"`
	Customer  string    `json:"customer"`
	State     State     `json:"state"`
	Total     Money     `json:"total"`
	Currency  string    `json:"currency"`
	Lines     []Line    `json:"lines"`
	CreatedAt time.Time `json:"created_at"`
	Note      string    `json:"note,omitempty"`
	// Reason is why the ledger rejected the order.
	Reason string `json:"reason,omitempty"`
}

// Line is so many of one article, at the price of one.
type Line struct {
	SKU   string `json:"sku"`
	Qty   int64  `json:"qty"`
	Price Money  `json:"price"`
}

// Draft is what a customer asks for.
type Draft struct {
	Customer string `json:"customer"`
	Lines    []struct {
		SKU string `json:"sku"`
		Qty int64  `json:"qty"`
	} `json:"lines"`
	Note Text `json:"note"`
}

// Text is a text that cannot be null: whoever has nothing to say leaves it out.
type Text string

// UnmarshalJSON reads a JSON string.
func (t *Text) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return errors.New("null is no text; leave it out instead")
	}
	return json.Unmarshal(data, (*string)(t))
}

// Event is one change of an order's state. Its Seq counts 1, 2, 3 per order.
type Event struct {
	Seq     int64     `json:"number"`
	OrderID string    `json:"order_id"`
	State   State     `json:"state"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at"`
}

// Refusal says why the shop does not take an order.
type Refusal struct {
	Code    string
	Message string
}

// Codes of refusals.
const (
	BadCustomer  = "BAD_CUSTOMER"
	NoLines      = "NO_LINES"
	UnknownSKU   = "UNKNOWN_SKU"
	BadQuantity  = "BAD_QUANTITY"
	TooMany      = "TOO_MANY"
	NoteTooLong  = "NOTE_TOO_LONG"
	BadAmount    = "BAD_AMOUNT"
	BadReference = "BAD_REFERENCE"
)

func (r *Refusal) Error() string { return r.Message }

func refuse(code, format string, args ...any) (Order, error) {
	return Order{}, &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

// New prices a draft. The error is a *Refusal.
func New(draft Draft, now time.Time) (Order, error) {
	if n := utf8.RuneCountInString(draft.Customer); n == 0 || n > MaxCustomer {
		return refuse(BadCustomer, "customer must have 1 to %d characters, not %d", MaxCustomer, n)
	}
	if err := SoundNote(draft.Note); err != nil {
		return Order{}, err
	}
	if len(draft.Lines) == 0 {
		return refuse(NoLines, "an order needs a line")
	}
	if len(draft.Lines) > MaxLines {
		return refuse(TooMany, "an order has at most %d lines", MaxLines)
	}
	order := Order{
		ID:        NewID(),
		Customer:  draft.Customer,
		State:     Pending,
		Currency:  Currency,
		CreatedAt: now.UTC().Truncate(time.Millisecond),
		Note:      string(draft.Note),
	}
	for _, line := range draft.Lines {
		price, known := prices[line.SKU]
		switch {
		case !known:
			return refuse(UnknownSKU, "the shop has no %q", line.SKU)
		case line.Qty <= 0:
			return refuse(BadQuantity, "%d of %s: must be above zero", line.Qty, line.SKU)
		case line.Qty > MaxQty:
			return refuse(TooMany, "%d of %s: at most %d", line.Qty, line.SKU, MaxQty)
		}
		order.Lines = append(order.Lines, Line{SKU: line.SKU, Qty: line.Qty, Price: price})
		order.Total += price * Money(line.Qty)
	}
	return order, nil
}

// SoundNote refuses a note that is too long. The error is a *Refusal.
func SoundNote(note Text) error {
	if utf8.RuneCountInString(string(note)) > MaxNote {
		_, err := refuse(NoteTooLong, "a note has at most %d characters", MaxNote)
		return err
	}
	return nil
}

// SoundPayment refuses an amount that nobody pays at once, and a reference that no statement of an
// account has room for. The error is a *Refusal.
func SoundPayment(amount Money, reference Text) (err error) {
	if amount <= 0 || amount > MaxPayment {
		_, err = refuse(BadAmount, "a payment is above zero and at most %s", MaxPayment)
	} else if utf8.RuneCountInString(string(reference)) > MaxReference {
		_, err = refuse(BadReference, "a reference has at most %d characters", MaxReference)
	}
	return err
}

// NewID draws a random UUID (version 4).
func NewID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
