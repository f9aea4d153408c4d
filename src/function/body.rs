//! Constructors of what is sent otherwise than as JSON. They give a value with a tag, which the
//! protocols read; nothing is read or sent here.

use std::sync::Arc;

use super::{Arguments, functions, spec};
use crate::lang::{Param, Ty};
use crate::value::{Binary, Tagged, Value};

functions! {
    spec("form", "a body of `application/x-www-form-urlencoded` (WHATWG URL §5)", &[Param::required("fields", Ty::Object, "the fields; a list repeats its name")], "POST orders /login form({ user: \"alice\" })")
        => |args| tagged("form", args.value("fields")?.clone());
    spec("text", "a body of text", &[Param::required("text", Ty::Text, "the characters, sent as UTF-8"), Param::new("type", Ty::Text, "the media type; default `text/plain; charset=utf-8`")], "POST orders /notes text(\"hello\")")
        => |args| whole("text", args);
    spec("bytes", "bytes, as a value or as a body: of a text its UTF-8, as they are of bytes", &[Param::required("content", Ty::Any, "text or bytes"), Param::new("type", Ty::Text, "the media type; makes it a body; default `application/octet-stream`")], "POST orders /blob bytes(unhex(\"00ff\"))")
        => bytes;
    spec("file", "the content of a file, read when it is sent", &[Param::required("path", Ty::Text, "from the directory of the scenario's file"), Param::new("type", Ty::Text, "the media type; by default from the name's ending"), Param::new("name", Ty::Text, "the name that is sent; by default the path's last part")], "PUT orders /photo file(\"./a.png\")")
        => |args| whole("file", args);
    spec("multipart", "a body of `multipart/form-data` (RFC 7578)", &[Param::required("parts", Ty::Object, "the parts; a part may be text, `text(…)`, `file(…)`, `bytes(…)` or a list of them")], "POST orders /upload multipart({ photo: file(\"./a.png\") })")
        => |args| tagged("multipart", args.value("parts")?.clone());
    spec("graphql", "a GraphQL request over HTTP", &[Param::required("query", Ty::Text, "the document"), Param::new("variables", Ty::Object, "its variables"), Param::new("operation", Ty::Text, "the operation's name, when the document has several")], "POST orders /graphql graphql(\"{ me { id } }\")")
        => |args| whole("graphql", args);
    spec("json", "a JSON body of anything, `null`, texts and numbers too", &[Param::required("value", Ty::Any, "the value")], "POST orders /echo json(\"just a text\")")
        => |args| tagged("json", args.value("value")?.clone());
    spec("basic", "credentials of the Basic scheme (RFC 7617), for the option `auth`", &[Param::required("user", Ty::Text, "without a colon"), Param::required("password", Ty::Text, "the password")], "GET orders /me with { auth: basic(\"alice\", password) }")
        => basic;
    spec("bearer", "a token of the Bearer scheme (RFC 6750), for the option `auth`", &[Param::required("token", Ty::Text, "the token, of visible ASCII characters")], "GET orders /me with { auth: bearer(api_key) }")
        => bearer;
    spec("link", "pages through the `Link` header (RFC 8288)", &[Param::required("rel", Ty::Text, "the relation, such as `next`")], "let pages = GET orders /v1/orders with { pages: link(\"next\") }")
        => |args| whole("link", args);
}

/// A value that says how it is to be sent.
fn tagged(tag: &'static str, value: Value) -> Result<Value, String> {
    Ok(Value::Tagged(Arc::new(Tagged { tag, value })))
}

/// A tag on the object of all arguments that were given.
fn whole(tag: &'static str, args: &Arguments) -> Result<Value, String> {
    let given = args.spec.params.iter().zip(&args.values);
    tagged(tag, Value::object(given.filter_map(|(param, value)| Some((param.name, value.clone()?)))))
}

fn bytes(args: &Arguments) -> Result<Value, String> {
    let secret = args.value("content")?.is_secret();
    let content = Value::Bytes(Binary { bytes: args.bytes("content")?.to_vec().into(), secret });
    match args.get("type") {
        None => Ok(content),
        Some(ty) => tagged("bytes", Value::object([("content", content), ("type", ty.clone())])),
    }
}

fn basic(args: &Arguments) -> Result<Value, String> {
    if args.text("user")?.text.contains(':') {
        return Err("`basic`: a user's name has no colon (RFC 7617 §2)".to_owned());
    }
    whole("basic", args)
}

fn bearer(args: &Arguments) -> Result<Value, String> {
    let token = &args.text("token")?.text;
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("`bearer`: a token has visible ASCII characters only, and at least one".to_owned());
    }
    whole("bearer", args)
}
