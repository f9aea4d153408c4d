package api

import (
	"net/http"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"shop/orders/internal/ledgerpb"
)

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
