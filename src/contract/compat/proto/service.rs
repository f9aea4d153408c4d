//! Services and their methods.

use prost_reflect::{MessageDescriptor, MethodDescriptor, ServiceDescriptor};
use prost_types::method_options::IdempotencyLevel;

use super::{Walk, address, addresses, table};
use crate::contract::compat::{Rule, Touches};

/// Numbers in a method's descriptor, and of `idempotency_level` in its options.
const INPUT: i32 = 2;
const OUTPUT: i32 = 3;
const OPTIONS: i32 = 4;
const CLIENT_STREAMING: i32 = 5;
const SERVER_STREAMING: i32 = 6;
const IDEMPOTENCY: i32 = 34;

impl Walk<'_> {
    pub(super) fn services(&mut self) {
        let old = self.old;
        for service in old.pool.services().filter(|it| old.owns(&it.parent_file())) {
            let name = self.renamed(&service.parent_file(), service.full_name());
            match self.new.pool.get_service_by_name(&name) {
                Some(now) => {
                    self.pairs += 1;
                    self.service(&service, &now);
                }
                None => {
                    let text = format!("the service `{}` is gone", service.full_name());
                    let file = service.parent_file();
                    let mark = self.old.places.named(&file, service.path(), "it stood here");
                    let home = self
                        .counterpart(&file)
                        .and_then(|file| self.new.places.head(&file, "and is no longer in this file"));
                    let touches = Touches { operations: addresses(&service).into(), names: Vec::new() };
                    self.say(table::SERVICE_DELETED, text, mark, home, touches);
                }
            }
        }
    }

    fn service(&mut self, old: &ServiceDescriptor, new: &ServiceDescriptor) {
        let files = (old.parent_file(), new.parent_file());
        let mark = (
            self.old.places.named(&files.0, old.path(), "it stood here"),
            self.new.places.named(&files.1, new.path(), "now here"),
        );
        let home = self.counterpart(&files.0);
        if home.is_some_and(|home| home.name() != files.1.name()) {
            let text = format!(
                "the service `{}` stood in `{}` and stands in `{}` now",
                old.full_name(),
                self.old.places.name_of(&files.0),
                self.new.places.name_of(&files.1)
            );
            let touches = Touches { operations: addresses(old).into(), names: Vec::new() };
            self.say(table::DECLARATION_MOVED, text, mark.0, mark.1, touches);
        }
        for method in old.methods() {
            match new.methods().find(|now| now.name() == method.name()) {
                Some(now) => self.method(&method, &now),
                None => {
                    let text = format!("the method `{}` of `{}` is gone", method.name(), old.full_name());
                    let marks = (
                        self.old.places.named(&files.0, method.path(), "it stood here"),
                        self.new.places.named(&files.1, new.path(), "and is no longer in this service"),
                    );
                    self.say(table::METHOD_DELETED, text, marks.0, marks.1, calling(&method));
                }
            }
        }
    }

    fn method(&mut self, old: &MethodDescriptor, new: &MethodDescriptor) {
        let (before, after) = (old.input(), new.input());
        let same = |walk: &Walk<'_>, before: &MessageDescriptor, after: &MessageDescriptor| {
            walk.renamed(&before.parent_file(), before.full_name()) == after.full_name()
        };
        if !same(self, &before, &after) {
            let (was, is) = (before.full_name(), after.full_name());
            let text = format!("`{}` took `{was}` and takes `{is}` now", old.full_name());
            self.say_of(table::METHOD_REQUEST_CHANGED, text, (old, new), INPUT, (was, is));
        }
        let (before, after) = (old.output(), new.output());
        if !same(self, &before, &after) {
            let (was, is) = (before.full_name(), after.full_name());
            let text = format!("`{}` answered with `{was}` and answers with `{is}` now", old.full_name());
            self.say_of(table::METHOD_RESPONSE_CHANGED, text, (old, new), OUTPUT, (was, is));
        }
        let word = |stream| if stream { "a stream" } else { "one message" };
        let (was, is) = (old.is_client_streaming(), new.is_client_streaming());
        if was != is {
            let (was, is) = (word(was), word(is));
            let text = format!("`{}` took {was} and takes {is} now", old.full_name());
            let rule = table::METHOD_CLIENT_STREAM_CHANGED;
            self.say_of(rule, text, (old, new), CLIENT_STREAMING, (was, is));
        }
        let (was, is) = (old.is_server_streaming(), new.is_server_streaming());
        if was != is {
            let (was, is) = (word(was), word(is));
            let text = format!("`{}` answered with {was} and answers with {is} now", old.full_name());
            let rule = table::METHOD_SERVER_STREAM_CHANGED;
            self.say_of(rule, text, (old, new), SERVER_STREAMING, (was, is));
        }
        let level = |method: &MethodDescriptor| {
            let options = method.method_descriptor_proto().options.as_ref();
            match options.map_or(IdempotencyLevel::IdempotencyUnknown, |it| it.idempotency_level()) {
                IdempotencyLevel::IdempotencyUnknown => "IDEMPOTENCY_UNKNOWN",
                IdempotencyLevel::NoSideEffects => "NO_SIDE_EFFECTS",
                IdempotencyLevel::Idempotent => "IDEMPOTENT",
            }
        };
        let (was, is) = (level(old), level(new));
        if was != is {
            let text = format!("`{}` was {was} and is {is} now", old.full_name());
            let path = |method: &MethodDescriptor| [method.path(), &[OPTIONS, IDEMPOTENCY]].concat();
            let file = |method: &MethodDescriptor| method.parent_service().parent_file();
            let whole = |method: &MethodDescriptor| method.path().to_vec();
            let written = |path: Vec<i32>, otherwise: Vec<i32>, set: bool| if set { path } else { otherwise };
            let set = |word: &str| word != "IDEMPOTENCY_UNKNOWN";
            let marks = (
                self.old.places.part(
                    &file(old),
                    &written(path(old), whole(old), set(was)),
                    &[],
                    format!("it was {was}"),
                ),
                self.new.places.part(
                    &file(new),
                    &written(path(new), whole(new), set(is)),
                    &[],
                    format!("now {is}"),
                ),
            );
            self.say(table::METHOD_IDEMPOTENCY_CHANGED, text, marks.0, marks.1, calling(old));
        }
    }

    /// A break of a method whose places are the same part on both sides.
    fn say_of(
        &mut self,
        rule: &'static Rule,
        text: String,
        (old, new): (&MethodDescriptor, &MethodDescriptor),
        part: i32,
        (was, is): (&str, &str),
    ) {
        let file = |method: &MethodDescriptor| method.parent_service().parent_file();
        let quoted = |word: &str| if word.contains(' ') { word.to_owned() } else { format!("`{word}`") };
        let before = self.old.places.part(&file(old), old.path(), &[part], format!("it was {}", quoted(was)));
        let after = self.new.places.part(&file(new), new.path(), &[part], format!("now {}", quoted(is)));
        self.say(rule, text, before, after, calling(old));
    }
}

/// Whoever calls the method.
fn calling(method: &MethodDescriptor) -> Touches {
    Touches { operations: [address(method)].into(), names: Vec::new() }
}
