package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shop/orders/internal/defects"
	"shop/orders/internal/store"
)

func TestKeysOutliveTheProcess(t *testing.T) {
	for mistake, kept := range map[defects.Name]error{"": nil, defects.KeysInMemory: store.ErrNotFound} {
		name := filepath.Join(t.TempDir(), "orders.db")
		for process := range 2 {
			database, err := remember(t.Context(), name, defects.Set{mistake: true})
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			if process == 0 {
				reply := store.Reply{Tenant: "t", Key: "k", Fingerprint: []byte{1}, Body: []byte("{}"), Expires: now.Add(time.Hour)}
				if err := database.SaveReply(t.Context(), reply, now); err != nil {
					t.Fatal(err)
				}
			} else if _, err := database.Reply(t.Context(), "t", "k", now); !errors.Is(err, kept) {
				t.Errorf("%q: got %v", mistake, err)
			}
			database.Close()
		}
	}
}

func TestRegistersOutliveTheProcess(t *testing.T) {
	for mistake, want := range map[defects.Name]string{"": "1", defects.RegistersInMemory: "null"} {
		name := filepath.Join(t.TempDir(), "orders.db")
		for process := range 2 {
			database, err := remember(t.Context(), name, defects.Set{mistake: true})
			if err != nil {
				t.Fatal(err)
			}
			if process == 0 {
				if err := database.SetRegister(t.Context(), "k", "1"); err != nil {
					t.Fatal(err)
				}
			} else if got, err := database.Register(t.Context(), "k"); err != nil || got != want {
				t.Errorf("%q: got %s (%v)", mistake, got, err)
			}
			database.Close()
		}
	}
}

func TestWhatMakesNoSenseEndsTheServiceAtOnce(t *testing.T) {
	t.Setenv("PORT", "0")
	for _, example := range [][3]string{
		{"SHOP_DEFECTS", "key_ingored", `SHOP_DEFECTS: there is no defect "key_ingored"; there are `},
		{"IDEMPOTENCY_TTL", "a day", `IDEMPOTENCY_TTL: "a day" is no time above zero; write 24h`},
		{"IDEMPOTENCY_TTL", "-1s", `IDEMPOTENCY_TTL: "-1s" is no time above zero`},
		{"MERCHANT_URL", "http://127.0.0.1:1", "WEBHOOK_KEY: webhooks are signed, and there is no key"},
	} {
		t.Run(example[0], func(t *testing.T) {
			t.Setenv(example[0], example[1])
			if err := run(t.Context()); err == nil || !strings.Contains(err.Error(), example[2]) {
				t.Errorf("got %v", err)
			}
		})
	}
}
