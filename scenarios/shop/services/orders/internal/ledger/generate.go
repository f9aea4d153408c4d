package ledger

// The generated code is committed, so that a build needs Go alone. To make it
// anew, put protoc (the PyPI package grpcio-tools brings one) and the plug-ins
// google.golang.org/protobuf/cmd/protoc-gen-go and
// google.golang.org/grpc/cmd/protoc-gen-go-grpc on the PATH.

//go:generate protoc -I ../../../../contracts --go_out=../.. --go_opt=module=shop/orders --go-grpc_out=../.. --go-grpc_opt=module=shop/orders ledger.proto
