package api

import (
	"encoding/json"
	"net/http"
	"time"

	"shop/orders/internal/defects"
)

// enqueue puts a value at the end of a queue.
func (a *API) enqueue(w http.ResponseWriter, r *http.Request) error {
	wanted, text, err := readValue(w, r)
	if err != nil {
		return err
	}
	if err := a.store.Enqueue(r.Context(), r.PathValue("k"), text); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, wanted)
}

// dequeue takes the first value out of a queue; null when it is empty.
func (a *API) dequeue(w http.ResponseWriter, r *http.Request) error {
	text, err := a.take(r, r.PathValue("k"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, value{json.RawMessage(text)})
}

func (a *API) take(r *http.Request, queue string) (string, error) {
	last, twice := a.config.Defects.Has(defects.QueueLastFirst), a.config.Defects.Has(defects.QueueTakenTwice)
	if !last && !twice {
		return a.store.Dequeue(r.Context(), queue)
	}
	place, text, err := a.store.Head(r.Context(), queue, last)
	if err != nil {
		return "", err
	}
	if twice {
		time.Sleep(meanwhile)
	}
	return text, a.store.Remove(r.Context(), place)
}
