//! What a compiled contract says, as operations and patterns.

use std::sync::Arc;

use prost_reflect::{MessageDescriptor, MethodDescriptor};

use super::Proto;
use super::shape::{Made, Shapes, Side, recursive};
use super::value::{from_message, to_message};
use crate::contract::{Address, Arrives, Declared, Interface, Operation, Payload, Response, Status};
use crate::shape::Pattern;

/// Reads a contract's methods and types.
pub(super) fn interface(proto: &Proto) -> Interface {
    let again = Arc::new(recursive(proto.all_messages()));
    let places = proto.places.clone();
    let decoded = Shapes::new(places.clone(), Side::Decoded, again.clone());
    let sent = Shapes::new(places.clone(), Side::Sent, again);
    let (mut made, mut made_sent) = (Made::new(), Made::new());
    let mut interface = Interface::default();
    for message in proto.all_messages().filter(is_own) {
        let pattern = decoded.message(&message, 0, &mut made);
        let origin = places.span(&message.parent_file(), message.path());
        interface.types.insert(
            message.full_name().into(),
            Declared { pattern, origin, arrives: Some(arrives(&message)) },
        );
    }
    for of in proto.all_enums().filter(|of| !of.full_name().starts_with("google.protobuf.")) {
        let origin = places.span(&of.parent_file(), of.path());
        let pattern = decoded.enumeration(&of);
        interface.types.insert(of.full_name().into(), Declared { pattern, origin, arrives: None });
    }
    for service in proto.services() {
        for method in service.methods() {
            let request = sent.message(&method.input(), 0, &mut made_sent);
            let response = decoded.message(&method.output(), 0, &mut made);
            let origin = places.span(&service.parent_file(), method.path());
            interface.operations.push(Operation {
                name: format!("{}/{}", service.full_name(), method.name()).into(),
                address: address(&method),
                parameters: Vec::new(),
                request: Some(payload(request, origin)),
                responses: vec![Response {
                    status: Status::Default,
                    payload: Some(payload(response, origin)),
                    headers: Vec::new(),
                    origin,
                }],
                origin,
            });
        }
    }
    interface
}

/// A value as its bytes carry it.
fn arrives(message: &MessageDescriptor) -> Arrives {
    let message = message.clone();
    Arrives(Arc::new(move |value| Some(from_message(&to_message(value, &message).ok()?))))
}

/// Whether people would name it: maps' entries and the well-known types are known by other names.
fn is_own(message: &MessageDescriptor) -> bool {
    !message.is_map_entry() && !message.full_name().starts_with("google.protobuf.")
}

fn address(method: &MethodDescriptor) -> Address {
    Address::Grpc {
        service: method.parent_service().full_name().into(),
        method: method.name().into(),
        client_streaming: method.is_client_streaming(),
        server_streaming: method.is_server_streaming(),
    }
}

fn payload(pattern: Pattern, origin: Option<crate::source::Span>) -> Payload {
    let content = vec![(Arc::from(""), Some(pattern))];
    Payload { required: true, content, variants: Vec::new(), items: Vec::new(), origin }
}
