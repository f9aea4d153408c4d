package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"shop/orders/internal/defects"
	"shop/orders/internal/ledgerpb"
	"shop/orders/internal/order"
	"shop/orders/internal/store"
)

// shop is the API on a port of its own, with nobody at work behind it.
type shop struct {
	*testing.T
	api   *API
	store *store.Store
	url   string
	http  http.Client
	woken int
	down  error
	// posted are the postings that the ledger took, and full is what it says instead.
	posted []store.Posting
	full   error
}

func (s *shop) Post(_ context.Context, p store.Posting) error {
	if s.full == nil {
		s.posted = append(s.posted, p)
	}
	return s.full
}
func (s *shop) Refused(err error) (string, bool) {
	return status.Convert(err).Message(), status.Code(err) == codes.InvalidArgument
}
func (s *shop) PushedBack(err error) (time.Duration, bool) {
	return 1500 * time.Millisecond, status.Code(err) == codes.ResourceExhausted
}
func (s *shop) Wake()                      { s.woken++ }
func (s *shop) Attempts() int64            { return 7 }
func (s *shop) Ping(context.Context) error { return s.down }
func (s *shop) Echo(_ context.Context, kitchen *ledgerpb.Kitchen) (*ledgerpb.Kitchen, error) {
	return kitchen, s.down
}

func open(t *testing.T, mistakes ...defects.Name) *shop {
	t.Helper()
	config := Config{KeysExpire: time.Hour, Defects: defects.Set{}}
	for _, name := range mistakes {
		config.Defects[name] = true
	}
	database, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { database.Close() })
	s := &shop{T: t, store: database}
	s.api = New(database, s, s, config)
	server := httptest.NewServer(s.api.Handler())
	t.Cleanup(server.Close)
	s.url = server.URL
	s.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body string
}

// code is what the answer says went wrong.
func (a answer) code() string {
	var p problem
	_ = json.Unmarshal([]byte(a.body), &p)
	return p.Code
}

// send sends a request; headers are names and values in turn.
func (s *shop) send(method, path, body string, headers ...string) answer {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for pair := range slices.Chunk(headers, 2) {
		request.Header.Add(pair[0], pair[1])
	}
	response, err := s.http.Do(request)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer{response, string(text)}
}

// expect fails the test unless the answer has the status and the code.
func (s *shop) expect(a answer, status int, code string) {
	s.Helper()
	if a.StatusCode != status || a.code() != code {
		s.Errorf("got %d %q, want %d %q: %s", a.StatusCode, a.code(), status, code, a.body)
	}
}

const twoTeas = `{"customer": "alice", "lines": [{"sku": "tea", "qty": 2}]}`

func (s *shop) place(customer string) order.Order {
	s.Helper()
	a := s.send("POST", "/v1/orders", strings.Replace(twoTeas, "alice", customer, 1))
	s.expect(a, http.StatusCreated, "")
	var o order.Order
	if err := json.Unmarshal([]byte(a.body), &o); err != nil {
		s.Fatal(err)
	}
	return o
}

func TestAnOrderIsTaken(t *testing.T) {
	s := open(t)
	a := s.send("POST", "/v1/orders", `{"customer": "alice", "lines": [{"sku": "tea", "qty": 2}], "note": "grüße"}`)
	s.expect(a, http.StatusCreated, "")
	for _, want := range []string{`"total":59.98`, `"state":"PENDING"`, `"currency":"EUR"`, `"price":29.99`, `"note":"grüße"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("%s lacks %s", a.body, want)
		}
	}
	if again := s.send("GET", a.Header.Get("Location"), ""); again.StatusCode != http.StatusOK || again.body != a.body {
		t.Errorf("got %s, want %s", again.body, a.body)
	}
	if s.woken != 1 {
		t.Errorf("the worker was woken %d times", s.woken)
	}
}

func TestABadOrderIsRefused(t *testing.T) {
	s := open(t)
	lines := func(line string) string { return `{"customer": "alice", "lines": [` + line + `]}` }
	for _, bad := range []struct {
		body   string
		status int
		code   string
	}{
		{`{`, 400, "BAD_REQUEST"},
		{twoTeas + `{}`, 400, "BAD_REQUEST"},
		{`{"client": "alice"}`, 400, "BAD_REQUEST"},
		{lines(`{"sku": "tea", "qty": 1.5}`), 400, "BAD_REQUEST"},
		{lines(`{"sku": "tea", "qty": 0}`), 422, "BAD_QUANTITY"},
		{lines(`{"sku": "tea", "qty": 10000}`), 413, "TOO_MANY"},
		{lines(`{"sku": "cup", "qty": 1}`), 422, "UNKNOWN_SKU"},
		{lines(``), 422, "NO_LINES"},
		{strings.Repeat(" ", maxJSON) + twoTeas, 413, "TOO_LARGE"},
	} {
		// The key is free again after each: a refusal saves nothing.
		s.expect(s.send("POST", "/v1/orders", bad.body, "Idempotency-Key", "k"), bad.status, bad.code)
	}
	s.expect(s.send("POST", "/v1/orders", twoTeas, "Idempotency-Key", "k"), http.StatusCreated, "")
	s.expect(s.send("GET", "/v1/orders/nope", ""), http.StatusNotFound, "E404")
}

func TestOrdersAreListedInPages(t *testing.T) {
	s := open(t)
	var want, got []string
	for range 5 {
		want = append(want, s.place("alice").ID)
		s.place("bob")
	}
	pages := 0
	for path := "/v1/orders?customer=alice&limit=2"; path != ""; pages++ {
		a := s.send("GET", path, "")
		s.expect(a, http.StatusOK, "")
		var page struct{ Items []order.Order }
		if err := json.Unmarshal([]byte(a.body), &page); err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Items {
			got = append(got, o.ID)
		}
		path, _ = strings.CutPrefix(a.Header.Get("Link"), "<")
		path, _ = strings.CutSuffix(path, `>; rel="next"`)
	}
	if !slices.Equal(got, want) || pages != 3 {
		t.Errorf("got %v on %d pages, want %v on 3", got, pages, want)
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=x", "cursor=!", "cursor=eA"} {
		s.expect(s.send("GET", "/v1/orders?"+query, ""), http.StatusBadRequest, "BAD_REQUEST")
	}
}

func TestAListIsCompressedForThoseWhoTakeIt(t *testing.T) {
	s := open(t)
	s.place("alice")
	plain := s.send("GET", "/v1/orders", "", "Accept-Encoding", "br, gzip;q=0")
	if plain.Header.Get("Content-Encoding") != "" {
		t.Error("compressed against the caller's wish")
	}
	packed := s.send("GET", "/v1/orders", "", "Accept-Encoding", "br;q=0.1, gzip;q=0.5")
	if packed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal("not compressed")
	}
	unpacked, err := gzip.NewReader(strings.NewReader(packed.body))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(unpacked); err != nil || string(text) != plain.body {
		t.Errorf("got %s (%v), want %s", text, err, plain.body)
	}
}

func TestAnOrderIsCancelledUntilItIsPaid(t *testing.T) {
	s := open(t)
	pending, paid := s.place("alice"), s.place("alice")
	for range 2 {
		s.expect(s.send("DELETE", "/v1/orders/"+pending.ID, ""), http.StatusNoContent, "")
	}
	if got := s.send("GET", "/v1/orders/"+pending.ID, ""); !strings.Contains(got.body, `"state":"CANCELLED"`) {
		t.Errorf("got %s", got.body)
	}
	if err := s.store.Settle(t.Context(), store.Posting{OrderID: paid.ID, Kind: store.Placed}, time.Now()); err != nil {
		t.Fatal(err)
	}
	s.expect(s.send("DELETE", "/v1/orders/"+paid.ID, ""), http.StatusConflict, "SETTLED")
	s.expect(s.send("DELETE", "/v1/orders/nope", ""), http.StatusNotFound, "E404")
}

func TestEventsComeAsTheyHappen(t *testing.T) {
	s := open(t)
	o := s.place("alice")
	response, err := http.Get(s.url + "/v1/orders/" + o.ID + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	stream := bufio.NewScanner(response.Body)
	next := func() (event string) {
		for stream.Scan() && stream.Text() != "" {
			event += stream.Text() + "\n"
		}
		return event
	}
	if got := next(); !strings.HasPrefix(got, "id: 1\nevent: state\ndata: {") || !strings.Contains(got, `"state":"PENDING"`) {
		t.Errorf("got %s", got)
	}
	if err := s.store.Reject(t.Context(), store.Posting{OrderID: o.ID}, "over the limit", time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := next(); !strings.HasPrefix(got, "id: 2\n") || !strings.Contains(got, `"state":"REJECTED","reason":"over the limit"`) {
		t.Errorf("got %s", got)
	}
	if stream.Scan() {
		t.Errorf("the stream goes on: %s", stream.Text())
	}

	resumed := s.send("GET", "/v1/orders/"+o.ID+"/events", "", "Last-Event-ID", "1")
	if strings.Count(resumed.body, "event: state") != 1 || !strings.HasPrefix(resumed.body, "id: 2\n") {
		t.Errorf("got %s", resumed.body)
	}
	s.expect(s.send("GET", "/v1/orders/nope/events", ""), http.StatusNotFound, "E404")
}

func TestStreamsEndWithTheService(t *testing.T) {
	s := open(t)
	o := s.place("alice")
	s.api.EndStreams()
	if got := s.send("GET", "/v1/orders/"+o.ID+"/events", ""); strings.Count(got.body, "event: state") != 1 {
		t.Errorf("got %s", got.body)
	}
}

func TestAnOldAddressLeadsToTheNew(t *testing.T) {
	s := open(t)
	a := s.send("GET", "/old/orders/a%2Fb", "")
	if a.StatusCode != http.StatusPermanentRedirect || a.Header.Get("Location") != "/v1/orders/a%2Fb" {
		t.Errorf("got %d to %s", a.StatusCode, a.Header.Get("Location"))
	}
}

func TestALoginIsRemembered(t *testing.T) {
	s := open(t)
	s.http.Jar, _ = cookiejar.New(nil)
	s.expect(s.send("GET", "/v1/me", ""), http.StatusUnauthorized, "UNAUTHENTICATED")

	form := func(password string) string {
		return url.Values{"user": {"alice"}, "password": {password}}.Encode()
	}
	const kind = "application/x-www-form-urlencoded"
	s.expect(s.send("POST", "/v1/login", form("x"), "Content-Type", kind), http.StatusUnauthorized, "BAD_CREDENTIALS")
	s.expect(s.send("POST", "/v1/login", "{}"), http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
	login := s.send("POST", "/v1/login", form("wonderland"), "Content-Type", kind)
	s.expect(login, http.StatusOK, "")
	var session struct{ Token string }
	if err := json.Unmarshal([]byte(login.body), &session); err != nil {
		t.Fatal(err)
	}
	if got := s.send("GET", "/v1/me", ""); got.body != `{"user":"alice"}` {
		t.Errorf("by cookie: got %s", got.body)
	}
	s.http.Jar = nil
	for credentials, status := range map[string]int{
		"Bearer " + session.Token: 200, "Bearer x": 401,
		"Basic YWxpY2U6d29uZGVybGFuZA==": 200, "Basic YWxpY2U6eA==": 401, "x": 401,
	} {
		if got := s.send("GET", "/v1/me", "", "Authorization", credentials); got.StatusCode != status {
			t.Errorf("%s: got %d, want %d", credentials, got.StatusCode, status)
		}
	}
}

func TestAttachmentsAreDescribed(t *testing.T) {
	s := open(t)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("photo", "a.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write([]byte("abc"))
	_ = form.WriteField("note", "hello")
	form.Close()
	a := s.send("POST", "/v1/attachments", body.String(), "Content-Type", form.FormDataContentType())
	s.expect(a, http.StatusOK, "")
	var got []attachment
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err)
	}
	want := attachment{"photo", "a.png", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "application/octet-stream"}
	if len(got) != 2 || got[0] != want || got[1].Name != "note" || got[1].Size != 5 {
		t.Errorf("got %+v", got)
	}
	s.expect(s.send("POST", "/v1/attachments", "x"), http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
	s.expect(s.send("POST", "/v1/attachments", "x", "Content-Type", "multipart/form-data; boundary=b"), http.StatusBadRequest, "BAD_REQUEST")
}

func TestRegistersAreReadWrittenAndSwapped(t *testing.T) {
	s := open(t)
	const path = "/debug/registers/a"
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", path, ``, 200, `{"value":null}`},
		{"POST", path + "/cas", `{"old": null, "new": 1}`, 200, `{"value":1}`},
		{"POST", path + "/cas", `{"old": 2, "new": 3}`, 409, ``},
		{"PUT", path, `{"value": [1, "x"]}`, 200, `{"value":[1,"x"]}`},
		{"POST", path + "/cas", `{"old": [1,"x"], "new": 4}`, 200, `{"value":4}`},
		{"GET", path, ``, 200, `{"value":4}`},
		{"PUT", path, `{}`, 400, ``},
	} {
		a := s.send(step.method, step.path, step.body)
		if a.StatusCode != step.status || step.want != "" && a.body != step.want {
			t.Errorf("%s %s: got %d %s, want %d %s", step.method, step.body, a.StatusCode, a.body, step.status, step.want)
		}
	}
}

func TestWhatComesFirstIntoAQueueIsTakenFirst(t *testing.T) {
	for mistake, want := range map[defects.Name][3]string{
		"":                     {`1`, `"two"`, `null`},
		defects.QueueLastFirst: {`"two"`, `1`, `null`},
	} {
		s := open(t, mistake)
		s.expect(s.send("POST", "/debug/queues/a", `{"value": 1}`), http.StatusCreated, "")
		s.expect(s.send("POST", "/debug/queues/a", `{"value": "two"}`), http.StatusCreated, "")
		s.expect(s.send("POST", "/debug/queues/b", `{"value": 3}`), http.StatusCreated, "")
		for _, value := range want {
			if a := s.send("POST", "/debug/queues/a/take", ""); a.body != `{"value":`+value+`}` {
				t.Errorf("%q: got %s, want %s", mistake, a.body, value)
			}
		}
	}
	s := open(t)
	s.expect(s.send("POST", "/debug/queues/a", `{}`), http.StatusBadRequest, "BAD_REQUEST")
}

func TestTransactionsReadAndAppend(t *testing.T) {
	for _, mistake := range []defects.Name{"", defects.TransactionSkew, defects.TransactionLost, defects.TransactionDirty} {
		s := open(t, mistake) // alone, none of these mistakes shows
		for _, step := range [][2]string{
			{`{"ops": [["append", "a", 1], ["r", "a", null], ["append", "b", 2]]}`, `{"ops":[["append","a",1],["r","a",[1]],["append","b",2]]}`},
			{`{"ops": [["append", "a", 3], ["append", "b", 4]], "abort": true}`, ``},
			{`{"ops": [["r", "a", null], ["r", "b", null], ["r", "c", null]]}`, `{"ops":[["r","a",[1]],["r","b",[2]],["r","c",[]]]}`},
		} {
			a := s.send("POST", "/debug/lists", step[0])
			if step[1] == "" {
				s.expect(a, http.StatusConflict, "ABORTED")
			} else if a.StatusCode != http.StatusOK || a.body != step[1] {
				t.Errorf("%q: %s: got %d %s", mistake, step[0], a.StatusCode, a.body)
			}
		}
	}
	s := open(t)
	for _, body := range []string{`{}`, `{"ops": [["r", "a"]]}`, `{"ops": [["w", "a", 1]]}`, `{"ops": [["r", "a", 1]]}`, `{"ops": [["append", "a", null]]}`} {
		s.expect(s.send("POST", "/debug/lists", body), http.StatusBadRequest, "BAD_REQUEST")
	}
}

func TestEchoKeepsEveryByte(t *testing.T) {
	s := open(t)
	for _, kind := range []string{"application/json", "application/octet-stream", ""} {
		var headers []string
		if kind != "" {
			headers = []string{"Content-Type", kind}
		}
		body := "{\"n\": 1.50,\x00\xff}"
		if a := s.send("POST", "/debug/echo", body, headers...); a.body != body || a.Header.Get("Content-Type") != kind {
			t.Errorf("got %q as %q, want %q as %q", a.body, a.Header.Get("Content-Type"), body, kind)
		}
	}
}

func TestAKitchenComesBackAsItsJSON(t *testing.T) {
	s := open(t)
	for _, field := range []string{
		`"int64":"9007199254740993"`, `"uint64":"18446744073709551615"`, `"double":"NaN"`, `"bytes":"AP8="`,
		`"course":7`, `"course":"DESSERT"`, `"optional_string":""`, `"optional_int32":0`, `"nested":{`,
		`"numbers":[1,-1]`, `"string":"e\u0301"`, `"int64_value":"-1"`, `"value":null`,
	} {
		body := "{" + field + "}"
		if strings.HasSuffix(field, "{") {
			body = `{"nested":{}}`
		}
		a := s.send("POST", "/debug/kitchen", body)
		got := strings.ReplaceAll(a.body, " ", "")
		if want := strings.ReplaceAll(field, `\u0301`, "\u0301"); a.StatusCode != 200 || !strings.Contains(got, want) {
			t.Errorf("%s: got %d %s", field, a.StatusCode, a.body)
		}
	}
	s.expect(s.send("POST", "/debug/kitchen", `{"int46":"1"}`), http.StatusBadRequest, "BAD_REQUEST")
	s.down = errors.New("refused")
	s.expect(s.send("POST", "/debug/kitchen", `{}`), http.StatusBadGateway, "LEDGER")
}

func TestHealthAndFigures(t *testing.T) {
	s := open(t)
	s.place("alice")
	if a := s.send("GET", "/healthz", ""); a.StatusCode != 200 || a.body != `{"status":"ok"}` {
		t.Errorf("got %d %s", a.StatusCode, a.body)
	}
	s.expect(s.send("GET", "/readyz", ""), http.StatusOK, "")
	s.down = errors.New("refused")
	s.expect(s.send("GET", "/readyz", ""), http.StatusServiceUnavailable, "NOT_READY")
	figures := s.send("GET", "/metrics", "").body
	for name, value := range map[string]int{"orders_placed_total": 1, "outbox_pending": 1, "ledger_post_attempts_total": 7} {
		if !strings.Contains(figures, "\n"+name+" "+strconv.Itoa(value)+"\n") {
			t.Errorf("%s is not %d in\n%s", name, value, figures)
		}
	}
}
