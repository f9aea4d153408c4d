package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"

	"shop/orders/internal/defects"
)

// fingerprint tells whether two requests are the same: they go to the same place, and their bodies
// say the same in JSON. The order of fields and white space say nothing (RFC 8259, section 4).
func (a *API) fingerprint(r *http.Request, body []byte) []byte {
	if !a.config.Defects.Has(defects.ReorderedBodyRefused) {
		body = canonical(body)
	}
	digest := sha256.New()
	digest.Write([]byte(r.Method + " " + r.URL.Path + "\n"))
	digest.Write(body)
	return digest.Sum(nil)
}

// canonical writes a JSON value without white space and with its fields sorted; numbers stay as
// they were written. What the service would refuse anyway stays as it is.
func canonical(body []byte) []byte {
	if decode(body, new(json.RawMessage)) != nil {
		return body
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return body
	}
	sorted, err := json.Marshal(value) // maps are written in the order of their keys
	if err != nil {
		return body
	}
	return sorted
}
