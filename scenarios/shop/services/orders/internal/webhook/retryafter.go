package webhook

import (
	"net/http"
	"strconv"
	"time"
)

// No merchant is left alone longer than that, whatever it asks for.
const patience = time.Hour

// retryAfter is how long a merchant wants to be left alone: seconds or a date (RFC 9110, section
// 10.2.3). It is zero when the merchant does not say, or says it in another way.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, patience)
	}
	if date, err := http.ParseTime(text); err == nil {
		return min(max(date.Sub(now), 0), patience)
	}
	return 0
}
