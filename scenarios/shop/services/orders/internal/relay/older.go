package relay

import (
	"slices"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"shop/orders/internal/ledgerpb"
)

// v1Fields is how many fields of Kitchen the first contract had: those for
// JSON, Any and null came later.
const v1Fields = 28

// Kitchen is the message as a version of the contract has it: "" for the one
// of today, "v1" for the first, which had neither the last fields nor DESSERT.
func Kitchen(version string) (protoreflect.MessageType, bool) {
	today := (&ledgerpb.Kitchen{}).ProtoReflect()
	switch version {
	case "":
		return today.Type(), true
	case "v1":
		file, err := protodesc.NewFile(v1(), protoregistry.GlobalFiles)
		if err != nil {
			return nil, false
		}
		return dynamicpb.NewMessageType(file.Messages().ByName(today.Descriptor().Name())), true
	}
	return nil, false
}

// v1 is the contract as it was before its last fields and the last course.
func v1() *descriptorpb.FileDescriptorProto {
	file := protodesc.ToFileDescriptorProto(ledgerpb.File_ledger_proto)
	for _, message := range file.MessageType {
		if message.GetName() != "Kitchen" {
			continue
		}
		message.Field = slices.DeleteFunc(message.Field, func(field *descriptorpb.FieldDescriptorProto) bool {
			return field.GetNumber() > v1Fields
		})
		for _, enum := range message.EnumType {
			enum.Value = slices.DeleteFunc(enum.Value, func(value *descriptorpb.EnumValueDescriptorProto) bool {
				return value.GetName() == "DESSERT"
			})
		}
	}
	return file
}
