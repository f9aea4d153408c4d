//! The rules for Protocol Buffers. The levels are those of `buf breaking` (FILE, PACKAGE,
//! WIRE_JSON, WIRE), with one difference: a service or method that is gone, or whose package
//! changed, breaks at every level, since a call that names it is answered UNIMPLEMENTED.

use crate::contract::compat::rule::table;

table! { Protobuf
    // files and packages
    PROTO_FILE_DELETED "proto-file-deleted" [Source] "FILE_NO_DELETE":
        "a `.proto` file is gone",
        "code that includes what is generated from the file, in languages that generate by file, no longer compiles",
        "keep the file, if only to import publicly what replaced it";
    PACKAGE_DELETED "package-deleted" [Package] "PACKAGE_NO_DELETE":
        "nothing is left of a package",
        "every use of code generated from the package no longer compiles",
        "keep the old package beside the new one until nobody uses it";
    PACKAGE_CHANGED "package-changed" [Source Package Json Wire] "FILE_SAME_PACKAGE":
        "a file has another package",
        "every full name of the file changes: gRPC calls of the old names are answered UNIMPLEMENTED, and an `Any` of the old types is not understood",
        "put the new package into a new file, and keep the old one until nobody calls it";
    DECLARATION_MOVED "declaration-moved" [Source] "MESSAGE_NO_DELETE":
        "a declaration stands in another file",
        "code in languages that generate by file, such as Python and C++, no longer finds it",
        "leave it where it was, or import the new file publicly from the old one";
    SYNTAX_CHANGED "syntax-changed" [Source Package] "FILE_SAME_SYNTAX":
        "a file has another syntax",
        "generated code differs: presence, open and closed enums, and checks of UTF-8",
        "keep the syntax of the file; a new file may have another";
    FILE_OPTION_CHANGED "file-option-changed" [Source Package] "FILE_SAME_GO_PACKAGE":
        "an option that steers generated code has another value",
        "generated code has another package, namespace, prefix or form, so its users no longer compile",
        "keep the value; move generated code only together with all who use it";
    UTF8_CHECK_CHANGED "utf8-check-changed" [Source Package] "FIELD_SAME_UTF8_VALIDATION":
        "strings of a file are checked for UTF-8 differently",
        "texts that one side accepted are refused by the other, or arrive unchecked",
        "keep the syntax and `java_string_check_utf8` as they were";
    JSON_FORMAT_LOST "json-format-lost" [Source Package Json] "MESSAGE_SAME_JSON_FORMAT":
        "a file no longer promises the JSON mapping",
        "JSON is only a best effort for proto2, so JSON that was valid may no longer be",
        "keep `syntax = \"proto3\"`";
    // messages
    MESSAGE_DELETED "message-deleted" [Source Package] "PACKAGE_MESSAGE_NO_DELETE":
        "a message is gone",
        "code that uses the generated type no longer compiles",
        "keep the message and mark it `deprecated`";
    MESSAGE_RESERVED_DELETED "message-reserved-deleted" [Source Package Json Wire] "RESERVED_MESSAGE_NO_DELETE":
        "a number or name is no longer reserved",
        "someone may give it to a new field, and old data and old programs would be read as that field",
        "keep what is reserved reserved for ever";
    REQUIRED_FIELD_CHANGED "required-field-changed" [Source Package Json Wire] "MESSAGE_SAME_REQUIRED_FIELDS":
        "a `required` field came or went",
        "whoever still has it `required` refuses messages without it",
        "add fields as `optional`, and never take `required` away from or give it to a field that is in use";
    MESSAGE_SET_CHANGED "message-set-changed" [Source Package Json Wire] "MESSAGE_SAME_MESSAGE_SET_WIRE_FORMAT":
        "`message_set_wire_format` has another value",
        "the bytes of the message mean something else",
        "never change this option of a message in use";
    ACCESSOR_REMOVED "accessor-removed" [Source Package] "MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR":
        "a message no longer has its standard accessor `descriptor()`",
        "generated code that calls the accessor no longer compiles",
        "leave `no_standard_descriptor_accessor` unset";
    EXTENSION_RANGE_DELETED "extension-range-deleted" [Source Package] "EXTENSION_MESSAGE_NO_DELETE":
        "numbers are no longer open for extensions",
        "files elsewhere that extend the message with these numbers no longer compile",
        "keep the range; ranges may only grow";
    EXTENSION_DELETED "extension-deleted" [Source Package] "PACKAGE_EXTENSION_NO_DELETE":
        "an extension is gone",
        "code that reads or sets it no longer compiles",
        "keep it and mark it `deprecated`";
    ONEOF_DELETED "oneof-deleted" [Source Package] "ONEOF_NO_DELETE":
        "a `oneof` is gone",
        "code that asks which of its fields is set no longer compiles",
        "keep the `oneof`; its fields may be deprecated one by one";
    // fields
    FIELD_DELETED "field-deleted" [Source Package] "FIELD_NO_DELETE":
        "a field is gone",
        "code that reads or sets it no longer compiles",
        "keep it and mark it `deprecated`";
    FIELD_NUMBER_FREED "field-number-freed" [Json Wire] "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED":
        "a field is gone and its number is not reserved",
        "a new field may take the number, and old data and old programs would be read as that field",
        "add `reserved` with the field's number to the message";
    FIELD_NAME_FREED "field-name-freed" [Json] "FIELD_NO_DELETE_UNLESS_NAME_RESERVED":
        "a field is gone and its name is not reserved",
        "a new field may take the name, and old JSON would be read as that field",
        "add `reserved` with the field's name to the message";
    FIELD_RENAMED "field-renamed" [Source Package Json] "FIELD_SAME_NAME":
        "a field has another name",
        "code that uses the old name no longer compiles, and JSON with the old name is refused or passed over",
        "keep the name, or add a new field beside it";
    FIELD_JSON_NAME_CHANGED "field-json-name-changed" [Source Package Json] "FIELD_SAME_JSON_NAME":
        "a field has another name in JSON",
        "JSON with the old name is refused or passed over, and readers of JSON look for the old name in vain",
        "keep the `json_name`";
    FIELD_TYPE_CHANGED "field-type-changed" [Source Package] "FIELD_SAME_TYPE":
        "a field has another type",
        "code that reads or sets it no longer compiles",
        "add a new field with the new type and a new number, and deprecate this one";
    FIELD_TYPE_JSON "field-type-json" [Json] "FIELD_WIRE_JSON_COMPATIBLE_TYPE":
        "a field has a type that JSON writes differently, or that cannot hold the same values",
        "one side cannot read, or misreads, what the other writes",
        "add a new field with the new type and a new number, and deprecate this one";
    FIELD_TYPE_WIRE "field-type-wire" [Wire] "FIELD_WIRE_COMPATIBLE_TYPE":
        "a field has a type with another encoding",
        "one side drops or misreads the bytes of the other",
        "add a new field with the new type and a new number, and deprecate this one";
    FIELD_CARDINALITY_CHANGED "field-cardinality-changed" [Source Package] "FIELD_SAME_CARDINALITY":
        "a field is singular, `optional`, `repeated` or a map, and was another of these",
        "generated code has another type for it, so its users no longer compile",
        "add a new field with a new number, and deprecate this one";
    FIELD_CARDINALITY_JSON "field-cardinality-json" [Json] "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY":
        "a field is one value, a list or an object in JSON, and was another of these",
        "one side refuses the JSON of the other",
        "add a new field with a new number, and deprecate this one";
    FIELD_CARDINALITY_WIRE "field-cardinality-wire" [Wire] "FIELD_WIRE_COMPATIBLE_CARDINALITY":
        "a field is one value or many, and was the other",
        "one side keeps only the last of the values, or none",
        "add a new field with a new number, and deprecate this one";
    FIELD_ONEOF_CHANGED "field-oneof-changed" [Source Package Json Wire] "FIELD_SAME_ONEOF":
        "a field moved into, out of or between `oneof`s",
        "setting one field now clears another, or no longer does, so a value that was sent is lost on the way",
        "add a new field where it is wanted, and leave this one";
    FIELD_DEFAULT_CHANGED "field-default-changed" [Source Package Json Wire] "FIELD_SAME_DEFAULT":
        "a field has another default",
        "the two sides read different values from the same message without the field",
        "never change a default; add a new field";
    FIELD_PACKED_CHANGED "field-packed-changed" [Source Package] "":
        "a `repeated` field is packed, and was not, or the other way round",
        "the same values give other bytes, so signatures, hashes and readers that know only one form no longer fit",
        "keep `packed` as it was";
    FIELD_JSTYPE_CHANGED "field-jstype-changed" [Source Package] "FIELD_SAME_JSTYPE":
        "a field has another `jstype`",
        "generated JavaScript has a number where it had a text, or the other way round",
        "keep the `jstype`";
    FIELD_CTYPE_CHANGED "field-ctype-changed" [Source Package] "FIELD_SAME_CPP_STRING_TYPE":
        "a field has another `ctype`",
        "generated C++ has another string type, so its users no longer compile",
        "keep the `ctype`";
    // enums
    ENUM_DELETED "enum-deleted" [Source Package] "PACKAGE_ENUM_NO_DELETE":
        "an enum is gone",
        "code that uses the generated type no longer compiles",
        "keep the enum and mark it `deprecated`";
    ENUM_OPENNESS_CHANGED "enum-openness-changed" [Source Package] "ENUM_SAME_TYPE":
        "an enum is open, and was closed, or the other way round",
        "generated code treats numbers it does not know differently",
        "keep the syntax of the file that declares the enum";
    ENUM_VALUE_DELETED "enum-value-deleted" [Source Package] "ENUM_VALUE_NO_DELETE":
        "a value of an enum is gone",
        "code that uses the value no longer compiles",
        "keep it and mark it `deprecated`";
    ENUM_NUMBER_FREED "enum-number-freed" [Json Wire] "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED":
        "a value of an enum is gone and its number is not reserved",
        "a new value may take the number, and old data would be read as that value",
        "add `reserved` with the value's number to the enum";
    ENUM_NAME_FREED "enum-name-freed" [Json] "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED":
        "a value of an enum is gone and its name is not reserved",
        "a new value may take the name, and old JSON would be read as that value",
        "add `reserved` with the value's name to the enum";
    ENUM_VALUE_RENAMED "enum-value-renamed" [Source Package Json] "ENUM_VALUE_SAME_NAME":
        "a value of an enum has another name, or lost an alias",
        "code that uses the old name no longer compiles, and JSON with the old name is refused",
        "keep the name; with `allow_alias` a number may have a second one";
    ENUM_RESERVED_DELETED "enum-reserved-deleted" [Source Package Json Wire] "RESERVED_ENUM_NO_DELETE":
        "a number or name of an enum is no longer reserved",
        "someone may give it to a new value, and old data would be read as that value",
        "keep what is reserved reserved for ever";
    // services
    SERVICE_DELETED "service-deleted" [Source Package Json Wire] "PACKAGE_SERVICE_NO_DELETE":
        "a service is gone",
        "every call of its methods is answered UNIMPLEMENTED, and its clients no longer compile",
        "keep the service and mark it `deprecated`";
    METHOD_DELETED "method-deleted" [Source Package Json Wire] "RPC_NO_DELETE":
        "a method is gone",
        "every call of it is answered UNIMPLEMENTED, and its clients no longer compile",
        "keep the method and mark it `deprecated`";
    METHOD_REQUEST_CHANGED "method-request-changed" [Source Package Json Wire] "RPC_SAME_REQUEST_TYPE":
        "a method takes another message",
        "the server reads the bytes of the old message as the new one",
        "add a new method with the new message";
    METHOD_RESPONSE_CHANGED "method-response-changed" [Source Package Json Wire] "RPC_SAME_RESPONSE_TYPE":
        "a method answers with another message",
        "clients read the bytes of the new message as the old one",
        "add a new method with the new message";
    METHOD_CLIENT_STREAM_CHANGED "method-client-stream-changed" [Source Package Json Wire] "RPC_SAME_CLIENT_STREAMING":
        "a method takes a stream, and took one message, or the other way round",
        "one side waits for what the other never sends, and clients no longer compile",
        "add a new method beside it";
    METHOD_SERVER_STREAM_CHANGED "method-server-stream-changed" [Source Package Json Wire] "RPC_SAME_SERVER_STREAMING":
        "a method answers with a stream, and answered with one message, or the other way round",
        "clients refuse a second message or wait for an end that they do not expect, and no longer compile",
        "add a new method beside it";
    METHOD_IDEMPOTENCY_CHANGED "method-idempotency-changed" [Source Package Json Wire] "RPC_SAME_IDEMPOTENCY_LEVEL":
        "a method has another `idempotency_level`",
        "clients and proxies that repeat or cache it because it was safe do so no longer, or now do when it is not",
        "keep the level, or add a new method";
}
