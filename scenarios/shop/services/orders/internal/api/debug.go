package api

import (
	"bytes"
	"encoding/json"
	"net/http"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"shop/orders/internal/ledgerpb"
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

// inJSON writes messages with the names of the contract, and every field that
// cannot be absent.
var inJSON = protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}

// kitchen takes a ledger.v1.Kitchen in JSON, has the ledger send it back, and
// answers that in JSON.
func (a *API) kitchen(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxJSON)
	if err != nil {
		return err
	}
	var sent ledgerpb.Kitchen
	if err := protojson.Unmarshal(body, &sent); err != nil {
		return badRequest("%v", err)
	}
	back, err := a.ledger.Echo(r.Context(), &sent)
	if err != nil {
		return fail(http.StatusBadGateway, "LEDGER", "the ledger did not answer: %s", status.Convert(err).Message())
	}
	text, err := inJSON.Marshal(back)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, "application/json", text)
}
