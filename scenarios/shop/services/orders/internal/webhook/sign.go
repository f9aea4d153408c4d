package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Sign is the value of X-Signature: the HMAC (RFC 2104) with SHA-256 of the whole body, in
// lower-case hexadecimal digits.
func Sign(key, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
