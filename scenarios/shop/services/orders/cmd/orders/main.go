// Command orders takes orders over HTTP and brings each one to the ledger.
//
// PORT is where it listens on 127.0.0.1, LEDGER_ADDR where the ledger is, and
// DATABASE_URL its SQLite file (a temporary one without it). IDEMPOTENCY_TTL is
// how long an idempotency key is kept (24h). MERCHANT_URL is who wants to hear
// what becomes of orders, if there is one, and WEBHOOK_KEY what that is signed
// with. NATS_URL is the bus to announce it on, if there is one. SHOP_DEFECTS names mistakes for it to make, separated by commas: for
// tests.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"shop/orders/internal/api"
	"shop/orders/internal/bus"
	"shop/orders/internal/defects"
	"shop/orders/internal/ledger"
	"shop/orders/internal/outbox"
	"shop/orders/internal/store"
	"shop/orders/internal/trace"
	"shop/orders/internal/webhook"
)

// grace is how long callers may take to finish when the service is told to stop. It is short, since
// Shutdown waits that long for connections that were opened and never used: a client's pool may
// hold some.
const grace = time.Second

func main() {
	slog.SetDefault(slog.New(trace.Logs(slog.NewJSONHandler(os.Stdout, nil))))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("the service cannot run", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", cmp.Or(os.Getenv("PORT"), "8080")))
	if err != nil {
		return err
	}
	defer listener.Close()
	mistakes, err := defects.Parse(os.Getenv("SHOP_DEFECTS"))
	if err != nil {
		return fmt.Errorf("SHOP_DEFECTS: %w", err)
	}
	keysExpire, err := time.ParseDuration(cmp.Or(os.Getenv("IDEMPOTENCY_TTL"), "24h"))
	if err != nil || keysExpire <= 0 {
		return fmt.Errorf("IDEMPOTENCY_TTL: %q is no time above zero; write 24h", os.Getenv("IDEMPOTENCY_TTL"))
	}
	database, err := remember(ctx, os.Getenv("DATABASE_URL"), mistakes)
	if err != nil {
		return err
	}
	defer database.Close()
	books, err := ledger.Dial(cmp.Or(os.Getenv("LEDGER_ADDR"), "127.0.0.1:50051"), mistakes)
	if err != nil {
		return fmt.Errorf("LEDGER_ADDR: %w", err)
	}
	defer books.Close()

	worker := outbox.New(database, books, mistakes)
	workers := []interface{ Run(context.Context) }{worker}
	if merchant := os.Getenv("MERCHANT_URL"); merchant != "" {
		teller, err := webhook.New(database, merchant, []byte(os.Getenv("WEBHOOK_KEY")), mistakes)
		if err != nil {
			return fmt.Errorf("MERCHANT_URL, WEBHOOK_KEY: %w", err)
		}
		workers = append(workers, teller)
	}
	if url := os.Getenv("NATS_URL"); url != "" {
		announcer, err := bus.New(database, books, url, mistakes)
		if err != nil {
			return fmt.Errorf("NATS_URL: %w", err)
		}
		workers = append(workers, announcer)
	}
	var working sync.WaitGroup
	work, rest := context.WithCancel(context.WithoutCancel(ctx))
	for _, worker := range workers {
		working.Go(func() { worker.Run(work) })
	}
	defer func() {
		rest()
		working.Wait()
		slog.Info("stopped")
	}()

	routes := api.New(database, worker, books, api.Config{KeysExpire: keysExpire, Defects: mistakes})
	server := &http.Server{Handler: routes.Handler(), ReadHeaderTimeout: 5 * time.Second}
	server.RegisterOnShutdown(routes.EndStreams)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	slog.Info("listening", "addr", listener.Addr().String())

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	slog.Info("stopping")
	deadline, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(deadline); err != nil {
		slog.Warn("callers were cut off", "error", err)
		_ = server.Close()
	}
	return nil
}

// remember opens the database, with what the process before this one knew.
func remember(ctx context.Context, name string, mistakes defects.Set) (*store.Store, error) {
	database, err := store.Open(name)
	if err == nil && mistakes.Has(defects.KeysInMemory) {
		err = database.ForgetReplies(ctx)
	}
	if err == nil && mistakes.Has(defects.RegistersInMemory) {
		err = database.ForgetRegisters(ctx)
	}
	return database, err
}
