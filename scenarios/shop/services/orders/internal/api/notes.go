package api

import (
	"net/http"

	"shop/orders/internal/defects"
	"shop/orders/internal/order"
)

// putNote gives an order another note. Doing so again changes nothing.
func (a *API) putNote(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxJSON)
	if err != nil {
		return err
	}
	var wanted struct {
		Note *order.Text `json:"note"`
	}
	if err := decode(body, &wanted); err != nil {
		return err
	}
	if wanted.Note == nil {
		return badRequest("note is missing")
	}
	o, err := a.order(r)
	if err != nil {
		return err
	}
	if a.config.Defects.Has(defects.NoteAppended) {
		*wanted.Note = order.Text(o.Note) + *wanted.Note
	}
	if err := order.SoundNote(*wanted.Note); err != nil {
		return err
	}
	if o, err = a.store.SetNote(r.Context(), o.ID, string(*wanted.Note)); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, o)
}

// deleteNote takes the note off an order, or finds that there is none.
func (a *API) deleteNote(w http.ResponseWriter, r *http.Request) error {
	o, err := a.order(r)
	if err != nil {
		return err
	}
	if o.Note == "" && a.config.Defects.Has(defects.NoteGone) {
		return fail(http.StatusNotFound, "E404", "the order has no note")
	}
	if _, err := a.store.SetNote(r.Context(), o.ID, ""); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
