package api

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// value is what a register holds: any JSON value.
type value struct {
	Value json.RawMessage `json:"value"`
}

func (a *API) readRegister(w http.ResponseWriter, r *http.Request) error {
	text, err := a.store.Register(r.Context(), r.PathValue("k"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, value{json.RawMessage(text)})
}

func (a *API) writeRegister(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxJSON)
	if err != nil {
		return err
	}
	var wanted value
	if err := decode(body, &wanted); err != nil {
		return err
	}
	text, err := compact("value", wanted.Value)
	if err != nil {
		return err
	}
	if err := a.store.SetRegister(r.Context(), r.PathValue("k"), text); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, wanted)
}

func (a *API) swapRegister(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxJSON)
	if err != nil {
		return err
	}
	var swap struct {
		Old json.RawMessage `json:"old"`
		New json.RawMessage `json:"new"`
	}
	if err := decode(body, &swap); err != nil {
		return err
	}
	before, err := compact("old", swap.Old)
	if err != nil {
		return err
	}
	after, err := compact("new", swap.New)
	if err != nil {
		return err
	}
	if err := a.store.SwapRegister(r.Context(), r.PathValue("k"), before, after); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, value{swap.New})
}

// compact removes the white space from a field, which must be there.
func compact(field string, text json.RawMessage) (string, error) {
	if text == nil {
		return "", badRequest("%s is missing", field)
	}
	var compacted bytes.Buffer
	err := json.Compact(&compacted, text)
	return compacted.String(), err
}

// echo answers what it was sent, byte for byte.
func (a *API) echo(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxUpload)
	if err != nil {
		return err
	}
	w.Header()["Content-Type"] = r.Header["Content-Type"] // none stays none
	_, _ = w.Write(body)                                  // a caller who is gone needs no answer
	return nil
}
