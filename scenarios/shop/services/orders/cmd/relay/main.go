// Command relay stands between a caller and the ledger, and passes Echo on.
//
// PORT is where it listens on 127.0.0.1, LEDGER_ADDR where the ledger is.
// CONTRACT is the version of the contract it knows: today's without it, or v1.
// SHOP_DEFECTS names mistakes for it to make, separated by commas: float64
// (whole numbers of 64 bits lose digits), drop_empty (a text that was set and
// empty is no longer set), enum_number (an enum's number without a name becomes
// 0). Both are for tests.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"shop/orders/internal/ledger"
	"shop/orders/internal/relay"
)

// grace is how long callers may take to finish when the service is told to stop.
const grace = time.Second

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("the relay cannot run", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	defects, err := relay.ParseDefects(os.Getenv("SHOP_DEFECTS"))
	if err != nil {
		return fmt.Errorf("SHOP_DEFECTS: %w", err)
	}
	version := os.Getenv("CONTRACT")
	kitchen, ok := relay.Kitchen(version)
	if !ok {
		return fmt.Errorf("CONTRACT: there is no version %q; there is v1", version)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", cmp.Or(os.Getenv("PORT"), "50052")))
	if err != nil {
		return err
	}
	next, err := ledger.Dial(cmp.Or(os.Getenv("LEDGER_ADDR"), "127.0.0.1:50051"), nil)
	if err != nil {
		return fmt.Errorf("LEDGER_ADDR: %w", err)
	}
	defer next.Close()

	server := grpc.NewServer()
	relay.New(next.Conn(), kitchen, defects).Register(server)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	slog.Info("listening", "addr", listener.Addr().String(), "contract", version, "defects", defects)

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	slog.Info("stopping")
	cutOff := time.AfterFunc(grace, server.Stop)
	defer cutOff.Stop()
	server.GracefulStop()
	return nil
}
