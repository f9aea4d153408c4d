package defects

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestNamesAreReadAndUnknownOnesRefused(t *testing.T) {
	if set, err := Parse(""); err != nil || len(set) != 0 {
		t.Errorf("got %v (%v)", set, err)
	}
	set, err := Parse("key_ignored,webhook_order")
	if err != nil || len(set) != 2 || !set.Has(KeyIgnored) || !set.Has(WebhookOrder) || set.Has(ErrorCached) {
		t.Errorf("got %v (%v)", set, err)
	}
	for _, text := range []string{"key_ingored", "key_ignored,", "key_ignored, webhook_order"} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), "there are changed_body_accepted, ") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestTheTableIsThatOfTheREADME(t *testing.T) {
	readme, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i, defect := range Table {
		if slices.IndexFunc(Table, func(other struct {
			Name Name
			Does string
		}) bool {
			return other.Name == defect.Name
		}) != i {
			t.Errorf("%s stands there twice", defect.Name)
		}
		fmt.Fprintf(&want, "| `%s` | %s |\n", defect.Name, defect.Does)
	}
	const head = "| of orders | what it does |\n|---|---|\n"
	if _, rest, found := strings.Cut(string(readme), head); !found || !strings.HasPrefix(rest, want.String()+"\n") {
		t.Errorf("scenarios/shop/README.md does not show this table:\n%s%s", head, want.String())
	}
}
