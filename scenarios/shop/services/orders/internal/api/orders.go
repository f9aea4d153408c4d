package api

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"shop/orders/internal/defects"
	"shop/orders/internal/order"
	"shop/orders/internal/store"
	"shop/orders/internal/trace"
)

const (
	defaultPage = 20
	largestPage = 100
)

func (a *API) placeOrder(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxJSON)
	if err != nil {
		return err
	}
	scope, err := a.scopeOf(r)
	if err != nil {
		return err
	}
	if scope.key != "" {
		return a.once(w, r, scope, body, func(reply *store.Reply) error { return a.place(r, body, reply, reply) })
	}
	var reply store.Reply
	if err := a.place(r, body, &reply, nil); err != nil {
		return err
	}
	return writeReply(w, reply)
}

// place takes an order, fills in the reply and, unless saved is nil, saves it too.
func (a *API) place(r *http.Request, body []byte, reply, saved *store.Reply) error {
	var draft order.Draft
	if err := decode(body, &draft); err != nil {
		return err
	}
	o, err := order.New(draft, time.Now())
	if err != nil {
		return err
	}
	reply.Status = http.StatusCreated
	reply.Location = "/v1/orders/" + o.ID
	if reply.Body, err = json.Marshal(o); err != nil {
		return err
	}
	if err := a.store.Place(r.Context(), o, trace.Traceparent(r.Context()), saved); err != nil {
		return err
	}
	a.placed.Add(1)
	a.worker.Wake()
	return nil
}

func (a *API) getOrder(w http.ResponseWriter, r *http.Request) error {
	o, err := a.order(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, o)
}

func (a *API) cancelOrder(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := a.store.Cancel(r.Context(), id, time.Now()); err != nil {
		return unknownOrder(err, id)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) movedOrder(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/v1/orders/"+url.PathEscape(r.PathValue("id")), http.StatusPermanentRedirect)
	return nil
}

func (a *API) listOrders(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	limit := defaultPage
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > largestPage {
			return badRequest("limit must be 1 to %d", largestPage)
		}
		limit = n
	}
	cursor, err := readCursor(query.Get("cursor"))
	if err != nil {
		return err
	}
	orders, next, err := a.store.Orders(r.Context(), query.Get("customer"), cursor, limit)
	if err != nil {
		return err
	}
	if next != 0 {
		query.Set("cursor", writeCursor(next))
		w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.Path, query.Encode()))
	}
	if a.config.Defects.Has(defects.OrdersOfReplica) && a.listed.Add(1)%2 == 0 {
		orders = slices.DeleteFunc(orders, func(o order.Order) bool { return time.Since(o.CreatedAt) < 300*time.Millisecond })
	}
	body, err := json.Marshal(map[string]any{"items": orders})
	if err != nil {
		return err
	}
	if body, err = compressed(w, r, body); err != nil {
		return err
	}
	return write(w, http.StatusOK, "application/json", body)
}

// A cursor is opaque to callers, so that they do not build upon what is in it.
func writeCursor(seq int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(seq, 10)))
}

func readCursor(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		var seq int64
		if seq, err = strconv.ParseInt(string(text), 10, 64); err == nil {
			return seq, nil
		}
	}
	return 0, badRequest("cursor must come from a Link of this service")
}

// streamEvents sends the states an order had and those to come, up to its last.
func (a *API) streamEvents(w http.ResponseWriter, r *http.Request) error {
	var sent int64
	if text := r.Header.Get("Last-Event-ID"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return badRequest("Last-Event-ID must be the id of an event")
		}
		sent = n
	}
	stream := http.NewResponseController(w)
	for {
		changes := a.store.Changes()
		o, err := a.order(r)
		if err != nil {
			return err
		}
		events, err := a.store.Events(r.Context(), o.ID, sent)
		if err != nil {
			return err
		}
		events = a.mistaken(events)
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		for _, event := range events {
			data, err := json.Marshal(event)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "id: %d\nevent: state\ndata: %s\n\n", event.Seq, data)
			sent = max(sent, event.Seq)
		}
		if a.config.Defects.Has(defects.EventsRepeated) {
			sent = 0
		}
		if err := stream.Flush(); err != nil {
			return nil // the caller is gone
		}
		if o.State.Final() {
			return nil
		}
		select {
		case <-changes:
		case <-a.stopping:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// mistaken is the events that come together as a mistake sends them.
func (a *API) mistaken(events []order.Event) []order.Event {
	switch {
	case len(events) > 1 && a.config.Defects.Has(defects.EventsSkipped):
		return events[len(events)-1:]
	case a.config.Defects.Has(defects.EventsReordered):
		slices.Reverse(events)
	}
	return events
}

func (a *API) order(r *http.Request) (order.Order, error) {
	id := r.PathValue("id")
	o, err := a.store.Order(r.Context(), id)
	return o, unknownOrder(err, id)
}

func unknownOrder(err error, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fail(http.StatusNotFound, "E404", "there is no order %s", id)
	}
	return err
}
