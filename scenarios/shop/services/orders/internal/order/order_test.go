package order

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
)

func draft(t *testing.T, text string) Draft {
	t.Helper()
	var d Draft
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNewPricesTheLines(t *testing.T) {
	o, err := New(draft(t, `{"customer": "alice", "lines": [{"sku": "tea", "qty": 2}, {"sku": "mug", "qty": 1}]}`), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if o.Total != 72_48 || o.State != Pending || o.Lines[1].Price != 12_50 {
		t.Errorf("got %+v", o)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(o.ID) {
		t.Errorf("%s is no UUID", o.ID)
	}
}

func TestNewRefuses(t *testing.T) {
	lines := func(s string) string { return `{"customer": "alice", "lines": [` + s + `]}` }
	for text, code := range map[string]string{
		`{"lines": [{"sku": "tea", "qty": 1}]}`:                         BadCustomer,
		lines(``):                                                       NoLines,
		lines(`{"sku": "cup", "qty": 1}`):                               UnknownSKU,
		lines(`{"sku": "tea"}`):                                         BadQuantity,
		lines(`{"sku": "tea", "qty": -1}`):                              BadQuantity,
		lines(`{"sku": "tea", "qty": 1001}`):                            TooMany,
		lines(strings.Repeat(`{"sku": ""},`, 100) + `{}`):               TooMany,
		`{"customer": "a", "note": "` + strings.Repeat("é", 281) + `"}`: NoteTooLong,
	} {
		var refusal *Refusal
		if _, err := New(draft(t, text), time.Now()); !errors.As(err, &refusal) || refusal.Code != code {
			t.Errorf("%.60s: got %v, want %s", text, err, code)
		}
	}
}

func TestMoneyKeepsItsDigits(t *testing.T) {
	for cents, text := range map[Money]string{0: "0.00", 5: "0.05", 5998: "59.98", -250: "-2.50", 1<<53 + 1: "90071992547409.93"} {
		got, err := json.Marshal(cents)
		if err != nil || string(got) != text {
			t.Errorf("%d cents: got %s, want %s", cents, got, text)
		}
		var back Money
		if err := json.Unmarshal(got, &back); err != nil || back != cents {
			t.Errorf("%s: got %d (%v), want %d", got, back, err, cents)
		}
	}
	for text, cents := range map[string]Money{"1": 1_00, "1.5": 1_50, "-0.5": -50} {
		var read Money
		if err := json.Unmarshal([]byte(text), &read); err != nil || read != cents {
			t.Errorf("%s: got %d (%v), want %d", text, read, err, cents)
		}
	}
	for _, text := range []string{"1.505", `"1.50"`, "1e2", "null", "90071992547409930000"} {
		if err := json.Unmarshal([]byte(text), new(Money)); err == nil {
			t.Errorf("%s passed for an amount", text)
		}
	}
}
